"""Past mails that are messages (RFC 5322), one or many in a file, and pages that were mailed."""

import hashlib
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from html import unescape

from digest.core.dsn.mime import BeyondLimit, Headers, Part, get, get_all, leaves, readable
from digest.core.past import PastMail, instant, language

LARGEST = 25_000_000
"""Bytes of a message with all that is attached, as mail servers take it."""
LONGEST = 5_000_000
"""Bytes of a mail's own words and tags."""

_ADDRESS = re.compile(r"[^\s<>,;:\"'()]+@[^\s<>,;:\"'()]+")
_BRACKETED = re.compile(r"<([^<>]+)>")
_FROM = re.compile(rb"(?:\A|\r?\n\r?\n)From [^\n]*\n")
_TITLE = re.compile(r"<title\b[^<>]{0,200}>([^<]{0,2000})</title", re.IGNORECASE)
_LANG = re.compile(r"<html\b[^<>]{0,2000}?\slang\s*=\s*[\"']?([\w-]{2,35})", re.IGNORECASE)
_DAY = re.compile(r"(?<!\d)(\d{4}-\d\d-\d\d)(?!\d)")


def messages(content: bytes) -> Iterator[bytes]:
    """Each message of an mbox (RFC 4155), or the one that `content` is."""
    if not content.startswith(b"From "):
        yield content
        return
    for each in _FROM.split(content)[1:]:
        yield re.sub(rb"(?m)^>(>*From )", rb"\1", each)


def message(content: bytes) -> PastMail:
    """What a message told everybody: its first part that is HTML, or its text. ValueError with a sentence otherwise."""
    try:
        headers, parts = leaves(content, LARGEST)
    except BeyondLimit as refused:
        raise ValueError(f"it has limits broken that mail keeps: {refused}") from None
    shown = [part for part in parts if not get(part.headers, "content-disposition").lower().startswith("attachment")]
    page = next((part for part in shown if part.kind == "text/html"), None)
    html = page.decoded(LONGEST) if page else ""
    uid = get(headers, "message-id").strip("<> ") or hashlib.sha256(content).hexdigest()
    return PastMail(
        "mail",
        uid[:200],
        readable(get(headers, "subject")),
        _sent(headers),
        html or "\n\n".join(_texts(shown)),
        "html" if page else "plain",
        language(get(headers, "content-language")) or language_of(html),
        hides=frozenset({*_readers(headers), *_BRACKETED.findall(get(headers, "list-unsubscribe"))}),
    )


def page(name: str, html: str) -> PastMail:
    """A mail that was kept as a page, the day it was sent in the name of its file. ValueError with a sentence without one."""
    day = _DAY.search(name)
    if not day:
        raise ValueError("it does not say when it was sent; begin its name with the day, such as 2024-03-15-news.html")
    return PastMail("html", name[-200:], title(html), instant(day[1]), html, language=language_of(html))


def title(html: str) -> str:
    found = _TITLE.search(html)
    return " ".join(unescape(found[1]).split()) if found else ""


def language_of(html: str) -> str | None:
    found = _LANG.search(html)
    return language(found[1]) if found else None


def _sent(headers: Headers) -> datetime:
    try:
        moment = parsedate_to_datetime(get(headers, "date"))
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        raise ValueError("it is no message, or does not say when it was sent (“Date:”)") from None


def _texts(parts: list[Part]) -> list[str]:
    return [part.decoded(LONGEST) for part in parts if part.kind == "text/plain"]


def _readers(headers: Headers) -> set[str]:
    """The addresses of who got this copy: those that it is to, and not from."""
    to = get_all(headers, "to", "cc", "bcc", "delivered-to", "x-original-to", "envelope-to")
    ours = get_all(headers, "from", "sender", "reply-to", "list-id", "list-post")
    sent_by = {each.lower() for value in ours for each in _ADDRESS.findall(value)}
    return {each for value in to for each in _ADDRESS.findall(value)} - sent_by
