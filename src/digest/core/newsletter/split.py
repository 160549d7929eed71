"""A newsletter taken apart: which paragraphs are titles, which belong to whose body, which are furniture."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from digest.core.newsletter.candidates import Candidate
from digest.core.newsletter.farewell import find_farewell
from digest.core.newsletter.furniture import find_contents, find_footer
from digest.core.newsletter.headings import find_headings, is_subheading, is_title
from digest.core.newsletter.lines import Line, closed_up, read_lines, wrap_width
from digest.core.newsletter.marks import Marked
from digest.core.newsletter.paragraphs import Paragraph, is_dateline, put_together
from digest.core.newsletter.run_in import apart

_INTRODUCTION = 240  # characters that may introduce a section under its banner
_HEAD = ("release", "date", "contact", "short", "link")


@dataclass(frozen=True, slots=True)
class Section:
    """An item's paragraphs: its title, and its body (which begins with a release's head, if that stood above the title)."""

    title: Paragraph
    marked: Marked
    confidence: float
    why: str
    body: tuple[Paragraph, ...]
    subheadings: frozenset[int]
    banner: str | None
    banner_words: str | None


@dataclass(frozen=True, slots=True)
class Split:
    """All paragraphs of a text, each in exactly one place: a section's title or body, or the furniture."""

    sections: tuple[Section, ...]
    furniture: tuple[Paragraph, ...]


def split(text: str, titles: Collection[int] = (), not_titles: Collection[int] = ()) -> Split:
    """The sections of a newsletter in order. `titles` and `not_titles` (line numbers) are a person's word, and win.

    Raises ValueError with a sentence if such a line does not exist, has no words, or is named as both.
    """
    lines = read_lines(text)
    _check(lines, titles, not_titles)
    lines = closed_up(lines)
    paragraphs = put_together(apart(lines), wrap_width(lines), frozenset(titles))
    contents = find_contents(paragraphs)
    footer = find_farewell(paragraphs, find_footer(paragraphs))
    found = find_headings(paragraphs, footer, contents)
    marked = {each.at: each.marked for each in found}
    chosen = {each.at: each for each in found if is_title(each)}
    for at, paragraph in enumerate(paragraphs):
        if paragraph.number in titles and not (at and paragraphs[at - 1].number == paragraph.number):
            chosen[at] = Candidate.said(at, paragraph, marked.get(at))
        elif any(line.number in not_titles for line in paragraph.lines):
            chosen.pop(at, None)
    footer = max([footer, *(at + 1 for at in chosen)])
    banners = _banners(paragraphs, found, chosen, footer)
    return _assemble(paragraphs, chosen, banners, found, contents.positions, footer)


def _check(lines: Sequence[Line], titles: Collection[int], not_titles: Collection[int]) -> None:
    for number in (*titles, *not_titles):
        if not 1 <= number <= len(lines):
            raise ValueError(f"There is no line {number}: the text has {len(lines)} lines")
        if not lines[number - 1].speaks:
            raise ValueError(f"Line {number} is empty or a rule and cannot be a title; name a line with words")
        if number in titles and number in not_titles:
            raise ValueError(f"Line {number} is named both as a title and as none; choose one")


def _banners(
    paragraphs: Sequence[Paragraph], found: Sequence[Candidate], chosen: dict[int, Candidate], last: int
) -> Mapping[int, Candidate]:
    """The section banners.

    One that heads a text and no title becomes a title, in doubt. One that heads a text and then a title is none if it is
    unmarked or the text is long: it is a sub-heading, and its text belongs to the item above.
    """
    banners = {
        each.at: each
        for each in (*_standing_over(found, chosen), *found)
        if each.at not in chosen and each.banner is not None
    }
    starts = sorted({*banners, *chosen, last})
    first = min(chosen, default=last)
    for at, below in pairwise(starts):
        banner = banners.get(at)
        if banner is None or not banner.heads or below == at + 1:
            continue
        if below not in chosen:
            chosen[at] = replace(banner, cues={"a banner with a text and no titles": 0.0})
            del banners[at]
        elif at > first and not (
            banner.formal and sum(len(each.text) for each in paragraphs[at + 1 : below]) <= _INTRODUCTION
        ):
            del banners[at]
    return banners


def _standing_over(found: Sequence[Candidate], chosen: Mapping[int, Candidate]) -> list[Candidate]:
    """Lines right above a title that share a mark with another such line: banners, though their words name no kind."""
    over = [
        each
        for each in found
        if each.formal and each.paragraph.opens and each.at + 1 in chosen and each.at not in chosen
    ]
    counts = Counter(mark for each in over for mark in each.marks)
    return [replace(each, banner=each.banner or "") for each in over if any(counts[mark] >= 2 for mark in each.marks)]


def _assemble(
    paragraphs: Sequence[Paragraph],
    chosen: Mapping[int, Candidate],
    banners: Mapping[int, Candidate],
    found: Sequence[Candidate],
    contents: frozenset[int],
    footer: int,
) -> Split:
    furniture = set(range(footer, len(paragraphs)))
    bodies: dict[int, list[int]] = {at: [] for at in sorted(chosen)}
    owners: dict[int, Candidate | None] = {}
    current: int | None = None
    banner: Candidate | None = None
    for at in range(footer):
        if at in chosen:
            current = at
            owners[at] = banner
        elif at in banners:
            current, banner = None, banners[at]
            furniture.add(at)
        elif current is None or at in contents or paragraphs[at].part == "end":
            furniture.add(at)
        else:
            bodies[current].append(at)
    _give_heads(paragraphs, bodies, furniture)
    below = {each.at for each in found if each.at not in chosen and is_subheading(each)}
    sections = []
    for at, body in bodies.items():
        title, owner = chosen[at], owners[at]
        sections.append(
            Section(
                title=title.paragraph,
                marked=title.marked,
                confidence=title.confidence,
                why=title.why,
                body=tuple(paragraphs[each] for each in sorted(body)),
                subheadings=frozenset(paragraphs[each].number for each in body[:-1] if each in below),
                banner=owner.banner if owner else None,
                banner_words=owner.marked.title if owner else None,
            )
        )
    return Split(tuple(sections), tuple(paragraphs[at] for at in sorted(furniture)))


def _give_heads(paragraphs: Sequence[Paragraph], bodies: Mapping[int, list[int]], furniture: set[int]) -> None:
    """A release's head that stands above its title goes to that title, out of the body before it or the furniture."""
    before: int | None = None
    for at in bodies:
        if at and is_dateline(paragraphs[at - 1], paragraphs[at]) and at - 1 not in bodies:
            furniture.discard(at - 1)
            if before is not None and at - 1 in bodies[before]:
                bodies[before].remove(at - 1)
            bodies[at].append(at - 1)
        head = at
        while head > 0 and paragraphs[head - 1].part in _HEAD and head - 1 not in bodies and at - head < 8:
            head -= 1
        head = next((each for each in range(head, at) if paragraphs[each].part == "release"), at)
        own = bodies[before] if before is not None else []
        if head < at and not (before is not None and head <= before + 2):
            for each in range(head, at):
                if each in own:
                    own.remove(each)
                elif each in furniture:
                    furniture.remove(each)
                else:
                    continue
                bodies[at].append(each)
        before = at
