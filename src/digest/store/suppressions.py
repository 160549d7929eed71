"""Addresses that get no mail, each known by its keyed hash alone, and the canary by which the key is known again."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import delete, select
from sqlmodel import Session, col

from digest.store.database import insert_or_nothing
from digest.store.tables import SuppressionRow

EVERYTHING = "all"
"""The scope of a suppression: there is no other yet."""
CANARY = "canary"
"""And that of a row which suppresses nobody."""


def put(session: Session, hmac: str, reason: str, at: datetime, event_id: int | None = None) -> None:
    """Keep the address out of every mailing; the first reason stays."""
    put_all(session, {hmac: event_id}, reason, at)


def put_all(session: Session, hmacs: Mapping[str, int | None], reason: str, at: datetime) -> None:
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


def of(session: Session, *hmacs: str) -> list[SuppressionRow]:
    return list(session.scalars(select(SuppressionRow).where(col(SuppressionRow.address_hmac).in_(hmacs))))


def reasons(session: Session) -> dict[str, str]:
    """Hash of each address that is kept out of every mailing → why."""
    rows = session.scalars(select(SuppressionRow).where(col(SuppressionRow.scope) == EVERYTHING))
    return {row.address_hmac: row.reason for row in rows}


def among(session: Session, hmacs: Iterable[str]) -> set[str]:
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
