"""A mail server of our own that misbehaves by script or by dice, and whose log is the judge of every sender.

At each turn of the dialogue the script may answer with an Act; None is what a good server does. Whatever the server takes
responsibility for is one line `RECIPIENT MESSAGE-ID` in the log, written before the client can hear of it, so that a line
counts whoever dies next. As a process it prints its port: `scripted_smtp.py LOG [--seed N --rate 0.05 | --gate N]`; the gate
opens with a line on its standard input.
"""

import argparse
import asyncio
import base64
import inspect
import os
import random
import re
import ssl
import sys
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

OFFERS = ("PIPELINING", "8BITMIME", "ENHANCEDSTATUSCODES", "SMTPUTF8")
STAGES = ("connect", "ehlo", "starttls", "auth", "mail", "rcpt", "data", "content", "dot", "rset")
_MESSAGE_ID = re.compile(rb"^Message-ID:\s*(<[^>\r\n]+>)", re.IGNORECASE | re.MULTILINE)
_PATH = re.compile(rb"<([^>]*)>")
USUAL = "(as a good server)"


@dataclass(frozen=True)
class Act:
    """What is done instead of the usual: `wait` so many seconds and `say` (no line end); then `stall` for ever, or `drop`.

    Nothing is said before the `gate` opens. It is said in `pieces` packets, in none at all, or `held` back for the packet of
    the next reply. `say=USUAL` does as a good server does, and says it in another way. At the dot, `take` is whether the server
    takes responsibility whatever it says.
    """

    say: str | None = None
    pieces: int = 1
    held: bool = False
    wait: float = 0.0
    gate: asyncio.Event | None = None
    stall: bool = False
    drop: bool = False
    take: bool = False


@dataclass(frozen=True)
class Turn:
    """Where a dialogue stands. `session` counts connections, `message` the MAILs of all of them, both from 1."""

    stage: str
    session: int
    message: int
    recipient: str = ""


@dataclass(frozen=True)
class Taken:
    """A message that the server is responsible for. `content` as on the wire, without the final dot."""

    recipient: str
    message_id: str
    sender: str
    content: bytes


Script = Callable[[Turn], Act | Awaitable[Act | None] | None]


def obey(_turn: Turn) -> None:
    """A good server."""


def at(stage: str, act: Act, times: int = 1, recipient: str | None = None) -> Script:
    """`act` at the first so many turns of that stage (of one recipient)."""
    left = [times]

    def script(turn: Turn) -> Act | None:
        if turn.stage != stage or recipient not in (None, turn.recipient) or not left[0]:
            return None
        left[0] -= 1
        return act

    return script


def gated(gate: asyncio.Event, after: int) -> Script:
    """Messages after so many are taken, but their sender hears of it no sooner than the gate opens."""
    return lambda turn: Act(USUAL, gate=gate) if turn.stage == "dot" and turn.message > after else None


SLOW = (Act(USUAL, wait=0.3), Act(USUAL, pieces=3), Act(wait=0.5, drop=True))
FAULTS: dict[str, tuple[Act, ...]] = {
    "connect": (Act("421 4.3.2 not now"), Act("554 5.7.1 no"), Act(drop=True), *SLOW),
    "ehlo": (Act("421 4.3.2 not now"), Act("500 5.5.1 what?"), Act(drop=True), *SLOW),
    "mail": (
        Act("451 4.3.0 later"), Act("421 4.7.0 too many"), Act("550 5.7.1 not from you"), Act(drop=True), Act("what?"),
        Act(USUAL, pieces=0), Act(USUAL, held=True), Act("250 2.1.0 ok\r\n250 2.1.5 ok"), *SLOW,
    ),
    "rcpt": (
        Act("450 4.2.0 greylisted"), Act("452 4.2.2 full"), Act("421 4.3.2 closing", drop=True), Act("550 5.1.1 no such user"),
        Act("552 5.2.2 over quota"), Act(drop=True), Act("25"), Act(USUAL, pieces=0), Act(USUAL, held=True), *SLOW,
    ),
    "data": (
        Act("451 4.3.0 later"), Act("421 4.3.2 closing"), Act("554 5.6.0 not like this"), Act("354 go on", drop=True),
        Act(drop=True), Act("354 go on\r\n250 2.0.0 queued"), Act("\x00\xff"), *SLOW,
    ),
    "content": (Act(drop=True),),
    "dot": (
        Act("451 4.3.0 later"), Act("550 5.7.1 refused for policy"), Act("421 4.3.2 closing", drop=True), Act(drop=True),
        Act(drop=True, take=True), Act("2OO queued", take=True), Act("250-2.0.0 took\r\n250 it", take=True),
        Act("250 2.0.0 ok\r\n250 2.0.0 ok", take=True), Act(wait=0.5, drop=True, take=True), *SLOW,
    ),
    "rset": (Act("500 what?"), Act("250 2.0.0 ok\r\n250 2.0.0 ok"), Act(drop=True), *SLOW),
}  # fmt: skip


def dice(seed: int, rate: float) -> Script:
    """At each turn, with probability `rate`, one of its faults; and half of the DATA without a recipient are let through."""
    luck = random.Random(seed)

    def script(turn: Turn) -> Act | None:
        if turn.stage == "data" and not turn.recipient:
            return Act("354 go on") if luck.random() < 0.5 else None  # RFC 2920 §3.1: then the client has to hang up
        return luck.choice(FAULTS[turn.stage]) if turn.stage in FAULTS and luck.random() < rate else None

    return script


@dataclass
class Server:
    """Use as an asynchronous context manager. `login` is asked for by AUTH; `tls` is offered by STARTTLS, or spoken at once."""

    script: Script = obey
    log: Path | None = None
    tls: ssl.SSLContext | None = None
    at_once: bool = False
    login: tuple[str, str] | None = None
    offers: tuple[str, ...] = field(default_factory=lambda: OFFERS)
    keep: bool = True
    taken: list[Taken] = field(default_factory=list)
    turns: list[Turn] = field(default_factory=list)
    heard: list[bytes] = field(default_factory=list)
    port: int = 0
    sessions: int = 0
    messages: int = 0

    async def __aenter__(self) -> Self:
        self._log = os.open(self.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT) if self.log else None
        self._tasks: set[asyncio.Task[None]] = set()
        spoken = self.tls if self.at_once else None
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port, ssl=spoken, limit=1 << 24)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.sleep(0)  # the transports close at the loop's next turn
        if self._log is not None:
            os.close(self._log)

    def stages(self, session: int | None = None) -> list[str]:
        """Where the dialogues went, in order."""
        return [turn.stage for turn in self.turns if session in (None, turn.session)]

    def take(self, each: Taken) -> None:
        if self._log is not None:
            os.write(self._log, f"{each.recipient} {each.message_id}\n".encode())
        if self.keep:
            self.taken.append(each)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(_Session(self, reader, writer).run())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class _HangUp(Exception):
    """The conversation is over."""


class _Session:
    def __init__(self, server: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.server, self.reader, self.writer = server, reader, writer
        self.plain = writer  # what lies under TLS later, and has to be closed with it
        server.sessions += 1
        self.number, self.message = server.sessions, 0
        self.sender = self.recipient = ""
        self.secure = server.at_once
        self.known = server.login is None
        self.pipelined = False
        self.unsaid = b""

    async def run(self) -> None:
        try:
            await self.turn("connect", "220 scripted ESMTP")
            while line := await self.reader.readline():
                if self.server.keep:
                    self.server.heard.append(line)
                verb, _, rest = line.rstrip(b"\r\n").partition(b" ")
                command = getattr(self, verb.decode("ascii", "replace").lower(), None)
                await (command(rest) if command else self.say("500 5.5.1 what?"))
        except (_HangUp, ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            self.writer.close()
        except BaseException:
            self.writer.transport.abort()
            self.plain.transport.abort()
            raise
        else:
            self.writer.close()

    async def turn(self, stage: str, usual: str) -> bool:
        """Do as the script says, or say the usual; whether it was the usual."""
        act = await self.asked(stage) or Act(USUAL)
        await self.do(act, usual)
        return act.say == USUAL

    async def asked(self, stage: str) -> Act | None:
        turn = Turn(stage, self.number, self.message, self.recipient)
        self.server.turns.append(turn)
        act = self.server.script(turn)
        return await act if inspect.isawaitable(act) else act

    async def do(self, act: Act, usual: str = "") -> None:
        if act.wait:
            await asyncio.sleep(act.wait)
        if act.gate:
            await act.gate.wait()
        if act.say is not None:
            await self.say(usual if act.say == USUAL else act.say, act.pieces, held=act.held)
        if act.stall:
            await self.reader.read()  # until the client has enough of it
        if act.drop or act.stall:
            raise _HangUp

    async def say(self, text: str, pieces: int = 1, *, held: bool = False) -> None:
        if not pieces:
            return
        data = self.unsaid + text.encode("utf-8", "surrogateescape") + b"\r\n"
        self.unsaid = b""
        if held and self.pipelined:
            self.unsaid = data
            return
        size = -(-len(data) // pieces)
        for start in range(0, len(data), size):
            self.writer.write(data[start : start + size])
            await self.writer.drain()
            await asyncio.sleep(0)

    # The commands.

    async def ehlo(self, _rest: bytes) -> None:
        lines = ["scripted", *self.server.offers]
        if self.server.tls and not self.secure:
            lines.append("STARTTLS")
        if self.server.login:
            lines.append("AUTH PLAIN LOGIN")
        joined = "".join(f"250-{line}\r\n" for line in lines[:-1]) + f"250 {lines[-1]}"
        self.pipelined = await self.turn("ehlo", joined) and "PIPELINING" in self.server.offers

    async def helo(self, _rest: bytes) -> None:
        await self.turn("ehlo", "250 scripted")

    async def starttls(self, _rest: bytes) -> None:
        if self.server.tls and await self.turn("starttls", "220 2.0.0 go on"):
            loop, reader = asyncio.get_running_loop(), asyncio.StreamReader(1 << 24)
            protocol, plain = asyncio.StreamReaderProtocol(reader), self.writer.transport
            transport = await loop.start_tls(plain, protocol, self.server.tls, server_side=True)
            protocol.connection_made(transport)
            self.reader, self.writer = reader, asyncio.StreamWriter(transport, protocol, reader, loop)
            self.secure = True

    async def auth(self, rest: bytes) -> None:
        if act := await self.asked("auth"):
            await self.do(act)
            return
        method, _, first = rest.partition(b" ")
        if method.upper() == b"PLAIN":
            _, user, password = base64.b64decode(first).split(b"\0")
        else:
            user = base64.b64decode(first) if first else await self.ask("VXNlcm5hbWU6")
            password = await self.ask("UGFzc3dvcmQ6")
        self.known = (user.decode(), password.decode()) == self.server.login
        await self.say("235 2.7.0 welcome" if self.known else "535 5.7.8 wrong user or password")

    async def ask(self, question: str) -> bytes:
        await self.say("334 " + question)
        return base64.b64decode(await self.reader.readline())

    async def mail(self, rest: bytes) -> None:
        if not self.known:
            await self.say("530 5.7.0 log in first")
        elif self.sender:
            await self.say("503 5.5.1 nested MAIL command")
        else:
            self.server.messages += 1
            self.message, self.recipient = self.server.messages, ""
            if await self.turn("mail", "250 2.1.0 ok"):
                self.sender = _path(rest)

    async def rcpt(self, rest: bytes) -> None:
        self.recipient = _path(rest)
        usual = "250 2.1.5 ok" if self.sender else "503 5.5.1 MAIL first"
        if not await self.turn("rcpt", usual) or not self.sender:
            self.recipient = ""

    async def rset(self, _rest: bytes) -> None:
        if await self.turn("rset", "250 2.0.0 ok"):
            self.sender = self.recipient = ""

    async def quit(self, _rest: bytes) -> None:
        await self.say("221 2.0.0 bye")
        raise _HangUp

    async def data(self, _rest: bytes) -> None:
        act = await self.asked("data")
        if act is None and not self.recipient:
            act = Act("503 5.5.1 MAIL and RCPT first")
        if act and act.say != USUAL and not (act.say or "").startswith("354"):
            await self.do(act)
            return
        await self.do(act or Act(USUAL), "354 go on")
        if act := await self.asked("content"):
            await self.reader.read(1000)
            await self.do(act)
        content = (await self.reader.readuntil(b"\r\n.\r\n"))[:-3]
        act = await self.asked("dot") or Act(USUAL)
        if act.take or act.say == USUAL:
            found = _MESSAGE_ID.search(content)
            message_id = found[1].decode() if found else "<none>"
            self.server.take(Taken(self.recipient, message_id, self.sender, content if self.server.keep else b""))
        self.sender = self.recipient = ""
        await self.do(act, f"250 2.0.0 queued as {self.message}")


def _path(rest: bytes) -> str:
    found = _PATH.search(rest)
    return found[1].decode() if found else ""


def read_log(path: Path) -> list[tuple[str, str]]:
    """(recipient, Message-ID) of all that was taken."""
    lines = path.read_text().splitlines() if path.exists() else []
    return [(line.split(" ")[0], line.split(" ")[1]) for line in lines]


async def _serve(arguments: argparse.Namespace) -> None:
    gate = asyncio.Event()
    shut = obey if arguments.gate is None else gated(gate, arguments.gate)
    script = dice(arguments.seed, arguments.rate) if arguments.rate else shut
    async with Server(script, arguments.log, keep=False) as server:
        sys.stdout.write(f"{server.port}\n")
        sys.stdout.flush()
        if await asyncio.to_thread(sys.stdin.readline):
            gate.set()
        await asyncio.to_thread(sys.stdin.read)  # until whoever started it goes


def main(words: Iterable[str] | None = None) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("log", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rate", type=float, default=0.0)
    parser.add_argument("--gate", type=int)
    asyncio.run(_serve(parser.parse_args(words if words is None else list(words))))


if __name__ == "__main__":
    main()
