"""Files that are on the disk when a call returns: what somebody was told is kept, no power cut takes back.

Every room that keeps something writes so; OSError is theirs to put into a sentence.
"""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

OWNER = 0o600
"""The mode of a file that its owner alone may read."""


@contextmanager
def new(path: Path, mode: int = OWNER) -> Iterator[BinaryIO]:
    """A new file to be filled, on the disk after the block (its name is so after `sync`), and gone if the block fails.

    FileExistsError if there is anything under that name; so no link is followed, and nothing overwritten.
    """
    handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, mode)
    try:
        with os.fdopen(handle, "w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        path.unlink(missing_ok=True)
        raise


@contextmanager
def whole(path: Path, mode: int = OWNER) -> Iterator[BinaryIO]:
    """The same for a file that is there whole or not at all, instead of what was there under its name."""
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with new(part, mode) as file:
            yield file
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    sync(path.parent)


def sync(folder: Path) -> None:
    """The names in a folder: a rename is on the disk when its folder is."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
