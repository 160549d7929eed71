"""What is backed up, and the one file of a backup: packed whole or not at all, unpacked checked or not at all."""

import hashlib
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO

from digest import disk
from digest.core.backup import DATABASE, MANIFEST, Manifest, Member
from digest.core.errors import Refused, because

CHUNK = 1 << 20
"""Bytes."""

Progress = Callable[[int, int], None]
"""How much is done, of how much."""


@dataclass(frozen=True, slots=True)
class Estate:
    """What belongs together, and where it lies.

    `kept`: the files of secrets beside the database, by name, whether they are there or not; `given`: those that are
    set instead. `media`: the folder of pictures, there or not.
    """

    database: Path
    kept: Mapping[str, Path]
    given: Mapping[str, str] = field(repr=False)
    media: Path


def pack(target: Path, files: Mapping[str, Path], made_at: datetime, program: str, progress: Progress) -> Manifest:
    """Write `files`, by their names in the backup, and a manifest into a new file that its owner alone can read."""
    count = _counter(progress, sum(path.stat().st_size for path in files.values()))
    members = []
    try:
        with disk.whole(target) as file, zipfile.ZipFile(file, "w") as packed:
            for name, path in files.items():
                kind = zipfile.ZIP_DEFLATED if name == DATABASE else zipfile.ZIP_STORED
                entry = zipfile.ZipInfo(name, made_at.timetuple()[:6])
                entry.compress_type, entry.external_attr = kind, disk.OWNER << 16
                with path.open("rb") as source, packed.open(entry, "w", force_zip64=True) as member:
                    members.append(Member(name, *_copy(source, member, count)))
            manifest = Manifest(made_at, program, tuple(members))
            packed.writestr(MANIFEST, manifest.dumps())
    except OSError as error:
        raise Refused(f"{target} cannot be written: {because(error)}.") from None
    return manifest


def _counter(progress: Progress, total: int) -> Callable[[int], None]:
    done = 0

    def count(more: int) -> None:
        nonlocal done
        done += more
        progress(done, total)

    return count


def _copy(source: IO[bytes], target: IO[bytes], count: Callable[[int], None]) -> tuple[int, str]:
    """How many bytes, and their SHA-256."""
    size, digest = 0, hashlib.sha256()
    while chunk := source.read(CHUNK):
        target.write(chunk)
        digest.update(chunk)
        size += len(chunk)
        count(len(chunk))
    return size, digest.hexdigest()


def unpack(backup: Path, folder: Path, progress: Progress) -> Manifest:
    """The files of a backup, each checked, in `folder` under their names. Refused if it is none, or not whole."""
    refused = f"{backup} cannot be restored: "
    try:
        with zipfile.ZipFile(backup) as packed:
            manifest = Manifest.loads(packed.read(MANIFEST))
            count = _counter(progress, sum(each.size for each in manifest.members))
            for each in manifest.members:
                path = folder / each.name
                path.parent.mkdir(exist_ok=True, mode=0o700)
                with packed.open(each.name) as source, disk.new(path) as file:
                    found = _copy(source, file, count)
                if found != (each.size, each.sha256):
                    raise Refused(f"{refused}{each.name} in it is not what was put there; use another backup.")
            return manifest
    except FileNotFoundError:
        raise Refused(f"There is no file {backup}.") from None
    except OSError as error:
        raise Refused(f"{refused}{because(error)}.") from None
    except KeyError:
        raise Refused(f"{refused}it is no backup of digest.") from None
    except ValueError as error:
        raise Refused(f"{refused}{error}.") from None
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError):
        raise Refused(f"{refused}it is no backup of digest, or not whole; use another one.") from None
