"""Which candidates are titles: cues of each one's own and of its surroundings, then the newsletter's own convention.

What a cue weighs is in log-odds: 0.5 leans, 1 is a sign, 2 and more nearly decide (docs/adr/0006-newsletters-as-drafts.md says
where the numbers come from, and how little hangs on each).
"""

import re
from collections.abc import Iterator, Sequence
from itertools import takewhile

from digest.core.newsletter.candidates import Candidate, find_candidates
from digest.core.newsletter.cohesion import Cohesion
from digest.core.newsletter.conventions import OPENS, SERIES, follow, layout, stands_as
from digest.core.newsletter.furniture import Contents, plain
from digest.core.newsletter.masthead import TOP, masthead_cues
from digest.core.newsletter.names import NAMES
from digest.core.newsletter.paragraphs import ABOUT, Paragraph, begins_with_date, block
from digest.core.newsletter.vocabulary import BUTTON, QUESTION, REACHED, SUBHEADING

_MARKS = {
    "md": 1.0,
    "under": 1.0,
    "ruled": 0.8,
    "number": 0.7,
    "deco": 0.9,
    "caps": 0.8,
    "label": 1.5,
    "dated": 1.0,
    "bulletemoji": 0.8,
    "bullet": 0.3,
    "tag": 2.0,
    "gap": 0.6,
    "kicked": 0.8,
}
"""Mark → what it says for a title."""
_TITLE = 0.45
"""The confidence from which a line is taken for a title: a little less than even, since a title too many is shown to be doubtful,
and one too few is not shown at all."""
_LIST = 3  # short lines that make a list
_SERIES = 4  # headings that count on from one to the next
_SENTENCE, _COLON, _CALL, _NAMED, _BELOW = (
    "ends like a sentence",
    "ends in a colon",
    "a call",
    "a person's name",
    "right below a heading",
)
_ENDS = ("signature", "contact", "link", "end")
_CLOCK = re.compile(r"\d{1,2}(?:[:.h]\d\d| ?(?:[ap]\.?m\b|h\b|uhr\b))", re.IGNORECASE)
_SENTENCES = re.compile(r"\w{3}\. \W?[A-ZÀ-Þ]")
_SIGNED = "a signature below"
_TEXT = {_SIGNED, _SENTENCE, _COLON, _CALL, _NAMED, _BELOW}
_Cues = Iterator[tuple[str, float]]


def find_headings(paragraphs: Sequence[Paragraph], footer: int, contents: Contents) -> list[Candidate]:
    """All candidates above position `footer`, weighed: their `cues` tell the titles from the sub-headings."""
    body = paragraphs[:footer]
    found = find_candidates(body, contents.positions)
    foot = " ".join(plain(each.text) for each in paragraphs[footer:])
    cohesion = Cohesion(body)
    levels = _title_levels(found)
    dense = 2 * sum(each.opens for each in body) < len(body)
    colons, parts = _end_in_colons(found), _numbered_by_section(found)
    usual = layout(found)
    series = _series(found)
    complete = contents.complete([each.paragraph.text for each in found])
    for order, each in enumerate(found):
        last = found[order - 1] if order else None
        until = found[order + 1].at if order + 1 < len(found) else footer
        each.cues.update(_own_cues(each, levels, dense=dense, colons=colons, parts=parts))
        each.cues.update(_first_cues(each, last, found[order + 1] if order + 1 < len(found) else None))
        each.cues.update(_cues_around(each, last, body, usual))
        each.cues.update((cue, TOP[cue]) for cue in masthead_cues(each, body, foot))
        if order in series:
            each.cues[SERIES] = 1.5
        each.cues.update(_release_cues(each, body, found))
        each.doubts.extend(_doubts(each, body[each.at + 1 : until]))
        if contents.promises(each.paragraph.text):
            each.cues["promised in the contents"] = 2.5
        elif complete:
            each.cues["not in the contents"] = -2.0
        weight, words = cohesion.across(last.at if last else 0, each.at, until)
        if words and each.heads:
            each.cues["goes on about " + ", ".join(words)] = -0.8 * weight
    follow(found)
    return found


def _numbered_by_section(found: Sequence[Candidate]) -> bool:
    """True if "2.1" numbers an item and "2." the section above it, which heads no text of its own."""
    whole, parts = (
        sum(mark in each.marks and each.heads and each.banner is None for each in found)
        for mark in ("number", "subnumber")
    )
    return parts >= 2 and parts > 2 * whole


def _series(found: Sequence[Candidate]) -> frozenset[int]:
    """Which candidates count on from one to the next, through the whole text: their positions, none if fewer than four."""
    series: list[int] = []
    count = 0
    for order, each in enumerate(found):
        if "number" in each.marks and each.paragraph.opens and each.marked.number == count + 1:
            series.append(order)
            count += 1
    return frozenset(series) if count >= _SERIES else frozenset()


def _end_in_colons(found: Sequence[Candidate]) -> bool:
    """True if that is how this newsletter writes its titles: most that stand alone above a text."""
    alone = [each for each in found if each.heads and each.paragraph.opens and each.paragraph.closes]
    colons = sum(each.marked.title[-1] == ":" for each in alone)
    return colons >= 3 and 2 * colons > len(alone)


def is_title(each: Candidate) -> bool:
    """True if it is taken for a title, be it in doubt."""
    return each.confidence >= _TITLE


def is_subheading(each: Candidate) -> bool:
    """True if it is a sub-heading: alone on its line or marked, and no title and no sentence."""
    return not is_title(each) and (each.paragraph.closes or each.formal) and not _TEXT & each.cues.keys()


def _own_cues(each: Candidate, levels: frozenset[str], *, dense: bool, colons: bool, parts: bool) -> _Cues:
    title = each.marked.title
    for mark in each.marks:
        name = next((name for name in _MARKS if mark.startswith(name)), None)
        if name:
            yield mark, _MARKS[name] if name != "md" or mark in levels else -0.5
    if "subnumber" in each.marks and not parts:
        yield "numbered as a part", -3.0
    yield from _cues_of_shape(each, colons=colons)
    if SUBHEADING.match(title):
        yield "names a part of an item", -1.2 if "gap" in each.marks else -2.7
    elif QUESTION.match(title):
        yield "asks what its text answers", -0.15
    if each.banner is not None:
        yield "a section's banner", -1.5 if each.heads else -4.0
    if len(title.split()) > 12:
        yield "long", -0.6
    if not each.paragraph.opens and not each.marks and not dense:
        yield "within a block", -0.8


def _cues_of_shape(each: Candidate, *, colons: bool) -> _Cues:
    title = each.marked.title
    if title[-1] == "." or _SENTENCES.search(title):
        yield _SENTENCE, -1.5
    if title[-1] == ":" and not colons:
        yield _COLON, -2.0
    if not each.formal and _CLOCK.match(title):
        yield "begins with an hour", -3.0
    elif not each.marks and begins_with_date(each.paragraph):
        yield "begins with a day", -1.0
    if not each.formal and REACHED.search(title):
        yield "an address or a number to call", -2.0
    if next(filter(str.isalnum, title)).islower():
        yield "in small letters", -1.0


def _cues_around(each: Candidate, last: Candidate | None, body: Sequence[Paragraph], usual: str) -> _Cues:
    title = each.marked.title
    above = body[each.at - 1] if each.at else None
    below = body[each.at + 1] if each.at + 1 < len(body) else None
    if above and (above.part in _ENDS or ABOUT.match(above.text) or each.paragraph.rule == "#"):
        yield "what is above has ended", 1.2
    lists = below and below.part == "short" and not below.opens and not each.formal and len(below.text) < 60
    if below and lists and not (below.closes and usual == "over"):
        yield "the first of several short lines", -0.6 if below.closes else -1.2
    if below is None:
        yield "the last line", 0.3
    elif each.heads and begins_with_date(below):
        yield "a date below", 1.0
    elif below.part in ("date", "byline") or (below.part == "label" and each.heads):
        yield f"a line with a {below.part} below", 0.8
    if not each.heads and len(title.split()) <= 5 and BUTTON.match(title):
        yield _CALL, -4.0
    if below and below.part in ("signature", "signoff"):
        yield (_CALL, -3.0) if title[-1] in '!»”"' else (_SIGNED, -1.5)
    if (
        above
        and above.part in ("prose", "list", "short")
        and (NAMES.fullmatch(title) or title.count(", ") >= _LIST)
        and not each.heads
        and not each.formal
        and (below is None or below.gap >= each.paragraph.gap)
    ):
        yield _NAMED, -2.5
    leftover = last and usual == "over" and stands_as(each, usual) and last.paragraph.closes and not last.marks
    if (
        last
        and last.at == each.at - 1
        and last.banner is None
        and not (leftover or (_TEXT | TOP.keys()) & last.cues.keys())
    ):
        if each.marks and each.marks - {"gap"} == last.marks - {"gap"}:
            yield _BELOW, -0.3
        elif last.marks or not each.marks:
            yield _BELOW, -1.6


def _first_cues(each: Candidate, last: Candidate | None, after: Candidate | None) -> _Cues:
    if after and after.banner is not None and not (each.heads or each.formal):
        yield "no text below, but a section", -1.5
    if each.heads and last is None:
        yield "the first", 0.8
    elif last and last.banner is not None and last.at == each.at - 1 and each.heads and each.paragraph.opens:
        yield OPENS, 0.8


def _doubts(each: Candidate, below: Sequence[Paragraph]) -> Iterator[str]:
    """What a line may be instead of a title, for what stands below it up to the next candidate."""
    days = list(takewhile(begins_with_date, below))
    if each.banner is not None or (len(days) >= _LIST and not any(day.opens for day in days[1:])):
        yield "perhaps a section of small things"
    if len(below) >= _LIST and all(other.part in ("short", "list", "label", "date") for other in below):
        yield "nothing but a list below"
    if (
        len(below) > 1
        and below[0].part == "short"
        and below[0].closes
        and not below[0].opens
        and below[1].part == "prose"
    ):
        yield "perhaps the section of the line right below"


def _release_cues(each: Candidate, body: Sequence[Paragraph], found: Sequence[Candidate]) -> _Cues:
    """A release's title stands above "For immediate release", with organisation and headline below; or below it, alone."""
    below = range(each.at + 1, min(each.at + 2, len(body)))
    if below and body[below[0]].opens:
        below = block(body, below[0])
    if any(body[at].part == "release" and not body[at].rule for at in below):
        yield "a release's first line below", 1.5
        return
    at = each.at - 1
    while at >= max(0, each.at - 5) and body[at].part in ("date", "contact", "short", "link"):
        at -= 1
    if at < 0 or body[at].part != "release":
        return
    head = block(body, at).start
    titles = (other for other in found if head - 1 <= other.at <= head and other is not each and other.banner is None)
    if not body[head].rule and any(not _TEXT & other.cues.keys() for other in titles):
        yield "in the head of a release", -2.5
    elif each.heads:
        yield "heads a release", 1.5


def _title_levels(found: Sequence[Candidate]) -> frozenset[str]:
    """The Markdown level of the titles: the highest at which two headings have a text right below."""
    heads = [
        mark for each in found if each.heads and each.banner is None for mark in each.marks if mark.startswith("md")
    ]
    often = sorted(mark for mark in set(heads) if heads.count(mark) >= 2)
    return frozenset((often or sorted(set(heads)))[:1])
