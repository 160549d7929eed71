"""What went out, for anybody to look up: editions, their words, and which of their items were taken back since."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlmodel import Session, col

from digest.core.edition import EditionText
from digest.store.editions import OUT, thaw
from digest.store.tables import EditionItemRow, EditionRow, EditionTextRow, ItemRow


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """An item of an edition that staff archived since, and when. `titles`: as it went out, in each language."""

    item_id: int
    titles: tuple[str, ...]
    at: datetime


def out(session: Session) -> list[EditionRow]:
    """The editions that went out or are on their way, the newest first."""
    wanted = select(EditionRow).where(col(EditionRow.state).in_(OUT))
    return list(session.scalars(wanted.order_by(col(EditionRow.slot).desc(), col(EditionRow.id).desc())))


def holding(session: Session, item_id: int) -> set[int]:
    """The editions that an item is in, whatever their state."""
    wanted = select(col(EditionItemRow.edition_id)).where(col(EditionItemRow.item_id) == item_id)
    return set(session.scalars(wanted))


def texts(session: Session, edition_ids: Collection[int]) -> dict[int, dict[str, EditionText]]:
    """Edition → language → its words."""
    found: dict[int, dict[str, EditionText]] = {each: {} for each in edition_ids}
    wanted = select(EditionTextRow).where(col(EditionTextRow.edition_id).in_(edition_ids))
    for row in session.scalars(wanted.order_by(col(EditionTextRow.language))):
        found[row.edition_id][row.language] = EditionText(row.language, row.subject, row.preheader, row.intro)
    return found


def withdrawn(session: Session, edition_ids: Collection[int]) -> dict[int, list[Withdrawn]]:
    """Edition → what was taken back of it."""
    found: dict[int, list[Withdrawn]] = {each: [] for each in edition_ids}
    wanted = select(EditionItemRow, col(ItemRow.archived_at)).join(
        ItemRow, col(ItemRow.id) == col(EditionItemRow.item_id)
    )
    archived = col(ItemRow.archived_at).is_not(None)
    for row, at in session.execute(wanted.where(col(EditionItemRow.edition_id).in_(edition_ids), archived)):
        titles = tuple(each.item.title for each in thaw(row).versions)
        found[row.edition_id].append(Withdrawn(row.item_id, titles, at))
    return found
