"""Editions: their rows, frozen items, texts and compiled blocks."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, Literal, cast

from sqlalchemy import delete, func, insert, select, update
from sqlmodel import Session, col

from digest.core.delivery import OPEN
from digest.core.edition import Edition, EditionItem, EditionState, EditionText, Translation
from digest.core.item import DATES, Item, Kind
from digest.core.message import Block
from digest.core.when import When
from digest.store.database import changed, insert_or_nothing
from digest.store.tables import BlockRow, DeliveryRow, EditionItemRow, EditionRow, EditionTextRow

OUT = (EditionState.SENDING, EditionState.PAUSED, EditionState.SENT)
"""The states of an edition that somebody may have got already."""
GIVEN_UP = (EditionState.CANCELLED, EditionState.MISSED)
"""The states of an edition that does not go out."""


def find(session: Session, reference: str) -> EditionRow | None:
    """By period, by number, or `latest`: the last by number, one that never goes out only where there is no other."""
    wanted = select(EditionRow)
    if reference == "latest":
        wanted = wanted.order_by(col(EditionRow.state).in_(GIVEN_UP), col(EditionRow.number).desc()).limit(1)
    elif reference.isdecimal() and len(reference) < 10:
        wanted = wanted.where(col(EditionRow.number) == int(reference))
    else:
        wanted = wanted.where(col(EditionRow.period) == reference)
    return session.scalars(wanted).first()


def get(session: Session, edition_id: int) -> EditionRow:
    return session.get_one(EditionRow, edition_id)


def listing(session: Session) -> list[EditionRow]:
    return list(session.scalars(select(EditionRow).order_by(col(EditionRow.number))))


def in_states(session: Session, *states: EditionState) -> list[EditionRow]:
    wanted = select(EditionRow).where(col(EditionRow.state).in_(states)).order_by(col(EditionRow.slot))
    return list(session.scalars(wanted))


def next_number(session: Session) -> int:
    return (session.scalar(select(func.max(col(EditionRow.number)))) or 0) + 1


def states(session: Session, periods: Collection[str]) -> dict[str, EditionState]:
    """Period → how its edition stands, of those that have one."""
    wanted = select(col(EditionRow.period), col(EditionRow.state)).where(col(EditionRow.period).in_(periods))
    return {period: EditionState(state) for period, state in session.execute(wanted)}


def create(session: Session, period: str, slot: datetime, timezone: str, state: EditionState) -> EditionRow | None:
    """A new edition, or None if the period has one: the row is the lock between schedulers."""
    values: dict[str, Any] = {
        "period": period,
        "slot": slot,
        "timezone": timezone,
        "number": next_number(session),
        "state": state,
        "left_out": [],
    }
    statement = insert_or_nothing(session, EditionRow, "period").returning(col(EditionRow.id))
    edition_id = session.scalar(statement, values)
    return session.get_one(EditionRow, edition_id) if edition_id is not None else None


def freeze(
    session: Session, edition_id: int, items: Iterable[EditionItem], left_out: list[dict[str, Any]], now: datetime
) -> None:
    """Put these items in the edition, instead of any it had."""
    session.execute(delete(EditionItemRow).where(col(EditionItemRow.edition_id) == edition_id))
    session.execute(delete(BlockRow).where(col(BlockRow.edition_id) == edition_id))
    rows = [
        {"edition_id": edition_id, "item_id": each.id, "position": each.position, "snapshot": _snapshot(each)}
        for each in items
    ]
    if rows:
        session.execute(insert(EditionItemRow), rows)
    session.execute(
        update(EditionRow)
        .where(col(EditionRow.id) == edition_id)
        .values(left_out=left_out, assembled_at=now, compiled_at=None)
    )


def items(session: Session, edition_id: int) -> tuple[EditionItem, ...]:
    """The frozen items in edition order."""
    wanted = select(EditionItemRow).where(col(EditionItemRow.edition_id) == edition_id)
    rows = session.scalars(wanted.order_by(col(EditionItemRow.position)))
    return tuple(thaw(row) for row in rows)


def published(session: Session, item_id: int) -> tuple[EditionItem, EditionRow] | None:
    """An item as the last edition that went out, or is on its way, tells it; None if none does."""
    wanted = select(EditionItemRow, EditionRow).join(EditionRow, col(EditionRow.id) == col(EditionItemRow.edition_id))
    wanted = wanted.where(col(EditionItemRow.item_id) == item_id, col(EditionRow.state).in_(OUT))
    row = session.execute(wanted.order_by(col(EditionRow.slot).desc()).limit(1)).first()
    return row and (thaw(row[0]), row[1])


def texts(session: Session, edition_id: int) -> dict[str, EditionText]:
    """Language → the words that staff wrote for it."""
    rows = session.scalars(select(EditionTextRow).where(col(EditionTextRow.edition_id) == edition_id))
    return {row.language: EditionText(row.language, row.subject, row.preheader, row.intro) for row in rows}


def put_text(session: Session, edition_id: int, text: EditionText) -> None:
    session.merge(EditionTextRow(edition_id=edition_id, **asdict(text)))


def put_blocks(session: Session, edition_id: int, language: str, blocks: Sequence[Block]) -> None:
    rows = [
        {
            "edition_id": edition_id,
            "language": language,
            "part": block.part,
            "key": block.key,
            "position": position,
            "pieces": list(block.pieces),
        }
        for position, block in enumerate(blocks)
    ]
    session.execute(insert(BlockRow), rows)


def drop_blocks(session: Session, edition_id: int) -> None:
    session.execute(delete(BlockRow).where(col(BlockRow.edition_id) == edition_id))


def languages(session: Session, edition_id: int) -> list[str]:
    """Those that an edition is compiled in, in order."""
    wanted = select(col(BlockRow.language)).where(col(BlockRow.edition_id) == edition_id).distinct()
    return list(session.scalars(wanted.order_by(col(BlockRow.language))))


def blocks(session: Session, edition_id: int, language: str | None = None) -> dict[str, tuple[Block, ...]]:
    """Language (all, or the one that is named) → blocks in document order."""
    wanted = select(BlockRow).where(col(BlockRow.edition_id) == edition_id)
    if language is not None:
        wanted = wanted.where(col(BlockRow.language) == language)
    found: dict[str, list[Block]] = {}
    for row in session.scalars(wanted.order_by(col(BlockRow.language), col(BlockRow.position))):
        part = cast(Literal["html", "text"], row.part)
        found.setdefault(row.language, []).append(Block(part, row.key, tuple(row.pieces)))
    return {language: tuple(each) for language, each in found.items()}


def move(session: Session, edition_id: int, expected: Iterable[EditionState], to: EditionState, **values: Any) -> bool:
    """Change the state if it is still one of `expected`; whether it was."""
    there = update(EditionRow).where(col(EditionRow.id) == edition_id, col(EditionRow.state).in_(list(expected)))
    return changed(session, there.values(state=to, **values)) > 0


def set_values(session: Session, edition_id: int, **values: Any) -> None:
    session.execute(update(EditionRow).where(col(EditionRow.id) == edition_id).values(**values))


def last_sent(session: Session, before: datetime) -> EditionRow | None:
    """The edition with the newest slot before `before` that went out or is on its way."""
    wanted = select(EditionRow).where(col(EditionRow.slot) < before, col(EditionRow.state).in_(OUT))
    return session.scalars(wanted.order_by(col(EditionRow.slot).desc()).limit(1)).first()


def has_open_deliveries(session: Session, edition_id: int) -> bool:
    wanted = select(col(DeliveryRow.id)).where(
        col(DeliveryRow.edition_id) == edition_id, col(DeliveryRow.state).in_(OPEN)
    )
    return session.scalar(wanted.limit(1)) is not None


def value(row: EditionRow) -> Edition:
    return Edition(row.period, row.number, row.slot, row.timezone)


def _snapshot(each: EditionItem) -> dict[str, Any]:
    said = [{"item": _written(one.item), "html": one.html, "stale": one.stale} for one in each.translations]
    return {"item": _written(each.item), "html": each.html} | ({"translations": said} if said else {})


def _written(item: Item) -> dict[str, Any]:
    fields = {name: getattr(item, name) for name in Item.__dataclass_fields__}
    fields |= {name: when.isoformat() for name in DATES if (when := getattr(item, name))}
    return fields | {"kind": str(item.kind), "topics": list(item.topics)}


def thaw(row: EditionItemRow) -> EditionItem:
    """The item as it was frozen."""
    said = (
        Translation(_read(each["item"]), each["html"], each["stale"]) for each in row.snapshot.get("translations", ())
    )
    return EditionItem(row.item_id, row.position, _read(row.snapshot["item"]), row.snapshot["html"], tuple(said))


def _read(written: Mapping[str, Any]) -> Item:
    fields = dict(written)
    fields |= {name: When.parse(fields[name]) for name in DATES if fields[name]}
    return Item(**fields | {"kind": Kind(fields["kind"]), "topics": tuple(fields["topics"])})
