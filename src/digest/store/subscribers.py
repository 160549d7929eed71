"""Subscribers, their interests, their consent, and the addresses that get no mail."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Select, delete, func, insert, literal, select, update
from sqlmodel import Session, SQLModel, col

from digest.core.address import Address
from digest.core.item import Kind
from digest.store.database import insert_or_nothing
from digest.store.items import topic_ids
from digest.store.tables import (
    ConsentRow,
    EventRow,
    InterestRow,
    SubscriberFields,
    SubscriberRow,
    SuppressionRow,
    TopicRow,
)

_S = SQLModel.metadata.tables["subscriber"]
COLUMNS = (
    _S.c.id, _S.c.email, _S.c.email_key, _S.c.name, _S.c.language, _S.c.state, _S.c.kinds, _S.c.frequency, _S.c.resumes_at,
)  # fmt: skip
"""What a Subscriber is read from."""

WEEKLY, MONTHLY = FREQUENCIES = ("weekly", "monthly")
EVERYTHING = "all"
CANARY = "canary"


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
    state: str
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


def page(session: Session, *, after: int = 0, limit: int = 1000, state: str | None = None) -> list[Subscriber]:
    """Up to `limit` subscribers with a number above `after`, in order: a keyset page, as fast at the end as at the start."""
    wanted = select(*COLUMNS).where(_S.c.id > after).order_by(_S.c.id).limit(limit)
    return read(session, wanted.where(_S.c.state == state) if state else wanted)


def unchanged(session: Session, states: Collection[str], since: datetime, limit: int) -> list[Subscriber]:
    """Up to `limit` subscribers in one of these states about whom nothing has changed since before then."""
    wanted = select(*COLUMNS).where(_S.c.state.in_(states), _S.c.updated_at < since)
    return read(session, wanted.order_by(_S.c.id).limit(limit))


def count(session: Session, state: str | None = None) -> int:
    wanted = select(func.count()).select_from(SubscriberRow)
    return session.scalar(wanted.where(col(SubscriberRow.state) == state) if state else wanted) or 0


def languages(session: Session) -> list[str]:
    """The languages of active subscribers."""
    wanted = select(col(SubscriberRow.language)).where(col(SubscriberRow.state) == "active").distinct()
    return sorted(session.scalars(wanted))


def interests_of(session: Session, ids: Sequence[int]) -> dict[int, dict[str, int]]:
    """Subscriber → topic slug → weight, for a run of ids read in one range scan."""
    found: dict[int, dict[str, int]] = {}
    if not ids:
        return found
    wanted = (
        select(col(InterestRow.subscriber_id), col(TopicRow.slug), col(InterestRow.weight))
        .join(TopicRow, col(TopicRow.id) == col(InterestRow.topic_id))
        .where(col(InterestRow.subscriber_id).between(min(ids), max(ids)))
    )
    for subscriber_id, slug, weight in session.execute(wanted):
        found.setdefault(subscriber_id, {})[slug] = weight
    return found


def by_keys(session: Session, keys: Iterable[str]) -> dict[str, Subscriber]:
    """Those of these keys that are subscribers; for a few hundred at a time."""
    return {each.key: each for each in read(session, select(*COLUMNS).where(_S.c.email_key.in_(list(keys))))}


def put(session: Session, entry: New, *, state: str, now: datetime, previous: Subscriber | None = None) -> int:
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


def add_many(session: Session, entries: Sequence[New], now: datetime, state: str = "active") -> list[int]:
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


def _fields(entry: New, state: str, now: datetime) -> dict[str, Any]:
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


def set_state(session: Session, subscriber_id: int, state: str, now: datetime, until: datetime | None = None) -> None:
    """`until`: when they get mail again, for a pause that they asked for."""
    set_states(session, [subscriber_id], state, now, until)


def set_states(
    session: Session, ids: Collection[int], state: str, now: datetime, until: datetime | None = None
) -> None:
    values = {"state": state, "updated_at": now, "resumes_at": until}
    session.execute(update(SubscriberRow).where(col(SubscriberRow.id).in_(ids)).values(**values))


def resume(session: Session, now: datetime) -> None:
    """Whoever asked for a pause that is over gets mail again."""
    over = update(SubscriberRow).where(col(SubscriberRow.state) == "paused", col(SubscriberRow.resumes_at) <= now)
    session.execute(over.values(state="active", updated_at=now, resumes_at=None))


def record_consent(session: Session, hmac: str, action: str, at: datetime, **told: str) -> None:
    """One row of the consent ledger. `told`: any of `source`, `wording`, `version`, `proof`."""
    record_consents(session, [{"subscriber_hmac": hmac, "action": action, "at": at} | told])


def take_along(session: Session, before: str, after: str) -> None:
    """What the ledger holds of an address is there for another one too."""
    columns = [each for each in ConsentRow.__table__.columns if each.name not in ("id", "subscriber_hmac")]  # type: ignore[attr-defined]
    held = (
        select(literal(after), *columns).where(col(ConsentRow.subscriber_hmac) == before).order_by(col(ConsentRow.id))
    )
    session.execute(insert(ConsentRow).from_select(["subscriber_hmac", *(each.name for each in columns)], held))


def record_consents(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Rows of the consent ledger in bulk."""
    if rows:
        session.execute(insert(ConsentRow), list(rows))


def first_consents(session: Session, hmacs: Iterable[str]) -> dict[str, tuple[datetime, str | None]]:
    """The oldest word of consent of each, with its source."""
    wanted = select(col(ConsentRow.subscriber_hmac), col(ConsentRow.at), col(ConsentRow.source)).where(
        col(ConsentRow.subscriber_hmac).in_(list(hmacs)), col(ConsentRow.action).in_(["imported", "added", "confirmed"])
    )
    found: dict[str, tuple[datetime, str | None]] = {}
    for hmac, at, source in session.execute(wanted.order_by(col(ConsentRow.id))):
        found.setdefault(hmac, (at, source))
    return found


def consents(session: Session, hmac: str) -> list[ConsentRow]:
    """What the ledger holds of an address, in order."""
    wanted = select(ConsentRow).where(col(ConsentRow.subscriber_hmac) == hmac)
    return list(session.scalars(wanted.order_by(col(ConsentRow.id))))


def suppress(session: Session, hmac: str, reason: str, at: datetime, event_id: int | None = None) -> None:
    """Keep the address out of every mailing; the first reason stays."""
    suppress_all(session, {hmac: event_id}, reason, at)


def suppress_all(session: Session, hmacs: Mapping[str, int | None], reason: str, at: datetime) -> None:
    """The same for several; hash → the event that it is for."""
    rows = [
        {"address_hmac": hmac, "scope": EVERYTHING, "reason": reason, "event_id": event_id, "at": at}
        for hmac, event_id in hmacs.items()
    ]
    session.execute(insert_or_nothing(session, SuppressionRow, "address_hmac", "scope"), rows)


def lift(session: Session, hmac: str) -> None:
    """Let the address get mail again."""
    session.execute(
        delete(SuppressionRow).where(col(SuppressionRow.address_hmac) == hmac, col(SuppressionRow.scope) == EVERYTHING)
    )


def suppressions(session: Session, *hmacs: str) -> list[SuppressionRow]:
    return list(session.scalars(select(SuppressionRow).where(col(SuppressionRow.address_hmac).in_(hmacs))))


def reasons(session: Session) -> dict[str, str]:
    """Hash of each address that is kept out of every mailing → why."""
    rows = session.scalars(select(SuppressionRow).where(col(SuppressionRow.scope) == EVERYTHING))
    return {row.address_hmac: row.reason for row in rows}


def suppressed_among(session: Session, hmacs: Iterable[str]) -> set[str]:
    wanted = select(col(SuppressionRow.address_hmac)).where(
        col(SuppressionRow.address_hmac).in_(list(hmacs)), col(SuppressionRow.scope) == EVERYTHING
    )
    return set(session.scalars(wanted))


def canary(session: Session, hmac: str, now: datetime) -> bool:
    """Whether the pepper is the one that this database was made with; the first one is remembered."""
    known = session.scalars(select(col(SuppressionRow.address_hmac)).where(col(SuppressionRow.scope) == CANARY)).first()
    if known is None:
        session.add(SuppressionRow(address_hmac=hmac, scope=CANARY, reason="pepper", at=now))
    return known in (None, hmac)


def has_canary(session: Session) -> bool:
    """Whether a pepper has been used with this database."""
    wanted = select(col(SuppressionRow.address_hmac)).where(col(SuppressionRow.scope) == CANARY)
    return session.scalars(wanted).first() is not None


def events(session: Session, subscriber_id: int) -> list[EventRow]:
    return list(
        session.scalars(select(EventRow).where(col(EventRow.subscriber_id) == subscriber_id).order_by(col(EventRow.id)))
    )


def read(session: Session, statement: Select[Any]) -> list[Subscriber]:
    """The subscribers that a SELECT of `COLUMNS` finds, in its order. As plain rows: a list may be long."""
    rows = session.execute(statement).all()
    interests = interests_of(session, [row[0] for row in rows])
    return [_subscriber(row, interests.get(row[0], {})) for row in rows]


def _subscriber(row: Sequence[Any], interests: Mapping[str, int]) -> Subscriber:
    number, email, key, name, language, state, kinds, *rest = row
    return Subscriber(number, email, key, name, language, state, interests, _kinds(kinds), *rest)


def _one(session: Session, statement: Select[Any]) -> Subscriber | None:
    return next(iter(read(session, statement)), None)


@cache
def _kinds(stored: str) -> frozenset[Kind]:
    return frozenset(Kind(each) for each in stored.split(";") if each)


def topic_followers(session: Session) -> dict[str, int]:
    """Slug → how many subscribers follow it."""
    counted = (
        select(col(TopicRow.slug), func.count(col(InterestRow.subscriber_id)))
        .join(InterestRow, col(InterestRow.topic_id) == col(TopicRow.id))
        .group_by(col(TopicRow.slug))
    )
    return {row[0]: row[1] for row in session.execute(counted)}
