"""Write the migration from the newest revision to what `store/tables/` says now.

python scripts/migration.py "what changes"
"""

import sys
import tempfile
from pathlib import Path

from alembic import command

from digest.store.database import Database
from digest.store.versions import alembic_config


def main(message: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{folder}/scratch.db")
        database.migrate()
        config = alembic_config()
        newest = max((int(path.name[:4]) for path in _versions().glob("[0-9]*.py")), default=0)
        with database.engine.connect() as connection:
            config.attributes["connection"] = connection
            command.revision(config, message=message, autogenerate=True, rev_id=f"{newest + 1:04d}")
        database.dispose()


def _versions() -> Path:
    return Path(__file__).resolve().parent.parent / "src" / "digest" / "store" / "migrations" / "versions"


if __name__ == "__main__":
    if len(sys.argv) != 2 or not sys.argv[1].strip():
        sys.exit('Say what changes: make migration MESSAGE="what changes"')
    main(sys.argv[1])
