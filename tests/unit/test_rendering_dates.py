from dataclasses import replace
from datetime import date

import pytest
from babel import Locale
from hypothesis import given
from hypothesis import strategies as st

from digest.core import colour
from digest.core.item import Item, Kind
from digest.core.when import When
from digest.rendering.dates import Dates

EVENT = Item(Kind.EVENT, "x", timezone="America/Chicago", starts=When.parse("2024-06-29T09:00"))
SPACED = "9:00\u00a0AM"  # CLDR's narrow space widened to one that fonts have


def event(language, ends=None, **changes):
    item = replace(EVENT, ends=When.parse(ends) if ends else None, **changes)
    return Dates(Locale.parse(language), 2024).event(item)


@pytest.mark.parametrize(
    ("language", "ends", "shown"),
    [
        ("en", None, f"Saturday, June 29, {SPACED} CDT"),
        ("en", "2024-06-29T13:00", f"Saturday, June 29, {SPACED}\u00a0– 1:00\u00a0PM CDT"),
        ("en", "2024-06-30T13:00", f"Saturday, June 29, {SPACED} CDT – Sunday, June 30, 1:00\u00a0PM CDT"),
        ("en", "2024-06-29", f"Saturday, June 29, {SPACED} CDT"),
        ("en", "2024-06-30", f"Saturday, June 29, {SPACED} CDT – Sunday, June 30"),
        ("es", "2024-06-29T13:00", "sábado, 29 de junio, 9:00\u00a0– 13:00 CDT"),
        ("de", "2024-06-29T13:00", "Samstag, 29. Juni, 09:00\u00a0– 13:00 CDT"),
        ("en_GB", None, "Saturday 29 June, 09:00 CDT"),
    ],
)
def test_an_event_is_shown_in_the_readers_language_and_its_own_zone(language, ends, shown):
    assert event(language, ends) == shown


def test_a_zone_without_an_abbreviation_is_named_in_words():
    assert event("es", timezone="America/Sao_Paulo").endswith("9:00 hora estándar de Brasilia")


def test_a_whole_day_has_no_time_and_another_year_is_said():
    assert event("en", starts=When.parse("2024-07-05")) == "Friday, July 5"
    assert event("en", starts=When.parse("2025-01-05")) == "Sunday, January 5, 2025"


def test_deadlines_and_short_days():
    dates = Dates(Locale.parse("en"), 2024)
    assert dates.deadline(replace(EVENT, deadline=When.parse("2024-07-01"))) == "Monday, July 1"
    assert dates.deadline(EVENT) == ""
    assert dates.short_day(date(2024, 7, 1)) == "July 1"
    assert dates.short_day(date(2025, 7, 1)) == "July 1, 2025"
    assert [dates.part(date(2024, 7, 1), letters) for letters in ("LLL", "d", "ccc")] == ["Jul", "1", "Mon"]


@pytest.mark.parametrize(
    "language", ["ar", "eu", "fa", "fi", "fr", "he", "hi", "hu", "ja", "lv", "pt_BR", "ru", "zh_Hant"]
)
def test_every_language_of_cldr_has_a_day_and_a_time(language):
    shown = event(language, "2024-06-29T13:00")
    assert "CDT" in shown
    assert shown != event(language, "2024-06-29T14:00")


HEX = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


@given(HEX, HEX)
def test_any_accent_is_made_readable_on_any_ground(accent, ground):
    assert colour.contrast(colour.readable(accent, ground), ground) >= colour.AA
    assert colour.contrast(colour.ink_on(accent), accent) >= colour.AA


@given(HEX)
def test_any_accent_can_be_seen_on_a_dark_ground(accent):
    assert colour.contrast(colour.lit(accent), "#24282d") >= 3, "WCAG 2.1 §1.4.11"


def test_a_lit_colour_keeps_its_hue():
    assert colour.lit("#0f5e66") == "#73cad3"


def test_contrast_is_that_of_wcag():
    assert colour.contrast("#000000", "#ffffff") == pytest.approx(21)
    assert colour.contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    assert colour.readable("#0f5e66", "#ffffff") == "#0f5e66"
