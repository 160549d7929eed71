"""Whom an unsubscribe link is about, as far as its page may say: links travel with every forward."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from digest.core.standing import UNSUBSCRIBED
from digest.core.subscriber import GONE, SubscriberState
from digest.core.token import Purpose, address_hmac
from digest.pipeline.receive import Keys, unsubscribe
from digest.store import subscribers, suppressions
from digest.store.database import Database
from digest.store.subscribers import Subscriber
from digest.store.tables import SuppressionRow

UNDO_WITHIN = timedelta(days=30)
"""How long who left may take it back on their page."""


@dataclass(frozen=True, slots=True)
class Leaver:
    """The person behind a token. `address` is masked, and None when they have been erased; `language` is a BCP 47 tag.

    `preferences`: the token of their page, where they can come back if they `may_undo`.
    """

    address: str | None
    language: str
    gets_mail: bool
    preferences: str = ""
    may_undo: bool = False


def whose(db: Database, token: str, keys: Keys, now: datetime) -> Leaver | None:
    """Nothing is changed. None for a token that is not ours."""
    number = keys.ring.verify(Purpose.UNSUBSCRIBE, token)
    if number is None:
        return None
    with db.read() as session:
        return _leavers(session, [number], keys, now)[number]


def leave(db: Database, tokens: Sequence[str], keys: Keys, now: datetime) -> list[Leaver | None]:
    """Unsubscribe whoever these tokens are about, in one transaction. None for each that is not ours."""
    numbers = [keys.ring.verify(Purpose.UNSUBSCRIBE, token) for token in tokens]
    known = sorted({each for each in numbers if each is not None})
    if not known:
        return [None for _ in tokens]
    with db.write() as session:
        unsubscribe(session, known, keys, now)
        found = _leavers(session, known, keys, now)
    return [None if each is None else found[each] for each in numbers]


def _leavers(session: Session, numbers: Sequence[int], keys: Keys, now: datetime) -> dict[int, Leaver]:
    found = dict.fromkeys(numbers, Leaver(None, "", gets_mail=False))
    people = subscribers.by_ids(session, numbers)
    back = _may_undo(session, people, keys.pepper, now)
    for person in people:
        gets_mail = person.state not in GONE
        preferences = keys.ring.issue(Purpose.PREFERENCES, person.id)
        found[person.id] = Leaver(masked(person.email), person.language, gets_mail, preferences, person.id in back)
    return found


def may_undo(session: Session, person: Subscriber, pepper: str, now: datetime) -> bool:
    """Whether they unsubscribed in the last 30 days, and nothing else keeps them out."""
    return person.id in _may_undo(session, [person], pepper, now)


def _may_undo(session: Session, people: Iterable[Subscriber], pepper: str, now: datetime) -> set[int]:
    left = {address_hmac(pepper, each.key): each.id for each in people if each.state == SubscriberState.UNSUBSCRIBED}
    kept: dict[str, list[SuppressionRow]] = {hmac: [] for hmac in left}
    for row in suppressions.of(session, *left) if left else ():
        kept[row.address_hmac].append(row)
    return {
        left[hmac]
        for hmac, rows in kept.items()
        if [each.reason for each in rows] == [UNSUBSCRIBED] and rows[0].at >= now - UNDO_WITHIN
    }


def masked(email: str) -> str:
    """`a•••@example.org`: enough for its owner to know it, too little for anybody else."""
    local, _, domain = email.rpartition("@")
    return f"{local[:1]}•••@{domain}"
