"""Whom an unsubscribe link is about, as far as its page may say: links travel with every forward."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from digest.core.token import Purpose, address_hmac
from digest.pipeline.receive import Keys
from digest.store import subscribers
from digest.store.database import Database
from digest.store.subscribers import Subscriber

UNDO_WITHIN = timedelta(days=30)


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
    subscriber_id = keys.ring.verify(Purpose.UNSUBSCRIBE, token)
    if subscriber_id is None:
        return None
    with db.read() as session:
        person = subscribers.by_id(session, subscriber_id)
        back = person is not None and may_undo(session, person, keys.pepper, now)
    if person is None:
        return Leaver(None, "", gets_mail=False)
    gets_mail = person.state not in ("unsubscribed", "suppressed")
    preferences = keys.ring.issue(Purpose.PREFERENCES, person.id)
    return Leaver(masked(person.email), person.language, gets_mail, preferences, back)


def may_undo(session: Session, person: Subscriber, pepper: str, now: datetime) -> bool:
    """Whether they unsubscribed in the last 30 days, and nothing else keeps them out."""
    if person.state != "unsubscribed":
        return False
    kept = subscribers.suppressions(session, address_hmac(pepper, person.key))
    return [each.reason for each in kept] == ["unsubscribed"] and kept[0].at >= now - UNDO_WITHIN


def masked(email: str) -> str:
    """`a•••@example.org`: enough for its owner to know it, too little for anybody else."""
    local, _, domain = email.rpartition("@")
    return f"{local[:1]}•••@{domain}"
