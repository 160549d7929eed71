"""Lines that could be titles: short enough, shaped like a heading, with the marks that set them apart."""

import math
import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from digest.core.newsletter.furniture import banner_of
from digest.core.newsletter.hours import find_hours
from digest.core.newsletter.marks import (
    CODE,
    Marked,
    bullet_of,
    is_caps,
    kind_label,
    read_marks,
    title_case,
    topic_label,
)
from digest.core.newsletter.paragraphs import Paragraph, begins_with_date, is_dateline

_NEVER = {
    "header",
    "byline",
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
}
_MISTAKEN = {"date", "signoff", "greeting", "footer", "contact"}  # what a title that bears a mark is taken for
RELEASE_HEAD = ("release", "date", "contact", "link")
_FORMAL = ("md", "under", "label", "deco", "caps", "number", "tag")
PART = "one of several in a section"
_FEW = 8  # words that a heading in small letters has at most
_OF_BANNERS = ("deco", "caps", "under", "md", "ruled", "number", "bulletemoji", "gap")
_CODES = 3  # different ones ("A1", "B2") that number a text's items
_DOUBTFUL = 0.55  # below 0.6, where doubt begins, and above what makes a title
_LABELS = 3  # lines that begin with the name of a kind, where that is how titles are written
_TOPICS = 4  # lines that begin with a subject, where most do
_FEW_CAPITALS = 2  # lines in capitals that do not yet make a convention
_PARTS = 2  # headings that make a section of what stands over them
_LONG = 100  # a line longer than this is a paragraph in itself


@dataclass(slots=True)
class Candidate:
    """A line that could be a title.

    `at` is its paragraph's position; `heads` is true if text, and not another candidate, comes right below; `banner` is
    the kind that it announces if it is a section's banner ("" for one that names no kind), None if it is none;
    `cues` are what speaks for (positive log-odds) and against its being a title, and `doubts` what it might be instead.
    """

    at: int
    paragraph: Paragraph
    marked: Marked
    marks: frozenset[str]
    banner: str | None
    heads: bool
    cues: dict[str, float] = field(default_factory=dict)
    doubts: list[str] = field(default_factory=list)

    @property
    def score(self) -> float:
        """The log-odds of its being a title."""
        return sum(self.cues.values())

    @property
    def confidence(self) -> float:
        """The score as a probability, and no more than that of a doubtful title if there are doubts."""
        return min(1 / (1 + math.exp(-self.score)), _DOUBTFUL if self.doubts else 1.0)

    @property
    def formal(self) -> bool:
        """True if a mark of its own, not only its shortness, sets it apart."""
        return is_formal(self.marks)

    @property
    def why(self) -> str:
        """The cues in words, the weightiest first."""
        cues = sorted(self.cues, key=lambda cue: -abs(self.cues[cue]))
        return "; ".join((*self.doubts, *cues)) or "a short line alone"

    @classmethod
    def said(cls, at: int, paragraph: Paragraph, marked: Marked | None) -> "Candidate":
        """A title because a person says so; `marked` if it was a candidate before."""
        marked = marked or read_marks(paragraph.text)
        return cls(at, paragraph, marked, marked.marks, None, heads=True, cues={"a person says so": math.inf})


def is_formal(marks: Collection[str]) -> bool:
    """True if one of the marks is more than space and rules around."""
    return any(mark.startswith(_FORMAL) for mark in marks)


def find_candidates(paragraphs: Sequence[Paragraph], without: Collection[int]) -> list[Candidate]:
    """The paragraphs that have the shape of a heading, but for those at the positions in `without`."""
    gaps = sorted(each.gap for each in paragraphs if each.gap and each.opens)
    usual = gaps[len(gaps) // 2] if gaps else 1
    tags = sum(read_marks(each.text).tag is not None for each in paragraphs if each.opens and len(each.text) < _LONG)
    codes = len({code["code"] for each in paragraphs if each.opens and (code := CODE.match(each.text))})
    heads = [each for each in paragraphs if each.opens and each.part in ("short", "prose") and len(each.text) < _LONG]
    labels = sum(kind_label((bullet_of(each.text) or ("", each.text))[1]) is not None for each in heads) >= _LABELS
    short = [each.text for each in paragraphs if each.opens and each.part == "short" and len(each.text) < _LONG]
    topics = sum(topic_label(text) is not None for text in short)
    kickers = _kickers(paragraphs)
    found = []
    for at, each in enumerate(paragraphs):
        if at in without:
            continue
        above = paragraphs[at - 1] if at else None
        marked = read_marks(
            each.text,
            dash_tags=tags >= 2,
            codes=codes >= _CODES,
            labels=labels,
            topics=each.opens and topics >= _TOPICS and 2 * topics > len(short),
        )
        marks = marked.marks | _marks_around(each, above, usual if at else 99)
        marks |= {"ruled"} if _below_ruled_release(paragraphs, at) else frozenset()
        marks |= {"kicked"} if at - 1 in kickers else frozenset()
        if each.part in _NEVER and not (each.part in _MISTAKEN and is_formal(marks - {"caps", "tag"})):
            continue
        if _is_aside(each, paragraphs[at + 1 : at + 2]) or (not marks and _says_when(each)):
            continue
        if _has_shape(each, marked, marks) and _has_place(each, above, marks):
            banner = banner_of(each)
            found.append(
                Candidate(at, each, marked, marks, "" if banner is None and at in kickers else banner, heads=False)
            )
    starts = {each.at for each in found}
    for candidate in found:
        candidate.heads = candidate.at + 1 < len(paragraphs) and candidate.at + 1 not in starts
    return _with_banners(found)


def _kickers(paragraphs: Sequence[Paragraph]) -> frozenset[int]:
    """The positions of marked lines right above another that name a section, or that come back: "NEWS", "CAMPAIGN"; and of
    a few words in capitals right above one line and a text, where capitals are not what titles are written in."""
    over = [
        at
        for at, (each, below) in enumerate(pairwise(paragraphs))
        if each.opens and not below.opens and len(each.text.split()) <= 4 and is_formal(read_marks(each.text).marks)
    ]
    often = Counter(paragraphs[at].text.casefold() for at in over)
    capitals = [
        at for at, each in enumerate(paragraphs) if each.opens and len(each.text) < _LONG and is_caps(each.text)
    ]
    above = [at for at in capitals if at > 0 and _leads_a_heading(paragraphs[at : at + 3])]
    few = above if len(capitals) - len(above) <= _FEW_CAPITALS else []
    return frozenset(
        [
            *few,
            *(at for at in over if banner_of(paragraphs[at]) is not None or often[paragraphs[at].text.casefold()] > 1),
        ]
    )


def _leads_a_heading(three: Sequence[Paragraph]) -> bool:
    """True for a few words, a line right below, and a text below that."""
    if len(three) < 3:
        return False
    each, below, text = three
    fits = below.part == "short" and below.closes and not (below.opens or is_caps(below.text))
    return fits and text.part == "prose" and len(re.findall(r"\w+", each.text)) <= _FEW // 2 + 1


def _marks_around(each: Paragraph, above: Paragraph | None, usual: int) -> frozenset[str]:
    marks = set()
    if above and is_dateline(above, each):
        marks.add("dated")
    below_banner = above is not None and banner_of(above) is not None
    kicked = above and above.rule and below_banner and not above.under
    if (each.rule or kicked) and each.rule != "#":
        marks.add("ruled")
    if each.under and each.under != "#":
        marks.add("under" + each.under)
    if each.gap > usual and not below_banner:
        marks.add("gap")
    return frozenset(marks)


def _below_ruled_release(paragraphs: Sequence[Paragraph], at: int) -> bool:
    """True if nothing but the head of a release, with a rule above, stands over it."""
    head = at
    while head and at - head < _FEW and paragraphs[head - 1].part in RELEASE_HEAD and not paragraphs[head].rule:
        head -= 1
    return head < at and paragraphs[head].part == "release" and paragraphs[head].rule not in ("", "#")


def _has_shape(each: Paragraph, marked: Marked, marks: frozenset[str]) -> bool:
    title = marked.title
    first = next((char for char in title if char.isalnum()), "")
    if not first or len(each.lines) > 3 or len(title) > 140 or len(title.split()) > 20 or title[-1] in ",;":
        return False
    told = title.count(" | ") > 1 or "://" in title or " ...." in title
    if (told or each.part in ("prose", "label")) and not is_formal(marks - {"tag"}):
        return False
    if first.islower() and marks.isdisjoint({"md1", "md2", "md3", "number", "label", "ruled"}):
        return each.opens and each.closes and len(title.split()) <= _FEW and title[-1].isalnum()
    return True


def _is_aside(each: Paragraph, below: Sequence[Paragraph]) -> bool:
    """True for what stands in brackets, and for the first line of a list of days."""
    days = below and not below[0].opens and begins_with_date(each) and begins_with_date(below[0])
    return bool(days) or (each.text[0], each.text[-1]) == ("(", ")")


def _says_when(each: Paragraph) -> bool:
    """True for a line that begins with a day and tells an hour: it stands below an event's title."""
    return begins_with_date(each) and bool(find_hours(each.text))


def _has_place(each: Paragraph, above: Paragraph | None, marks: frozenset[str]) -> bool:
    if each.opens or is_formal(marks) or above is None or not marks.isdisjoint({"dated", "kicked"}):
        return True
    if any(mark.startswith("bullet") for mark in marks):
        return True
    ends = above.part == "prose" and above.text[-1] in '.!?…”"»'
    return len(each.text) < _LONG and (len(above.text) > _LONG or (ends and title_case(each.text) >= 0.7))


def _with_banners(found: list[Candidate]) -> list[Candidate]:
    """Where most that bear a mark and head no text are known banners, the others that do are banners as well.

    So are those that nobody knows, if they are short, stand over other headings, and there are more of these than of them.
    """
    for place, each in enumerate(found):
        parts = _parts(each, found[place + 1 :])
        each.banner = "" if parts and each.banner is None else each.banner
        for part in parts:
            part.cues[PART] = 0.5
    for mark in {mark for each in found for mark in each.marks if mark.startswith(_OF_BANNERS)}:
        bearers = [each for each in found if mark in each.marks]
        over = [each for each in bearers if not each.heads]
        known = sum(each.banner is not None for each in over)
        if (known >= 2 and 2 * known > len(over)) or _stand_over(over, bearers, found, mark):
            for each in over:
                each.banner = each.banner or ""
    return found


def _parts(each: Candidate, below: Sequence[Candidate]) -> list[Candidate]:
    """The headings that short words with a mark, and no text of their own, stand over: two or more that look alike and
    have a text each."""
    own = {mark for mark in each.marks if mark.startswith(_OF_BANNERS)}
    could = each.banner is not None or (is_formal(own) and "tag" not in each.marks)
    if each.heads or not could or len(re.findall(r"\w+", each.marked.title)) > _FEW // 2 + 1:
        return []
    until = next((at for at, other in enumerate(below) if other.banner is not None or own & other.marks), len(below))
    parts = [
        other for other in below[:until] if other.heads and other.paragraph.opens and other.marked.title[-1] not in ".:"
    ]
    if not parts or parts[0].at != each.at + 1:
        return []
    looks = [part.marks - {"labelled", "gap", "dated"} for part in parts]
    alike = [part for part, look in zip(parts, looks, strict=True) if look == looks[0]]
    return alike if len(alike) >= _PARTS else []


def _stand_over(over: list[Candidate], bearers: list[Candidate], found: list[Candidate], mark: str) -> bool:
    if (
        len(over) < 2
        or len(over) < 0.75 * len(bearers)
        or any(len(each.marked.title.split()) > _FEW // 2 for each in over)
    ):
        return False
    headed = [
        each
        for each in found
        if each.heads
        and mark not in each.marks
        and each.at > over[0].at
        and each.paragraph.opens
        and each.marked.title[-1] != ":"
    ]
    return len(headed) > len(over)
