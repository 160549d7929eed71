"""Editions in the store, on every server that digest runs on."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from records import ITEM, NOW, edition

from digest.core.edition import EditionItem, EditionState, EditionText
from digest.core.item import Item, Kind
from digest.core.message import Block
from digest.store import editions


def test_an_item_frozen_is_the_item_thawed(database):
    bare = Item(Kind.NEWS, "Bare")
    frozen = (EditionItem(7, 1, ITEM, "<p>é"), EditionItem(3, 2, bare, ""))
    with database.write() as session:
        edition_id = edition(session, state=EditionState.DRAFT)
        editions.freeze(session, edition_id, frozen, [{"id": 1, "title": "t", "reason": "r"}], NOW)
    with database.write() as session:
        assert editions.items(session, edition_id) == frozen
        editions.put_blocks(
            session, edition_id, "en", [Block("html", "head", ("a", "greeting", "é")), Block("text", "foot", ("z",))]
        )
        assert editions.blocks(session, edition_id) == {
            "en": (Block("html", "head", ("a", "greeting", "é")), Block("text", "foot", ("z",)))
        }
        text = EditionText("en", "Subject", "Pre", "Intro")
        editions.put_text(session, edition_id, replace(text, subject="Old"))
        editions.put_text(session, edition_id, text)
        assert editions.texts(session, edition_id) == {"en": text}
        editions.freeze(session, edition_id, frozen[:1], [], NOW)
        assert (editions.items(session, edition_id), editions.blocks(session, edition_id)) == (frozen[:1], {})


def test_who_makes_an_edition_first_has_made_it(database):
    barrier = threading.Barrier(4)

    def make(_):
        barrier.wait(10)
        with database.write() as session:
            row = editions.create(session, "2026-W11", NOW, "UTC", EditionState.DRAFT)
            return row and row.id

    with ThreadPoolExecutor(4) as pool:
        made = [each for each in pool.map(make, range(4)) if each]
    assert len(made) == 1
    with database.read() as session:
        assert [row.id for row in editions.listing(session)] == made


def test_an_edition_is_found_by_period_by_number_and_as_the_latest(database):
    with database.write() as session:
        assert editions.find(session, "latest") is None
        first, second = edition(session, "2026-W12"), edition(session, "2026-W11")
        found = {
            name: editions.find(session, name) for name in ("2026-W12", "1", "2", "latest", "²", "9" * 30, "3", "x")
        }
    assert {name: row and row.id for name, row in found.items()} == {
        "2026-W12": first, "1": first, "2": second, "latest": second, "²": None, "9" * 30: None, "3": None, "x": None,
    }  # fmt: skip


def test_a_move_happens_only_from_where_it_was_expected(database):
    with database.write() as session:
        edition_id = edition(session, state=EditionState.DRAFT)
        assert editions.move(session, edition_id, [EditionState.DRAFT], EditionState.APPROVED, approved_by="x")
        assert not editions.move(session, edition_id, [EditionState.DRAFT], EditionState.APPROVED, approved_by="y")
    with database.read() as session:
        row = editions.get(session, edition_id)
        assert (row.state, row.approved_by) == ("approved", "x")
        assert editions.in_states(session, EditionState.APPROVED) == [row]
        assert editions.in_states(session, EditionState.DRAFT) == []
