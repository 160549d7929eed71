"""Hostile mail: it is read in a process that time and memory end."""

import os
import stat
import sys
from pathlib import Path

import pytest

from digest.core.dsn import Kind
from digest.core.errors import TryAgain
from digest.mailbox import quarantine as the_quarantine
from digest.mailbox import reader
from digest.mailbox.quarantine import Quarantine
from digest.mailbox.reader import Reader, Unreadable

BOUNCE = (Path(__file__).parents[1] / "unit/dsn/postfix-unknown.eml").read_bytes()
SENT = b"To: x@example.org\n\n"


@pytest.fixture
def reading():
    made = Reader()
    yield made
    made.close()


def hurt_by(monkeypatch, deed):
    """A process to which one message, SENT, does that."""
    script = (
        "import os, sys, time, digest.mailbox.reader as reader\n"
        "real, reader.SECONDS = reader.read, 1\n"
        f"reader.read = lambda message: {deed} if message == {SENT!r} else real(message)\n"
        "reader.serve()"
    )
    monkeypatch.setattr(reader, "COMMAND", (sys.executable, "-P", "-c", script))


@pytest.mark.parametrize(
    ("deed", "why"),
    [
        ("time.sleep(30)", "seconds to read"),
        ("[0 for _ in iter(int, 1)]", "(seconds|MB of memory) to read"),
        ("bytes(300 << 20)", "over 256 MB of memory to read"),
        ("os._exit(3)", "the end of what read it"),
        ("(lambda f: f(f))(lambda f: f(f))", "RecursionError on reading it"),
        ("1 / 0", "ZeroDivisionError on reading it"),
    ],
)
def test_what_takes_too_long_or_too_much_ends_with_its_process_and_the_next_is_read(monkeypatch, reading, deed, why):
    hurt_by(monkeypatch, deed)
    assert reading.read(BOUNCE).kind is Kind.BOUNCE
    with pytest.raises(Unreadable, match=why):
        reading.read(SENT)
    assert reading.read(BOUNCE).kind is Kind.BOUNCE


def test_a_process_that_died_between_two_messages_costs_neither(reading):
    reading.read(BOUNCE)
    reading._process.kill()
    reading._process.wait()
    assert reading.read(BOUNCE).kind is Kind.BOUNCE


def test_where_no_process_can_be_had_the_message_is_to_come_again(monkeypatch, reading):
    for command in (("/nowhere/python",), (sys.executable, "-c", "raise SystemExit")):
        monkeypatch.setattr(reader, "COMMAND", command)
        with pytest.raises(TryAgain, match="cannot be read now"):
            reading.read(BOUNCE)


def test_quarantine_keeps_the_message_and_why_for_its_owner_alone(tmp_path):
    quarantine = Quarantine(tmp_path / "q")
    kept = quarantine.keep(b"\xff" * 10, "bounce+x@example.org", "over 1 MB")
    assert kept.read_bytes() == b"Delivered-To: bounce+x@example.org\n" + b"\xff" * 10
    assert kept.with_suffix(".reason").read_text() == "over 1 MB\n"
    assert [stat.S_IMODE(path.stat().st_mode) for path in (kept.parent, kept)] == [0o700, 0o600]
    assert quarantine.keep(b"\xff" * 10, "bounce+x@example.org", "over 1 MB") == kept
    assert quarantine.keep(b"x", "a\nX-Evil: b", "over").read_bytes() == b"x"
    assert quarantine.count() == 2


@pytest.mark.parametrize(("limit", "much"), [("MOST", 3), ("ROOM", 3 * 9 + 5)])
def test_a_quarantine_keeps_the_newest(tmp_path, monkeypatch, limit, much):
    monkeypatch.setattr(the_quarantine, limit, much)
    kept = []
    for number in range(5):
        kept.append(Quarantine(tmp_path).keep(b"message %d" % number, None, "over 1 MB"))
        os.utime(kept[-1], (number, number))
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        path.with_suffix(suffix).name for path in kept[-3:] for suffix in (".eml", ".reason")
    )


def test_a_quarantine_that_cannot_be_written_loses_nothing(tmp_path):
    (tmp_path / "q").write_text("in the way")
    with pytest.raises(TryAgain, match="mend that"):
        Quarantine(tmp_path / "q").keep(b"x", None, "over 1 MB")
