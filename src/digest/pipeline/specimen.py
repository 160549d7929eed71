"""An edition as somebody would get it, to be looked at: nothing here is stored, and nothing goes out by it."""

from collections.abc import Callable
from datetime import datetime

from sqlmodel import Session

from digest.core.edition import EditionItem, EditionText
from digest.core.errors import Refused
from digest.core.headers import Sender
from digest.core.selection import Selection, select
from digest.core.subscriber import SubscriberState
from digest.pipeline import consent
from digest.pipeline.assemble import find
from digest.pipeline.compile import Clerk, Press, TopicNames, compile_blocks, pool
from digest.pipeline.compose import Mailroom, boundary, mailroom
from digest.pipeline.history import history
from digest.store import deliveries, editions
from digest.store.database import Database
from digest.store.deliveries import Claimed
from digest.store.subscribers import Subscriber
from digest.store.tables import EditionRow
from digest.store.topics import topic_names


def draft_for(
    db: Database, press: Press, sender: Sender, reference: str, email: str | None, now: datetime, slot_key: str
) -> tuple[Mailroom, Claimed]:
    """The room and the delivery with which an edition can be shown as `email` gets it (None: somebody with no interests).

    Before approval it is compiled for the occasion; after it, what was frozen is used.
    """
    with db.read() as session:
        row = find(session, reference)
        frozen = editions.items(session, row.identity)
        if not frozen:
            raise Refused(f"{row.period} has no items, so there is nothing to show.")
        person = consent.person(session, email) if email else anybody(sender, press.publication.language)
        room = room_of(session, press, sender, row, frozen, slot_key)
        candidates, clerk = pool(press, row, frozen, now), Clerk(press.compiler, topic_names(session))
        had = history(session, row, candidates.open).of(session, person.id)
        return room, delivery_to(session, row, person, room, lambda: select(candidates, person, had), clerk)


def delivery_to(
    session: Session, row: EditionRow, person: Subscriber, room: Mailroom, choose: Callable[[], Selection], clerk: Clerk
) -> Claimed:
    """Somebody's delivery of an edition as it is stored; if it is not, as it would be with what `choose` says now."""
    sent = deliveries.to(session, row.id, person.id) if row.id else None
    if sent and sent.message_id:
        return claimed_for(person, sent.selection, room.sender, sent.identity, sent.message_id)
    copy = clerk.copy(choose(), person, room.language(person.language))
    return claimed_for(person, copy.to_json(), room.sender)


def eml(room: Mailroom, claimed: Claimed, now: datetime) -> bytes:
    """The whole message. Refused if nothing in it is open any more."""
    wire = room.compose(claimed, now)
    if wire is None:
        raise Refused("There is nothing to say to them: everything in their digest is over.")
    return wire


def room_of(
    session: Session, press: Press, sender: Sender, row: EditionRow, frozen: tuple[EditionItem, ...], slot_key: str
) -> Mailroom:
    """The mailroom of a stored edition: what was compiled, or what it would be now."""
    if row.compiled_at:
        return mailroom(session, row.identity, sender)
    own, topics = editions.texts(session, row.identity), topic_names(session)
    return draft_room(press, sender, row, frozen, own, topics, slot_key)


def draft_room(
    press: Press,
    sender: Sender,
    row: EditionRow,
    frozen: tuple[EditionItem, ...],
    own: dict[str, EditionText],
    topics: TopicNames,
    slot_key: str,
) -> Mailroom:
    """A mailroom compiled for the occasion and kept nowhere."""
    texts, blocks = compile_blocks(press, row, frozen, own, topics, slot_key)
    subjects = {language: text.subject for language, text in texts.items()}
    return Mailroom(sender, row.period, subjects, blocks, frozen, boundary(row))


def claimed_for(
    person: Subscriber, selection: str, sender: Sender, delivery_id: int = 0, message_id: str | None = None
) -> Claimed:
    """A delivery to a person that is there to be looked at; with a number it is one that was sent."""
    return Claimed(
        id=delivery_id,
        subscriber_id=person.id,
        address=person.email,
        domain=person.email.rpartition("@")[2],
        language=person.language,
        selection=selection,
        message_id=message_id or sender.message_id(delivery_id),
        attempts=0,
    )


def anybody(sender: Sender, language: str) -> Subscriber:
    """Somebody who has chosen no topics, at the publication's own address."""
    return Subscriber(0, sender.address, sender.address, "", language, SubscriberState.ACTIVE)
