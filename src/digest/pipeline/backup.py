"""A backup of an installation, and putting one in its place (docs/adr/0022-backups.md)."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from digest import disk
from digest.core.backup import DATABASE, MEDIA, SECRETS
from digest.core.errors import Misconfigured, Refused, because
from digest.core.token import address_hmac
from digest.pipeline import put_back
from digest.pipeline.assemble import Plan
from digest.pipeline.put_back import Back
from digest.store import backup, snapshot, suppressions
from digest.store.backup import Estate, Progress
from digest.store.database import Database
from digest.store.media import Media


def make(estate: Estate, target: Path, now: datetime, program: str, progress: Progress, *, into: bool = False) -> Path:
    """Back it all up while others work on it: into the new file `target`, or into one in the folder `target`. The file.

    `into`: it is a folder even if it is not there yet.
    """
    if into or target.is_dir():
        target = target / f"digest-{now:%Y%m%dT%H%M%SZ}.zip"
    if target.exists():
        raise Refused(f"{target} is there already; name a new file, or a folder.")
    with _folder_in(target.parent) as folder:
        snapshot.take(estate.database, folder / DATABASE, progress)
        files = {DATABASE: folder / DATABASE}
        files |= {name: path for name, path in estate.kept.items() if name not in estate.given and path.exists()}
        # After the database, which names them: pictures are never changed or deleted.
        files |= {MEDIA + path.name: path for path in Media(estate.media).all()}
        backup.pack(target, files, now, program, progress)
    return target


def restore(estate: Estate, file: Path, plan: Plan, now: datetime, *, over: bool, progress: Progress) -> Back:
    """Put a backup in its place: unpacked beside it, checked, brought to this version, held, and only then moved there.

    `over`: also where there is a database that holds something.
    """
    if estate.database.exists():
        if not over and snapshot.holds_anything(estate.database):
            raise Refused(
                f"There is a database at {estate.database} with something in it; with --replace the backup takes its place, "
                "and it is kept beside it."
            )
        with snapshot.alone(estate.database):  # refused here rather than after all the work
            pass
    with _folder_in(estate.database.parent) as folder:
        manifest = backup.unpack(file, folder, progress)
        snapshot.require_whole(folder / DATABASE, f"The database in {file} is damaged; use another backup")
        database = Database(f"sqlite:///{folder / DATABASE}")
        try:
            database.migrate()
            if not _fits(database, pepper := _secrets(estate, folder, file)["pepper"], now):
                raise Misconfigured(
                    "DIGEST_PEPPER is not the one that the database in the backup was made with, so suppressed addresses "
                    "would not be recognised; set the old one."
                )
            back = put_back.hold(database, manifest.made_at, plan, now)
            back = replace(back, left=_take_off(database, estate, pepper, now))
        finally:
            database.dispose()
        for picture in Media(folder / MEDIA).all():
            Media(estate.media).put(picture.name, picture.read_bytes())
        with snapshot.alone(folder / DATABASE):  # without a journal of its own it can be moved
            pass
        return replace(back, replaced=_move_in(estate, folder))


def _secrets(estate: Estate, folder: Path, file: Path) -> dict[str, str]:
    """As they will be found: set, in the backup, or beside the database."""
    found = dict(estate.given)
    for name in SECRETS:
        for path in (folder / name, estate.kept[name]):
            if name not in found and path.exists():
                found[name] = path.read_text("ascii").strip()
        if name not in found:
            raise Misconfigured(
                f"DIGEST_{name.upper()} is not set, and it is not in {file}; set it as it was when the backup was made."
            )
    return found


def _fits(database: Database, pepper: str, now: datetime) -> bool:
    with database.write() as session:
        return suppressions.canary(session, address_hmac(pepper, "canary"), now)


def _take_off(database: Database, estate: Estate, pepper: str, now: datetime) -> int | None:
    """Who left since, as the database in its place knows. None if it cannot be asked, or is another publication's."""
    if not estate.database.exists():
        return None
    later = Database(f"sqlite:///{estate.database}")
    try:
        later.require()
        return put_back.take_off(database, later, pepper, now) if _fits(later, pepper, now) else None
    except Refused:
        return None
    finally:
        later.dispose()


def _move_in(estate: Estate, folder: Path) -> Path | None:
    """The database leaves first and comes last: what is there under its name has all that belongs to it.

    The folder in which the old ones are now.
    """
    places = {name: path for name, path in estate.kept.items() if (folder / name).exists()}
    old = [path for path in (estate.database, *snapshot.journal(estate.database), *places.values()) if path.exists()]
    replaced = None
    with ExitStack() as stack:
        (folder / DATABASE).chmod(0o600)
        if estate.database.exists():
            stack.enter_context(snapshot.alone(estate.database))
            shutil.copymode(estate.database, folder / DATABASE)
        if old:
            replaced = Path(tempfile.mkdtemp(prefix=f"{estate.database.name}.replaced-", dir=estate.database.parent))
            for path in old:
                path.rename(replaced / path.name)
        for name, path in places.items():
            (folder / name).chmod(0o600)
            (folder / name).rename(path)
        (folder / DATABASE).rename(estate.database)
    disk.sync(estate.database.parent)
    return replaced


@contextmanager
def _folder_in(parent: Path) -> Iterator[Path]:
    """An empty folder for its owner alone, gone at the end."""
    try:
        parent.mkdir(parents=True, exist_ok=True)
        made = tempfile.TemporaryDirectory(prefix="digest-unfinished-", dir=parent)
    except OSError as error:
        raise Refused(f"The folder {parent} cannot be written: {because(error)}.") from None
    with made as folder:
        yield Path(folder)
