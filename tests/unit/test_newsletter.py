"""The rules of the newsletter reader, one by one."""

import time
from datetime import date
from datetime import time as hour

import pytest

from digest.core.item import Kind
from digest.core.newsletter import Found, as_json, read_newsletter
from digest.core.newsletter.dates import find_dates
from digest.core.newsletter.day_order import DayOrder
from digest.core.newsletter.hours import find_hours
from digest.core.newsletter.lines import read_lines, wrap_width
from digest.core.newsletter.marks import read_marks
from digest.core.newsletter.section_names import section_of
from digest.core.when import When

TODAY = date(2024, 6, 20)
PLAIN = """Rent board meets

The rent board meets again and will hear from tenants about the elevator.

A second look

The elevator has been broken since January, and the owner has not answered.

Bakery strike

The bakers went out on Monday. They want a day off in the week.
"""


def only(text: str, today: date = TODAY) -> Found:
    (found,) = read_newsletter(text, today)
    return found


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("June 29, 9 AM to 1 PM", "2024-06-29T09:00", "2024-06-29T13:00"),
        ("Sat 29 June, 18:30–20:00", "2024-06-29T18:30", "2024-06-29T20:00"),
        ("by July 1st", "2024-07-01", None),
        ("29 de junio a las 18:00", "2024-06-29T18:00", None),
        ("hasta el 1 de julio", "2024-07-01", None),
        ("domingo 30 de junio, de 10 a 14 h", "2024-06-30T10:00", "2024-06-30T14:00"),
        ("1. Juli 2024, 19 Uhr", "2024-07-01T19:00", None),
        ("Samstag, 6. Juli, 14–18 Uhr", "2024-07-06T14:00", "2024-07-06T18:00"),
        ("le 1er juillet à 19 h", "2024-07-01T19:00", None),
        ("dimanche 21 juillet à 17 h 30", "2024-07-21T17:30", None),
        ("on 7/15", "2024-07-15", None),
        ("am 15.7.2024", "2024-07-15", None),
        ("2024-07-01", "2024-07-01", None),
        ("July 12–14", "2024-07-12", "2024-07-14"),
        ("del 12 al 14 de julio", "2024-07-12", "2024-07-14"),
        ("June 28 – July 2", "2024-06-28", "2024-07-02"),
        ("6:30 p.m., Saturday, June 29", "2024-06-29T18:30", None),
        ("July 5, 9 pm – 1 am", "2024-07-05T21:00", "2024-07-06T01:00"),
        ("Friday, 5 July 2024, 1930 hrs", "2024-07-05T19:30", None),
        ("ab 18 Uhr am 5. Juli", "2024-07-05T18:00", None),
        ("July 5th, doors at 7.", "2024-07-05T19:00", None),
        ("Friday 5 July at half past seven", "2024-07-05T19:30", None),
        ("Monday 8 July to Friday 12 July, 9.30 to 3.30", "2024-07-08T09:30", "2024-07-12T15:30"),
        ("los días 5, 6 y 7 de julio, de 17:00 a 20:00", "2024-07-05T17:00", "2024-07-07T20:00"),
        ("the fifteenth of July", "2024-07-15", None),
        ("January 5", "2024-01-05", None),
        ("December 28", "2023-12-28", None),
        ("Sat 29 & Sun 30 June", "2024-06-29", "2024-06-30"),
        ("sábado 29 y domingo 30 de junio", "2024-06-29", "2024-06-30"),
        ("26 and 28 June", "2024-06-26", None),
        ("Friday 28 June, 7 pm, until Saturday 29 June, 9 am", "2024-06-28T19:00", "2024-06-29T09:00"),
        ("Sunday 30 June, 10.15", "2024-06-30T10:15", None),
        ("martes 25 inclusive", "2024-06-25", None),
        ("Thursday 13.", "2024-06-13", None),
    ],
)
def test_a_date_is_read_with_its_hours_and_an_open_year_is_the_nearest(text: str, first: str, last: str | None):
    (dated,) = find_dates(text, TODAY)
    assert dated.first.isoformat() == first
    assert (dated.last and dated.last.isoformat()) == last
    assert dated.year_open is ("2024" not in text)


@pytest.mark.parametrize(
    "text",
    [
        "24/7",
        "Monday 25, please",
        "Friday 8 to 10",
        "1.4 km of road",
        "since 9/11",
        "June 31",
        "31 people",
        "may 2,000 come",
        "£2.50",
    ],
)
def test_what_only_looks_like_a_date_is_none(text: str):
    assert find_dates(text, TODAY) == []


def test_figures_are_read_day_first_where_the_language_writes_them_so():
    assert [each.first.day for each in find_dates("5/7", TODAY, order=DayOrder(day_first=True))] == [date(2024, 7, 5)]
    assert [each.first.day for each in find_dates("5/7", TODAY)] == [date(2024, 5, 7)]


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("6–8 pm", hour(18), hour(20)),
        ("11–1 pm", hour(11), hour(13)),
        ("from noon until 5 pm", hour(12), hour(17)),
        ("a las 7 de la tarde", hour(19), None),
        ("19.45 to 21.45", hour(19, 45), hour(21, 45)),
        ("half past nine", hour(9, 30), None),
        ("noon to 3", hour(12), hour(15)),
        ("7:30 for 8 pm", hour(19, 30), None),
    ],
)
def test_hours_are_read_in_words_and_figures(text: str, first: hour, last: hour | None):
    assert [(each.first, each.last) for each in find_hours(text)] == [(first, last)]


@pytest.mark.parametrize("text", ["5 to 2 for the park", "12 people", "at 40 Oak", "£8.50", "chapter 9-12"])
def test_bare_numbers_are_no_hours(text: str):
    assert find_hours(text) == []


@pytest.mark.parametrize(
    ("line", "title", "tag"),
    [
        ("Immigration Victory : Legal Status", "Immigration Victory", "Legal Status"),
        ("Violence and the Arms Trade :Ayotzinapa", "Violence and the Arms Trade", "Ayotzinapa"),
        ("March on Washington; PPC", "March on Washington", "PPC"),
        ("Bike shed: we need your answer", "Bike shed: we need your answer", None),
        ("## 3) *** SAVE THE PARK ***", "SAVE THE PARK", None),
        ("[ACTION] Save the park", "Save the park", None),
        ("ACTION ALERT: Save the park", "Save the park", None),
        ("PARK: what we know", "PARK: what we know", None),
        ("> 2. Save the park 🌳", "Save the park", None),
        ("3- SALVEMOS EL PARQUE", "SALVEMOS EL PARQUE", None),
        ("3. Juli 2024", "3. Juli 2024", None),
    ],
)
def test_a_title_is_told_from_its_marks_and_its_tag(line: str, title: str, tag: str | None):
    marked = read_marks(line)
    assert (marked.title, marked.tag) == (title, tag)


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("UPCOMING EVENTS", "event"),
        ("Acciones urgentes", "action"),
        ("Take Action", "action"),
        ("NOTICIAS", "news"),
        ("Press Releases", "press_release"),
        ("Events move fast", None),
        ("Rent board meets", None),
    ],
)
def test_a_banner_is_made_of_nothing_but_section_words(line: str, kind: str | None):
    assert section_of(line) == kind


def test_line_numbers_are_those_of_the_text_as_given_whatever_its_line_ends():
    text = "\ufeff" + PLAIN.replace("\n", "\r\n")
    assert [found.line for found in read_newsletter(text, TODAY)] == [1, 5, 9]
    assert [line.text for line in read_lines("a\u00a0 b\\\r\n\u200b\r\n* * *")] == ["a b", "", "* * *"]


def test_a_wrapped_paragraph_is_one_again_and_an_address_keeps_its_lines():
    text = """SEND A LETTER

Write to the consul before the summer is over and ask for a date, a
doctor and a visit. Put it in an envelope, because electronic mail is
not answered here and never was.

The Consul General
22 Marine Parade
Port Ellery

* be polite and be brief, and do not forget to
  sign your name
* put a stamp on it
"""
    assert wrap_width(read_lines(text)) > 60
    assert only(text).body_markdown.split("\n\n")[1:] == [
        "The Consul General  \n22 Marine Parade  \nPort Ellery",
        "- be polite and be brief, and do not forget to sign your name\n- put a stamp on it",
    ]


def test_a_person_decides_what_is_a_title():
    assert [found.line for found in read_newsletter(PLAIN, TODAY, not_titles=[5])] == [1, 9]
    without = read_newsletter(PLAIN, TODAY, titles=[3], not_titles=[1])
    assert (without[0].line, without[0].confidence) == (3, 1.0)
    (first, *_) = read_newsletter(PLAIN, TODAY, not_titles=[5])
    assert "A second look" in first.body_markdown


@pytest.mark.parametrize(
    ("titles", "not_titles", "says"),
    [([99], [], "no line 99"), ([0], [], "no line 0"), ([], [2], "Line 2 is empty"), ([1], [1], "both")],
)
def test_a_line_that_cannot_be_a_title_is_refused_with_a_sentence(titles: list[int], not_titles: list[int], says: str):
    with pytest.raises(ValueError, match=says):
        read_newsletter(PLAIN, TODAY, titles, not_titles)


def test_a_release_gives_up_its_organisation_and_headline_but_keeps_its_dateline():
    found = only(
        "Asylum seekers\n\nFor Immediate Release: June 5, 2024\\\n\nNational Network for Bread and Roses\n\n"
        "Bread for all, and roses too\n\nThe Network said today that there is bread enough for everybody in the valley.\n"
    )
    assert (found.kind, found.organisation) == (Kind.PRESS_RELEASE, "National Network for Bread and Roses")
    assert found.headline == "Bread for all, and roses too"
    assert found.published is not None
    assert found.published.isoformat() == "2024-06-05"
    assert found.body_markdown.startswith("For Immediate Release: June 5, 2024\n\nThe Network said")


def test_evidence_says_that_todays_date_settled_a_year():
    found = only("Fund the buses\n\nCall your supervisor by July 8 and ask for a yes on the night buses.\n")
    assert found.evidence["deadline"] == "July 8 (year settled by 2024-06-20)"
    found = only("Fund the buses\n\nCall your supervisor by Monday 8, please, and ask for a yes on the night buses.\n")
    assert found.evidence["deadline"] == "Monday 8 (month and year settled by 2024-06-20)"


def test_the_date_of_an_issue_settles_a_year_if_it_is_within_one_of_today():
    issue = (
        "Bus Riders Weekly\nNumber 7, {}\n\nDear riders,\n\nHere is the news.\n\n"
        "FUND THE BUSES\n\nCall your supervisor by July 8 and ask for a yes on the night buses.\n\n"
        "MEND THE STOPS\n\nThe stops on the north side are falling apart, and nobody has said when they get mended.\n"
    )
    found, _ = read_newsletter(issue.format("December 30, 2023"), TODAY)
    assert found.evidence["deadline"] == "July 8 (year settled by the date of the issue, 2023-12-30)"
    found, _ = read_newsletter(issue.format("December 30, 2019"), TODAY)
    assert found.evidence["deadline"] == "July 8 (year settled by 2024-06-20)"


def test_figures_are_read_as_the_others_of_the_text_are():
    text = "Fund the buses\n\nCall your supervisor by 5/7/24 and ask for a yes. The office is shut from 25/7/24.\n"
    assert (only(text).deadline, only(text.replace("25/7", "7/25")).deadline) == (
        When(date(2024, 7, 5)),
        When(date(2024, 5, 7)),
    )


@pytest.mark.parametrize(
    ("said", "deadline"),
    [
        ("The ballot closes at noon on Thursday 27 June.", "2024-06-27T12:00"),
        ("Write before the vote on Tuesday 25 June.", "2024-06-25"),
        ("Sign by COB June 28.", "2024-06-28"),
        ("The council will not meet before 25 June.", None),
        ("Subscriptions fell due on 1 June.", None),
    ],
)
def test_a_deadline_is_told_by_the_words_before_it(said: str, deadline: str | None):
    found = only(f"Night buses\n\nThe night buses are to be cut, and riders have not been asked about it. {said}\n")
    assert (found.deadline and found.deadline.isoformat()) == deadline


def test_a_date_above_a_title_is_when_it_was_published_and_its_own():
    text = "".join(
        f"{day} June 2024\n{title}\nThe board has met again, and will hear from tenants about the {what}.\n"
        "Read more\nhttps://board.example/news\n\n"
        for day, title, what in ((18, "Rent board meets", "elevator"), (17, "Bakery strike", "bread"))
    )
    found = read_newsletter(text, TODAY)
    assert [(each.line, each.title) for each in found] == [(2, "Rent board meets"), (8, "Bakery strike")]
    assert [each.published for each in found] == [When(date(2024, 6, 18)), When(date(2024, 6, 17))]


def test_an_empty_line_below_each_line_is_no_end_of_a_paragraph():
    text = """Rent board meets

The rent board meets again on the last day of the month and it will hear
from tenants about the elevator, which has been broken since January.

Bakery strike

The bakers went out on Monday, all of them, and they will stay out until
they have a day off in the week and a door that can be opened from the
inside. Bring them soup.
"""
    found = read_newsletter(text.replace("\n", "\n\n"), TODAY)
    assert [each.title for each in found] == ["Rent board meets", "Bakery strike"]
    assert "it will hear from tenants" in found[0].body_markdown


def test_the_headers_of_a_pasted_mail_are_no_titles_and_tell_no_dates():
    found = only(
        "Night buses\n\nThe council has answered us at last, and its letter is below for everybody to read.\n\n"
        "From: The Clerk\nSent: 3 July 2024 16:08\nTo: riders@buses.example\nSubject: RE: night buses\n\n"
        "The council thanks you for your letter and will think about it for as long as it needs to.\n"
    )
    assert (found.starts, found.deadline, found.published) == (None, None, None)
    assert "Subject: RE: night buses" in found.body_markdown


def test_json_has_every_key_with_dates_as_iso_and_null_where_unknown():
    found = as_json(only("Fund the buses\n\nCall your supervisor by July 8 and ask for a yes on the night buses.\n"))
    people = ["headline", "url", "organisation", "byline"]
    moments = ["published", "deadline", "starts", "ends"]
    rest = ["venue", "body_markdown", "confidence", "evidence", "ambiguous"]
    assert list(found) == ["line", "title", "tag", "kind", *people, *moments, *rest]
    assert (found["kind"], found["deadline"], found["venue"]) == ("action", "2024-07-08", None)


def test_nothing_is_found_in_nothing():
    assert read_newsletter("", TODAY) == ()
    assert read_newsletter(" \n\u00a0\n-----\n", TODAY) == ()


@pytest.mark.parametrize(
    "piece",
    [PLAIN, "HELLO THERE\n\nshort text.\n\n", "* item\n", "In solidarity,\n\nAna Ruiz\n\n", "a : ", "Aa ", "9 pm "],
)
def test_no_text_hangs_the_reader(piece: str):
    start = time.perf_counter()
    read_newsletter(piece * (80_000 // len(piece)), TODAY)
    assert time.perf_counter() - start < 60  # a guard against hanging, no measure: `make bench` measures
