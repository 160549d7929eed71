"""Items as files: YAML front matter, then a Markdown body. Reading names every problem by line and field."""

import difflib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime, time
from urllib.parse import urlsplit

import yaml

from digest.core.field_lines import BadItemFile, Problem, mapping
from digest.core.item import DATES, LANGUAGE, Item, Kind, Status
from digest.core.slug import slugify
from digest.core.when import When, zone

TEXT = ("title", "url", "organisation", "byline", "language", "timezone", "venue", "image", "alt", "translation_of")
KNOWN = (*(each.name for each in fields(Item) if each.name != "body"), "status", "uid")
LONGEST_TITLE = 300
LONGEST_BODY = 100_000
LONGEST = {
    "title": LONGEST_TITLE,
    "url": 2000,
    "image": 2000,
    "organisation": 300,
    "byline": 300,
    "venue": 500,
    "alt": 500,
    "uid": 200,
    "translation_of": 200,
}
"""Characters."""
YEARS = range(1900, 3000)
"""Beyond them a date is a slip of the pen, and at the calendar's very ends it has no instant."""


@dataclass(frozen=True, slots=True)
class ItemFile:
    """A file read without a problem. `uid` ties it to an item already stored; `draft`: it asks to stay one.

    `where`: field → line, from 1.
    """

    item: Item
    draft: bool = False
    archived: bool = False
    uid: str | None = None
    where: Mapping[str, int] = field(default_factory=dict, compare=False)


def read(text: str, timezone: str, language: str = "en") -> ItemFile:
    """The item in a file's text. `timezone` and `language` are for items that name none. BadItemFile otherwise."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if lines[0].rstrip() != "---":
        raise BadItemFile(
            Problem(1, None, "the file does not begin with front matter: a line of three dashes, then “kind:”")
        )
    end = next((at for at, line in enumerate(lines[1:], 1) if line.rstrip() in ("---", "...")), None)
    if end is None:
        raise BadItemFile(Problem(1, None, "the front matter is not closed by a line of three dashes"))
    values, where = mapping("\n".join(lines[1:end]))
    body = "\n".join(lines[end + 1 :]).strip("\n").rstrip()
    return _Reader(values, where, body, end + 2, timezone, language).item_file()


class _Reader:
    """Collects all problems of one file, so that its author mends them in one go."""

    def __init__(
        self, values: dict[str, object], where: dict[str, int], body: str, body_line: int, timezone: str, language: str
    ) -> None:
        self.values, self.where, self.body, self.body_line = values, where, body, body_line
        self.timezone, self.language = timezone, language
        self.problems: list[Problem] = []

    def item_file(self) -> ItemFile:
        for name in self.where:
            if name not in KNOWN:
                near = difflib.get_close_matches(name, KNOWN, 1)
                self.problem(name, "there is no such field" + (f"; did you mean “{near[0]}”?" if near else ""))
        texts = {name: self.text(name) for name in TEXT}
        kind = self.kind()
        self.timezone = self.valid_zone(texts.pop("timezone"))
        title = texts.pop("title")
        language = texts.pop("language") or self.language
        if not title:
            self.problem("title", "it is missing")
        if not LANGUAGE.fullmatch(language):
            self.problem(
                "language", f"“{language[:40]}” is not the tag of a language; write one such as en, es or pt-BR"
            )
        if len(self.body) > LONGEST_BODY:
            self.problems.append(Problem(self.body_line, "body", f"it is longer than {LONGEST_BODY} characters"))
        self.check_url("url", texts["url"])
        self.check_image(texts["image"])
        dates = {name: self.date(name) for name in DATES}
        starts, ends = dates["starts"], dates["ends"]
        if starts and ends and (ends.day, ends.at or time.max) < (starts.day, starts.at or time.min):
            self.problem("ends", "it is before “starts”")
        status = self.text("status") or ""
        if status not in ("", *Status):
            self.problem("status", f"“{status}” is none of draft, ready, archived")
        topics, must_see, priority = self.topics(), self.flag("must_see"), self.number("priority")
        uid = self.text("uid")
        if self.problems or kind is None or title is None:
            raise BadItemFile(*sorted(self.problems, key=lambda p: p.line))
        item = Item(
            kind, title, self.body, topics, texts["url"], texts["organisation"], texts["byline"], language,
            dates["published"], self.timezone, dates["deadline"], starts, ends,
            texts["venue"], texts["image"], texts["alt"], must_see, priority, texts["translation_of"],
        )  # fmt: skip
        return ItemFile(item, status == Status.DRAFT, status == Status.ARCHIVED, uid, self.where)

    def problem(self, name: str, reason: str) -> None:
        """Only the first of a field: what follows from it would mislead."""
        if all(known.field != name for known in self.problems):
            self.problems.append(Problem(self.where.get(name, 1), name, reason))

    def text(self, name: str) -> str | None:
        value = self.values.get(name)
        if value is None or value == "":
            return None
        if not isinstance(value, str):
            self.problem(name, "it must be a single text")
            return None
        value = value.strip()
        if any(unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") for char in value):
            self.problem(name, "it has a line break or another control character in it")
        if len(value) > LONGEST.get(name, LONGEST_TITLE):
            self.problem(name, f"it is longer than {LONGEST.get(name, LONGEST_TITLE)} characters")
        return value

    def kind(self) -> Kind | None:
        value = self.text("kind")
        if value in tuple(Kind):
            return Kind(value)
        what = "it is missing" if value is None else f"“{value}” is no kind"
        self.problem("kind", f"{what}; write one of {', '.join(Kind)}")
        return None

    def valid_zone(self, name: str | None) -> str:
        try:
            zone(name or self.timezone)
        except ValueError as error:
            self.problem("timezone", str(error))
            return "UTC"
        return name or self.timezone

    def date(self, name: str) -> When | None:
        value = self.text(name)
        try:
            when = When.parse(value.replace(" ", "T", 1), self.timezone) if value else None
        except ValueError as error:
            self.problem(name, str(error))
            return None
        if when and when.day.year not in YEARS:
            self.problem(name, f"{when.day.year} is not in the years {YEARS[0]} to {YEARS[-1]}")
            return None
        if when and not when.exists(self.timezone):
            self.problem(
                name, f"there is no {when.at:%H:%M} on that day in {self.timezone}: the clocks go forward over it"
            )
            return None
        return when

    def check_url(self, name: str, value: str | None) -> None:
        if value is None:
            return
        try:
            parts = urlsplit(value)
            good = parts.scheme in ("https", "http") and bool(parts.hostname) and " " not in value
        except ValueError:
            good = False
        if not good:
            self.problem(name, f"“{value[:80]}” is not a web address; it must begin with https://")

    def check_image(self, value: str | None) -> None:
        if value and ":" in value:
            self.check_url("image", value)
        elif value and (value.startswith("/") or "\\" in value or ".." in value.split("/")):
            self.problem(
                "image", f"“{value[:80]}” is not in the folder of this file; write the name of a picture beside it"
            )

    def topics(self) -> tuple[str, ...]:
        value = self.values.get("topics") or []
        names = value.split(",") if isinstance(value, str) else value
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            self.problem("topics", "write a list like [housing, libraries]")
            return ()
        return tuple(dict.fromkeys(slug for name in names if (slug := slugify(name))))

    def flag(self, name: str) -> bool:
        value = (self.text(name) or "false").lower()
        if value not in ("true", "yes", "on", "false", "no", "off"):
            self.problem(name, f"“{value}” is neither true nor false")
        return value in ("true", "yes", "on")

    def number(self, name: str) -> int:
        value = self.text(name) or "0"
        try:
            number = int(value)
        except ValueError:
            number = 1000
        if not -100 <= number <= 100:
            self.problem(name, f"“{value}” is not a whole number from -100 to 100")
            return 0
        return number


def write(item: Item, status: Status, uid: str) -> str:
    """The file that `read` turns into the same item again."""
    front: dict[str, object] = {"kind": str(item.kind), "title": item.title}
    if item.topics:
        front["topics"] = list(item.topics)
    for each in fields(Item):
        value = getattr(item, each.name)
        if each.name in (*front, "topics", "body") or value in (None, False, 0):
            continue
        front[each.name] = value.isoformat() if isinstance(value, When | datetime) else value
    if status is not Status.READY:
        front["status"] = str(status)
    front["uid"] = uid
    header = "".join(
        yaml.safe_dump(
            {name: value},
            allow_unicode=True,
            width=10_000,
            default_flow_style=None if isinstance(value, list) else False,
        )
        for name, value in front.items()
    )
    return f"---\n{header}---\n\n{item.body}\n"
