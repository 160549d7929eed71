"""Finding subscribers by a piece of their name or address."""

from sqlalchemy import or_, select
from sqlmodel import Session, col

from digest.store.subscribers import COLUMNS, Subscriber, read
from digest.store.tables import SubscriberRow


def subscribers(session: Session, piece: str, limit: int) -> list[Subscriber]:
    """Up to `limit` of them by address; an empty piece finds everybody. Case counts only outside ASCII on SQLite."""
    wanted = select(*COLUMNS).order_by(col(SubscriberRow.email_key)).limit(limit)
    if piece:
        fields = (col(SubscriberRow.email_key), col(SubscriberRow.name))
        wanted = wanted.where(or_(*(field.icontains(piece, autoescape=True) for field in fields)))
    return read(session, wanted)
