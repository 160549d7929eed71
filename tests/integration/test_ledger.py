"""The ledger's groups: one commit each, a failure is its owner's alone, and a database in the way is waited for."""

import asyncio
import sqlite3
import threading
from collections.abc import Callable

import pytest
from sqlalchemy import Connection, event, text
from sqlalchemy.exc import OperationalError

from digest.app import Installation
from digest.pipeline import ledger
from digest.pipeline.ledger import Ledger, LedgerStopped
from digest.settings import Settings
from digest.store.database import Database

ADD = text("INSERT INTO clock (name, at) VALUES (:name, '2026-03-15 09:00:00')")


def add(name: str) -> Callable[[Connection], str]:
    def work(connection: Connection) -> str:
        connection.execute(ADD, {"name": name})
        return name

    return work


def names(database: Database) -> set[str]:
    with database.read() as session:
        return set(session.scalars(text("SELECT name FROM clock")))


@pytest.fixture
def commits(sqlite: Database) -> list[str]:
    made: list[str] = []
    event.listen(sqlite.engine, "commit", lambda _connection: made.append("commit"))
    return made


@pytest.fixture
def unwilling(sqlite: Database) -> Callable[[int], None]:
    """The next so many transactions find the database locked."""
    left = [0]

    def begin(_connection: Connection) -> None:
        if left[0]:
            left[0] -= 1
            raise OperationalError("BEGIN", None, sqlite3.OperationalError("database is locked"))

    event.listen(sqlite.engine, "begin", begin)
    return lambda times: left.__setitem__(0, times)


async def test_what_waits_together_is_committed_together_and_answered_each_its_own(sqlite, commits):
    async with Ledger(sqlite) as book:
        with sqlite.writing_connection() as other, other.begin():  # so the first has to wait, and the rest behind it
            first = asyncio.create_task(book.do(add("first")))
            await asyncio.sleep(0.01)
            others = [asyncio.create_task(book.do(add(f"n{n}"))) for n in range(20)]
            await asyncio.sleep(0)
            assert not first.done()
        commits.clear()
        assert await first == "first"
        assert await asyncio.gather(*others) == [f"n{n}" for n in range(20)]
    assert commits == ["commit", "commit"]  # the first alone, then all the rest
    assert len(names(sqlite)) == 21


async def test_the_loop_goes_on_while_the_disk_is_waited_for(sqlite):
    going_on, begun = threading.Event(), threading.Event()

    def commit(_connection: Connection) -> None:
        begun.set()
        assert going_on.wait(10), "the loop stood still"

    event.listen(sqlite.engine, "commit", commit)
    async with Ledger(sqlite) as book:
        waiting = asyncio.create_task(book.do(add("one")))
        while not begun.is_set():
            await asyncio.sleep(0)
        going_on.set()
        assert await waiting == "one"


async def test_an_answer_comes_after_the_commit(sqlite):
    async with Ledger(sqlite) as book:
        await book.do(add("one"))
        assert names(sqlite) == {"one"}


async def test_a_failure_is_its_owners_alone(sqlite):
    async with Ledger(sqlite) as book:
        good, bad, fine = (
            asyncio.create_task(book.do(work)) for work in (add("one"), lambda _connection: 1 / 0, add("two"))
        )
        assert await good == "one"
        with pytest.raises(ZeroDivisionError):
            await bad
        assert await fine == "two"
    assert names(sqlite) == {"one", "two"}


async def test_half_of_a_failed_piece_of_work_is_not_kept(sqlite):
    def half(connection: Connection) -> None:
        connection.execute(ADD, {"name": "half"})
        raise ValueError("no more")

    async with Ledger(sqlite) as book:
        with pytest.raises(ValueError, match="no more"):
            await book.do(half)
        await book.do(add("whole"))
    assert names(sqlite) == {"whole"}


async def test_a_locked_database_is_waited_for(sqlite, unwilling, monkeypatch):
    monkeypatch.setattr(ledger, "PATIENCE", (0.0,) * 3)
    async with Ledger(sqlite) as book:
        unwilling(3)
        assert await book.do(add("one")) == "one"
    assert names(sqlite) == {"one"}


async def test_patience_ends_in_a_sentence_and_is_spent_once(sqlite, unwilling, monkeypatch):
    monkeypatch.setattr(ledger, "PATIENCE", (0.0,) * 3)
    async with Ledger(sqlite) as book:
        unwilling(5)
        with pytest.raises(LedgerStopped, match=r"is locked by another program; nothing was changed"):
            await book.do(add("one"))
        with pytest.raises(LedgerStopped):
            await book.do(add("two"))  # the fifth: no second round of patience
        assert await book.do(add("three")) == "three"
    assert names(sqlite) == {"three"}


async def test_a_database_that_went_away_is_a_sentence_and_not_silence(sqlite, monkeypatch):
    monkeypatch.setattr(ledger, "PATIENCE", ())
    sqlite.engine.dispose()
    for each in sqlite.file.parent.glob("digest.db*"):
        each.unlink()
    sqlite.file.mkdir()
    async with Ledger(sqlite) as book:
        with pytest.raises(LedgerStopped, match="cannot be opened"):
            await asyncio.wait_for(book.do(add("one")), 10)


async def test_leaving_waits_for_what_was_asked(sqlite):
    async with Ledger(sqlite) as book:
        waiting = [asyncio.create_task(book.do(add(f"n{n}"))) for n in range(300)]
        await asyncio.sleep(0)
    await asyncio.gather(*waiting)
    assert len(names(sqlite)) == 300


def test_what_a_sender_records_outlives_a_power_loss(tmp_path):
    values = {"DIGEST_FROM": "weekly@harbour.example", "database_url": f"sqlite:///{tmp_path}/digest.db"}
    settings = Settings(_env_file=None, postal_address="Harbour House", **values)
    installation = Installation(settings)
    installation.init()
    with installation.office.database.impatient_connection() as connection:
        synchronous = connection.exec_driver_sql("PRAGMA synchronous").scalar_one()
    installation.close()
    assert synchronous == 2, "FULL: a commit returns when it is on the disk"
