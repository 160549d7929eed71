"""Dates as editors write them, and the instants that they mean."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.core.when import When, in_words, length_in_words, zone

ZONES = ("UTC", "Europe/Madrid", "America/New_York", "Pacific/Apia", "Australia/Lord_Howe", "America/Santiago")
whens = st.builds(
    When,
    st.dates(date(1900, 1, 1), date(2999, 12, 31)),
    st.none() | st.times().map(lambda at: at.replace(microsecond=0)),
)


@given(whens)
def test_what_is_written_is_read_back(when):
    assert When.parse(when.isoformat()) == when


@given(whens, st.sampled_from(ZONES))
def test_it_begins_before_it_ends_and_a_day_lasts_about_a_day(when, name):
    begins, ends = when.begins(name), when.ends(name)
    assert begins.utcoffset() == timedelta(0)
    if when.at is None:
        assert timedelta(hours=22) < ends - begins < timedelta(hours=26) or name == "Pacific/Apia"
        assert begins < ends or when.day == date(2011, 12, 30)  # the day that Samoa never had
    else:
        assert begins == ends


def test_a_day_ends_with_the_day_there():
    assert When.parse("2024-06-30").ends("America/New_York") == datetime(2024, 7, 1, 4, tzinfo=UTC)
    assert When.parse("2024-03-31").ends("Europe/Madrid") - When.parse("2024-03-31").begins("Europe/Madrid") == (
        timedelta(hours=23)
    )


def test_an_instant_becomes_local_time():
    assert When.parse("2024-06-30T09:00Z", "Europe/Madrid") == When(date(2024, 6, 30), time(11))
    assert When.parse("2024-06-30T23:30-04:00", "Europe/Madrid") == When(date(2024, 7, 1), time(5, 30))


def test_an_instant_in_the_repeated_hour_means_the_same_before_and_after_it_is_stored():
    when = When.parse("2024-10-27T01:30Z", "Europe/Madrid")
    assert when.begins("Europe/Madrid") == When.parse(when.isoformat()).begins("Europe/Madrid")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "30/06/2024",
        "2024-13-01",
        "2024-06-30T25:00",
        "2024-06-30 at 9",
        "0001-01-01T00:00+14:00",
        "x" * 5000,
    ],
)
def test_anything_else_is_refused_in_a_sentence(text):
    with pytest.raises(ValueError, match="is not an ISO date; write") as caught:
        When.parse(text, "America/New_York")
    assert len(str(caught.value)) < 150


@pytest.mark.parametrize("name", ["", "Europe", "Mars/Olympus", "../etc/passwd", "/etc/passwd", "a\0b", "UTC+2 "])
def test_no_such_zone(name):
    with pytest.raises(ValueError, match="is not a time zone; write one like"):
        zone(name)


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (timedelta(days=12, hours=5), "12 days"),
        (timedelta(days=1, hours=23), "47 hours"),
        (timedelta(minutes=119), "119 minutes"),
        (timedelta(seconds=61), "1 minute"),
        (timedelta(0), "0 minutes"),
    ],
)
def test_a_length_in_words(length, words):
    assert length_in_words(length) == words


@pytest.mark.parametrize(
    ("text", "exists"),
    [("2026-03-29T01:59", True), ("2026-03-29T02:00", False), ("2026-03-29T02:59", False), ("2026-03-29T03:00", True),
     ("2026-10-25T02:30", True), ("2026-03-29", True)],
)  # fmt: skip
def test_a_time_that_the_clocks_skip_does_not_exist(text, exists):
    assert When.parse(text).exists("Europe/Madrid") == exists


def test_an_instant_is_told_in_its_zone_which_is_named():
    instant = datetime(2026, 12, 6, 23, 30, tzinfo=UTC)
    assert in_words(instant, "Europe/Madrid") == "Monday 7 December 2026, 00:30 (Europe/Madrid)"
    assert in_words(instant, "America/New_York") == "Sunday 6 December 2026, 18:30 (America/New_York)"
