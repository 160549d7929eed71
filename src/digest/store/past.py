"""Past mail: kept once by what its source calls it, taken back for good."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import or_, select
from sqlmodel import Session, col

from digest.core.past import PastMail
from digest.store.tables import PastMailRow

P = PastMailRow
Became = Literal["added", "updated", "unchanged", "removed"]
"""`removed`: it was taken back here, and stays so."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A past mail without its words."""

    id: int
    source: str
    uid: str
    subject: str
    sent_at: datetime
    language: str | None


def put(session: Session, mail: PastMail, subject: str, html: str, text: str) -> tuple[Became, Kept]:
    row = session.scalars(select(P).where(col(P.source) == mail.source, col(P.source_uid) == mail.uid)).first()
    if row is None:
        row = P(
            source=mail.source, source_uid=mail.uid, subject=subject, sent_at=mail.sent_at, language=mail.language,
            html=html, text=text,
        )  # fmt: skip
        session.add(row)
        session.flush()
        return "added", kept(row)
    if row.removed_at:
        return "removed", kept(row)
    says = (subject, mail.sent_at, mail.language, html, text)
    if says == (row.subject, row.sent_at, row.language, row.html, row.text):
        return "unchanged", kept(row)
    row.subject, row.sent_at, row.language, row.html, row.text = says
    return "updated", kept(row)


def all_of_them(session: Session) -> list[Kept]:
    """Those that are there, the newest first."""
    columns = (P.id, P.source, P.source_uid, P.subject, P.sent_at, P.language)
    wanted = select(*map(col, columns)).where(col(P.removed_at).is_(None))
    rows = session.execute(wanted.order_by(col(P.sent_at).desc(), col(P.id).desc()))
    return [Kept(*row) for row in rows]


def kept(row: PastMailRow) -> Kept:
    return Kept(row.identity, row.source, row.source_uid, row.subject, row.sent_at, row.language)


def find(session: Session, number: int) -> PastMailRow | None:
    """Also one that was taken back."""
    return session.get(P, number)


def remove(row: PastMailRow, now: datetime) -> None:
    """Its words go; the name stays, so that no import brings it back."""
    row.subject = row.html = row.text = ""
    row.removed_at = now


def taken_back(session: Session) -> list[tuple[str, str]]:
    """Source and name there of all that were removed."""
    wanted = select(col(P.source), col(P.source_uid)).where(col(P.removed_at).is_not(None))
    return [(source, uid) for source, uid in session.execute(wanted)]


def take_back(session: Session, names: Iterable[tuple[str, str]], now: datetime) -> None:
    """Remove those that are there."""
    for source, uid in names:
        row = session.scalars(select(P).where(col(P.source) == source, col(P.source_uid) == uid)).first()
        if row and not row.removed_at:
            remove(row, now)


def forget(session: Session, email: str) -> None:
    """Take an address out of the words of all."""
    words = (P.subject, P.html, P.text)
    naming = or_(*(col(each).icontains(email, autoescape=True) for each in words))
    for row in session.scalars(select(P).where(naming)):
        row.subject, row.html, row.text = (
            re.sub(re.escape(email), "…", each, flags=re.IGNORECASE) for each in (row.subject, row.html, row.text)
        )
