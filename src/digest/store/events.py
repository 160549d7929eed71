"""Events: what came back, each once."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import String, cast, func, literal, select, update
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from digest.core.delivery import State
from digest.core.dsn import Verdict
from digest.core.event import EventType
from digest.core.standing import Answer, Mailing
from digest.core.subscriber import SubscriberState
from digest.store.database import insert_or_nothing
from digest.store.tables import DeliveryRow, EditionRow, EventRow, SubscriberRow


def record(
    session: Session,
    type_: EventType,
    *,
    source: str,
    source_event_id: str,
    now: datetime,
    delivery_id: int | None = None,
    subscriber_id: int | None = None,
    payload: dict[str, Any] | None = None,
) -> int | None:
    """The number of the new event, or None if it is known already."""
    entry = {"subscriber_id": subscriber_id, "delivery_id": delivery_id, "payload": payload or {}}
    return record_all(session, type_, source=source, entries={source_event_id: entry}, now=now).get(source_event_id)


def record_all(
    session: Session, type_: EventType, *, source: str, entries: Mapping[str, Mapping[str, Any]], now: datetime
) -> dict[str, int]:
    """The numbers of the new events, by what tells each apart; those that are known already have none."""
    rows = [
        {
            "type": type_, "source": source, "source_event_id": key[:200], "occurred_at": now, "received_at": now,
            "delivery_id": None, "payload": {}, **entry,
        }
        for key, entry in entries.items()
    ]  # fmt: skip
    statement = insert_or_nothing(session, EventRow, "source", "source_event_id")
    made = session.execute(statement.returning(col(EventRow.source_event_id), col(EventRow.id)), rows)
    numbers = {row[0]: row[1] for row in made}
    return {key: numbers[key[:200]] for key in entries if key[:200] in numbers}


def made_active(
    session: Session, type_: EventType, subscriber_id: int, why: str, *, source: str, now: datetime, key: str = ""
) -> None:
    """Somebody gets mail again, and why: their `history` begins anew here, unless it says so itself (`returned`).

    `key` tells it apart from others of that source; without one, the person and the instant do.
    """
    record(
        session, type_, source=source, source_event_id=key or f"{subscriber_id}/{now.isoformat()}", now=now,
        subscriber_id=subscriber_id, payload={"changed": SubscriberState.ACTIVE, "why": why},
    )  # fmt: skip


def of(session: Session, subscriber_id: int) -> list[EventRow]:
    """All that is known of a person, in order."""
    return list(
        session.scalars(select(EventRow).where(col(EventRow.subscriber_id) == subscriber_id).order_by(col(EventRow.id)))
    )


def came_back(session: Session, delivery: DeliveryRow, now: datetime, *, complaint: bool = False) -> None:
    """Note the time on the delivery's row; one in doubt has been delivered after all."""
    column = "complained_at" if complaint else "bounced_at"
    where = update(DeliveryRow).where(col(DeliveryRow.id) == delivery.id)
    session.execute(where.where(getattr(DeliveryRow, column).is_(None)).values({column: now}))
    session.execute(
        where.where(col(DeliveryRow.state) == State.UNCERTAIN).values(state=State.ACCEPTED, accepted_at=now)
    )


def note(session: Session, event_id: int, **details: Any) -> None:
    """Add to a new event what it did, in the transaction that recorded it."""
    row = session.get_one(EventRow, event_id)
    row.payload = row.payload | details
    session.flush()


def history(session: Session, subscriber_id: int) -> list[Mailing]:
    """All messages to a person with what came back of each, since staff or they themselves last made them active again.

    What is held for review answers its message, and says nothing of the person.
    """
    told = session.scalars(select(EventRow).where(col(EventRow.subscriber_id) == subscriber_id)).all()
    begins = (
        each
        for each in told
        if each.payload.get("changed") == SubscriberState.ACTIVE and each.type != EventType.RETURNED
    )
    since = max((each.occurred_at for each in begins), default=None)
    answers: dict[int | None, list[Answer]] = {}
    for each in told:
        if each.type in (EventType.BOUNCE, EventType.COMPLAINT):
            verdict = Verdict(each.payload["verdict"]) if "held" not in each.payload else Verdict.NONE
            said = Answer(each.identity, verdict, each.occurred_at, each.payload.get("certain", True))
            answers.setdefault(each.delivery_id, []).append(said)
    sent = (
        select(DeliveryRow, col(EditionRow.period), func.coalesce(col(EditionRow.fanned_out_at), col(EditionRow.slot)))
        .join(EditionRow, col(EditionRow.id) == col(DeliveryRow.edition_id))
        .where(col(DeliveryRow.subscriber_id) == subscriber_id, col(DeliveryRow.state) != State.SKIPPED)
    )
    mailings = []
    for row, period, queued in session.execute(sent):
        came = tuple(answers.get(row.id, ()))
        at = row.accepted_at or min((each.at for each in came), default=queued)
        mailings.append(Mailing(period, at, row.state == State.ACCEPTED, row.probe, came))
    return [each for each in mailings if since is None or each.at > since]


def paused(session: Session) -> list[int]:
    """The numbers of the subscribers who are paused for what came back (and not by their own wish)."""
    changed = col(EventRow.payload)["changed"].as_string()
    person = col(EventRow.subscriber_id) == col(SubscriberRow.id)
    last = select(func.max(col(EventRow.id))).where(person, changed.is_not(None)).correlate(SubscriberRow)
    wanted = select(col(SubscriberRow.id)).join(EventRow, person)
    wanted = wanted.where(col(SubscriberRow.state) == SubscriberState.PAUSED, col(SubscriberRow.resumes_at).is_(None))
    wanted = wanted.where(changed == SubscriberState.PAUSED)
    return list(
        session.scalars(wanted.where(col(EventRow.id) == last.scalar_subquery()).order_by(col(SubscriberRow.id)))
    )


def untold(session: Session) -> list[EventRow]:
    """Alarms that staff have not been told of."""
    told = aliased(EventRow)
    number = cast(col(EventRow.id), String)
    known = select(literal(1)).where(col(told.source) == "told", col(told.source_event_id) == number).exists()
    return list(session.scalars(select(EventRow).where(col(EventRow.type) == EventType.ALARM, ~known)))


def held(session: Session) -> list[tuple[EventRow, DeliveryRow, str]]:
    """Bounces over the cap that staff have not decided on, with the delivery and the period of each."""
    decided = aliased(EventRow)
    number = cast(col(EventRow.id), String)
    known = select(literal(1)).where(col(decided.source) == "review", col(decided.source_event_id) == number).exists()
    wanted = (
        select(EventRow, DeliveryRow, col(EditionRow.period))
        .join(DeliveryRow, col(DeliveryRow.id) == col(EventRow.delivery_id))
        .join(EditionRow, col(EditionRow.id) == col(DeliveryRow.edition_id))
        .where(
            col(EventRow.type) == EventType.BOUNCE,
            col(EventRow.payload)["held"]["state"].as_string().is_not(None),
            ~known,
        )
        .order_by(col(EventRow.id))
    )
    return [(event, delivery, period) for event, delivery, period in session.execute(wanted)]


def counts(session: Session, edition_id: int) -> dict[str, int]:
    """Type → how many events came back for an edition's deliveries."""
    wanted = (
        select(col(EventRow.type), func.count())
        .join(DeliveryRow, col(DeliveryRow.id) == col(EventRow.delivery_id))
        .where(col(DeliveryRow.edition_id) == edition_id, col(EventRow.type) != EventType.ATTEMPT)
        .group_by(col(EventRow.type))
    )
    return {row[0]: row[1] for row in session.execute(wanted)}
