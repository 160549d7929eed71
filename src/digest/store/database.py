"""Connections and transactions. Readers begin deferred; writers begin at once, so that a wait is a wait and never a failure."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import Connection, CursorResult, Engine, Table, Update, create_engine, event, make_url, text
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError
from sqlmodel import Session, SQLModel

from digest.core.errors import Misconfigured, Refused, TryAgain, because
from digest.store import versions

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql

DRIVERS = {"sqlite": "sqlite", "postgresql": "postgresql+psycopg"}
URLS = "sqlite:///var/digest.db or postgresql://user:password@host/name"
BUSY_SECONDS = 10
"""How long another program that writes is waited for."""
PRAGMAS = ("foreign_keys=ON", "secure_delete=ON")
IMPATIENT = ("busy_timeout=0", "cache_size=-500")
"""The cache is in KiB: who goes through the rows in their order never comes back to most of what the usual 2,000 would keep."""


class Database:
    """One database by URL. `durable` makes every commit outlive a power loss (SQLite `synchronous=FULL`)."""

    def __init__(self, url: str, *, durable: bool = False) -> None:
        try:
            self.url = make_url(url)
            self.engine = create_engine(self.url.set(drivername=DRIVERS[self.url.get_backend_name()]))
        except (ArgumentError, KeyError, ValueError):
            raise Misconfigured(f"DIGEST_DATABASE_URL cannot be used; write {URLS}.") from None
        except ImportError:
            raise Misconfigured(
                "DIGEST_DATABASE_URL names a PostgreSQL server, and what talks to one is not installed: install digest[postgres]."
            ) from None
        self.is_sqlite = self.engine.dialect.name == "sqlite"
        if self.is_sqlite and self.url.database in (None, "", ":memory:"):
            raise Misconfigured(f"DIGEST_DATABASE_URL names no file; write {URLS}.")
        if self.is_sqlite:
            _tune_sqlite(self.engine, durable=durable)
        self._writer = self.engine.execution_options(digest_writes=True)

    @property
    def file(self) -> Path | None:
        """The SQLite file, None on a server."""
        return Path(self.url.database) if self.is_sqlite and self.url.database else None

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session for reading; nothing is committed."""
        with _in_words(self), Session(self.engine, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session whose transaction holds the write lock from its start; commits unless an exception leaves it."""
        with _in_words(self), Session(self._writer, expire_on_commit=False) as session, session.begin():
            yield session

    def writing_connection(self) -> Connection:
        """A connection for many small transactions, `with connection.begin()`."""
        return self._writer.connect()

    def impatient_connection(self) -> Connection:
        """The same, for one who must not be kept: on SQLite a transaction fails at once while another one writes."""
        connection = self.writing_connection()
        if self.is_sqlite:
            driver = cast(sqlite3.Connection, connection.connection.driver_connection)
            for pragma in IMPATIENT:
                driver.execute(f"PRAGMA {pragma}")
            connection.detach()  # it is nobody else's afterwards
        return connection

    def migrate(self) -> None:
        """Create the database or bring it to this program's version. Refused if it is from a newer one."""
        if self.file:
            try:
                self.file.parent.mkdir(parents=True, exist_ok=True)
                if not self.file.exists():
                    self.file.touch(0o600)  # it holds people's addresses; SQLite gives its journal the same mode
            except OSError as error:
                raise Refused(f"The database {self.file} cannot be made: {because(error)}.") from None
        # Whoever comes second waits, and finds nothing to do.
        with _in_words(self), self._writer.connect() as connection:
            versions.upgrade(connection)

    def empty_journal(self) -> bool:
        """Leave nothing of what was deleted in SQLite's journal. False while somebody still reads from it."""
        if not self.is_sqlite:
            return True
        connection = self.engine.raw_connection()
        try:  # in no transaction: a checkpoint waits for all of them
            busy, *_ = connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        finally:
            connection.close()
        return not busy

    def require(self) -> None:
        """Refused, with what to do, unless the database is there and of this program's version."""
        if self.file and not self.file.exists():
            raise Refused(f"There is no database at {self.file} yet; make it with `digest init`.")
        with _in_words(self), self.engine.connect() as connection:
            versions.require(connection, self.url.render_as_string())

    def dispose(self) -> None:
        self.engine.dispose()


def _tune_sqlite(engine: Engine, *, durable: bool) -> None:
    @event.listens_for(engine, "connect")
    def connect(connection: sqlite3.Connection, _record: Any) -> None:
        connection.isolation_level = None  # transactions are begun below, not by the driver
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={1000 * BUSY_SECONDS}")
        _write_ahead(cursor)
        for pragma in (*PRAGMAS, f"synchronous={'FULL' if durable else 'NORMAL'}"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("digest_writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _write_ahead(cursor: sqlite3.Cursor) -> None:
    """Let a database keep its journal ahead of it (WAL), once for all. SQLite waits for nobody who writes at that moment."""
    ends = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if not error.sqlite_errorname.startswith("SQLITE_BUSY") or time.monotonic() > ends:
                raise
            time.sleep(0.01)
        else:
            return


@contextmanager
def _in_words(database: Database) -> Iterator[None]:
    """Turn what drivers say of locks, disks and files into sentences for people."""
    try:
        yield
    except OperationalError as error:
        raise translate(error, database) from error
    except DBAPIError as error:
        if "file is not a database" in str(error.orig):
            raise Refused(f"{database.file} is not a database; move it away and run `digest init`.") from error
        if "malformed" in str(error.orig):
            raise Refused(f"The database {database.file} is damaged; restore it from a backup.") from error
        raise


def translate(error: DBAPIError, database: Database) -> Refused:
    """The error for people behind a driver's operational error."""
    said = str(error.orig)
    where = str(database.file or database.url.render_as_string())
    if "locked" in said or "busy" in said:
        return TryAgain(f"The database {where} is locked by another program; nothing was changed. Try again.")
    if "full" in said or "I/O error" in said:
        return TryAgain(
            f"The disk that holds {where} is full or failing ({said}); nothing was changed. Make room, try again."
        )
    if "readonly" in said or "read-only" in said:
        return Refused(f"The database {where} cannot be written: it is read-only for this user.")
    if "unable to open" in said:
        return Refused(f"The database {where} cannot be opened; check the folder and its permissions.")
    return TryAgain(f"The database {where} did not answer: {said.strip().splitlines()[0]}")


def on_sqlite(at: Session | Connection) -> bool:
    """Whether what is executed there is executed by SQLite, and not by PostgreSQL."""
    return at.get_bind().dialect.name == "sqlite" if isinstance(at, Session) else at.dialect.name == "sqlite"


def insert(at: Session | Connection, table: type[SQLModel] | Table) -> "sqlite.Insert | postgresql.Insert":
    """An INSERT that can say what to do about a row that is there already."""
    if on_sqlite(at):
        return sqlite.insert(table)
    from sqlalchemy.dialects import postgresql  # noqa: PLC0415  2 MB of drivers, and most databases are a file

    return postgresql.insert(table)


def insert_or_nothing(
    at: Session | Connection, table: type[SQLModel] | Table, *key: str
) -> "sqlite.Insert | postgresql.Insert":
    """An INSERT that leaves a row alone which has the same `key`."""
    return insert(at, table).on_conflict_do_nothing(index_elements=key)


def changed(session: Session, statement: Update) -> int:
    """Execute it. How many rows it changed."""
    return cast(CursorResult[Any], session.execute(statement)).rowcount


def ping(database: Database) -> None:
    """Raise unless the database answers."""
    with database.read() as session:
        session.connection().execute(text("SELECT 1"))
