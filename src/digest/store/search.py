"""Finding subscribers by a piece of their name or address."""

from sqlalchemy import or_, select
from sqlmodel import Session, col

from digest.store.subscribers import Subscriber, interests_of
from digest.store.tables import SubscriberRow


def subscribers(session: Session, piece: str, limit: int) -> list[Subscriber]:
    """Up to `limit` of them by address; an empty piece finds everybody. Case counts only outside ASCII on SQLite."""
    wanted = select(SubscriberRow).order_by(col(SubscriberRow.email_key)).limit(limit)
    if piece:
        fields = (col(SubscriberRow.email_key), col(SubscriberRow.name))
        wanted = wanted.where(or_(*(field.icontains(piece, autoescape=True) for field in fields)))
    rows = session.scalars(wanted).all()
    interests = interests_of(session, [row.id for row in rows if row.id is not None])
    return [
        Subscriber(row.id, row.email, row.email_key, row.name, row.language, row.state, interests.get(row.id, {}))
        for row in rows
        if row.id is not None
    ]
