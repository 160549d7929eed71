"""What earlier editions brought to whom, of the items of an edition that come round again."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlmodel import Session

from digest.core.selection import NOTHING
from digest.pipeline.compose import Copy
from digest.store import deliveries, items
from digest.store.tables import EditionRow


@dataclass(frozen=True, slots=True)
class History:
    """The editions that were out before an edition and held some of its `items`: most often none, and nothing is read."""

    editions: tuple[int, ...]
    items: frozenset[int]

    def had(self, session: Session, subscribers: Sequence[int]) -> dict[int, Mapping[int, bool]]:
        """Subscriber → item that a server took or may take for them → whether as the last chance. For a run of numbers."""
        found: dict[int, dict[int, bool]] = {}
        for edition_id in self.editions:
            for subscriber, selection in deliveries.brought(session, edition_id, min(subscribers), max(subscribers)):
                copy, theirs = Copy.from_json(selection), found.setdefault(subscriber, {})
                theirs.update(
                    (item, theirs.get(item, False) or item in copy.last) for item in copy.items if item in self.items
                )
        return {**found}

    def of(self, session: Session, subscriber: int) -> Mapping[int, bool]:
        """The same for one person."""
        return self.had(session, [subscriber]).get(subscriber, NOTHING)


def history(session: Session, row: EditionRow, candidates: Collection[int]) -> History:
    """Of an edition with these items: of all others if it is still to be fanned out, else of those before it."""
    held = items.out_before(session, candidates, row.id, row.fanned_out_at)
    return History(tuple(held), frozenset(item for each in held.values() for item in each))
