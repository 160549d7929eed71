"""Fan-out: a delivery for everyone who is active, with their own selection, complete or not counted as done."""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Any

from digest.core.delivery import State
from digest.core.headers import Sender
from digest.core.selection import NOTHING, select
from digest.core.when import month_begins
from digest.pipeline.compile import Clerk, Press, pool
from digest.pipeline.history import history
from digest.store import deliveries, editions, items, subscribers
from digest.store.database import Database
from digest.store.subscribers import Subscriber

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

    Whoever's pause is over is active again. Who would get nothing is there too, as skipped: the balance counts everybody.
    """
    with db.write() as session:
        row = editions.get(session, edition_id)
        if row.fanned_out_at is not None:
            return
        subscribers.resume(session, now)
        frozen = editions.items(session, edition_id)
        candidates, before = pool(press, row, frozen, now), history(session, row, [each.id for each in frozen])
        clerk = Clerk(press.compiler, items.topic_names(session))
        total, month = subscribers.count(session, "active"), month_begins(row.slot, row.timezone)

    def delivery(number: int, person: Subscriber, had: Mapping[int, bool], served: Collection[int]) -> dict[str, Any]:
        copy = clerk.copy(select(candidates, person, had), person, person.language)
        idle = "one a month, and they had it" if person.id in served else None if copy.items else "nothing to say"
        return {
            "id": number,
            "edition_id": edition_id,
            "subscriber_id": person.id,
            "address": person.email,
            "domain": person.email.rpartition("@")[2],
            "language": person.language,
            "selection": copy.to_json(),
            "message_id": sender.message_id(number),
            "state": State.SKIPPED if idle else State.PENDING,
            "last_reply": idle,
            "attempts": 0,
        }

    after, done = 0, 0
    while True:
        with db.write() as session:
            if editions.get(session, edition_id).fanned_out_at is not None:
                return  # another sender was faster; whoever came since is for the next edition
            people = subscribers.page(session, after=after, limit=CHUNK, state="active")
            if not people:
                editions.set_values(session, edition_id, fanned_out_at=now)
                return
            had = before.had(session, [person.id for person in people])
            monthly = [person.id for person in people if person.frequency == subscribers.MONTHLY]
            served = deliveries.reached_since(session, monthly, month, edition_id) if monthly else ()
            numbers = deliveries.numbers(session, len(people))
            rows = [
                delivery(number, person, had.get(person.id, NOTHING), served)
                for number, person in zip(numbers, people, strict=True)
            ]
            deliveries.insert_new(session, rows)
        after, done = people[-1].id, done + len(people)
        if progress:
            progress(min(done, total), total)
