"""Erasing a person, from every table and folder at once; a keyed hash of the address stays and keeps them out."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from sqlmodel import Session

from digest.core.address import parse
from digest.core.errors import TryAgain
from digest.core.token import Purpose, address_hmac
from digest.pipeline import consent
from digest.pipeline.compose import Copy
from digest.pipeline.receive import Keys
from digest.store import confirmations, consents, deliveries, erasure, letters, subscribers, suppressions
from digest.store.database import Database
from digest.store.subscribers import Subscriber


def erase(db: Database, email: str, *, pepper: str, clear: Callable[[str], None], now: datetime) -> bool:
    """At the word of staff. Whether the database's journal could be emptied too.

    `clear` deletes the mail of an address that is kept in folders.
    """
    with db.write() as session:
        take_out(session, consent.anyone(session, email), pepper, clear, now)
    return db.empty_journal()


def erase_own(db: Database, token: str, keys: Keys, clear: Callable[[str], None], now: datetime) -> bool:
    """At their own word, again and again. False for a token that is not ours."""
    number = keys.ring.verify(Purpose.PREFERENCES, token)
    if number is None:
        return False
    with db.write() as session:
        person = subscribers.by_id(session, number)
        if person is not None:
            take_out(session, person, keys.pepper, clear, now)
    db.empty_journal()
    return True


def take_out(
    session: Session,
    person: Subscriber,
    pepper: str,
    clear: Callable[[str], None],
    now: datetime,
    *,
    keep_out: bool = True,
) -> None:
    """`keep_out`: whether a keyed hash of the address keeps it out of every list. TryAgain while mail to them is on the wire."""
    if erasure.transmitting(session, person.id):
        raise TryAgain("A message to them is being sent at this moment, so nothing was erased. Try again in a minute.")
    hmac = address_hmac(pepper, person.key)
    addresses = {person.email, *letters.addresses(session, person.id)}
    for delivery, _ in deliveries.of_subscriber(session, person.id):
        addresses.add(delivery.address or person.email)  # they may have moved
        delivery.selection = replace(Copy.from_json(delivery.selection), greeting="", why="").to_json()
    erasure.forget(session, person.id, addresses, {address_hmac(pepper, parse(each).key) for each in addresses})
    confirmations.forget(session, person.key)
    letters.forget(session, person.key)
    if keep_out:
        suppressions.put(session, hmac, erasure.ERASED, now)
        consents.record(session, hmac, erasure.ERASED, now, source="digest")
    for each in addresses:
        clear(each)
