"""Mail that comes back, whichever way it came: it is taken in, or kept where people find it, and it is never lost."""

import re
from collections.abc import Callable, Generator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from digest.core.dsn import Kind, Report, Verdict
from digest.core.errors import Refused, because
from digest.core.token import PATTERN, Purpose
from digest.mailbox import files, imap, maildir
from digest.mailbox.quarantine import Quarantine
from digest.mailbox.reader import Unreadable
from digest.pipeline import notices
from digest.pipeline.receive import Keys, Received, receive
from digest.store.database import Database

_OURS = re.compile(rf"(?:bounce|unsub|letter)\+{PATTERN.pattern}", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True, slots=True)
class Inbound:
    """What every way in shares."""

    database: Database
    keys: Keys
    read: Callable[[bytes], Report]
    quarantine: Quarantine
    clock: Callable[[], datetime]

    def expects(self, recipient: str) -> bool:
        """False where it is certain that there is no such address: it holds a token that none of our keys has signed."""
        ring, said = self.keys.ring, _OURS.search(recipient)
        return not said or any(
            ring.find(purpose, said[0]) is not None for purpose in (Purpose.BOUNCE, Purpose.UNSUBSCRIBE, Purpose.LETTER)
        )

    def take(self, message: bytes, recipient: str | None) -> Received:
        """Count one message, or put it into quarantine, of which staff hear once a day. It is ours when this returns.

        Refused (and TryAgain, which is one) if that is not done: the message has to come again.
        """
        try:
            return self._count(message, recipient)
        except Unreadable as unreadable:
            why = str(unreadable)
        self.quarantine.keep(message, recipient, why)
        now = self.clock()
        text = (
            f"A message that came back cannot be read ({why}). It is in {self.quarantine.folder}, and nothing was done with "
            "it; look whether somebody wants to leave, and delete it. Others of today are not told of."
        )
        with self.database.write() as session:
            notices.alarm(session, f"quarantine/{now.date()}", "A message is in quarantine", text, now)
        return _refused(why, "kept in quarantine, without effect")

    def collect(self, folder: Path) -> Generator[Received, None, None]:
        """Take in what waits in a Maildir; each is moved when that is done. Refused if some of it has to wait on."""
        trouble = None
        try:
            for path in maildir.waiting(folder):
                try:
                    message = files.read(path)
                except FileNotFoundError:  # another process was quicker
                    continue
                except OSError as error:
                    trouble = error
                    continue
                taken = self.take(message, None)
                maildir.seen(path)
                yield taken
        except OSError as error:
            trouble = error
        if trouble:
            raise Refused(
                f"DIGEST_MAILDIR: mail waits on, since {trouble.filename} cannot be read or moved: {because(trouble)}."
            )

    def poll(self, account: imap.Account) -> Generator[Received, None, None]:
        """Take in what waits in a mailbox on a server; each is moved when that is done. Refused if some of it waits on."""
        with imap.opened(account) as mailbox:
            for uid in mailbox.waiting():
                message = mailbox.read(uid)
                if message is not None:
                    taken = self.take(message, None)
                    mailbox.move(uid)
                    yield taken

    def again(self, message: bytes) -> Received:
        """Count one message that is kept elsewhere. What was counted changes nothing, and nothing is put into quarantine."""
        try:
            return self._count(message, None)
        except Unreadable as unreadable:
            return _refused(str(unreadable), "without effect")

    def _count(self, message: bytes, recipient: str | None) -> Received:
        """Unreadable, also for what would fail here again and again."""
        try:
            return receive(self.database, message, recipient, self.keys, self.clock(), self.read)
        except (Unreadable, Refused):
            raise
        except Exception as error:
            raise Unreadable(f"{type(error).__name__} on taking it in") from error


def _refused(reason: str, effect: str) -> Received:
    return Received(Kind.NONE, Verdict.NONE, f"refused: {reason}", None, effect, unread=True)
