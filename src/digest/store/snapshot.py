"""An SQLite database as a file: copied at one instant, judged, moved."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from digest.core.errors import Refused

PAGES = 2000
"""Pages (of 4 KiB, mostly) copied between two looks at the progress."""
ANYTHING = "SELECT EXISTS (SELECT 1 FROM subscriber) + EXISTS (SELECT 1 FROM item) + EXISTS (SELECT 1 FROM edition)"


def take(database: Path, target: Path, told: Callable[[int, int], None]) -> None:
    """Copy the database as it is at one instant, into one file without a journal.

    Refused if it cannot be read, the copy cannot be written, or is damaged.
    """
    try:
        with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(target)) as copy:
            # One reading transaction for all of it: otherwise each write of somebody else begins the copy anew.
            source.execute("BEGIN")
            source.execute("SELECT 1 FROM sqlite_master").fetchone()
            source.backup(copy, pages=PAGES, progress=lambda _, left, total: told(total - left, total))
            copy.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.OperationalError as error:
        raise Refused(
            f"No backup of {database} was made: {error}; look at the room and the permissions there."
        ) from None
    require_whole(target, f"The database {database} is damaged, so no backup of it was made; restore one of before")


def require_whole(database: Path, otherwise: str) -> None:
    """Refused, saying so, unless every page, index and reference of the database is as it should be."""
    try:
        with closing(sqlite3.connect(database)) as connection:
            found = connection.execute("PRAGMA integrity_check(1)").fetchone()
            stray = connection.execute("PRAGMA foreign_key_check").fetchone()
    except sqlite3.DatabaseError as error:
        raise Refused(f"{otherwise} ({error}).") from None
    if found != ("ok",) or stray:
        raise Refused(f"{otherwise} ({found[0] if found != ('ok',) else f'a row of {stray[0]} refers to none'}).")


@contextmanager
def alone(database: Path) -> Iterator[None]:
    """Keep every other process out of an SQLite database, its journal emptied into it. Refused while one has it open."""
    with closing(sqlite3.connect(database, timeout=0, isolation_level=None)) as connection:
        try:
            # Leaving the journal asks for the file alone: whoever has it open is in the way, even idle.
            connection.execute("PRAGMA journal_mode=DELETE")
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            if not error.sqlite_errorname.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
                raise Refused(f"{database} cannot be opened: {error}.") from None
            raise Refused(
                f"{database} is in use; stop `digest run` and all else that has it open, then do this again."
            ) from None
        except sqlite3.DatabaseError:
            pass  # damaged: nobody can work on it
        yield


def holds_anything(database: Path) -> bool:
    """Whether a database file holds people, items or editions, or cannot be asked."""
    with closing(sqlite3.connect(database)) as connection:
        try:
            return bool(connection.execute(ANYTHING).fetchone() != (0,))
        except sqlite3.DatabaseError:
            return True


def journal(database: Path) -> list[Path]:
    """The files that SQLite keeps beside a database, there or not."""
    return [database.with_name(f"{database.name}-{end}") for end in ("wal", "shm", "journal")]
