"""Making a database, what refuses to work on another one, and what drivers say in words for people; on every server."""

import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from records import NOW, edition, people, put_item
from sqlalchemy import inspect, text
from sqlalchemy.exc import StatementError
from sqlmodel import SQLModel

from digest.core.errors import Misconfigured, Refused, TryAgain
from digest.store import clock, editions, items, subscribers, topics
from digest.store.database import Database


@pytest.mark.parametrize("server", ["sqlite", "postgres"])
def test_migrating_from_nothing_makes_what_the_models_say(new_url, server):
    database = Database(new_url(server))
    with pytest.raises(Refused, match="digest init"):
        database.require()
    database.migrate()
    database.migrate()
    database.require()
    with database.engine.connect() as connection:
        options = {"compare_type": True, "target_metadata": SQLModel.metadata}
        assert compare_metadata(MigrationContext.configure(connection, opts=options), SQLModel.metadata) == []
    assert {*inspect(database.engine).get_table_names()} == {*SQLModel.metadata.tables, "alembic_version"}
    database.dispose()


MIGRATE = "import sys; from digest.store.database import Database; sys.stdin.read(); Database(sys.argv[1]).migrate()"


def test_two_that_migrate_at_once_make_one_database(new_url):
    url = new_url("sqlite")
    both = [subprocess.Popen([sys.executable, "-c", MIGRATE, url], stdin=subprocess.PIPE) for _ in range(2)]
    for process in both:
        process.stdin.close()
    assert [process.wait(60) for process in both] == [0, 0]
    database = Database(url)
    database.require()
    database.dispose()


def test_whoever_comes_first_waits_for_another_program_that_writes(tmp_path):
    path = tmp_path / "digest.db"
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other:
        other.execute("CREATE TABLE t (x)")
        other.execute("BEGIN IMMEDIATE")
        threading.Timer(0.2, other.rollback).start()
        database = Database(f"sqlite:///{path}")
        with database.engine.connect() as connection:
            assert connection.scalar(text("PRAGMA journal_mode")) == "wal"
        database.dispose()


def test_a_newer_database_is_left_alone(database):
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    for refused in (database.require, database.migrate):
        with pytest.raises(Refused, match=r"newer version \(9999\).*nothing was changed"):
            refused()
    with database.engine.connect() as connection:
        assert connection.scalar(text("SELECT version_num FROM alembic_version")) == "9999"


@pytest.mark.parametrize(
    "url", ["", "x", "mysql://a/b", "nosuch://x", "sqlite://", "sqlite:///:memory:", "postgresql://a:b:c/d"]
)
def test_a_url_that_cannot_be_used_is_named_without_its_secrets(url):
    with pytest.raises(Misconfigured, match="DIGEST_DATABASE_URL") as caught:
        Database(url)
    assert "alchemy" not in str(caught.value).lower()


def test_what_drivers_say_becomes_a_sentence(tmp_path):
    (tmp_path / "a.db").write_bytes(b"no database at all " * 500)
    with pytest.raises(Refused, match="is not a database; move it away"):
        Database(f"sqlite:///{tmp_path}/a.db").require()
    with pytest.raises(Refused, match="There is no database at"):
        Database(f"sqlite:///{tmp_path}/b.db").require()
    with pytest.raises(Refused, match="cannot be made"):
        Database(f"sqlite:///{tmp_path}/a.db/c/d.db").migrate()
    with pytest.raises(TryAgain, match="did not answer"):
        Database("postgresql://nobody:hunter2@127.0.0.1:1/none?connect_timeout=1").require()


def test_a_damaged_file_is_called_damaged(sqlite):
    with sqlite.write() as session:
        people(session, 300)
    sqlite.dispose()
    raw = bytearray(sqlite.file.read_bytes())
    raw[8192:] = b"\x55" * (len(raw) - 8192)
    sqlite.file.write_bytes(raw)
    with pytest.raises(Refused, match="is damaged; restore it from a backup"), sqlite.read() as session:
        subscribers.page(session)


def write_to(database):
    with database.write() as session:
        people(session, 1)


def test_a_locked_database_says_so_and_nothing_is_changed(sqlite, monkeypatch):
    monkeypatch.setattr("digest.store.database.PRAGMAS", ("busy_timeout=0",))
    impatient = Database(f"{sqlite.url}")
    with sqlite.write() as session:
        people(session, 1)
        with pytest.raises(TryAgain, match="is locked by another program; nothing was changed"):
            write_to(impatient)
    impatient.dispose()


def test_a_full_disk_says_so_and_nothing_is_changed(sqlite):
    def fill():
        with sqlite.write() as session:
            pages = session.connection().exec_driver_sql("PRAGMA page_count").scalar()
            session.connection().exec_driver_sql(f"PRAGMA max_page_count={pages}")
            people(session, 3000)

    with pytest.raises(TryAgain, match=r"is full or failing.*nothing was changed"):
        fill()
    with sqlite.read() as session:
        assert subscribers.count(session) == 0


def test_what_a_transaction_that_fails_did_is_undone(database):
    def fail():
        with database.write() as session:
            people(session, 3)
            edition(session)
            put_item(session)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with database.read() as session:
        assert (subscribers.count(session), editions.listing(session), items.listing(session)) == (0, [], [])
        assert topics.topic_names(session) == {}


# Instants.


def test_instants_come_back_aware_and_in_utc(database):
    local = datetime(2026, 3, 15, 9, 0, 0, 123456, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    with database.write() as session:
        assert clock.note(session, local) is None
    with database.write() as session:
        noted = clock.note(session, NOW)
    assert noted == local
    assert noted.tzinfo is UTC
    with database.write() as session:
        assert clock.note(session, NOW) == NOW


def test_a_naive_time_is_refused(database):
    with pytest.raises((StatementError, ValueError), match="naive time"), database.write() as session:
        clock.note(session, datetime(2026, 3, 15, 9))  # noqa: DTZ001  that is the point
