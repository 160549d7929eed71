"""Selection: which items of an edition are for whom, and why. One pure function, `select`; `explain` puts reasons to it.

What stands in the way comes first: an item that is over, of a kind they do not want, or that they had before is out; it comes
once more only when it closes before the next edition, as the last chance. Of the rest they get what everybody must see and
what matches an interest (all of it, if they have none), filled up to a minimum with the most important of the others. Where
more is left than they may get at most, items compete in this order: must-see, closing soon, their interest, the editors'
priority, the newest; and among equals at the very limit variety decides: the kind and topics of which there is least so far.
"""

from collections import Counter
from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Protocol

from digest.core.item import Kind

MAX_WEIGHT = 9
AT_LEAST = 3
ACTIONABLE = frozenset({Kind.ACTION, Kind.EVENT})
"""The kinds that a reader can act on."""
NOTHING: Mapping[int, bool] = MappingProxyType({})
ALIKE = 10_000
"""Selections kept: many follow the same topics, and memory stays flat where nobody does."""


class Reason(StrEnum):
    """Why an item is in or out."""

    MUST_SEE = "must-see"
    INTEREST = "interest"
    NO_INTERESTS = "no-interests"
    FILL = "fill"
    SOON = "soon"
    AGAIN = "again"
    OVER = "over"
    HAD = "had"
    OTHER_KINDS = "other-kinds"
    OTHER_TOPICS = "other-topics"
    LIMIT = "limit"


@dataclass(frozen=True, slots=True)
class Candidate:
    """What selection needs of an item. `closes_at` in UTC; `day`: the ordinal of the day it was published, 0 if unknown."""

    id: int
    kind: Kind
    topics: frozenset[str]
    must_see: bool
    priority: int
    day: int
    position: int
    closes_at: datetime | None


class Reader(Protocol):
    """What selection needs of a subscriber. `interests`: topic → weight from 1; `kinds`: those wanted, none for all."""

    @property
    def interests(self) -> Mapping[str, int]: ...
    @property
    def kinds(self) -> frozenset[Kind]: ...


@dataclass(frozen=True, slots=True)
class Selection:
    """What one reader gets, in edition order.

    `last`: those of `items` that close before the next edition. `more`: what was for them too and found no place.
    `topics`: those of theirs that an item has.
    """

    items: tuple[int, ...]
    last: tuple[int, ...]
    more: tuple[int, ...]
    topics: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Decision:
    """One item's fate for one reader, with every reason. `topics`: those of theirs that it matched."""

    id: int
    included: bool
    reasons: tuple[Reason, ...]
    topics: tuple[str, ...] = ()


class Pool:
    """The candidates of an edition as they stand at `now`, prepared once for any number of readers.

    What closes by `following`, when the next edition is due, closes soon. `limit`: how many items a person gets at most.
    """

    def __init__(self, candidates: Collection[Candidate], now: datetime, following: datetime, limit: int) -> None:
        self.limit = limit
        self.least = min(AT_LEAST, limit)
        self.candidates = tuple(sorted(candidates, key=lambda c: c.position))
        still_open = [c for c in self.candidates if c.closes_at is None or c.closes_at > now]
        self.open = {c.id: c for c in still_open}
        self.soon = frozenset(c.id for c in still_open if c.closes_at and c.closes_at <= following)
        self.must_see = frozenset(c.id for c in still_open if c.must_see)
        self.about = {
            topic: tuple(c.id for c in still_open if topic in c.topics)
            for topic in {topic for c in still_open for topic in c.topics}
        }
        self._rank = {c.id: ((not c.must_see, c.id not in self.soon), (-c.priority, -c.day)) for c in still_open}
        self._labels = {c.id: (c.kind, *c.topics) for c in still_open}
        self._of_kinds: dict[frozenset[Kind], tuple[int, ...]] = {}
        self._selections: dict[Hashable, Selection] = {}

    def selection(self, reader: Reader, had: Mapping[int, bool]) -> Selection:
        """As `select`; chosen once for all who follow, want and had the same."""
        alike = frozenset(reader.interests.items()), reader.kinds, frozenset(had.items())
        if alike not in self._selections:
            if len(self._selections) == ALIKE:
                self._selections.clear()
            self._selections[alike] = _choose(self, reader, had)
        return self._selections[alike]

    def of_kinds(self, kinds: frozenset[Kind]) -> tuple[int, ...]:
        """The open items of these kinds (none: of all), and what everybody must see, in edition order."""
        if kinds not in self._of_kinds:
            wanted = (c.id for c in self.open.values() if not kinds or c.kind in kinds or c.must_see)
            self._of_kinds[kinds] = tuple(wanted)
        return self._of_kinds[kinds]

    def best(self, items: Sequence[int], weights: Mapping[int, int], places: int) -> Collection[int]:
        """Those of `items` that win the places. `weights`: item → the reader's interest in it."""
        if len(items) <= places:
            return items
        standing = {item: (rank[0], -weights.get(item, 0), rank[1]) for item in items if (rank := self._rank[item])}
        ranked = sorted(items, key=standing.__getitem__)  # stable: equals stay in edition order
        level = standing[ranked[places - 1]]
        if level != standing[ranked[places]]:
            return ranked[:places]
        sure = [item for item in ranked if standing[item] < level]
        return self._varied(sure, [item for item in ranked if standing[item] == level], places)

    def _varied(self, chosen: list[int], equals: list[int], places: int) -> list[int]:
        """Fill the places that are left, each with that of which there is least so far."""
        there = Counter(label for item in chosen for label in self._labels[item])
        while len(chosen) < places:
            rarest = min(equals, key=lambda item: sum(there[label] for label in self._labels[item]))
            equals.remove(rarest)
            chosen.append(rarest)
            there.update(self._labels[rarest])
        return chosen


def select(pool: Pool, reader: Reader, had: Mapping[int, bool] = NOTHING) -> Selection:
    """What a reader gets. `had`: the items that earlier editions brought them → whether as the last chance."""
    return pool.selection(reader, had)


def _choose(pool: Pool, reader: Reader, had: Mapping[int, bool]) -> Selection:
    weights: dict[int, int] = {}
    for topic, weight in reader.interests.items():
        for item in pool.about.get(topic, ()):
            if weight > weights.get(item, 0):
                weights[item] = weight
    wanted = offered = _offered(pool, reader, had)
    if reader.interests:
        wanted = [item for item in offered if item in weights or item in pool.must_see]
        if len(wanted) < pool.least:
            others = [item for item in offered if item not in wanted]
            fill = {*wanted, *pool.best(others, {}, pool.least - len(wanted))}
            wanted = [item for item in offered if item in fill]
    chosen = {*pool.best(wanted, weights, pool.limit)}
    return Selection(
        tuple([item for item in wanted if item in chosen]),
        tuple([item for item in wanted if item in chosen and item in pool.soon]),
        tuple([item for item in wanted if item not in chosen]),
        tuple(sorted([topic for topic in reader.interests if not chosen.isdisjoint(pool.about.get(topic, ()))])),
    )


def _offered(pool: Pool, reader: Reader, had: Mapping[int, bool]) -> Sequence[int]:
    """The items that nothing stands in the way of, in edition order."""
    offered = pool.of_kinds(reader.kinds)
    return [item for item in offered if item not in had or _once_more(pool, item, had)] if had else offered


def _once_more(pool: Pool, item: int, had: Mapping[int, bool]) -> bool:
    return item in pool.soon and not had[item]


def explain(pool: Pool, reader: Reader, had: Mapping[int, bool] = NOTHING) -> tuple[Decision, ...]:
    """A decision for every candidate, in edition order: what `select` does, with its reasons."""
    selection = select(pool, reader, had)
    return tuple(
        Decision(
            each.id,
            each.id in selection.items,
            tuple(_reasons(pool, each, reader, had, selection)),
            tuple(sorted(each.topics & reader.interests.keys())),
        )
        for each in pool.candidates
    )


def _reasons(
    pool: Pool, item: Candidate, reader: Reader, had: Mapping[int, bool], selection: Selection
) -> Iterator[Reason]:
    if item.id not in pool.open:
        yield Reason.OVER
        return
    if item.id in had and not _once_more(pool, item.id, had):
        yield Reason.HAD
        return
    matched = not reader.interests.keys().isdisjoint(item.topics)
    if item.id in selection.items:
        if item.must_see:
            yield Reason.MUST_SEE
        if item.id in pool.soon:
            yield Reason.AGAIN if item.id in had else Reason.SOON
        if matched:
            yield Reason.INTEREST
        elif not item.must_see:
            yield Reason.FILL if reader.interests else Reason.NO_INTERESTS
    elif item.id in selection.more:
        yield Reason.LIMIT
    else:
        if reader.kinds and item.kind not in reader.kinds:
            yield Reason.OTHER_KINDS
        if reader.interests and not matched:
            yield Reason.OTHER_TOPICS
