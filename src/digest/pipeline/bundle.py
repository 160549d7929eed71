"""What people hand in as one: a file, a folder, or a ZIP, which is never unpacked onto the disk."""

import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from digest.core.errors import Refused, because

MOST = 20_000
"""Files in one."""
HEAD = 10_000
LARGEST = 200_000_000
"""Bytes of one of them, unpacked."""
ROOM = 1_000_000_000
"""Bytes of all that are read. A ZIP may say less of itself than comes out of it, so what comes out is counted."""


@dataclass(slots=True)
class Bundle:
    """`names`: with `/` between folders, in order."""

    path: Path
    names: list[str]
    _open: Callable[[str, int], bytes]
    _read: int = 0

    def read(self, name: str) -> bytes:
        """A file, whole. Refused if it is too large, damaged, or cannot be read."""
        content = self._open(name, LARGEST + 1)
        self._read += len(content)
        if len(content) > LARGEST or self._read > ROOM:
            much = f"{name} has more than {LARGEST // 1_000_000} MB" if len(content) > LARGEST else "it holds too much"
            raise Refused(f"{self.path}: {much}. Is it the right one?")
        return content

    def head(self, name: str) -> bytes:
        """How a file begins."""
        return self._open(name, HEAD)

    def text(self, name: str) -> str:
        """ValueError with a sentence for what is not UTF-8."""
        try:
            return self.read(name).decode("utf-8-sig")
        except UnicodeDecodeError:
            raise ValueError("it is not UTF-8 (perhaps Latin-1); save it as UTF-8") from None


@contextmanager
def opened(path: Path) -> Iterator[Bundle]:
    """Refused for what cannot be read, and for a ZIP that is not whole or names places outside itself."""
    try:
        if path.is_dir():
            yield _folder(path)
        elif zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as packed:
                names = _sound(path, [each.filename for each in packed.infolist()])
                yield Bundle(path, names, _unpacking(path, packed))
        else:
            yield Bundle(path, [path.name], lambda _, most: _head(path, most))
    except OSError as error:
        raise Refused(f"{error.filename or path} cannot be read: {because(error)}.") from None
    except zipfile.BadZipFile:
        raise Refused(f"{path} is a damaged ZIP; fetch the export again.") from None


def _folder(path: Path) -> Bundle:
    root = path.resolve()
    inside = [each for each in sorted(path.rglob("*")) if each.is_file() and each.resolve().is_relative_to(root)]
    return Bundle(
        path, _sound(path, [each.relative_to(path).as_posix() for each in inside]), lambda n, m: _head(path / n, m)
    )


def _sound(path: Path, names: list[str]) -> list[str]:
    """Without folders and hidden files."""
    if len(names) > MOST:
        raise Refused(f"{path} holds {len(names)} files, and {MOST} are the limit.")
    for name in names:
        if "\\" in name or name.startswith("/") or ".." in PurePosixPath(name).parts:
            raise Refused(
                f"{path} names a place outside itself ({name[:80]!r}), as no export does; nothing of it was read."
            )
    shown = (
        each for each in names if not any(part.startswith((".", "__MACOSX")) for part in PurePosixPath(each).parts)
    )
    return sorted(each for each in shown if not each.endswith("/"))


def _unpacking(path: Path, packed: zipfile.ZipFile) -> Callable[[str, int], bytes]:
    def read(name: str, most: int) -> bytes:
        try:
            with packed.open(name) as file:
                return file.read(most)
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError):
            raise Refused(f"{path}: {name} in it is damaged, or locked with a password.") from None

    return read


def _head(path: Path, most: int) -> bytes:
    with path.open("rb") as file:
        return file.read(most)
