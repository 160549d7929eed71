"""Dates for readers: formats by CLDR in their language, times in the item's own zone, which is named."""

import re
from dataclasses import dataclass
from datetime import date, datetime

from babel import Locale
from babel.dates import format_date, format_time, get_timezone_name

from digest.core.item import Item
from digest.core.when import When, zone

_NARROW_SPACE = "\u202f"  # CLDR's, before AM and PM; many fonts of mail clients lack it


@dataclass(frozen=True, slots=True)
class Dates:
    """Writes dates in `locale`, with the year only where it is not `year`, that of the edition."""

    locale: Locale
    year: int

    def long(self, day: date) -> str:
        """`Sunday, June 30, 2024`"""
        return format_date(day, "full", locale=self.locale)

    def day(self, day: date) -> str:
        """`Sunday, June 30`"""
        if day.year != self.year:
            return self.long(day)
        skeletons = self.locale.datetime_skeletons
        pattern = next(str(skeletons[key]) for key in ("MMMMEEEEd", "MMMMEd", "MMMEd") if key in skeletons)
        return format_date(day, re.sub("E+", "EEEE", re.sub("MMM+", "MMMM", pattern)), locale=self.locale)

    def short_day(self, day: date) -> str:
        """`June 30`"""
        if day.year != self.year:
            return format_date(day, "long", locale=self.locale)
        return format_date(day, str(self.locale.datetime_skeletons["MMMMd"]), locale=self.locale)

    def part(self, day: date, pattern: str) -> str:
        """One part of a date by CLDR's pattern letters: `LLL` is `Jun`, `d` the day, `ccc` is `Sun`."""
        return format_date(day, pattern, locale=self.locale).removesuffix(".")

    def deadline(self, item: Item) -> str:
        """`Monday, July 1`, or `Monday, July 1, 5:00 PM EDT`; "" if there is none."""
        return self._moment(item.deadline, item.timezone) if item.deadline else ""

    def event(self, item: Item) -> str:
        """`Saturday, June 29, 9:00 AM – 1:00 PM CDT`; "" if nothing is known."""
        starts, ends = item.starts, item.ends
        if starts is None or ends is None or ends == starts:
            return self._moment(starts, item.timezone) if starts else ""
        if starts.day != ends.day:
            return f"{self._moment(starts, item.timezone)} – {self._moment(ends, item.timezone)}"
        if starts.at is None or ends.at is None:
            return self._moment(starts if starts.at else ends, item.timezone)
        times = f"{self._time(starts)}\u00a0– {self._time(ends)} {self._zone(ends, item.timezone)}"
        return self._join(self.day(starts.day), times)

    def _moment(self, when: When, zone_name: str) -> str:
        if when.at is None:
            return self.day(when.day)
        return self._join(self.day(when.day), f"{self._time(when)} {self._zone(when, zone_name)}")

    def _join(self, day: str, time: str) -> str:
        return str(self.locale.datetime_formats["medium"]).replace("{1}", day).replace("{0}", time)

    def _time(self, when: When) -> str:
        return format_time(when.at, "short", locale=self.locale).replace(_NARROW_SPACE, "\u00a0")

    def _zone(self, when: When, zone_name: str) -> str:
        """`CDT`; zones without an abbreviation of their own get CLDR's name."""
        moment = datetime.combine(when.day, when.at or datetime.min.time(), tzinfo=zone(zone_name))
        name = moment.tzname() or ""
        return name if name.isalpha() else get_timezone_name(moment, width="long", locale=self.locale)
