"""A process that only sends. It gets its orders on standard input, and stops when that is closed: so it ends with whoever
started it, however that dies, and what is in flight is finished first.
"""

import asyncio
import pickle
import signal
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from digest.core.errors import Refused
from digest.core.headers import Sender
from digest.pipeline.deliver import Route, deliver
from digest.pipeline.receive import Keys
from digest.store.database import Database


@dataclass(frozen=True, slots=True)
class Orders:
    """What a worker has to know. `ahead`: of the system's clock."""

    database_url: str
    edition_id: int
    owner: str
    sender: Sender
    keys: Keys
    route: Route
    ahead: timedelta


async def work(orders: Orders) -> None:
    """Send what is due. Refused if the mail server or the database is in the way."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()

    def closed() -> None:
        loop.remove_reader(sys.stdin)
        stop.set()

    loop.add_reader(sys.stdin, closed)
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    await deliver(
        Database(orders.database_url, durable=True),
        orders.edition_id,
        sender=orders.sender,
        keys=orders.keys,
        route=orders.route,
        owner=orders.owner,
        clock=lambda: datetime.now(UTC) + orders.ahead,
        stop=stop,
    )


def main() -> None:
    """The whole life of a worker; on standard output it leaves the error for people, or None."""
    orders = pickle.load(sys.stdin.buffer)  # noqa: S301  from engines/local.py, through a pipe
    answer = None
    try:
        asyncio.run(work(orders))
    except Refused as error:
        answer = error
    pickle.dump(answer, sys.stdout.buffer)
