"""What comes back does something to people: the history is read, judged (core.standing), and acted on in one transaction."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from digest.core import standing as rules
from digest.core.address import parse
from digest.core.errors import Refused
from digest.core.event import EventType
from digest.core.pacing import WHOLE
from digest.core.standing import LEAST_TO_HOLD, LIFTED, Standing, probe_due, standing, too_many, worse
from digest.core.subscriber import SubscriberState
from digest.core.token import address_hmac
from digest.pipeline import consent, notices
from digest.store import consents, editions, events, subscribers, suppressions, tallies
from digest.store.database import Database
from digest.store.subscribers import Subscriber
from digest.store.tables import DeliveryRow

BOUNCES = (rules.HARD, rules.SOFT, "")
"""The reasons that a storm of bounces may give (a pause has none): over the cap they wait for staff."""


def act(session: Session, delivery: DeliveryRow, event_id: int, pepper: str, now: datetime) -> str | None:
    """Do to a person what a new event makes of them. What that is, in words; None if it changes nothing."""
    person = subscribers.by_id(session, delivery.subscriber_id) if delivery.subscriber_id else None
    if person is None:
        return None
    found = standing(events.history(session, person.id), now)
    if found.reason in BOUNCES and delivery.address and parse(delivery.address).key != person.key:
        return None  # they moved, and this tells of the mailbox that they left
    if event_id not in found.evidence or not worse(found.state, person.state):
        return None
    if found.reason in BOUNCES and (storm := _storm(session, delivery, now)):
        held = {"why": storm, "state": found.state, "reason": found.reason, "rule": found.rule}
        events.note(session, event_id, held=held | {"because": found.evidence})
        return f"held for review: {storm}"
    change(session, person, found, event_id, pepper, now)
    return (
        f"the {'address' if found.state == SubscriberState.SUPPRESSED else 'subscriber'} is {found.state}: {found.rule}"
    )


def change(session: Session, person: Subscriber, found: Standing, event_id: int, pepper: str, now: datetime) -> None:
    """Bring a person's state down to what was found, and note it on the event that did it."""
    if found.state == SubscriberState.PAUSED:
        subscribers.set_state(session, person.id, found.state, now)
    else:
        consent.leave(
            session, person, pepper=pepper, now=now, reason=found.reason, state=found.state, event_id=event_id
        )
    events.note(session, event_id, changed=found.state, why=found.rule, because=found.evidence)


def _storm(session: Session, delivery: DeliveryRow, now: datetime) -> str | None:
    """Count one bounce more that would change somebody. Why to hold it, if there are too many; staff are told once."""
    for domain, where in ((delivery.domain, f"to {delivery.domain} "), (WHOLE, "")):
        changes = tallies.one_more(session, delivery.edition_id, domain)
        if changes <= LEAST_TO_HOLD:
            continue
        if too_many(changes, sent := tallies.sent(session, delivery.edition_id, domain)):
            period = editions.get(session, delivery.edition_id).period
            text = (
                f"More than {changes - 1} of the {sent} messages of {period} {where}came back as if their readers were gone. "
                "That is more likely a server's mistake than so many people, so nobody else is put out by it until you say "
                "so. Look with `digest subscribers held`."
            )
            notices.alarm(
                session, f"cap/{delivery.edition_id}/{domain}", f"Bounces of {period} wait for you", text, now
            )
            return f"more than {LEAST_TO_HOLD} messages of {period} {where}came back like it"
    return None


def settle(db: Database, now: datetime) -> int:
    """Make those active again whom mail reaches, of the ones who are paused for what came back. How many."""
    with db.read() as session:
        if not _reached(session, now):
            return 0
    with db.write() as session:
        back = _reached(session, now)
        for person in back:
            subscribers.set_state(session, person, SubscriberState.ACTIVE, now)
            why = f"nothing came back for {rules.REACHED_AFTER.days} days"
            events.made_active(session, EventType.RETURNED, person, why, source="policy", now=now)
    return len(back)


def _reached(session: Session, now: datetime) -> list[int]:
    return [
        person
        for person in events.paused(session)
        if standing(events.history(session, person), now).state == SubscriberState.ACTIVE
    ]


def to_probe(session: Session, now: datetime) -> list[Subscriber]:
    """Those who are paused for what came back, and due to be tried."""
    due = [person for person in events.paused(session) if probe_due(events.history(session, person), now)]
    return [found for person in due if (found := subscribers.by_id(session, person))]


@dataclass(frozen=True, slots=True)
class Held:
    """A bounce that waits for staff: `state` is what it would make of the person."""

    email: str
    edition: str
    domain: str
    at: datetime
    state: SubscriberState
    rule: str


def held(db: Database, domain: str | None = None) -> list[Held]:
    """What waits for staff, of one recipient domain or of all."""
    with db.read() as session:
        return [
            Held(
                delivery.address or "", period, delivery.domain, event.occurred_at,
                SubscriberState(event.payload["held"]["state"]), event.payload["rule"],
            )
            for event, delivery, period in events.held(session)
            if domain in (None, delivery.domain)
        ]  # fmt: skip


def review(db: Database, domain: str | None, *, believe: bool, pepper: str, now: datetime) -> int:
    """Staff decide on what is held: it does what it would have done, or nothing for good. How many were decided on."""
    with db.write() as session:
        waiting = [each for each in events.held(session) if domain in (None, each[1].domain)]
        for event, delivery, _ in waiting:
            decision = events.record(
                session, EventType.REVIEWED, source="review", source_event_id=str(event.id), now=now,
                delivery_id=delivery.id, subscriber_id=delivery.subscriber_id,
                payload={"believed": believe, "because": [event.id]},
            )  # fmt: skip
            person = subscribers.by_id(session, delivery.subscriber_id) if delivery.subscriber_id else None
            would = event.payload["held"]
            if believe and decision and person and worse(would["state"], person.state):
                found = Standing(
                    SubscriberState(would["state"]), would["rule"], would["reason"], tuple(would["because"])
                )
                change(session, person, found, decision, pepper, now)
        return len(waiting)


def resume(db: Database, email: str, reason: str, *, pepper: str, now: datetime) -> Subscriber:
    """Staff know better than the bounces, and say why. Refused for whoever left by their own will."""
    if not reason.strip() or len(reason) > 200 or not reason.isprintable():
        raise Refused("The reason cannot be taken: write a sentence of up to 200 characters.")
    with db.write() as session:
        person = consent.person(session, email)
        hmac = address_hmac(pepper, person.key)
        reasons = [each.reason for each in suppressions.of(session, hmac)]
        if person.state == SubscriberState.ACTIVE and not reasons:
            raise Refused(f"{person.email} is active already.")
        if any(each not in LIFTED for each in reasons) or (
            person.state != SubscriberState.SUPPRESSED and not _paused(session, person)
        ):
            said = f"suppressed ({reasons[0]})" if reasons else f"{person.state} by their own word"
            raise Refused(f"{person.email} is {said}; only they themselves can take that back.")
        suppressions.lift(session, hmac)
        subscribers.set_state(session, person.id, SubscriberState.ACTIVE, now)
        consents.record(session, hmac, "resumed", now, source=f"staff: {reason.strip()}")
        events.made_active(session, EventType.RESUMED, person.id, reason.strip(), source="staff", now=now)
        return consent.person(session, email)


def _paused(session: Session, person: Subscriber) -> bool:
    return person.id in events.paused(session)
