"""Editions: one a slot, frozen from the items that count, moved through a handful of states."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Protocol, TypeVar

from digest.core.item import Item, Kind, closes_at

NEVER = datetime.max.replace(tzinfo=UTC)


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

    @property
    def paragraphs(self) -> tuple[str, ...]:
        """Those of the intro, which empty lines part."""
        return tuple(each for each in re.split(r"\s*\n\s*\n\s*", self.intro.strip()) if each)


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


class EditionState(StrEnum):
    """Where an edition stands."""

    DRAFT = "draft"
    APPROVED = "approved"
    SENDING = "sending"
    PAUSED = "paused"
    SENT = "sent"
    CANCELLED = "cancelled"
    MISSED = "missed"


_S = EditionState
MOVES: dict[str, tuple[frozenset[EditionState], EditionState]] = {
    "approve": (frozenset({_S.DRAFT}), _S.APPROVED),
    "reopen": (frozenset({_S.APPROVED}), _S.DRAFT),
    "send": (frozenset({_S.APPROVED}), _S.SENDING),
    "pause": (frozenset({_S.SENDING}), _S.PAUSED),
    "resume": (frozenset({_S.PAUSED}), _S.SENDING),
    "cancel": (frozenset({_S.DRAFT, _S.APPROVED, _S.PAUSED}), _S.CANCELLED),
    "finish": (frozenset({_S.SENDING}), _S.SENT),
    "resend": (frozenset({_S.SENT, _S.SENDING}), _S.SENDING),
}
"""What may be done to an edition: from which states, and where it leads."""


def rank(item: Item) -> tuple[int, bool, datetime, int, int]:
    """The order of items: by section; within one the must-see, then what closes first, priority, and the newest."""
    newest = item.published.day.toordinal() if item.published else 0
    return (SECTIONS.index(item.kind), not item.must_see, closes_at(item) or NEVER, -item.priority, -newest)


class Holds(Protocol):
    """Whatever holds an item."""

    @property
    def item(self) -> Item: ...


H = TypeVar("H", bound=Holds)


def in_order(entries: Iterable[H]) -> list[H]:
    """By rank; but in a section, what no date orders stands with what shares its first topic, where the best of them stands."""
    ranked = sorted(entries, key=lambda entry: rank(entry.item))
    shelves: dict[tuple[Kind, tuple[str, ...]], int] = {}
    for entry in ranked:
        shelves.setdefault((entry.item.kind, entry.item.topics[:1]), len(shelves))
    return sorted(ranked, key=lambda e: (*rank(e.item)[:3], shelves[e.item.kind, e.item.topics[:1]]))
