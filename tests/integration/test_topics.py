"""Topics that come by a slip of the pen: told when they come, and merged into the one that was meant."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from stored import NOW, installation, put, subscribe

from digest.core.address import parse
from digest.core.errors import Refused
from digest.pipeline import assemble, dispatch, intake, topics
from digest.store import confirmations, editions, subscribers


@pytest.fixture
def here(sqlite, tmp_path):
    return installation(sqlite, tmp_path / "templates", postal_address="Harbour House, 3 Quay Street")


@pytest.fixture
def either(database):
    """No more of an installation than its database, of either kind."""
    return SimpleNamespace(database=database)


def draft(here):
    languages = here.compiler.languages()
    period = assemble.assemble(
        here.database, here.plan, period=None, now=NOW, words=assemble.Words(), languages=languages
    )
    with here.database.read() as session:
        return editions.find(session, period).identity


def counts(here):
    return {each.slug: (each.items, each.followers) for each in topics.listing(here.database)}


def follows(here, email):
    with here.database.read() as session:
        [person] = [each for each in subscribers.page(session, after=0, limit=9, state="active") if each.email == email]
        return person.interests


def test_items_tell_which_topics_they_make(here, tmp_path: Path):
    put(here, "Lifts mended", ["repairs"])
    path = tmp_path / "item.md"
    path.write_text(
        "---\nkind: news\ntitle: Roof mended\ntopics: [repair, bins, repairs]\n---\n\nAt last.\n", encoding="utf-8"
    )

    def add():
        return intake.add(here.database, [path], timezone="UTC", now=NOW).new_topics

    assert add() == {"bins": [], "repair": ["repairs"]}
    assert add() == {}


def test_a_topic_that_is_used_goes_only_into_another(here):
    put(here, "Roof mended", ["repair", "bins"])
    put(here, "Lifts mended", ["repairs", "repair"])
    put(here, "Stairs mended", ["repair"])
    subscribe(here, "ana@example.org", topics=["repair", "bins"])
    subscribe(here, "ben@example.org", topics=["repair", "repairs"])
    edition_id = draft(here)
    with pytest.raises(Refused, match=r"“repair” has 3 items and 2 who follow it; say --into TOPIC"):
        topics.remove(here.database, "repair", None)
    for slug, into, why in (("repair", "repairz", "no topic “repairz”"), ("repair", "repair", "into itself")):
        with pytest.raises(Refused, match=why):
            topics.remove(here.database, slug, into)
    assert counts(here) == {"bins": (1, 1), "repair": (3, 2), "repairs": (1, 1)}

    topics.remove(here.database, "repair", "repairs")
    assert counts(here) == {"bins": (1, 1), "repairs": (3, 2)}
    assert follows(here, "ana@example.org") == {"bins": 1, "repairs": 1}
    with here.database.read() as session:
        frozen = {each.item.title: set(each.item.topics) for each in editions.items(session, edition_id)}
    assert frozen == {"Roof mended": {"repairs", "bins"}, "Lifts mended": {"repairs"}, "Stairs mended": {"repairs"}}


def test_who_follows_both_keeps_the_greater_weight(either):
    put(either, "Roof mended", ["repair", "repairs"])
    with either.database.write() as session:
        for email, weights in (
            ("a@example.org", {"repair": 5, "repairs": 2}),
            ("b@example.org", {"repair": 2, "repairs": 5}),
        ):
            entry = subscribers.New(parse(email), "", "en", weights)
            subscribers.add_many(session, [entry], NOW)
    topics.remove(either.database, "repair", "repairs")
    assert (follows(either, "a@example.org"), follows(either, "b@example.org")) == ({"repairs": 5}, {"repairs": 5})


def test_who_waits_to_confirm_counts_and_is_moved_too(either):
    put(either, "Roof mended", ["repairs"])
    topics.add(either.database, "Repair", "en", None)
    asked = {
        "email": "zoe@example.org", "language": "en", "topics": "bins;repair;repairs", "frequency": "weekly", "wording": "Yes.",
        "version": "1", "source": "form", "proof": "",
    }  # fmt: skip
    with either.database.write() as session:
        confirmations.put(session, "zoe@example.org", None, NOW, asked)
    with pytest.raises(Refused, match="has 0 items and 1 who follows it"):
        topics.remove(either.database, "repair", None)
    topics.remove(either.database, "repair", "repairs")
    with either.database.read() as session:
        assert [row.topics for row in confirmations.waiting(session)] == ["bins;repairs"]


def test_an_edition_on_its_way_keeps_its_topics(here):
    put(here, "Roof mended", ["repair"])
    put(here, "Lifts mended", ["repairs"])
    subscribe(here, "ana@example.org", topics=["repairs"])
    edition_id = draft(here)
    assert "Nobody follows its topic “repair”; there is “repairs”, which people follow." in [
        each.what for each in dispatch.check(here.office, edition_id)
    ]
    dispatch.approve_checked(here.office, edition_id, "staff")
    with pytest.raises(
        Refused, match=r"Edition 2026-W11 is on its way and has items about “repair”; wait until it is sent"
    ):
        topics.remove(here.database, "repair", "repairs")
    topics.add(here.database, "Nothing", "en", None)
    topics.remove(here.database, "nothing", None)
    assert counts(here) == {"repair": (1, 0), "repairs": (1, 1)}
