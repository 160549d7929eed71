"""Items and topics in the store, on every server that digest runs on."""

from dataclasses import replace
from datetime import timedelta

import pytest
from records import ITEM, NOW, put_item

from digest.core.item import Status
from digest.store import items, topics


def test_an_item_is_stored_and_given_back_whole(database):
    with database.write() as session:
        item_id = put_item(session)
    with database.read() as session:
        stored = items.by_id(session, item_id)
        assert stored == items.by_uid(session, "u") == items.by_content(session, "u")
        assert items.listing(session) == items.from_source(session, "file:a.md") == [stored]
    assert stored.item == ITEM
    assert (stored.status, stored.uid, stored.html, stored.ready_at) == (Status.READY, "u", "<p>", NOW)


def test_an_item_in_place_of_another_keeps_its_number_and_the_day_it_was_ready(database):
    with database.write() as session:
        item_id = put_item(session)
        later = NOW + timedelta(days=1)
        new = replace(ITEM, title="New", topics=("work",))
        assert put_item(session, new, previous=items.by_id(session, item_id), now=later) == item_id
        stored = items.by_id(session, item_id)
        assert (stored.item, stored.ready_at) == (new, NOW)
        items.set_status(session, stored, Status.ARCHIVED, later)
        items.set_status(session, stored, Status.READY, later)
        assert items.by_id(session, item_id).ready_at == later
        items.remove(session, item_id)
        assert items.by_id(session, item_id) is None
        assert topics.topic_counts(session) == {"housing": 0, "water": 0, "work": 0}


def test_what_the_table_would_swallow_is_checked_before_it(database):
    with database.write() as session:
        for wrong in ({"title": ""}, {"title": "x" * 301}, {"priority": 101}, {"venue": "x" * 501}):
            with pytest.raises(ValueError, match=next(iter(wrong))):
                put_item(session, replace(ITEM, **wrong))
        assert items.listing(session) == []


def test_no_item_has_a_number_beyond_all_numbers(database):
    with database.read() as session:
        assert items.by_id(session, 10**30) is None


def test_a_topic_has_a_name_in_each_language(database):
    with database.write() as session:
        assert topics.topic_ids(session, ["public-libraries", "housing", "housing"]).keys() == {
            "public-libraries",
            "housing",
        }
        topics.name_topic(session, "housing", "es", "Vivienda")
        topics.name_topic(session, "water", "en", "Clean water")
    with database.read() as session:
        assert topics.topic_names(session) == {
            "housing": {"en": "Housing", "es": "Vivienda"},
            "public-libraries": {"en": "Public libraries"},
            "water": {"en": "Clean water"},
        }
