"""Lines that could be titles: short enough, shaped like a heading, with the marks that set them apart."""

import math
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from digest.core.newsletter.furniture import banner_of
from digest.core.newsletter.marks import CODE, Marked, read_marks, title_case
from digest.core.newsletter.paragraphs import Paragraph, is_dateline

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
_FORMAL = ("md", "under", "label", "deco", "caps", "number", "tag")
_FEW = 8  # words that a heading in small letters has at most
_OF_BANNERS = ("deco", "caps", "under", "md", "ruled", "number", "bulletemoji", "gap")
_CODES = 3  # different ones ("A1", "B2") that number a text's items
_LONG = 100  # a line longer than this is a paragraph in itself


@dataclass(slots=True)
class Candidate:
    """A line that could be a title.

    `at` is its paragraph's position; `heads` is true if text, and not another candidate, comes right below; `banner` is
    the kind that it announces if it is a section's banner ("" for one that names no kind), None if it is none;
    `cues` are what speaks for (positive log-odds) and against its being a title.
    """

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
    def formal(self) -> bool:
        """True if a mark of its own, not only its shortness, sets it apart."""
        return is_formal(self.marks)

    @property
    def why(self) -> str:
        """The cues in words, the weightiest first."""
        return "; ".join(sorted(self.cues, key=lambda cue: -abs(self.cues[cue]))) or "a short line alone"

    @classmethod
    def said(cls, at: int, paragraph: Paragraph) -> "Candidate":
        """A title because a person says so."""
        marked = read_marks(paragraph.text)
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
    kickers = _kickers(paragraphs)
    found = []
    for at, each in enumerate(paragraphs):
        if at in without or each.part in _NEVER:
            continue
        above = paragraphs[at - 1] if at else None
        marked = read_marks(each.text, dash_tags=tags >= 2, codes=codes >= _CODES)
        marks = marked.marks | _marks_around(each, above, usual if at else 99)
        marks |= {"kicked"} if at - 1 in kickers else frozenset()
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
    """The positions of marked lines right above another that name a section, or that come back: "NEWS", "CAMPAIGN"."""
    over = [
        at
        for at, (each, below) in enumerate(pairwise(paragraphs))
        if each.opens and not below.opens and len(each.text.split()) <= 4 and is_formal(read_marks(each.text).marks)
    ]
    often = Counter(paragraphs[at].text.casefold() for at in over)
    return frozenset(
        at for at in over if banner_of(paragraphs[at]) is not None or often[paragraphs[at].text.casefold()] > 1
    )


def _marks_around(each: Paragraph, above: Paragraph | None, usual: int) -> frozenset[str]:
    marks = set()
    if above and is_dateline(above, each):
        marks.add("dated")
    below_banner = above is not None and banner_of(above) is not None
    kicked = above and above.rule and (above.part == "release" or (below_banner and not above.under))
    if (each.rule or kicked) and each.rule != "#":
        marks.add("ruled")
    if each.under and each.under != "#":
        marks.add("under" + each.under)
    if each.gap > usual and not below_banner:
        marks.add("gap")
    return frozenset(marks)


def _has_shape(each: Paragraph, marked: Marked, marks: frozenset[str]) -> bool:
    title = marked.title
    first = next((char for char in title if char.isalnum()), "")
    if not first or len(each.lines) > 3 or len(title) > 140 or len(title.split()) > 20 or title[-1] in ",;":
        return False
    if (each.part in ("prose", "label") or title.count(" | ") > 1) and not is_formal(marks - {"tag"}):
        return False
    if first.islower() and marks.isdisjoint({"md1", "md2", "md3", "number", "label"}):
        return each.opens and each.closes and len(title.split()) <= _FEW and title[-1].isalnum()
    return True


def _has_place(each: Paragraph, above: Paragraph | None, marks: frozenset[str]) -> bool:
    if each.opens or is_formal(marks) or above is None or not marks.isdisjoint({"dated", "kicked"}):
        return True
    ends = above.part == "prose" and above.text[-1] in '.!?…”"»'
    return len(each.text) < _LONG and (len(above.text) > _LONG or (ends and title_case(each.text) >= 0.7))


def _with_banners(found: list[Candidate]) -> list[Candidate]:
    """Where most that bear a mark and head no text are known banners, the others that do are banners as well.

    So are those that nobody knows, if they are short, stand over other headings, and there are more of these than of them.
    """
    for mark in {mark for each in found for mark in each.marks if mark.startswith(_OF_BANNERS)}:
        bearers = [each for each in found if mark in each.marks]
        over = [each for each in bearers if not each.heads]
        known = sum(each.banner is not None for each in over)
        if (known >= 2 and 2 * known > len(over)) or _stand_over(over, bearers, found, mark):
            for each in over:
                each.banner = each.banner or ""
    return found


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
