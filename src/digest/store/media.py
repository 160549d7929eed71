"""Pictures in a folder, each under the name that tells what is in it: written once, never changed, never deleted.

Mails that are out show them for as long as somebody keeps the mail.
"""

import shutil
from pathlib import Path

from digest import disk
from digest.core import picture
from digest.core.errors import Refused, because

ANYBODY = 0o666
"""The mode of a picture, less the umask: a web server of its own may show them."""
SPARED = 200_000_000
"""Bytes that pictures leave free on their disk, which the database is often on too."""


class Media:
    """The pictures that are hosted, in `folder`, which is made when the first one comes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, name: str) -> Path | None:
        """Where a picture is; None if it is not there, or `name` is not the name of one."""
        path = self.folder / name
        return path if picture.size(name) and path.is_file() else None

    def all(self) -> list[Path]:
        """Every picture that is there, by name."""
        return [path for path in sorted(self.folder.glob("*")) if self.path(path.name)]

    def put(self, name: str, content: bytes) -> None:
        """Keep a picture, whole or not at all. Refused if the folder cannot be written, or its disk is nearly full."""
        if self.path(name):
            return
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            if shutil.disk_usage(self.folder).free < SPARED + len(content):
                raise Refused(
                    f"The disk of {self.folder} has less than {SPARED // 1_000_000} MB left, which pictures leave to the rest; "
                    "make room there."
                )
            with disk.whole(self.folder / name, ANYBODY) as file:
                file.write(content)
        except OSError as error:
            raise Refused(f"The folder of pictures, {self.folder}, cannot be written: {because(error)}.") from None
