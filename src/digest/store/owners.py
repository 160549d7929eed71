"""Owners live by lock, not by clock: whoever sends holds an OS lock for as long as its process lives, kill -9 included."""

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import text

from digest.store.database import Database


@contextmanager
def living(database: Database, owner: str) -> Iterator[None]:
    """Hold the lock of `owner` while the block runs. On SQLite a file beside the database, on PostgreSQL an advisory lock."""
    if not database.is_sqlite:
        with database.engine.connect() as connection:
            connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _key(owner)})
            connection.commit()
            try:
                yield
            finally:
                connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _key(owner)})
        return
    path = _path(database, owner)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(handle)


def is_alive(database: Database, owner: str) -> bool:
    """Whether some process holds the owner's lock now."""
    if not database.is_sqlite:
        with database.engine.connect() as connection:
            free = connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": _key(owner)})
            if free:
                connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _key(owner)})
            return not free
    try:
        handle = os.open(_path(database, owner), os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    _path(database, owner).unlink(missing_ok=True)
    return False


def _path(database: Database, owner: str) -> Path:
    if database.file is None:
        raise AssertionError("only a database file has lock files")
    return database.file.with_name(f"{database.file.name}.owners") / owner


def _key(owner: str) -> int:
    return int.from_bytes(hashlib.sha256(owner.encode()).digest()[:8], "big", signed=True)
