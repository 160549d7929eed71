"""One door for all that comes back: bounces, complaints, unsubscribes by mail or click, and refusals at RCPT.

Whose delivery it is, a signed token says, never an address. An event and the change it causes are one transaction; the same
event again changes nothing.
"""

import hashlib
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlmodel import Session

from digest.core.dsn import MAX_BYTES, Kind, Report, Verdict, classify, judge
from digest.core.event import EventType
from digest.core.pacing import slows
from digest.core.reply import Reply
from digest.core.standing import BELIEVED_FOR, COMPLAINT, UNSUBSCRIBED
from digest.core.subscriber import GONE, SubscriberState
from digest.core.token import Keyring, Purpose, address_hmac
from digest.pipeline import notices, standing
from digest.pipeline.consent import leave, leave_all
from digest.store import deliveries, editions, events, letters, pacing, subscribers, suppressions
from digest.store.database import Database
from digest.store.deliveries import Claimed
from digest.store.tables import DeliveryRow


@dataclass(frozen=True, slots=True)
class Keys:
    """What it takes to believe a token and to remember an address."""

    ring: Keyring
    pepper: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Received:
    """What a message was, and what it did: `effect` is for people. `unread`: it broke a limit, and did nothing."""

    kind: Kind
    verdict: Verdict
    rule: str
    delivery_id: int | None
    effect: str
    unread: bool = False


def receive(
    db: Database,
    message: bytes,
    recipient: str | None,
    keys: Keys,
    now: datetime,
    read: Callable[[bytes], Report] = classify,
) -> Received:
    """Take one message. `recipient` is the envelope's; without it the header's own word is used. `read` may raise."""
    addressed = recipient or _addressed(message)
    leaver = keys.ring.find(Purpose.UNSUBSCRIBE, addressed)
    report = read(message if leaver is None else _goodbye(message))
    with db.write() as session:
        if leaver is not None and report.kind not in (Kind.AUTOREPLY, Kind.BOUNCE, Kind.DELAY):
            effect = _leave(session, [leaver], "mailto", _identity(message), keys, now)[leaver]
            return Received(Kind.UNSUBSCRIBE, Verdict.UNSUBSCRIBE, "mail to the unsubscribe address", None, effect)
        return _take(session, report, addressed, message, keys, now)


def reported(db: Database, report: Report, said: bytes, keys: Keys, now: datetime) -> Received:
    """Take what a provider reports otherwise than by mail. `said`: all of it, by which what is nobody's is known again."""
    with db.write() as session:
        return _take(session, report, report.tokens.envelope_id or "", said, keys, now)


def unsubscribe(session: Session, subscriber_ids: Collection[int], keys: Keys, now: datetime) -> None:
    """Whoever asked in one click (RFC 8058), as many as there are: at once, again and again."""
    _leave(session, subscriber_ids, "one-click", now.isoformat(), keys, now)


def rejected(session: Session, delivery_id: int, reply: Reply, keys: Keys, now: datetime) -> Verdict:
    """A 5xx to the recipient or the message makes no bounce message: the sender records it through this door."""
    verdict = judge(reply.code, reply.enhanced, reply.text)
    delivery = deliveries.get(session, delivery_id)
    if delivery is not None:
        report_of = {"verdict": str(verdict), "status": reply.enhanced, "rule": f"SMTP reply {reply.code}"}
        event = _record(session, EventType.BOUNCE, delivery, "smtp", report_of, now)
        if event is not None:
            events.came_back(session, delivery, now)
            standing.act(session, delivery, event, keys.pepper, now)
    return verdict


def not_taken(session: Session, claimed: Claimed, said: str, now: datetime) -> None:
    """A reply that leaves the delivery open, or what came instead of one, is kept. It counts for nothing."""
    events.record(
        session, EventType.ATTEMPT, source="smtp", source_event_id=f"{claimed.id}/{now.isoformat()}", now=now,
        delivery_id=claimed.id, subscriber_id=claimed.subscriber_id, payload={"reply": said},
    )  # fmt: skip


def _goodbye(message: bytes) -> bytes:
    """Of one that is too long, whatever is attached to it, the header is enough. A machine's report is none."""
    head = re.split(rb"\r?\n\r?\n", message, maxsplit=1)[0]
    return head if len(message) > MAX_BYTES and b"multipart/report" not in head.lower() else message


def _addressed(message: bytes) -> str:
    """All that the message says of whom it is for, what delivery agents wrote first: a mailbox may stand before the token."""
    return " ".join(_said(message, "delivered-to", "x-original-to", "envelope-to", "to"))


def _identity(message: bytes) -> str:
    """The same for a message however often, and by whichever way, it comes: its Message-ID, else all of it. 64 hex digits."""
    return hashlib.sha256("".join(_said(message, "message-id")).encode() or message).hexdigest()


def _said(message: bytes, *names: str) -> list[str]:
    """The values of these headers, in the order of the names."""
    head = message[:65536].replace(b"\r\n", b"\n").partition(b"\n\n")[0].decode("latin-1")
    lines = head.replace("\n ", " ").replace("\n\t", " ").split("\n")
    return [
        line.partition(":")[2][:1000].strip() for name in names for line in lines if line.lower().startswith(name + ":")
    ]


def _delivery(session: Session, report: Report, addressed: str, ring: Keyring) -> tuple[DeliveryRow | None, bool]:
    """The delivery, and whether its token is one that only the mail system saw (the envelope's)."""
    for said in (addressed, report.tokens.envelope_id or ""):
        if (number := ring.find(Purpose.BOUNCE, said)) is not None:
            return deliveries.get(session, number), True
    for said in (*report.tokens.digest_delivery, *report.tokens.message_ids):
        if (number := ring.find(Purpose.MESSAGE, said)) is not None:
            return deliveries.get(session, number), False
    return None, False


def _take(session: Session, report: Report, addressed: str, message: bytes, keys: Keys, now: datetime) -> Received:
    if (letter := keys.ring.find(Purpose.LETTER, addressed)) is not None:
        effect = _letter_back(session, letter, report.verdict, keys, now)
        return Received(report.kind, report.verdict, report.rule, None, effect)
    delivery, certain = _delivery(session, report, addressed, keys.ring)
    effect = _apply(session, report, delivery, certain, message, keys, now)
    return Received(report.kind, report.verdict, report.rule, delivery.id if delivery else None, effect)


def _apply(
    session: Session,
    report: Report,
    delivery: DeliveryRow | None,
    certain: bool,
    message: bytes,
    keys: Keys,
    now: datetime,
) -> str:
    details = {"verdict": str(report.verdict), "status": report.status, "rule": report.rule, "certain": certain}
    if delivery is None:
        unknown = hashlib.sha256(message).hexdigest()
        events.record(
            session, EventType(report.kind), source="inbound", source_event_id=unknown, now=now, payload=details
        )
        return "recorded, and changes nobody: no valid token says whose delivery it is"
    if report.kind not in (Kind.BOUNCE, Kind.COMPLAINT):
        _record(session, EventType(report.kind), delivery, "inbound", details, now)
        return "recorded; it counts for nothing"
    old = delivery.accepted_at is not None and now - delivery.accepted_at > BELIEVED_FOR
    event = _record(session, EventType(report.kind), delivery, "inbound", details | {"late": old}, now)
    if event is None:
        return "known already; nothing changed"
    if old:
        return f"recorded; it came more than {BELIEVED_FOR.days} days after the delivery and changes nothing"
    events.came_back(session, delivery, now, complaint=report.kind is Kind.COMPLAINT)
    if certain and report.verdict in (Verdict.SOFT, Verdict.POLICY):
        _set_back(session, report, delivery, now)
    change = standing.act(session, delivery, event, keys.pepper, now)
    if change is None and report.verdict is Verdict.HARD and not certain:
        change = "the subscriber stays until a second edition confirms it, since the token travels with forwards"
    return f"counted as {report.verdict}; {change or 'the subscriber stays as they are'}"


def _set_back(session: Session, report: Report, delivery: DeliveryRow, now: datetime) -> None:
    """What a provider refused after the mail server had taken it slows the domain as its own answer would.

    Too much of it for policy pauses the domain, and staff hear of it.
    """
    policy = report.verdict is Verdict.POLICY
    if policy or (report.status and report.status.startswith("4.") and slows(450, report.status)):
        period = editions.get(session, delivery.edition_id).period
        said = f"{report.status or 'no status'} ({report.rule})"
        why = pacing.came_back(
            session.connection(), delivery.domain, delivery.edition_id, period, now, said, policy=policy
        )
        if why:
            text = (
                f"{why}. Nothing is sent there for a day; `digest edition show {period}` and `digest pacing` say more."
            )
            what = f"policy/{delivery.edition_id}/{delivery.domain}"
            notices.alarm(session, what, f"{delivery.domain} refuses {period}", text, now)


def _record(
    session: Session, type_: EventType, delivery: DeliveryRow, source: str, details: Mapping[str, object], now: datetime
) -> int | None:
    return events.record(
        session, type_, source=source, source_event_id=f"{type_}/{delivery.id}", now=now,
        delivery_id=delivery.id, subscriber_id=delivery.subscriber_id, payload=dict(details),
    )  # fmt: skip


def _letter_back(session: Session, number: int, verdict: Verdict, keys: Keys, now: datetime) -> str:
    """Of a letter came something back: an address that is dead or complains gets no reminder, and who complains leaves."""
    letter = letters.get(session, number)
    if letter is None or verdict not in (Verdict.HARD, Verdict.COMPLAINT):
        return "it came of a letter, and counts for nothing"
    if letter.confirmation_id:
        letters.drop(session, letter.confirmation_id)
    if verdict is Verdict.HARD:
        return "nothing more is written about that letter"
    if person := subscribers.by_key(session, letter.address_key):
        if person.state != SubscriberState.SUPPRESSED:
            leave(session, person, pepper=keys.pepper, now=now, reason=COMPLAINT, state=SubscriberState.SUPPRESSED)
    else:
        suppressions.put(session, address_hmac(keys.pepper, letter.address_key), COMPLAINT, now)
    return "the address is suppressed: a complaint ends all mail"


def _leave(
    session: Session, subscriber_ids: Collection[int], way: str, which: str, keys: Keys, now: datetime
) -> dict[int, str]:
    """Subscriber → what it did. `which` tells one request of that `way` from another: a mail that comes again, after they came
    back, is none.
    """
    effects = dict.fromkeys(subscriber_ids, "nobody of that number is left")
    people = {each.id: each for each in subscribers.by_ids(session, subscriber_ids)}
    effects |= dict.fromkeys(people, "they had left already")
    staying = {f"{each.id}/{which}": each for each in people.values() if each.state not in GONE}
    if not staying:
        return effects
    last = deliveries.last_of(session, people)
    entries = {key: {"subscriber_id": each.id, "delivery_id": last.get(each.id)} for key, each in staying.items()}
    recorded = events.record_all(session, EventType.UNSUBSCRIBE, source=way, entries=entries, now=now)
    for key, person in staying.items():
        effects[person.id] = "unsubscribed" if key in recorded else "known already; nothing changed"
    leaving = [(staying[key], event) for key, event in recorded.items()]
    if leaving:
        leave_all(
            session, leaving, pepper=keys.pepper, now=now, reason=UNSUBSCRIBED, state=SubscriberState.UNSUBSCRIBED
        )
    for person, _ in leaving if way == "mailto" else ():  # who clicked has seen a page, or wants no more mail (ADR 18)
        letters.queue(session, letters.Kind.GOODBYE, person.email, person.key, now, subscriber=person.id)
    return effects
