"""Signing up: what somebody asks for waits until its mailbox confirms it (double opt-in), and nobody learns who is here.

A stranger's word changes no subscriber: it makes a row that waits, and a letter. Only the link in that letter does the rest,
and it is the one thing that brings back an address that left, complained or bounced (docs/adr/0017-sign-up.md).
"""

import hashlib
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlmodel import Session

from digest.core import address
from digest.core.address import Address
from digest.core.errors import TryAgain
from digest.core.token import Purpose, address_hmac
from digest.pipeline.compile import topic_name
from digest.pipeline.consent import merged
from digest.pipeline.farewell import masked
from digest.pipeline.letters import GOOD_FOR
from digest.pipeline.receive import Keys
from digest.store import confirmations, events, items, letters, subscribers
from digest.store.database import Database
from digest.store.letters import Kind
from digest.store.subscribers import Subscriber
from digest.store.tables import ConfirmationRow

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
REMIND_AFTER = timedelta(days=3)
KEPT_FOR = timedelta(days=30)
"""Then what was asked for is erased, confirmed or not."""
BETWEEN_LETTERS = timedelta(minutes=10)
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
        named = items.topic_names(session)
    words = {slug: topic_name(named, slug, language) for slug in named}
    return dict(sorted(words.items(), key=lambda each: each[1].casefold()))


def ask(db: Database, wished: Wish, consent: Consent, keys: Keys, now: datetime) -> None:
    """Take a form in. Whoever asks learns nothing of the address; its mailbox gets a letter, unless it had too many.

    TryAgain if forms ask for too many letters, whoever they are for.
    """
    who = wished.email
    with db.write() as session:
        _slow_down(session, consent.network, now)
        person = subscribers.by_key(session, who.key)
        left = bool(subscribers.suppressions(session, address_hmac(keys.pepper, who.key)))
        if _had_enough(session, who.key, TO_WHO_LEFT if left else LETTERS_A_DAY, now):
            return
        if person and _gets_mail(person):
            letters.queue(
                session, Kind.SUBSCRIBED, person.email, who.key, now, subscriber=person.id, network=consent.network
            )
            return
        number = confirmations.put(session, who.key, None, now, _row(session, wished, consent))
        letters.drop(session, number)
        letters.queue(session, Kind.CONFIRM, who.email, who.key, now, confirmation=number, network=consent.network)
        if not left:
            remind = now + REMIND_AFTER
            letters.queue(session, Kind.REMINDER, who.email, who.key, now, due=remind, confirmation=number)


def _slow_down(session: Session, network: str, now: datetime) -> None:
    crowd = network and letters.caused(session, now - HOUR, network) >= LETTERS_A_NETWORK
    if crowd or letters.caused(session, now - HOUR) >= LETTERS_IN_ALL:
        raise TryAgain("Forms asked for too many letters in this hour, so the next one has to wait.")


def _had_enough(session: Session, key: str, a_day: int, now: datetime) -> bool:
    had = letters.asked_for(session, key, now - DAY)
    return len(had) >= a_day or bool(had and had[-1] > now - BETWEEN_LETTERS)


def _gets_mail(person: Subscriber) -> bool:
    """Or would, if they had not asked for a pause. Who is paused because mail came back may confirm that it arrives."""
    return person.state == "active" or (person.state == "paused" and person.resumes_at is not None)


def _row(session: Session, wished: Wish, consent: Consent) -> dict[str, str]:
    return {
        "email": wished.email.email,
        "language": wished.language,
        "topics": ";".join(sorted(wished.topics & items.topic_names(session).keys())),
        "frequency": wished.frequency,
        "wording": consent.wording,
        "version": consent.version,
        "source": consent.source,
        "proof": f"asked from {consent.network or 'a network that is not known'}",
    }


class Standing(StrEnum):
    """Whether what was asked for can be confirmed: it waits, is confirmed, or was not for too long."""

    OPEN = "open"
    DONE = "done"
    LATE = "late"


@dataclass(frozen=True, slots=True)
class Waiting:
    """What a link in a letter is about. `address` is masked; `topics` are names; `preferences`: the token of their page,
    once they are a subscriber."""

    address: str
    language: str
    topics: tuple[str, ...]
    standing: Standing
    preferences: str = ""


def waiting(db: Database, token: str, keys: Keys, now: datetime) -> Waiting | None:
    """Nothing is changed. None for a token that is not ours, or of what is erased."""
    with db.read() as session:
        asked = _asked(session, token, keys)
        return _shown(session, asked, now) if asked else None


def confirm(db: Database, token: str, keys: Keys, now: datetime) -> Waiting | None:
    """The mailbox says yes: they are active, whatever kept the address out before. Again, or too late, nothing is changed.

    None for a token that is not ours, or of what is erased.
    """
    with db.write() as session:
        asked = _asked(session, token, keys)
        if asked is None or _standing(asked, now) is not Standing.OPEN:
            return _shown(session, asked, now) if asked else None
        subscriber_id = _subscribe(session, asked, keys, now)
        asked.confirmed_at = now
        letters.drop(session, confirmations.number(asked))
        return _shown(session, asked, now, keys.ring.issue(Purpose.PREFERENCES, subscriber_id))


def _subscribe(session: Session, asked: ConfirmationRow, keys: Keys, now: datetime) -> int:
    who = address.parse(asked.email)
    hmac, person = address_hmac(keys.pepper, who.key), subscribers.by_key(session, who.key)
    before = person.interests if person else {}
    follows = {slug: before.get(slug, 1) for slug in asked.topics.split(";") if slug}
    entry = merged(who, person, None, asked.language, follows, None, asked.frequency)
    number = subscribers.put(session, entry, state="active", now=now, previous=person)
    subscribers.set_state(session, number, "active", now)  # and no pause is left
    subscribers.lift(session, hmac)
    proof = f"{asked.proof} on {asked.asked_at:%Y-%m-%d %H:%M} UTC, confirmed by the link in a letter to the address"
    subscribers.record_consent(
        session, hmac, "confirmed", now, source=asked.source, wording=asked.wording, version=asked.version, proof=proof
    )
    if person:
        events.record(
            session, "resubscribe", source="sign-up", source_event_id=str(asked.id), now=now, subscriber_id=number,
            payload={"changed": "active", "why": "they signed up again, and confirmed it"},
        )  # fmt: skip
    letters.queue(session, Kind.WELCOME, who.email, who.key, now, subscriber=number)
    return number


def _asked(session: Session, token: str, keys: Keys) -> ConfirmationRow | None:
    number = keys.ring.verify(Purpose.CONFIRM, token)
    return confirmations.get(session, number) if number is not None else None


def _standing(asked: ConfirmationRow, now: datetime) -> Standing:
    if asked.confirmed_at:
        return Standing.DONE
    return Standing.OPEN if now <= asked.asked_at + GOOD_FOR else Standing.LATE


def _shown(session: Session, asked: ConfirmationRow, now: datetime, preferences: str = "") -> Waiting:
    named = items.topic_names(session)
    follows = tuple(topic_name(named, slug, asked.language) for slug in asked.topics.split(";") if slug in named)
    return Waiting(masked(asked.email), asked.language, follows, _standing(asked, now), preferences)


def tidy(db: Database, clear: Callable[[str], None], now: datetime) -> None:
    """Erase what nobody confirmed in 30 days, and letters that did their work.

    `clear` deletes the mail of an address that is kept in folders.
    """
    with db.read() as session:
        if not confirmations.older(session, now - KEPT_FOR) and not letters.older(session, now - DAY):
            return
    with db.write() as session:
        letters.tidy(session, now - DAY)
        for row in confirmations.older(session, now - KEPT_FOR):
            session.delete(row)
            if subscribers.by_key(session, row.email_key) is None:
                clear(row.email)
    db.empty_journal()
