"""Dates as editors write them: a day, or a day and a local time, meant in the item's own time zone."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_LENGTHS = (("day", 24 * 60), ("hour", 60))


@cache
def zone(name: str) -> ZoneInfo:
    """The IANA zone of that name; ValueError with a sentence if there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"“{name}” is not a time zone; write one like Europe/Madrid or America/New_York") from None


@dataclass(frozen=True, slots=True)
class When:
    """A local date, with a time or (`at` is None) the whole day."""

    day: date
    at: time | None = None

    @classmethod
    def parse(cls, text: str, zone_name: str = "UTC") -> "When":
        """From ISO 8601. An instant with an offset is turned into local time of `zone_name`. ValueError otherwise."""
        text = text.strip()
        try:
            if len(text) <= len("2024-06-30"):
                return cls(date.fromisoformat(text))
            moment = datetime.fromisoformat(text)
            if moment.tzinfo is not None:
                moment = moment.astimezone(zone(zone_name))
        except (ValueError, OverflowError):
            raise ValueError(f"“{text[:40]}” is not an ISO date; write 2024-06-30 or 2024-06-30T09:00") from None
        return cls(moment.date(), moment.time().replace(microsecond=0, fold=0))

    def isoformat(self) -> str:
        """`2024-06-30` or `2024-06-30T09:00`."""
        if self.at is None:
            return self.day.isoformat()
        return f"{self.day.isoformat()}T{self.at.isoformat('seconds' if self.at.second else 'minutes')}"

    def exists(self, zone_name: str) -> bool:
        """Whether clocks there ever show it; in spring they skip an hour."""
        return self.at is None or When.parse(self.begins(zone_name).isoformat(), zone_name) == self

    def begins(self, zone_name: str) -> datetime:
        """The first instant of it, in UTC."""
        return datetime.combine(self.day, self.at or time(), tzinfo=zone(zone_name)).astimezone(UTC)

    def ends(self, zone_name: str) -> datetime:
        """The instant at which it is over, in UTC: a day ends with the day there."""
        if self.at is not None:
            return self.begins(zone_name)
        return When(self.day + timedelta(days=1)).begins(zone_name)


def month_begins(instant: datetime, zone_name: str) -> datetime:
    """The first instant of the month in which `instant` is there, in UTC."""
    return When(instant.astimezone(zone(zone_name)).date().replace(day=1)).begins(zone_name)


def length_in_words(length: timedelta) -> str:
    """`12 days`, `7 hours`, `20 minutes`: whole units of the largest kind of which there are two."""
    minutes = length // timedelta(minutes=1)
    count, unit = next(((minutes // size, unit) for unit, size in _LENGTHS if minutes >= 2 * size), (minutes, "minute"))
    return f"{count} {unit}{'' if count == 1 else 's'}"


def in_words(instant: datetime, zone_name: str) -> str:
    """`Sunday 6 December 2026, 09:00 (Europe/Madrid)`: for staff, whose language is English."""
    local = instant.astimezone(zone(zone_name))
    return f"{local:%A} {local.day} {local:%B %Y, %H:%M} ({zone_name})"
