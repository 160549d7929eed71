"""Slots: when an edition is due, computed from the calendar and never from a timer.

A slot is a local wall time in a zone. In a gap of daylight saving it moves forward, in an overlap it is the first of the two
(PEP 495, fold=0), so every week has exactly one.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from digest.core.when import zone

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_PERIOD = re.compile(r"([0-9]{4})-W([0-9]{2})(?:-s[1-9][0-9]?)?")
_WEEK = timedelta(weeks=1)


@dataclass(frozen=True, slots=True)
class Schedule:
    """Once a week on `weekday` (0 is Monday) at the local time `at` in `timezone`."""

    weekday: int
    at: time
    timezone: str

    @classmethod
    def parse(cls, text: str, timezone: str) -> "Schedule":
        """From `sun 09:00`. ValueError with a sentence otherwise."""
        day, _, clock = text.strip().lower().partition(" ")
        if day[:3] not in DAYS or not re.fullmatch(r"([01]?\d|2[0-3]):[0-5]\d", clock.strip()):
            raise ValueError(f"“{text}” is not a weekly time; write a day and a time like “sun 09:00”")
        hour, minute = clock.strip().split(":")
        return cls(DAYS.index(day[:3]), time(int(hour), int(minute)), timezone)

    def slot(self, day: date) -> datetime:
        """The instant (UTC) of the slot on that local day."""
        return datetime.combine(day, self.at, tzinfo=zone(self.timezone)).astimezone(UTC)

    def in_period(self, period: str) -> datetime:
        """The slot of an ISO week; ValueError if `period` is none."""
        match = _PERIOD.fullmatch(period)
        if not match:
            raise ValueError(f"“{period}” is not a period; write an ISO week like 2024-W26")
        try:
            return self.slot(date.fromisocalendar(int(match[1]), int(match[2]), self.weekday + 1))
        except (ValueError, OverflowError):
            raise ValueError(f"{match[1]} has no week {match[2]}") from None

    def latest(self, now: datetime) -> datetime:
        """The newest slot at or before `now`."""
        day = self._nominal_day(now)
        slot = self.slot(day)
        return slot if slot <= now else self.slot(day - _WEEK)

    def next(self, now: datetime) -> datetime:
        """The first slot at or after `now`."""
        day = self._nominal_day(now)
        slot = self.slot(day)
        return slot if slot >= now else self.slot(day + _WEEK)

    def after(self, instant: datetime) -> datetime:
        """The first slot after it."""
        return self.next(instant + timedelta.resolution)

    def between(self, after: datetime, until: datetime) -> list[datetime]:
        """The slots after `after` and not after `until`, oldest first."""
        first = self._nominal_day(after)
        weeks = range((self._nominal_day(until) - first) // _WEEK + 2)
        return [slot for week in weeks if after < (slot := self.slot(first + week * _WEEK)) <= until]

    def period(self, slot: datetime) -> str:
        """`2024-W26`: the ISO week of the slot's nominal local day (a gap at midnight moves the instant, not the day)."""
        year, week, _ = self._nominal_day(slot).isocalendar()
        return f"{year}-W{week:02d}"

    def _nominal_day(self, moment: datetime) -> date:
        """The scheduled weekday on or before the local day of `moment`."""
        local = moment.astimezone(zone(self.timezone)).date()
        return local - timedelta(days=(local.weekday() - self.weekday) % 7)


def following(slot: datetime, timezone: str, now: datetime) -> datetime:
    """When the edition after that of `slot` is due (UTC): the same wall time of the first later week that is not past."""
    weeks = max(1, -((slot - now) // _WEEK))
    return (slot.astimezone(zone(timezone)) + weeks * _WEEK).astimezone(UTC)
