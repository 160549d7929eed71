"""A short chaos within one process: a server that throws dice, and people, disks, locks and clocks that come between.

The server is the judge. It looks into the database, too, at the moment in which it sees a final dot: the mark is there already.
"""

import asyncio
import dataclasses
import random
import sqlite3
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import dkim as verifier
import pytest
from scripted_smtp import Act, Server, Taken, Turn, dice
from sending import ED, SIGNING, Post, impatient
from sqlalchemy import event

from digest.core.delivery import State
from digest.core.errors import Refused
from digest.pipeline import ahead, deliver, dispatch, ledger
from digest.transports import smtp
from rfc5322 import objections

READERS = 20
ROUNDS = 40
KEYS = tuple(SIGNING.values())
RECORDS = {f"{key.name}.".encode(): key.record.encode() for key in KEYS}


class Weather:
    """The script of the server, and what else happens while it is asked. `calm` ends it all."""

    def __init__(self, letters: Post, seed: int) -> None:
        self.letters, self.luck = letters, random.Random(seed)
        self.dice, self.dice_at_the_dot = dice(seed, 0.04), dice(seed, 0.25)
        self.calm = False
        self.busy = False
        self.left: dict[str, int] = {}
        self.taken: list[Taken] = []
        self.sending: asyncio.Task[object] | None = None
        self.stop = asyncio.Event()
        self.unmarked: list[str] = []
        self.other = sqlite3.connect(letters.file, isolation_level=None)

    def __call__(self, turn: Turn) -> Act | None:
        if turn.stage == "dot" and self.state(turn.recipient) != State.TRANSMITTING:
            self.unmarked.append(turn.recipient)
        if self.calm:
            return None
        if not self.busy and turn.stage == "data" and self.luck.random() < 0.1:
            self.leave(turn.recipient)
        if not self.busy and self.luck.random() < 0.03:
            happens = self.luck.choice((self.pause, self.step, self.lock, self.fill, self.interrupt, self.crash))
            happens()
        return (self.dice_at_the_dot if turn.stage == "dot" else self.dice)(turn)

    def state(self, address: str) -> str | None:
        found = self.other.execute("SELECT state FROM delivery WHERE address = ?", (address,)).fetchone()
        return found[0] if found else None

    def leave(self, address: str) -> None:
        """Its message is on the way, and only the dot is missing."""
        self.letters.change(f"UPDATE subscriber SET state = 'unsubscribed' WHERE email = '{address}'")
        if self.state(address) == State.CLAIMED:
            self.left[address] = sum(each.recipient == address for each in self.taken)

    def pause(self) -> None:
        self.letters.change("UPDATE edition SET state = 'paused', held_reason = 'by staff' WHERE state = 'sending'")

    def step(self) -> None:
        """The clock of the wall is set; the one of the loop goes on. It is set right again after a while."""
        by = self.luck.choice((timedelta(days=-2), timedelta(hours=5)))
        self.letters.later(by)
        self.later(0.1, lambda: self.letters.later(-by))

    def lock(self) -> None:
        self.other.execute("BEGIN IMMEDIATE")
        self.later(self.luck.choice((0.02, 0.3)), lambda: self.other.execute("ROLLBACK"))

    def fill(self) -> None:
        engine = self.letters.office.database.engine

        def full(connection: sqlite3.Connection, *_: object) -> None:
            connection.execute("PRAGMA max_page_count = 1")  # that is: as many as there are

        def room() -> None:
            event.remove(engine, "checkout", full)
            engine.dispose()

        event.listen(engine, "checkout", full)
        self.later(self.luck.choice((0.02, 0.3)), room)

    def interrupt(self) -> None:
        self.stop.set()

    def crash(self) -> None:
        if self.sending:
            self.sending.cancel()

    def later(self, seconds: float, undo: Callable[[], object]) -> None:
        def undone() -> None:
            self.busy = False
            undo()

        self.busy = True
        asyncio.get_running_loop().call_later(seconds, undone)


@pytest.mark.parametrize("seed", range(4))
async def test_whatever_comes_between_everyone_gets_it_once_or_is_in_doubt(post, monkeypatch, seed):
    monkeypatch.setattr(smtp, "COMMAND_SECONDS", 0.4)  # some of the server's pauses are longer, and some are not
    monkeypatch.setattr(smtp, "DOT_SECONDS", 0.4)
    monkeypatch.setattr(deliver, "RECONNECT_PAUSES", (0.0, 0.0))
    monkeypatch.setattr(ahead, "CLAIM_AHEAD", 6)
    monkeypatch.setattr(ahead, "WAIT_FOR_PACE", timedelta(0))  # the letters' clock stands still: it would be for ever
    monkeypatch.setattr(ledger, "PATIENCE", (0.01,) * 10)
    letters = post(READERS)
    letters.office = dataclasses.replace(letters.office, sender=dataclasses.replace(letters.office.sender, dkim=KEYS))
    impatient(letters.office.database.engine)
    weather, database = Weather(letters, seed), letters.office.database
    resent: Counter[str] = Counter()

    async def send(server: Server) -> None:
        weather.stop.clear()
        senders = (letters.send(server, stop=weather.stop) for _ in range(weather.luck.choice((1, 1, 2))))
        weather.sending = asyncio.gather(*senders, return_exceptions=True)
        for each in await asyncio.gather(weather.sending, return_exceptions=True):
            for error in each if isinstance(each, list) else [each]:
                if isinstance(error, BaseException) and not isinstance(error, Refused | asyncio.CancelledError):
                    raise error

    async with Server(weather, taken=weather.taken) as server:
        for number in range(ROUNDS):
            weather.calm = number > ROUNDS // 2
            while weather.calm and weather.busy:
                await asyncio.sleep(0.01)
            await send(server)
            judge(server, letters, weather, resent)
            letters.later(timedelta(hours=1))
            if weather.busy:
                continue
            if letters.edition().state == "paused":
                dispatch.resume(database, ED, letters.now())
            doubtful = [row.address for row in letters.rows().values() if row.state == State.UNCERTAIN]
            if doubtful and weather.luck.random() < 0.5:
                resent.update(doubtful)
                assert dispatch.resolve_uncertain(database, "latest", resend=True, now=letters.now()) == len(doubtful)
            if weather.calm and letters.edition().state == "sent" and not doubtful:
                break
    weather.other.close()
    assert letters.edition().state == "sent"
    assert letters.states().keys() <= {State.ACCEPTED, State.FAILED, State.SKIPPED}
    for each in server.taken:
        assert not objections(each.content)
        for index in range(len(KEYS)):
            assert verifier.DKIM(each.content).verify(index, dnsfunc=lambda name, **_: RECORDS[name])


def judge(server: Server, letters: Post, weather: Weather, resent: Counter[str]) -> None:
    """Everyone once, and once more for each time that staff had it sent again; what was taken is accepted or in doubt."""
    assert not weather.unmarked, "a dot without a mark"
    rows = letters.rows()
    taken = Counter((each.recipient, each.message_id) for each in server.taken)
    assert {(recipient, rows[recipient].message_id) for recipient, _ in taken} == set(taken)
    for (recipient, _), count in taken.items():
        assert count <= 1 + resent[recipient], f"{recipient} got it {count} times"
        assert count <= weather.left.get(recipient, count), f"{recipient} had left"
        state = rows[recipient].state
        assert state in (State.ACCEPTED, State.UNCERTAIN, State.TRANSMITTING) or resent[recipient], state
    accepted = {row.address for row in rows.values() if row.state == State.ACCEPTED}
    assert accepted <= {recipient for recipient, _ in taken}, "accepted, and the server knows nothing of it"
