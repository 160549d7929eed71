"""Mail that lies in files: single messages, folders of them, Maildir, mbox."""

import contextlib
import mailbox
from collections.abc import Iterator
from pathlib import Path

from digest.core.dsn import MAX_BYTES
from digest.core.errors import Refused, because
from digest.mailbox import maildir
from digest.mailbox.quarantine import REASON


def files(path: Path) -> list[Path]:
    """The file, or those in the folder and below it, in order: hidden ones and the reasons of a quarantine are none."""
    if not path.is_dir():
        return [path]
    found = (each for each in path.rglob("*") if each.is_file() and each.suffix != REASON and each.name[0] != ".")
    if maildir.is_one(path):
        found = (each for each in found if each.parent.name in maildir.FOLDERS)
    return sorted(found)


def messages(path: Path) -> Iterator[tuple[str, bytes]]:
    """Where each message is, and what `read` gives of it. Refused for what cannot be opened."""
    try:
        for file in files(path):
            content = read(file)
            if content.startswith(b"From ") and file.suffix != ".eml":
                with contextlib.closing(mailbox.mbox(file, create=False)) as box:
                    several = len(box) > 1
                    for number, key in enumerate(box.keys(), 1):
                        name = f"{file} no. {number}" if several else str(file)
                        yield name, box.get_file(key).read(MAX_BYTES + 1)
            else:
                yield str(file), content
    except OSError as error:
        where = error.filename or path
        raise Refused(f"{where} cannot be read: {because(error)}.") from None


def read(path: Path) -> bytes:
    """A message, up to the byte with which it is too long."""
    with path.open("rb") as file:
        return file.read(MAX_BYTES + 1)
