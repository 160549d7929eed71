"""The marks that set a heading apart on its line: Markdown, numbers, bullets, labels, decoration, capitals, a tag."""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from digest.core.newsletter.calendar_words import MONTH
from digest.core.newsletter.section_names import section_of
from digest.core.newsletter.vocabulary import LABEL, REACHED, RELEASE

_MARKDOWN = re.compile(r"(#{1,6}) +(.+?)(?: +#+)?")
_NUMBER = re.compile(
    r"(?:\(?(?P<a>\d{1,2})(?P<sub>\.\d{1,2})*(?:[.)]-?|º\.?|[:/](?= +\D)| ?[–—-](?= +\D))|(?P<e>\d{1,2})(?P<sub2>\.\d{1,2})+|"
    r"(?:#|(?:No|Nr|Nº|N°|Item|Punto|Punkt|Point)\.? ?)(?P<b>\d{1,2})[.:)]?|(?P<d>[IVX]{1,4}|[ivx]{1,4})(?:[.)]| [–—-])|"
    r"(?P<f>[a-l])\)) "
    r"+(?P<rest>\S.*)"
)
_MONTH_FIRST = re.compile(MONTH, re.IGNORECASE)
CODE = re.compile(r"(?P<code>[A-Z]\d{1,2})[.:)]? +(?P<rest>\S.*)")
_FRAME = r"[*_=~\-#<>«»|+:•–—─/\\]{1,12}"
_DECORATED = re.compile(rf"(?P<open>{_FRAME}) *(?P<core>[^*_=~\-#<>«»|+:•–—─/\\\s].*?) *(?P<close>{_FRAME})")
_MIRROR = {"<": ">", ">": "<", "«": "»", "»": "«", "/": "\\", "\\": "/"}
_BULLET = re.compile(r"([*•●▪■◆◇►▶➤→»✦★☆✱⁃◦‣·+|o–—-]|>{1,4}|={1,3}>|-{1,3}>|»{2,3}|\*{2,3}|\+{2,3}) +(\S.*)")
_LABEL = re.compile(r"\[(?P<label>[^\[\]]{2,24})\]\s*[:–—-]?\s*(?P<rest>.+)")
_TITLED = re.compile(
    r"(?:title|headline|heading|item title|título|titular|titel|überschrift|titre) ?: ?(?P<rest>\S.*)", re.IGNORECASE
)
_LABEL_AFTER = re.compile(r"(?P<rest>.+\S) [\[(](?P<label>[^\[\]()]{3,24})[\])]")
_BRACKETED = re.compile(r"\[(?P<core>[^\[\]]{2,})\]\W*")
_ALERT = re.compile(r"(?P<label>[^\W\d_][^:]{2,23})(?:: ?| [–—-] )(?P<rest>\S.*)")
_TOPIC = re.compile(r"(?P<label>[A-ZÀ-Þ][^\W\d_]+(?: [^\W\d_]+){0,2}): (?P<rest>[^\sa-zà-ÿ].*)")
_TAG = re.compile(r"(?P<title>.*\S)(?: +: ?| ?; )(?P<tag>[^:;.!?]{2,40})")
_DASHED = re.compile(r"(?P<title>.*\S) [–—-] (?P<tag>[^:;.!?–—\d]{2,24})")

_SENTENCE = 4  # words that can be a title of their own
_LONGEST = 200  # no heading is longer


@dataclass(frozen=True, slots=True)
class Marked:
    """A line without its marks: `marks` are names such as "md2", "number", "bullet*", "deco*", "label", "caps", "tag"."""

    title: str
    tag: str | None
    label: str | None
    marks: frozenset[str]
    number: int | None


def is_caps(text: str) -> bool:
    """True if (nearly) all letters of it are capitals, and there are enough to tell."""
    upper, lower = sum(map(str.isupper, text)), sum(map(str.islower, text))
    return upper + lower >= 4 and upper >= 0.9 * (upper + lower)


def title_case(text: str) -> float:
    """The share of the longer words that begin with a capital, 0..1."""
    words = re.findall(r"[^\W\d_]{4,}", text)
    return sum(word[0].isupper() for word in words) / len(words) if words else 0.0


def bullet_of(text: str) -> tuple[str, str] | None:
    """The bullet (a symbol or an emoji) before a line's words, and the words; None if there is none."""
    if found := _BULLET.fullmatch(text):
        return found[1], found[2]
    first, _, rest = text.partition(" ")
    if rest and _is_emoji(first):
        return "emoji", rest.strip()
    return None


def _without_last_emoji(text: str) -> str:
    words, _, last = text.rpartition(" ")
    return words if words and _is_emoji(last) else text


def _is_emoji(word: str) -> bool:
    return 0 < len(word) <= 4 and all(unicodedata.category(char) in ("So", "Sk", "Mn", "Cf") for char in word)


def number_of(text: str) -> tuple[int, bool, str] | None:
    """The number before a line's words ("1.", "2)", "#3", "IV."), whether it is one of a sub-section ("3.1"), the words.

    A day before a month ("3. Juli") is no number; "3) July outing" is one.
    """
    found = _NUMBER.fullmatch(text)
    if not found or (_MONTH_FIRST.match(found["rest"]) and ")" not in text[: found.start("rest")]):
        return None
    if letter := found["f"]:
        return ord(letter) - ord("a") + 1, False, found["rest"]
    if roman := found["d"] and found["d"].upper():
        values = [{"I": 1, "V": 5, "X": 10}[char] for char in roman]
        signed = [-here if here < after else here for here, after in zip(values, [*values[1:], 0], strict=True)]
        return sum(signed), False, found["rest"]
    return int(found["a"] or found["e"] or found["b"]), bool(found["sub"] or found["sub2"]), found["rest"]


@lru_cache(maxsize=65_536)
def read_marks(
    text: str, *, dash_tags: bool = False, codes: bool = False, labels: bool = False, topics: bool = False
) -> Marked:
    """A line taken apart into its marks and its words.

    `dash_tags` also takes "Title – Tag" for a title with a tag, `codes` "A1 Title" for a numbered one, `labels`
    "News: Title" for one that bears its kind, and `topics` "Office: Title" for one that bears its subject.
    """
    if len(text) > _LONGEST:
        return Marked(text, None, None, frozenset(), None)
    marks: set[str] = set()
    number = tag = None
    if found := _MARKDOWN.fullmatch(text):
        marks.add(f"md{len(found[1])}")
        text = found[2]
    for _ in range(2):
        found = _DECORATED.fullmatch(text)
        if found and _MIRROR.get(found["open"][-1], found["open"][-1]) == found["close"][0]:
            marks.add("deco" + found["open"])
            text = found["core"]
        elif numbered := number_of(text):
            number, below, text = numbered
            marks.add("subnumber" if below else "number")
        elif codes and (found := CODE.fullmatch(text)):
            marks.add("number")
            text = found["rest"]
        elif bulleted := bullet_of(text):
            marks.add("bullet" + bulleted[0])
            text = bulleted[1]
    label, text, mark = _labelled(text, labels=labels, topics=topics)
    text = _without_last_emoji(text)
    marks |= {mark} if mark else set()
    if is_caps(text):
        marks.add("caps")
    found = _TAG.fullmatch(text) or (_DASHED.fullmatch(text) if dash_tags else None)
    if found and len(found["tag"].split()) <= 5 and not found["title"][-1].isdigit():
        marks.add("tag")
        text, tag = found["title"], found["tag"]
    return Marked(text.strip(), tag.strip() if tag else None, label, frozenset(marks), number)


def topic_label(text: str) -> re.Match[str] | None:
    """The few words that lead a line and could be its subject ("Office: New telephone"), and the `rest` of it."""
    found = _TOPIC.fullmatch(text)
    return found if found and not (LABEL.match(text) or REACHED.search(text)) else None


def kind_label(text: str) -> re.Match[str] | None:
    """The name of a kind that leads a line ("News: Ferry stays"), and the `rest` of it."""
    found = _ALERT.fullmatch(text)
    return found if found and (section_of(found["label"]) or RELEASE.search(found["label"])) else None


def _labelled(text: str, *, labels: bool, topics: bool) -> tuple[str | None, str, str | None]:
    """The label before a line's words, which is no part of them, the words, and the mark that they bear for it.

    "STATEMENT: On the baths" keeps its words, since they are often the title's own.
    """
    if found := _BRACKETED.fullmatch(text):
        return None, found["core"], "deco["
    if found := _LABEL.fullmatch(text):
        return found["label"], found["rest"], "label"
    if found := _TITLED.fullmatch(text):
        return None, found["rest"], "label"
    if (found := _LABEL_AFTER.fullmatch(text)) and section_of(found["label"]) and (labels or is_caps(found["label"])):
        return found["label"], found["rest"], "label"
    if topics and (found := topic_label(text)):
        return found["label"], found["rest"], "label"
    found = kind_label(text)
    if found and RELEASE.search(found["label"]) and len(found["rest"].split()) >= _SENTENCE:
        return found["label"], found["rest"], "labelled"
    if found is None or not (labels or is_caps(found["label"])):
        return None, text, None
    if labels or section_of(found["label"]) == "action":
        return found["label"], found["rest"], "label"
    return None, text, "labelled"
