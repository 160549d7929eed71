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
    out: list[bytes] = []
    lines = text.replace("\r\n", "\n").split("\n")
    last = lines.pop()
    for line in lines:
        _encode(line, b"\r\n", out)
    if last:
        _encode(last, b"=\r\n", out)
    return b"".join(out)


def _encode(line: str, end: bytes, out: list[bytes]) -> None:
    """Append a line in pieces of at most 75 octets, never inside an escape, each fit to begin a line."""
    if _is_canonical(line):  # as is most of what differs from reader to reader
        out += (line.encode(), end)
        return
    raw = _UNSAFE.sub(_escape, line.encode("utf-8", "replace"))
    while True:
        if raw[:1] == b"." or raw[:5] == b"From ":
            raw = _ESCAPES[raw[0]] + raw[1:]
        if len(raw) <= LIMIT:
            break
        cut = LIMIT
        if b"=" in raw[cut - 2 : cut]:
            cut = raw.index(b"=", cut - 2)
        out += (raw[:cut], b"=\r\n")
        raw = raw[cut:]
    out += (raw, end)


def _is_canonical(line: str) -> bool:
    """Whether a line is its own encoding. (ASCII that is printable: no control characters.)"""
    plain = len(line) <= LIMIT and line.isascii() and line.isprintable() and "=" not in line
    return plain and "  " not in line and not line.endswith(" ") and not line.startswith((".", "From "))


def _escape(match: re.Match[bytes]) -> bytes:
    return _ESCAPES[match[0][0]]
