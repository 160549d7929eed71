"""Whether 12/06/2026 is in June or in December: by what the text tells, then by its language, then by a guess that is said."""

from datetime import date

import pytest

from digest.core.newsletter import Found, as_json, read_newsletter
from digest.core.newsletter.dates import find_dates
from digest.core.newsletter.day_order import DayOrder, day_order

TODAY = date(2026, 6, 1)
DATE = "The plans are in the library. Please write to the council by 12/06/2026 and say what you think of them."
JUNE, DECEMBER = "2026-06-12", "2026-12-06"
GUESSED = "day and month in this order by"


def only(text: str, **where: str) -> Found:
    [found] = read_newsletter(f"Object to the plans\n\n{text}\n", TODAY, **where)
    return found


@pytest.mark.parametrize(
    ("beside", "where", "day"),
    [
        ("It was put off on 13/05/2026.", {"timezone": "America/Chicago"}, JUNE),
        ("It was put off on 05/13/2026.", {"timezone": "Europe/London"}, DECEMBER),
        ("It was put off on Thursday 07/05/2026.", {"timezone": "America/Chicago"}, JUNE),
        ("It was put off on Tuesday, 07/07/2026.", {"language": "en-GB"}, JUNE),  # either way the same day
        ("It was put off on 7 May.", {"timezone": "America/Chicago"}, JUNE),
        ("It was put off on May 7.", {"timezone": "Europe/London"}, DECEMBER),
        ("", {"language": "en-GB", "timezone": "America/Chicago"}, JUNE),
        ("", {"language": "en-Latn-US", "timezone": "Europe/London"}, DECEMBER),
    ],
)
def test_what_the_text_or_its_language_tells_is_sure(beside, where, day):
    found = only(f"{DATE} {beside}", **where)
    assert (found.deadline and found.deadline.isoformat(), found.ambiguous) == (day, {})
    assert GUESSED not in found.evidence["deadline"]


@pytest.mark.parametrize(
    ("timezone", "day", "other"),
    [
        ("Europe/London", JUNE, DECEMBER), ("Asia/Kolkata", JUNE, DECEMBER), ("Pacific/Auckland", JUNE, DECEMBER),
        ("America/Chicago", DECEMBER, JUNE), ("Pacific/Honolulu", DECEMBER, JUNE),
        ("UTC", DECEMBER, JUNE), ("Etc/UTC", DECEMBER, JUNE),
    ],
)  # fmt: skip
def test_where_nothing_tells_it_is_guessed_and_said(timezone, day, other):
    found = only(DATE, timezone=timezone)
    assert found.deadline
    assert (found.deadline.isoformat(), found.ambiguous) == (day, {"deadline": other})
    by = "the habit of the United States" if "UTC" in timezone else f"the time zone {timezone}"
    assert found.evidence["deadline"] == f"12/06/2026 ({GUESSED} {by}, else {other})"
    assert as_json(found)["ambiguous"] == {"deadline": other}


@pytest.mark.parametrize("order", [DayOrder(day_first=True, guess="x"), DayOrder(day_first=False, guess="x")])
@pytest.mark.parametrize(
    ("text", "day"),
    [("Friday 12/06/2026", date(2026, 6, 12)), ("Sunday, 12/06/2026", date(2026, 12, 6)),
     ("25/7/2026", date(2026, 7, 25)), ("7/25/2026", date(2026, 7, 25)), ("6/6/2026", date(2026, 6, 6))],
)  # fmt: skip
def test_one_that_can_be_only_one_day_is_that_one_in_any_order(order, text, day):
    [found] = find_dates(text, TODAY, order=order)
    assert (found.first.day, found.other) == (day, None)


def test_a_wrong_weekday_tells_nothing():
    [found] = find_dates("Monday 12/06/2026", TODAY, order=DayOrder(day_first=True, guess="x"))
    assert (found.first.day, found.other) == (date(2026, 6, 12), date(2026, 12, 6))


def test_a_text_in_spanish_writes_the_day_first_wherever_it_is_read():
    assert day_order("Las alegaciones del barrio hasta el 5/7 por favor", timezone="America/Chicago") == DayOrder(
        day_first=True
    )
