"""Feeds: RSS, Atom and JSON Feed, from the bytes that a server sent to plain values. Everything in one may be a lie."""

import calendar
import html
import io
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin

import feedparser
import nh3

from digest.core.errors import Refused

JSON_FEED = "https://jsonfeed.org/version/1"
TYPES = ("application/rss+xml", "application/atom+xml", "application/feed+json")
"""By which a web page names its feeds (RFC 4287 §7.1, JSON Feed 1.1 “Discovery”)."""
ACCEPT = ", ".join([*TYPES, "application/xml;q=0.9", "application/json;q=0.8", "*/*;q=0.5"])


TAGS = 100_000
"""In a feed, or objects: each costs the parser up to 50 µs, and nested ones more."""
PAGE, PAGE_TAGS = 200_000, 5_000
"""Bytes and tags of a web page in which its feeds are looked for."""


class NoFeed(Refused):
    """What was read is something else; the sentence says what."""


@dataclass(frozen=True, slots=True)
class Entry:
    """`uid`: as the feed names it, or ""; `title` is plain text; `html` is as it came, its links relative to `base`."""

    uid: str
    title: str
    url: str | None
    html: str
    base: str
    published: datetime | None = None
    author: str | None = None
    categories: tuple[str, ...] = ()
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Feed:
    title: str
    entries: tuple[Entry, ...]


def read(content: bytes, url: str, headers: Mapping[str, str]) -> Feed:
    """The feed in what `url` answered. NoFeed for anything else."""
    media_type = headers.get("content-type", "")
    if max(content.count(b"<"), content.count(b"{")) > TAGS:
        raise NoFeed(f"{url} cannot be read as a feed: it has more than {TAGS} tags or objects.")
    if content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        return _json(content, url)
    try:
        parsed = feedparser.parse(
            io.BytesIO(content),  # bytes: a text that looks like an address or a path would be opened
            response_headers={"content-type": media_type, "content-location": url},
            sanitize_html=False,  # rendering cleans it, with everything else
            resolve_relative_uris=False,
        )
        feed = Feed(
            _plain(parsed.feed.get("title_detail")),
            tuple(_entry(each, url, parsed.feed.get("language")) for each in parsed.entries),
        )
    except Exception:  # the parser's own faults, on what nobody foresaw
        raise NoFeed(f"{url} cannot be read as a feed: it is damaged.") from None
    if not parsed.get("version"):
        raise NoFeed(f"{url} is {_named(content, media_type)}, and no feed (RSS, Atom or JSON Feed).")
    return feed


def alternate(content: bytes, url: str) -> str | None:
    """The address of the first feed that a web page names in its head, None if it names none."""
    finder = _Finder(convert_charrefs=True)
    head = b"<".join(content[:PAGE].split(b"<", PAGE_TAGS)[:PAGE_TAGS])
    with suppress(AssertionError):  # the parser's, for a “<![” that opens nothing
        finder.feed(head.decode("utf-8", "replace"))
    return urljoin(url, finder.found) if finder.found else None


class _Finder(HTMLParser):
    found: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        offered = tag == "link" and "alternate" in given.get("rel", "").lower().split()
        if offered and given.get("type", "").lower() in TYPES and given.get("href") and not self.found:
            self.found = given["href"]


def _named(content: bytes, media_type: str) -> str:
    """What it is, in words."""
    start = content[:1000].lower()
    if b"<html" in start or b"<!doctype html" in start:
        return "a web page"
    shown = media_type.partition(";")[0].strip()[:60]
    return f"“{shown}”" if shown and shown.isprintable() else "something else"


# XML, as feedparser gives it: any key may be missing, any value odd.


def _entry(entry: Any, url: str, language: str | None) -> Entry:
    content = next(iter(entry.get("content") or ()), None) or entry.get("summary_detail") or {}
    return Entry(
        entry.get("id") or "",
        _plain(entry.get("title_detail")),
        _absolute(url, entry.get("link")),
        _markup(content),
        content.get("base") or url,
        _instant(next((entry[name] for name in ("published_parsed", "updated_parsed") if name in entry), None)),
        entry.get("author"),
        tuple(name for tag in entry.get("tags") or () if (name := tag.get("label") or tag.get("term"))),
        content.get("language") or language,
    )


def _markup(detail: Any) -> str:
    value = str(detail.get("value") or "")
    return value if "html" in str(detail.get("type")) else _paragraphs(value)


def _paragraphs(text: str) -> str:
    return "".join(f"<p>{html.escape(each)}</p>" for each in text.split("\n\n"))


def _plain(detail: Any) -> str:
    """A title without its markup."""
    value = str((detail or {}).get("value") or "")
    if "html" in str((detail or {}).get("type")):
        value = nh3.clean(value, tags=set())
    return " ".join(html.unescape(value).split())


def _instant(parsed: Any) -> datetime | None:
    try:
        return datetime.fromtimestamp(calendar.timegm(parsed), UTC) if parsed else None
    except (TypeError, ValueError, OverflowError, OSError):
        return None


def _absolute(base: str, target: Any) -> str | None:
    try:
        return urljoin(base, target) if target and isinstance(target, str) else None
    except ValueError:
        return None


# JSON Feed 1.1 (jsonfeed.org/version/1.1).


def _json(content: bytes, url: str) -> Feed:
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        raise NoFeed(f"{url} cannot be read as a feed: it is damaged JSON.") from None
    if not _text(document, "version").startswith(JSON_FEED):
        raise NoFeed(f"{url} is JSON, and no feed (RSS, Atom or JSON Feed).")
    language = _text(document, "language")
    entries = tuple(_json_entry(each, url, language) for each in _list(document, "items") if isinstance(each, dict))
    return Feed(_text(document, "title"), entries)


def _json_entry(item: dict[str, Any], url: str, language: str) -> Entry:
    markup = _text(item, "content_html") or _paragraphs(_text(item, "content_text") or _text(item, "summary"))
    authors = [*_list(item, "authors"), item.get("author")]
    return Entry(
        _text(item, "id"),
        " ".join(_text(item, "title").split()),
        _absolute(url, _text(item, "url") or _text(item, "external_url")),
        markup,
        _absolute(url, _text(item, "url")) or url,
        _moment(_text(item, "date_published") or _text(item, "date_modified")),
        next((name for each in authors if isinstance(each, dict) and (name := _text(each, "name"))), None),
        tuple(each for each in _list(item, "tags") if isinstance(each, str)),
        _text(item, "language") or language or None,
    )


def _text(values: dict[str, Any], name: str) -> str:
    value = values.get(name)
    return str(value) if isinstance(value, str | int) else ""


def _list(values: dict[str, Any], name: str) -> list[Any]:
    value = values.get(name)
    return value if isinstance(value, list) else []


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
