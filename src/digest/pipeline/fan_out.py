"""Fan-out: a delivery for everyone who is active, with their own selection, complete or not counted as done."""

from collections.abc import Callable
from datetime import datetime

from digest.core.delivery import State
from digest.core.headers import Sender
from digest.core.selection import decide
from digest.pipeline.compile import Clerk, Press, candidates
from digest.store import deliveries, editions, items, subscribers
from digest.store.database import Database

CHUNK = 2000


def fan_out(
    db: Database,
    press: Press,
    sender: Sender,
    edition_id: int,
    now: datetime,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Insert the edition's deliveries in chunks; `fanned_out_at` comes last. Can be repeated after any interruption.

    Who would get nothing is there too, as skipped: the balance counts everybody.
    """
    with db.read() as session:
        if editions.get(session, edition_id).fanned_out_at is not None:
            return
        pool = candidates(editions.items(session, edition_id))
        clerk = Clerk(press.compiler, items.topic_names(session))
        total = subscribers.count(session, "active")
    after, done = 0, 0
    while True:
        with db.write() as session:
            if editions.get(session, edition_id).fanned_out_at is not None:
                return  # another sender was faster; whoever came since is for the next edition
            people = subscribers.page(session, after=after, limit=CHUNK, state="active")
            if not people:
                editions.set_values(session, edition_id, fanned_out_at=now)
                return
            rows = []
            for person in people:
                copy = clerk.copy(decide(pool, person.interests, now, press.limit), person.name, person.language)
                rows.append(
                    {
                        "edition_id": edition_id,
                        "subscriber_id": person.id,
                        "address": person.email,
                        "domain": person.email.rpartition("@")[2],
                        "language": person.language,
                        "selection": copy.to_json(),
                        "state": State.PENDING if copy.items else State.SKIPPED,
                        "last_reply": None if copy.items else "nothing to say",
                        "attempts": 0,
                    }
                )
            new = deliveries.insert_new(session, rows)
            deliveries.name_messages(session, ((delivery, sender.message_id(delivery)) for delivery, _ in new))
        after, done = people[-1].id, done + len(people)
        if progress:
            progress(min(done, total), total)
