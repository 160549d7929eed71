"""An edition's way: approved, compiled, fanned out, sent. Every step can be repeated by anybody at any time."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime

from digest.core.address import parse
from digest.core.delivery import GIVE_UP_AFTER, Balance, State
from digest.core.edition import MOVES, WAITING, EditionState
from digest.core.envelope import Parcel
from digest.core.errors import Refused
from digest.core.finding import Finding, blocking
from digest.core.headers import Sender
from digest.core.reply import Accepted, Rejected, Reply
from digest.pipeline import preflight
from digest.pipeline.assemble import find
from digest.pipeline.compile import Press, store_blocks
from digest.pipeline.deliver import Route, begin, deliver, rescue, settle
from digest.pipeline.fan_out import fan_out
from digest.pipeline.preflight import Links, Spam
from digest.pipeline.receive import Keys
from digest.pipeline.specimen import draft_for, eml
from digest.store import deliveries, editions
from digest.store.database import Database
from digest.store.tables import EditionRow

BY_STAFF = "paused by staff"
"""Why an edition is held that staff paused, whether it had begun to go out or not."""


@dataclass(frozen=True, slots=True)
class Office:
    """What sending takes, chosen in one place (app/). `database` is durable; `random_key` makes an alphanumeric string.

    `press` is called for what has to be rendered: who only sends what lies ready stays small. `crew` delivers an edition
    in other processes; None: this one does it.
    """

    database: Database
    press: Callable[[], Press]
    sender: Sender
    keys: Keys
    route: Route
    clock: Callable[[], datetime]
    random_key: Callable[[], str]
    crew: "Crew | None" = None


Crew = Callable[[Office, int, asyncio.Event, Callable[[State], None]], Awaitable[Balance]]
"""Delivers what is due of an edition until it is told to stop, and tells of each delivery's new state."""


@dataclass(frozen=True, slots=True)
class Watch:
    """How somebody follows along: people fanned out of how many; each delivery's new state, of how many waiting."""

    fanned_out: Callable[[int, int], None] = lambda _done, _total: None
    waiting: Callable[[int], None] = lambda _count: None
    delivered: Callable[[State], None] = lambda _state: None


def check(office: Office, edition_id: int, links: Links | None = None, spam: Spam | None = None) -> list[Finding]:
    """What is to be said of an edition before it goes out."""
    db, press, sender, key = office.database, office.press(), office.sender, office.random_key()
    return preflight.check(db, press, sender, edition_id, now=office.clock(), slot_key=key, links=links, spam=spam)


def approve_checked(office: Office, edition_id: int, by: str) -> None:
    """`approve`, unless something blocks it. Refused then, saying what."""
    if found := blocking(check(office, edition_id)):
        period = get(office.database, edition_id).period
        raise Refused(
            f"{period} is not approved: {preflight.reasons(found)}. `digest edition check {period}` says what to do; "
            f"`digest edition approve {period} --anyway` approves it as it is."
        )
    approve(office, edition_id, by)


def approve(office: Office, edition_id: int, by: str) -> None:
    """draft → approved: the content is compiled and frozen. Refused if a template is in the way."""
    now = office.clock()
    with office.database.read() as session:
        row = editions.get(session, edition_id)
        if row.state == EditionState.DRAFT and not editions.items(session, edition_id):
            raise Refused(f"{row.period} has no items, so there is nothing to approve; add some and assemble it again.")
    store_blocks(office.database, office.press(), edition_id, office.random_key(), now)
    change(office.database, edition_id, "approve", held_reason=None, approved_by=by, approved_at=now)


def change(database: Database, edition_id: int, move: str, **values: object) -> None:
    """One of the moves of an edition. Refused, saying what it is, if it cannot be made from there."""
    froms, to = MOVES[move]
    with database.write() as session:
        row = editions.get(session, edition_id)
        state = EditionState(row.state)
        if move == "reopen" and row.fanned_out_at is not None:
            raise Refused(f"{row.period} has been fanned out and cannot be reopened.")
        if not editions.move(session, edition_id, froms, to, **values):
            allowed = " or ".join(sorted(froms))
            raise Refused(f"{row.period} is {state}; to {move} it, it must be {allowed}.")
        if move == "reopen":
            editions.drop_blocks(session, edition_id)
            editions.set_values(session, edition_id, compiled_at=None, approved_at=None, approved_by=None)
        if move == "cancel":
            deliveries.skip_open(session, edition_id, "the edition was cancelled")


def pause(database: Database, edition_id: int) -> None:
    """sending → paused, by staff. What is still to go out is held instead, so that no scheduler sends it."""
    with database.write() as session:
        row = editions.get(session, edition_id)
        if row.state in WAITING:
            editions.set_values(session, edition_id, held_reason=row.held_reason or BY_STAFF)
            return
    change(database, edition_id, "pause", held_reason=BY_STAFF)


def resume(database: Database, edition_id: int, now: datetime) -> None:
    """paused → sending, by staff: the days after which the edition expires start anew. What staff held is held no longer."""
    with database.write() as session:
        row = editions.get(session, edition_id)
        if row.state in WAITING and row.held_reason == BY_STAFF:
            editions.set_values(session, edition_id, held_reason=None)
            return
    change(database, edition_id, "resume", held_reason=None, expires_at=now + GIVE_UP_AFTER)


def get(database: Database, edition_id: int) -> EditionRow:
    with database.read() as session:
        return editions.get(session, edition_id)


async def send(
    office: Office, edition_id: int, *, approval_required: bool, stop: asyncio.Event, watch: Watch
) -> Balance:
    """Send what is due, from wherever the edition stands. Refused if it may not be sent; the balance otherwise."""
    db = office.database
    rescue(db)
    with db.read() as session:
        row = editions.get(session, edition_id)
    state = EditionState(row.state)
    if state is EditionState.DRAFT:
        if approval_required or row.held_reason:
            why = row.held_reason or "approval is required"
            raise Refused(f"{row.period} is a draft ({why}); look at it, then `digest edition approve {row.period}`.")
        try:
            approve_checked(office, edition_id, "automatic")
        except Refused:
            if get(db, edition_id).state == EditionState.DRAFT:
                raise  # and otherwise another sender was first
    elif state is EditionState.PAUSED or (state is EditionState.APPROVED and row.held_reason == BY_STAFF):
        raise Refused(
            f"{row.period} is paused ({row.held_reason or 'by staff'}); `digest edition resume {row.period}` first."
        )
    elif state in (EditionState.CANCELLED, EditionState.MISSED):
        raise Refused(f"{row.period} is {state} and is not sent.")
    begin(db, edition_id, office.clock())
    if row.fanned_out_at is None and state is not EditionState.SENT:
        await _fan_out(office, edition_id, stop, watch)
    balance = settle(db, edition_id, office.clock())
    if not balance.pending or stop.is_set():
        return balance
    watch.waiting(balance.pending)
    if office.crew is not None:
        return await office.crew(office, edition_id, stop, watch.delivered)
    return await deliver(
        db, edition_id, sender=office.sender, keys=office.keys, route=office.route, owner=office.random_key(),
        clock=office.clock, stop=stop, progress=watch.delivered,
    )  # fmt: skip


class _Stopped(Exception):
    """Somebody does not want to wait until all have been chosen for."""


async def _fan_out(office: Office, edition_id: int, stop: asyncio.Event, watch: Watch) -> None:
    """In a thread, so that signals and requests are heard meanwhile; it can be stopped between two chunks."""

    def told(done: int, total: int) -> None:
        watch.fanned_out(done, total)
        if stop.is_set():
            raise _Stopped

    with contextlib.suppress(_Stopped):
        await asyncio.to_thread(
            fan_out, office.database, office.press(), office.sender, edition_id, office.clock(), told
        )


async def send_test(office: Office, reference: str, address: str) -> Reply:
    """One copy, as somebody with no interests gets it, to an address of staff's. Nothing is recorded or counted."""
    now = office.clock()
    room, claimed = draft_for(office.database, office.press(), office.sender, reference, None, now, office.random_key())
    try:
        # A name of its own: mailboxes and outboxes take what comes under one Message-ID for one message.
        message_id = f"<{office.random_key()}@{office.sender.domain}>"
        claimed = replace(claimed, address=parse(address).email, message_id=message_id)
    except ValueError as error:
        raise Refused(f"{error}.") from None
    wire = eml(room, claimed, now)
    connection = await office.route.connect()
    try:
        outcome = await connection.offer(Parcel(office.sender.address, claimed.address, wire)) or await connection.dot()
    finally:
        await connection.close()
    match outcome:
        case Accepted(reply):
            return reply
        case Rejected(reply):
            raise Refused(f"The mail server refused the test: {reply}.")
        case _:
            raise Refused("The connection was lost before the mail server answered; the test may not have arrived.")


def resolve_uncertain(database: Database, reference: str, *, resend: bool, now: datetime) -> int:
    """Staff decide about deliveries in doubt: queue them again under the same Message-ID, or let them be. How many.

    A decision to send starts the days anew after which the edition expires.
    """
    with database.write() as session:
        row = find(session, reference)
        edition_id = row.identity
        if not resend:
            reply = "let be by staff: the server never confirmed it, so it may or may not have arrived"
            return deliveries.settle_uncertain(session, edition_id, State.FAILED, reply)
        froms, to = MOVES["resend"]
        if not editions.move(session, edition_id, froms, to, expires_at=now + GIVE_UP_AFTER):
            raise Refused(
                f"{row.period} is {row.state}, so nothing of it is sent any more; let its uncertain deliveries be."
            )
        return deliveries.settle_uncertain(session, edition_id, State.PENDING, None)
