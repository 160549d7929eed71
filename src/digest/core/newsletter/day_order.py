"""Whether 5/7 is 5 July or May 7: by the text's other dates, else by its language, else, as a guess, by where it is at home."""

import re
from dataclasses import dataclass
from datetime import date

from digest.core.newsletter.calendar_words import MONTH, WEEKDAY, weekday_number

_DAY_FIRST = re.compile(r"(?<![\d/])(?:1[3-9]|2\d|3[01])/(?:0?\d|1[0-2])(?!\d)")
_MONTH_FIRST = re.compile(r"(?<![\d/])(?:0?\d|1[0-2])/(?:1[3-9]|2\d|3[01])(?!\d)")
_DAY_MONTH = re.compile(rf"\b\d{{1,2}}(?:st|nd|rd|th|\.)? (?:of |de )?{MONTH}(?!\w)", re.IGNORECASE)
_MONTH_DAY = re.compile(rf"\b{MONTH} \d{{1,2}}(?:st|nd|rd|th)?\b(?!:)", re.IGNORECASE)
_ON_A_WEEKDAY = re.compile(
    rf"\b(?P<weekday>{WEEKDAY}),? (?P<a>0?[1-9]|1[0-2])/(?P<b>0?[1-9]|1[0-2])/(?P<year>20\d\d)(?!\d)", re.IGNORECASE
)
_ENGLISH = re.compile(r"\b(?:the|and|of|to|in|is|for|with)\b", re.IGNORECASE)
_NOT_ENGLISH = re.compile(
    r"\b(?:el|los|las|una|por|para|con|que|del|está|und|der|die|das|les|des|est|pour)\b", re.IGNORECASE
)
_READ = 50_000  # characters of a text that are looked at

_MONTH_FIRST_REGIONS = ("AS", "GU", "MH", "MP", "PA", "PH", "PR", "UM", "US", "VI")
"""Where the short form of a date in English or Spanish begins with the month (CLDR 47)."""
_AMERICAN_ZONES = ("America/", "US/", "Canada/", "Pacific/Honolulu", "Pacific/Guam", "Pacific/Pago_Pago")
_NOWHERE = ("UTC", "GMT", "Etc/")


@dataclass(frozen=True, slots=True)
class DayOrder:
    """`day_first`: 5/7 is 5 July. `guess`: what it is guessed by, where neither the text nor its language tells; else ""."""

    day_first: bool
    guess: str = ""


def day_order(text: str, language: str = "en", timezone: str = "UTC") -> DayOrder:
    """How a text writes days in figures. `language`: its tag (BCP 47), of which a region decides; `timezone`: of its readers."""
    start = text[:_READ]
    for balance in (
        len(_DAY_FIRST.findall(start)) - len(_MONTH_FIRST.findall(start)),
        sum(_on_that_weekday(found) for found in _ON_A_WEEKDAY.finditer(start)),
        len(_DAY_MONTH.findall(start)) - len(_MONTH_DAY.findall(start)),
    ):
        if balance:
            return DayOrder(balance > 0)
    if region := next((each for each in language.split("-")[1:] if len(each) == 2), ""):
        return DayOrder(region.upper() not in _MONTH_FIRST_REGIONS)
    if len(_NOT_ENGLISH.findall(start)) > len(_ENGLISH.findall(start)):
        return DayOrder(day_first=True)
    if timezone.startswith(_NOWHERE):
        return DayOrder(day_first=False, guess="the habit of the United States")
    return DayOrder(not timezone.startswith(_AMERICAN_ZONES), f"the time zone {timezone}")


def _on_that_weekday(found: re.Match[str]) -> int:
    """1 for "Friday 12/06/2026", which is one only day first; -1 for one only month first; else 0."""
    a, b, year, weekday = int(found["a"]), int(found["b"]), int(found["year"]), weekday_number(found["weekday"])
    return (date(year, b, a).weekday() == weekday) - (date(year, a, b).weekday() == weekday)
