"""An edition compiled once per language into blocks, from which every subscriber's digest is joined."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from babel.lists import format_list
from markupsafe import Markup

from digest.core import colour
from digest.core.edition import Edition, EditionItem, EditionText, in_sections
from digest.core.errors import Misconfigured
from digest.core.item import Item, closes_at
from digest.core.message import Block, Part
from digest.core.when import zone
from digest.rendering.dates import Dates
from digest.rendering.language import ENGLISH, Language, locale_of
from digest.rendering.templates import TemplateError, Templates

__all__ = ["Compiler", "Publication", "TemplateError"]

SLOTS = ("greeting", "why", "unsubscribe", "address", "more", "view", "preferences")

_ADJACENT_CONDITIONS = "<![endif]--><!--[if mso | IE]>"


@dataclass(frozen=True, slots=True)
class Publication:
    """Who sends: what masthead and footer say. `accent` is `#rrggbb`; `logo` and `banner` are names of hosted pictures.

    `archive`: whether anybody may look up what went out. `language`: the tag of that which it is written in.
    """

    name: str
    postal_address: str | None
    public_url: str | None
    accent: str = "#0f5e66"
    logo: str | None = None
    banner: str | None = None
    archive: bool = False
    language: str = "en"

    def __post_init__(self) -> None:
        if not colour.HEX.fullmatch(self.accent):
            raise Misconfigured(f"The accent colour “{self.accent}” is not a colour; write it like #0f5e66")


class Compiler:
    """Holds the templates as they were when first used: make a new one when `newest_change` has moved."""

    def __init__(self, bundled: Path, override: Path | None = None) -> None:
        self.templates = Templates(bundled, override)

    def compile(
        self,
        edition: Edition,
        text: EditionText,
        items: Sequence[EditionItem],
        publication: Publication,
        topics: Mapping[str, str],
        slot_key: str,
    ) -> tuple[Block, ...]:
        """The blocks of both parts, each in document order, of an edition in one language.

        `items` come in the order of the edition. `topics`: slug → name in that language. `slot_key` must be alphanumeric,
        random, and new for every edition: it makes slots and cuts that nobody who writes items can forge. Raises
        TemplateError.
        """
        if not (slot_key.isascii() and slot_key.isalnum()):
            raise ValueError("the slot key must be of ASCII letters and digits")
        spoken = self.templates.language(text.language)
        values = self._values(spoken, edition, items, publication)
        teasers = [] if text.preheader else _teasers(values["sections"], text.subject)
        values |= {
            "text": text,
            "teasers": teasers,
            "intro": text.paragraphs,
            "topics": lambda item: [topics.get(slug, slug) for slug in item.topics],
            "slot": {name: f"{slot_key}{name}{slot_key}" for name in SLOTS},
        }
        html = self.templates.lay_out(
            "digest/body.mjml", "house/prose.css", spoken, values | {"cut": lambda key: _html_cut(slot_key, key)}
        )
        plain = self.templates.render("digest/body.txt", spoken, values | {"cut": lambda key: f"{slot_key}:{key}"})
        keys = _keys(values["sections"])
        hidden = [*(f"preheader:{entry.id}" for entry in teasers), "preheader/"]
        return (
            *_cut("html", html, re.compile(f"<!--{slot_key}:(.*?)-->"), ["head", *hidden, *keys], slot_key),
            *_cut("text", plain, re.compile(f"^{slot_key}:(.*)\n", re.MULTILINE), ["head", *keys], slot_key),
        )

    def languages(self) -> tuple[str, ...]:
        """The languages that an edition is compiled in: English, and those with a catalogue."""
        return self.templates.languages()

    def greeting(self, language: str, name: str) -> str:
        """`Hello Ana,`, or `Hello,` to somebody without a name."""
        return self.templates.language(language).greeting(name)

    def why(self, language: str, topics: Sequence[str], fallback: bool) -> str:
        """One sentence: why this digest came. `topics` are the names of what the subscriber follows."""
        spoken = self.templates.language(language)
        gettext = spoken.wording.gettext
        if fallback:
            return gettext(
                "You get this because you have not chosen topics yet; these are this week’s most important items."
            )
        if not topics:
            return gettext("You get this because you subscribed to it.")
        return gettext("You get this because you follow %(topics)s.") % {
            "topics": format_list(list(topics), locale=spoken.locale)
        }

    def subject(self, language: str, edition: Edition, items: Sequence[EditionItem], publication: Publication) -> str:
        """The subject where staff wrote none: the same for everybody, whatever their selection."""
        spoken = self.templates.language(language)
        values = self._values(spoken, edition, items, publication)
        return " ".join(self.templates.render("digest/subject.txt", spoken, values).split())

    def faint(self, publication: Publication) -> list[tuple[str, str, float]]:
        """(text, ground, contrast) of the house's colours that are too hard to read on each other."""
        return self.templates.faint(self.templates.language(ENGLISH), {"publication": publication})

    def newest_change(self) -> float:
        """When a template or catalogue was last changed, in seconds since the epoch."""
        return self.templates.newest_change()

    def _values(
        self, spoken: Language, edition: Edition, items: Sequence[EditionItem], publication: Publication
    ) -> dict[str, Any]:
        sent: datetime = edition.slot.astimezone(zone(edition.timezone))
        return {
            "edition": edition,
            "publication": publication,
            "language": spoken,
            "start": spoken.start,
            "end": spoken.end,
            "sections": in_sections(items),
            "closes": closes_at,
            "must_see": [entry.item for entry in items if entry.item.must_see],
            "sent": sent.date(),
            "when": Dates(spoken.locale, sent.year),
            "foreign": foreign_in(spoken),
        }


def foreign_in(spoken: Language) -> Callable[[Item], dict[str, str] | None]:
    """Of an item in another language than `spoken`: the tag, direction and name of that."""

    def foreign(item: Item) -> dict[str, str] | None:
        locale = locale_of(item.language)
        if locale is None or locale.language == spoken.locale.language:
            return None
        name = locale.get_display_name(spoken.locale) or item.language
        return {"tag": item.language, "direction": locale.text_direction, "name": name}

    return foreign


def _teasers(sections: Sequence[tuple[str, Sequence[EditionItem]]], subject: str) -> list[EditionItem]:
    """What a preheader can name, in the order of the mail, but last what the subject names."""
    entries = [entry for _, held in sections for entry in held]
    return sorted(entries, key=lambda entry: entry.item.title in subject)


def _keys(sections: Sequence[tuple[str, Sequence[EditionItem]]]) -> list[str]:
    contents = [f"contents:{entry.id}" for _, entries in sections for entry in entries]
    body = []
    for section, entries in sections:
        body.append(f"heading:{section}")
        for entry in entries:
            cuts = ("item", "last", "rest") if closes_at(entry.item) else ("item",)
            body += [f"{cut}:{entry.id}" for cut in cuts]
    return ["contents", *contents, "contents/", *body, "more", "foot", "view", "foot/"]


def _html_cut(slot_key: str, key: str) -> Markup:
    return Markup(f"<!--{slot_key}:{key}-->")  # noqa: S704  # both are ours


def _cut(part: Part, document: str, marker: re.Pattern[str], expected: list[str], slot_key: str) -> list[Block]:
    pieces = marker.split(document)
    keys, bodies = ["head", *pieces[1::2]], pieces[::2]
    if keys != expected:
        file = "digest/body.mjml" if part == "html" else "digest/body.txt"
        at = next((key for key, want in zip(keys, expected, strict=False) if key != want), keys[-1])
        raise TemplateError(
            f"{file}: the cuts of an edition must come in their order, one a block, and go wrong at “{at}”; "
            "keep the calls of cut() as they are in the bundled template"
        )
    slot = re.compile(f"{slot_key}({'|'.join(SLOTS)}){slot_key}")
    if part == "html":
        bodies = [body.replace(_ADJACENT_CONDITIONS, "").rstrip("\n") + "\n" for body in bodies]
    return [Block(part, key, tuple(slot.split(body))) for key, body in zip(keys, bodies, strict=True)]
