"""Quoted-printable (RFC 2045 §6.7) that is already canonical.

What `encode` returns starts and ends at a line start, has no trailing white space, no run of white space, no line that begins
with a dot or “From ”, and no line over 76 characters. So pieces can be joined as they are, and the bytes on the wire, the
dot-stuffed bytes (RFC 5321 §4.5.2) and DKIM's relaxed body (RFC 6376 §3.4.4) are one and the same.
"""

import re

LIMIT = 75  # 76 less the “=” of a soft line break

_ESCAPES = tuple(b"=%02X" % byte for byte in range(256))
_UNSAFE = re.compile(rb"[^!-<>-~ ]|(?<= ) | (?=\n|\Z)")


def encode(text: str) -> bytes:
    """Text with `\\n` line ends as canonical quoted-printable; a last line without an end is closed by a soft break."""
    if not text:
        return b""
    out: list[bytes] = []
    lines = text.replace("\r\n", "\n").split("\n")
    for number, line in enumerate(lines, 1):
        last = number == len(lines)
        if last and not line:
            break
        _wrap(_UNSAFE.sub(_escape, line.encode("utf-8", "replace")), soft_end=last, out=out)
    return b"".join(out)


def _escape(match: re.Match[bytes]) -> bytes:
    return _ESCAPES[match[0][0]]


def _wrap(line: bytes, *, soft_end: bool, out: list[bytes]) -> None:
    """Append `line` in pieces of at most 75 octets, never inside an escape, each fit to begin a line."""
    while True:
        if line[:1] == b"." or line[:5] == b"From ":
            line = _ESCAPES[line[0]] + line[1:]
        if len(line) <= LIMIT:
            break
        cut = LIMIT
        if b"=" in line[cut - 2 : cut]:
            cut = line.index(b"=", cut - 2)
        out += (line[:cut], b"=\r\n")
        line = line[cut:]
    out += (line, b"=\r\n" if soft_end else b"\r\n")
