"""`make chaos`: whatever goes wrong, in any order, the mail server's own log says everyone once, or in doubt and listed.

KILLS=1000 kills so often (20 without it); SEED, which each run prints, gives the same plan again. What a process is doing when it
is killed is up to the machine all the same.
"""

import contextlib
import json
import os
import random
import resource
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import ClassVar

import pytest

from .conftest import SLOT, Terminal
from .test_kill import CONNECTIONS, DIED, Judge, balanced, crowd, in_doubt, judging, recorded, verdict

__all__ = ["crowd"]
pytestmark = pytest.mark.slow

KILLS = int(os.environ.get("KILLS", "20"))
SEED = int(os.environ.get("SEED", time.time_ns() % 1_000_000))
READERS_A_KILL = 60
DOMAINS = 5
BUSY_SECONDS = 10.0  # store/database.py gives up on a lock after so long


@pytest.fixture
def tell(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """A line that is seen while the test runs."""

    def line(text: str) -> None:
        with capsys.disabled():
            print(text, flush=True)  # noqa: T201

    return line


@dataclass
class Sender:
    """`edition send` as a process group of its own, with so many workers (1: it sends itself)."""

    process: subprocess.Popen[bytes]
    processes: int
    kills: int = 0

    @property
    def runs(self) -> bool:
        return self.process.poll() is None

    @property
    def workers(self) -> list[int]:
        with contextlib.suppress(OSError):
            children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
            return [int(each) for each in children.split()]
        return []

    def wait(self, seconds: float) -> None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(seconds)

    def until(self, reached: Callable[[], bool]) -> None:
        while self.runs and not reached():
            self.wait(0.005)

    def kill(self, *, all_: bool = True) -> None:
        """The whole group; or the first process alone, whose workers then finish what is in flight."""
        if self.runs:
            self.kills += 1
            (os.killpg if all_ else os.kill)(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def kill_worker(self, luck: random.Random) -> None:
        if workers := self.workers:
            with contextlib.suppress(ProcessLookupError):
                os.kill(luck.choice(workers), signal.SIGKILL)
                self.kills += 1

    def disk(self, *, full: bool) -> None:
        """Let no file of these processes grow any more: each write is an error, as on a disk that fails; or let them again."""
        for each in (self.process.pid, *self.workers):
            with contextlib.suppress(ProcessLookupError):
                _, most = resource.prlimit(each, resource.RLIMIT_FSIZE)
                resource.prlimit(each, resource.RLIMIT_FSIZE, (0 if full else most, most))


@contextlib.contextmanager
def sending(terminal: Terminal, now: datetime, processes: int = 1) -> Iterator[Sender]:
    terminal.env["SMTP_PROCESSES"] = str(processes)
    command = [sys.executable, "-m", "digest", "edition", "send", "latest", "--now", now.isoformat()]
    null = subprocess.DEVNULL
    with subprocess.Popen(
        command, cwd=terminal.folder, env=terminal.environment, stdout=null, stderr=null, start_new_session=True
    ) as process:
        sender = Sender(process, processes)
        yield sender
        sender.kill()


@contextlib.contextmanager
def locked(terminal: Terminal) -> Iterator[None]:
    """Another program writes, and takes its time."""
    with contextlib.closing(sqlite3.connect(database(terminal), timeout=30, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


def database(terminal: Terminal) -> Path:
    return terminal.folder / "var" / "digest.db"


def asked(terminal: Terminal, query: str, *values: str) -> int:
    """The one number that the database answers."""
    with contextlib.closing(sqlite3.connect(database(terminal), timeout=30)) as found:
        return int(found.execute(query, values).fetchone()[0])


@dataclass
class Storm:
    """One round after the other, each with a sender, what happens to it, and a kill at a random instant."""

    terminal: Terminal
    judge: Judge
    luck: random.Random
    now: datetime
    step: timedelta
    killed: int = 0
    happened: Counter[str] = field(default_factory=Counter)

    def round(self) -> None:
        luck = self.luck
        what = luck.choices(list(self.KINDS), [weight for weight, _ in self.KINDS.values()])[0]
        processes = 2 if what in ("worker", "group", "parent") else 1
        now = self.now
        if luck.random() < 0.2:
            now += luck.choice((timedelta(hours=12), timedelta(days=-2))) * luck.random()
            self.happened["clock stepped"] += 1
        before = self.doubtful()
        with sending(self.terminal, now, processes) as sender:
            if luck.random() < 0.2:  # in the first second: loading, rescuing, connecting, claiming
                sender.wait(luck.uniform(0, 1.5))
            else:
                self.messages(sender, 50)
                sender.wait(luck.uniform(0, 0.03))
            self.KINDS[what][1](self, sender)
            sender.kill()
        doubtful = self.doubtful() - before
        assert doubtful <= CONNECTIONS * sender.kills, f"{doubtful} in doubt after {sender.kills} kills: {what}"
        self.killed += sender.kills
        self.happened[what] += 1
        self.now += self.step * luck.random()  # retries come due; the edition does not expire

    def messages(self, sender: Sender, most: int) -> None:
        """Let it get on by a random number of messages."""
        wanted = self.judge.size + self.luck.randrange(1, most * 75)
        sender.until(lambda: self.judge.size >= wanted)

    def doubtful(self) -> int:
        query = "SELECT count(*) FROM delivery WHERE state = 'transmitting' OR last_reply = ?"
        return asked(self.terminal, query, DIED)

    # What happens before the kill.

    def _nothing(self, sender: Sender) -> None:
        pass

    def _worker(self, sender: Sender) -> None:
        """A worker dies first, and is replaced."""
        sender.kill_worker(self.luck)
        self.messages(sender, 20)

    def _parent(self, sender: Sender) -> None:
        """The first process dies alone; its workers finish what is in flight, beside the next sender."""
        sender.kill(all_=False)

    def _locked(self, sender: Sender) -> None:
        long = self.happened["locked"] % 20 == 0
        with locked(self.terminal):
            sender.wait(BUSY_SECONDS + 1 if long else self.luck.uniform(0, 1))
            if self.luck.random() < 0.5:
                return
        self.messages(sender, 20)

    def _disk(self, sender: Sender) -> None:
        sender.disk(full=True)
        sender.wait(self.luck.uniform(0, 2))
        if self.luck.random() < 0.5:
            sender.disk(full=False)
            self.messages(sender, 20)

    KINDS: ClassVar[dict[str, tuple[int, Callable[["Storm", Sender], None]]]] = {
        "process": (8, _nothing), "group": (3, _nothing), "worker": (3, _worker), "parent": (2, _parent),
        "locked": (2, _locked), "disk": (2, _disk),
    }  # fmt: skip


def test_whatever_happens_everyone_gets_it_once_or_is_listed(crowd, tell) -> None:
    tell(f"\nKILLS={KILLS} SEED={SEED}")
    readers = READERS_A_KILL * KILLS
    terminal = crowd(readers, DOMAINS)
    with judging(terminal, "--seed", str(SEED), "--rate", "0.01") as judge:
        storm = Storm(terminal, judge, random.Random(SEED), datetime.fromisoformat(SLOT), timedelta(days=1) / KILLS)
        rounds = 0
        while storm.killed < KILLS:
            storm.round()
            rounds += 1
            assert rounds < 2 * KILLS, "most of the senders ended before they were killed"
            if rounds % max(1, KILLS // 20) == 0:
                verdict(terminal, judge, Counter())
                taken = sum(judge.taken().values())
                tell(f"{storm.killed} of {KILLS} kills, {taken} messages taken, {storm.doubtful()} in doubt")

        resent: Counter[tuple[str, str]] = Counter()
        now = storm.now
        terminal.env["SMTP_PROCESSES"] = "1"
        for _ in range(40):
            done = terminal("edition", "send", "latest", "--json", "--now", now.isoformat(), code=None)
            balanced(done.json, readers)
            verdict(terminal, judge, resent)
            doubtful = in_doubt(terminal)
            assert len(doubtful) == done.json["uncertain"]
            if done.code == 0:
                break
            terminal("edition", "uncertain", "latest", "--resend", "--json", "--now", now.isoformat())
            resent.update(doubtful)
            now += timedelta(hours=1)
        assert done.code == 0, done
    tell(json.dumps(done.json | {"killed": storm.killed, "resent": sum(resent.values())} | storm.happened))


def test_killed_while_choosing_for_everyone_each_has_one_delivery(crowd, tell) -> None:
    readers, luck = 6_000, random.Random(SEED)
    terminal = crowd(readers, DOMAINS)
    seen: list[int] = []

    def chosen() -> int:
        return asked(terminal, "SELECT count(*) FROM delivery")

    with judging(terminal) as judge:
        while not asked(terminal, "SELECT fanned_out_at IS NOT NULL FROM edition"):
            before = chosen()
            with sending(terminal, datetime.fromisoformat(SLOT)) as sender:
                sender.until(lambda: chosen() > before)  # noqa: B023  asked in this round
                sender.wait(luck.uniform(0, 0.1))
                sender.kill()
            seen.append(chosen())
        verdict(terminal, judge, Counter())
        tell(f"\nkilled with so many chosen: {seen}")
        assert any(0 < count < readers for count in seen), "it was never killed half-way"

        balance = terminal("edition", "send", "latest", "--json", "--now", SLOT, code=None).json
        balanced(balance, readers)
        assert balance["accepted"] + balance["uncertain"] == readers
        assert balance["uncertain"] <= CONNECTIONS
        verdict(terminal, judge, Counter())
        assert len({message_id for _, message_id, *_ in recorded(terminal)}) == readers
