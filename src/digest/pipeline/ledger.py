"""The ledger's thread: whatever the connections want recorded goes in one durable commit, again and again.

`accepted(N)` of a connection is asked for together with `transmitting(N+1)`, and the requests of all connections that wait at
the same moment share a transaction. So a commit that syncs the disk is paid once a group, and after any crash at most one
message a connection is in doubt.
"""

import asyncio
import queue
import threading
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from digest.core.errors import TryAgain
from digest.store.database import Database, translate

Work = Callable[[Connection], Any]
Record = Callable[[Connection, Sequence[Any]], Sequence[Any]]
"""Records a group of requests in the transaction that it is given; the answers in the same order."""

LARGEST_GROUP = 200
PATIENCE = (0.1, 0.3, 1.0, 3.0, 10.0, 15.0)
"""Seconds between tries while the database is locked or the disk is full; after that the ledger stops."""


class LedgerStopped(TryAgain):
    """The database would not take a group for as long as patience lasts: no dot may be written any more."""


def each(connection: Connection, group: Sequence[Work]) -> list[Any]:
    """Requests that are work, done one after another."""
    return [work(connection) for work in group]


class Ledger:
    """Use as an asynchronous context manager; what is given to `do` is recorded in the next group, as `record` does it."""

    def __init__(self, database: Database, record: Record = each) -> None:
        self._database, self._record = database, record
        self._queue: queue.SimpleQueue[tuple[Any, asyncio.Future[Any]] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="ledger", daemon=True)
        self._hurry = threading.Event()

    async def __aenter__(self) -> "Ledger":
        self._loop = asyncio.get_running_loop()
        self._thread.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._hurry.set()
        self._queue.put(None)
        await asyncio.to_thread(self._thread.join)

    async def do(self, request: Any) -> Any:
        """The answer to a request, once it is durable. LedgerStopped if the database would not take it."""
        future: asyncio.Future[Any] = self._loop.create_future()
        self._queue.put((request, future))
        return await future

    def _run(self) -> None:
        while (first := self._queue.get()) is not None:
            group, last = [first], False
            while len(group) < LARGEST_GROUP and not last:
                try:
                    entry = self._queue.get_nowait()
                except queue.Empty:
                    break
                if entry is None:
                    last = True
                else:
                    group.append(entry)
            self._commit(group)
            if last:
                return

    def _commit(self, group: list[tuple[Any, asyncio.Future[Any]]]) -> None:
        failure: Exception | None = None
        answers: Sequence[Any] = ()
        for pause in (*PATIENCE, None):
            try:
                with self._database.writing_connection() as connection, connection.begin():
                    answers = self._record(connection, [request for request, _ in group])
                failure = None
                break
            except OperationalError as error:
                failure = LedgerStopped(str(translate(error, self._database)))
                if pause is None or self._hurry.wait(pause):
                    self._hurry.set()  # whoever comes next has waited long enough too
                    break
            except Exception as error:
                if len(group) > 1:  # it belongs to one of them: each by itself, then
                    for entry in group:
                        self._commit([entry])
                    return
                failure = error
                break
        self._loop.call_soon_threadsafe(_deliver, group, answers, failure)


def _deliver(
    group: list[tuple[Any, asyncio.Future[Any]]], answers: Sequence[Any], failure: BaseException | None
) -> None:
    for at, (_, future) in enumerate(group):
        if future.done():
            continue
        if failure is not None:
            future.set_exception(failure)
        else:
            future.set_result(answers[at])
