"""The versions of the database: a chain of migrations, and where a database stands in it."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from digest.core.errors import Refused


def upgrade(connection: Connection) -> None:
    """To the newest version. Refused if it is newer than that already."""
    current = _revision(connection)
    if current and current not in _known():
        raise _newer(current)
    config = alembic_config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    connection.commit()


def require(connection: Connection, where: str) -> None:
    """Refused, with what to do, unless it is the newest version."""
    current = _revision(connection)
    if current == ScriptDirectory.from_config(alembic_config()).get_current_head():
        return
    if current is None:
        raise Refused(f"{where} is not a digest database yet; run `digest init`.")
    if current in _known():
        raise Refused("The database is of an older version; run `digest init` to bring it up to date.")
    raise _newer(current)


def alembic_config() -> Config:
    """Alembic, pointed at our migrations."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _known() -> set[str]:
    return {script.revision for script in ScriptDirectory.from_config(alembic_config()).walk_revisions()}


def _newer(revision: str) -> Refused:
    return Refused(
        f"The database is of a newer version ({revision}) than this program knows; nothing was changed. "
        "Use the newer program, or restore a backup of before the upgrade."
    )
