"""Subscribers and suppressions in the store, on every server that digest runs on."""

from records import NOW, people
from sqlmodel import col

from digest.core.address import parse
from digest.store import subscribers, suppressions, topics
from digest.store.subscribers import New
from digest.store.tables import SubscriberRow


def test_a_subscriber_is_stored_and_given_back(database):
    with database.write() as session:
        [one, *_] = people(session, 3)
        person = subscribers.by_id(session, one)
        assert (
            person
            == subscribers.by_key(session, "p0@example.net")
            == subscribers.by_keys(session, ["p0@example.net"])[person.key]
        )
        assert (person.name, person.state, person.interests) == ("P0", "active", {"housing": 1})
        subscribers.put(
            session, New(parse("P0@example.net"), "", "es", {"work": 1}), state="paused", now=NOW, previous=person
        )
        changed = subscribers.by_id(session, one)
        assert (changed.email, changed.language, changed.state, changed.interests) == (
            "P0@example.net",
            "es",
            "paused",
            {"work": 1},
        )
        assert topics.followers(session) == {"housing": 2, "work": 1}
        assert (subscribers.count(session), subscribers.count(session, "active")) == (3, 2)


def test_numbers_of_subscribers_added_in_bulk_come_in_their_order(database):
    with database.write() as session:
        ids = people(session, 1500)
        assert [subscribers.by_id(session, ids[at]).email for at in (0, 700, 1499)] == [
            "p0@example.net", "p700@example.net", "p1499@example.net",
        ]  # fmt: skip


def test_keyset_pages_give_everyone_once_while_people_come_and_go(database):
    with database.write() as session:
        ids = people(session, 25)
    seen, after = [], 0
    while True:
        with database.write() as session:
            page = subscribers.page(session, after=after, limit=10, state="active")
            subscribers.set_state(session, ids[0], "unsubscribed", NOW)  # gone already
            subscribers.set_state(session, ids[20], "unsubscribed", NOW)  # not reached yet
        if not page:
            break
        seen += [person.id for person in page]
        after = page[-1].id
    assert seen == [each for each in ids if each != ids[20]]


def test_a_number_is_never_given_to_another_person(database):
    """Unsubscribe tokens carry it, and outlive the person."""
    with database.write() as session:
        *_, last = people(session, 3)
        session.execute(SubscriberRow.__table__.delete().where(col(SubscriberRow.id) == last))
    with database.write() as session:
        [new] = subscribers.add_many(session, [New(parse("new@example.net"), "", "en", {})], NOW)
    assert new > last


def test_the_first_reason_of_a_suppression_stays(database):
    with database.write() as session:
        suppressions.put(session, "h", "complaint", NOW)
        suppressions.put(session, "h", "unsubscribed", NOW)
        assert [each.reason for each in suppressions.of(session, "h")] == ["complaint"]
        assert suppressions.among(session, ["h", "i"]) == {"h"}


def test_the_canary_knows_the_pepper_again(database):
    with database.write() as session:
        assert suppressions.canary(session, "right", NOW)
    with database.write() as session:
        assert suppressions.canary(session, "right", NOW)
        assert not suppressions.canary(session, "wrong", NOW)
        assert suppressions.among(session, ["right"]) == set()
