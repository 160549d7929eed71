"""Events: what came back, each once."""

from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlmodel import Session, col

from digest.core.delivery import State
from digest.store.database import insert_or_nothing
from digest.store.tables import DeliveryRow, EventRow


def record(
    session: Session,
    type_: str,
    *,
    source: str,
    source_event_id: str,
    now: datetime,
    delivery_id: int | None = None,
    subscriber_id: int | None = None,
    payload: dict[str, Any] | None = None,
) -> int | None:
    """The number of the new event, or None if it is known already."""
    statement = insert_or_nothing(session, EventRow, "source", "source_event_id").returning(col(EventRow.id))
    return session.scalar(
        statement,
        {
            "type": type_,
            "source": source,
            "source_event_id": source_event_id[:200],
            "delivery_id": delivery_id,
            "subscriber_id": subscriber_id,
            "occurred_at": now,
            "received_at": now,
            "payload": payload or {},
        },
    )


def came_back(session: Session, delivery: DeliveryRow, now: datetime, *, complaint: bool = False) -> None:
    """Note the time on the delivery's row; one in doubt has been delivered after all."""
    column = "complained_at" if complaint else "bounced_at"
    where = update(DeliveryRow).where(col(DeliveryRow.id) == delivery.id)
    session.execute(where.where(getattr(DeliveryRow, column).is_(None)).values({column: now}))
    session.execute(
        where.where(col(DeliveryRow.state) == State.UNCERTAIN).values(state=State.ACCEPTED, accepted_at=now)
    )


def hard_bounces_elsewhere(session: Session, subscriber_id: int, edition_id: int) -> int:
    """In how many other editions a hard bounce was recorded for this subscriber, those that came too late aside."""
    wanted = (
        select(func.count(func.distinct(col(DeliveryRow.edition_id))))
        .join(EventRow, col(EventRow.delivery_id) == col(DeliveryRow.id))
        .where(col(DeliveryRow.subscriber_id) == subscriber_id, col(DeliveryRow.edition_id) != edition_id)
        .where(col(EventRow.type) == "bounce", col(EventRow.payload)["verdict"].as_string() == "hard")
        .where(col(EventRow.payload)["late"].as_boolean().is_not(True))
    )
    return session.scalar(wanted) or 0


def counts(session: Session, edition_id: int) -> dict[str, int]:
    """Type → how many events came back for an edition's deliveries."""
    wanted = (
        select(col(EventRow.type), func.count())
        .join(DeliveryRow, col(DeliveryRow.id) == col(EventRow.delivery_id))
        .where(col(DeliveryRow.edition_id) == edition_id)
        .group_by(col(EventRow.type))
    )
    return {row[0]: row[1] for row in session.execute(wanted)}
