"""Taking a person out of every table. What stays adds up and names nobody: deliveries, events, the hash that keeps them out."""

from collections.abc import Collection

from sqlalchemy import String, cast, delete, or_, select, update
from sqlmodel import Session, col

from digest.core.delivery import State
from digest.store import past
from digest.store.tables import ConsentRow, DeliveryRow, EditionRow, EventRow, PacingRow, SubscriberRow

D, E = DeliveryRow, EventRow
ERASED = "erased"
_ENDS = {State.PENDING: State.SKIPPED, State.CLAIMED: State.SKIPPED, State.UNCERTAIN: State.FAILED}
"""What is under way for them ends; what is in doubt is let be."""
_TELLS_NOBODY = ("verdict", "status", "certain", "late", "changed")
"""Of an event's payload."""


def forget(session: Session, subscriber_id: int, addresses: Collection[str], hmacs: Collection[str]) -> None:
    """Their row and all that names them, also in what servers said of others. `selection`s are the caller's to redact first.

    `hmacs`: of the addresses, the old ones too.
    """
    theirs = select(col(D.id)).where(col(D.subscriber_id) == subscriber_id)
    for event in session.scalars(
        select(E).where(or_(col(E.subscriber_id) == subscriber_id, col(E.delivery_id).in_(theirs)))
    ):
        event.subscriber_id = None
        event.payload = {name: value for name, value in event.payload.items() if name in _TELLS_NOBODY}
    session.flush()
    for before, after in _ENDS.items():
        ended = update(D).where(col(D.subscriber_id) == subscriber_id, col(D.state) == before)
        session.execute(ended.values(state=after, owner=None))
    session.execute(
        update(D)
        .where(col(D.subscriber_id) == subscriber_id)
        .values(subscriber_id=None, address=None, last_reply=ERASED)
    )
    session.execute(delete(SubscriberRow).where(col(SubscriberRow.id) == subscriber_id))
    for email in addresses:
        for table, said in ((D, "last_reply"), (PacingRow, "why"), (EditionRow, "held_reason")):
            named = col(getattr(table, said)).icontains(email, autoescape=True)
            session.execute(update(table).where(named).values({said: ERASED}))
        in_payload = cast(col(E.payload), String).icontains(email, autoescape=True)
        session.execute(update(E).where(in_payload).values(payload={}))
        past.forget(session, email)
    for word in ("source", "proof", "wording"):
        named = col(getattr(ConsentRow, word)).contains("@")
        free = update(ConsentRow).where(col(ConsentRow.subscriber_hmac).in_(hmacs), named)
        session.execute(free.values({word: ERASED}))


def transmitting(session: Session, subscriber_id: int) -> bool:
    """Whether a server is being given a message for them at this instant."""
    now = select(col(D.id)).where(col(D.subscriber_id) == subscriber_id, col(D.state) == State.TRANSMITTING)
    return session.scalars(now).first() is not None
