"""The mailbox says yes: what somebody asked for at a form happens when the link in a letter is followed, and only then."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlmodel import Session

from digest.core import address
from digest.core.event import EventType
from digest.core.subscriber import GONE, SubscriberState
from digest.core.token import Purpose, address_hmac
from digest.pipeline.compile import topic_name
from digest.pipeline.consent import merged
from digest.pipeline.farewell import masked
from digest.pipeline.letters import GOOD_FOR
from digest.pipeline.receive import Keys
from digest.store import confirmations, consents, events, letters, subscribers, suppressions
from digest.store.database import Database
from digest.store.letters import Kind
from digest.store.tables import ConfirmationRow
from digest.store.topics import topic_names


class Standing(StrEnum):
    """Whether what was asked for can be confirmed: it waits, is confirmed, or was not for too long."""

    OPEN = "open"
    DONE = "done"
    LATE = "late"


@dataclass(frozen=True, slots=True)
class Waiting:
    """What a link in a letter is about. `address` is masked; `topics` are names; `moves`: it is to take another's place.

    `preferences`: the token of their page, once it is done.
    """

    address: str
    language: str
    topics: tuple[str, ...]
    moves: bool
    standing: Standing
    preferences: str = ""


def waiting(db: Database, token: str, keys: Keys, now: datetime) -> Waiting | None:
    """Nothing is changed. None for a token that is not ours, or of what is erased."""
    with db.read() as session:
        asked = _asked(session, token, keys)
        return _shown(session, asked, now) if asked else None


def confirm(db: Database, token: str, keys: Keys, now: datetime) -> Waiting | None:
    """They are active, or their digest goes to another address, whatever kept that out before.

    Again, or too late, nothing is changed.

    None for a token that is not ours, or of what is erased.
    """
    with db.write() as session:
        asked = _asked(session, token, keys, lock=True)
        if asked is None or _standing(session, asked, now) is not Standing.OPEN:
            return _shown(session, asked, now) if asked else None
        if asked.subscriber_id:
            _move(session, asked, asked.subscriber_id, keys, now)
            number = asked.subscriber_id
        else:
            number = _subscribe(session, asked, now)
        suppressions.lift(session, address_hmac(keys.pepper, asked.email_key))
        _note(session, asked, keys, now)
        asked.confirmed_at = now
        letters.drop(session, asked.identity)
        return _shown(session, asked, now, keys.ring.issue(Purpose.PREFERENCES, number))


def _subscribe(session: Session, asked: ConfirmationRow, now: datetime) -> int:
    who, person = address.parse(asked.email), subscribers.by_key(session, asked.email_key)
    before = person.interests if person else {}
    follows = {slug: before.get(slug, 1) for slug in asked.topics.split(";") if slug}
    entry = merged(who, person, language=asked.language, topics=follows, frequency=asked.frequency)
    number = subscribers.put(session, entry, state=SubscriberState.ACTIVE, now=now, previous=person)
    subscribers.set_state(session, number, SubscriberState.ACTIVE, now)  # and no pause is left
    if person:
        why = "they signed up again, and confirmed it"
        events.made_active(session, EventType.RESUBSCRIBE, number, why, source="sign-up", now=now, key=str(asked.id))
    letters.queue(session, Kind.WELCOME, who.email, who.key, now, subscriber=number)
    return number


def _move(session: Session, asked: ConfirmationRow, number: int, keys: Keys, now: datetime) -> None:
    """What they agreed to before goes along in the ledger. The old address hears of it, for it may not have been them."""
    person = subscribers.by_id(session, number)
    if person is None:
        raise AssertionError("what is asked for somebody goes with them")
    before, after = (address_hmac(keys.pepper, key) for key in (person.key, asked.email_key))
    consents.take_along(session, before, after)
    consents.record(session, before, "moved away", now, source=asked.source)
    subscribers.move(session, number, asked.email, asked.email_key, now)
    if person.state == SubscriberState.PAUSED and person.resumes_at is None:
        subscribers.set_state(session, number, SubscriberState.ACTIVE, now)  # what came back came from the old address
    why = "mail to another address begins anew"
    events.made_active(session, EventType.MOVED, number, why, source="page", now=now, key=str(asked.id))
    letters.queue(session, Kind.MOVED, person.email, person.key, now, subscriber=number)


def _note(session: Session, asked: ConfirmationRow, keys: Keys, now: datetime) -> None:
    hmac = address_hmac(keys.pepper, asked.email_key)
    proof = f"{asked.proof} on {asked.asked_at:%Y-%m-%d %H:%M} UTC, confirmed by the link in a letter to the address"
    consents.record(
        session, hmac, "confirmed", now, source=asked.source, wording=asked.wording, version=asked.version, proof=proof
    )


def _asked(session: Session, token: str, keys: Keys, *, lock: bool = False) -> ConfirmationRow | None:
    number = keys.ring.verify(Purpose.CONFIRM, token)
    return confirmations.get(session, number, lock=lock) if number is not None else None


def _standing(session: Session, asked: ConfirmationRow, now: datetime) -> Standing:
    if asked.confirmed_at:
        return Standing.DONE
    if asked.subscriber_id:  # who left since is not moved, nor anybody onto somebody else
        person = subscribers.by_id(session, asked.subscriber_id)
        if person is None or person.state in GONE or subscribers.by_key(session, asked.email_key):
            return Standing.LATE
    return Standing.OPEN if now <= asked.asked_at + GOOD_FOR else Standing.LATE


def _shown(session: Session, asked: ConfirmationRow, now: datetime, preferences: str = "") -> Waiting:
    named = topic_names(session)
    follows = tuple(topic_name(named, slug, asked.language) for slug in asked.topics.split(";") if slug in named)
    standing = Standing.DONE if preferences else _standing(session, asked, now)
    return Waiting(masked(asked.email), asked.language, follows, asked.subscriber_id is not None, standing, preferences)
