"""One item in several languages: tied to its original, chosen once, and away when that is away."""

from datetime import UTC, datetime, timedelta

import pytest

from digest.core.item import Status
from digest.core.slot import Schedule
from digest.pipeline import assemble, intake
from digest.store import editions

NOW = datetime(2026, 3, 14, 9, tzinfo=UTC)
PLAN = assemble.Plan(Schedule.parse("sun 09:00", "UTC"), timedelta(hours=24), timedelta(hours=6), 4, False)
MARCH = "kind: event\ntitle: The march\nstarts: 2026-04-01T10:00\nvenue: The quay"
MARCHA = "kind: event\ntitle: La marcha\nlanguage: es\ntranslation_of: the-march"


@pytest.fixture
def add(sqlite, tmp_path):
    """Write items (name → front matter) and add them all."""

    def act(now=NOW, keep_going=False, **files):
        for name, front in files.items():
            (tmp_path / f"{name}.md").write_text(f"---\n{front}\n---\n\nWords of {name}.\n")
        return intake.add(sqlite, [tmp_path], timezone="UTC", now=now, keep_going=keep_going)

    return act


def assembled(db, now=NOW):
    """The titles in the edition, each with its translations, and what is left out of it."""
    period = assemble.assemble(db, PLAN, period=None, now=now, words=assemble.Words(), languages=())
    with db.read() as session:
        row = editions.find(session, period)
        frozen = editions.items(session, row.id)
        left = {each["title"]: each["reason"] for each in row.left_out}
    return [[version.item.title for version in each.versions] for each in frozen], left


def test_an_original_and_its_translation_are_one_item(add, sqlite):
    added = add(a_marcha=MARCHA, z_march=MARCH).added
    assert [each.item.title for each in added] == ["The march", "La marcha"], "whatever the order of the files"
    assert all(each.status is Status.READY for each in added), "the translation's place and time are its original's"
    assert assembled(sqlite) == ([["The march", "La marcha"]], {})
    stored, [other] = intake.show(sqlite, added[0].id)
    assert (other.item.title, other.original) == ("La marcha", stored.id)


def test_adding_it_again_changes_nothing_and_its_file_names_the_original_for_good(add, sqlite, tmp_path):
    march, marcha = add(march=MARCH, marcha=MARCHA).added
    assert len(add().unchanged) == 2
    (tmp_path / "copy.md").write_bytes((tmp_path / "marcha.md").read_bytes())
    assert len(add().unchanged) == 3, "a copy of the file is the same item"
    shown = intake.as_file(marcha)
    assert f"translation_of: {march.uid}\n" in shown
    (tmp_path / "marcha.md").unlink()
    (tmp_path / "copy.md").write_text(shown.replace("La marcha", "La gran marcha"))
    assert [each.item.title for each in add(march=f"{MARCH} and the bridge").updated] == ["The march", "La gran marcha"]


@pytest.mark.parametrize(
    ("front", "reason"),
    [
        (MARCHA.replace("the-march", "la-marche"), "there is no item “la-marche”"),
        (MARCHA.replace("es", "en"), "item 1 is in “en” too"),
        (MARCHA.replace("the-march", "der-marsch"), "item 3 is itself a translation"),
        (MARCHA.replace("es", "de"), "item 3 is its translation into “de” already"),
        (MARCHA.replace("the-march", "picnic"), "items 2 and 4 are both called “picnic”"),
    ],
)
def test_a_translation_of_nothing_is_refused_with_all_that_came_with_it(add, sqlite, front, reason):
    picnic = "kind: news\ntitle: Picnic"
    marsch = MARCHA.replace("La marcha", "Der Marsch").replace("es", "de")
    add(a=MARCH, b=picnic)
    add(c=marsch)
    add(d=picnic + "\npriority: 1")
    result = add(e="kind: news\ntitle: Other", x=front)
    assert [(each.line, each.field) for each in result.rejected] == [(5, "translation_of")]
    assert result.rejected[0].reason.startswith(reason)
    assert (result.applied, len(intake.listing(sqlite))) == (False, 4)
    assert [each.item.title for each in add(keep_going=True).added] == ["Other"]


def test_an_original_does_not_become_a_translation(add):
    add(march=MARCH, marcha=MARCHA, other="kind: news\ntitle: Other")
    [rejected] = add(march=MARCH + "\nlanguage: pt\ntranslation_of: other").rejected
    assert rejected.reason.startswith("it has translations of its own")


def test_what_waits_or_has_lost_its_original_says_so(add, sqlite):
    add(march=MARCH.replace("\nvenue: The quay", ""), marcha=MARCHA)
    assert assembled(sqlite)[1] == {
        "The march": "it is a draft; it lacks venue", "La marcha": "it goes with item 1, which is left out",
    }  # fmt: skip
    add(march=MARCH, marcha=MARCHA + "\nstatus: draft")
    assert assembled(sqlite) == ([["The march"]], {"La marcha": "it is a draft; nobody made it ready"})
    intake.archive(sqlite, [1], NOW)
    assert [each.status for each in intake.listing(sqlite)] == [Status.ARCHIVED] * 2
    assert assembled(sqlite) == ([], {})


def test_a_translation_is_out_of_date_when_its_original_has_changed_since(add, sqlite):
    def stale():
        assemble.assemble(sqlite, PLAN, period=None, now=NOW, words=assemble.Words(), languages=())
        with sqlite.read() as session:
            [each] = editions.items(session, editions.find(session, "latest").id)
            return [one.stale for one in each.translations]

    add(march=MARCH + "\nstatus: draft", marcha=MARCHA)
    intake.ready(sqlite, [1], NOW + timedelta(hours=1))
    assert stale() == [False], "to be made ready is no change"
    add(march=MARCH + " and the bridge", now=NOW + timedelta(hours=1))
    assert stale() == [True]
    add(marcha=MARCHA.replace("La marcha", "La marcha y el puente"), now=NOW + timedelta(hours=2))
    assert stale() == [False]
