"""How editions went: what servers took, what came back and why, who left, by edition and by recipient domain."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session

from digest.core.delivery import OPEN, Balance, State
from digest.core.dsn import Verdict
from digest.core.event import EventType
from digest.pipeline.assemble import find
from digest.store import editions, stats
from digest.store.database import Database
from digest.store.tables import EditionRow

COUNTS = (
    *Balance.__dataclass_fields__, "arrived", "hard", "soft", "policy", "complaints", "unsubscribes",
)  # fmt: skip
"""The balance; what was taken and did not come back; what came back or was refused, by its verdict; who left."""
EVENTS: dict[tuple[str, str | None], str] = {
    (EventType.BOUNCE, Verdict.HARD): "hard",
    (EventType.BOUNCE, Verdict.SOFT): "soft",
    (EventType.BOUNCE, Verdict.POLICY): "policy",
    (EventType.COMPLAINT, Verdict.COMPLAINT): "complaints",
    (EventType.COMPLAINT, Verdict.OPT_OUT): "unsubscribes",
    (EventType.UNSUBSCRIBE, None): "unsubscribes",
}
"""Type and verdict of an event → the one of COUNTS that it adds to."""


@dataclass(frozen=True, slots=True)
class Stats:
    """An edition's COUNTS by recipient domain, the largest first."""

    period: str
    number: int
    state: str
    domains: tuple[tuple[str, Counter[str]], ...]

    @property
    def whole(self) -> Counter[str]:
        return sum((counts for _, counts in self.domains), Counter())


def every(db: Database) -> list[Stats]:
    """All editions that somebody was to get, in order."""
    with db.read() as session:
        return [each for each in _count(session, editions.listing(session)) if each.domains]


def of(db: Database, reference: str) -> Stats:
    """The edition meant by a period, a number or `latest`."""
    with db.read() as session:
        return _count(session, [find(session, reference)])[0]


def _count(session: Session, rows: Sequence[EditionRow]) -> list[Stats]:
    numbers = [row.identity for row in rows]
    counted: dict[int, dict[str, Counter[str]]] = {number: defaultdict(Counter) for number in numbers}
    for edition, domain, state, came_back, count in stats.deliveries(session, numbers):
        arrived = state == State.ACCEPTED and not came_back
        names = ("eligible", "pending" if state in OPEN else state, *(["arrived"] if arrived else []))
        counted[edition][domain].update(dict.fromkeys(names, count))
    for edition, domain, type_, verdict, count in stats.events(session, numbers):
        if name := EVENTS.get((type_, verdict)):
            counted[edition][domain][name] += count
    return [
        Stats(row.period, row.number, row.state, tuple(sorted(each.items(), key=lambda d: (-d[1]["eligible"], d[0]))))
        for row, each in zip(rows, counted.values(), strict=True)
    ]
