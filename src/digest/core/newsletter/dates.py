"""Dates in running text: English, Spanish, German, French, and in figures; with the hours that stand beside them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from digest.core.newsletter.calendar_words import MONTH, WEEKDAY, month_number, weekday_number
from digest.core.newsletter.day_order import DayOrder
from digest.core.newsletter.hours import TO, Hours, find_hours, without_hours
from digest.core.newsletter.relative import find_said
from digest.core.when import When

_TWENTIETHS = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth "
    "sixteenth seventeenth eighteenth nineteenth twentieth"
)
_ORDINALS = [
    *_TWENTIETHS.split(),
    *(f"twenty-{name}" for name in _TWENTIETHS.split()[:9]),
    "thirtieth",
    "thirty-first",
]


_D = r"(?:0[1-9]|[12]\d|3[01]|[1-9])(?!\d|,\d\d\d)(?:st|nd|rd|th|er|º|\.(?= ?[^\W\d_]|[ -–]))?"
_Y = r"(?:19|20)\d\d(?!\d)"
_NO_HOUR = r"(?!\s*(?::\d|[ap]\.?m\b|h\b|hrs?\b|horas\b|uhr\b))"
_FORMS = (
    rf"(?P<iso>{_Y}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01]))(?=\b|T)",
    rf"(?P<word>{'|'.join(sorted(_ORDINALS, key=len, reverse=True))}) (?:of )?(?P<m0>{MONTH})(?:,? +(?P<y0>{_Y}))?",
    rf"(?P<m1>{MONTH})\s+(?:the )?(?P<d1>{_D})(?:{TO}(?P<to1>{_D}){_NO_HOUR})?(?:,? +(?P<y1>{_Y}))?",
    rf"(?:(?P<lead>{_D}), (?:{_D}, )*(?={_D} (?:and|y|e|und|et) ))?"
    rf"(?P<d2>{_D})(?:(?:{TO}|/)(?:{WEEKDAY},? +)?(?P<to2>{_D}))?\s*(?:de |of )?(?P<m2>{MONTH})"
    rf"(?:(?:,| del?| of)? +(?P<y2>{_Y}))?",
    r"(?!24/7|9/11(?!/))(?P<a>\d{1,2})/(?P<b>\d{1,2})(?:/(?P<y3>(?:20)?\d\d)(?!\d)|(?![\d/:]|\.\d))",
    r"(?P<c>\d{1,2})\.(?P<d>\d{1,2})\.(?:(?P<y4>(?:20)?\d\d)(?!\d))?(?!\d)",
)
_DAY_ALONE = rf"(?P<alone>{_D})(?=\s*(?:[,;)]|[.:](?!\d)|$|\b(?:inclusive|at|from|in|a las|en|um|ab|im|à)\b))"
_BY_THE = rf"(?:(?<=by the )|(?<=before the )|(?<=until the ))(?P<ordinal>{_D})(?<=st|nd|rd|th)(?=[.,;:!?)]|$)"
_THAT_DAY = (
    r"(?:(?<=hasta el )|(?<=antes del )|(?<=bis zum )|(?<=avant le )|(?<=jusqu[’']au )|(?:(?<=hasta el )|(?<=antes del ))?día )"
    rf"(?P<day>{_D})(?=[.,;:!?)]|$| (?:incluid[oa]|a las|inclus|um|à|para|por)\b)"
)
_DATE = re.compile(
    rf"(?<![\w/.-])(?:(?P<weekday>{WEEKDAY})(?:, ?| )(?:the |den |dem |el |le )?)?"
    rf"(?:{'|'.join(_FORMS)}|{_BY_THE}|{_THAT_DAY}|(?(weekday){_DAY_ALONE}|(?!)))(?!\w)",
    re.IGNORECASE,
)
_COULD_BE = re.compile(rf"\d|\b(?:{'|'.join(_ORDINALS)})\b", re.IGNORECASE)
_LINK = re.compile(
    rf"(?:[\s,;:|@()·•–—-]|\b(?:from|at|del?|desde|a|las?|los?|um|von|ab|à|dès|beginning|starting|doors|between|entre|el|le|on|am|"
    rf"and|y|starts?|hora|uhr|{WEEKDAY})\b)+",
    re.IGNORECASE,
)
_RANGE = re.compile(rf",?{TO}", re.IGNORECASE)
_AND = re.compile(r"\s*(?:&|\b(?:and|y|et|und)\b)", re.IGNORECASE)
_PLACE_BEFORE = re.compile(
    r"[A-ZÀ-Þ][\w.’'-]*(?: (?:[A-ZÀ-Þ][\w.’'-]*|de|del|la|las|los|el|por|y|of|the|for|and|für|der|des|et|pour)){0,7}, "
    r"(?:[A-Z][\w.]{1,4}(?: [A-Z]\.)?, )?(?:el |le |den |am )?"
)
_REACH = 5_000  # characters of a paragraph that are read for dates: none that matters stands further on


@dataclass(frozen=True, slots=True)
class Dated:
    """A date in a text: where (offsets), its first and, if given, last moment, and if its year or month was left open.

    `relative`: told from the day of issue, as "this Friday"; `alone` if by nothing but the name of a weekday or month.
    `other`: the day that it would be as well, where the order of day and month is a guess.
    """

    start: int
    end: int
    words: str
    first: When
    last: When | None
    year_open: bool
    month_open: bool = False
    relative: bool = False
    alone: bool = False
    other: date | None = None


_BY_HABIT = DayOrder(day_first=False)


def find_dates(text: str, today: date, *, order: DayOrder = _BY_HABIT, issued: date | None = None) -> list[Dated]:
    """Every date in a paragraph, in order, with the hours that stand beside it; an open year is the one nearest today.

    `order` says whether 5/7 is 5 July. Two dates joined by "to", "al", "bis" are one, with a last moment. Days told from the
    day of issue are found where that is known.
    """
    text = text[:_REACH]
    found: list[Dated] = []
    if _COULD_BE.search(text):
        found = [dated for match in _DATE.finditer(text) if (dated := _read(match, today, order))]
    if issued:
        found = sorted([*found, *_relative(text, issued, found)], key=lambda dated: dated.start)
    if not found:
        return []
    hours = [
        each
        for each in find_hours(text, dotted=True, bare=True)
        if not any(one.start < each.end and each.start < one.end for one in found)
    ]
    timed = []
    for place, each in enumerate(found):
        floor = found[place - 1].end if place else 0
        ceiling = found[place + 1].start if place + 1 < len(found) else len(text)
        beside = _beside(text, each, hours, floor, ceiling)
        timed.append(_at(text, each, beside) if beside else each)
    return _joined(text, timed)


def _relative(text: str, issued: date, found: Sequence[Dated]) -> list[Dated]:
    return [
        Dated(said.start, said.end, text[said.start : said.end], When(said.day), None, True, True, True, not said.led)
        for said in find_said(text, issued)
        if not any(each.start < said.end and said.start < each.end for each in found)
    ]


def is_date_line(text: str) -> bool:
    """True if a line is little more than a date ("Oakland, June 5, 2024")."""
    found = _COULD_BE.search(text) and _DATE.search(text)
    if not found or text[-1] in ",;":
        return False
    before, after = text[: found.start()], text[found.end() :]
    dateline = _PLACE_BEFORE.fullmatch(before) and re.search(_Y, found[0])
    rest = after if dateline else f"{before} {after}"
    if not dateline and before[-1:].isspace() and _LINK.sub(" ", without_hours(before)).split()[1:]:
        return False
    return len(_LINK.sub(" ", without_hours(rest)).split()) <= 2


def _read(match: re.Match[str], today: date, order: DayOrder) -> Dated | None:
    value = match.groupdict()
    if value["alone"] or value["ordinal"] or value["day"]:
        return _of_day_alone(match, today)
    if value["a"]:
        return _of_figures(match, today, order)
    until = year = None
    if value["iso"]:
        year, month, number = value["iso"][:4], int(value["iso"][5:7]), int(value["iso"][8:])
    elif value["word"]:
        year, month, number = value["y0"], month_number(value["m0"]), _ORDINALS.index(value["word"].casefold()) + 1
    elif value["c"]:
        year, month, number = value["y4"], int(value["d"]), int(value["c"])
    else:
        form = "1" if value["m1"] else "2"
        year, month, number = value["y" + form], month_number(value["m" + form]), _number(value["d" + form])
        until = value["to" + form]
        if value["lead"]:
            days = [_number(each) for each in re.findall(_D, match[0][: match.start("m2") - match.start()])]
            in_a_row = days == list(range(days[0], days[-1] + 1))
            number, until = days[0], str(days[-1]) if in_a_row else None
    day = _day(year, month, number, today)
    if day is None:
        return None
    last = _day(str(day.year), month, _number(until), today) if until else None
    apart = last is not None and (last - day).days > 1 and not value["lead"] and _AND.search(match[0])
    ends = When(last) if last and last > day and not apart else None
    return Dated(match.start(), match.end(), match[0].strip(), When(day), ends, year is None)


def _of_figures(match: re.Match[str], today: date, order: DayOrder) -> Dated | None:
    """ "5/7" in the order in which it is a day, and the weekday that stands before it; else in that of the text."""
    first, second, year = int(match["a"]), int(match["b"]), match["y3"]
    usual, unusual = ((second, first), (first, second)) if order.day_first else ((first, second), (second, first))
    days = [day for month, number in (usual, unusual) if (day := _day(year, month, number, today))]
    if match["weekday"]:
        days = [day for day in days if day.weekday() == weekday_number(match["weekday"])] or days
    if not days:
        return None
    other = days[-1] if order.guess and days[-1] != days[0] else None
    return Dated(match.start(), match.end(), match[0].strip(), When(days[0]), None, year is None, other=other)


def _of_day_alone(match: re.Match[str], today: date) -> Dated | None:
    """ "Tuesday 17" is the next 17th that is a Tuesday, within two months, or else the last; "by the 17th" the next."""
    number = _number(match["alone"] or match["ordinal"] or match["day"])
    weekday = match["weekday"] and weekday_number(match["weekday"])
    near = (today + timedelta(days=days) for days in (*range(62), *range(-1, -32, -1)))
    day = next((day for day in near if day.day == number and weekday in (None, day.weekday())), None)
    if day is None:
        return None
    return Dated(match.start(), match.end(), match[0].strip(), When(day), None, year_open=True, month_open=True)


def _number(words: str) -> int:
    return int(re.sub(r"\D", "", words))


def _day(year: str | None, month: int, number: int, today: date) -> date | None:
    """That day, of the year nearest today if it is open; None if there is no such day."""
    years = [int(year) + (2000 if len(year) == 2 else 0)] if year else [today.year - 1, today.year, today.year + 1]
    days = []
    for each in years:
        try:
            days.append(date(each, month, number))
        except ValueError:
            continue
    return min(days, key=lambda day: abs(day - today), default=None)


def _beside(text: str, dated: Dated, hours: Sequence[Hours], floor: int, ceiling: int) -> Hours | None:
    after = next((each for each in hours if dated.end <= each.start < ceiling), None)
    if after and after.start - dated.end <= 40 and _linked(text[dated.end : after.start]):
        return after
    before = next((each for each in reversed(hours) if floor <= each.start and each.end <= dated.start), None)
    between = text[before.end : dated.start] if before else ""
    if before and len(between) <= 24 and _linked(between) and not (before.last and "del" in between):
        return before
    return None


def _linked(between: str) -> bool:
    return not between or bool(_LINK.fullmatch(between))


def _at(text: str, dated: Dated, hours: Hours) -> Dated:
    start, end = min(dated.start, hours.start), max(dated.end, hours.end)
    day, last = dated.first.day, dated.last
    if hours.last:
        over_midnight = last is None and hours.last <= hours.first
        last = When(last.day if last else day + timedelta(days=over_midnight), hours.last)
    return replace(dated, start=start, end=end, words=text[start:end].strip(), first=When(day, hours.first), last=last)


def _joined(text: str, dates: Sequence[Dated]) -> list[Dated]:
    """Two dates with "to" between them are one; with "and", only if they are neighbouring days."""
    joined: list[Dated] = []
    for each in dates:
        before = joined[-1] if joined else None
        between = text[before.end : each.start] if before else ""
        days = (each.first.day - before.first.day).days if before else 0
        if (
            before
            and not before.last
            and days > 0
            and _RANGE.fullmatch(between)
            and (days == 1 or not _AND.match(between))
        ):
            words = text[before.start : each.end]
            daily = each.first.at if each.last and before.first.at is None else before.first.at
            first, last = When(before.first.day, daily), each.last or each.first
            joined[-1] = replace(before, end=each.end, words=words, first=first, last=last)
        else:
            joined.append(each)
    return joined
