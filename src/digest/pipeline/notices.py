"""What staff are to be told: stored with what gave reason for it, and told by the next tick, once."""

from collections.abc import Callable
from datetime import datetime

from sqlmodel import Session

from digest.core.event import EventType
from digest.store import events
from digest.store.database import Database

Notify = Callable[[str, str], None]
"""Tell staff: a subject and a text."""


def alarm(session: Session, what: str, subject: str, text: str, now: datetime) -> None:
    """Something that staff are to be told, once for each `what`."""
    events.record(
        session,
        EventType.ALARM,
        source="alarm",
        source_event_id=what,
        now=now,
        payload={"subject": subject, "text": text},
    )


def tell(db: Database, now: datetime, notify: Notify) -> None:
    """Tell staff of the alarms that they have not heard."""
    with db.read() as session:
        if not events.untold(session):
            return
    with db.write() as session:
        alarms = events.untold(session)
        for each in alarms:
            events.record(session, EventType.TOLD, source="told", source_event_id=str(each.id), now=now)
    for each in alarms:
        if each.payload:  # not erased with somebody whom it named
            notify(each.payload["subject"], each.payload["text"])
