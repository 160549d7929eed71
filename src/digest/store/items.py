"""Items: their rows, and which editions hold them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, insert, or_, select
from sqlmodel import Session, col

from digest.core.edition import EditionState
from digest.core.item import DATES, Item, Kind, Status, closes_at
from digest.core.slug import slugify
from digest.core.when import When
from digest.store.editions import GIVEN_UP
from digest.store.tables import EditionItemRow, EditionRow, ItemFields, ItemRow, ItemTopicRow, TopicRow
from digest.store.topics import topic_ids

_ALIKE = (
    "title", "url", "organisation", "byline", "language", "timezone", "venue", "image", "alt", "must_see", "priority",
    "translation_of",
)  # fmt: skip
"""Fields of an Item that its row has under the same name and as they are."""


@dataclass(frozen=True, slots=True)
class Stored:
    """An item in the store. `original`: the number of the item that it translates."""

    id: int
    item: Item
    status: Status
    uid: str
    slug: str
    source: str
    html: str
    content_hash: str
    ready_at: datetime | None
    changed_at: datetime
    original: int | None


def by_uid(session: Session, uid: str) -> Stored | None:
    return _one(session, col(ItemRow.source_uid) == uid)


def by_content(session: Session, content_hash: str) -> Stored | None:
    return _one(session, col(ItemRow.content_hash) == content_hash)


def by_url(session: Session, url: str) -> Stored | None:
    return _one(session, col(ItemRow.url) == url)


def by_id(session: Session, item_id: int) -> Stored | None:
    return _one(session, col(ItemRow.id) == item_id) if item_id < 1 << 31 else None


def by_slug(session: Session, slug: str) -> list[Stored]:
    return _many(session, col(ItemRow.slug) == slug)


def translations(session: Session, uid: str) -> list[Stored]:
    """Those of the item of that uid."""
    return _many(session, col(ItemRow.translation_of) == uid)


def from_source(session: Session, source: str) -> list[Stored]:
    return _many(session, col(ItemRow.source) == source)


def listing(session: Session, statuses: Collection[Status] = tuple(Status)) -> list[Stored]:
    """In the order in which they came."""
    return _many(session, col(ItemRow.status).in_([str(status) for status in statuses]))


def in_other_editions(session: Session, edition_id: int | None) -> tuple[dict[int, str], dict[int, str]]:
    """Item id → period of another edition that holds it: of those approved or sent, and of drafts."""
    held = select(col(EditionItemRow.item_id), col(EditionRow.period), col(EditionRow.state)).join(
        EditionRow, col(EditionRow.id) == col(EditionItemRow.edition_id)
    )
    held = held.where(col(EditionRow.state).not_in(GIVEN_UP), col(EditionRow.id) != (edition_id or 0))
    sent: dict[int, str] = {}
    drafts: dict[int, str] = {}
    for item_id, period, state in session.execute(held):
        (drafts if state == EditionState.DRAFT else sent)[item_id] = period
    return sent, drafts


def out_before(
    session: Session, candidates: Collection[int], edition_id: int | None, before: datetime | None
) -> dict[int, list[int]]:
    """Edition → which of these items it held, of the other editions that began to go out (before that instant)."""
    held = (
        select(col(EditionItemRow.edition_id), col(EditionItemRow.item_id))
        .join(EditionRow, col(EditionRow.id) == col(EditionItemRow.edition_id))
        .where(col(EditionItemRow.item_id).in_(candidates), col(EditionRow.id) != (edition_id or 0))
        .where(col(EditionRow.expires_at).is_not(None))
    )
    if before:
        held = held.where(or_(col(EditionRow.fanned_out_at) < before, col(EditionRow.fanned_out_at).is_(None)))
    found: dict[int, list[int]] = {}
    for edition, item in session.execute(held.order_by(col(EditionItemRow.edition_id))):
        found.setdefault(edition, []).append(item)
    return found


def put(
    session: Session,
    item: Item,
    *,
    status: Status,
    source: str,
    uid: str,
    html: str,
    content_hash: str,
    now: datetime,
    previous: Stored | None = None,
) -> int:
    """Add an item, or put it in place of `previous`; its topics are made if need be. Its id. `source`: whence this text."""
    ready_at = (previous.ready_at if previous and previous.ready_at else now) if status is Status.READY else None
    values = ItemFields.model_validate(
        {
            **{name: getattr(item, name) for name in _ALIKE},
            **{name: when.isoformat() if (when := getattr(item, name)) else None for name in DATES},
            "kind": str(item.kind),
            "slug": slugify(item.title) or "item",
            "body_markdown": item.body,
            "body_html": html,
            "status": str(status),
            "source": source,
            "source_uid": uid,
            "content_hash": content_hash,
            "ready_at": ready_at,
            "closes_at": closes_at(item),
            "archived_at": now if status is Status.ARCHIVED else None,
            "created_at": now,
            "updated_at": previous.changed_at if previous and previous.content_hash == content_hash else now,
        }
    ).model_dump()
    row = session.get(ItemRow, previous.id) if previous else None
    if row is None:
        row = ItemRow(**values)
    else:
        del values["created_at"]
        row.sqlmodel_update(values)
    session.add(row)
    session.flush()
    item_id = row.identity
    topics = topic_ids(session, item.topics)
    session.execute(delete(ItemTopicRow).where(col(ItemTopicRow.item_id) == item_id))
    if topics:
        session.execute(insert(ItemTopicRow), [{"item_id": item_id, "topic_id": topic} for topic in topics.values()])
    return item_id


def set_status(session: Session, stored: Stored, status: Status, now: datetime) -> None:
    row = session.get_one(ItemRow, stored.id)
    row.status = str(status)
    row.ready_at = (row.ready_at or now) if status is Status.READY else None
    row.archived_at = (row.archived_at or now) if status is Status.ARCHIVED else None
    session.add(row)


def remove(session: Session, item_id: int) -> None:
    session.execute(delete(ItemTopicRow).where(col(ItemTopicRow.item_id) == item_id))
    session.execute(delete(ItemRow).where(col(ItemRow.id) == item_id))


def _one(session: Session, condition: ColumnElement[bool]) -> Stored | None:
    return next(iter(_many(session, condition)), None)


def _many(session: Session, condition: ColumnElement[bool]) -> list[Stored]:
    rows = session.scalars(select(ItemRow).where(condition).order_by(col(ItemRow.id))).all()
    topics: dict[int, list[str]] = {}
    linked = (
        select(col(ItemTopicRow.item_id), col(TopicRow.slug))
        .join(TopicRow, col(TopicRow.id) == col(ItemTopicRow.topic_id))
        .join(ItemRow, col(ItemRow.id) == col(ItemTopicRow.item_id))
    )
    for item_id, slug in session.execute(linked.where(condition).order_by(col(TopicRow.slug))):
        topics.setdefault(item_id, []).append(slug)
    named = {row.translation_of for row in rows if row.translation_of}
    uids = select(col(ItemRow.source_uid), col(ItemRow.id)).where(col(ItemRow.source_uid).in_(named))
    numbers = {row[0]: row[1] for row in session.execute(uids)} if named else {}
    return [_stored(row, tuple(topics.get(row.identity, ())), numbers.get(row.translation_of or "")) for row in rows]


def _stored(row: ItemRow, topics: tuple[str, ...], original: int | None) -> Stored:
    fields: dict[str, Any] = {name: getattr(row, name) for name in _ALIKE}
    fields |= {name: When.parse(text) for name in DATES if (text := getattr(row, name))}
    item = Item(kind=Kind(row.kind), body=row.body_markdown, topics=topics, **fields)
    return Stored(
        id=row.identity,
        item=item,
        status=Status(row.status),
        uid=row.source_uid,
        slug=row.slug,
        source=row.source,
        html=row.body_html,
        content_hash=row.content_hash,
        ready_at=row.ready_at,
        changed_at=row.updated_at,
        original=original,
    )
