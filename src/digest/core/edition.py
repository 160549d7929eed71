"""Editions: one a slot, frozen from the items that count, moved through a handful of states."""

from dataclasses import dataclass
from datetime import datetime

from digest.core.item import Item, Kind


@dataclass(frozen=True, slots=True)
class EditionItem:
    """An item as it was when the edition was frozen. `html` is the body rendered and cleaned, `position` from 1."""

    id: int
    position: int
    item: Item
    html: str


@dataclass(frozen=True, slots=True)
class EditionText:
    """The words round the items, in one language. `intro` is plain text (may be empty)."""

    language: str
    subject: str
    preheader: str
    intro: str = ""


@dataclass(frozen=True, slots=True)
class Edition:
    """What rendering and composing need to know of an edition. `slot` is the planned sending time (UTC)."""

    period: str
    number: int
    slot: datetime
    timezone: str


SECTIONS: tuple[Kind, ...] = (
    Kind.ACTION,
    Kind.EVENT,
    Kind.VICTORY,
    Kind.NEWS,
    Kind.STATEMENT,
    Kind.PRESS_RELEASE,
)
"""Sections in the order in which a reader needs them: what can still be done first."""
