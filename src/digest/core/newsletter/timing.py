"""Which of an item's dates is its deadline, which its beginning and end, which the day it was published."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, time, timedelta
from itertools import zip_longest

from digest.core.newsletter.dates import Dated, find_dates
from digest.core.newsletter.day_order import DayOrder
from digest.core.newsletter.hours import find_hours
from digest.core.newsletter.paragraphs import Paragraph
from digest.core.newsletter.split import Section
from digest.core.newsletter.timing_words import (
    AT_LATEST,
    BEGINS,
    DATELINE,
    DUE_LINE,
    EVERY_WEEK,
    HOUR_LINE,
    LASTS,
    NOT_BEFORE,
    OVER,
    PAST,
    PUBLISHED,
    RETURNS,
    RUNS,
    UNTIL,
    UP_TO,
    WHEN_LINE,
)
from digest.core.when import When

_WEEKLY = 60  # characters before "from 20 October to 15 December" in which an hour is that of each week
_STOPS = 2  # days within a longer time that make it the whole of which they are parts
_HISTORY = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class Reader:
    """How dates are read: `today`, the day on which the masthead says that it was `issued`, and whether 5/7 is 5 July."""

    today: date
    issued: date | None
    order: DayOrder

    def dates(self, text: str) -> list[Dated]:
        """The dates of a paragraph; an open year is the one nearest the day of issue, or else nearest today."""
        return find_dates(text, self.issued or self.today, order=self.order, issued=self.issued)

    def words(self, dated: Dated) -> str:
        """A date's words, and what settled its year, its month, or the order of day and month, if they leave it open."""
        settled = []
        if dated.year_open:
            by = f"the date of the issue, {self.issued}" if self.issued else f"{self.today}"
            left = "day" if dated.relative else "month and year" if dated.month_open else "year"
            settled.append(f"{left} settled by {by}")
        if dated.other:
            settled.append(f"day and month in this order by {self.order.guess}, else {dated.other}")
        return f"{dated.words} ({'; '.join(settled)})" if settled else dated.words


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment, and the words it came from: `words` as evidence, `verbatim` as they stand in the text.

    `other`: the day that they may mean as well, where 5/7 could be either.
    """

    when: When
    words: str
    verbatim: str
    other: date | None = None


@dataclass(frozen=True, slots=True)
class Timing:
    """An item's moments; `labelled` if a line said "When:", `heads` if one line begins with a day still to come.

    `soon` is the deadline if the item is an action: a day told from the day of issue, where there is no date.
    """

    published: Moment | None = None
    deadline: Moment | None = None
    soon: Moment | None = None
    starts: Moment | None = None
    ends: Moment | None = None
    labelled: bool = False
    heads: bool = False


@dataclass(frozen=True, slots=True)
class _Date:
    """A date where it stands: its paragraph (0 is the title), the text on to the next date, the few paragraphs below."""

    found: Dated
    told: Moment
    place: int
    paragraph: Paragraph
    onward: str
    below: Sequence[Paragraph]

    @property
    def before(self) -> str:
        """The paragraph's text up to the date."""
        return self.paragraph.text[: self.found.start]

    @property
    def labelled(self) -> bool:
        """True if its line begins with "When:"."""
        return bool(WHEN_LINE.match(self.paragraph.text))


_Span = tuple[_Date, Moment, Moment | None]


def read_timing(section: Section, reader: Reader) -> Timing:
    """The moments that a section tells; those more than a year from today are history, and none of them."""
    whole = [section.title, *section.body]
    published = deadline = soon = None
    others = []
    alone = sum(each.part == "date" for each in whole) == 1
    for each in _dates(whole, reader):
        if (
            each.found.first.day <= reader.today
            and not each.found.relative
            and _is_published(each, section.title, len(whole), alone=alone)
        ):
            published = published or each.told
        elif _is_deadline(each.paragraph.text, each.found) and not (
            RETURNS.search(each.before) and BEGINS.search(each.before)
        ):
            told = replace(each.told, when=_until(each.found.last or each.found.first))
            deadline, soon = (deadline, soon or told) if each.found.relative else (deadline or told, soon)
        elif each.found.relative and (each.found.alone or each.found.first.at is None):
            continue
        elif _could_be_event(each, reader):
            others.append(each)
    spans = [(each, *_span(each)) for each in others if not RETURNS.search(each.before[-30:])]
    if not spans:
        return Timing(published, deadline, soon)
    chosen, starts, ends = max(
        spans, key=lambda span: (span[0].labelled, _encloses(span, spans), span[1].when.at is not None)
    )
    back = (each.told for each in others if RETURNS.search(each.before[-30:]) and each.told.when.day > starts.when.day)
    ends = ends or next(back, None) or _end_below(starts, whole)
    heads = [each for each in others if not each.before.strip()] == [chosen] and starts.when.day > reader.today
    return Timing(published, deadline, None, starts, ends, chosen.labelled, heads)


def _dates(whole: Sequence[Paragraph], reader: Reader) -> Iterator[_Date]:
    for place, each in enumerate(whole):
        dates = reader.dates(each.text)
        for found, after in zip_longest(dates, dates[1:]):
            if abs(found.first.day - reader.today) <= _HISTORY:
                words = reader.words(found)
                onward = each.text[found.end : after.start if after else None]
                told = Moment(found.first, words, found.words, found.other)
                yield _Date(found, told, place, each, onward, whole[place + 1 : place + 7])


def _until(when: When) -> When:
    """Midnight of a day, as a deadline, is its end."""
    return When(when.day) if when.at == time.min else when


def _span(each: _Date) -> tuple[Moment, Moment | None]:
    """Beginning and end; a day without an hour takes it from the text up to the next date, or a line "Time:" below.

    A day in the title takes it from the first paragraph.
    """
    ends = replace(each.told, when=each.found.last) if each.found.last else None
    if each.told.when.at is not None:
        return each.told, ends
    below = each.below[:1] if each.place == 0 else [other for other in each.below[:3] if _tells_hours(other)]
    for text in (each.onward, *(other.text for other in below)):
        if hours := next(iter(find_hours(text)), None):
            day = each.told.when.day
            starts = replace(each.told, when=When(day, hours.first), words=f"{each.told.words}; {hours.words}")
            if hours.last:
                ends = replace(starts, when=When(ends.when.day if ends else day, hours.last))
            return starts, ends
    weekly = EVERY_WEEK.search(each.before) or (each.found.last and len(each.before) < _WEEKLY)
    every = list(find_hours(each.before)) if weekly else []
    if len(every) == 1:
        hours = every[0]
        return replace(
            each.told, when=When(each.told.when.day, hours.first), words=f"{hours.words}; {each.told.words}"
        ), ends
    return each.told, ends


def _encloses(span: _Span, spans: Sequence[_Span]) -> bool:
    """True for days from one to another that two or more of the others lie within: a tour, of which they are the stops."""
    _, starts, ends = span
    days = [other.when.day for _, other, _ in spans if ends and starts.when.day <= other.when.day <= ends.when.day]
    return len(days) > _STOPS  # itself is one of them


def _could_be_event(each: _Date, reader: Reader) -> bool:
    """True for a date that something may take place on: a day gone by is one only with its hour, or if a line says so,
    and a day before that of issue only in the latter case."""
    if each.paragraph.part in ("release", "signature", "contact", "header") or PAST.search(each.before[-24:]):
        return False
    latest = each.found.last or each.found.first
    if reader.issued and latest.day < reader.issued:
        return each.labelled
    return latest.day >= reader.today or latest.at is not None or each.labelled or bool(find_hours(each.onward))


def _tells_hours(each: Paragraph) -> bool:
    """True for a line "Time: …", or one that begins with the hours right below a line with the day."""
    first = next(iter(find_hours(each.text)), None)
    leads = first is not None and not re.search(r"\w", each.text[: first.start])
    return bool(HOUR_LINE.match(each.text)) or (leads and not each.opens and each.part != "list")


def _is_published(each: _Date, title: Paragraph, count: int, *, alone: bool) -> bool:
    """True for the date of a release's first line, after "Posted", in a dateline, above the title, or by itself at the
    top or the end."""
    paragraph, found = each.paragraph, each.found
    above = paragraph.part == "date" and paragraph.number < title.number
    if above or paragraph.part == "release" or PUBLISHED.search(each.before):
        return True
    place = each.place
    if place == 0 or found.first.at is not None:
        return False
    last = place == count - 1
    signed = place + len(each.below) == count - 1 and all(other.part == "signature" for other in each.below)
    if paragraph.part == "date":
        return alone and found.last is None and (place <= 4 or signed or place >= count - 2)
    if paragraph.part in ("short", "signature"):
        return last and place > 1 and bool(each.before) and not each.onward.strip(" .")
    return (
        place <= 4
        and paragraph.part == "prose"
        and found.start < 60
        and bool(
            re.match(r"\W{0,3}\s*[–—-]+ ", each.onward) or (DATELINE.fullmatch(each.before) and each.onward[:2] == ". ")
        )
    )


def _is_deadline(text: str, found: Dated) -> bool:
    before, after = text[max(0, found.start - 60) : found.start], text[found.end :]
    if RUNS.search(before) and UP_TO.search(before):
        return False
    if NOT_BEFORE.search(before) or LASTS.search(before):
        return False
    return bool(UNTIL.search(before) or AT_LATEST.match(after) or (DUE_LINE.match(text) and found.start < 60))


def _end_below(starts: Moment, whole: Sequence[Paragraph]) -> Moment | None:
    """The hour at which it is over, where that is told further on in the same paragraph: "until about 9 pm", "back at 4"."""
    if starts.when.at is None:
        return None
    words = starts.verbatim
    for each in whole:
        at = each.text.find(words)
        if at < 0:
            continue
        for hours in find_hours(each.text[at + len(words) :]):
            place, hour, said = at + len(words) + hours.start, hours.first, hours.words
            if OVER.search(each.text[max(0, place - 30) : place]):
                if said[0].isalpha() and 0 < hour.hour <= 12 and hour <= starts.when.at:
                    hour = hour.replace(hour=(hour.hour + 12) % 24)
                return Moment(When(starts.when.day, hour), said, said) if hour > starts.when.at else None
    return None
