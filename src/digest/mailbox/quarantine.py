"""A folder for mail that cannot be read: kept for people to look at, each message with a line beside it that says why."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from digest import disk
from digest.core.errors import Refused, TryAgain, because

REASON = ".reason"
"""What the file with the line is called, in place of the message's “.eml”."""
MOST, ROOM = 1000, 200_000_000
"""Messages and bytes that are kept at most."""


@dataclass(frozen=True, slots=True)
class Quarantine:
    """`folder` is made, for its owner alone, when the first message comes."""

    folder: Path

    def keep(self, message: bytes, recipient: str | None, reason: str) -> Path:
        """Put the message on the disk, its envelope recipient in a header before it. The same again changes nothing.

        Beyond MOST or ROOM the oldest go: anybody can send such mail, and must not fill the disk. TryAgain if the folder does
        not take it.
        """
        if recipient and recipient.isprintable():
            message = f"Delivered-To: {recipient}\n".encode() + message
        kept = self.folder / f"{hashlib.sha256(message).hexdigest()[:32]}.eml"
        try:
            self.folder.mkdir(0o700, parents=True, exist_ok=True)
            for path, content in ((kept.with_suffix(REASON), f"{reason}\n".encode()), (kept, message)):
                with disk.whole(path) as file:
                    file.write(content)
            self._make_room()
        except OSError as error:
            raise TryAgain(
                f"Mail that cannot be read cannot be put into {self.folder}: {because(error)}; mend that."
            ) from None
        return kept

    def _make_room(self) -> None:
        found = sorted(
            ((each.stat(), each) for each in self.folder.glob("*.eml")), key=lambda each: -each[0].st_mtime_ns
        )
        room = ROOM
        for number, (status, message) in enumerate(found, 1):
            room -= status.st_size
            if number > MOST or room < 0:
                message.unlink(missing_ok=True)
                message.with_suffix(REASON).unlink(missing_ok=True)

    def remove(self, address: str) -> None:
        """Delete every message that names an address in its plain bytes. Refused if one cannot be."""
        named = address.lower().encode()
        try:
            for kept in self.folder.glob("*.eml"):
                if named in kept.read_bytes().lower():
                    kept.unlink(missing_ok=True)
                    kept.with_suffix(REASON).unlink(missing_ok=True)
        except OSError as error:
            raise Refused(f"The quarantine {self.folder} cannot be cleared of their mail: {because(error)}.") from None

    def count(self) -> int:
        return sum(1 for _ in self.folder.glob("*.eml"))
