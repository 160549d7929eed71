"""A copy of a database is of one instant, whatever others write meanwhile; it is moved only when nobody has it open."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime

import pytest

from digest.core.errors import Refused
from digest.pipeline import consent
from digest.store import snapshot, subscribers
from digest.store.database import Database

NOW = datetime(2026, 3, 14, tzinfo=UTC)


def add(database, number):
    told = {"name": "", "language": "en", "topics": []}
    consent.add(database, f"r{number}@example.net", **told, pepper="p", now=NOW, source="a test")


def test_a_copy_is_of_the_instant_at_which_it_began(sqlite, tmp_path, monkeypatch):
    monkeypatch.setattr(snapshot, "PAGES", 5)
    add(sqlite, 0)
    told = []

    def meanwhile(done, total):
        told.append((done, total))
        add(sqlite, len(told))

    snapshot.take(sqlite.file, tmp_path / "copy.db", meanwhile)
    assert len(told) > 3
    assert told == sorted(told)
    assert told[-1][0] == told[-1][1]
    copy = Database(f"sqlite:///{tmp_path}/copy.db")
    with copy.read() as session:
        assert subscribers.count(session, "active") == 1
    copy.dispose()
    with sqlite.read() as session:
        assert subscribers.count(session, "active") == 1 + len(told)


def test_a_copy_of_what_is_damaged_is_refused(sqlite, tmp_path):
    for number in range(50):
        add(sqlite, number)
    sqlite.dispose()
    with sqlite.file.open("r+b") as file:
        file.seek(-6 * 4096, 2)
        file.write(b"\xff" * 4096)
    with pytest.raises(Refused, match=r"is damaged, so no backup of it was made"):
        snapshot.take(sqlite.file, tmp_path / "copy.db", lambda _done, _total: None)


def test_a_copy_for_which_there_is_no_room_is_refused_in_a_sentence(sqlite, tmp_path):
    add(sqlite, 1)
    with pytest.raises(Refused, match=r"No backup of .* was made: unable to open database file; look at the room"):
        snapshot.take(sqlite.file, tmp_path / "no folder" / "copy.db", lambda _done, _total: None)


def test_who_has_it_open_is_in_the_way_even_idle(sqlite):
    with sqlite.read() as session:
        subscribers.count(session, "active")
    with pytest.raises(Refused, match=r"is in use; stop `digest run`"), snapshot.alone(sqlite.file):
        pass
    sqlite.dispose()
    with snapshot.alone(sqlite.file), closing(sqlite3.connect(sqlite.file, timeout=0)) as other:
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("SELECT * FROM subscriber")
        assert not any(path.exists() for path in snapshot.journal(sqlite.file))
