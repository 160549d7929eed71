"""The mails that are about one thing: to confirm a subscription, to welcome, to say goodbye, to tell staff something."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, ClassVar

from babel.lists import format_list

from digest.rendering.dates import Dates

if TYPE_CHECKING:
    from digest.rendering.compiler import Publication  # they bring the layout engine, and most commands render nothing
    from digest.rendering.templates import Templates


@dataclass(frozen=True, slots=True)
class Confirm:
    """To somebody who asked for the digest and has not confirmed it. `url` does so, for `days` days."""

    kind: ClassVar[str] = "confirm"
    name: str
    topics: tuple[str, ...]
    url: str
    days: int


@dataclass(frozen=True, slots=True)
class Welcome:
    """To a new subscriber. `first`: the day of their first digest; `unsubscribe`: a web address or a `mailto:`.

    `preferences`: their page, None if there is no such page.
    """

    kind: ClassVar[str] = "welcome"
    name: str
    topics: tuple[str, ...]
    first: date
    unsubscribe: str
    preferences: str | None


@dataclass(frozen=True, slots=True)
class Subscribed:
    """To a subscriber, at whose address somebody asked for the digest once more. `preferences`: their page."""

    kind: ClassVar[str] = "subscribed"
    name: str
    preferences: str


@dataclass(frozen=True, slots=True)
class Move:
    """To the address at which a subscriber wants their digest from now on. `url` does it, for `days` days.

    It greets nobody by name: the address may be mistyped, and somebody else's.
    """

    kind: ClassVar[str] = "move"
    name: str
    url: str
    days: int


@dataclass(frozen=True, slots=True)
class Moved:
    """To the address that a subscriber left for another one. `address`: that one, masked."""

    kind: ClassVar[str] = "moved"
    name: str
    address: str


@dataclass(frozen=True, slots=True)
class Goodbye:
    """To somebody who left. `back`: where they can subscribe again, None if there is no such page."""

    kind: ClassVar[str] = "goodbye"
    name: str
    back: str | None


@dataclass(frozen=True, slots=True)
class Alert:
    """To staff: `what` in a few words, and what there is to say about it, in Markdown."""

    kind: ClassVar[str] = "alert"
    what: str
    said: str


Letter = Confirm | Welcome | Subscribed | Move | Moved | Goodbye | Alert


@dataclass(frozen=True, slots=True)
class Written:
    """A letter, ready for an envelope."""

    subject: str
    text: str
    html: str


def write(templates: "Templates", letter: Letter, language: str, publication: "Publication") -> Written:
    """The letter in a language, or in English where no catalogue speaks it. Raises TemplateError."""
    spoken = templates.language(language)

    def listed(words: Sequence[str]) -> str:
        return format_list(list(words), locale=spoken.locale)

    values = {
        "letter": letter,
        "greeting": "" if isinstance(letter, Alert) else spoken.greeting(letter.name),
        "publication": publication,
        "language": spoken,
        "start": spoken.start,
        "end": spoken.end,
        "when": Dates(spoken.locale, date.min.year),
        "listed": listed,
    }
    subject = " ".join(templates.render(f"{letter.kind}/subject.txt", spoken, values).split())
    values["subject"] = subject
    text = templates.render(f"{letter.kind}/body.txt", spoken, values)
    return Written(subject, text, templates.lay_out(f"{letter.kind}/body.mjml", "house/prose.css", spoken, values))
