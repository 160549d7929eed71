"""Who gets mail: people are added, changed, and leave; an address that left stays out."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TypedDict, Unpack

from sqlmodel import Session

from digest.core import address
from digest.core.address import Address
from digest.core.errors import Misconfigured, Refused
from digest.core.item import Kind
from digest.core.selection import ACTIONABLE, MAX_WEIGHT
from digest.core.slug import slugify
from digest.core.standing import UNSUBSCRIBED
from digest.core.subscriber import GONE, SubscriberState
from digest.core.token import address_hmac
from digest.store import confirmations, consents, subscribers, suppressions
from digest.store.database import Database
from digest.store.subscribers import Subscriber
from digest.store.tables import ConfirmationRow

LANGUAGE_LENGTH = 35
"""Characters of a tag that the database holds (RFC 5646 §4.4.1)."""


def _name(written: str) -> str:
    name = written.replace("\xa0", " ").strip()
    if not name.isprintable():
        raise ValueError("it has a line break or another control character in it")
    if len(name) > 200:
        raise ValueError("it is longer than 200 characters")
    return name


def _language(written: str) -> str | None:
    language = written.strip().replace("_", "-").lower()
    if not language:
        return None
    if not language.replace("-", "").isalnum() or not 2 <= len(language) <= LANGUAGE_LENGTH:
        raise ValueError(f"“{language[:40]}” is not a language; write en or es")
    return language


def _topics(written: str) -> dict[str, int]:
    """Topic → weight, from `housing=3;schools`."""
    weights: dict[str, int] = {}
    for each in written.split(";"):
        name, stated, weight = each.partition("=")
        if stated and not (weight.strip().isdecimal() and 1 <= int(weight) <= MAX_WEIGHT):
            raise ValueError(f"“{each.strip()[:40]}” has no weight from 1 to {MAX_WEIGHT}; write one like housing=3")
        if slug := slugify(name):
            weights[slug] = int(weight) if stated else 1
    return weights


def _kinds(written: str) -> frozenset[Kind]:
    """From `action;event`; `actionable` is both."""
    wanted: set[Kind] = set()
    for each in written.split(";"):
        name = slugify(each).replace("-", "_")
        if name == "actionable":
            wanted |= ACTIONABLE
        elif name in tuple(Kind):
            wanted.add(Kind(name))
        elif name:
            raise ValueError(f"“{each.strip()[:40]}” is no kind of item; write {', '.join(Kind)}, or actionable")
    return frozenset(wanted)


def _frequency(written: str) -> str:
    frequency = written.strip().lower() or subscribers.WEEKLY
    if frequency not in subscribers.FREQUENCIES:
        raise ValueError(f"“{frequency[:40]}” is not how often the digest comes; write weekly or monthly")
    return frequency


READERS: dict[str, Callable[[str], Any]] = {
    "name": _name,
    "language": _language,
    "topics": _topics,
    "kinds": _kinds,
    "frequency": _frequency,
}
"""What is told of a person: how each is read. ValueError with a sentence for what cannot be."""


def weighed(interests: Mapping[str, int]) -> list[str]:
    """Topics as they are told, in order: `housing=3`, and `schools` where the weight is 1."""
    return [slug if weight == 1 else f"{slug}={weight}" for slug, weight in sorted(interests.items())]


class Particulars(TypedDict, total=False):
    """What is told of a person, as it is written. What is not there, or None, stays as it is known."""

    name: str | None
    language: str | None
    topics: Sequence[str] | None
    kinds: Sequence[str] | None
    frequency: str | None


def merged(
    who: Address,
    known: Subscriber | None,
    *,
    usual: str = "en",
    name: str | None = None,
    language: str | None = None,
    topics: Mapping[str, int] | None = None,
    kinds: frozenset[Kind] | None = None,
    frequency: str | None = None,
) -> subscribers.New:
    """A person as told now; what is not told (None) stays as it is known. `usual`: the language of whom nobody knows it."""
    before = (
        subscribers.New(who, known.name, known.language, known.interests, known.kinds, known.frequency)
        if known
        else subscribers.New(who, "", usual, {})
    )
    return subscribers.New(
        who,
        before.name if name is None else name,
        before.language if language is None else language,
        before.topics if topics is None else topics,
        before.kinds if kinds is None else kinds,
        before.frequency if frequency is None else frequency,
    )


def add(
    db: Database, email: str, *, pepper: str, now: datetime, source: str, usual: str = "en", **told: Unpack[Particulars]
) -> Subscriber:
    """Add one person, or change what is told of one who is there. Refused for a suppressed address.

    `usual`: the language of whom nobody says it.
    """
    who = _address(email)
    hmac = address_hmac(pepper, who.key)
    with db.write() as session:
        known = subscribers.by_key(session, who.key)
        if suppressions.among(session, [hmac]) or (known and known.state in GONE):
            raise Refused(f"{who.email} left or bounced before; only their own fresh sign-up can bring them back.")
        entry = merged(who, known, usual=usual, **_read(told))
        subscribers.put(session, entry, state=known.state if known else SubscriberState.ACTIVE, now=now, previous=known)
        if known is None:
            consents.record(session, hmac, "added", now, source=source)
        return _find(session, who)


def change(db: Database, email: str, *, now: datetime, **told: Unpack[Particulars]) -> Subscriber:
    """Change what is told of a subscriber. Their state stays."""
    who, read = _address(email), _read(told)
    if not read:
        raise Misconfigured(
            "There is nothing to change; say --name, --language, --topic, --no-topics, --kind, --all-kinds or --frequency."
        )
    with db.write() as session:
        known = _find(session, who)
        entry = merged(Address(known.email, known.key, who.domain), known, **read)
        subscribers.put(session, entry, state=known.state, now=now, previous=known)
        return _find(session, who)


def _read(told: Mapping[str, Any]) -> dict[str, Any]:
    """The values as a list would have them. Refused, naming what it was for, where a list could not."""
    read = {}
    for column, written in told.items():
        if written is not None:
            try:
                read[column] = READERS[column](written if isinstance(written, str) else ";".join(written))
            except ValueError as error:
                raise Refused(f"The {column} cannot be taken: {error}.") from None
    return read


def unsubscribe(db: Database, email: str, *, pepper: str, now: datetime) -> Subscriber:
    """Staff take somebody off the list, at once and for good."""
    who = _address(email)
    with db.write() as session:
        known = _find(session, who)
        leave(session, known, pepper=pepper, now=now, reason=UNSUBSCRIBED, state=SubscriberState.UNSUBSCRIBED)
        return _find(session, who)


def leave(
    session: Session,
    person: Subscriber,
    *,
    pepper: str,
    now: datetime,
    reason: str,
    state: SubscriberState,
    event_id: int | None = None,
) -> None:
    """State and suppression in one transaction, so that the mark before a final dot sees it."""
    leave_all(session, [(person, event_id)], pepper=pepper, now=now, reason=reason, state=state)


def leave_all(
    session: Session,
    people: Sequence[tuple[Subscriber, int | None]],
    *,
    pepper: str,
    now: datetime,
    reason: str,
    state: SubscriberState,
) -> None:
    """The same for several, each with the event that it is for."""
    hmacs = {address_hmac(pepper, person.key): event_id for person, event_id in people}
    subscribers.set_states(session, [person.id for person, _ in people], state, now)
    suppressions.put_all(session, hmacs, reason, now)
    consents.record_all(
        session, [{"subscriber_hmac": each, "action": reason, "at": now, "source": "digest"} for each in hmacs]
    )


def find(db: Database, email: str) -> Subscriber:
    with db.read() as session:
        return person(session, email)


def person(session: Session, email: str) -> Subscriber:
    """The subscriber of that address. Refused if there is none."""
    return _find(session, _address(email))


def anyone(session: Session, email: str) -> Subscriber:
    """The subscriber of that address, or who asked to be one. Refused if there is neither."""
    who = _address(email)
    asked = [] if subscribers.by_key(session, who.key) else confirmations.waiting(session, who.key)
    return _pending(asked[-1]) if asked else _find(session, who)


def _pending(asked: ConfirmationRow) -> Subscriber:
    """Somebody who has not confirmed: no subscriber yet, and without a number."""
    follows = {slug: 1 for slug in asked.topics.split(";") if slug}
    return Subscriber(
        0, asked.email, asked.email_key, "", asked.language, SubscriberState.PENDING, follows, frequency=asked.frequency
    )


def _find(session: Session, who: Address) -> Subscriber:
    known = subscribers.by_key(session, who.key)
    if known is None:
        raise Refused(f"{who.email} is not a subscriber.")
    return known


def _address(email: str) -> Address:
    try:
        return address.parse(email)
    except ValueError as error:
        raise Refused(f"{str(error)[0].upper()}{str(error)[1:]}.") from None


def everyone(db: Database) -> Iterator[Subscriber]:
    """All subscribers, in keyset pages; then those who asked to be one."""
    after = 0
    while True:
        with db.read() as session:
            people = subscribers.page(session, after=after)
        if not people:
            break
        yield from people
        after = people[-1].id
    with db.read() as session:
        asked = {each.email_key: each for each in confirmations.waiting(session)}
        yield from [_pending(each) for key, each in asked.items() if subscribers.by_key(session, key) is None]
