"""Items come in: each once however often it comes, all of a batch or none, and never over what staff wrote."""

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from digest.core.errors import Refused
from digest.core.item import Kind, Status
from digest.core.newsletter import Found
from digest.core.when import When
from digest.pipeline import intake, newsletters, topics

NOW = datetime(2026, 3, 15, 9, tzinfo=UTC)
GOOD = "---\nkind: news\ntitle: {}\ntopics: [water, housing]\n---\n\nA body.\n"
FOUND = Found(
    line=3, title="The march", tag="Water; Rivers", kind=Kind.EVENT, headline="A headline", url=None, organisation=None,
    byline=None, published=None, deadline=None, starts=None, ends=None, venue=None, body_markdown="On Sunday.",
    confidence=1.0, evidence={}, ambiguous={},
)  # fmt: skip


@pytest.fixture
def add(sqlite, tmp_path):
    """Write files and add them: `add({"a.md": text})`."""

    def act(files, **options):
        for name, text in files.items():
            path = tmp_path / "items" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return intake.add(sqlite, [tmp_path / "items"], timezone="Europe/Madrid", now=NOW, **options)

    return act


def titles(db):
    return [each.item.title for each in intake.listing(db)]


def newsletter(db, *found, path="june.txt"):
    return newsletters.store(db, Path(path), found, timezone="UTC", language="en", now=NOW)


def test_a_folder_again_and_again_adds_nothing(add, sqlite):
    files = {"a.md": GOOD.format("A"), "sub/b.md": GOOD.format("B"), "README.md": "no item", "c.txt": "no item"}
    assert [each.item.title for each in add(files).added] == ["A", "B"]
    again = add(files)
    assert (len(again.unchanged), again.added, again.updated) == (2, [], [])
    changed = add({"a.md": GOOD.format("A2")})
    assert ([each.item.title for each in changed.updated], len(changed.unchanged)) == (["A2"], 1)
    assert titles(sqlite) == ["A2", "B"]


def test_texts_of_a_folder_that_are_not_read_are_told(add, tmp_path):
    add({"a.md": GOOD.format("A"), "Neues.md.TXT": "no item", "sub/b.docx": "no item", "a.jpg": "a picture"})
    folder = tmp_path / "items"
    assert intake.passed_over([folder, folder / "a.md"]) == [folder / "Neues.md.TXT", folder / "sub/b.docx"]


def test_the_same_item_in_another_file_is_the_same_item(add, sqlite):
    assert len(add({"a.md": GOOD.format("A"), "b.md": GOOD.format("A")}).unchanged) == 1
    assert titles(sqlite) == ["A"]


def test_show_edit_add(add, sqlite, tmp_path):
    [stored] = add({"a.md": GOOD.format("A")}).added
    text = intake.as_file(stored)
    assert len(add({"a.md": text}).unchanged) == 1, "shown and not edited"
    [edited] = add({"elsewhere.md": text.replace("title: A", "title: Edited")}).updated
    assert (edited.id, edited.item.title) == (stored.id, "Edited")


@pytest.mark.parametrize(
    ("bad", "line", "field", "reason"),
    [
        (GOOD.format("x").replace("news", "gossip"), 2, "kind", "is no kind"),
        ("no front matter", 1, None, "does not begin with front matter"),
        (GOOD.format("x" * 301), 3, "title", "longer than 300"),
        (
            GOOD.format("x").replace("topics", "organisation: " + "x" * 301 + "\ntopics"),
            4,
            "organisation",
            "longer than 300",
        ),
        (GOOD.format("x\nuid: " + "u" * 201), 4, "uid", "longer than 200"),
        (GOOD.format("x\ndeadline: 9999-12-31"), 4, "deadline", "is not in the years"),
        ("é".encode("latin-1"), None, None, "is not UTF-8"),
        (GOOD.format("x").encode("utf-16"), None, None, "looks like UTF-16"),
        (b"", None, None, "is empty"),
        (b"x" * 1_000_001, None, None, "item may have 1 MB"),
    ],
)
def test_one_bad_file_keeps_all_out_unless_told_to_keep_going(add, sqlite, bad, line, field, reason):
    files = {"a.md": GOOD.format("A"), "bad.md": bad}
    result = add(files)
    [rejected] = result.rejected
    assert (result.applied, titles(sqlite)) == (False, [])
    assert (rejected.line, rejected.field) == (line, field)
    assert reason in str(rejected)
    assert rejected.path.endswith("bad.md")
    assert str(rejected).count("bad.md") == 1
    assert len(add(files, keep_going=True).added) == 1
    assert titles(sqlite) == ["A"]


def test_windows_files_and_byte_order_marks_are_read(add, sqlite):
    add({"a.md": b"\xef\xbb\xbf" + GOOD.format("A").replace("\n", "\r\n").encode()})
    assert [each.item.body for each in intake.listing(sqlite)] == ["A body."]


def test_a_file_with_a_very_long_name(add, sqlite):
    add({"n" * 250 + ".md": GOOD.format("A")})
    assert titles(sqlite) == ["A"]


def test_what_is_complete_is_ready_unless_it_says_otherwise(add, sqlite):
    add({
        "a.md": GOOD.format("complete"),
        "b.md": GOOD.format("held back\nstatus: draft"),
        "c.md": GOOD.format("put away\nstatus: archived"),
        "d.md": GOOD.format("lacking").replace("kind: news", "kind: action"),
    })  # fmt: skip
    assert {each.item.title: each.status for each in intake.listing(sqlite)} == {
        "complete": "ready", "held back": "draft", "put away": "archived", "lacking": "draft",
    }  # fmt: skip


def test_what_staff_put_away_stays_away_until_its_file_changes(add, sqlite):
    [stored] = add({"a.md": GOOD.format("A")}).added
    intake.archive(sqlite, [stored.id], NOW)
    assert len(add({}).unchanged) == 1
    assert [each.status for each in intake.listing(sqlite)] == [Status.ARCHIVED]


def test_ready_takes_all_or_none_of_those_named(add, sqlite):
    drafts = add({
        "a.md": GOOD.format("A\nstatus: draft"),
        "b.md": GOOD.format("B").replace("kind: news", "kind: event"),
    }).added  # fmt: skip
    with pytest.raises(Refused, match="Item 2 “B” lacks starts and venue"):
        intake.ready(sqlite, [each.id for each in drafts], NOW)
    assert {each.status for each in intake.listing(sqlite)} == {Status.DRAFT}
    made, left = intake.ready(sqlite, None, NOW)
    assert ([each.item.title for each in made], [each.item.title for each in left]) == (["A"], ["B"])
    with pytest.raises(Refused, match="There is no item 99"):
        intake.ready(sqlite, [99], NOW)
    with pytest.raises(Refused, match="There is no item"):
        intake.show(sqlite, 10**30)


def test_a_folder_without_items_and_a_path_that_is_not_there(add, sqlite, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(Refused, match="There is no item"):
        intake.add(sqlite, [tmp_path / "empty"], timezone="UTC", now=NOW)
    result = intake.add(sqlite, [tmp_path / "missing.md"], timezone="UTC", now=NOW)
    assert "cannot be read: no such file" in str(result.rejected[0])


def test_markup_of_strangers_is_cleaned_when_it_is_stored(add, sqlite):
    [stored] = add({"a.md": GOOD.format("A") + "<script>alert(1)</script> [x](javascript:alert(1))"}).added
    assert "<script" not in stored.html
    assert 'href="javascript' not in stored.html


# Newsletters.


def test_what_was_found_becomes_drafts_with_the_tag_as_topic(sqlite):
    [stored] = newsletter(sqlite, FOUND).added
    assert (stored.status, stored.item.topics) == (Status.DRAFT, ("water-rivers",))
    assert stored.item.body == "**A headline**\n\nOn Sunday."


def test_importing_again_and_again_replaces_drafts_that_nobody_touched(sqlite):
    """At one and the same time of the clock, too: `--now` makes it stand still."""
    [first] = newsletter(sqlite, FOUND).added
    for body in ("Sharper.", "Sharper still."):
        [again] = newsletter(sqlite, replace(FOUND, body_markdown=body)).updated
        assert (again.id, again.item.body) == (first.id, f"**A headline**\n\n{body}")
    result = newsletter(sqlite, replace(FOUND, title="Another title"))
    assert ([each.item.title for each in result.added], titles(sqlite)) == (["Another title"], ["Another title"])


def test_importing_again_leaves_alone_what_staff_edited_readied_or_put_away(add, sqlite):
    found = [replace(FOUND, title=title) for title in ("edited", "readied", "away")]
    stored = {each.item.title: each for each in newsletter(sqlite, *found).added}
    add({"e.md": intake.as_file(stored["edited"]).replace("On Sunday.", "On Monday.")})
    add({"r.md": intake.as_file(stored["readied"]).replace("status: draft", "starts: 2026-03-20\nvenue: Here")})
    intake.archive(sqlite, [stored["away"].id], NOW)
    before = intake.listing(sqlite)
    again = newsletter(sqlite, *[replace(each, body_markdown="New.") for each in found])
    assert len(again.unchanged) == 3
    newsletter(sqlite, replace(FOUND, title="only this is left"))
    assert intake.listing(sqlite)[:3] == before


def test_two_of_one_title_are_two_items_every_time(sqlite):
    assert len(newsletter(sqlite, FOUND, FOUND).added) == 2
    assert len(newsletter(sqlite, FOUND, FOUND).unchanged) == 2
    assert len(titles(sqlite)) == 2


def test_a_draft_can_be_shown_edited_and_added_whatever_the_newsletter_said(add, sqlite):
    [stored] = newsletter(
        sqlite,
        replace(FOUND, title="a\tb\x0bc \u2028 d" + "x" * 400, organisation="o" * 500, byline="b" * 500, venue="v" * 900,
                starts=When(date(2026, 3, 20))),
    ).added  # fmt: skip
    [same] = add({"a.md": intake.as_file(stored)}).unchanged
    assert same.id == stored.id


def test_a_book_is_no_item(sqlite):
    with pytest.raises(Refused, match="The item in line 3 has 1500"):
        newsletter(sqlite, replace(FOUND, headline=None, body_markdown="y" * 150_000))
    assert titles(sqlite) == []


def test_topics_are_counted_and_named(add, sqlite):
    add({"a.md": GOOD.format("A")})
    assert topics.add(sqlite, "Public Libraries", "es", "Bibliotecas") == "public-libraries"
    assert {each.slug: (each.items, each.followers) for each in topics.listing(sqlite)} == {
        "housing": (1, 0), "public-libraries": (0, 0), "water": (1, 0),
    }  # fmt: skip
    for bad in ("", "--", "a\nb"):
        with pytest.raises(Refused, match="is no name for a topic"):
            topics.add(sqlite, bad, "en", None)


def test_the_link_of_an_item_in_a_newsletter_makes_an_action_complete(sqlite):
    asks = replace(FOUND, kind=Kind.ACTION, url="https://letter.example/lifts")
    newsletter(sqlite, asks, replace(asks, title="Too long", url=f"https://letter.example/{'x' * 2000}"))
    assert [each.item.url for each in intake.listing(sqlite)] == ["https://letter.example/lifts", None]
    made, left = intake.ready(sqlite, None, NOW)
    assert ([each.item.title for each in made], [each.item.title for each in left]) == (["The march"], ["Too long"])
