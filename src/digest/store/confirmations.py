"""What waits for its mailbox to confirm it: subscriptions, and new addresses of subscribers."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlmodel import Session, col

from digest.store.tables import ConfirmationRow

C = ConfirmationRow


def put(session: Session, key: str, subscriber_id: int | None, now: datetime, values: Mapping[str, Any]) -> int:
    """Its number: the one of the open request for the same that is brought up to date, else of a new one.

    A number that was confirmed is never opened again: old mail holds the link to it.
    """
    same = select(C).where(col(C.email_key) == key, col(C.confirmed_at).is_(None))
    same = same.where(col(C.subscriber_id) == subscriber_id if subscriber_id else col(C.subscriber_id).is_(None))
    row = session.scalars(same.order_by(col(C.id).desc())).first()
    if row is None:
        row = C(email_key=key, subscriber_id=subscriber_id, asked_at=now, **values)
        session.add(row)
    else:
        row.sqlmodel_update({**values, "asked_at": now})
    session.flush()
    return row.identity


def get(session: Session, confirmation_id: int, *, lock: bool = False) -> ConfirmationRow | None:
    """`lock`: nobody else confirms it meanwhile."""
    return session.get(C, confirmation_id, with_for_update=lock)


def waiting(session: Session, key: str | None = None) -> list[ConfirmationRow]:
    """Subscriptions that nobody has confirmed, of one address or all, in the order in which they came."""
    wanted = select(C).where(col(C.confirmed_at).is_(None), col(C.subscriber_id).is_(None)).order_by(col(C.id))
    return list(session.scalars(wanted.where(col(C.email_key) == key) if key else wanted))


def older(session: Session, than: datetime) -> list[ConfirmationRow]:
    """Those that were asked for before, confirmed or not."""
    return list(session.scalars(select(C).where(col(C.asked_at) < than)))


def forget(session: Session, key: str) -> None:
    """Delete all that was asked for with an address, and the letters about it."""
    session.execute(delete(C).where(col(C.email_key) == key))
