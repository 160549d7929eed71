"""Selection: which items of an edition are for whom, and why. One pure function.

The order in which items compete for a place: must-see first, then what closes soon, then the reader's interest, the editors'
priority, and the edition's own order. Places are limited by `limit`; nobody gets an empty digest.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

SOON = timedelta(days=7)
AT_LEAST = 3


class Reason(StrEnum):
    """Why an item is in or out."""

    MUST_SEE = "must-see"
    INTEREST = "interest"
    NO_INTERESTS = "no-interests"
    FILL = "fill"
    OTHER_TOPICS = "other-topics"
    OVER = "over"
    LIMIT = "limit"


@dataclass(frozen=True, slots=True)
class Candidate:
    """What selection needs of an item. `closes_at` in UTC."""

    id: int
    topics: frozenset[str]
    must_see: bool
    priority: int
    position: int
    closes_at: datetime | None


@dataclass(frozen=True, slots=True)
class Decision:
    """One item's fate for one subscriber. `topics`: those of theirs that it matched."""

    id: int
    included: bool
    reason: Reason
    topics: tuple[str, ...] = ()


def decide(
    candidates: Sequence[Candidate], interests: Mapping[str, int], now: datetime, limit: int
) -> tuple[Decision, ...]:
    """A decision for every candidate, in edition order. `interests`: topic slug → weight; `limit` ≥ 1.

    Included are must-see items and those that match an interest. Who has no interests competes for all; whose interests match
    nothing gets the best few, so that a digest that goes out is never empty. Expired items are never in.
    """
    open_ones = [c for c in candidates if c.closes_at is None or c.closes_at > now]
    matched = {c.id: tuple(sorted(c.topics & interests.keys())) for c in open_ones}
    wanted = [c for c in open_ones if c.must_see or matched[c.id] or not interests]
    reason = Reason.NO_INTERESTS if not interests else Reason.FILL
    if not wanted:
        wanted = sorted(open_ones, key=lambda c: _rank(c, 0, now))[:AT_LEAST]

    def weight(c: Candidate) -> int:
        return max((interests[topic] for topic in matched[c.id]), default=0)

    chosen = {c.id for c in sorted(wanted, key=lambda c: _rank(c, weight(c), now))[:limit]}
    wanted_ids = {c.id for c in wanted}
    decisions = []
    for c in sorted(candidates, key=lambda c: c.position):
        if c.id in chosen:
            why = Reason.MUST_SEE if c.must_see else Reason.INTEREST if matched[c.id] else reason
        elif c.id not in matched:
            why = Reason.OVER
        else:
            why = Reason.LIMIT if c.id in wanted_ids else Reason.OTHER_TOPICS
        decisions.append(Decision(c.id, c.id in chosen, why, matched.get(c.id, ())))
    return tuple(decisions)


def _rank(c: Candidate, weight: int, now: datetime) -> tuple[bool, bool, int, int, int]:
    soon = c.closes_at is not None and c.closes_at - now <= SOON
    return (not c.must_see, not soon, -weight, -c.priority, c.position)
