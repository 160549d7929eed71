"""The calendar file of an event that is out: public, and the same for everybody."""

from digest.core.item import Kind, Status
from digest.pipeline.archive import TakenBack
from digest.rendering.calendar import to_ical
from digest.store import editions, items
from digest.store.database import Database


def calendar_of(db: Database, item_id: int, domain: str) -> bytes | None:
    """The event as the last edition with it tells it; None for what is no event, or in no edition that went out.

    TakenBack if staff archived it since. `domain` is the publication's own: with the number it names the event for ever
    (RFC 7986 §5.3).
    """
    with db.read() as session:
        found = editions.published(session, item_id)
        stored = items.by_id(session, item_id)
    if found is None:
        return None
    event, edition = found
    if event.item.kind is not Kind.EVENT:
        return None
    if stored and stored.status is Status.ARCHIVED:
        raise TakenBack
    return to_ical(event.item, event.html, f"event-{item_id}@{domain}", edition.compiled_at or edition.slot)
