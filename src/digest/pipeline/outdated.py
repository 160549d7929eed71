"""Corrections that an edition does not have: it keeps its items as they were when it was assembled."""

from collections.abc import Sequence

from sqlmodel import Session

from digest.core.edition import WAITING, EditionItem, EditionState
from digest.core.item import Status
from digest.pipeline import translations
from digest.store import editions, items
from digest.store.database import Database
from digest.store.tables import EditionRow


def outdated(session: Session, row: EditionRow, frozen: Sequence[EditionItem]) -> list[EditionItem]:
    """Those of an edition's items that were changed or put away since; none once it is on its way."""
    return [each for each in frozen if _is_another(session, each)] if row.state in WAITING else []


def waiting(db: Database) -> list[tuple[EditionRow, int]]:
    """The editions still to go out that have such items, with how many."""
    with db.read() as session:
        rows = editions.in_states(session, *WAITING)
        counted = [(row, len(outdated(session, row, editions.items(session, row.identity)))) for row in rows]
        return [(row, count) for row, count in counted if count]


def remedy(row: EditionRow) -> str:
    """The commands that take the changes in."""
    again = f"`digest edition assemble --period {row.period}`"
    if row.state == EditionState.APPROVED:
        return f"`digest edition reopen {row.period}`, {again} and `digest edition approve {row.period}`"
    return again


def words(each: EditionItem) -> tuple[object, ...]:
    """All that an edition says of an item."""
    return each.item, [one.item for one in each.translations]


def _is_another(session: Session, frozen: EditionItem) -> bool:
    stored = items.by_id(session, frozen.id)
    if stored is None or stored.status is not Status.READY:
        return True
    said = translations.said(stored, items.translations(session, stored.uid))
    return words(EditionItem(stored.id, frozen.position, stored.item, stored.html, said)) != words(frozen)
