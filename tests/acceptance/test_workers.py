"""Several sending processes: the same promises, whoever of them is killed."""

import contextlib
import json
import os
import re
import select
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from .conftest import SLOT, Terminal, until
from .test_kill import CONNECTIONS, Judge, balanced, crowd, in_doubt, judging, verdict

__all__ = ["crowd"]
READERS = 1200
UNWANTED = (
    "digest.rendering", "digest.web", "digest.cli", "alembic", "babel", "jinja2", "mjml", "premailer", "lxml", "markdown_it",
    "nh3", "fastapi", "uvicorn", "typer", "rich", "apscheduler", "aiosmtpd", "yaml", "imaplib", "mailbox",
    "cryptography.x509", "sqlalchemy.dialects.postgresql", "pygments", "attr",
)  # fmt: skip


@contextlib.contextmanager
def sending(terminal: Terminal, judge: Judge, taken: int) -> Iterator[subprocess.Popen[bytes]]:
    """`edition send` with two workers, in a group of its own, once the server has taken so many."""
    terminal.env["SMTP_PROCESSES"] = "2"
    command = [sys.executable, "-m", "digest", "edition", "send", "latest", "--json", "--now", SLOT]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, cwd=terminal.folder, env=terminal.environment, stdout=pipe, stderr=pipe, start_new_session=True
    ) as sender:
        until(lambda: judge.count() >= taken, sender)
        yield sender


def workers(sender: subprocess.Popen[bytes]) -> list[int]:
    return [int(each) for each in Path(f"/proc/{sender.pid}/task/{sender.pid}/children").read_text().split()]


def finish(terminal: Terminal, judge: Judge) -> None:
    """Send the rest and resend what is in doubt; after that everybody has it."""
    balance = terminal("edition", "send", "latest", "--json", "--now", SLOT, code=None).json
    balanced(balance, READERS)
    assert balance["pending"] == balance["failed"] == balance["skipped"] == 0
    assert balance["uncertain"] <= CONNECTIONS
    doubtful = in_doubt(terminal)
    assert len(doubtful) == balance["uncertain"]
    verdict(terminal, judge, Counter())
    terminal("edition", "uncertain", "latest", "--resend", "--json", "--now", SLOT)
    assert terminal("edition", "send", "latest", "--json", "--now", SLOT).json["accepted"] == READERS
    verdict(terminal, judge, Counter(doubtful))


def test_all_is_well_with_two(crowd) -> None:
    terminal = crowd(300)
    terminal.env["SMTP_PROCESSES"] = "2"
    with judging(terminal) as judge:
        balance = terminal("edition", "send", "latest", "--json", "--now", SLOT).json
        balanced(balance, 300)
        assert balance["accepted"] == 300
        verdict(terminal, judge, Counter())
        assert judge.count() == 300
    assert terminal("edition", "show", "latest", "--json").json["state"] == "sent"


def test_ctrl_c_is_not_for_workers_from_their_first_moment_on(crowd) -> None:
    terminal = crowd(40)
    with judging(terminal) as judge, sending(terminal, judge, 0) as sender:
        until(lambda: bool(workers(sender)), sender)
        for each in workers(sender):
            told = Path(f"/proc/{each}/status").read_text()
            [blocked] = re.findall(r"^SigBlk:\s*([0-9a-f]+)$", told, re.MULTILINE)
            assert int(blocked, 16) >> (signal.SIGINT - 1) & 1
        os.killpg(sender.pid, signal.SIGINT)
        err = sender.communicate(timeout=60)[1].decode()
        assert sender.returncode == 130, err
        assert "Traceback" not in err


def test_a_second_ctrl_c_ends_the_workers_and_what_was_in_flight_is_in_doubt(crowd) -> None:
    terminal, in_flight = crowd(40), CONNECTIONS // 2  # one claims them all
    with judging(terminal, "--gate", "0") as judge, sending(terminal, judge, 1) as sender:
        until(lambda: judge.count() == in_flight, sender)
        both = [os.pidfd_open(each) for each in workers(sender)]
        os.killpg(sender.pid, signal.SIGINT)
        with pytest.raises(subprocess.TimeoutExpired):
            sender.wait(1)
        os.killpg(sender.pid, signal.SIGINT)
        err = sender.communicate(timeout=20)[1].decode()
        assert sender.returncode == 130, err
        assert "Traceback" not in err
        for each in both:
            assert select.select([each], [], [], 0)[0], "a worker lives on"
            os.close(each)
    with judging(terminal) as judge:
        balance = terminal("edition", "send", "latest", "--json", "--now", SLOT, code=1).json
        balanced(balance, 40)
        assert (balance["accepted"], balance["uncertain"]) == (40 - in_flight, in_flight)
        verdict(terminal, judge, Counter())


@pytest.mark.slow
def test_one_worker_killed_is_replaced_and_what_it_held_is_settled(crowd) -> None:
    terminal = crowd(READERS)
    with judging(terminal, "--gate", "300") as judge, sending(terminal, judge, 300) as sender:
        os.kill(workers(sender)[0], signal.SIGKILL)
        judge.open()
        out, err = sender.communicate(timeout=60)
        balance = json.loads(out)
        balanced(balance, READERS)
        assert balance["pending"] == 0, err
        assert balance["uncertain"] <= CONNECTIONS // 2
        assert sender.returncode == (1 if balance["uncertain"] else 0)
        verdict(terminal, judge, Counter())
        finish(terminal, judge)


@pytest.mark.slow
def test_the_whole_group_killed(crowd) -> None:
    terminal = crowd(READERS)
    with judging(terminal, "--gate", "300") as judge:
        with sending(terminal, judge, 300) as sender:
            assert len(workers(sender)) == 2
            os.killpg(sender.pid, signal.SIGKILL)
        judge.open()
        finish(terminal, judge)


@pytest.mark.slow
def test_workers_end_with_whoever_started_them(crowd) -> None:
    terminal = crowd(READERS)
    with judging(terminal, "--gate", "300") as judge:
        with sending(terminal, judge, 300) as sender:
            both = [os.pidfd_open(each) for each in workers(sender)]
            sender.kill()
        judge.open()
        for each in both:
            assert select.select([each], [], [], 20)[0], "a worker lives on"
            os.close(each)
        verdict(terminal, judge, Counter())
        assert not in_doubt(terminal)  # what was in flight was finished
        finish(terminal, judge)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopping_finishes_what_is_in_flight_and_says_how_to_go_on(crowd, number) -> None:
    terminal = crowd(READERS)
    with judging(terminal, "--gate", "150") as judge, sending(terminal, judge, 150) as sender:
        os.killpg(sender.pid, number)
        judge.open()
        out, err = sender.communicate(timeout=60)
        assert sender.returncode == 130, err
        balance = json.loads(out)
        balanced(balance, READERS)
        assert balance["accepted"] == judge.count() < READERS
        assert balance["accepted"] + balance["pending"] == READERS
        assert "Nothing is lost; go on with `digest edition send 2026-W11`." in err.decode()
        verdict(terminal, judge, Counter())


@pytest.mark.slow
def test_the_door_shut_is_the_same_sentence(crowd) -> None:
    terminal = crowd(3)
    said = []
    for processes in (1, 2):
        terminal.env["SMTP_PROCESSES"] = str(processes)
        done = terminal("edition", "send", "latest", "--json", "--now", SLOT, code=1)
        said.append((done.out, done.err))
    assert said[0] == said[1]
    assert "nothing listens there" in said[0][1]


@pytest.mark.parametrize(
    ("sender", "unwanted"),
    [
        ("digest.cli.edition", {*UNWANTED} - {"digest.cli", "typer", "rich"}),
        ("digest.app", UNWANTED),
        ("digest.engines.worker", (*UNWANTED, "digest.app", "digest.pipeline.compile")),
    ],
)
def test_who_sends_loads_only_what_that_takes(sender, unwanted) -> None:
    program = f"import sys, {sender}; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True).stdout.split()
    assert not {each for each in loaded if each in unwanted or each.startswith(tuple(f"{name}." for name in unwanted))}
