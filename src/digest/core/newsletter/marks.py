"""The marks that set a heading apart on its line: Markdown, numbers, bullets, decoration, capitals, a tag."""

import re
import unicodedata
from dataclasses import dataclass

from digest.core.newsletter.dates import MONTH_NAME

_MARKDOWN = re.compile(r"(#{1,6}) +(.+?)(?: +#+)?")
_NUMBER = re.compile(
    r"(?:\(?(?P<a>\d{1,2})[.)]|(?:item |no\. |nr\. |núm\. )?#(?P<b>\d{1,2})[.:)]?|(?P<c>\d{1,2}) ?[-–—:]|(?P<d>[IVX]{1,4})[.)]) +(?P<rest>\S.*)",
    re.IGNORECASE,
)
_MONTH_FIRST = re.compile(MONTH_NAME + r"\b", re.IGNORECASE)
_DECORATED = re.compile(
    r"(?P<open>[*_=~\-#<>«»|+:•–—─\[\]\\/]{1,12}) *(?P<core>[^*_=~\-#<>«»|+:•–—─\s\[\]].*?) *(?P<close>[*_=~\-#<>«»|+:•–—─\[\]\\/]{1,12})"
)
_BULLET = re.compile(r"([*•●▪■◆◇►▶➤→»✦★☆✱⁃◦‣·+o–—-]) +(\S.*)")
_TAG = re.compile(r"(?P<title>.*\S)(?: +: ?| ?; )(?P<tag>[^:;.!?]{2,40})")


@dataclass(frozen=True, slots=True)
class Marked:
    """A line without its marks: `title` and `tag` as written, `marks` such as "md2", "number", "bullet*", "deco*", "caps"."""

    title: str
    tag: str | None
    marks: frozenset[str]
    number: int | None = None


def is_caps(text: str) -> bool:
    """True if (nearly) all letters of it are capitals, and there are enough to tell."""
    letters = [char for char in text if char.isalpha()]
    return len(letters) >= 4 and sum(char.isupper() for char in letters) >= 0.9 * len(letters)


def title_case(text: str) -> float:
    """The share of the longer words that begin with a capital, 0..1."""
    words = re.findall(r"[^\W\d_]{4,}", text)
    return sum(word[0].isupper() for word in words) / len(words) if words else 0.0


def _roman(text: str) -> int | None:
    values = {"I": 1, "V": 5, "X": 10}
    total = 0
    for here, after in zip(text, [*text[1:], "I"], strict=True):
        total += -values[here] if values[here] < values[after] else values[here]
    return total


def bullet_of(text: str) -> tuple[str, str] | None:
    """The bullet (a symbol or an emoji) before a line's words, and the words; None if there is none."""
    if found := _BULLET.fullmatch(text):
        return found[1], found[2]
    first, _, rest = text.partition(" ")
    if rest and len(first) <= 4 and all(unicodedata.category(char) in ("So", "Sk", "Mn", "Cf") for char in first):
        return "emoji", rest.strip()
    return None


def number_of(text: str) -> tuple[int, str] | None:
    """The number before a line's words ("1.", "2)", "#3", "IV."), and the words; a day before a month is none."""
    found = _NUMBER.fullmatch(text)
    if not found or _MONTH_FIRST.match(found["rest"]):
        return None
    if found["d"]:
        return (_roman(found["d"]) or 0, found["rest"]) if found["d"].isupper() else None
    return int(found["a"] or found["b"] or found["c"]), found["rest"]


def read_marks(text: str) -> Marked:
    """A line taken apart into its marks and its words."""
    marks: set[str] = set()
    number = None
    if found := _MARKDOWN.fullmatch(text):
        marks.add(f"md{len(found[1])}")
        text = found[2]
    for _ in range(2):
        if (found := _DECORATED.fullmatch(text)) and _mirrored(found["open"], found["close"]):
            marks.add("deco" + found["open"][0])
            text = found["core"]
        if numbered := number_of(text):
            marks.add("number")
            number, text = numbered
        elif bulleted := bullet_of(text):
            marks.add("bullet" + bulleted[0])
            text = bulleted[1]
    if is_caps(text):
        marks.add("caps")
    tag = None
    if found := _TAG.fullmatch(text):
        if len(found["tag"].split()) <= 5 and not re.search(r"\d$", found["title"]):
            marks.add("tag")
            text, tag = found["title"].strip(), found["tag"].strip()
    return Marked(text, tag, frozenset(marks), number)


def _mirrored(opening: str, closing: str) -> bool:
    pairs = {"<": ">", "«": "»", "[": "]", "»": "«", ">": "<", "/": "\\", "\\": "/"}
    return pairs.get(opening[-1], opening[-1]) == closing[0]
