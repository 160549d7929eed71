"""Signing up: what somebody asks for waits until its mailbox confirms it (double opt-in), and nobody learns who is here.

A stranger's word changes no subscriber: it makes a row that waits, and a letter. Only the link in that letter does the rest,
and it is the one thing that brings back an address that left, complained or bounced (docs/adr/0017-sign-up.md).
"""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from sqlmodel import Session

from digest.core import address
from digest.core.address import Address
from digest.core.errors import TryAgain
from digest.core.subscriber import GONE, SubscriberState
from digest.core.token import Purpose, address_hmac
from digest.pipeline.compile import topic_name
from digest.pipeline.receive import Keys
from digest.store import confirmations, letters, subscribers, suppressions
from digest.store.database import Database
from digest.store.letters import Kind
from digest.store.subscribers import Subscriber
from digest.store.topics import topic_names

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
REMIND_AFTER = timedelta(days=3)
"""Who has not pressed the button by then gets one letter more."""
BETWEEN_LETTERS = timedelta(minutes=10)
"""To one address."""
LETTERS_A_DAY, TO_WHO_LEFT = 3, 1
"""Letters that forms may cause to one address in a day, and to one that left, complained or bounced."""
LETTERS_A_NETWORK, LETTERS_IN_ALL = 30, 500
"""And in an hour: from one network, and from everywhere."""


@dataclass(frozen=True, slots=True)
class Consent:
    """What somebody agreed to and how: the words as they were shown, the page that showed them, and what network asked.

    `network`: as little of the asker's address as limits need; empty where it is not known.
    """

    wording: str
    source: str
    network: str

    @property
    def version(self) -> str:
        """The same for the same words, and for no others."""
        return hashlib.sha256(self.wording.encode()).hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class Wish:
    """A filled form: topic slugs (none for what matters most), a language tag, how often."""

    email: Address
    topics: frozenset[str]
    language: str
    frequency: str


def wish(email: str, topics: Collection[str], language: str, frequency: str) -> Wish:
    """ValueError if it is no address, or not how often the digest comes."""
    if frequency not in subscribers.FREQUENCIES:
        raise ValueError("frequency")
    return Wish(address.parse(email), frozenset(topics), language, frequency)


def topics(db: Database, language: str) -> dict[str, str]:
    """Slug → name of the topics that can be followed, in the order of their names."""
    with db.read() as session:
        named = topic_names(session)
    words = {slug: topic_name(named, slug, language) for slug in named}
    return dict(sorted(words.items(), key=lambda each: each[1].casefold()))


def ask(db: Database, wished: Wish, consent: Consent, keys: Keys, now: datetime) -> None:
    """Take a form in. Whoever asks learns nothing of the address; its mailbox gets a letter, unless it had too many.

    TryAgain if forms ask for too many letters, whoever they are for.
    """
    with db.write() as session:
        _write_to(session, wished, consent, keys, now)


def ask_to_move(db: Database, token: str, email: Address, consent: Consent, keys: Keys, now: datetime) -> bool:
    """A subscriber wants their mail at another address, which gets a letter. They learn nothing of that address.

    False for a token that is none of ours or of nobody. TryAgain as above.
    """
    number = keys.ring.verify(Purpose.PREFERENCES, token)
    with db.write() as session:
        person = subscribers.by_id(session, number) if number is not None else None
        if person is None:
            return False
        if person.state in GONE or person.key == email.key:
            return True
        wished = Wish(email, frozenset(person.interests), person.language, person.frequency)
        _write_to(session, wished, consent, keys, now, person)
        return True


def _write_to(
    session: Session, wished: Wish, consent: Consent, keys: Keys, now: datetime, mover: Subscriber | None = None
) -> None:
    who = wished.email
    _slow_down(session, consent.network, now)
    there = subscribers.by_key(session, who.key)
    left = bool(suppressions.of(session, address_hmac(keys.pepper, who.key)))
    if _had_enough(session, who.key, TO_WHO_LEFT if left else LETTERS_A_DAY, now):
        return
    letter = partial(letters.queue, session, address=who.email, key=who.key, now=now)
    if there and _gets_mail(there):
        letter(Kind.SUBSCRIBED, subscriber=there.id, network=consent.network)
        return
    moves = mover if there is None else None  # onto nobody who was here: that address signs up for itself
    number = confirmations.put(session, who.key, moves.id if moves else None, now, _row(session, wished, consent))
    letters.drop(session, number)
    letter(Kind.MOVE if moves else Kind.CONFIRM, confirmation=number, network=consent.network)
    if not (left or mover):
        letter(Kind.REMINDER, confirmation=number, due=now + REMIND_AFTER)


def _slow_down(session: Session, network: str, now: datetime) -> None:
    crowd = network and letters.caused(session, now - HOUR, network) >= LETTERS_A_NETWORK
    if crowd or letters.caused(session, now - HOUR) >= LETTERS_IN_ALL:
        raise TryAgain("Forms asked for too many letters in this hour, so the next one has to wait.")


def _had_enough(session: Session, key: str, a_day: int, now: datetime) -> bool:
    had = letters.asked_for(session, key, now - DAY)
    return len(had) >= a_day or bool(had and had[-1] > now - BETWEEN_LETTERS)


def _gets_mail(person: Subscriber) -> bool:
    """Or would, if they had not asked for a pause. Who is paused because mail came back may confirm that it arrives."""
    return person.state == SubscriberState.ACTIVE or (
        person.state == SubscriberState.PAUSED and person.resumes_at is not None
    )


def _row(session: Session, wished: Wish, consent: Consent) -> dict[str, str]:
    return {
        "email": wished.email.email,
        "language": wished.language,
        "topics": ";".join(sorted(wished.topics & topic_names(session).keys())),
        "frequency": wished.frequency,
        "wording": consent.wording,
        "version": consent.version,
        "source": consent.source,
        "proof": f"asked from {consent.network or 'a network that is not known'}",
    }
