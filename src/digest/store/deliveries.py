"""The ledger: a row a subscriber and edition. Every finishing update repeats the state and owner that it expects."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, Update, and_, bindparam, func, literal, or_, select, text, update
from sqlmodel import Session, SQLModel, col

from digest.core.delivery import OPEN, Balance, State
from digest.core.edition import EditionState
from digest.core.subscriber import SubscriberState
from digest.store.database import changed, insert_or_nothing, on_sqlite
from digest.store.prepared import Prepared
from digest.store.tables import DeliveryRow, EditionRow, SubscriberRow

D = DeliveryRow


@dataclass(frozen=True, slots=True)
class Claimed:
    """What is needed to compose and send one message."""

    id: int
    subscriber_id: int
    address: str
    domain: str
    language: str
    selection: str
    message_id: str
    attempts: int


@dataclass(frozen=True, slots=True)
class Acceptance:
    """The server took delivery `id`, with these words, at this instant."""

    id: int
    reply: str
    remote_id: str
    at: datetime


_CLAIMED: tuple[Any, ...] = (
    D.id, D.subscriber_id, D.address, D.domain, D.language, D.selection, D.message_id, D.attempts,
)  # fmt: skip


def numbers(session: Session, count: int) -> Sequence[int]:
    """Numbers for so many new deliveries, which no other will ever have. They are taken before there is a row.

    A row that knows its number is written once: its Message-ID is made of it.
    """
    if on_sqlite(session):  # whoever writes is alone, and an inserted number moves the sequence
        last = session.scalar(text("SELECT max(seq) FROM sqlite_sequence WHERE name = 'delivery'")) or 0
        return range(last + 1, last + 1 + count)
    taken = text("SELECT nextval(pg_get_serial_sequence('delivery', 'id')) FROM generate_series(1, :count)")
    return list(session.scalars(taken, {"count": count}))


def insert_new(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Insert the deliveries, numbered by `numbers`, of those who have none in the edition yet."""
    session.connection().execute(insert_or_nothing(session, D, "edition_id", "subscriber_id"), rows)


def brought(session: Session, edition_id: int, first: int, last: int) -> Iterable[tuple[int, str]]:
    """(subscriber, selection) of what a server took or may take of an edition, for subscribers with these numbers."""
    wanted = select(_T.c.subscriber_id, _T.c.selection).where(
        _T.c.edition_id == edition_id,
        _T.c.subscriber_id.between(first, last),
        _T.c.state.not_in([State.FAILED, State.SKIPPED]),
    )
    return ((subscriber, selection) for subscriber, selection in session.execute(wanted))


def reached_since(session: Session, subscribers: Sequence[int], since: datetime, edition_id: int) -> set[int]:
    """Those of the subscribers to whom a server took or may take another edition with a slot since then."""
    others = select(_E.c.id).where(_E.c.slot >= since, _E.c.id != edition_id)
    wanted = select(_T.c.subscriber_id).where(
        _T.c.edition_id.in_(others),
        _T.c.subscriber_id.in_(subscribers),
        _T.c.state.not_in([State.FAILED, State.SKIPPED]),
    )
    return set(session.scalars(wanted))


# The statements of the hot path are built once: building one anew costs more than running it.
_T, _S, _E, _P = (SQLModel.metadata.tables[name] for name in ("delivery", "subscriber", "edition", "pacing"))
_DUE = (
    select(_T.c.id, _T.c.domain)
    .where(_T.c.edition_id == bindparam("edition"), _T.c.state == State.PENDING, _T.c.id > bindparam("after"))
    .where(or_(_T.c.not_before.is_(None), _T.c.not_before <= bindparam("now")))
    .where(_T.c.domain.not_in(select(_P.c.domain).where(_P.c.closed_until > bindparam("now"))))
    .order_by(_T.c.id)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True, of=_T)
)
_TAKE = (
    update(_T)
    .where(_T.c.id.in_(bindparam("keys", expanding=True)), _T.c.state == State.PENDING)
    .values(state=State.CLAIMED, owner=bindparam("by"))
    .returning(*(_T.c[column.key] for column in _CLAIMED))
)


def due(connection: Connection, edition_id: int, now: datetime, limit: int, after: int = 0) -> list[tuple[int, str]]:
    """(number, domain) of deliveries past the number `after` that are due and whose domain is open, in order."""
    values = {"edition": edition_id, "after": after, "now": now, "most": limit}
    return [(delivery, domain) for delivery, domain in connection.execute(_DUE, values)]


def take(connection: Connection, numbers: Sequence[int], owner: str) -> list[Claimed]:
    """Claim those of them that are still pending, in order."""
    if not numbers:
        return []
    taken = connection.execute(_TAKE, {"keys": numbers, "by": owner})
    return sorted((Claimed(*row) for row in taken), key=lambda each: each.id)


_OWN = update(_T).where(_T.c.owner == bindparam("by"))
_OWN_ONE = _OWN.where(_T.c.id == bindparam("key"))
_MARK = Prepared(
    _OWN_ONE.where(_T.c.state == State.CLAIMED)
    .where(
        select(literal(1))
        .where(_S.c.id == _T.c.subscriber_id)
        .where(or_(_S.c.state == SubscriberState.ACTIVE, and_(_T.c.probe, _S.c.state == SubscriberState.PAUSED)))
        .exists()
    )
    .where(
        select(literal(1))
        .where(_E.c.id == _T.c.edition_id, _E.c.state == EditionState.SENDING, _E.c.expires_at > bindparam("now"))
        .exists()
    )
    .values(state=State.TRANSMITTING, attempts=_T.c.attempts + 1)
)
_ACCEPT = Prepared(
    _OWN_ONE.where(_T.c.state == State.TRANSMITTING).values(
        state=State.ACCEPTED,
        owner=None,
        last_reply=bindparam("reply"),
        remote_id=bindparam("remote"),
        accepted_at=bindparam("at"),
    )
)


@cache
def _finishing(columns: tuple[str, ...]) -> Update:
    settled = _OWN_ONE.where(_T.c.state == bindparam("expected"))
    return settled.values(owner=None, **{name: bindparam("new_" + name) for name in columns})


def mark(connection: Connection, numbers: Collection[int], owner: str, now: datetime) -> int:
    """The mark before the final dot: claimed → transmitting, only while the mail is still wanted. How many got it."""
    return _MARK(connection, [{"key": each} for each in numbers], by=owner, now=now)


def why_unmarked(connection: Connection, delivery_id: int, now: datetime) -> str | None:
    """Why the mark was refused, if the mail is not wanted any more; None if it only has to wait (paused)."""
    row = connection.execute(
        select(col(SubscriberRow.state), col(D.probe), col(EditionRow.state), col(EditionRow.expires_at))
        .select_from(D)
        .join(EditionRow, col(EditionRow.id) == col(D.edition_id))
        .outerjoin(SubscriberRow, col(SubscriberRow.id) == col(D.subscriber_id))
        .where(col(D.id) == delivery_id)
    ).one()
    subscriber, probe, edition, expires = row
    if subscriber != SubscriberState.ACTIVE and not (probe and subscriber == SubscriberState.PAUSED):
        return subscriber or "erased"
    if edition == EditionState.CANCELLED:
        return "the edition was cancelled"
    if expires is not None and expires <= now:
        return "the edition expired"
    return None


def accept(connection: Connection, taken: Iterable[Acceptance], owner: str) -> None:
    """transmitting → accepted, all of them in one go."""
    rows = [{"key": each.id, "reply": each.reply, "remote": each.remote_id, "at": each.at} for each in taken]
    if rows:
        _ACCEPT(connection, rows, by=owner)


def finish(connection: Connection, delivery_id: int, owner: str, expected: State, state: State, **values: Any) -> bool:
    """Move one of the owner's own deliveries out of `expected`; whether it was still there."""
    values["state"] = state
    new = {"new_" + name: value for name, value in values.items()}
    statement = _finishing(tuple(values))
    return connection.execute(statement, {"key": delivery_id, "by": owner, "expected": expected} | new).rowcount == 1


def release(connection: Connection, owner: str, numbers: Collection[int] | None = None) -> Counter[str]:
    """Give back what was claimed and not begun (of those `numbers`). How many of each domain."""
    back = update(_T).where(_T.c.owner == owner, _T.c.state == State.CLAIMED)
    if numbers is not None:
        back = back.where(_T.c.id.in_(numbers))
    return Counter(connection.scalars(back.values(state=State.PENDING, owner=None).returning(_T.c.domain)))


def accepted_by(connection: Connection, edition_id: int, domain: str) -> int:
    """How many of an edition's messages the servers took for a domain."""
    taken = _T.c.state == State.ACCEPTED
    wanted = select(func.count()).where(taken, _T.c.domain == domain, _T.c.edition_id == edition_id)
    return connection.scalar(wanted) or 0


def owners(session: Session) -> set[str]:
    """Everyone who holds a delivery."""
    wanted = select(col(D.owner)).where(col(D.owner).is_not(None)).distinct()
    return {owner for owner in session.scalars(wanted) if owner}


def orphan(session: Session, owner: str) -> tuple[int, int]:
    """Settle what a dead owner held: claimed → pending, transmitting → uncertain. How many of each."""
    held = update(D).where(col(D.owner) == owner)
    begun, reply = col(D.state) == State.TRANSMITTING, "the sender died before the server's answer was recorded"
    return (
        changed(session, held.where(col(D.state) == State.CLAIMED).values(state=State.PENDING, owner=None)),
        changed(session, held.where(begun).values(state=State.UNCERTAIN, owner=None, last_reply=reply)),
    )


def balance(session: Session, edition_id: int) -> Balance:
    counted = select(col(D.state), func.count()).where(col(D.edition_id) == edition_id).group_by(col(D.state))
    found = {State(state): count for state, count in session.execute(counted)}
    return Balance(
        eligible=sum(found.values()),
        accepted=found.get(State.ACCEPTED, 0),
        failed=found.get(State.FAILED, 0),
        skipped=found.get(State.SKIPPED, 0),
        uncertain=found.get(State.UNCERTAIN, 0),
        pending=sum(found.get(state, 0) for state in OPEN),
    )


def skip_open(session: Session, edition_id: int, reason: str) -> None:
    """Everything not yet begun is skipped: the edition was cancelled or expired."""
    session.execute(
        update(D)
        .where(col(D.edition_id) == edition_id, col(D.state) == State.PENDING)
        .values(state=State.SKIPPED, last_reply=reason)
    )


def page(
    session: Session, edition_id: int, *, state: State | None = None, after: int = 0, limit: int = 1000
) -> list[D]:
    wanted = select(D).where(col(D.edition_id) == edition_id, col(D.id) > after)
    if state:
        wanted = wanted.where(col(D.state) == state)
    return list(session.scalars(wanted.order_by(col(D.id)).limit(limit)))


def get(session: Session, delivery_id: int) -> D | None:
    return session.get(D, delivery_id)


def to(session: Session, edition_id: int, subscriber_id: int) -> D | None:
    """Somebody's delivery of an edition."""
    return session.scalars(
        select(D).where(col(D.edition_id) == edition_id, col(D.subscriber_id) == subscriber_id)
    ).first()


def of_subscriber(session: Session, subscriber_id: int) -> list[tuple[D, str]]:
    """Their deliveries with the period of each."""
    wanted = select(D, col(EditionRow.period)).join(EditionRow, col(EditionRow.id) == col(D.edition_id))
    rows = session.execute(wanted.where(col(D.subscriber_id) == subscriber_id).order_by(col(D.id)))
    return [(delivery, period) for delivery, period in rows]


def last_of(session: Session, subscriber_ids: Collection[int]) -> dict[int, int]:
    """Subscriber → the last delivery that a server took for them: the one that what they do now is put down to."""
    wanted = select(col(D.subscriber_id), func.max(col(D.id))).where(col(D.subscriber_id).in_(subscriber_ids))
    return {
        row[0]: row[1]
        for row in session.execute(wanted.where(col(D.state) == State.ACCEPTED).group_by(col(D.subscriber_id)))
    }


def settle_uncertain(session: Session, edition_id: int, state: State, reply: str | None) -> int:
    """Staff decide about everything in doubt: pending (again, same Message-ID) or failed (let be). How many."""
    values: dict[str, Any] = {"state": state, "not_before": None}
    if reply:
        values["last_reply"] = reply
    doubtful = update(D).where(col(D.edition_id) == edition_id, col(D.state) == State.UNCERTAIN)
    return changed(session, doubtful.values(**values))
