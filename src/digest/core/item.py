"""Items: what an organisation has to tell in a week, typed."""

import re
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from digest.core.when import When

LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,3}")
"""BCP 47, as far as anybody writes it: a code of ISO 639, then script and region."""


class Kind(StrEnum):
    """What an item asks of its reader."""

    ACTION = "action"
    EVENT = "event"
    NEWS = "news"
    PRESS_RELEASE = "press_release"
    STATEMENT = "statement"
    VICTORY = "victory"


class Status(StrEnum):
    """A draft lacks something or waits for staff; a ready item may go into an edition; an archived one may not."""

    DRAFT = "draft"
    READY = "ready"
    ARCHIVED = "archived"


@dataclass(frozen=True, slots=True)
class Item:
    """One item as its editors wrote it. `body` is Markdown; dates are local to `timezone` (IANA name).

    `translation_of` is the uid of the item that this one says in another language; in a file it may be that one's slug.
    """

    kind: Kind
    title: str
    body: str = ""
    topics: tuple[str, ...] = ()
    url: str | None = None
    organisation: str | None = None
    byline: str | None = None
    language: str = "en"
    published: When | None = None
    timezone: str = "UTC"
    deadline: When | None = None
    starts: When | None = None
    ends: When | None = None
    venue: str | None = None
    image: str | None = None
    alt: str | None = None
    must_see: bool = False
    priority: int = 0
    translation_of: str | None = None


DATES = ("published", "deadline", "starts", "ends")
"""The fields that hold a When."""
NEEDS: dict[Kind, tuple[str, ...]] = {Kind.ACTION: ("url",), Kind.EVENT: ("starts", "venue")}


def missing(item: Item) -> tuple[str, ...]:
    """The fields that keep an item from being ready: title and body; an action's url; an event's start and venue.

    A translation has those of its kind from its original.
    """
    facts = () if item.translation_of else NEEDS.get(item.kind, ())
    needed = ("title", "body", *facts, *(("alt",) if item.image else ()))
    return tuple(field for field in needed if not getattr(item, field))


_WORDS = ("url", "organisation", "byline", "venue", "image", "alt")


def translated(original: Item, words: Item) -> Item:
    """An item in the words of its translation; what is the same in every language is the original's, whatever those say."""
    own = {name: value for name in _WORDS if (value := getattr(words, name))}
    return replace(original, title=words.title, body=words.body, language=words.language, **own)


def closes_at(item: Item) -> datetime | None:
    """The instant (UTC) after which the item is of no use: its deadline, or the end of the event; None if never."""
    if item.deadline:
        return item.deadline.ends(item.timezone)
    if item.kind is not Kind.EVENT:
        return None
    if item.ends:
        return item.ends.ends(item.timezone)
    return item.starts.ends(item.timezone) if item.starts else None


def is_over(item: Item, now: datetime) -> bool:
    """Whether the item is of no more use."""
    closes = closes_at(item)
    return closes is not None and closes <= now
