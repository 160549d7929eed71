"""A network between a sender and a server on one machine: what one of them says reaches the other half a round trip later.

`python relay.py PORT SECONDS` prints a port of loopback from which PORT is SECONDS of round trip away. When its input ends, it
prints `{"turns", "cpu", "late"}`: how often somebody who connected spoke after an answer had come, its own CPU seconds, and
the seconds that a chunk came later than it should, in the mean. What is under way does not hold up what follows: bandwidth is
not limited, and windows, slow start and loss are not modelled. Opening a connection takes three packets, as it does with TCP.
"""

import asyncio
import contextlib
import json
import selectors
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from typing import cast


@dataclass(frozen=True, slots=True)
class Seen:
    """What a relay says at its end, as above."""

    turns: int
    cpu: float
    late: float


@contextlib.contextmanager
def relay(round_trip: float, seen: list[Seen], port: int) -> Iterator[int]:
    """A port that is so many seconds from `port`. What was seen on the way is added to `seen` at the end."""
    command = [sys.executable, __file__, str(port), str(round_trip)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield int(process.stdout.readline())
        seen.append(Seen(**json.loads(process.communicate()[0])))


class Network:
    """All connections to a server so far away. `turns`: as above, so far."""

    def __init__(self, port: int, round_trip: float) -> None:
        self._loop = asyncio.get_running_loop()
        self._port, self._round_trip = port, round_trip
        self._chunks, self._late, self._begun = 0, 0.0, time.process_time()
        self.turns = 0

    async def open(self, near: "Near") -> None:
        """The other end of what a sender opened. It says nothing until the server has greeted it."""
        await asyncio.sleep(1.5 * self._round_trip)
        await self._loop.create_connection(lambda: End(self, near), "127.0.0.1", self._port)

    def later(self, act: Callable[[], None]) -> None:
        """Half a round trip later. No two chunks are heard at the same instant, so that the timers keep their order."""
        due = self._loop.time() + self._round_trip / 2
        self._loop.call_at(due, self._arrive, due, act)

    def _arrive(self, due: float, act: Callable[[], None]) -> None:
        self._chunks += 1
        self._late += self._loop.time() - due
        act()

    def seen(self) -> Seen:
        return Seen(self.turns, time.process_time() - self._begun, self._late / max(1, self._chunks))


class End(asyncio.Protocol):
    """One end of a connection. What is heard here is said at the `other`, later."""

    def __init__(self, network: Network, other: "End | None" = None) -> None:
        self._network, self.other = network, other

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        if self.other:
            self.other.other = self

    def data_received(self, data: bytes) -> None:
        if self.other:
            self._network.later(partial(self.other.say, data))

    def connection_lost(self, _error: Exception | None) -> None:
        if self.other:
            self._network.later(self.other.transport.close)

    def say(self, data: bytes) -> None:
        self.transport.write(data)


class Near(End):
    """The sender's end, and whether an answer has come since it spoke."""

    _answered = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._opening = asyncio.create_task(self._network.open(self))

    def data_received(self, data: bytes) -> None:
        self._network.turns += self._answered
        self._answered = False
        super().data_received(data)

    def say(self, data: bytes) -> None:
        self._answered = True
        super().say(data)


async def main(port: int, round_trip: float) -> None:
    network = Network(port, round_trip)
    async with await asyncio.get_running_loop().create_server(lambda: Near(network), "127.0.0.1", 0) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await asyncio.to_thread(sys.stdin.read)
    print(json.dumps(asdict(network.seen())))


if __name__ == "__main__":
    # select waits to the microsecond; epoll, which is the default, counts milliseconds.
    with asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(selectors.SelectSelector())) as runner:
        runner.run(main(int(sys.argv[1]), float(sys.argv[2])))
