"""An outbox: each message becomes a file in a folder, for eyes to look at or for something else to pick up.

The steps are those of SMTP, so the ledger's promises hold: a message is on the disk, under a passing name, before the mark,
and the dot is a rename. Files are named after the Message-ID: what is sent again replaces what was there.
"""

import asyncio
import re
import tempfile
from pathlib import Path
from typing import Self

from digest import disk
from digest.core.envelope import Parcel
from digest.core.errors import Refused, TryAgain, because
from digest.core.reply import Accepted, Lost, Reply, Unknown

_NAME = re.compile(rb"^Message-ID: <([A-Za-z0-9]{1,100})@", re.MULTILINE)
"""Letters and digits alone: no Message-ID leads out of the folder."""


class Connection:
    """One message at a time into `folder`. The envelope is the first two lines of its file, and the rest is what was signed."""

    alive = True

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._part: Path | None = None

    @classmethod
    async def open(cls, folder: Path) -> Self:
        """Make the folder, for its owner alone, where it is missing. Refused with a sentence if nothing can be put there."""
        try:
            folder.mkdir(0o700, parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                pass
        except OSError as error:
            raise Refused(f"DIGEST_OUTBOX: nothing can be put into the folder {folder}: {because(error)}.") from None
        return cls(folder)

    async def offer(self, parcel: Parcel) -> None:
        """Put the message on the disk. TryAgain if it does not take it: then it will not take the next one either."""
        found = _NAME.search(parcel.wire)
        if not found:
            raise AssertionError("every message has a Message-ID of ours")
        self._part = self._folder / f".{found[1].decode()}.part"
        envelope = f"X-Envelope-From: {parcel.sender}\r\nX-Envelope-To: {parcel.recipient}\r\n".encode()
        try:
            await asyncio.to_thread(_write, self._part, envelope + parcel.wire.replace(b"\r\n..", b"\r\n."))
        except OSError as error:
            self.abort()
            raise TryAgain(
                f"DIGEST_OUTBOX: a message cannot be written into {self._folder}: {because(error)}; mend that, then send."
            ) from None

    async def dot(self, following: Parcel | None = None) -> Accepted | Lost | Unknown:  # noqa: ARG002  nobody to announce it to
        """Give the file its name."""
        part, self._part = self._part, None
        if part is None:
            return Lost("the message was dropped before it was complete")
        file = part.with_name(part.name.removeprefix(".").removesuffix("part") + "eml")
        try:
            part.replace(file)
        except OSError as error:
            return Lost(f"the message could not be renamed: {because(error)}")
        try:
            await asyncio.to_thread(disk.sync, self._folder)
        except OSError as error:
            return Unknown(f"the folder could not be synced: {because(error)}")
        return Accepted(Reply(250, f"2.0.0 kept as {file.name}"))

    def abort(self) -> None:
        """Drop the message in hand."""
        if self._part is not None:
            self._part.unlink(missing_ok=True)
            self._part = None

    async def close(self) -> None:
        self.abort()


def remove(folder: Path, recipient: str) -> None:
    """Delete every message to one recipient, finished or not. Refused if a file cannot be read or deleted."""
    wanted = f"X-Envelope-To: {recipient}".casefold()
    try:
        for file in [*folder.glob("*.eml"), *folder.glob(".*.part")]:
            with file.open("rb") as message:
                named = message.read(2000).decode("utf-8", "replace").splitlines()[1:2]
            if [line.casefold() for line in named] == [wanted]:
                file.unlink(missing_ok=True)
    except OSError as error:
        raise Refused(f"DIGEST_OUTBOX: {folder} cannot be cleared of their mail: {because(error)}.") from None


def _write(path: Path, content: bytes) -> None:
    """On the disk, instead of what a sender left who was killed."""
    path.unlink(missing_ok=True)
    with disk.new(path) as file:
        file.write(content)
