"""The ledger's book: whatever the connections want recorded goes in one durable commit, again and again.

`accepted(N)` of a connection is asked for together with `transmitting(N+1)`, and the requests of all connections that wait at
the same moment share a transaction. So a commit that syncs the disk is paid once a group, and after any crash at most one
message a connection is in doubt.

Statements are work for the interpreter, at which a second thread would only take turns with the first: they are executed in the
loop. It never waits for the disk, since commits are a thread's, nor for a lock, which is tried again and again.
"""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Self

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from digest.core.errors import TryAgain
from digest.store.database import Database, translate

Work = Callable[[Connection], Any]
Record = Callable[[Connection, Sequence[Any]], Sequence[Any]]
"""Records a group of requests in the transaction that it is given; the answers in the same order."""

LARGEST_GROUP = 200
PATIENCE = (*(0.001 for _ in range(32)), *(0.001 * 2**n for n in range(10)), *(1.0 for _ in range(100)))
"""Seconds between tries while the database is locked or the disk is full; after that the ledger stops.

Another sender holds the lock for a millisecond or two, again and again: who waited ever longer would never find it free.
"""


class LedgerStopped(TryAgain):
    """The database would not take a group for as long as patience lasts: no dot may be written any more."""


class OneByOne(Exception):
    """Raised by a `record` that cannot tell what became of which request: nothing is kept, and each is recorded by itself."""


def each(connection: Connection, group: Sequence[Work]) -> list[Any]:
    """Requests that are work, done one after another."""
    return [work(connection) for work in group]


class Ledger:
    """Use as an asynchronous context manager; what is given to `do` is recorded in the next group, as `record` does it."""

    def __init__(self, database: Database, record: Record = each) -> None:
        self._database, self._record = database, record
        self._waiting: list[tuple[Any, asyncio.Future[Any]]] = []
        self._turns: asyncio.Task[None] | None = None
        self._connection: Connection | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ledger")
        self._hurry = asyncio.Event()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self._hurry.set()
        if self._turns is not None:
            await self._turns
        self._hang_up()
        self._thread.shutdown()

    async def do(self, request: Any) -> Any:
        """The answer to a request, once it is durable. LedgerStopped if the database would not take it."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Any] = loop.create_future()
        self._waiting.append((request, future))
        if self._turns is None:
            self._turns = loop.create_task(self._take_turns())
        return await future

    async def _take_turns(self) -> None:
        """One group after another, until nobody waits. A group is whoever is ready to ask before it is recorded."""
        while self._waiting:
            heard = 0
            while heard < len(self._waiting) < LARGEST_GROUP:
                heard = len(self._waiting)
                await asyncio.sleep(0)
            group, self._waiting = self._waiting[:LARGEST_GROUP], self._waiting[LARGEST_GROUP:]
            await self._answer(group)
        self._turns = None

    async def _answer(self, group: list[tuple[Any, asyncio.Future[Any]]]) -> None:
        try:
            answers = await self._patiently([request for request, _ in group])
        except Exception as error:
            if len(group) == 1 or isinstance(error, LedgerStopped):
                for _, future in group:
                    if not future.done():
                        future.set_exception(error)
            else:  # it is one of theirs: each by itself, then
                for entry in group:
                    await self._answer([entry])
            return
        for (_, future), answer in zip(group, answers, strict=True):
            if not future.done():
                future.set_result(answer)

    async def _patiently(self, requests: Sequence[Any]) -> Sequence[Any]:
        for pause in (*PATIENCE, None):
            try:
                return await self._commit(requests)
            except OperationalError as error:
                stopped = LedgerStopped(str(translate(error, self._database)))
            if pause is not None and not self._hurry.is_set():
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._hurry.wait(), pause)
            if pause is None or self._hurry.is_set():
                break
        self._hurry.set()  # whoever comes next has waited long enough too
        raise stopped

    async def _commit(self, requests: Sequence[Any]) -> Sequence[Any]:
        """In one transaction, of which nothing is left if it fails."""
        try:
            if self._connection is None:
                self._connection = self._database.impatient_connection()
            transaction = self._connection.begin()
            answers = self._record(self._connection, requests)
            await asyncio.get_running_loop().run_in_executor(self._thread, transaction.commit)
        except Exception:
            self._hang_up()
            raise
        return answers

    def _hang_up(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
