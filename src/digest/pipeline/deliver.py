"""Delivery: claims become messages on open connections, every result a durable row.

The order in which things happen is the whole point (docs/adr/0003-the-mark.md): claim, compose, MAIL, RCPT, DATA, the message;
then the mark, durable; then the dot, and with it the envelope of the next message; then the answer, recorded together with
the next mark.
"""

import asyncio
import contextlib
import gc
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from digest.core.delivery import GIVE_UP_AFTER, Balance, State
from digest.core.edition import MOVES, EditionState
from digest.core.errors import Refused, TryAgain
from digest.core.headers import Sender
from digest.core.pacing import FREE, Limits
from digest.core.reply import Lost
from digest.pipeline.account import Account, Result, skip_cancelled, uptime
from digest.pipeline.ahead import Ahead, Written
from digest.pipeline.compose import Mailroom, mailroom
from digest.pipeline.consequences import Consequences
from digest.pipeline.ledger import LedgerStopped
from digest.pipeline.receive import Keys
from digest.store import deliveries, editions, owners
from digest.store.database import Database
from digest.store.deliveries import Claimed
from digest.transports import Connection
from digest.transports.smtp import ServerBusy

MARK_GOOD_FOR = 30.0
"""Seconds within which the dot must follow its mark: a process that slept longer cannot know what changed."""
RECONNECT_PAUSES = (0.2, 1.0, 3.0, 5.0)
"""Seconds between tries to open a connection while the server is away; then the run ends."""
MESSAGES_A_CONNECTION = 500
"""After which a new one is opened, since there are servers that count them."""
YOUNG = 20_000
"""Objects made before the collector looks at them."""


@dataclass(frozen=True, slots=True)
class Route:
    """How mail leaves: `connect` opens a connection, of which `connections` may be open at once, at most as fast as `limits`.

    For other processes `connect` has to be something that pickle takes.
    """

    connect: Callable[[], Awaitable[Connection]]
    connections: int
    limits: Limits = FREE


class Run:
    """One sender at work on one edition until nothing is due, somebody stops it, or the mail server is in the way.

    `trouble` is what was in the way.
    """

    def __init__(
        self,
        account: Account,
        consequences: Consequences,
        room: Mailroom,
        route: Route,
        clock: Callable[[], datetime],
        stop: asyncio.Event,
    ) -> None:
        self._account, self._consequences, self._route, self._stop = account, consequences, route, stop
        self._ahead = Ahead(account, room, clock, stop, lambda: self._over, self._fail)
        self.trouble: Exception | None = None

    async def go(self) -> None:
        """Send what is due. The first connection is opened before the others, so that a closed door is knocked at once."""
        try:
            if not (claimed := await self._ahead.begin()) or (first := await self._connect(patient=False)) is None:
                return
            slow = self._account.learning or self._route.limits != FREE  # then more may come due than is claimed now
            others = (self._route.connections if slow else min(self._route.connections, claimed)) - 1
            async with asyncio.TaskGroup() as lines:  # whatever ends this waits for every connection to be closed
                for connection in (first, *[None] * others):
                    lines.create_task(self._line(connection))
        finally:
            self._ahead.close()

    async def _line(self, connection: Connection | None) -> None:
        """One connection's work. `held` is an acceptance that waits to be recorded with the next mark; nothing else waits.

        An error ends the run; the other lines finish what they have in flight.
        """
        held: list[Result] = []
        used = 0
        following: Written | None = None
        try:
            while not self._over and (written := following or await self._ahead.next(held)) is not None:
                if connection is not None and (not connection.alive or used >= MESSAGES_A_CONNECTION):
                    await connection.close()
                    connection = None
                if connection is None:
                    await self._account.record(held)
                    connection, used = await self._connect(patient=True), 0
                    if connection is None:
                        break  # what is claimed is given back with the rest
                used += 1
                claimed, result = written.claimed, await self._offer(connection, written)
                written = following = None  # ten connections would hold on to ten messages while they wait for the mark
                if result is None:
                    result, following = await self._finish(
                        connection, claimed, held, last=used == MESSAGES_A_CONNECTION
                    )
                if result is not None:
                    held.append(result)
                    if result.state is not State.ACCEPTED:
                        await self._account.record(held)
            await self._account.record(held)
        except Exception as error:
            self._fail(error)
            if not isinstance(error, LedgerStopped):
                with contextlib.suppress(LedgerStopped):
                    await self._account.record(held)
        finally:
            if connection is not None:
                await connection.close()

    async def _offer(self, connection: Connection, written: Written) -> Result | None:
        """One message, all but its dot. The result if there is one already."""
        if written.parcel is None:
            return self._account.unsent(written.claimed, *written.unsent)
        refused = await connection.offer(written.parcel)
        return None if refused is None else self._consequences.of(written.claimed, refused, State.CLAIMED)

    async def _finish(
        self, connection: Connection, claimed: Claimed, held: list[Result], *, last: bool
    ) -> tuple[Result | None, Written | None]:
        """Its mark, then its dot; and the next message, which is announced with the dot unless this is the `last`.

        No result if the mark was refused, which is recorded already.
        """
        account, consequences = self._account, self._consequences
        following = None if last else self._ahead.at_hand()
        marking = await account.mark(claimed, held)
        if marking.instead is not None:
            connection.abort()
            return None, following
        if uptime() - marking.at > MARK_GOOD_FOR:
            connection.abort()
            return consequences.of(claimed, Lost("the mark was too old to trust"), State.TRANSMITTING), following
        outcome = await connection.dot(following.parcel if following else None)
        return consequences.of(claimed, outcome, State.TRANSMITTING), following

    @property
    def _over(self) -> bool:
        return self._stop.is_set() or self.trouble is not None or self._account.halted is not None

    def _fail(self, error: Exception) -> None:
        self.trouble = self.trouble or error

    async def _connect(self, *, patient: bool) -> Connection | None:
        """A new connection; None when the server will not have one, with the reason kept, or the run is stopped first.

        Only a `patient` caller waits for a server that is away. One that refuses is not asked twice: it might lock us out.
        """
        for pause in (*RECONNECT_PAUSES, None):
            try:
                return await self._unless_stopped(self._route.connect())
            except Refused as error:
                last = error
            if isinstance(last, ServerBusy) and await self._account.busy(str(last)):
                break
            if not patient or not isinstance(last, TryAgain) or pause is None or self._over:
                break
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), pause)
        self.trouble = self.trouble or last
        return None

    async def _unless_stopped(self, opening: Awaitable[Connection]) -> Connection | None:
        """A server that never answers takes a minute to be given up, and who stops a run should not wait for that."""
        tasks = asyncio.ensure_future(opening), asyncio.ensure_future(self._stop.wait())
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            return tasks[0].result() if tasks[0].done() else None
        finally:
            for task in tasks:
                task.cancel()


@contextlib.contextmanager
def _cycles_left_alone() -> Iterator[None]:
    """Messages leave no cycles behind: what is alive now is not looked through for them with every few that are sent."""
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(YOUNG, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


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
        async with Account(db, edition_id, owner, route.limits, clock, progress) as account:
            consequences = Consequences(account, edition_id, expires_at, keys, route.limits, clock)
            run = Run(account, consequences, room, route, clock, stop)
            try:
                with _cycles_left_alone():
                    await run.go()
            finally:
                if not isinstance(run.trouble, LedgerStopped):
                    await account.let_go()
    if run.trouble is not None:
        raise run.trouble
    if account.halted is not None and not stop.is_set():
        with db.read() as session:
            row = editions.get(session, edition_id)
        if row.state != EditionState.PAUSED:
            raise Refused(f"{row.period} is {row.state}; the rest of it is not sent.")
        raise Refused(
            f"Sending is paused: {row.held_reason or account.halted}. "
            f"When that is mended, use `digest edition resume {row.period}`, then send."
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
                skip_cancelled(session)
    return doubtful


def settle(db: Database, edition_id: int, now: datetime | None = None) -> Balance:
    """Close the edition if nothing is open; skip what expired. The balance, which always adds up."""
    with db.write() as session:
        row = editions.get(session, edition_id)
        if (
            now is not None
            and row.state in (EditionState.SENDING, EditionState.PAUSED)
            and row.expires_at is not None
            and row.expires_at <= now
        ):
            deliveries.skip_open(session, edition_id, "the edition expired")
        if row.fanned_out_at is not None and not editions.has_open_deliveries(session, edition_id):
            froms, to = MOVES["finish"]
            editions.move(session, edition_id, froms, to)
        return deliveries.balance(session, edition_id)
