"""The lines at the top that tell of the newsletter and its issue, and are no titles."""

import re
from collections.abc import Iterator, Sequence

from digest.core.newsletter.calendar_words import MONTH
from digest.core.newsletter.candidates import Candidate
from digest.core.newsletter.dates import find_dates
from digest.core.newsletter.furniture import plain
from digest.core.newsletter.hours import find_hours
from digest.core.newsletter.paragraphs import ANY_DAY, Paragraph, block
from digest.core.newsletter.vocabulary import MASTHEAD

_MONTH_AND_YEAR = re.compile(
    rf"\b(?:{MONTH}|spring|summer|autumn|fall|winter|primavera|verano|otoño|invierno|herbst|sommer|frühjahr|printemps|été)"
    r",? (?:de |del )?(?:19|20)\d\d\b",
    re.IGNORECASE,
)
_PARTED = re.compile(r" [|·•~/–—-]{1,2} ")
_LONG = 90  # characters of a line that is more than a date with a few words
_BLOCK, _LINES = 5, 8  # lines that a masthead has at most, in one block and in several
TOP = {
    "speaks of the newsletter": -3.0,
    "the name at the top": -1.5,
    "a line of the masthead below": -2.5,
    "a line of the masthead right below": -4.0,
    "said again at the foot": -2.5,
}
"""Cues of a masthead, and what they weigh, in log-odds: what shows them tells nothing of a convention."""


def masthead_cues(each: Candidate, body: Sequence[Paragraph], foot: str) -> Iterator[str]:
    """What shows a line above all texts to be one of the masthead; `foot` is the footer, made plain."""
    if each.at > _LINES or any(other.part == "prose" for other in body[: each.at]):
        return
    below = body[each.at + 1] if each.at + 1 < len(body) else None
    if _is_in_masthead(each.at, body):
        yield "a line of the masthead right below"
    if _speaks_of_it(each.marked.title):
        yield "speaks of the newsletter"
    if each.at == 0 and not each.heads:
        yield "the name at the top"
    if below and (
        below.part == "greeting"
        or (
            each.at < 3
            and (
                _speaks_of_it(below.text)
                or _is_issue_line(below)
                or (below.part == "date" and not (below.opens and below.gap))
            )
        )
    ):
        yield "a line of the masthead below" if below.opens and below.gap else "a line of the masthead right below"
    words = plain(each.paragraph.text)
    if len(words) > 6 and words in foot:
        yield "said again at the foot"


def _is_in_masthead(at: int, body: Sequence[Paragraph]) -> bool:
    """True if another line of the first block, or the last of a later one above all texts, tells of the issue."""
    top = block(body, 0)
    others = [other for other in top if other != at] if at in top and len(top) <= _BLOCK else []
    if any(_speaks_of_it(body[other].text) or (other > at and _dates_issue(body[other].text)) for other in others):
        return True
    head = range(next((place for place, each in enumerate(body[:_LINES]) if each.part == "prose"), 0))
    told = block(body, next((other for other in head if _is_of_issue(body[other])), 0))
    return at < told.stop - 1 <= head.stop - 1 and (len(told) > 1 or _speaks_of_it(body[told.start].text))


def _is_of_issue(each: Paragraph) -> bool:
    return _speaks_of_it(each.text) or _dates_issue(each.text)


def _speaks_of_it(text: str) -> bool:
    """True if a line speaks of the newsletter itself."""
    return bool(MASTHEAD.search(text))


def _is_issue_line(each: Paragraph) -> bool:
    """True for a short line of several parts, one of them a day with its year: "Maple Street PTA | May 3, 2024 | Week 5"."""
    parts = _PARTED.split(each.text) if each.part == "short" else ()
    dated = (dated for part in parts for dated in find_dates(part, ANY_DAY))
    return len(parts) > 1 and any(not dated.year_open for dated in dated)


def _dates_issue(text: str) -> bool:
    """True for a short line that tells a month or a day with its year and no hour: "Autumn number, 14 November 2025"."""
    if len(text) > _LONG or find_hours(text):
        return False
    return bool(_MONTH_AND_YEAR.search(text)) or any(
        not (dated.year_open or dated.last) for dated in find_dates(text, ANY_DAY)
    )
