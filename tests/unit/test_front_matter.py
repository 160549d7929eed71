"""Items as files: what is written is read back, and every mistake is named by line and field."""

from datetime import date
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from digest.core.field_lines import BadItemFile, Problem
from digest.core.front_matter import read, write
from digest.core.item import Item, Kind, Status
from digest.core.slug import slugify
from digest.core.when import When

FILE = """---
kind: action
title: Sign the petition
topics: [housing, Public Libraries]
url: https://example.org/sign
deadline: 2024-06-30T18:00
must_see: yes
---

Say **no**.
"""


def lines(longest):
    """One-line texts as they are kept: trimmed, never empty."""
    characters = st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp"))
    return st.text(characters, max_size=longest).map(str.strip).filter(bool)


def optional(strategy):
    return st.none() | strategy


urls = st.sampled_from(["https://example.org/a?b=c#d", "http://example.org/:#-&*!|>'%20", "https://münchen.example/ñ"])
whens = st.builds(
    When,
    st.dates(date(1900, 1, 1), date(2999, 12, 31)),
    optional(st.times().map(lambda at: at.replace(microsecond=0))),
)
bodies = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\r")).map(
    lambda t: t.strip("\n").rstrip()
)
items = st.builds(
    Item,
    kind=st.sampled_from(Kind),
    title=lines(300),
    body=bodies,
    topics=st.lists(lines(30).map(slugify).filter(bool), unique=True, max_size=4).map(tuple),
    url=optional(urls),
    organisation=optional(lines(300)),
    byline=optional(lines(300)),
    language=st.sampled_from(["en", "es", "pt-BR", "no"]),
    published=optional(whens),
    timezone=st.sampled_from(["UTC", "Europe/Madrid", "Australia/Lord_Howe"]),
    deadline=optional(whens),
    starts=optional(whens),
    venue=optional(lines(500)),
    image=optional(urls),
    alt=optional(lines(500)),
    must_see=st.booleans(),
    priority=st.integers(-100, 100),
).filter(lambda item: all(when.exists(item.timezone) for when in (item.published, item.deadline, item.starts) if when))
HOSTILE = [
    "null", "~", "yes", "No", "1.0", "0x1F", "2024-06-30", "- a", "? a", ": a", "a: b", "# a", "a # b", "[a", "{a: b}",
    "*a", "&a b", "!!python/object:os.system", "| a", "> a", "%a", "@a", "`a`", "\"a\"", "'a'", "---", "...", "a\\nb", "=",
    "<<", "«Años»: ¿qué?", "🎉 fin", "\u202eevil", "\ufeffbom", "\xa0 inner \xa0x", "{{7*7}}", "<script>", "a" * 300,
]  # fmt: skip


@given(items, st.sampled_from(Status), optional(lines(200)))
def test_what_is_written_is_read_back(item, status, uid):
    file = read(write(item, status, uid or ""), "Europe/Paris")
    assert file.item == item
    assert (file.draft, file.archived, file.uid) == (status is Status.DRAFT, status is Status.ARCHIVED, uid)


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_is_taken_for_yaml(text):
    text = text.strip()
    item = Item(Kind.NEWS, text, "b", organisation=text, byline=text, venue=text, alt=text)
    assert read(write(item, Status.READY, text[:200]), "UTC").item == item


def test_a_file_as_people_write_it():
    file = read(FILE.replace("\n", "\r\n"), "Europe/Madrid")
    assert file.item == Item(
        Kind.ACTION,
        "Sign the petition",
        "Say **no**.",
        ("housing", "public-libraries"),
        "https://example.org/sign",
        timezone="Europe/Madrid",
        deadline=When.parse("2024-06-30T18:00"),
        must_see=True,
    )
    assert (file.draft, file.archived, file.uid) == (False, False, None)


@pytest.mark.parametrize("nothing", ["", "~", "null", '""'])
def test_an_empty_field_is_none(nothing):
    assert read(FILE.replace("https://example.org/sign", nothing), "UTC").item.url is None


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("kind", "pettition", "“pettition” is no kind; write one of action, event"),
        ("kind", "", "it is missing"),
        ("title", "", "it is missing"),
        ("title", "x" * 301, "it is longer than 300 characters"),
        ("title", '"a\\nb"', "it has a line break"),
        ("title", '"a\\L b"', "it has a line break"),
        ("title", '"a\\ud800"', "it has a line break"),
        ("title", "[a, b]", "it must be a single text"),
        ("kind", "[news]", "it must be a single text"),
        ("topics", "{a: b}", "write a list like"),
        ("topics", "[[a]]", "write a list like"),
        ("url", "example.org", "is not a web address; it must begin with https://"),
        ("url", "javascript:alert(1)", "is not a web address"),
        ("url", "https://[::1", "is not a web address"),
        ("url", "https://example.org/a b", "is not a web address"),
        ("url", "https://example.org/" + "x" * 2000, "it is longer than 2000"),
        ("deadline", "next week", "is not an ISO date; write"),
        ("deadline", "9999-12-31", "9999 is not in the years 1900 to 2999"),
        ("deadline", "0001-01-01T00:00+14:00", "is not an ISO date"),
        ("must_see", "maybe", "“maybe” is neither true nor false"),
    ],
)
def test_a_wrong_value_is_named_by_line_and_field(field, value, reason):
    right = next(line for line in FILE.split("\n") if line.startswith(field))
    with pytest.raises(BadItemFile) as caught:
        read(FILE.replace(right, f"{field}: {value}"), "America/New_York")
    [problem] = caught.value.problems
    assert (problem.line, problem.field) == (FILE[: FILE.index(right)].count("\n") + 1, field)
    assert reason in problem.reason


@pytest.mark.parametrize(
    ("added", "field", "reason"),
    [
        ("tittle: x", "tittle", "there is no such field; did you mean “title”?"),
        ("zzzzz: x", "zzzzz", "there is no such field"),
        ("kind: news", "kind", "it is given twice, first in line 2"),
        ("priority: 101", "priority", "is not a whole number from -100 to 100"),
        ("priority: 1.5", "priority", "is not a whole number"),
        ("status: done", "status", "“done” is none of draft, ready, archived"),
        ("timezone: Mars/Olympus", "timezone", "is not a time zone"),
        ("language: English", "language", "“English” is not the tag of a language; write one such as en, es or pt-BR"),
        ("organisation: " + "x" * 301, "organisation", "it is longer than 300"),
        ("uid: " + "x" * 201, "uid", "it is longer than 200"),
        ("starts: 2024-07-02\nends: 2024-07-01", "ends", "it is before “starts”"),
    ],
)
def test_a_line_too_many_is_named(added, field, reason):
    with pytest.raises(BadItemFile) as caught:
        read(FILE.replace("must_see: yes", added), "UTC")
    [problem] = caught.value.problems
    assert (problem.field, problem.line) == (field, 7 + added.count("\n"))
    assert reason in problem.reason


def test_all_mistakes_of_a_file_come_at_once_in_order():
    with pytest.raises(BadItemFile) as caught:
        read("---\nkind: x\ntitle: t\nurl: y\npriority: z\n---\nbody", "UTC")
    assert [(each.line, each.field) for each in caught.value.problems] == [(2, "kind"), (4, "url"), (5, "priority")]


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("kind: news\n", 1, "does not begin with front matter"),
        ("---\nkind: news\n", 1, "is not closed"),
        ("---\n---\nbody", 2, "holds no “field: value” lines"),
        ("---\n- a\n---\n", 2, "holds no “field: value” lines"),
        ("---\nkind: news\n\ttitle: x\n---\n", 3, "begins with a tab"),
        ("---\n? [a]\n: b\n---\n", 2, "is no “field: value” line"),
        ("---\nkind: news\nbar\nurl: x\n---\n", 3, "is no “field: value” line"),
        ("---\ntitle: \x01\n---\n", 2, "control character"),
        ("---\n" + "[" * 5000 + "\n---\n", 2, "cannot be read"),
        ('---\n"a\\ud800": b\n---\n', 2, "control character"),
    ],
)
def test_a_file_that_is_no_item(text, line, reason):
    with pytest.raises(BadItemFile) as caught:
        read(text, "UTC")
    assert caught.value.problems[0].line == line
    assert reason in caught.value.problems[0].reason


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (
            "title: Meeting: tonight",
            'put the value in double quotes, because of the signs in it: title: "Meeting: tonight"',
        ),
        ("title: *nobody", 'put the value in double quotes, because of the signs in it: title: "*nobody"'),
        ("title: @harbour", 'title: "@harbour"'),
        ('title: She said: "no"', "title: \"She said: 'no'\""),
        ("title: [a", "what “[” opens is not closed"),
        ("title: {a: b", "what “{” opens is not closed"),
        ('title: "a', "the quotes are not in pairs"),
        ("title: 'it's on'", "the quotes are not in pairs"),
        ("title:Meeting", "a space is missing after the colon"),
        (" title: Meeting", "there are spaces before the field"),
    ],
)
def test_a_slip_is_told_in_the_words_of_its_author(line, reason):
    with pytest.raises(BadItemFile) as caught:
        read(f"---\nkind: news\n{line}\nurl: https://example.org\n---\nx", "UTC")
    [problem] = caught.value.problems
    assert (problem.line, problem.field) == (3, "title")
    assert reason in problem.reason


def test_a_time_that_the_clocks_skip_is_no_time():
    when = "---\nkind: news\ntitle: a\ntimezone: {}\ndeadline: 2026-03-29T02:30\n---\nx"
    with pytest.raises(BadItemFile) as caught:
        read(when.format("Europe/Madrid"), "UTC")
    reason = "there is no 02:30 on that day in Europe/Madrid: the clocks go forward over it"
    assert caught.value.problems == (Problem(5, "deadline", reason),)
    assert read(when.format("Europe/Lisbon"), "UTC").item.deadline


def test_a_body_that_is_too_long_is_named_where_it_begins():
    with pytest.raises(BadItemFile) as caught:
        read(FILE + "x" * 100_001, "UTC")
    assert caught.value.problems == (Problem(9, "body", "it is longer than 100000 characters"),)


def test_aliases_that_multiply_stay_small():
    bomb = "a: &a [x, x]\n" + "".join(f"{new}: &{new} [*{old}, *{old}]\n" for old, new in pairwise("abcdefghijkl"))
    with pytest.raises(BadItemFile) as caught:
        read(f"---\n{bomb}kind: news\ntitle: *l\n---\n", "UTC")
    assert all(len(each.reason) < 200 for each in caught.value.problems)


@given(st.text(max_size=200))
@example("x" * 79 + " y")
def test_a_slug_is_its_own_slug(name):
    assert slugify(slugify(name)) == slugify(name)
    assert len(slugify(name)) <= 80
    assert not {*slugify(name)} & {*" /?#&<>\"'\n"}


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Migrants & Refugees", "migrants-refugees"),
        ("  ¡Vivienda  YA! ", "vivienda-ya"),
        ("cafe\u0301", "café"),
        ("हिन्दी", "हिन्दी"),
        ("Ελλάδα", "ελλάδα"),
        ("--", ""),
    ],
)
def test_slugs(name, slug):
    assert slugify(name) == slug
