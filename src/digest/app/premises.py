"""What an installation is built on: its settings, its clock, its database, its secrets, and the folders where things lie."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path

import digest
from digest.core.backup import SECRETS
from digest.core.errors import Misconfigured
from digest.core.token import Keyring, address_hmac
from digest.mailbox.quarantine import Quarantine
from digest.mailbox.reader import Reader
from digest.pipeline.receive import Keys
from digest.settings import Settings
from digest.settings.forms import listed
from digest.store import secrets as kept_secrets
from digest.store import suppressions
from digest.store.backup import Estate
from digest.store.database import Database
from digest.store.media import Media
from digest.store.secrets import Secrets
from digest.transports import outbox


def bundled(*parts: str) -> Path:
    """A file that ships with digest: inside the installed package, or in the checkout that it runs from."""
    package = Path(digest.__file__).parent
    inside = package.joinpath("bundled", *parts)
    return inside if inside.exists() else package.parents[1].joinpath(*parts)


def clock_from(start: datetime | None, *, running: bool) -> Callable[[], datetime]:
    """The system's clock, or one that is set to `start`, and runs on from there or stands still."""
    if start is None:
        return lambda: datetime.now(UTC)
    begun = time.monotonic()
    return lambda: start + timedelta(seconds=time.monotonic() - begun) if running else start


class Premises:
    """Where one publication lives. Each part is made when it is first asked for."""

    def __init__(self, settings: Settings, now: datetime | None = None, *, running: bool = False) -> None:
        self.settings = settings
        self.clock = clock_from(now, running=running)
        self._reader = Reader()

    def close(self) -> None:
        """Let go of every database connection, and of the process that reads mail."""
        self._reader.close()
        for each in (self.__dict__.get("_database"), self.__dict__.get("_durable")):
            if each is not None:
                each.dispose()

    def init(self) -> list[str]:
        """Create or upgrade the database, make the secrets that nobody set. What was done, for people."""
        made_before = self._database.file is not None and self._database.file.exists()
        self._database.migrate()
        done = [f"The database {self._database.url.render_as_string()} is ready."]
        for name in SECRETS:
            if path := self._secrets.missing(name):
                if made_before and name == "pepper" and self._has_pepper():
                    raise self._secrets.lost(name)
                kept_secrets.make(path)
                done.append(f"DIGEST_{name.upper()} is not set, so one was made and is kept in {path}. Back it up.")
        self._check_pepper()
        return done

    @cached_property
    def database(self) -> Database:
        """The database, there and of this version; the pepper is the one that it was made with."""
        self._database.require()
        self._check_pepper()
        return self._database

    @cached_property
    def _database(self) -> Database:
        return Database(self.settings.database_url)

    @cached_property
    def _durable(self) -> Database:
        return Database(self.settings.database_url, durable=True)

    def _has_pepper(self) -> bool:
        """Whether a pepper was ever used here: then a new one would not recognise whom it suppressed."""
        with self._database.read() as session:
            return suppressions.has_canary(session)

    def _check_pepper(self) -> None:
        with self._database.write() as session:
            if not suppressions.canary(session, address_hmac(self.pepper, "canary"), self.clock()):
                raise Misconfigured(
                    "DIGEST_PEPPER is not the one that this database was made with, so suppressed addresses would not be "
                    "recognised; restore the old one (it belongs in every backup)."
                )

    @cached_property
    def _secrets(self) -> Secrets:
        given = {name: value.get_secret_value() for name in SECRETS if (value := getattr(self.settings, name))}
        return Secrets(given, self._database.file)

    @cached_property
    def pepper(self) -> str:
        return self._secrets["pepper"]

    @cached_property
    def keyring(self) -> Keyring:
        retired = self.settings.secrets_retired
        return Keyring(self._secrets["secret"], listed(retired.get_secret_value()) if retired else ())

    @property
    def keys(self) -> Keys:
        return Keys(self.keyring, self.pepper)

    @property
    def media(self) -> Media | None:
        """Where pictures are kept; None on a database server for which no place was named."""
        file = self._database.file
        folder = self.settings.media or (file and file.with_name(f"{file.name}.media"))
        return Media(folder) if folder else None

    @property
    def quarantine(self) -> Quarantine:
        folder = self._quarantine
        if folder is None:
            raise Misconfigured(
                "DIGEST_QUARANTINE is not set; name a folder for mail that cannot be read, since a database on a server "
                "has none beside it."
            )
        return Quarantine(folder)

    @property
    def _quarantine(self) -> Path | None:
        file = self._database.file
        return self.settings.quarantine or (file and file.with_name(f"{file.name}.quarantine"))

    @property
    def estate(self) -> Estate:
        """What a backup holds. Misconfigured for a database on a server, which has its own way."""
        file, media = self._database.file, self.media
        if file is None or media is None:
            raise Misconfigured(
                "DIGEST_DATABASE_URL names a server: use its own tools (pg_dump, pg_restore), and keep DIGEST_PEPPER, "
                "DIGEST_SECRET and the folder of pictures with it. After pg_restore, `digest restore --as-of TIME` holds what "
                "may have gone out since."
            )
        kept = {name: path for name in SECRETS if (path := self._secrets.file(name))}
        return Estate(file, kept, self._secrets.given, media.folder)

    def clear(self, email: str) -> None:
        """Delete what is kept in folders of the mail to somebody, or about them."""
        if self.settings.outbox:
            outbox.remove(self.settings.outbox, email)
        if folder := self._quarantine:
            Quarantine(folder).remove(email)
