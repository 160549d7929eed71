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
from typing import Any

from sqlalchemy import Connection as Db
from sqlmodel import Session

from digest.core.delivery import GIVE_UP_AFTER, Balance, State, retry_at
from digest.core.dsn import Verdict
from digest.core.edition import MOVES
from digest.core.errors import Refused
from digest.core.headers import Sender
from digest.core.reply import Accepted, Lost, Outcome, Rejected, Reply, Stage, Unknown
from digest.pipeline import receive
from digest.pipeline.compose import Mailroom, mailroom
from digest.pipeline.ledger import Ledger, LedgerStopped, Work
from digest.pipeline.receive import Keys
from digest.store import deliveries, editions, owners
from digest.store.database import Database
from digest.store.deliveries import Claimed
from digest.transports.smtp import Connection, ServerRefuses

CLAIM_AHEAD = 200
MARK_GOOD_FOR = 30.0
"""Seconds (monotonic) within which the dot must follow its mark: a process that slept longer cannot know what changed."""
OURS_IN_A_ROW = 3
POLICY_IN_A_ROW = 20
RECONNECT_PAUSES = (0.2, 1.0, 3.0, 5.0)
MESSAGES_A_CONNECTION = 500


@dataclass(frozen=True, slots=True)
class Route:
    """How mail leaves: `connect` opens a connection, of which `connections` may be open at once."""

    connect: Callable[[], Awaitable[Connection]]
    connections: int


class Run:
    """One sender at work on one edition until nothing is due, somebody stops it, or the mail server is in the way."""

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
        self._ours = self._policy = 0
        self.trouble: Refused | None = None
        self.paused_because: str | None = None

    async def go(self) -> None:
        """Send what is due. The first connection is opened before the others, so that a wrong login is tried once."""
        await self._claim([])
        if not self._ahead:
            return
        try:
            first = await self._route.connect()
        except Refused as error:
            self.trouble = error
            return
        lines = min(self._route.connections, max(1, len(self._ahead)))
        await asyncio.gather(*(self._line(first if number == 0 else None) for number in range(lines)))

    async def _line(self, connection: Connection | None) -> None:
        """One connection's work. `held` is the last result, recorded with the next mark."""
        held: list[Work] = []
        used = 0
        try:
            while not self._halted and (claimed := await self._take(held)) is not None:
                if connection is not None and (not connection.alive or used >= MESSAGES_A_CONNECTION):
                    await connection.close()
                    connection = None
                if connection is None:
                    connection, used = await self._reconnect(), 0
                    if connection is None:
                        held.append(self._put_back(claimed))
                        break
                used += 1
                await self._send(connection, claimed, held)
            await self._flush(held)
        except LedgerStopped as error:
            self.trouble = error
        finally:
            if connection is not None:
                await connection.close()

    async def _send(self, connection: Connection, claimed: Claimed, held: list[Work]) -> None:
        try:
            wire = self._room.compose(claimed, self._clock())
        except ValueError as error:
            held.append(
                self._finish(claimed, [State.CLAIMED], State.FAILED, last_reply=f"it cannot be composed: {error}")
            )
            return
        if wire is None:
            held.append(
                self._finish(claimed, [State.CLAIMED], State.SKIPPED, last_reply="nothing to say: all of it is over")
            )
            return
        sender = self._room.sender.envelope_sender(claimed.id)
        outcome: Outcome | None = await connection.offer(sender, claimed.address, wire)
        if outcome is not None:
            held.append(self._settle(claimed, outcome, State.CLAIMED))
            return
        marked, at = await self._ledger.do(_together(held, lambda db: (self._mark(db, claimed), time.monotonic())))
        held.clear()
        if not marked:
            connection.abort()
            return
        if time.monotonic() - at > MARK_GOOD_FOR:
            connection.abort()
            outcome = Lost("the mark was too old to trust")
        else:
            outcome = await connection.dot()
        held.append(self._settle(claimed, outcome, State.TRANSMITTING))

    # What is recorded. Each returns work for the ledger; `progress` is told when the work is durable or about to be.

    def _mark(self, db: Db, claimed: Claimed) -> bool:
        now = self._clock()
        if deliveries.mark(db, claimed.id, self._owner, now):
            return True
        reason = deliveries.why_unmarked(db, claimed.id, now)
        if reason:
            self._finish(claimed, [State.CLAIMED], State.SKIPPED, last_reply=reason)(db)
        else:
            self._put_back(claimed)(db)
            self._halt_if_paused(db)
        return False

    def _settle(self, claimed: Claimed, outcome: Outcome, state: State) -> Work:
        """The row's next state. `attempts` was raised by the mark, if there was one."""
        now = self._clock()
        tries = claimed.attempts + 1
        counted = {} if state is State.TRANSMITTING else {"attempts": tries}
        match outcome:
            case Accepted(reply):
                self._ours = self._policy = 0
                return self._finish(
                    claimed, [state], State.ACCEPTED, last_reply=str(reply), remote_id=reply.text[:200], accepted_at=now
                )
            case Unknown(detail):
                return self._finish(
                    claimed, [state], State.UNCERTAIN, last_reply=f"no answer after the dot: {detail}"[:500]
                )
            case Lost(detail):
                later = None if tries == 1 else retry_at(claimed.id, tries - 1, now)
                return self._finish(
                    claimed, [state], State.PENDING, last_reply=detail[:500], not_before=later, **counted
                )
            case Rejected(reply, stage) if outcome.ours:
                return self._our_trouble(claimed, reply, stage)
            case Rejected(reply) if outcome.permanent:
                return self._refused(claimed, state, reply, now, counted)
            case Rejected(reply):
                return self._again(claimed, state, str(reply), retry_at(claimed.id, tries, now), counted)
        raise AssertionError(f"an outcome without a consequence: {outcome}")

    def _again(self, claimed: Claimed, state: State, said: str, later: datetime, counted: dict[str, Any]) -> Work:
        """Another try, unless that would be after the edition expired."""
        if later >= self._expires_at:
            return self._finish(
                claimed, [state], State.FAILED, last_reply=f"given up after three days: {said}", **counted
            )
        return self._finish(claimed, [state], State.PENDING, last_reply=said, not_before=later, **counted)

    def _refused(self, claimed: Claimed, state: State, reply: Reply, now: datetime, counted: dict[str, Any]) -> Work:
        def work(db: Db) -> None:
            self._finish(claimed, [state], State.FAILED, last_reply=str(reply), **counted)(db)
            session = Session(bind=db)
            verdict = receive.rejected(session, claimed.id, reply, self._keys, now)
            session.flush()
            self._policy = self._policy + 1 if verdict is Verdict.POLICY else 0
            if self._policy >= POLICY_IN_A_ROW:
                self._pause(db, f"{self._policy} messages in a row were refused for policy, the last with: {reply}")

        return work

    def _our_trouble(self, claimed: Claimed, reply: Reply, stage: Stage) -> Work:
        """The server takes nothing from this sender: no recipient's fault, so nobody's delivery fails by it."""
        self._ours += 1

        def work(db: Db) -> None:
            later = None if reply.code >= 500 else self._clock() + timedelta(minutes=1)
            self._finish(claimed, [State.CLAIMED], State.PENDING, last_reply=str(reply), not_before=later)(db)
            if reply.code >= 500 and self._ours >= OURS_IN_A_ROW:
                self._pause(db, f"the mail server refuses this sender ({stage}): {reply}")

        return work

    def _finish(self, claimed: Claimed, expected: list[State], state: State, **values: Any) -> Work:
        def work(db: Db) -> None:
            if deliveries.finish(db, claimed.id, self._owner, expected, state, **values):
                self._progress(state)

        return work

    def _put_back(self, claimed: Claimed) -> Work:
        return self._finish(claimed, [State.CLAIMED], State.PENDING)

    def _pause(self, db: Db, reason: str) -> None:
        froms, to = MOVES["pause"]
        if editions.move(Session(bind=db), self._edition_id, froms, to, held_reason=reason):
            self.paused_because = reason

    def _halt_if_paused(self, db: Db) -> None:
        row = editions.get(Session(bind=db), self._edition_id)
        if row.state != "sending":
            self.paused_because = self.paused_because or row.held_reason or f"the edition is {row.state}"

    # Where the next one comes from.

    @property
    def _halted(self) -> bool:
        return self._stop.is_set() or self.trouble is not None or self.paused_because is not None

    async def _take(self, held: list[Work]) -> Claimed | None:
        async with self._claiming:
            if not self._ahead:
                await self._claim(held)
            return self._ahead.popleft() if self._ahead and not self._halted else None

    async def _claim(self, held: list[Work]) -> None:
        self._ahead.extend(
            await self._ledger.do(
                _together(
                    held, lambda db: deliveries.claim(db, self._edition_id, self._owner, self._clock(), CLAIM_AHEAD)
                )
            )
        )
        held.clear()

    async def _flush(self, held: list[Work]) -> None:
        await self._ledger.do(_together(held, lambda _db: None))
        held.clear()

    async def _reconnect(self) -> Connection | None:
        """A new connection, tried a few times; None when the server will not have one, with the reason kept."""
        for pause in (*RECONNECT_PAUSES, None):
            try:
                return await self._route.connect()
            except Refused as error:
                last = error
            if self._stop.is_set() or pause is None or isinstance(last, ServerRefuses):
                break
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), pause)
        self.trouble = self.trouble or last
        return None


def _together(held: list[Work], last: Callable[[Db], Any]) -> Callable[[Db], Any]:
    """All that is held, then `last`, in one go: the group of architecture.md."""
    before = tuple(held)

    def work(db: Db) -> Any:
        for each in before:
            each(db)
        return last(db)

    return work


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
                    await ledger.do(lambda connection: deliveries.release(connection, owner))
    if run.trouble is not None:
        raise run.trouble
    if run.paused_because is not None and not stop.is_set():
        raise Refused(
            f"Sending is paused: {run.paused_because}. When that is mended, use `digest edition resume`, then send."
        )
    return settle(db, edition_id)


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
