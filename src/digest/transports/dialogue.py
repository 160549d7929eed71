"""An SMTP dialogue: lines out, replies in, strictly in the order in which they came (RFC 5321 §4.2).

Any number of questions may be open at once, as PIPELINING allows (RFC 2920): replies are kept until somebody asks for the
next one. Whatever goes wrong ends the dialogue for good, since a reply that is late would answer the wrong question.
"""

import asyncio
import contextlib
import re
from collections import deque

from digest.core.reply import Reply

LONGEST_REPLY = 1 << 15
_LINE = re.compile(rb"([2-5][0-9][0-9])(?:([ -])(.*))?", re.DOTALL)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class Broken(Exception):
    """The dialogue is over; the text says why, in words for people."""


class Dialogue(asyncio.Protocol):
    """Takes over a connected `transport` on which nothing is left to be said. One coroutine at a time may wait."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._loop = asyncio.get_running_loop()
        self._transport = transport
        self._unread = b""
        self._code, self._lines = b"", list[str]()
        self._replies: deque[Reply] = deque()
        self._paused = False
        self._waiter: asyncio.Future[None] | None = None
        self._until = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._ended: str | None = None
        transport.set_protocol(self)
        transport.set_write_buffer_limits(high=1, low=0)  # drained is empty; over TLS a high of 0 pauses an empty one

    @property
    def alive(self) -> bool:
        return self._ended is None and not self._transport.is_closing()

    def ask(self, data: bytes) -> None:
        """Write what will be answered. Broken if there are answers already: they would be taken for these."""
        if self._replies or self._lines or self._unread:
            raise Broken("the server answered out of turn")
        self.write(data)

    def write(self, data: bytes) -> None:
        if not self.alive:
            raise Broken(self._ended or "the connection is closed")
        self._transport.write(data)

    async def drained(self, seconds: float) -> None:
        """Wait until all that was written is on its way. Broken if that takes longer."""
        while self._paused:
            await self._wait(seconds)

    async def reply(self, seconds: float) -> Reply:
        """The next reply. Broken if there is none in time, or none that can be understood."""
        while not self._replies:
            await self._wait(seconds)
        return self._replies.popleft()

    async def early(self, code: int, place: int, seconds: float) -> bool:
        """Whether `code` is among the next replies before that place; they are still to be asked for. No if no more come."""
        with contextlib.suppress(Broken):
            while len(self._replies) < place and all(each.code != code for each in self._replies):
                await self._wait(seconds)
        return any(each.code == code for each in [*self._replies][: place - 1])

    def abort(self) -> None:
        """Drop the connection at once, whatever is still to be written."""
        self._end("the connection is closed")
        self._transport.abort()

    def close(self) -> None:
        """Close it when all is written."""
        self._transport.close()

    async def _wait(self, seconds: float) -> None:
        """Until something happens; for that long."""
        if self._ended is not None:
            raise Broken(self._ended)
        self._until = self._loop.time() + seconds
        if self._timer is None or self._timer.when() > self._until:
            self._look_at_the_clock()
        self._waiter = self._loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _look_at_the_clock(self) -> None:
        """One timer for a whole dialogue, since a wait is nearly always over long before it has been too long."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._loop.time() < self._until:
            self._timer = self._loop.call_at(self._until, self._look_at_the_clock)
        elif self._waiter is not None:
            self._end("the server did not answer in time")

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _end(self, why: str) -> None:
        self._ended = self._ended or why
        self._wake()

    # What the event loop calls.

    def data_received(self, data: bytes) -> None:
        *lines, self._unread = (self._unread + data).split(b"\n")
        for line in lines:
            if self._ended is None:
                self._hear(line.rstrip(b"\r"))
        if len(self._unread) + sum(map(len, self._lines)) > LONGEST_REPLY:
            self._end("the answer was too long")
        self._wake()

    def _hear(self, line: bytes) -> None:
        """One line of a reply, which is complete with the first that has no hyphen; the same code is in all of them."""
        match = _LINE.fullmatch(line)
        if not match or (self._lines and self._code != match[1]):
            self._end(f"the answer was none: {_text(line)[:200]}")
            return
        self._code = match[1]
        self._lines.append(_text(match[3] or b""))
        if match[2] != b"-":
            self._replies.append(Reply(int(self._code), "\n".join(self._lines)))
            self._lines.clear()

    def eof_received(self) -> None:
        self._end("the server closed the connection")

    def connection_lost(self, error: Exception | None) -> None:
        self._end(f"the connection was lost{f': {error}' if error else ''}")
        if self._timer is not None:
            self._timer.cancel()

    def pause_writing(self) -> None:
        self._paused = True

    def resume_writing(self) -> None:
        self._paused = False
        self._wake()


def _text(line: bytes) -> str:
    """What a server says, in whatever encoding, as text that any database takes."""
    return _CONTROL.sub(" ", line.decode("utf-8", "replace")).strip()
