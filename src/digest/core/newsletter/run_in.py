"""Titles run into their text on one line: "4) Fees are due. Pay Ana.", "PICNIC: Sunday at noon", "**Thanks.** We made £40"."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from digest.core.newsletter.dates import is_date_line
from digest.core.newsletter.lines import Line
from digest.core.newsletter.marks import bullet_of, is_caps, number_of
from digest.core.newsletter.vocabulary import LABEL

_RUN_IN = re.compile(r".{3,70}?\w{2}[.!?][”\"»’)]* +(?P<rest>\S.{12,})")
_BOLD = re.compile(
    r"\W{0,3}(?P<marks>\*\*|__|\*|_)(?! )(?P<title>[^*_]{3,80})(?P=marks)[.:]?(?: [–—-])? +(?P<rest>\S.{12,})"
)
_LEAD = re.compile(r"(?P<title>[^.:!?]{3,70}?)(?:[.:!?]| [–—-]{1,2}) +(?P<rest>\S.{12,})")
_LAST = re.compile(r"[.:]+(?=[*_]*$)")
_HEADING = 80  # characters of a numbered line at most, if it is nothing but a heading
_TEXT = 50  # characters of a line that begins a text at least
_MANY = 3  # texts that begin with a title make a convention, if they are most


def apart(lines: Sequence[Line]) -> tuple[Line, ...]:
    """The lines, with such a title a line of its own, of the same number: where most texts begin with one, or by numbers.

    A number must then be missing among the headings, of which there are two or more, and that before or after it be there.
    """
    opening = [
        line for above, line in zip((None, *lines), lines, strict=False) if line.speaks and not (above and above.speaks)
    ]
    texts = [line for line in opening if len(line.text) > _TEXT]
    for form in (_bold, _capitals, _marked):
        leads = {line.number: rest for line in texts if (rest := form(line.text)) and _could_be_title(line.text[:rest])}
        if len(leads) >= _MANY and 2 * len(leads) > len(texts):
            return tuple(each for line in lines for each in _cut(line, leads.get(line.number)))
    return _apart_by_numbers(lines, opening)


def _could_be_title(lead: str) -> bool:
    """False for "When:" and for a day of a calendar."""
    words = lead.strip(" *_:.–—-")
    return not (LABEL.match(f"{words}: ") or is_date_line(words))


def _bold(text: str) -> int | None:
    """Where the text begins that a bold title leads; None if none does."""
    found = _BOLD.fullmatch(text)
    return found.start("rest") if found else None


def _capitals(text: str) -> int | None:
    found = _LEAD.fullmatch(text)
    return found.start("rest") if found and is_caps(found["title"]) else None


def _marked(text: str) -> int | None:
    """As `_bold`, for a title behind a bullet or a number."""
    numbered, bulleted = number_of(text), bullet_of(text)
    words = bulleted[1] if bulleted else numbered[2] if numbered else ""
    found = _LEAD.fullmatch(words)
    return len(text) - len(words) + found.start("rest") if found else None


def _apart_by_numbers(lines: Sequence[Line], opening: Sequence[Line]) -> tuple[Line, ...]:
    numbered = [(line, of) for line in opening if (of := number_of(line.text)) and not of[1]]
    headings = {number for line, (number, _, _) in numbered if len(line.text) <= _HEADING}
    if len(headings) < 2:
        return tuple(lines)
    numbers = {line.number: number for line, (number, _, _) in numbered}
    return tuple(
        each for line in lines for each in _cut(line, _rest_by_number(line, numbers.get(line.number), headings))
    )


def _rest_by_number(line: Line, number: int | None, headings: set[int]) -> int | None:
    found = _RUN_IN.fullmatch(line.text)
    if number is None or found is None or number in headings or headings.isdisjoint({number - 1, number + 1}):
        return None
    return found.start("rest")


def _cut(line: Line, rest: int | None) -> Iterator[Line]:
    if rest is None:
        yield line
        return
    yield replace(line, text=_LAST.sub("", line.text[:rest].rstrip(" –—-")))
    yield replace(line, text=line.text[rest:], column=rest)
