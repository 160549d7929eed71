"""The versions of the database: a chain of migrations, numbered in their files' names, and where a database stands in it."""

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

from digest.core.errors import Refused

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = Path(__file__).parent / "migrations"


def upgrade(connection: Connection) -> None:
    """To the newest version. Refused if it is newer than that already."""
    from alembic import command  # noqa: PLC0415  only `digest init` needs it, and everybody else starts faster and stays smaller

    current = _revision(connection)
    if current and current not in _known():
        raise _newer(current)
    config = alembic_config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    connection.commit()


def require(connection: Connection, where: str) -> None:
    """Refused, with what to do, unless it is the newest version."""
    current, known = _revision(connection), _known()
    if current == known[-1]:
        return
    if current is None:
        raise Refused(f"{where} is not a digest database yet; run `digest init`.")
    if current in known:
        raise Refused("The database is of an older version; run `digest init` to bring it up to date.")
    raise _newer(current)


def alembic_config() -> "Config":
    """Alembic, pointed at our migrations."""
    from alembic.config import Config  # noqa: PLC0415  as above

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return found


def _known() -> list[str]:
    return sorted(each.name.partition("_")[0] for each in (MIGRATIONS / "versions").glob("[0-9]*_*.py"))


def _newer(revision: str) -> Refused:
    return Refused(
        f"The database is of a newer version ({revision}) than this program knows; nothing was changed. "
        "Use the newer program, or restore a backup of before the upgrade."
    )
