"""Letters: mails about one thing to one person, written when they are due and sent beside the editions.

Whoever wants one sent stores a row, in the transaction that gives reason for it; a page waits for no mail server. A row is
claimed for a while, so that a crash loses nothing, and a letter that comes twice has one Message-ID (docs/adr/0018-letters.md).
"""

import asyncio
import math
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlmodel import Session

from digest.core.dkim import sign
from digest.core.envelope import Parcel
from digest.core.errors import Refused
from digest.core.headers import Note, Sender, note_header, serialise
from digest.core.message import Block, Composer
from digest.core.reply import Accepted, Outcome, Rejected
from digest.core.subscriber import SubscriberState
from digest.core.token import Purpose
from digest.core.when import zone
from digest.pipeline import notices
from digest.pipeline.assemble import Plan
from digest.pipeline.compile import TopicNames, topic_name
from digest.pipeline.dispatch import Office
from digest.pipeline.farewell import masked
from digest.rendering import letters as forms
from digest.rendering.letters import Letter, Written
from digest.store import confirmations, letters, subscribers
from digest.store.letters import Kind
from digest.store.tables import LetterRow
from digest.store.topics import topic_names

LEASE = timedelta(minutes=10)
"""Whoever claimed a letter has so long to send it; then it is due again."""
FIRST_PAUSE, ATTEMPTS = timedelta(minutes=5), 10
"""Pauses double: a mailbox that is full for a day and a half still gets it."""
GOOD_FOR = timedelta(days=7)
"""How long what was asked for can be confirmed."""
BOUNDARY = "=_letter"


async def post(office: Office, plan: Plan, stop: asyncio.Event) -> int:
    """Send the letters that are due. How many a server took. Refused if the mail server is in the way."""
    taken, connection = 0, None
    try:
        while not stop.is_set() and await asyncio.to_thread(_any_due, office):
            if connection is None or not connection.alive:
                connection = await office.route.connect()  # before the claim: a closed door costs no letter an attempt
            claimed = await asyncio.to_thread(_claim, office)
            if claimed is None:
                break
            wire = await asyncio.to_thread(_wire, office, plan, claimed)
            outcome = None
            if wire is not None:
                envelope = office.sender.returns("letter", _token(office, claimed))
                outcome = await connection.offer(Parcel(envelope, claimed.address, wire)) or await connection.dot()
                taken += isinstance(outcome, Accepted)
            await asyncio.to_thread(_settle, office, claimed, outcome)
    finally:
        if connection is not None:
            await connection.close()
    return taken


def _any_due(office: Office) -> bool:
    with office.database.read() as session:
        return bool(letters.due(session, office.clock(), 1))


def _claim(office: Office) -> LetterRow | None:
    now = office.clock()
    with office.database.write() as session:
        return next((each for each in letters.due(session, now, 1) if letters.claim(session, each, now + LEASE)), None)


def _settle(office: Office, claimed: LetterRow, outcome: Outcome | None) -> None:
    """`outcome`: None where there was nothing to say any more."""
    now, number = office.clock(), claimed.identity
    with office.database.write() as session:
        match outcome:
            case None | Accepted():
                letters.done(session, number, now)
            case Rejected() if outcome.ours:
                letters.postpone(session, number, now + FIRST_PAUSE)
            case Rejected() if outcome.permanent:
                letters.done(session, number, now)
                if claimed.confirmation_id:
                    letters.drop(session, claimed.confirmation_id)  # nor the reminder
            case _ if claimed.attempts < ATTEMPTS:
                letters.postpone(session, number, now + FIRST_PAUSE * 2 ** (claimed.attempts - 1))
            case _:
                letters.done(session, number, now)
                _alarm(session, claimed, now)
    if isinstance(outcome, Rejected) and outcome.ours:
        raise Refused(f"The mail server takes no letters: {outcome.reply}.")


def _alarm(session: Session, given_up: LetterRow, now: datetime) -> None:
    """Staff are told of the first on a day: one mailbox may be full, but the way out may also be blocked."""
    domain = given_up.address.rpartition("@")[2]
    text = (
        f"No server took the letter “{given_up.kind}” to somebody at {domain}, in {ATTEMPTS} attempts. If more are given up "
        "today, you hear no more of it; the log of your mail server says why."
    )
    notices.alarm(session, f"letters/{now:%Y-%m-%d}", f"A letter was given up on {now:%Y-%m-%d}", text, now)


def _wire(office: Office, plan: Plan, row: LetterRow) -> bytes | None:
    """The letter as it is true now; None if there is nothing to say any more."""
    now = office.clock()
    with office.database.read() as session:
        said = _letter(session, office.sender, plan, row, now)
    if said is None:
        return None
    letter, language = said
    press = office.press()
    written = forms.write(press.compiler.templates, letter, language, press.publication)
    note = Note(
        to=row.address, subject=written.subject, date=now,
        message_id=f"<{_token(office, row)}@{office.sender.domain}>", language=language, boundary=BOUNDARY,
        reader=row.subscriber_id if row.kind in (Kind.WELCOME, Kind.SUBSCRIBED) else None,
    )  # fmt: skip
    return on_the_wire(office.sender, note, written, office.sender.metadata(_token(office, row)))


def _token(office: Office, row: LetterRow) -> str:
    return office.sender.keyring.issue(Purpose.LETTER, row.identity)


def on_the_wire(sender: Sender, note: Note, written: Written, unsigned: Sequence[tuple[str, str]] = ()) -> bytes:
    """A signed message with both parts, CRLF line ends, no leading dots. `unsigned`: fields before it."""
    blocks = [Block("text", "foot", (written.text,)), Block("html", "foot", (written.html,))]
    body, fields = Composer(blocks, note.boundary).body((), {}), note_header(sender, note)
    return serialise([*unsigned, *sign(fields, body, sender.dkim, note.date), *fields]) + body


def _letter(session: Session, sender: Sender, plan: Plan, row: LetterRow, now: datetime) -> tuple[Letter, str] | None:
    """What to say, and the language of who reads it."""
    named = topic_names(session)
    if row.confirmation_id is not None:
        asked = confirmations.get(session, row.confirmation_id)
        left = asked and math.ceil((asked.asked_at + GOOD_FOR - now) / timedelta(days=1))
        url = sender.confirm_url(row.confirmation_id)
        if asked is None or not left or left < 1 or asked.confirmed_at or url is None:
            return None
        if row.kind == Kind.MOVE:
            return forms.Move("", url, left), asked.language
        return forms.Confirm("", _named(named, asked.topics.split(";"), asked.language), url, left), asked.language
    person = subscribers.by_id(session, row.subscriber_id or 0)
    page = sender.preferences_url(person.id) if person else None
    match row.kind:
        case Kind.WELCOME if person and person.state == SubscriberState.ACTIVE:
            first = plan.schedule.next(now).astimezone(zone(plan.schedule.timezone)).date()
            topics = _named(named, person.interests, person.language)
            return forms.Welcome(person.name, topics, first, sender.unsubscribe_url(person.id), page), person.language
        case Kind.SUBSCRIBED if person and page:
            return forms.Subscribed(person.name, page), person.language
        case Kind.MOVED if person:
            return forms.Moved(person.name, masked(person.email)), person.language
        case Kind.GOODBYE if person and person.state == SubscriberState.UNSUBSCRIBED:
            return forms.Goodbye(person.name, page), person.language
    return None


def _named(named: TopicNames, slugs: Iterable[str], language: str) -> tuple[str, ...]:
    return tuple(sorted((topic_name(named, slug, language) for slug in slugs if slug in named), key=str.casefold))
