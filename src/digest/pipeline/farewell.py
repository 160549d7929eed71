"""Whom an unsubscribe link is about, as far as its page may say: links travel with every forward."""

from dataclasses import dataclass

from digest.core.token import Purpose
from digest.pipeline.receive import Keys
from digest.store import subscribers
from digest.store.database import Database


@dataclass(frozen=True, slots=True)
class Leaver:
    """The person behind a token. `address` is masked, and None when they have been erased; `language` is a BCP 47 tag."""

    address: str | None
    language: str
    gets_mail: bool


def whose(db: Database, token: str, keys: Keys) -> Leaver | None:
    """Nothing is changed. None for a token that is not ours."""
    subscriber_id = keys.ring.verify(Purpose.UNSUBSCRIBE, token)
    if subscriber_id is None:
        return None
    with db.read() as session:
        person = subscribers.by_id(session, subscriber_id)
    if person is None:
        return Leaver(None, "", gets_mail=False)
    return Leaver(masked(person.email), person.language, person.state not in ("unsubscribed", "suppressed"))


def masked(email: str) -> str:
    """`a•••@example.org`: enough for its owner to know it, too little for anybody else."""
    local, _, domain = email.rpartition("@")
    return f"{local[:1]}•••@{domain}"
