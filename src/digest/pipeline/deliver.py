"""Delivery: claims become messages on open connections, every result a durable row.

The order in which things happen is the whole point (docs/adr/0003-the-mark.md): claim, compose, MAIL, RCPT, DATA, the message;
then the mark, durable; then the dot; then the answer, recorded together with the next mark.
"""

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import Connection as Db
from sqlmodel import Session

from digest.core.delivery import GIVE_UP_AFTER, Balance, State, retry_at
from digest.core.dsn import Verdict, judge
from digest.core.edition import MOVES, EditionState
from digest.core.errors import Refused, TryAgain
from digest.core.headers import Sender
from digest.core.pacing import FREE, Limits, at_once, slows
from digest.core.reply import Accepted, Lost, Outcome, Rejected, Reply, Unknown
from digest.pipeline import receive
from digest.pipeline.compose import Mailroom, mailroom
from digest.pipeline.ledger import Ledger, LedgerStopped, Work
from digest.pipeline.receive import Keys
from digest.store import deliveries, editions, owners, pacing
from digest.store.database import Database
from digest.store.deliveries import Claimed
from digest.store.pacing import WHOLE, Claim
from digest.transports.smtp import Connection, ServerBusy

T = TypeVar("T")

CLAIM_AHEAD = 200
MARK_GOOD_FOR = 30.0
"""Seconds (monotonic) within which the dot must follow its mark: a process that slept longer cannot know what changed."""
OURS_IN_A_ROW = 3
POLICY_IN_A_ROW = 20
RECONNECT_PAUSES = (0.2, 1.0, 3.0, 5.0)
MESSAGES_A_CONNECTION = 500
WAIT_FOR_PACE = timedelta(seconds=60)
"""The longest that a run waits for the next message that the pacing allows; it ends when that comes later."""


@dataclass(frozen=True, slots=True)
class Route:
    """How mail leaves: `connect` opens a connection, of which `connections` may be open at once, at most as fast as `limits`."""

    connect: Callable[[], Awaitable[Connection]]
    connections: int
    limits: Limits = FREE


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a delivery: how it is recorded, and the state to tell of once that is durable."""

    state: State
    work: Work


@dataclass(frozen=True, slots=True)
class Marking:
    """What became of the mark: `result` instead of a message to finish, or None and the monotonic time of the mark."""

    result: State | None
    at: float


class Run:
    """One sender at work on one edition until nothing is due, somebody stops it, or the mail server is in the way.

    `trouble` is what was in the way, `halted` why the edition may not be sent any more.
    """

    def __init__(
        self,
        ledger: Ledger,
        room: Mailroom,
        edition_id: int,
        expires_at: datetime,
        owner: str,
        route: Route,
        keys: Keys,
        clock: Callable[[], datetime],
        stop: asyncio.Event,
        progress: Callable[[State], None],
    ) -> None:
        self._ledger, self._room, self._edition_id, self._owner = ledger, room, edition_id, owner
        self._expires_at = expires_at
        self._route, self._keys, self._clock, self._stop, self._progress = route, keys, clock, stop, progress
        self._ahead: deque[Claimed] = deque()
        self._claiming = asyncio.Lock()
        self._after = 0
        self._learning: set[str] = set()  # domains whose acceptances the pacing wants to hear of
        self._closed: set[str] = set()  # domains that closed since the last claim
        self._ours = self._policy = 0
        self.trouble: Exception | None = None
        self.halted: str | None = None

    async def go(self) -> None:
        """Send what is due. The first connection is opened before the others, so that a closed door is knocked at once."""
        try:
            if not await self._stock([]) or (first := await self._connect(patient=False)) is None:
                return
        except LedgerStopped as error:
            self.trouble = error
            return
        slow = self._learning or self._route.limits != FREE  # then more than is claimed now may come due later
        others = (self._route.connections if slow else min(self._route.connections, len(self._ahead))) - 1
        await asyncio.gather(self._line(first), *(self._line(None) for _ in range(others)))

    async def _line(self, connection: Connection | None) -> None:
        """One connection's work. `held` is an acceptance that waits to be recorded with the next mark; nothing else waits.

        An error ends the run; the other lines finish what they have in flight.
        """
        held: list[Result] = []
        used = 0
        try:
            while not self._over and (claimed := await self._take(held)) is not None:
                if connection is not None and (not connection.alive or used >= MESSAGES_A_CONNECTION):
                    await connection.close()
                    connection = None
                if connection is None:
                    await self._record(held, _nothing)
                    connection, used = await self._connect(patient=True), 0
                    if connection is None:
                        break  # what is claimed is given back with the rest
                used += 1
                result = await self._send(connection, claimed, held)
                if result is not None:
                    held.append(result)
                    if result.state is not State.ACCEPTED:
                        await self._record(held, _nothing)
            await self._record(held, _nothing)
        except Exception as error:
            self.trouble = self.trouble or error
            if not isinstance(error, LedgerStopped):
                with contextlib.suppress(LedgerStopped):
                    await self._record(held, _nothing)
        finally:
            if connection is not None:
                await connection.close()

    async def _send(self, connection: Connection, claimed: Claimed, held: list[Result]) -> Result | None:
        """One message, with the mark before its dot. None if the mark was refused, which is recorded already."""
        try:
            wire = self._room.compose(claimed, self._clock())
        except ValueError as error:
            return self._finish(claimed, State.CLAIMED, State.FAILED, last_reply=f"it cannot be composed: {error}")
        if wire is None:
            return self._finish(claimed, State.CLAIMED, State.SKIPPED, last_reply="nothing to say: all of it is over")
        sender = self._room.sender.envelope_sender(claimed.id)
        outcome: Outcome | None = await connection.offer(sender, claimed.address, wire)
        if outcome is not None:
            return self._settle(claimed, outcome, State.CLAIMED)
        marking = await self._record(held, lambda db: self._mark(db, claimed))
        if marking.result is not None:
            connection.abort()
            self._progress(marking.result)
            return None
        if time.monotonic() - marking.at > MARK_GOOD_FOR:
            connection.abort()
            return self._settle(claimed, Lost("the mark was too old to trust"), State.TRANSMITTING)
        return self._settle(claimed, await connection.dot(), State.TRANSMITTING)

    # What is recorded, in the ledger's thread. A group may be tried several times: nothing here counts or tells.

    async def _record(self, held: list[Result], last: Callable[[Db], T]) -> T:
        """What is held and then `last`, in one durable group; after that the bar hears of it."""
        results = tuple(held)

        def work(db: Db) -> T:
            for each in results:
                each.work(db)
            return last(db)

        answer = await self._ledger.do(work)
        held.clear()
        for each in results:
            self._progress(each.state)
        return answer

    def _mark(self, db: Db, claimed: Claimed) -> Marking:
        now, at = self._clock(), time.monotonic()
        if deliveries.mark(db, claimed.id, self._owner, now):
            return Marking(None, at)
        if (state := editions.get(Session(bind=db), self._edition_id).state) != EditionState.SENDING:
            self.halted = self.halted or f"the edition is {state}"
        reason = deliveries.why_unmarked(db, claimed.id, now)
        result = (
            self._finish(claimed, State.CLAIMED, State.SKIPPED, last_reply=reason)
            if reason
            else self._finish(claimed, State.CLAIMED, State.PENDING)
        )
        result.work(db)
        return Marking(result.state, at)

    def _finish(self, claimed: Claimed, expected: State, state: State, **values: Any) -> Result:
        return Result(state, lambda db: deliveries.finish(db, claimed.id, self._owner, expected, state, **values))

    # What an outcome means.

    def _settle(self, claimed: Claimed, outcome: Outcome, state: State) -> Result:
        """The row's next state. `attempts` was raised by the mark, if there was one."""
        now = self._clock()
        tries = claimed.attempts + 1
        counted = {} if state is State.TRANSMITTING else {"attempts": tries}
        match outcome:
            case Accepted(reply):
                self._ours = self._policy = 0
                taken = self._finish(
                    claimed, state, State.ACCEPTED, last_reply=str(reply), remote_id=reply.text[:200], accepted_at=now
                )
                return self._went_well(taken, claimed.domain, now)
            case Unknown(detail):
                return self._finish(
                    claimed, state, State.UNCERTAIN, last_reply=f"no answer after the dot: {detail}"[:500]
                )
            case Lost(detail):
                later = None if tries == 1 else retry_at(claimed.id, tries - 1, now)
                lost = self._finish(claimed, state, State.PENDING, last_reply=detail[:500], not_before=later, **counted)
                return self._slower(lost, WHOLE, detail, now) if outcome.closing else lost
            case Rejected(reply) if outcome.ours:
                trouble = self._our_trouble(claimed, outcome, now)
                return trouble if outcome.permanent else self._slower(trouble, WHOLE, str(reply), now)
            case Rejected(reply):
                self._ours = 0
                if outcome.permanent:
                    return self._refused(claimed, state, reply, now, counted)
                again = self._again(claimed, state, str(reply), retry_at(claimed.id, tries, now), counted)
                if not slows(reply.code, reply.enhanced):
                    return again
                domain = WHOLE if reply.code == 421 else claimed.domain
                return self._slower(again, domain, str(reply), now, enough=at_once(reply))
        raise AssertionError(f"an outcome without a consequence: {outcome}")

    def _again(self, claimed: Claimed, state: State, said: str, later: datetime, counted: dict[str, Any]) -> Result:
        """Another try, unless that would be after the edition expired."""
        if later >= self._expires_at:
            return self._finish(
                claimed, state, State.FAILED, last_reply=f"given up after three days: {said}", **counted
            )
        return self._finish(claimed, state, State.PENDING, last_reply=said, not_before=later, **counted)

    def _refused(self, claimed: Claimed, state: State, reply: Reply, now: datetime, counted: dict[str, Any]) -> Result:
        """Refused for good: an event through the same door as a bounce. A long run of policy is the sender's trouble."""
        self._policy = self._policy + 1 if judge(reply.code, reply.enhanced, reply.text) is Verdict.POLICY else 0
        failed = self._finish(claimed, state, State.FAILED, last_reply=str(reply), **counted)

        def work(db: Db) -> None:
            failed.work(db)
            with Session(bind=db) as session:
                receive.rejected(session, claimed.id, reply, self._keys, now)
                session.flush()

        if self._policy < POLICY_IN_A_ROW:
            return Result(State.FAILED, work)
        reason = f"{self._policy} messages in a row were refused for policy, the last with: {reply}"
        return self._pausing(Result(State.FAILED, work), reason)

    def _our_trouble(self, claimed: Claimed, rejected: Rejected, now: datetime) -> Result:
        """The server takes nothing from this sender: no recipient's fault, so nobody's delivery fails by it."""
        self._ours += rejected.permanent
        later = None if rejected.permanent else now + timedelta(minutes=1)
        waiting = self._finish(claimed, State.CLAIMED, State.PENDING, last_reply=str(rejected.reply), not_before=later)
        if self._ours < OURS_IN_A_ROW:
            return waiting
        return self._pausing(waiting, f"the mail server refuses this sender: {rejected.reply}")

    def _pausing(self, result: Result, reason: str) -> Result:
        """The same, and the edition is paused with it."""
        self.halted = self.halted or reason
        froms, to = MOVES["pause"]

        def work(db: Db) -> None:
            result.work(db)
            editions.move(Session(bind=db), self._edition_id, froms, to, held_reason=reason)

        return Result(result.state, work)

    # What the pacing hears of it.

    def _went_well(self, result: Result, domain: str, now: datetime) -> Result:
        told = [each for each in (domain, WHOLE) if each in self._learning]

        def work(db: Db) -> None:
            result.work(db)
            for each in told:
                if not pacing.accepted(db, each, self._route.limits, now):
                    self._learning.discard(each)

        return Result(result.state, work) if told else result

    def _slower(self, result: Result, domain: str, said: str, now: datetime, *, enough: bool = False) -> Result:
        """The same, and the domain is set back by it; once it is closed, what was claimed ahead for it is given back."""

        def work(db: Db) -> None:
            result.work(db)
            self._learning.add(domain)
            if pacing.refused(db, domain, self._route.limits, now, said, enough=enough):
                self._closed.add(domain)

        return Result(result.state, work)

    # Where the next one comes from.

    @property
    def _over(self) -> bool:
        return self._stop.is_set() or self.trouble is not None or self.halted is not None

    async def _take(self, held: list[Result]) -> Claimed | None:
        if self._claiming.locked():  # the other may wait for the pace, and an acceptance should not
            await self._record(held, _nothing)
        async with self._claiming:
            return self._ahead.popleft() if await self._stock(held) else None

    async def _stock(self, held: list[Result]) -> bool:
        """See to it that there is something claimed ahead, waiting for the pace where that is short. Whether there is."""
        if self._closed:
            await self._give_back(held)
        while not self._ahead and not self._over:
            claim = await self._claim(held)
            if claim.opens_at is None or not await self._wait(claim.opens_at - self._clock()):
                break
        return bool(self._ahead) and not self._over

    async def _claim(self, held: list[Result]) -> Claim:
        def work(db: Db) -> Claim:
            return pacing.claim(
                db, self._edition_id, self._owner, self._clock(), CLAIM_AHEAD, self._route.limits, self._after
            )

        claim = await self._record(held, work)
        self._ahead.extend(claim.rows)
        self._after = claim.after
        self._learning |= claim.learning
        return claim

    async def _give_back(self, held: list[Result]) -> None:
        closed, ahead = self._closed, self._ahead
        self._closed = set()
        back = [each.id for each in ahead if WHOLE in closed or each.domain in closed]
        self._ahead = deque(each for each in ahead if each.id not in set(back))
        if back:
            limits = self._route.limits
            await self._record(held, lambda db: pacing.give_back(db, self._owner, limits, self._clock(), back))

    async def _wait(self, pause: timedelta) -> bool:
        """Wait for the pace, unless that takes too long or somebody stops the run."""
        if pause > WAIT_FOR_PACE:
            return False
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stop.wait(), max(pause.total_seconds(), 1.0))
        return not self._stop.is_set()

    async def _connect(self, *, patient: bool) -> Connection | None:
        """A new connection; None when the server will not have one, with the reason kept.

        Only a `patient` caller waits for a server that is away. One that refuses is not asked twice: it might lock us out.
        """
        for pause in (*RECONNECT_PAUSES, None):
            try:
                return await self._route.connect()
            except Refused as error:
                last = error
            if isinstance(last, ServerBusy) and await self._busy(str(last)):
                break
            if not patient or not isinstance(last, TryAgain) or pause is None or self._over:
                break
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), pause)
        self.trouble = self.trouble or last
        return None

    async def _busy(self, said: str) -> bool:
        """The server answers, and wants no connection now. Whether it is to be left alone for a while."""
        now, limits = self._clock(), self._route.limits
        self._learning.add(WHOLE)
        return await self._ledger.do(lambda db: pacing.refused(db, WHOLE, limits, now, said))


def _nothing(_db: Db) -> None:
    """There is only what is held."""


async def deliver(
    db: Database,
    edition_id: int,
    *,
    sender: Sender,
    keys: Keys,
    route: Route,
    owner: str,
    clock: Callable[[], datetime],
    stop: asyncio.Event,
    progress: Callable[[State], None] = lambda _state: None,
) -> Balance:
    """Send what is due of an edition that is sending. `db` must be durable. The balance afterwards.

    Refused, with a sentence, if the mail server or the database was in the way; what was sent stays counted.
    """
    with owners.living(db, owner):
        with db.read() as session:
            room = mailroom(session, edition_id, sender)
            expires_at = editions.get(session, edition_id).expires_at or clock()
        async with Ledger(db) as ledger:
            run = Run(ledger, room, edition_id, expires_at, owner, route, keys, clock, stop, progress)
            try:
                await run.go()
            finally:
                if not isinstance(run.trouble, LedgerStopped):
                    await ledger.do(lambda connection: _let_go(connection, owner, route.limits, clock()))
    if run.trouble is not None:
        raise run.trouble
    if run.halted is not None and not stop.is_set():
        with db.read() as session:
            row = editions.get(session, edition_id)
        if row.state != EditionState.PAUSED:
            raise Refused(f"{row.period} is {row.state}; the rest of it is not sent.")
        raise Refused(
            f"Sending is paused: {row.held_reason or run.halted}. "
            f"When that is mended, use `digest edition resume {row.period}`, then send."
        )
    return settle(db, edition_id)


def _let_go(connection: Db, owner: str, limits: Limits, now: datetime) -> None:
    """Give back what was claimed and not begun; of an edition cancelled meanwhile, it is skipped with the rest."""
    pacing.give_back(connection, owner, limits, now)
    _skip_cancelled(Session(bind=connection))


def _skip_cancelled(session: Session) -> None:
    for row in editions.in_states(session, EditionState.CANCELLED):
        deliveries.skip_open(session, editions.identity(row), "the edition was cancelled")


def begin(db: Database, edition_id: int, now: datetime) -> None:
    """approved → sending. The edition expires when retries would end."""
    froms, to = MOVES["send"]
    with db.write() as session:
        editions.move(session, edition_id, froms, to, held_reason=None, expires_at=now + GIVE_UP_AFTER)


def rescue(db: Database) -> int:
    """Settle what dead senders held. How many deliveries are in doubt because of it."""
    with db.read() as session:
        holders = deliveries.owners(session)
    doubtful = 0
    for owner in holders:
        if not owners.is_alive(db, owner):
            with db.write() as session:
                doubtful += deliveries.orphan(session, owner)[1]
                _skip_cancelled(session)
    return doubtful


def settle(db: Database, edition_id: int, now: datetime | None = None) -> Balance:
    """Close the edition if nothing is open; skip what expired. The balance, which always adds up."""
    with db.write() as session:
        row = editions.get(session, edition_id)
        if (
            now is not None
            and row.state in ("sending", "paused")
            and row.expires_at is not None
            and row.expires_at <= now
        ):
            deliveries.skip_open(session, edition_id, "the edition expired")
        if row.fanned_out_at is not None and not editions.has_open_deliveries(session, edition_id):
            froms, to = MOVES["finish"]
            editions.move(session, edition_id, froms, to)
        return deliveries.balance(session, edition_id)
