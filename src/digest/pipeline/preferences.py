"""The page behind the link: what somebody gets, how often, not for a while, or again after all. A signed token says who.

It is in every mail, and who has the mail of somebody else has their page: so it shows no address, and all but erasing can
be taken back on it (docs/adr/0014-who-holds-the-mail.md).
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session

from digest.core.address import parse
from digest.core.event import EventType
from digest.core.item import Kind
from digest.core.subscriber import GONE, SubscriberState
from digest.core.token import Keyring, Purpose, address_hmac
from digest.pipeline.compile import topic_name
from digest.pipeline.consent import merged
from digest.pipeline.farewell import masked, may_undo
from digest.pipeline.receive import Keys
from digest.pipeline.story import story
from digest.store import consents, events, subscribers, suppressions
from digest.store.database import Database
from digest.store.subscribers import Subscriber
from digest.store.topics import topic_names

LONGEST_PAUSE = 26
"""Weeks."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What a form says: topic slugs (none for what matters most), kinds (none for all), a language tag, how often; a name, or
    None for nothing about it.
    """

    topics: frozenset[str]
    kinds: frozenset[Kind]
    language: str
    frequency: str
    name: str | None


@dataclass(frozen=True, slots=True)
class Preferences:
    """What the page says of a person. `address` is masked; `topics`: slug → its name, in the order of their names;
    `way_out`: the token of the page that unsubscribes.

    `may_undo`: whether they left, and can come back here.
    """

    address: str
    way_out: str
    name: str
    language: str
    state: SubscriberState
    frequency: str
    resumes_at: datetime | None
    kinds: frozenset[Kind]
    follows: frozenset[str]
    topics: Mapping[str, str]
    may_undo: bool


def preferences(db: Database, token: str, keys: Keys, now: datetime) -> Preferences | None:
    """Nothing is changed. None for a token that is not ours, or whose person was erased."""
    with db.read() as session:
        person = _person(session, token, keys.ring)
        if person is None:
            return None
        named = topic_names(session)
        return Preferences(
            masked(person.email),
            keys.ring.issue(Purpose.UNSUBSCRIBE, person.id),
            person.name,
            person.language,
            person.state,
            person.frequency,
            person.resumes_at,
            person.kinds,
            frozenset(person.interests),
            dict(
                sorted(
                    ((slug, topic_name(named, slug, person.language)) for slug in named),
                    key=lambda each: each[1].casefold(),
                )
            ),
            may_undo(session, person, keys.pepper, now),
        )


def own_data(db: Database, token: str, keys: Keys, now: datetime) -> dict[str, Any] | None:
    """All that is kept of a person, for them to take along. None for a token of nobody."""
    with db.read() as session:
        person = _person(session, token, keys.ring)
    return story(db, person.email, keys.pepper, now) if person else None


def choose(db: Database, token: str, keys: Keys, choice: Choice, languages: Collection[str], now: datetime) -> bool:
    """Topics that were followed keep their weight; what is no topic or language here is not taken.

    False, as in all of these, for a token that is none of ours or of nobody.
    """

    def act(session: Session, person: Subscriber) -> None:
        known = topic_names(session)
        entry = merged(
            parse(person.email),
            person,
            name=choice.name,
            language=choice.language if choice.language in languages else None,
            topics={slug: person.interests.get(slug, 1) for slug in sorted(choice.topics) if slug in known},
            kinds=choice.kinds if choice.kinds != frozenset(Kind) else frozenset(),
            frequency=choice.frequency if choice.frequency in subscribers.FREQUENCIES else None,
        )
        if person.state not in GONE and not person.says(entry):
            subscribers.put(session, entry, state=person.state, now=now, previous=person)

    return _do(db, token, keys, act)


def pause(db: Database, token: str, keys: Keys, weeks: int, now: datetime) -> bool:
    """No mail for 1 to LONGEST_PAUSE weeks; a new pause takes the place of the one before."""
    until = now + timedelta(weeks=min(max(weeks, 1), LONGEST_PAUSE))

    def act(session: Session, person: Subscriber) -> None:
        if person.state == SubscriberState.ACTIVE or person.resumes_at:
            subscribers.set_state(session, person.id, SubscriberState.PAUSED, now, until)

    return _do(db, token, keys, act)


def resume(db: Database, token: str, keys: Keys, now: datetime) -> bool:
    """Mail again for who asked for a pause; who is paused because mail came back stays so."""

    def act(session: Session, person: Subscriber) -> None:
        if person.state == SubscriberState.PAUSED and person.resumes_at:
            subscribers.set_state(session, person.id, SubscriberState.ACTIVE, now)

    return _do(db, token, keys, act)


def undo(db: Database, token: str, keys: Keys, now: datetime) -> bool:
    """Back after all: lifts what was `unsubscribed` in the last 30 days, never a complaint or a bounce."""

    def act(session: Session, person: Subscriber) -> None:
        if not may_undo(session, person, keys.pepper, now):
            return
        hmac = address_hmac(keys.pepper, person.key)
        suppressions.lift(session, hmac)
        subscribers.set_state(session, person.id, SubscriberState.ACTIVE, now)
        consents.record(session, hmac, "resubscribed", now, source="the page behind the link")
        events.made_active(session, EventType.RESUBSCRIBE, person.id, "they took it back", source="page", now=now)

    return _do(db, token, keys, act)


def _do(db: Database, token: str, keys: Keys, act: Callable[[Session, Subscriber], object]) -> bool:
    with db.write() as session:
        person = _person(session, token, keys.ring)
        if person is not None:
            act(session, person)
        return person is not None


def _person(session: Session, token: str, ring: Keyring) -> Subscriber | None:
    number = ring.verify(Purpose.PREFERENCES, token)
    return subscribers.by_id(session, number) if number is not None else None
