"""Calendar files by a second opinion: they are read here as RFC 5545 says, not by the library that wrote them."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from digest.core.item import Item, Kind
from digest.core.when import When
from digest.rendering.calendar import to_ical
from digest.rendering.markup import to_html

CHANGED = datetime(2026, 3, 15, 9, tzinfo=UTC)
EVENT = Item(
    Kind.EVENT, "Clean-up", "Bring *gloves*.", url="https://example.org/?a=1,2;b", organisation="Harbour House",
    language="en", timezone="Europe/Lisbon", starts=When.parse("2026-03-28T09:00"), venue="The slipway, Cabo Manso",
)  # fmt: skip
anything = st.text(st.characters(exclude_categories=("Cs",)), max_size=200)


def lines(item):
    """Name with parameters → value, per line; the file's own rules are asserted (RFC 5545 §3.1)."""
    raw = to_ical(item, to_html(item.body), "event-7@harbour.example", CHANGED)
    assert raw.endswith(b"\r\n")
    folded = raw.split(b"\r\n")
    assert all(len(line) <= 75 for line in folded)
    assert not any(octet < 32 and octet != 9 for line in folded for octet in line), "no control but the tab"
    for line in folded:
        line.decode()  # a fold never cuts a character
    return [tuple(line.split(":", 1)) for line in re.sub("\r\n[ \t]", "", raw.decode()).split("\r\n")[:-1]]


def values(item):
    """Of the VEVENT: name → (parameters, value)."""
    all_lines = lines(item)
    start, end = all_lines.index(("BEGIN", "VEVENT")), all_lines.index(("END", "VEVENT"))
    return {name.partition(";")[0]: (name.partition(";")[2], value) for name, value in all_lines[start + 1 : end]}


def text(value):
    """A TEXT value read back (§3.3.11)."""
    assert not re.search(r"(?<!\\)(?:\\\\)*[,;]", value), "commas and semicolons are escaped"
    return re.sub(r"\\(.)", lambda match: "\n" if match[1] in "nN" else match[1], value)


def test_what_a_calendar_shows():
    shown = values(EVENT)
    assert shown["UID"] == ("", "event-7@harbour.example")
    assert shown["DTSTAMP"] == ("", "20260315T090000Z")
    assert shown["DTSTART"] == ("", "20260328T090000Z")
    assert shown["SUMMARY"] == ("LANGUAGE=en", "Clean-up")
    assert text(shown["LOCATION"][1]) == "The slipway, Cabo Manso"
    assert shown["URL"] == ("", "https://example.org/?a=1,2;b")
    assert (
        text(shown["DESCRIPTION"][1])
        == "Saturday, March 28, 2026, 9:00\u00a0AM WET\n\nHarbour House\n\nBring _gloves_.\n\nhttps://example.org/?a=1,2;b"
    )
    assert "DTEND" not in shown
    assert ("VERSION", "2.0") in lines(EVENT)


@pytest.mark.parametrize(
    ("starts", "ends", "dtstart", "dtend"),
    [
        ("2026-03-28", None, "20260328", "20260329"),
        ("2026-03-28", "2026-03-28", "20260328", "20260329"),
        ("2026-03-28", "2026-03-30", "20260328", "20260331"),
        ("2026-03-28", "2026-03-30T18:00", "20260328", "20260331"),
        ("2026-03-28T09:00", "2026-03-28T13:30", "20260328T090000Z", "20260328T133000Z"),
        ("2026-03-28T09:00", "2026-03-29T13:30", "20260328T090000Z", "20260329T123000Z"),
        ("2026-03-28T09:00", "2026-03-30", "20260328T090000Z", "20260330T230000Z"),
        ("2026-03-28T09:00", "2026-03-28", "20260328T090000Z", None),
        ("2026-03-28T09:00", "2026-03-28T09:00", "20260328T090000Z", None),
        ("2026-03-28T09:00", None, "20260328T090000Z", None),
    ],
)
def test_from_when_to_when(starts, ends, dtstart, dtend):
    shown = values(replace(EVENT, starts=When.parse(starts), ends=When.parse(ends) if ends else None))
    kind = "VALUE=DATE" if len(dtstart) == 8 else ""
    assert shown["DTSTART"] == (kind, dtstart)
    assert shown.get("DTEND") == ((kind, dtend) if dtend else None)


def test_paragraphs_are_wrapped_by_the_calendar_and_not_here():
    long = "Twice a year the sea goes out far enough to walk under the fuel pier, and on Saturday it does so at nine. "
    said = text(values(replace(EVENT, body=f"{long}\n\n- {long}\n- b"))["DESCRIPTION"][1])
    assert f"\n\n{long.strip()}\n\n- {long.strip()}\n- b\n\n" in said


def test_what_does_not_say_when_it_starts_is_no_calendar_file():
    assert to_ical(replace(EVENT, starts=None), "", "x", CHANGED) is None


@given(title=anything, venue=anything, body=anything, organisation=anything)
@example(title="he file C:\\News", venue="", body="", organisation="")
def test_words_of_every_script_come_through_and_begin_no_line_of_their_own(title, venue, body, organisation):
    item = replace(EVENT, title="T" + title, venue=venue or None, body=body, organisation=organisation or None)
    names = [name.partition(";")[0] for name, _ in lines(item) if name not in ("BEGIN", "END")]
    assert names.count("UID") == names.count("DTSTART") == names.count("SUMMARY") == names.count("URL") == 1
    assert set(names) <= FIELDS
    printable = "".join(char for char in "T" + title if char.isprintable())
    kept = "".join(char for char in text(values(item)["SUMMARY"][1]) if char.isprintable())
    assert kept == printable


FIELDS = {"VERSION", "PRODID", "UID", "DTSTAMP", "DTSTART", "SUMMARY", "LOCATION", "DESCRIPTION", "URL"}


@given(
    zone_name=st.sampled_from(["Europe/Lisbon", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "UTC"]),
    day=st.dates(date(1950, 1, 1), date(2099, 1, 1)),
    at=st.times().map(lambda at: time(at.hour, at.minute)),
)
def test_it_is_at_the_instant_that_the_item_means(zone_name, day, at):
    starts = When(day, at)
    _, value = values(replace(EVENT, starts=starts, timezone=zone_name))["DTSTART"]
    meant = datetime.combine(day, at, ZoneInfo(zone_name))
    assert datetime.strptime(value, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC) == meant.astimezone(UTC)
