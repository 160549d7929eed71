"""The consent ledger: who agreed to what, when and by whose word. Rows are added, and never changed but to erase somebody."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import insert, literal, select
from sqlmodel import Session, SQLModel, col

from digest.store.tables import ConsentRow

_T = SQLModel.metadata.tables["consent"]


def record(session: Session, hmac: str, action: str, at: datetime, **told: str) -> None:
    """One row of the consent ledger. `told`: any of `source`, `wording`, `version`, `proof`."""
    record_all(session, [{"subscriber_hmac": hmac, "action": action, "at": at} | told])


def record_all(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Rows of the consent ledger in bulk."""
    if rows:
        session.execute(insert(ConsentRow), list(rows))


def take_along(session: Session, before: str, after: str) -> None:
    """What the ledger holds of an address is there for another one too."""
    columns = [each for each in _T.c if each.name not in ("id", "subscriber_hmac")]
    held = (
        select(literal(after), *columns).where(col(ConsentRow.subscriber_hmac) == before).order_by(col(ConsentRow.id))
    )
    session.execute(insert(ConsentRow).from_select(["subscriber_hmac", *(each.name for each in columns)], held))


def first(session: Session, hmacs: Iterable[str]) -> dict[str, tuple[datetime, str | None]]:
    """The oldest word of consent of each, with its source."""
    wanted = select(col(ConsentRow.subscriber_hmac), col(ConsentRow.at), col(ConsentRow.source)).where(
        col(ConsentRow.subscriber_hmac).in_(list(hmacs)), col(ConsentRow.action).in_(["imported", "added", "confirmed"])
    )
    found: dict[str, tuple[datetime, str | None]] = {}
    for hmac, at, source in session.execute(wanted.order_by(col(ConsentRow.id))):
        found.setdefault(hmac, (at, source))
    return found


def of(session: Session, hmac: str) -> list[ConsentRow]:
    """What the ledger holds of an address, in order."""
    wanted = select(ConsentRow).where(col(ConsentRow.subscriber_hmac) == hmac)
    return list(session.scalars(wanted.order_by(col(ConsentRow.id))))
