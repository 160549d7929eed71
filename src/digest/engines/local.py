"""Worker processes on this machine: each sends with connections, claims and an owner's lock of its own."""

import asyncio
import contextlib
import pickle
import signal
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from digest.core.delivery import Balance, State
from digest.core.errors import Refused
from digest.engines.worker import Orders
from digest.pipeline.deliver import Route, rescue, settle
from digest.pipeline.dispatch import Office
from digest.store import deliveries

COMMAND = (sys.executable, "-P", "-c", "from digest.engines.worker import main; main()")
REPLACED = 3
"""Times that a worker which died is replaced by another."""
GLANCE = 1.0
"""Seconds between looks at the ledger."""
TOLD = (State.ACCEPTED, State.FAILED, State.SKIPPED, State.UNCERTAIN)


@dataclass(frozen=True, slots=True)
class Crew:
    """So many `processes`, which share the route's connections and keep its limits between them."""

    processes: int

    async def __call__(
        self, office: Office, edition_id: int, stop: asyncio.Event, progress: Callable[[State], None]
    ) -> Balance:
        """Send what is due. Refused with the first worker's reason, when all have stopped; the balance otherwise."""
        route = office.route
        workers = min(self.processes, route.connections)
        shares = [route.connections // workers + (at < route.connections % workers) for at in range(workers)]
        routes = [replace(route, connections=share) for share in shares]
        over = asyncio.Event()
        async with _told(office, edition_id, progress), _meanwhile(_follow(stop, over.set)):
            places = [self._worker(office, edition_id, each, over) for each in routes]
            # Without exceptions as results, who is interrupted waits for one worker's end only, and leaves the other's to nobody.
            errors = await asyncio.gather(*places, return_exceptions=True)
        for error in filter(None, errors):
            raise error
        return settle(office.database, edition_id)

    async def _worker(self, office: Office, edition_id: int, route: Route, over: asyncio.Event) -> Refused | None:
        """One place in the crew: who dies there is replaced, and what the dead held is settled. Trouble stops all."""
        for _ in range(1 + REPLACED):
            orders = Orders(
                office.database.url.render_as_string(hide_password=False), edition_id, office.random_key(),
                office.sender, office.keys, route, office.clock() - datetime.now(UTC),
            )  # fmt: skip
            answer = await _run(orders, over)
            if answer is None:
                await asyncio.to_thread(rescue, office.database)
                if over.is_set():
                    return None
                continue
            error: Refused | None = pickle.loads(answer)  # noqa: S301  from our own worker, through a pipe
            if error is not None:
                over.set()
            return error
        over.set()
        return Refused(
            f"A sending process died {1 + REPLACED} times; nothing is lost, and `digest doctor` may know more."
        )


async def _run(orders: Orders, over: asyncio.Event) -> bytes | None:
    """One process, which is asked to stop when it is `over`. What it left on its standard output; None if it died.

    Ctrl-C is for whoever started it: a process is born with the signals blocked that are blocked here.
    """
    pipe = asyncio.subprocess.PIPE
    signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT,))
    try:
        process = await asyncio.create_subprocess_exec(*COMMAND, stdin=pipe, stdout=pipe)
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGINT,))
    if process.stdin is None or process.stdout is None:
        raise AssertionError("they are pipes")
    process.stdin.write(pickle.dumps(orders))
    try:
        async with _meanwhile(_follow(over, process.stdin.close)):
            answer = await process.stdout.read()
        return answer if await process.wait() == 0 else None
    except asyncio.CancelledError:  # nobody waits for what is in flight
        process.kill()
        await process.communicate()
        raise
    finally:
        process.stdin.close()


async def _follow(event: asyncio.Event, then: Callable[[], None]) -> None:
    await event.wait()
    then()


@contextlib.asynccontextmanager
async def _told(office: Office, edition_id: int, progress: Callable[[State], None]) -> AsyncIterator[None]:
    """While the block runs and at its end, tell of what the ledger says was done since the last look."""

    def counts() -> dict[State, int]:
        with office.database.read() as session:
            balance = deliveries.balance(session, edition_id)
        return {state: getattr(balance, state) for state in TOLD}

    last = counts()

    async def look() -> None:
        nonlocal last
        before, last = last, await asyncio.to_thread(counts)
        for state in TOLD:
            for _ in range(last[state] - before[state]):
                progress(state)

    async def glance() -> None:
        while True:
            await asyncio.sleep(GLANCE)
            await look()

    async with _meanwhile(glance()):
        yield
    await look()


@contextlib.asynccontextmanager
async def _meanwhile(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
