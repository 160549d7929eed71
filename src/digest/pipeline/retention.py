"""What is kept no longer: who asked and never confirmed, letters that did their work, and who left long enough ago."""

from collections.abc import Callable, Collection
from datetime import datetime, timedelta

from digest.core.errors import TryAgain
from digest.core.standing import BELIEVED_FOR
from digest.core.subscriber import GONE, SubscriberState
from digest.pipeline.erasure import take_out
from digest.store import confirmations, letters, subscribers
from digest.store.database import Database

UNCONFIRMED = timedelta(days=30)
"""Then what was asked for is erased, and so is who came in a list and has not confirmed."""
AT_ONCE = 100


def expire(db: Database, left: timedelta | None, *, pepper: str, clear: Callable[[str], None], now: datetime) -> bool:
    """Erase what is over. `left`: how long who left is kept; None: until they are erased. Whether there was anything.

    `clear` deletes the mail of an address that is kept in folders.
    """
    changed = _asked(db, clear, now) | _people(db, [SubscriberState.PENDING], now - UNCONFIRMED, pepper, clear, now)
    if left is not None:
        changed |= _people(db, GONE, now - left, pepper, clear, now)
    if changed:
        db.empty_journal()
    return changed


def _asked(db: Database, clear: Callable[[str], None], now: datetime) -> bool:
    with db.read() as session:
        if not confirmations.older(session, now - UNCONFIRMED) and not letters.older(session, now - BELIEVED_FOR):
            return False
    with db.write() as session:
        letters.tidy(session, now - BELIEVED_FOR)
        for row in confirmations.older(session, now - UNCONFIRMED):
            session.delete(row)
            if subscribers.by_key(session, row.email_key) is None:
                clear(row.email)
    return True


def _people(
    db: Database,
    states: Collection[SubscriberState],
    since: datetime,
    pepper: str,
    clear: Callable[[str], None],
    now: datetime,
) -> bool:
    """Who has been in one of these states since before then; one a transaction, so that nobody waits for long."""
    with db.read() as session:
        found = subscribers.unchanged(session, states, since, AT_ONCE)
    erased = False
    for person in found:
        try:
            with db.write() as session:
                take_out(session, person, pepper, clear, now, keep_out=person.state in GONE)
        except TryAgain:
            continue  # a message to them is on the wire
        erased = True
    return erased
