"""The secrets of an installation: those that somebody set, and those that were made once and lie beside the database.

The pepper of the suppressions is never made anew (docs/adr/0004-secrets.md): a database that knows one needs that one.
"""

import secrets
from collections.abc import Mapping
from pathlib import Path

from digest import disk
from digest.core.errors import Misconfigured, Refused


class Secrets:
    """`given`: values by name. `database`: the file beside which the others are kept; None for one on a server."""

    def __init__(self, given: Mapping[str, str], database: Path | None) -> None:
        self.given, self._database = given, database

    def file(self, name: str) -> Path | None:
        """Where one is kept that nobody set; None where there is no place for it."""
        return self._database and self._database.with_name(f"{self._database.name}.{name}")

    def __getitem__(self, name: str) -> str:
        """Misconfigured, with what to do, where there is none."""
        if name in self.given:
            return self.given[name]
        path = self.file(name)
        if path is None:
            raise Misconfigured(f"DIGEST_{name.upper()} is not set; a database on a server keeps no secrets beside it.")
        try:
            return path.read_text("ascii").strip()
        except FileNotFoundError:
            raise self.lost(name) from None
        except (OSError, UnicodeDecodeError) as error:
            raise Refused(f"{path} cannot be read: {error}.") from None

    def missing(self, name: str) -> Path | None:
        """Where one has to be made; None where it is set, or there, or has no place."""
        path = self.file(name)
        return None if name in self.given or path is None or path.exists() else path

    def lost(self, name: str) -> Misconfigured:
        return Misconfigured(
            f"DIGEST_{name.upper()} is not set and {self.file(name)} is not there; restore it from the backup of this database. "
            "(A new installation makes it with `digest init`.)"
        )


def make(path: Path) -> None:
    """A new secret, for its owner alone to read."""
    with disk.new(path) as file:
        file.write(f"{secrets.token_hex(32)}\n".encode())
    disk.sync(path.parent)
