"""Slots: every week has exactly one, whatever the clocks of its zone do."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.core.slot import Schedule

ZONES = (
    "UTC", "Europe/Berlin", "America/Santiago", "Africa/Cairo", "Asia/Beirut", "America/Havana", "Australia/Lord_Howe",
    "America/Nuuk", "Pacific/Apia", "Asia/Tehran",
)  # fmt: skip
schedules = st.builds(
    Schedule,
    st.integers(0, 6),
    st.sampled_from([time(0), time(0, 30), time(1, 59), time(2), time(2, 30), time(9), time(23, 30), time(23, 59)]),
    st.sampled_from(ZONES),
)
moments = st.datetimes(datetime(2006, 1, 1), datetime(2039, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  Hypothesis adds the zone


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("at", [time(0), time(2, 30), time(23, 30)], ids=str)
def test_twenty_years_of_weeks_have_one_slot_each(zone, at):
    for weekday in (5, 6):
        schedule = Schedule(weekday, at, zone)
        first = date(2010, 1, 4) + timedelta(days=weekday)
        days = [first + timedelta(weeks=week) for week in range(20 * 52)]
        slots = [schedule.slot(day) for day in days]
        assert slots == sorted(set(slots))
        assert [schedule.period(slot) for slot in slots] == [
            f"{d.isocalendar()[0]}-W{d.isocalendar()[1]:02}" for d in days
        ]
        for day, slot in zip(days, slots, strict=True):
            assert schedule.in_period(schedule.period(slot)) == slot
            assert timedelta(0) <= slot - datetime.combine(day, at, ZoneInfo(zone)).astimezone(UTC) < timedelta(days=1)


@given(schedules, moments)
def test_latest_and_next_stand_on_both_sides_of_now(schedule, now):
    latest, upcoming = schedule.latest(now), schedule.next(now)
    assert latest <= now <= upcoming
    assert schedule.latest(latest) == schedule.next(latest) == latest
    assert schedule.latest(upcoming) == schedule.next(upcoming) == upcoming
    assert (latest == upcoming) == (now in (latest, upcoming))
    if latest != upcoming:
        assert timedelta(days=5) < upcoming - latest < timedelta(days=9)
        assert schedule.after(latest) == upcoming


@given(schedules, moments, st.integers(0, 90))
def test_between_finds_each_slot_once(schedule, after, days):
    until = after + timedelta(days=days)
    found = schedule.between(after, until)
    walked, slot = [], schedule.after(after)
    while slot <= until:
        walked.append(slot)
        slot = schedule.after(slot)
    assert found == walked
    assert schedule.between(until, after) == []


def test_a_gap_moves_forward_and_an_overlap_takes_the_first():
    berlin = Schedule(6, time(2, 30), "Europe/Berlin")
    assert berlin.slot(date(2024, 3, 31)) == datetime(2024, 3, 31, 1, 30, tzinfo=UTC)  # 03:30 summer time
    assert berlin.slot(date(2024, 10, 27)) == datetime(2024, 10, 27, 0, 30, tzinfo=UTC)
    santiago = Schedule(6, time(0), "America/Santiago")
    assert santiago.slot(date(2024, 9, 8)) == datetime(2024, 9, 8, 4, tzinfo=UTC)  # there was no midnight


def test_the_period_is_the_week_of_the_local_day_and_of_its_iso_year():
    assert Schedule(0, time(0, 30), "Pacific/Auckland").period(datetime(2024, 6, 30, 12, 30, tzinfo=UTC)) == "2024-W27"
    assert Schedule(6, time(9), "UTC").period(datetime(2021, 1, 3, 9, tzinfo=UTC)) == "2020-W53"


def test_a_special_edition_has_the_slot_of_its_week():
    schedule = Schedule(6, time(9), "UTC")
    assert schedule.in_period("2024-W26-s1") == schedule.in_period("2024-W26") == datetime(2024, 6, 30, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("period", "reason"),
    [
        ("2024", "is not a period"),
        ("2024-26", "is not a period"),
        ("2024-w26", "is not a period"),
        ("2024-W26-s0", "is not a period"),
        ("2024-W26\n", "is not a period"),
        ("２０２４-W26", "is not a period"),
        ("2024-W53", "2024 has no week 53"),
        ("2024-W00", "2024 has no week 00"),
        ("0000-W01", "0000 has no week 01"),
        ("0001-W01", "0001 has no week 01"),
        ("9999-W52", "9999 has no week 52"),
    ],
)
def test_what_is_no_period(period, reason):
    with pytest.raises(ValueError, match=reason):
        Schedule(0, time(0), "Asia/Tokyo").in_period(period) and Schedule(6, time(9), "UTC").in_period(period)


@pytest.mark.parametrize(
    ("text", "weekday", "at"),
    [
        ("sun 09:00", 6, time(9)),
        (" Monday  7:05 ", 0, time(7, 5)),
        ("WED 23:59", 2, time(23, 59)),
        ("thu 00:00", 3, time(0)),
    ],
)
def test_a_schedule_as_people_write_it(text, weekday, at):
    assert Schedule.parse(text, "UTC") == Schedule(weekday, at, "UTC")


@pytest.mark.parametrize(
    "text", ["", "sun", "09:00", "sun 24:00", "sun 9", "day 09:00", "sun 09:00:00", "sun 09:60", "su 9:00"]
)
def test_what_is_no_schedule(text):
    with pytest.raises(ValueError, match="is not a weekly time; write a day and a time"):
        Schedule.parse(text, "UTC")
