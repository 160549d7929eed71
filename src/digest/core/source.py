"""Feeds that an organisation follows: `feeds.toml`, and what each source says of the items that come from it."""

import difflib
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from digest.core.item import LANGUAGE, Kind, Status
from digest.core.slug import slugify

WORDS = 150
"""Of a body, if a source does not say how many."""
_TABLE = re.compile(r"\s*\[\[\s*feed\s*\]\]")


@dataclass(frozen=True)
class Source:
    """A feed, and what its items are. None: the item's own words decide its kind, the feed its language and organisation.

    `topics` are for all of its items, `rules` (topic → words) for those that have one of the words; `words` is how long a
    body may be before it ends with its paragraph.
    """

    url: str
    kind: Kind | None = None
    status: Status = Status.DRAFT
    language: str | None = None
    organisation: str | None = None
    topics: tuple[str, ...] = ()
    rules: Mapping[str, tuple[str, ...]] | None = None
    words: int = WORDS

    def topics_of(self, text: str) -> tuple[str, ...]:
        """The topics of an item with these words in it. `tenant*` is any word that begins so; letters' case is nothing."""
        folded = " ".join(text.casefold().split())
        found = (topic for topic, pattern in self._patterns.items() if pattern.search(folded))
        return tuple(dict.fromkeys([*self.topics, *found]))

    @cached_property
    def _patterns(self) -> dict[str, re.Pattern[str]]:
        return {topic: _pattern(words) for topic, words in (self.rules or {}).items()}


def _pattern(words: tuple[str, ...]) -> re.Pattern[str]:
    each = (re.escape(" ".join(word.casefold().split())).replace(r"\*", r"\w*") for word in words)
    return re.compile(rf"(?<!\w)(?:{'|'.join(each)})(?!\w)")


class BadSources(ValueError):
    """A file of sources with mistakes in it: a sentence a line, each with its line in the file."""


def read_sources(text: str) -> tuple[Source, ...]:
    """The sources in a TOML file's text: a table `[[feed]]` each. BadSources, naming every mistake, otherwise."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadSources(f"it cannot be read as TOML: {str(error)[:1].lower()}{str(error)[1:]}.") from None
    tables = document.pop("feed", [])
    problems = [f"“{name[:40]}” is not known; write [[feed]] above the lines of each feed." for name in document]
    if not isinstance(tables, list) or not all(isinstance(each, dict) for each in tables):
        raise BadSources("write [[feed]], in two pairs of brackets, above the lines of each feed.")
    starts = [number for number, line in enumerate(text.splitlines(), 1) if _TABLE.match(line)]
    sources: list[Source] = []
    for at, table in enumerate(tables):
        reader = _Table(table, f"line {starts[at]}" if len(starts) == len(tables) else f"feed {at + 1}")
        sources.append(reader.source())
        problems += reader.problems
        if sources[-1].url and sources[-1].url in [each.url for each in sources[:-1]]:
            problems.append(f"{reader.where}: this feed is in the file twice.")
    if problems:
        raise BadSources("\n".join(problems))
    return tuple(sources)


class _Table:
    """One `[[feed]]`; `problems` collects what is wrong with it."""

    def __init__(self, values: dict[str, Any], where: str) -> None:
        self.values, self.where = values, where
        self.problems: list[str] = []

    def source(self) -> Source:
        known = tuple(Source.__dataclass_fields__)
        for name in self.values:
            if name not in known:
                near = difflib.get_close_matches(name, known, 1)
                self._problem(f"“{name[:40]}” is not known" + (f"; did you mean “{near[0]}”?" if near else ""))
        kind = self._value("kind", lambda value: value in tuple(Kind), f"one of {', '.join(Kind)}")
        status = self._value("status", lambda value: value in ("draft", "ready"), "draft or ready")
        rules = self._value("rules", _is_rules, 'lines like housing = ["rent", "tenant*"]')
        return Source(
            self._value("url", _is_url, "a web address that begins with https:// or http://", required=True),
            Kind(kind) if kind else None,
            Status(status or "draft"),
            self._value("language", lambda value: bool(LANGUAGE.fullmatch(value)), "a tag such as en, es or pt-BR"),
            self._value("organisation", lambda value: 0 < len(value) <= 300 and value.isprintable(), "a name"),
            tuple(map(slugify, self._value("topics", _is_words, 'a list like ["housing", "water"]') or ())),
            {slugify(topic): tuple(words) for topic, words in rules.items()} if rules else None,
            self._value("words", lambda value: type(value) is int and 0 < value <= 10_000, "a number from 1 to 10000")
            or WORDS,
        )

    def _value(self, name: str, good: Callable[[Any], bool], wanted: str, *, required: bool = False) -> Any:
        value = self.values.get(name)
        try:
            if (value is None and not required) or (value is not None and good(value)):
                return value
        except TypeError:
            pass
        self._problem(f"“{name}” is missing" if value is None else f"“{name}” must be {wanted}")
        return None

    def _problem(self, what: str) -> None:
        self.problems.append(f"{self.where}: {what}.".replace("?.", "?"))


def _is_url(value: Any) -> bool:
    if not isinstance(value, str):
        return False
    try:
        parts = urlsplit(value)
    except ValueError:
        return False
    sound = parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc
    return sound and len(value) <= 2000 and value.isprintable() and " " not in value


def _is_words(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) and slugify(each) for each in value)


def _is_rules(value: Any) -> bool:
    return isinstance(value, dict) and all(
        slugify(topic) and words and _is_words(words) for topic, words in value.items()
    )
