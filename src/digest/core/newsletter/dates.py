"""Dates and times of day in running text: English, Spanish, German, French, and in figures."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from digest.core.newsletter.hours import TO, Hours, find_hours, without_hours
from digest.core.when import When

_MONTHS = (
    "january jan enero ene januar jänner janvier janv",
    "february feb febrero februar février févr fév",
    "march mar marzo märz mrz mars",
    "april apr abril abr avril avr",
    "may mayo mai",
    "june jun junio juni juin",
    "july jul julio juli juillet juil",
    "august aug agosto ago août aout",
    "september sept sep septiembre setiembre septembre",
    "october oct octubre oktober okt octobre",
    "november nov noviembre novembre",
    "december dec diciembre dic dezember dez décembre déc",
)
_DAYS = (
    "monday mon lunes lun montag lundi",
    "tuesday tues tue martes dienstag mardi",
    "wednesday weds wed miércoles mié mittwoch mercredi",
    "thursday thurs thur thu jueves jue donnerstag jeudi",
    "friday fri viernes vie freitag vendredi",
    "saturday sat sábado sáb samstag sonnabend samedi",
    "sunday sun domingo dom sonntag dimanche",
)
_MONTH = {name: number for number, names in enumerate(_MONTHS, start=1) for name in names.split()}
_WEEKDAY = {name: number for number, names in enumerate(_DAYS) for name in names.split()}


def _one_of(names: Sequence[str]) -> str:
    """Any of the names as a whole word; a short one, an abbreviation perhaps, with its full stop."""
    words = [
        "(?:" + "|".join(each for each in names if (len(each) > 5) is long) + r")(?![^\W\d_])" for long in (True, False)
    ]
    return f"(?:{words[0]}|{words[1]}\\.?)"


MONTH = {name: number for number, names in enumerate(_MONTHS, start=1) for name in names.split()}
_WEEKDAY = {name: number for number, names in enumerate(_DAYS) for name in names.split()}


MONTH = _one_of(tuple(_MONTH))
WEEKDAY = _one_of(tuple(_WEEKDAY))
_DAY = r"(?:0[1-9]|[12]\d|3[01]|[1-9])(?!\d)"
_ORDINAL = r"(?:st|nd|rd|th|er|º|\.(?= ?[^\W\d_]|[ -–]))?"
_YEAR = r"(?:19|20)\d\d(?!\d)"
_NOT_AN_HOUR = r"(?!\s*(?::\d|[ap]\.?m\b|h\b|hrs?\b|horas\b|uhr\b))"

_WORDS = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth sixteenth "
    "seventeenth eighteenth nineteenth twentieth twenty-first twenty-second twenty-third twenty-fourth twenty-fifth twenty-sixth "
    "twenty-seventh twenty-eighth twenty-ninth thirtieth thirty-first"
).split()
_WORD_DAY = "(?:" + "|".join(sorted(_WORDS, key=len, reverse=True)) + ")"

_DATE = re.compile(
    rf"(?<![\w/.-])(?:(?P<weekday>{WEEKDAY})(?:, ?| )(?:the |den |dem |el |le )?)?(?:"
    rf"(?P<iso>{_YEAR}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01]))(?=\b|T)"
    rf"|(?P<wd>{_WORD_DAY}) (?:of )?(?P<wm>{MONTH})(?:,? +(?P<wy>{_YEAR}))?"
    rf"|(?P<em>{MONTH})\s+(?:the )?(?P<ed>{_DAY}){_ORDINAL}(?:{TO}(?P<ee>{_DAY}){_ORDINAL}{_NOT_AN_HOUR})?(?:,? +(?P<ey>{_YEAR}))?"
    rf"|(?P<dd>{_DAY}){_ORDINAL}(?:{TO}(?:{WEEKDAY},? +)?(?P<de>{_DAY}){_ORDINAL})?\s*(?:de |of )?(?P<dm>{MONTH})(?:(?:,| del?| of)? +(?P<dy>{_YEAR}))?"
    r"|(?P<na>\d{1,2})(?P<sep>[/.])(?P<nb>\d{1,2})(?:(?P=sep)(?P<ny>(?:20)?\d\d)(?!\d)|(?<=\.\d)\.(?!\d)|(?<=\.\d\d)\.(?!\d)|(?<=/\d)(?![\d/:]|\.\d)|(?<=/\d\d)(?![\d/:]|\.\d))"
    r")(?!\w)",
    re.IGNORECASE,
)
_LINK = re.compile(
    rf"(?:[\s,;:|@()·•–—-]|\b(?:from|at|de|desde|a|las?|los?|um|von|ab|à|dès|beginning|starting|doors|between|entre|el|le|on|and|y|start|starts|hora|uhr|{WEEKDAY})\b)+",
    re.IGNORECASE,
)
_RANGE = re.compile(TO.replace(r"\band\b|&|", ""), re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Dated:
    """A date in a text: where (`start`, `end`: offsets), its first and, if given, last moment, and if the year was open."""

    start: int
    end: int
    words: str
    first: When
    last: When | None
    year_open: bool


def _nearest(month: int, day: int, today: date) -> date | None:
    """The day of that month in the year that puts it closest to today; None if there is no such day."""
    found = []
    for year in (today.year - 1, today.year, today.year + 1):
        try:
            found.append(date(year, month, day))
        except ValueError:
            continue
    return min(found, key=lambda each: abs(each - today), default=None)


def _day(year: str | None, month: int, day: int, today: date) -> date | None:
    if year is None:
        return _nearest(month, day, today)
    try:
        return date(int(year) + (2000 if len(year) == 2 else 0), month, day)
    except ValueError:
        return None


def _read_date(found: re.Match[str], today: date, day_first: bool) -> tuple[date, date | None, bool] | None:
    if found["iso"]:
        day = When.parse(found["iso"]).day
        return day, None, False
    if found["na"]:
        first, second = int(found["na"]), int(found["nb"])
        day_first = found["sep"] == "." or (day_first and second <= 12) or first > 12
        month, number = (second, first) if day_first else (first, second)
        year, until = found["ny"], None
    else:
        if found["wd"]:
            month = _MONTH[found["wm"].rstrip(".").casefold()]
            day = _day(found["wy"], month, _WORDS.index(found["wd"].casefold()) + 1, today)
            return (day, None, found["wy"] is None) if day else None
        kind = "e" if found["em"] else "d"
        month = _MONTH[found[kind + "m"].rstrip(".").casefold()]
        number, until, year = int(found[kind + "d"]), found[kind + "e"], found[kind + "y"]
    if not 1 <= month <= 12 or (first_day := _day(year, month, number, today)) is None:
        return None
    last_day = _day(str(first_day.year), month, int(until), today) if until else None
    return first_day, last_day if last_day and last_day > first_day else None, year is None


def find_dates(text: str, today: date, *, day_first: bool = False) -> list[Dated]:
    """Every date in a paragraph, in order, with the times of day that stand beside it; open years are those nearest today.

    `day_first` reads 5/7 as 5 July. Two dates joined by "to", "al", "bis" are one, with a last moment.
    """
    raw = [(found, read) for found in _DATE.finditer(text) if (read := _read_date(found, today, day_first))]
    clocks = [
        clock
        for clock in find_hours(text)
        if not any(found.start() < clock.end and clock.start < found.end() for found, _ in raw)
    ]
    dates: list[Dated] = []
    for place, (found, (first, last, open_year)) in enumerate(raw):
        floor = raw[place - 1][0].end() if place else 0
        ceiling = raw[place + 1][0].start() if place + 1 < len(raw) else len(text)
        clock = _beside(text, found.start(), found.end(), floor, ceiling, clocks)
        start, end = found.start(), found.end()
        begins, ends = When(first), When(last) if last else None
        if clock:
            start, end = min(start, clock.start), max(end, clock.end)
            begins = When(first, clock.first)
            if clock.last:
                day = last or (first if clock.last > clock.first else first + timedelta(days=1))
                ends = When(day, clock.last)
        dates.append(Dated(start, end, text[start:end].strip(), begins, ends, open_year))
    return _joined(text, dates)


def _beside(text: str, start: int, end: int, floor: int, ceiling: int, clocks: Sequence[Hours]) -> Hours | None:
    after = next((clock for clock in clocks if end <= clock.start < ceiling), None)
    if after and after.start - end <= 40 and _linked(text[end : after.start]):
        return after
    before = next((clock for clock in reversed(clocks) if floor <= clock.start and clock.end <= start), None)
    if before and start - before.end <= 24 and _linked(text[before.end : start]):
        return before
    return None


def _linked(between: str) -> bool:
    return not between or bool(_LINK.fullmatch(between))


def _joined(text: str, dates: Sequence[Dated]) -> list[Dated]:
    joined: list[Dated] = []
    for each in dates:
        last = joined[-1] if joined else None
        if (
            last
            and last.last is None
            and each.first.day > last.first.day
            and _RANGE.fullmatch(text[last.end : each.start])
        ):
            joined[-1] = Dated(
                last.start, each.end, text[last.start : each.end], last.first, each.last or each.first, last.year_open
            )
        else:
            joined.append(each)
    return joined


def is_date_line(text: str) -> bool:
    """True if a line is little more than a date ("Oakland, June 5, 2024")."""
    found = _DATE.search(text)
    if not found or text[-1] in ",;":
        return False
    rest = text[: found.start()] + " " + text[found.end() :]
    if re.fullmatch(r"(?:[A-ZÀ-Þ][\w.’'-]*[ ,]*){1,5}", text[: found.start()]) and text[
        : found.start()
    ].rstrip().endswith(","):
        rest = text[found.end() :]
    return len(_LINK.sub(" ", without_hours(rest)).split()) <= 2
