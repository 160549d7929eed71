"""Taking a hostile message apart: flat, bounded, and without recursion.

The parsers of the standard library recurse with the nesting of a message and build an object for every blank line of
a delivery report; a bounce needs neither. Here a message is a short list of leaves. What breaks a limit raises `BeyondLimit`.
"""

import binascii
import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.errors import HeaderParseError
from email.header import decode_header
from html import unescape

MAX_BYTES = 1_000_000
MAX_HEADER_BYTES = 256 * 1024
MAX_PARTS = 50
MAX_DEPTH = 20
MAX_TEXT = 64 * 1024
MAX_VALUE = 4096

Headers = tuple[tuple[str, str], ...]

# Charsets of mail; others of Python's codecs (punycode, unicode_escape, zlib) are slow, or no charsets at all.
_CHARSET = re.compile(
    r"(?:us-)?ascii|utf-?(?:7|8|16|32)(?:-?[lb]e)?|(?:iso-?8859|iso-2022|windows|cp|ibm|koi8|mac|shift|euc|tis|gb|big5|hz|johab|ks_c|viscii)"
    r"[\w.-]{0,20}|latin-?\d{1,2}|sjis|s_jis",
    re.IGNORECASE,
)
_BLANK_LINE = re.compile(rb"\r?\n[ \t]{0,8}\r?\n")
_FIELD = re.compile(r"([!-9;-~]{1,100})[ \t]{0,8}:[ \t]{0,8}(.*)")
_SNIFFED_BOUNDARY = re.compile(rb"^--(\S{1,200})\r?\n(?:content-|\r?\n)", re.IGNORECASE | re.MULTILINE)
_UNSEEN = re.compile(r"<(style|script)\b[^<]{0,20000}</\1>", re.IGNORECASE)
_LINE_TAG = re.compile(r"<(?:br|p|div|tr|li|h\d)\b[^<>]{0,2000}>", re.IGNORECASE)
_TAG = re.compile(r"<[/!a-z][^<>]{0,4000}>", re.IGNORECASE)


class BeyondLimit(Exception):
    """The message breaks a limit; its text says which."""


@dataclass(frozen=True, slots=True)
class Part:
    """A leaf of the message: headers with lower-case names, its media type, and the body still encoded."""

    headers: Headers
    kind: str
    body: bytes

    @property
    def text(self) -> str:
        """The decoded body, at most 64 KB of it, without tags."""
        text = self.decoded()
        return _without_tags(text) if self.kind == "text/html" else text

    def decoded(self, most: int = MAX_TEXT) -> str:
        """At most so many bytes of the body; whatever cannot be decoded is replaced, never raised."""
        charset = parameter(get(self.headers, "content-type"), "charset")
        return _decode(_transfer_decoded(self, most)[:most], charset)


def get(headers: Headers, name: str) -> str:
    """The first header of that (lower-case) name, or ''."""
    return next((value for key, value in headers if key == name), "")


def get_all(headers: Headers, *names: str) -> tuple[str, ...]:
    return tuple(value for key, value in headers if key in names)


def readable(value: str) -> str:
    """A header with its encoded words (RFC 2047) decoded as far as they can be."""
    try:
        pieces = decode_header(value[:MAX_VALUE])
    except (HeaderParseError, ValueError):
        return value
    return "".join(p if isinstance(p, str) else _decode(p, charset or "") for p, charset in pieces)


def parameter(value: str, name: str) -> str:
    """A parameter of a structured header such as Content-Type, or ''."""
    found = re.search(rf"\b{name}\s{{0,8}}=\s{{0,8}}(?:\"([^\"]{{1,200}})\"|([^\s;\"]{{1,200}}))", value, re.IGNORECASE)
    return (found[1] or found[2]) if found else ""


def parse_headers(lines: str) -> Headers:
    """Header fields from text, folded lines joined; a line that is no field is passed over."""
    fields: list[list[str]] = []
    for line in lines.split("\n"):
        if line[:1] in {" ", "\t"} and fields:
            fields[-1].append(line.strip())
        elif found := _FIELD.match(line):
            fields.append([found[1].lower(), found[2].strip()])
    return tuple((name, " ".join(values)[:MAX_VALUE]) for name, *values in fields)


def split(message: bytes) -> tuple[Headers, bytes]:
    """Header fields and body of an entity; an mbox separator before the first field is passed over."""
    if message[:1] in {b"\n", b"\r"}:
        return (), message.lstrip(b"\r\n")
    blank = _BLANK_LINE.search(message)
    head, body = (message[: blank.start()], message[blank.end() :]) if blank else (message, b"")
    if len(head) > MAX_HEADER_BYTES:
        raise BeyondLimit("headers over 256 KB")
    return parse_headers(head.decode("utf-8", "replace")), body


def leaves(message: bytes, most: int = MAX_BYTES) -> tuple[Headers, list[Part]]:
    """The top headers, and the leaves in order; a returned message is one leaf and is not opened.

    Raises BeyondLimit for a message over `most` bytes, with over 256 KB of headers, over 50 parts or nested over 20 deep.
    """
    if len(message) > most:
        raise BeyondLimit(f"over {most // 1_000_000} MB")
    top, _ = split(message)
    found: list[Part] = []
    waiting = [(message, 0)]
    while waiting:
        entity, depth = waiting.pop()
        headers, body = split(entity)
        declared = get(headers, "content-type")
        kind = declared.partition(";")[0].strip().lower() or "text/plain"
        boundary = _boundary(kind, declared, body)
        if not boundary:
            found.append(Part(headers, "text/plain" if kind.startswith("multipart/") else kind, body))
        elif depth >= MAX_DEPTH:
            raise BeyondLimit("parts nested over 20 deep")
        else:
            waiting.extend((part, depth + 1) for part in reversed(list(_between(body, boundary))))
        if len(found) + len(waiting) > MAX_PARTS:
            raise BeyondLimit("over 50 parts")
    return top, found


def _boundary(kind: str, declared: str, body: bytes) -> bytes:
    """The delimiter in use: the declared one if it occurs, else one that plainly is there (broken gateways)."""
    missing = not declared and b"MIME-encapsulated message" in body[:200]
    if not (kind.startswith("multipart/") or missing):
        return b""
    boundary = parameter(declared, "boundary").encode("utf-8", "replace")
    if boundary and b"--" + boundary in body:
        return boundary
    sniffed = _SNIFFED_BOUNDARY.search(body)
    return sniffed[1] if sniffed else b""


def _between(body: bytes, boundary: bytes) -> Iterator[bytes]:
    """The parts between delimiter lines (RFC 2046 §5.1.1), which some gateways indent."""
    delimiter = re.compile(rb"^[ \t]{0,4}--" + re.escape(boundary) + rb"(--)?[ \t]{0,80}\r?(?:\n|\Z)", re.MULTILINE)
    start: int | None = None
    for number, line in enumerate(delimiter.finditer(body)):
        if number > MAX_PARTS:
            raise BeyondLimit("over 50 parts")
        if start is not None:
            yield body[start : line.start()]
        start = None if line[1] else line.end()
    if start is not None:
        yield body[start:]


def _transfer_decoded(part: Part, most: int) -> bytes:
    body = part.body[: 2 * most]
    match get(part.headers, "content-transfer-encoding").strip().lower():
        case "quoted-printable":
            return quopri.decodestring(body)
        case "base64":
            letters = re.sub(rb"[^A-Za-z0-9+/]", b"", body)
            try:
                return binascii.a2b_base64(letters[: len(letters) // 4 * 4])
            except binascii.Error:
                return body
        case _:
            return body


def _decode(data: bytes, charset: str) -> str:
    for name in (charset if _CHARSET.fullmatch(charset) else "utf-8", "utf-8"):
        try:
            return data.decode(name).replace("\r\n", "\n")
        except (UnicodeError, LookupError):
            continue
    return data.decode("latin-1").replace("\r\n", "\n")


def _without_tags(html: str) -> str:
    return unescape(_TAG.sub("", _LINE_TAG.sub("\n", _UNSEEN.sub("", html)))).replace("\xa0", " ")
