"""An event as a file that any calendar takes: iCalendar (RFC 5545) with one VEVENT.

Times are in UTC. With the zone's name would have to go its rules (VTIMEZONE), which tell nothing more of a single event, and
which generators get wrong where clocks change by the moon (Africa/Casablanca).
"""

from datetime import date, datetime, timedelta

from babel import Locale
from icalendar import Calendar, Event

from digest.core.item import Item
from digest.core.when import When
from digest.rendering.dates import Dates
from digest.rendering.language import ENGLISH, locale_of
from digest.rendering.markup import legal, link
from digest.rendering.plain import to_text

_NO_BREAK = "\\\N{WORD JOINER}N"
"""For a backslash before an N, which icalendar takes for a line break where it is text, too."""


def to_ical(item: Item, html: str, uid: str, changed: datetime) -> bytes | None:
    """The file of an event whose body is `html`; None for an item that does not say when it starts.

    `uid` is the same for the same event for ever, so that a second download replaces the first (§3.8.4.7). `changed`, in UTC,
    is when its words were written last (§3.8.7.2).
    """
    if item.starts is None:
        return None
    starts, ends = _span(item.starts, item.ends, item.timezone)
    event = Event()
    event.add("uid", uid)
    event.add("dtstamp", changed)
    event.add("dtstart", starts)
    if ends:
        event.add("dtend", ends)
    said = [_when(item), item.organisation, to_text(html, width=len(html) + 1), link(item.url)]
    words = {"summary": item.title, "location": item.venue, "description": "\n\n".join(each for each in said if each)}
    for name, text in words.items():
        if text:
            plain = "\n".join(legal(text).splitlines())
            event.add(name, plain.replace("\\N", _NO_BREAK), {"LANGUAGE": item.language})
    if link(item.url):
        event.add("url", link(item.url))
    calendar = Calendar()
    calendar.add("prodid", "-//digest//digest//EN")
    calendar.add("version", "2.0")
    calendar.add_component(event)
    return bytes(calendar.to_ical())


def _span(starts: When, ends: When | None, zone_name: str) -> tuple[date, date | None]:
    """DTSTART and DTEND, which is exclusive: days where the start has no time, else instants.

    Without an end, or one that only repeats the day, there is no DTEND: calendars then show what they show by default.
    """
    if starts.at is None:
        return starts.day, (ends or starts).day + timedelta(days=1)
    if ends is None or ends in (starts, When(starts.day)):
        return starts.begins(zone_name), None
    return starts.begins(zone_name), ends.ends(zone_name)


def _when(item: Item) -> str:
    """The time where it takes place, as the mail says it: a calendar shows that of its reader."""
    return Dates(locale_of(item.language) or Locale(ENGLISH), year=0).event(item)
