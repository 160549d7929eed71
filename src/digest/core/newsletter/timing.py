"""Which of an item's dates is its deadline, which its beginning and end, which the day it was published."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from digest.core.newsletter.dates import Dated, find_dates
from digest.core.newsletter.hours import find_hours
from digest.core.newsletter.paragraphs import Paragraph
from digest.core.newsletter.split import Section
from digest.core.when import When

_I = re.IGNORECASE
_UNTIL = re.compile(
    r"(?:\b(?:by|until|till|before|no later than|not later than|due(?: on| by)?|closes?(?: on)?|closing(?: date)?|"
    r"ends?(?: on)?|deadline(?: is| for .{0,40} is)?|expires?(?: on)?|over on"
    r"|hasta|antes del?|a más tardar|vence|cierra|termina|fecha límite|plazo|límite|como tarde,?|bis(?: zum|"
    r" spätestens)?|spätestens|frist|anmeldeschluss|jusqu[’']au|avant|au plus tard|date limite"
    r")\s*:?\s*(?:(?:the|el|día|zum|le|am|end of|noon|midnight|midday|noon on|midnight on|on|de|es|finaliza)\s+)*)$",
    _I,
)
_DUE_LINE = re.compile(
    r"^\W*(?:deadline|due|closing date|closes|fecha límite|plazo|límite|cierre|frist|einsendeschluss|"
    r"anmeldeschluss|anmeldung bis|date limite|rsvp by|register by)\b",
    _I,
)
_AT_LATEST = re.compile(
    r"^\W{0,2}(?:at the (?:very )?latest|a más tardar|como (?:muy )?tarde|spätestens|au plus tard)", _I
)
_WHEN_LINE = re.compile(
    r"^\W*(?:when|date|dates|date and time|date & time|time|starts?|cuándo|fechas?|fecha y hora|día|wann|datum|"
    r"termin|beginn|quand|hora)\s*:",
    _I,
)
_HOUR_LINE = re.compile(r"^\W*(?:time|hora|horario|uhrzeit|zeit|heure|hours)\s*:", _I)
_PUBLISHED = re.compile(r"^\W*(?:published|posted|issued|publicado|veröffentlicht|publié)(?: on| el| am| le)?\W*$", _I)
_OVER = re.compile(
    r"\b(?:until|till|to|back|finish\w*|ends?|ending|over|done|close[sd]?|hasta|termina|acaba|bis|jusqu[’']à|"
    r"fin)\b[^.!?]{0,16}$",
    _I,
)
_RETURNS = re.compile(
    r"\b(?:returns?|returning|back|ends?|ending|regreso|vuelta|rückkehr|retour)\b(?: on| el| am| le)?\W*$", _I
)
_RUNS = re.compile(r"\b(?:runs?|on view|on display|continues|exhibit\w*|exposición)\b[^.]{0,40}$", _I)
_PAST = re.compile(
    r"\b(?:since|last|desde el|seit|depuis|was|were|on the night of|signed|adopted)\s*(?:the |el |on )?$", _I
)


@dataclass(frozen=True, slots=True)
class Told:
    """A moment, and the words it came from: `words` as evidence, `verbatim` as they stand in the text."""

    when: When
    words: str
    verbatim: str


@dataclass(frozen=True, slots=True)
class Timing:
    """An item's moments; `labelled` if a line said "When:"."""

    published: Told | None = None
    deadline: Told | None = None
    starts: Told | None = None
    ends: Told | None = None
    labelled: bool = False


def read_timing(section: Section, today: date, *, day_first: bool) -> Timing:
    """The moments that a section tells; those far from today (a year) are history, and none of them."""
    deadline = starts = ends = published = None
    labelled = False
    whole = [section.title, *section.body]
    alone = sum(each.part == "date" for each in whole) == 1
    for place, each in enumerate(whole):
        for found in find_dates(each.text, today, day_first=day_first):
            told = Told(found.first, _said(found, today), found.words)
            if abs(found.first.day - today) > timedelta(days=400):
                continue
            if _is_published(each, found, place, whole[place + 1 :], alone=alone):
                published = published or told
            elif _is_deadline(each.text, found):
                if found.last:
                    told = replace(told, when=found.last)
                deadline = deadline or told
            elif (
                starts
                and not ends
                and found.first.day > starts.when.day
                and _RETURNS.search(each.text[: found.start][-30:])
            ):
                ends = told
            elif each.part in ("release", "signature", "contact") or _PAST.search(
                each.text[max(0, found.start - 24) : found.start]
            ):
                continue
            else:
                when_line = bool(_WHEN_LINE.match(each.text))
                if (
                    starts is None
                    or (when_line and not labelled)
                    or (starts.when.at is None and found.first.at is not None and not labelled)
                ):
                    starts, ends = told, replace(told, when=found.last) if found.last else None
                    labelled = labelled or when_line
                    starts, ends = _with_hour(starts, ends, whole[place : place + 4])
    if starts and not ends:
        ends = _end_below(starts, whole)
    return Timing(published, deadline, starts, ends, labelled)


def _said(found: Dated, today: date) -> str:
    return f"{found.words} (year settled by {today.isoformat()})" if found.year_open else found.words


def _is_published(each: Paragraph, found: Dated, place: int, later: Sequence[Paragraph], *, alone: bool) -> bool:
    if each.part == "release" or _PUBLISHED.search(each.text[: found.start]):
        return True
    if each.part == "date" and alone and place and found.first.at is None and found.last is None:
        return place <= 4 or len(later) <= 1 or all(other.part == "signature" for other in later)
    if (
        not later
        and place > 1
        and len(each.text.split()) <= 16
        and found.first.at is None
        and each.part in ("short", "signature")
    ):
        return found.end >= len(each.text) - 2 and found.start > 0
    return (
        0 < place <= 4
        and found.first.at is None
        and bool(re.match(r"\W{0,3}\s*[–—-]+ ", each.text[found.end :]))
        and found.start < 60
    )


def _is_deadline(text: str, found: Dated) -> bool:
    before, after = text[max(0, found.start - 60) : found.start], text[found.end :]
    if _RUNS.search(before) and re.search(r"(?:until|through|hasta|bis)\W*(?:el )?$", before, _I):
        return False
    return bool(_UNTIL.search(before) or _AT_LATEST.match(after) or (_DUE_LINE.match(text) and found.start < 60))


def _end_below(starts: Told, whole: Sequence[Paragraph]) -> Told | None:
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
            if _OVER.search(each.text[max(0, place - 30) : place]):
                if said[0].isalpha() and 0 < hour.hour <= 12 and hour <= starts.when.at:
                    hour = hour.replace(hour=(hour.hour + 12) % 24)
                return Told(When(starts.when.day, hour), said, said) if hour > starts.when.at else None
    return None


def _with_hour(starts: Told, ends: Told | None, below: Sequence[Paragraph]) -> tuple[Told, Told | None]:
    """A day without an hour takes it from the lines right below it: "Time: 6 pm"."""
    if starts.when.at is not None:
        return starts, ends
    for each in below:
        times = find_hours(each.text)
        if times and (_HOUR_LINE.match(each.text) or each is below[0]):
            words, first, last = times[0].words, times[0].first, times[0].last
            starts = Told(When(starts.when.day, first), f"{starts.words}; {words}", starts.verbatim)
            day = ends.when.day if ends else starts.when.day
            return starts, replace(starts, when=When(day, last)) if last else ends
    return starts, ends
