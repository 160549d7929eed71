"""Which short lines are titles: several cues each, and the newsletter's own convention, inferred from all of them."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from digest.core.newsletter.furniture import Contents, banner_of, is_masthead
from digest.core.newsletter.marks import Marked, read_marks
from digest.core.newsletter.paragraphs import PERSON, Paragraph
from digest.core.newsletter.vocabulary import ROLE, SUBHEADING

_STRONG = {
    "md": 1.0,
    "under": 1.0,
    "ruled": 0.8,
    "number": 0.7,
    "deco": 0.9,
    "caps": 0.8,
    "label": 1.5,
    "bullet": 0.3,
    "tag": 2.0,
    "gap": 0.6,
}
_EXCLUSIVE = 2.2
_TITLE = 0.45
_TEXT = {"ends like a sentence", "ends in a colon", "a call before a signature", "a name"}
_WORD = re.compile(r"[^\W\d_]{5,}")


@dataclass(slots=True)
class Candidate:
    """A line that could be a title: `at` is its paragraph's position, `cues` are log-odds by name."""

    at: int
    paragraph: Paragraph
    marked: Marked
    marks: frozenset[str]
    banner: str | None
    heads: bool
    cues: dict[str, float] = field(default_factory=dict)

    @property
    def score(self) -> float:
        """The log-odds of its being a title."""
        return sum(self.cues.values())

    @property
    def confidence(self) -> float:
        """The score as a probability."""
        return 1 / (1 + math.exp(-self.score))

    @property
    def accepted(self) -> bool:
        """True if it is taken for a title, be it in doubt."""
        return self.confidence >= _TITLE

    @property
    def below_title(self) -> bool:
        """True if it is a sub-heading rather than a title or a line of text."""
        return not self.accepted and self.heads and not self.banner and not _TEXT & self.cues.keys()

    @property
    def why(self) -> str:
        """The cues in words, the weightiest first."""
        return "; ".join(sorted(self.cues, key=lambda cue: -abs(self.cues[cue]))) or "a short line alone"

    @classmethod
    def said(cls, at: int, paragraph: Paragraph) -> "Candidate":
        """A title because a person says so."""
        return cls(at, paragraph, read_marks(paragraph.text), frozenset(), None, True, {"a person says so": math.inf})


def _shaped(paragraph: Paragraph, marked: Marked, marks: frozenset[str]) -> bool:
    title = marked.title
    if not title or len(paragraph.lines) > 3 or len(title) > 140 or len(title.split()) > 20 or title[-1] in ",;":
        return False
    first = next((char for char in title if char.isalnum()), "")
    return bool(first) and (not first.islower() or bool(marks & {"md1", "md2", "md3", "number", "label"}))


def candidates(paragraphs: Sequence[Paragraph], first: int, last: int) -> list[Candidate]:
    """The paragraphs from `first` up to `last` that have the shape of a heading, with the marks of their surroundings."""
    found = []
    gaps = sorted(each.gap for each in paragraphs[first:last] if each.gap and each.opens)
    usual = gaps[len(gaps) // 2] if gaps else 1
    for at in range(first, last):
        each = paragraphs[at]
        if each.part in (
            "release",
            "end",
            "contact",
            "date",
            "link",
            "signoff",
            "signature",
            "greeting",
            "list",
            "footer",
        ):
            continue
        marked = read_marks(each.text)
        marks = set(marked.marks)
        if each.rule and each.rule != "#":
            marks.add("ruled")
        if each.under:
            marks.add("under" + each.under)
        if each.gap > usual and found:
            marks.add("gap")
        formal = any(mark.startswith(("md", "under", "label", "deco", "caps", "number", "tag")) for mark in marks)
        if each.part == "label" and not formal:
            continue
        if each.part == "prose" and not (formal and len(each.text.split()) <= 20):
            continue
        if not each.opens and not formal and not (len(paragraphs[at - 1].text) > 100 and len(each.text) < 90):
            continue
        if not _shaped(each, marked, frozenset(marks)):
            continue
        found.append(Candidate(at, each, marked, frozenset(marks), banner_of(each), heads=False))
    starts = {each.at for each in found}
    for each in found:
        each.heads = each.at + 1 < last and each.at + 1 not in starts
    return found


def local_cues(paragraphs: Sequence[Paragraph], found: Sequence[Candidate], last: int, contents: Contents) -> None:
    """Give each candidate the cues that it and its neighbours bear."""
    levels = _markdown_levels(found)
    cohesion = _Cohesion(paragraphs, last)
    for order, each in enumerate(found):
        cues, title = each.cues, each.marked.title
        before = paragraphs[each.at - 1] if each.at else None
        after = paragraphs[each.at + 1] if each.at + 1 < last else None
        for mark in each.marks:
            kind = (
                mark.rstrip("0123456789")
                if mark.startswith("md")
                else next((name for name in _STRONG if mark.startswith(name)), "")
            )
            cues[mark] = _STRONG.get(kind, 0.0) if kind != "md" or mark in levels else -0.5
        if contents.promises(each.paragraph.text):
            cues["promised in the contents"] = 2.5
        if "subnumber" in each.marks:
            cues["number of a sub-section"] = -3.0
        if title[-1] == ".":
            cues["ends like a sentence"] = -1.5
        if title[-1] == ":":
            cues["ends in a colon"] = -2.0
        if title[-1] in '!»”"' and after and after.part in ("signature", "signoff"):
            cues["a call before a signature"] = -3.0
        if SUBHEADING.match(title):
            cues["names a part of an item"] = -2.0
        if each.banner:
            cues["a section banner"] = -1.5 if each.heads else -4.0
        if len(title.split()) > 12:
            cues["long"] = -0.6
        if before is None or (order == 0 and each.heads):
            cues["the first"] = 0.8
        if before and (
            before.part in ("signature", "end", "contact", "link") or (before.part == "footer" and each.at > 3)
        ):
            cues["what is above has ended"] = 1.2
        if after is None:
            cues["the last line"] = 0.3
        elif after.part in ("release", "date") or (after.part == "label" and each.heads):
            cues[f"a {after.part} line below"] = 1.5 if after.part == "release" else 0.8
        elif after.part in ("signature", "signoff"):
            cues["a signature below"] = -1.5
        if each.at <= 8 and is_masthead(each.paragraph.text):
            cues["speaks of the newsletter"] = -3.0
        if each.at == 0 and not each.heads:
            cues["the name at the top"] = -1.5
        if (
            after
            and after.part in ("greeting",)
            or (after and after.part == "date" and each.at <= 3 and after.closes and before is None)
        ):
            cues["a masthead's line below"] = -2.5
        if order and found[order - 1].at == each.at - 1 and not found[order - 1].banner:
            cues["right below a heading"] = -1.6
        if not each.paragraph.opens and not each.marks:
            cues["within a block"] = -0.8
        if (
            PERSON.fullmatch(title)
            and before
            and before.part == "prose"
            and len(title.split()) <= 3
            and (ROLE.search(after.text) if after else False)
        ):
            cues["a name"] = -2.5
        cohesion.weigh(
            each, found[order + 1].at if order + 1 < len(found) else last, found[order - 1].at if order else 0
        )


def _markdown_levels(found: Sequence[Candidate]) -> frozenset[str]:
    levels = sorted(
        {mark for each in found for mark in each.marks if mark.startswith("md") and each.heads and not each.banner}
    )
    often = [level for level in levels if sum(level in each.marks and each.heads for each in found) >= 2]
    return frozenset((often or levels)[:1])


class _Cohesion:
    """Whether what follows a heading goes on about what went before: by words that occur there and nowhere else."""

    def __init__(self, paragraphs: Sequence[Paragraph], last: int) -> None:
        self.words = [
            frozenset(word.casefold() if word.islower() else word for word in _WORD.findall(each.text))
            for each in paragraphs[:last]
        ]
        self.last_seen: dict[str, int] = {}
        self.first_seen: dict[str, int] = {}
        for at, words in enumerate(self.words):
            for word in words:
                self.last_seen[word] = at
                self.first_seen.setdefault(word, at)

    def weigh(self, each: Candidate, until: int, since: int) -> None:
        since = max(since, each.at - 8)
        until = min(until, each.at + 8)
        above = frozenset[str]().union(*self.words[since : each.at])
        below = frozenset[str]().union(*self.words[each.at + 1 : until])
        if not above or not below:
            return
        shared = [
            word for word in above & below if self.first_seen[word] >= since - 8 and self.last_seen[word] < until + 8
        ]
        weight = sum(1.0 if word[0].isupper() else 0.4 for word in shared)
        if weight >= 1.0:
            each.cues["goes on about: " + ", ".join(sorted(shared)[:4])] = -min(2.0, 0.8 * weight)


def convention(found: Sequence[Candidate]) -> str | None:
    """The mark by which this newsletter sets its titles apart: the one whose bearers, taken together, look most like titles.

    None if unmarked lines look more so.
    """
    totals: dict[str, float] = {}
    bearers: dict[str, int] = {}
    for each in found:
        for mark in each.marks or {"": 0}:
            totals[mark] = totals.get(mark, 0.0) + each.score
            bearers[mark] = bearers.get(mark, 0) + (each.heads and not each.banner)
    usable = {
        mark: total
        for mark, total in totals.items()
        if mark not in ("tag", "subnumber") and (not mark or bearers[mark] >= 2)
    }
    best = max(usable, key=lambda mark: (usable[mark], mark != ""), default="")
    return best if best and usable[best] > 0 else None


def apply_convention(found: Sequence[Candidate], mark: str | None) -> None:
    """Favour the bearers of the convention's mark, and the more the more there are; doubt the others."""
    if mark is None:
        return
    count = sum(mark in each.marks for each in found)
    weight = _EXCLUSIVE * min(1.0, count / 3) * (0.4 if mark == "gap" else 1.0)
    sections = _sections(found)
    kept = {sections[each.at] for each in found if mark in each.marks and not each.banner}
    for each in found:
        if mark in each.marks:
            each.cues[f"marked as the others ({mark})"] = weight
        elif sections[each.at] in kept:
            each.cues[f"not marked as the others ({mark})"] = -weight * (0.3 if "tag" in each.marks else 1.0)


def _sections(found: Sequence[Candidate]) -> Mapping[int, int]:
    section, sections = 0, {}
    for each in found:
        section += each.banner is not None
        sections[each.at] = section
    return sections


def find_headings(paragraphs: Sequence[Paragraph], last: int, contents: Contents) -> list[Candidate]:
    """The candidates before position `last`, weighed."""
    found = [each for each in candidates(paragraphs, 0, last) if each.at not in contents.positions]
    local_cues(paragraphs, found, last, contents)
    apply_convention(found, convention(found))
    return found
