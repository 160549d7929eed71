"""What a database that was put back does not know: it is told that it may have happened."""

from datetime import datetime

from sqlalchemy import text, update
from sqlmodel import Session, SQLModel, col

from digest.core.delivery import OPEN, State
from digest.store.database import changed, on_sqlite
from digest.store.tables import DeliveryRow, LetterRow

NUMBERED = [each.name for each in SQLModel.metadata.sorted_tables if each.dialect_options["sqlite"]["autoincrement"]]
"""Tables that never give a number twice, since the tokens in mails carry it."""
LEAP = 10_000_000
"""More numbers than anybody gives between a backup and its return."""


def doubt(session: Session, reply: str) -> int:
    """Every delivery that is under way becomes one in doubt. How many."""
    under_way = update(DeliveryRow).where(col(DeliveryRow.state).in_(OPEN))
    return changed(session, under_way.values(state=State.UNCERTAIN, owner=None, not_before=None, last_reply=reply))


def give_up_letters(session: Session, now: datetime) -> None:
    """Those that waited are not sent: whoever misses one asks again."""
    session.execute(update(LetterRow).where(col(LetterRow.done_at).is_(None)).values(done_at=now))


def leap(session: Session) -> None:
    """Leave out the numbers that were given since: the tokens of other people carry them."""
    for name in NUMBERED:
        if on_sqlite(session):
            first = text(
                "INSERT INTO sqlite_sequence SELECT :name, 0 "
                "WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = :name)"
            )
            session.execute(first, {"name": name})
            further = text("UPDATE sqlite_sequence SET seq = seq + :leap WHERE name = :name")
        else:
            further = text("SELECT setval(s, nextval(s) + :leap) FROM pg_get_serial_sequence(:name, 'id') AS s")
        session.execute(further, {"name": name, "leap": LEAP})
