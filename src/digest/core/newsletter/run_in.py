"""Titles run into their text on one line, where the numbering says that an item begins: "4) Fees are due. Pay Ana." """

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from digest.core.newsletter.lines import Line
from digest.core.newsletter.marks import number_of

_RUN_IN = re.compile(r".{3,70}?\w{2}[.!?][”\"»’)]* +(?P<rest>\S.{12,})")
_HEADING = 80  # characters of a numbered line at most, if it is nothing but a heading


def apart(lines: Sequence[Line]) -> tuple[Line, ...]:
    """The lines, with such a title a line of its own, of the same number.

    Its own number must be missing among the headings, of which there are two or more, and that before or after it be there.
    """
    opening = [
        (line, numbered[0])
        for above, line in zip((None, *lines), lines, strict=False)
        if line.speaks and not (above and above.speaks) and (numbered := number_of(line.text)) and not numbered[1]
    ]
    headings = {number for line, number in opening if len(line.text) <= _HEADING}
    if len(headings) < 2:
        return tuple(lines)
    numbers = {line.number: number for line, number in opening}
    return tuple(each for line in lines for each in _taken_apart(line, numbers.get(line.number), headings))


def _taken_apart(line: Line, number: int | None, headings: set[int]) -> Iterator[Line]:
    found = _RUN_IN.fullmatch(line.text)
    if number is None or found is None or number in headings or headings.isdisjoint({number - 1, number + 1}):
        yield line
        return
    rest = found.start("rest")
    yield replace(line, text=line.text[:rest].rstrip().rstrip("."))
    yield replace(line, text=line.text[rest:])
