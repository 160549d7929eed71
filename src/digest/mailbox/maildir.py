"""A Maildir that a mail server delivers into: what is in `new` waits, what is in `cur` was taken in."""

from contextlib import suppress
from pathlib import Path

FOLDERS = ("new", "cur")
"""Those that hold messages; `tmp` holds what is still being delivered."""


def is_one(folder: Path) -> bool:
    return all((folder / name).is_dir() for name in FOLDERS)


def waiting(folder: Path) -> list[Path]:
    """The messages in `new`, the oldest first: their names begin with the time."""
    return sorted(path for path in (folder / "new").iterdir() if path.name[0] != ".")


def seen(message: Path) -> None:
    """Move it to `cur`, with the flag that says so. Another process may have done it."""
    name = message.name.partition(":")[0]
    with suppress(FileNotFoundError):
        message.rename(message.parents[1] / "cur" / f"{name}:2,S")
