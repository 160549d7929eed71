"""Letters: those that are due, and for a fortnight those that were sent: what to whom, and at whose wish."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from sqlalchemy import delete, func, or_, select, update
from sqlmodel import Session, col

from digest.store.database import changed
from digest.store.tables import ConfirmationRow, LetterRow

L = LetterRow


class Kind(StrEnum):
    """What a letter is about. CONFIRM, REMINDER and MOVE belong to a confirmation, the others to a subscriber."""

    CONFIRM = "confirm"
    REMINDER = "reminder"
    WELCOME = "welcome"
    SUBSCRIBED = "subscribed"
    MOVE = "move"
    MOVED = "moved"
    GOODBYE = "goodbye"


def queue(
    session: Session,
    kind: Kind,
    address: str,
    key: str,
    now: datetime,
    *,
    due: datetime | None = None,
    confirmation: int | None = None,
    subscriber: int | None = None,
    network: str | None = None,
) -> None:
    """To be sent at `due`, or as soon as may be. It goes with what it is about, if that is deleted before."""
    row = L(
        kind=kind, address=address, address_key=key, confirmation_id=confirmation, subscriber_id=subscriber,
        network=network, queued_at=now, due_at=due or now,
    )  # fmt: skip
    session.add(row)
    session.flush()


def due(session: Session, now: datetime, limit: int) -> Sequence[LetterRow]:
    wanted = select(L).where(col(L.done_at).is_(None), col(L.due_at) <= now)
    return session.scalars(wanted.order_by(col(L.due_at), col(L.id)).limit(limit)).all()


def claim(session: Session, letter: LetterRow, until: datetime) -> bool:
    """Whether this one is ours to send now, and has one attempt more; if we do not come back by `until`, it is anybody's."""
    as_seen = (col(L.id) == letter.id, col(L.done_at).is_(None), col(L.due_at) == letter.due_at)
    taken = update(L).where(*as_seen).values(due_at=until, attempts=L.attempts + 1)
    return changed(session, taken) > 0


def get(session: Session, letter_id: int) -> LetterRow | None:
    return session.get(L, letter_id)


def postpone(session: Session, letter_id: int, until: datetime) -> None:
    session.execute(update(L).where(col(L.id) == letter_id).values(due_at=until))


def done(session: Session, letter_id: int, now: datetime) -> None:
    """A server took it, or it was given up."""
    session.execute(update(L).where(col(L.id) == letter_id).values(done_at=now))


def drop(session: Session, confirmation: int) -> None:
    """Take back what has not been sent about a confirmation."""
    session.execute(delete(L).where(col(L.confirmation_id) == confirmation, col(L.done_at).is_(None)))


def asked_for(session: Session, key: str, since: datetime) -> list[datetime]:
    """When letters to an address were queued because somebody asked for them at a form, in order."""
    wanted = select(col(L.queued_at)).where(col(L.address_key) == key, col(L.network).is_not(None))
    return list(session.scalars(wanted.where(col(L.queued_at) > since).order_by(col(L.queued_at))))


def caused(session: Session, since: datetime, network: str | None = None) -> int:
    """How many letters forms asked for, from one network or from all."""
    counted = select(func.count()).select_from(L).where(col(L.network).is_not(None), col(L.queued_at) > since)
    return session.scalar(counted.where(col(L.network) == network) if network else counted) or 0


def older(session: Session, than: datetime) -> bool:
    """Whether any was done with before then."""
    return session.scalars(select(col(L.id)).where(col(L.done_at) < than).limit(1)).first() is not None


def tidy(session: Session, before: datetime) -> None:
    """Delete what was done with before then."""
    session.execute(delete(L).where(col(L.done_at) < before))


def addresses(session: Session, subscriber: int) -> set[str]:
    """Where letters to a subscriber go or went, a new or an old address of theirs too."""
    theirs = select(col(ConfirmationRow.id)).where(col(ConfirmationRow.subscriber_id) == subscriber)
    return set(
        session.scalars(
            select(col(L.address)).where(or_(col(L.subscriber_id) == subscriber, col(L.confirmation_id).in_(theirs)))
        )
    )


def forget(session: Session, key: str) -> None:
    """Delete every letter to an address."""
    session.execute(delete(L).where(col(L.address_key) == key))
