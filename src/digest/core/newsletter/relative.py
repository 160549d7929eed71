"""Days told from the day on which a text was issued: "by Friday", "next Tuesday", "tomorrow", "by the end of July"."""

import re
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from digest.core.newsletter.calendar_words import MONTH, WEEKDAY, month_number, weekday_number

_SAID = re.compile(
    rf"(?<![\w-])(?:(?:(?P<next>next|(?:am |bis )?nächste[nrm]?)|(?P<this>this(?: coming)?|coming|est[ea](?: próxim[oa])?|"
    rf"(?:el )?próximo|(?:am )?(?:diese|kommende)[nrm]?|ce)) )?(?P<weekday>{WEEKDAY})(?!\w)"
    rf"(?P<after> (?:que viene|próximo|prochain)\b)?"
    r"|(?<![\w-])(?P<tomorrow>tomorrow|(?<!la )mañana|morgen|demain)\b"
    rf"|\b(?:the )?(?:end of|finales de|fin de|ende|fin) (?P<month>{MONTH})(?!\w)",
    re.IGNORECASE,
)
_EVERY = re.compile(r"\b(?:every|each|cada|todos los|jeden|tous les|chaque|last|past|since) $", re.IGNORECASE)
_FROM_DAY = re.compile(rf"{WEEKDAY} ?(?:-|–|to|through|until|and|a|y|bis|und|au|et) $", re.IGNORECASE)
_TO_DAY = re.compile(rf" ?(?:-|–|to|through|until|and|a|y|bis|und|au|et) {WEEKDAY}(?!\w)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Said:
    """A day by its distance: `led` if the words lead to one day ("this Friday"), and not a weekday alone does."""

    start: int
    end: int
    day: date
    led: bool


def find_said(text: str, issued: date) -> Iterator[Said]:
    """The days in a text, in order. "This Friday" is the first after the day of issue; "next Friday" that of the next week."""
    for found in _SAID.finditer(text):
        led = found["next"] or found["this"] or found["after"] or found["tomorrow"]
        if found["month"]:
            day = _end_of(month_number(found["month"]), issued)
        elif found["tomorrow"]:
            day = issued + timedelta(days=1)
        elif led or _alone(text, found):
            away = (weekday_number(found["weekday"]) - issued.weekday() - 1) % 7 + 1
            next_week = found["next"] and issued.weekday() + away < 7
            day = issued + timedelta(days=away + 7 if next_week else away)
        else:
            continue
        yield Said(found.start(), found.end(), day, bool(led))


def _alone(text: str, found: re.Match[str]) -> bool:
    """True for a weekday that is one day: not of every week, nor an end of "Monday to Friday", nor "sat" and "sun"."""
    name, before = found["weekday"], text[max(0, found.start() - 24) : found.start()]
    if len(name) < 5 and not name[0].isupper():
        return False
    return not (_EVERY.search(before) or _FROM_DAY.search(before) or _TO_DAY.match(text, found.end()))


def _end_of(month: int, issued: date) -> date:
    year = issued.year + (month < issued.month)
    return date(year, month, monthrange(year, month)[1])
