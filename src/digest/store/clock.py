"""When a scheduler last looked at the clock."""

from datetime import datetime

from sqlmodel import Session

from digest.store.tables import ClockRow

NAME = "tick"


def note(session: Session, now: datetime) -> datetime | None:
    """Remember `now`; the time noted before, None the first time."""
    row = session.get(ClockRow, NAME)
    before = row.at if row else None
    session.merge(ClockRow(name=NAME, at=now))
    return before
