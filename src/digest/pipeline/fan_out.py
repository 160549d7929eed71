"""Fan-out: a delivery for everyone who is active, with their own selection, complete or not counted as done.

And for those who are paused for what came back, and due to be tried again.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session

from digest.core.delivery import State
from digest.core.headers import Sender
from digest.core.selection import NOTHING, select
from digest.core.subscriber import SubscriberState
from digest.core.when import month_begins
from digest.pipeline import standing
from digest.pipeline.compile import Clerk, Press, pool
from digest.pipeline.history import history
from digest.store import deliveries, editions, subscribers
from digest.store.database import Database
from digest.store.subscribers import Subscriber
from digest.store.topics import topic_names

CHUNK = 2000
"""Subscribers at a time."""


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
        clerk = Clerk(press.compiler, topic_names(session))
        total, month = subscribers.count(session, SubscriberState.ACTIVE), month_begins(row.slot, row.timezone)

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

    def queue(session: Session, people: Sequence[Subscriber], **values: Any) -> None:
        had = before.had(session, [person.id for person in people])
        monthly = [person.id for person in people if person.frequency == subscribers.MONTHLY]
        served = deliveries.reached_since(session, monthly, month, edition_id) if monthly else ()
        numbered = zip(deliveries.numbers(session, len(people)), people, strict=True)
        rows = [delivery(number, person, had.get(person.id, NOTHING), served) | values for number, person in numbered]
        deliveries.insert_new(session, rows)

    standing.settle(db, now)
    with db.write() as session:
        if probes := standing.to_probe(session, now):
            queue(session, probes, probe=True)
    after, done = 0, 0
    while True:
        with db.write() as session:
            if editions.get(session, edition_id).fanned_out_at is not None:
                return  # another sender was faster; whoever came since is for the next edition
            people = subscribers.page(session, after=after, limit=CHUNK, state=SubscriberState.ACTIVE)
            if not people:
                editions.set_values(session, edition_id, fanned_out_at=now)
                return
            queue(session, people)
        after, done = people[-1].id, done + len(people)
        if progress:
            progress(min(done, total), total)
