"""When a scheduler last looked at the clock."""

from datetime import datetime

from sqlmodel import Session, col

from digest.store.database import insert_or_nothing
from digest.store.tables import ClockRow

NAME = "tick"


def note(session: Session, now: datetime) -> datetime | None:
    """Remember `now`; the time noted before, None the first time."""
    first = session.execute(
        insert_or_nothing(session, ClockRow, "name").returning(col(ClockRow.name)), {"name": NAME, "at": now}
    )
    if first.first():
        return None
    row = session.get_one(ClockRow, NAME, with_for_update=True)
    before, row.at = row.at, now
    return before
