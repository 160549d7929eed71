"""Files that people hand in: read whole, checked for size and encoding before anything else looks at them."""

import codecs
from pathlib import Path

from digest.core.errors import Refused, because

LARGEST = {"item": 1_000_000, "newsletter": 5_000_000, "subscriber list": 200_000_000}
"""Bytes."""


def read_text(path: Path, what: str) -> str:
    """The text of a UTF-8 file, a byte order mark dropped. Refused, naming the file, for anything else."""
    try:
        size = path.stat().st_size
        if size > LARGEST[what]:
            raise Refused(
                f"{path} has {size / 1e6:.4g} MB; {'an' if what == 'item' else 'a'} {what} may have "
                f"{LARGEST[what] / 1e6:g} MB. Is it the right file?"
            )
        raw = path.read_bytes()
    except OSError as error:
        raise Refused(f"{path} cannot be read: {because(error)}.") from None
    if not raw.strip(b"\xef\xbb\xbf \t\r\n"):
        raise Refused(f"{path} is empty.")
    if raw.startswith(b"PK\x03\x04"):
        form = "CSV" if what == "subscriber list" else "text"
        raise Refused(f"{path} is a workbook or document of an office program; save it as {form}, in UTF-8.")
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\x00" in raw[:4096]:
        raise Refused(f"{path} is not UTF-8 text (it looks like UTF-16 or a binary file); save it as UTF-8.")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise Refused(f"{path}, line {line}: this is not UTF-8 (perhaps Latin-1); save the file as UTF-8.") from None
