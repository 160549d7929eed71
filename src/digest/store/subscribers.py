"""Subscribers and their interests."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Select, delete, func, insert, select, update
from sqlmodel import Session, SQLModel, col

from digest.core.address import Address
from digest.core.item import Kind
from digest.core.subscriber import SubscriberState
from digest.store.tables import InterestRow, SubscriberFields, SubscriberRow
from digest.store.topics import topic_ids

_S, _I, _T = (SQLModel.metadata.tables[name] for name in ("subscriber", "interest", "topic"))
COLUMNS = (
    _S.c.id, _S.c.email, _S.c.email_key, _S.c.name, _S.c.language, _S.c.state, _S.c.kinds, _S.c.frequency, _S.c.resumes_at,
)  # fmt: skip
"""What a Subscriber is read from."""

WEEKLY, MONTHLY = FREQUENCIES = ("weekly", "monthly")


@dataclass(frozen=True, slots=True)
class New:
    """A subscriber as a list or a form tells of them.

    `topics`: slug → weight; `kinds`: those wanted, none for all; `frequency`: weekly or monthly.
    """

    address: Address
    name: str
    language: str
    topics: Mapping[str, int]
    kinds: frozenset[Kind] = frozenset()
    frequency: str = WEEKLY


@dataclass(frozen=True, slots=True)
class Subscriber:
    """A subscriber as stored. `interests`: topic slug → weight; `kinds`: those of items that they want, none for all.

    `resumes_at`: when they get mail again who asked for a pause.
    """

    id: int
    email: str
    key: str
    name: str
    language: str
    state: SubscriberState
    interests: Mapping[str, int] = field(default_factory=dict)
    kinds: frozenset[Kind] = frozenset()
    frequency: str = WEEKLY
    resumes_at: datetime | None = None

    def says(self, entry: New) -> bool:
        """Whether `entry` tells nothing new."""
        known = (self.email, self.name, self.language, self.interests, self.kinds, self.frequency)
        return known == (
            entry.address.email, entry.name, entry.language, entry.topics, entry.kinds, entry.frequency,
        )  # fmt: skip


def by_key(session: Session, key: str) -> Subscriber | None:
    return _one(session, select(*COLUMNS).where(_S.c.email_key == key))


def by_id(session: Session, subscriber_id: int) -> Subscriber | None:
    return _one(session, select(*COLUMNS).where(_S.c.id == subscriber_id))


def by_ids(session: Session, ids: Iterable[int]) -> list[Subscriber]:
    """Those of these numbers that are subscribers, without their interests; for a few hundred at a time."""
    rows = session.execute(select(*COLUMNS).where(_S.c.id.in_(list(ids))).order_by(_S.c.id))
    return [_subscriber(row, {}) for row in rows.all()]


def page(
    session: Session, *, after: int = 0, limit: int = 1000, state: SubscriberState | None = None
) -> list[Subscriber]:
    """Up to `limit` subscribers with a number above `after`, in order: a keyset page, as fast at the end as at the start."""
    wanted = select(*COLUMNS).where(_S.c.id > after).order_by(_S.c.id).limit(limit)
    return read(session, wanted.where(_S.c.state == state) if state else wanted)


def unchanged(session: Session, states: Collection[SubscriberState], since: datetime, limit: int) -> list[Subscriber]:
    """Up to `limit` subscribers in one of these states about whom nothing has changed since before then."""
    wanted = select(*COLUMNS).where(_S.c.state.in_(states), _S.c.updated_at < since)
    return read(session, wanted.order_by(_S.c.id).limit(limit))


def count(session: Session, state: SubscriberState | None = None) -> int:
    wanted = select(func.count()).select_from(SubscriberRow)
    return session.scalar(wanted.where(col(SubscriberRow.state) == state) if state else wanted) or 0


def interests_of(session: Session, ids: Sequence[int]) -> dict[int, dict[str, int]]:
    """Subscriber → topic slug → weight, for a run of ids read in one range scan."""
    found: dict[int, dict[str, int]] = {}
    if not ids:
        return found
    wanted = (
        select(_I.c.subscriber_id, _T.c.slug, _I.c.weight)
        .join(_T, _T.c.id == _I.c.topic_id)
        .where(_I.c.subscriber_id.between(min(ids), max(ids)))
    )
    for subscriber_id, slug, weight in session.execute(wanted):
        found.setdefault(subscriber_id, {})[slug] = weight
    return found


def by_keys(session: Session, keys: Iterable[str]) -> dict[str, Subscriber]:
    """Those of these keys that are subscribers; for a few hundred at a time."""
    return {each.key: each for each in read(session, select(*COLUMNS).where(_S.c.email_key.in_(list(keys))))}


def put(
    session: Session, entry: New, *, state: SubscriberState, now: datetime, previous: Subscriber | None = None
) -> int:
    """Add a subscriber or bring `previous` up to date. Their id."""
    if previous is None:
        [added] = add_many(session, [entry], now, state)
        return added
    values = _fields(entry, state, now)
    del values["created_at"]
    session.execute(update(SubscriberRow).where(col(SubscriberRow.id) == previous.id).values(**values))
    session.execute(delete(InterestRow).where(col(InterestRow.subscriber_id) == previous.id))
    _follow(session, [(previous.id, entry.topics)])
    return previous.id


def add_many(
    session: Session, entries: Sequence[New], now: datetime, state: SubscriberState = SubscriberState.ACTIVE
) -> list[int]:
    """Add subscribers that are not there yet, in bulk. Their ids, in the same order."""
    if not entries:
        return []
    statement = insert(SubscriberRow).returning(col(SubscriberRow.id), sort_by_parameter_order=True)
    ids: list[int] = [row[0] for row in session.execute(statement, [_fields(entry, state, now) for entry in entries])]
    _follow(session, [(each, entry.topics) for each, entry in zip(ids, entries, strict=True)])
    return ids


def _follow(session: Session, pairs: Sequence[tuple[int, Mapping[str, int]]]) -> None:
    topics = topic_ids(session, [slug for _, weights in pairs for slug in weights])
    rows = [
        {"subscriber_id": each, "topic_id": topics[slug], "weight": weight}
        for each, weights in pairs
        for slug, weight in weights.items()
    ]
    if rows:
        session.execute(insert(InterestRow), rows)


def _fields(entry: New, state: SubscriberState, now: datetime) -> dict[str, Any]:
    fields = {
        "email": entry.address.email,
        "email_key": entry.address.key,
        "name": entry.name,
        "language": entry.language,
        "kinds": ";".join(sorted(entry.kinds)),
        "frequency": entry.frequency,
        "state": state,
        "created_at": now,
        "updated_at": now,
    }
    return SubscriberFields.model_validate(fields).model_dump()


def move(session: Session, subscriber_id: int, email: str, key: str, now: datetime) -> None:
    """Their mail goes to another address."""
    values = {"email": email, "email_key": key, "updated_at": now}
    session.execute(update(SubscriberRow).where(col(SubscriberRow.id) == subscriber_id).values(**values))


def set_state(
    session: Session, subscriber_id: int, state: SubscriberState, now: datetime, until: datetime | None = None
) -> None:
    """`until`: when they get mail again, for a pause that they asked for."""
    set_states(session, [subscriber_id], state, now, until)


def set_states(
    session: Session, ids: Collection[int], state: SubscriberState, now: datetime, until: datetime | None = None
) -> None:
    values = {"state": state, "updated_at": now, "resumes_at": until}
    session.execute(update(SubscriberRow).where(col(SubscriberRow.id).in_(ids)).values(**values))


def resume(session: Session, now: datetime) -> None:
    """Whoever asked for a pause that is over gets mail again."""
    over = update(SubscriberRow).where(
        col(SubscriberRow.state) == SubscriberState.PAUSED, col(SubscriberRow.resumes_at) <= now
    )
    session.execute(over.values(state=SubscriberState.ACTIVE, updated_at=now, resumes_at=None))


def read(session: Session, statement: Select[Any]) -> list[Subscriber]:
    """The subscribers that a SELECT of `COLUMNS` finds, in its order. As plain rows: a list may be long."""
    rows = session.execute(statement).all()
    interests = interests_of(session, [row[0] for row in rows])
    return [_subscriber(row, interests.get(row[0], {})) for row in rows]


def _subscriber(row: Sequence[Any], interests: Mapping[str, int]) -> Subscriber:
    number, email, key, name, language, state, kinds, *rest = row
    return Subscriber(number, email, key, name, language, SubscriberState(state), interests, _kinds(kinds), *rest)


def _one(session: Session, statement: Select[Any]) -> Subscriber | None:
    return next(iter(read(session, statement)), None)


@cache
def _kinds(stored: str) -> frozenset[Kind]:
    return frozenset(Kind(each) for each in stored.split(";") if each)
