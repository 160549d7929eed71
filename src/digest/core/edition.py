"""Editions: one a slot, frozen from the items that count, moved through a handful of states."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Protocol, TypeVar

from digest.core.item import Item, Kind, closes_at, translated

NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Translation:
    """An item's words in another language as they were when the edition was frozen. `stale`: its original changed since."""

    item: Item
    html: str
    stale: bool = False


@dataclass(frozen=True, slots=True)
class EditionItem:
    """An item as it was when the edition was frozen. `html` is the body rendered and cleaned, `position` from 1."""

    id: int
    position: int
    item: Item
    html: str
    translations: tuple[Translation, ...] = ()

    @property
    def languages(self) -> list[str]:
        """Those that it can be read in, its own first."""
        return [each.item.language for each in self.versions]

    @property
    def versions(self) -> tuple["EditionItem", ...]:
        """As it was written, and in every language that it was translated into."""
        return (self, *(self.in_language(each.item.language) for each in self.translations))

    def in_language(self, language: str) -> "EditionItem":
        """As its readers of `language` (a BCP 47 tag) get it: in that, in another form of it, or else as it was written."""
        forms = [each for each in self.translations if same_language(each.item.language, language)]
        found = next((each for each in forms if each.item.language == language), None)
        if found is None and not same_language(self.item.language, language):
            found = next(iter(forms), None)
        if found is None:
            return self
        return replace(self, item=translated(self.item, found.item), html=found.html, translations=())


def same_language(one: str, other: str) -> bool:
    """True for two forms of one language, as `pt` and `pt-BR`."""
    return one.partition("-")[0].lower() == other.partition("-")[0].lower()


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
"""Kinds in the order in which a reader needs them: what can still be done first."""
FIRST = "first"
"""The section before those of the kinds: what everybody must see."""


class EditionState(StrEnum):
    """Where an edition stands."""

    DRAFT = "draft"
    APPROVED = "approved"
    SENDING = "sending"
    PAUSED = "paused"
    SENT = "sent"
    CANCELLED = "cancelled"
    MISSED = "missed"


WAITING = (EditionState.DRAFT, EditionState.APPROVED)
"""The states of an edition that is still to go out."""

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


def rank(item: Item) -> tuple[bool, int, datetime, int, int]:
    """The order of items: the must-see, then by kind; among equals what closes first, then priority, and the newest."""
    newest = item.published.day.toordinal() if item.published else 0
    return (not item.must_see, SECTIONS.index(item.kind), closes_at(item) or NEVER, -item.priority, -newest)


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


def in_sections(entries: Iterable[H]) -> list[tuple[str, tuple[H, ...]]]:
    """Each section that has any, `first` or a kind, with its entries in the order in which they come."""
    found: dict[str, list[H]] = {section: [] for section in (FIRST, *SECTIONS)}
    for entry in entries:
        found[FIRST if entry.item.must_see else entry.item.kind].append(entry)
    return [(section, tuple(held)) for section, held in found.items() if held]
