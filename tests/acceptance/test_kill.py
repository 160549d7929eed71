"""kill -9 and Ctrl-C, and what the mail server's own log says of it: everyone exactly once, or in doubt and listed."""

import contextlib
import json
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from .conftest import BEFORE, SLOT, WEEK, Terminal, until

SERVER = Path(__file__).parents[1] / "integration" / "scripted_smtp.py"
CONNECTIONS = 4
DIED = "the sender died before the server's answer was recorded"


@dataclass
class Judge:
    """A mail server in a process of its own, and its log."""

    log: Path
    server: subprocess.Popen[str]

    def taken(self) -> Counter[tuple[str, str]]:
        """(recipient, Message-ID) of all that the server is responsible for."""
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        return Counter((line.split(" ")[0], line.split(" ")[1]) for line in lines)

    def count(self) -> int:
        return sum(self.taken().values())

    @property
    def size(self) -> int:
        return self.log.stat().st_size if self.log.exists() else 0

    def open(self) -> None:
        """Answer what waits at the gate, and all that comes."""
        self.server.stdin.write("\n")
        self.server.stdin.flush()


@contextlib.contextmanager
def judging(terminal: Terminal, *options: str) -> Iterator[Judge]:
    log = terminal.folder / "taken.log"
    command = [sys.executable, str(SERVER), str(log), *options]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        terminal.env["SMTP_PORT"] = server.stdout.readline().strip()
        yield Judge(log, server)
        server.stdin.close()


@pytest.fixture
def crowd(digest: Terminal):
    """The sample week assembled for so many readers, of so many domains."""

    def gather(readers: int, domains: int = 1) -> Terminal:
        digest.env["SMTP_CONNECTIONS"] = str(CONNECTIONS)
        emails = "".join(f"reader{n}@example{n % domains}.net\n" for n in range(readers))
        digest("init")
        digest("items", "add", WEEK, "--now", BEFORE)
        digest("subscribers", "import", digest.write("list.csv", "email\n" + emails), "--now", BEFORE)
        digest("edition", "assemble", "--now", BEFORE)
        return digest

    return gather


def recorded(terminal: Terminal) -> list[tuple[str, str, str, str]]:
    """(address, Message-ID, state, reply) of every delivery, as the database has it."""
    with contextlib.closing(sqlite3.connect(terminal.folder / "var" / "digest.db")) as database:
        return database.execute("SELECT address, message_id, state, last_reply FROM delivery").fetchall()


def verdict(terminal: Terminal, judge: Judge, resent: Counter[tuple[str, str]]) -> None:
    """What the server took, the ledger says was accepted or is in doubt; nobody more than once, but for what staff resent."""
    taken = judge.taken()
    rows = {(address, message_id): state for address, message_id, state, _ in recorded(terminal)}
    assert set(taken) <= set(rows), "the server has a message that the ledger does not know"
    assert len({address for address, _ in rows}) == len(rows)
    twice = {each: count for each, count in taken.items() if count > 1 + resent[each]}
    assert not twice, f"sent twice: {twice}"
    never = {each for each, state in rows.items() if state == "accepted" and not taken[each]}
    assert not never, f"lost: {never}"
    open_ = ("accepted", "uncertain", "transmitting")
    denied = {each: rows[each] for each in taken if rows[each] not in open_ and not resent[each]}
    assert not denied, f"taken by the server, and the ledger denies it: {denied}"


def in_doubt(terminal: Terminal) -> set[tuple[str, str]]:
    listed = terminal("edition", "uncertain", "latest", "--json").json["uncertain"]
    return {(each["email"], each["message_id"]) for each in listed}


def balanced(balance: dict[str, int], readers: int) -> None:
    parts = ("accepted", "failed", "skipped", "uncertain", "pending")
    assert balance["eligible"] == readers == sum(balance[part] for part in parts)


def test_killed_in_the_middle_of_2000_and_resumed(crowd) -> None:
    terminal = crowd(2000)
    with judging(terminal, "--gate", "1000") as judge:
        sender = terminal.start("edition", "send", "latest", "--now", SLOT)
        until(lambda: judge.count() == 1000 + CONNECTIONS, sender)
        sender.kill()
        sender.communicate()
        judge.open()
        verdict(terminal, judge, Counter())

        resumed = terminal("edition", "send", "latest", "--json", "--now", SLOT, code=None)
        balance = resumed.json
        balanced(balance, 2000)
        assert balance["pending"] == balance["failed"] == balance["skipped"] == 0
        assert balance["uncertain"] <= CONNECTIONS
        assert resumed.code == (1 if balance["uncertain"] else 0)
        doubtful = in_doubt(terminal)
        assert len(doubtful) == balance["uncertain"]
        verdict(terminal, judge, Counter())

        terminal("edition", "uncertain", "latest", "--resend", "--json", "--now", SLOT)
        balance = terminal("edition", "send", "latest", "--json", "--now", SLOT).json
        assert balance["accepted"] == 2000
        verdict(terminal, judge, Counter(doubtful))
        assert len(judge.taken()) == 2000


def test_ctrl_c_finishes_what_is_in_flight_and_says_how_to_go_on(crowd) -> None:
    terminal = crowd(600)
    with judging(terminal, "--gate", "100") as judge:
        sender = terminal.start("edition", "send", "latest", "--json", "--now", SLOT)
        until(lambda: judge.count() == 100 + CONNECTIONS, sender)
        sender.send_signal(signal.SIGINT)
        judge.open()
        out, err = sender.communicate(timeout=30)
        assert sender.returncode == 130
        balance = json.loads(out)
        balanced(balance, 600)
        assert balance["accepted"] == judge.count() < 600
        assert balance["accepted"] + balance["pending"] == 600
        assert "Nothing is lost; go on with `digest edition send 2026-W11`." in err.decode()
        verdict(terminal, judge, Counter())
        assert terminal("edition", "send", "latest", "--json", "--now", SLOT).json["accepted"] == 600
        verdict(terminal, judge, Counter())


def test_ctrl_c_is_heard_while_it_is_chosen_for_everyone(crowd) -> None:
    terminal = crowd(4100)  # in chunks of 2000
    with judging(terminal) as judge:
        sender = terminal.start("edition", "send", "latest", "--json", "--now", SLOT)
        until(lambda: len(recorded(terminal)) > 0, sender)
        sender.send_signal(signal.SIGINT)
        out, err = sender.communicate(timeout=60)
        assert sender.returncode == 130, err
        chosen = json.loads(out)["eligible"]
        balanced(json.loads(out), chosen)
        assert 0 < chosen < 4100
        assert "Nothing is lost; go on with `digest edition send 2026-W11`." in err.decode()
        assert not judge.taken()
        assert terminal("edition", "show", "latest", "--json").json["state"] == "sending"


def test_a_second_ctrl_c_does_not_wait_and_what_was_in_flight_is_in_doubt(crowd) -> None:
    terminal = crowd(40)
    with judging(terminal, "--gate", "0") as judge:
        sender = terminal.start("edition", "send", "latest", "--json", "--now", SLOT)
        until(lambda: judge.count() == CONNECTIONS, sender)
        sender.send_signal(signal.SIGINT)
        with pytest.raises(subprocess.TimeoutExpired):
            sender.wait(1)
        sender.send_signal(signal.SIGINT)
        out, err = sender.communicate(timeout=30)
        assert sender.returncode == 130, err
        assert b"Traceback" not in err
        assert json.loads(out)["pending"] == 40
    with judging(terminal) as judge:
        balance = terminal("edition", "send", "latest", "--json", "--now", SLOT, code=1).json
        balanced(balance, 40)
        assert (balance["accepted"], balance["uncertain"]) == (40 - CONNECTIONS, CONNECTIONS)
        assert len(in_doubt(terminal)) == CONNECTIONS
        verdict(terminal, judge, Counter())
        assert judge.count() == 40


def test_staff_pause_it_while_it_runs_and_resume_it(crowd) -> None:
    terminal = crowd(300)
    with judging(terminal, "--gate", "30") as judge:
        sender = terminal.start("edition", "send", "latest", "--json", "--now", SLOT)
        until(lambda: judge.count() == 30 + CONNECTIONS, sender)
        terminal("edition", "pause", "latest")
        judge.open()
        out, err = sender.communicate(timeout=60)
        assert sender.returncode == 1, err
        taken = judge.count()
        balance = json.loads(out)
        balanced(balance, 300)
        assert balance["accepted"] == taken < 300
        assert balance["accepted"] + balance["pending"] == 300
        assert "Sending is paused: paused by staff." in err.decode()
        assert "`digest edition resume 2026-W11`" in err.decode()
        again = terminal("edition", "send", "latest", "--json", "--now", SLOT, code=1)
        assert "2026-W11 is paused (paused by staff)" in again.err
        assert judge.count() == taken
        terminal("edition", "resume", "latest", "--now", SLOT)
        assert terminal("edition", "send", "latest", "--json", "--now", SLOT).json["accepted"] == 300
        verdict(terminal, judge, Counter())


def test_run_twice_at_once_from_a_draft_each_gets_it_once(crowd) -> None:
    terminal = crowd(300)
    with judging(terminal) as judge:
        both = [terminal.start("edition", "send", "latest", "--json", "--now", SLOT) for _ in range(2)]
        for sender in both:
            out, err = sender.communicate(timeout=120)
            assert sender.returncode in (0, 1), err
            balanced(json.loads(out), 300)
            assert not err or b"others are sending them" in err, err
        balance = terminal("edition", "send", "latest", "--json", "--now", SLOT).json
        assert (balance["accepted"], balance["uncertain"]) == (300, 0)
        verdict(terminal, judge, Counter())
        assert judge.count() == 300
