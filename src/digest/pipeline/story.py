"""A subscriber's story: what they were sent, what came back, what it did to them, and what would happen next."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlmodel import Session

from digest.core.event import EventType
from digest.core.standing import LIFTED, REACHED_AFTER, RUN, SPAN, UNSUBSCRIBED, in_a_row, probe_from, standing
from digest.core.subscriber import SubscriberState
from digest.core.token import address_hmac
from digest.pipeline import consent
from digest.store import consents, deliveries, events, suppressions
from digest.store.database import Database
from digest.store.subscribers import Subscriber
from digest.store.tables import EventRow


def story(db: Database, email: str, pepper: str, now: datetime) -> dict[str, Any]:
    """All there is to tell of a subscriber. `events` have a sentence each (`said`), and `next` is one."""
    with db.read() as session:
        person = consent.anyone(session, email)
        hmac = address_hmac(pepper, person.key)
        suppressed = suppressions.of(session, hmac)
        sent = deliveries.of_subscriber(session, person.id)
        told = events.of(session, person.id)
        periods = {row.id: period for row, period in sent}
        editions = {each.identity: periods.get(each.delivery_id, "an edition") for each in told}
        return {
            "email": person.email,
            "name": person.name,
            "state": person.state,
            "language": person.language,
            "topics": sorted(person.interests),
            "interests": dict(person.interests),
            "kinds": sorted(person.kinds),
            "frequency": person.frequency,
            "paused_until": person.resumes_at.isoformat() if person.resumes_at else None,
            "next": _next(session, person, [each.reason for each in suppressed], now),
            "consents": [
                {
                    "action": each.action,
                    "at": each.at.isoformat(),
                    "source": each.source,
                    "wording": each.wording,
                    "version": each.version,
                    "proof": each.proof,
                }
                for each in consents.of(session, hmac)
            ],
            "suppressions": [
                {"scope": each.scope, "reason": each.reason, "at": each.at.isoformat()} for each in suppressed
            ],
            "deliveries": [
                {
                    "edition": period,
                    "state": each.state,
                    "message_id": each.message_id,
                    "accepted_at": each.accepted_at.isoformat() if each.accepted_at else None,
                    "bounced_at": each.bounced_at.isoformat() if each.bounced_at else None,
                    "reply": each.last_reply,
                }
                for each, period in sent
            ],
            "events": [
                {
                    "type": each.type,
                    "source": each.source,
                    "at": each.occurred_at.isoformat(),
                    **each.payload,
                    "said": _said(each, editions),
                }
                for each in told
            ],
        }


def _said(event: EventRow, editions: Mapping[int, str]) -> str:
    edition, said = editions[event.identity], event.payload
    match event.type:
        case EventType.BOUNCE:
            words = f"a {said['verdict']} bounce of {edition} ({said['rule']})"
        case EventType.COMPLAINT:
            words = f"a complaint about {edition} ({said['rule']})"
        case EventType.UNSUBSCRIBE:
            return f"they unsubscribed ({event.source})"
        case EventType.RETURNED:
            return f"they are active again: {said['why']}"
        case EventType.RESUBSCRIBE:
            return f"they came back: {said['why']}"
        case EventType.MOVED:
            return "they moved to this address from another one"
        case EventType.RESUMED:
            return f"staff made them active again: {said['why']}"
        case EventType.REVIEWED:
            words = "staff decided that the bounce tells the truth" if said["believed"] else "staff let the bounce be"
        case _:
            return f"{event.type} of {edition}; {said.get('reply', 'it counts for nothing')}"
    if "changed" in said:
        rests_on = ", ".join(dict.fromkeys(editions[each] for each in said["because"] if each in editions))
        return f"{words}; it made them {said['changed']}, since {said['why']} ({rests_on})"
    if "held" in said:
        return f"{words}; it waits for staff, since {said['held']['why']}"
    if said.get("late"):
        return f"{words}; it came too late to change anything"
    return f"{words}; nothing changed"


def _next(session: Session, person: Subscriber, reasons: list[str], now: datetime) -> str:
    """What would happen next, if nothing else does."""
    mailings = events.history(session, person.id)
    found = standing(mailings, now)
    match person.state:
        case SubscriberState.ACTIVE if found.run:
            return (
                f"Of {in_a_row(len(found.run))} nothing arrived, since {found.run[0].at:%Y-%m-%d}; at {RUN} over "
                f"{SPAN.days} days they are paused, and an edition that arrives ends the count."
            )
        case SubscriberState.ACTIVE:
            return "They get the next edition."
        case SubscriberState.PENDING:
            return "They get nothing before they confirm."
        case SubscriberState.PAUSED if person.id in events.paused(session) and mailings:
            last = max(mailings, key=lambda each: each.at)
            if last.probe and last.accepted and not last.answers:
                return f"The probe is out; if nothing comes back until {last.at + REACHED_AFTER:%Y-%m-%d}, they are active again."
            return (
                f"They get one message as a probe, of the first edition from {probe_from(mailings):%Y-%m-%d} on: if nothing "
                f"comes back in {REACHED_AFTER.days} days, they are active again; another soft bounce suppresses them."
            )
        case SubscriberState.PAUSED:
            return "They get nothing until their pause ends."
    if reasons and all(each in LIFTED for each in reasons):
        return "They get nothing; staff who know better can use `digest subscribers resume`."
    if set(reasons) == {UNSUBSCRIBED}:
        return "They get nothing; they alone can come back: by their page, within 30 days of leaving, or by signing up anew."
    return "They get nothing; only their own fresh sign-up brings them back."
