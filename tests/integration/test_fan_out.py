"""Fan-out: everyone active once, with their own selection, whatever interrupts it; complete or not counted as done."""

import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from digest.core.address import parse
from digest.core.delivery import Balance
from digest.core.edition import EditionItem, EditionState
from digest.core.headers import Sender
from digest.core.item import Item, Kind
from digest.core.token import Keyring, Purpose
from digest.core.when import When
from digest.pipeline import fan_out
from digest.store import deliveries, editions, subscribers
from digest.store.subscribers import New

NOW = datetime(2026, 3, 15, 9, tzinfo=UTC)
RING = Keyring("a secret")
SENDER = Sender("Weekly", "Weekly", "weekly@harbour.example", None, None, None, RING)
WORDS = SimpleNamespace(greeting=lambda language, name: f"{language} {name}", why=lambda *_: "why")
FROZEN = (
    EditionItem(1, 1, Item(Kind.ACTION, "Over at noon", "b", ("water",), deadline=When.parse("2026-03-15T12:00")), ""),
    EditionItem(2, 2, Item(Kind.NEWS, "Water", "b", ("water",)), ""),
    EditionItem(3, 3, Item(Kind.NEWS, "Housing", "b", ("housing",)), ""),
)


class Interrupted(Exception):
    """Power failed."""


@pytest.fixture
def run(sqlite, monkeypatch):
    """Seven active subscribers, chunks of three, an edition that is sending."""
    monkeypatch.setattr(fan_out, "CHUNK", 3)
    topics = [("water",), ("housing",), ("nothing-here",), (), ("water", "housing"), (), ("water",)]
    with sqlite.write() as session:
        new = [
            New(parse(f"p{n}@example.net"), f"P{n}", "es" if n % 2 else "en", dict.fromkeys(each, 1))
            for n, each in enumerate(topics)
        ]
        ids = subscribers.add_many(session, new, NOW)
        [gone] = subscribers.add_many(session, [New(parse("gone@example.net"), "", "en", {})], NOW, "unsubscribed")
        edition_id = editions.create(session, "2026-W11", NOW, "UTC", EditionState.SENDING).id
        editions.freeze(session, edition_id, FROZEN, [], NOW)

    def act(now=NOW, progress=None):
        fan_out.fan_out(sqlite, SimpleNamespace(compiler=WORDS, limit=2), SENDER, edition_id, now, progress)

    def rows():
        with sqlite.read() as session:
            return deliveries.page(session, edition_id), editions.get(session, edition_id).fanned_out_at

    def balance():
        with sqlite.read() as session:
            return deliveries.balance(session, edition_id)

    return SimpleNamespace(act=act, rows=rows, balance=balance, db=sqlite, ids=ids, gone=gone, edition_id=edition_id)


def test_everyone_active_has_a_delivery_of_their_own(run):
    told = []
    run.act(progress=lambda done, total: told.append((done, total)))
    rows, fanned_out = run.rows()
    assert told == [(3, 7), (6, 7), (7, 7)]
    assert fanned_out == NOW
    assert [row.subscriber_id for row in rows] == run.ids
    assert run.balance() == Balance(7, 0, 0, 0, 0, 7)
    chosen = [json.loads(row.selection)["items"] for row in rows]
    assert chosen == [[1, 2], [1, 3], [1, 3], [1, 3], [1, 3], [1, 3], [1, 2]]
    assert json.loads(rows[1].selection)["greeting"] == "es P1"
    for row in rows:
        assert RING.verify(Purpose.MESSAGE, row.message_id[1:25]) == row.id
        assert (row.domain, row.state, row.attempts) == ("example.net", "pending", 0)


def test_again_is_nothing_at_all(run):
    run.act()
    before, _ = run.rows()
    with run.db.write() as session:
        subscribers.add_many(session, [New(parse("new@example.net"), "", "en", {})], NOW)
    run.act(NOW + timedelta(hours=1))
    assert run.rows() == (before, NOW)


@pytest.mark.parametrize("chunks", [1, 2, 3])
def test_an_interruption_is_made_good_without_doubling(run, chunks):
    def interrupt(done, _total):
        if done >= min(chunks * 3, 7):
            raise Interrupted

    with pytest.raises(Interrupted):
        run.act(progress=interrupt)
    before, fanned_out = run.rows()
    assert len(before) == min(chunks * 3, 7)
    assert fanned_out is None, "not complete, not done"
    with run.db.write() as session:
        subscribers.set_state(session, run.ids[-1], "unsubscribed", NOW)
    run.act(NOW + timedelta(hours=1))
    after, fanned_out = run.rows()
    assert fanned_out == NOW + timedelta(hours=1)
    assert after[: len(before)] == before
    assert len({row.message_id for row in after}) == len({row.subscriber_id for row in after}) == len(after)
    assert len(after) == (7 if chunks == 3 else 6)


def test_who_would_get_nothing_is_counted_as_skipped(run):
    with run.db.write() as session:
        editions.freeze(session, run.edition_id, FROZEN[:1], [], NOW)
    run.act(NOW + timedelta(hours=3))
    assert run.balance() == Balance(7, 0, 0, 7, 0, 0)
    assert {row.last_reply for row in run.rows()[0]} == {"nothing to say"}


def test_nobody_to_send_to_is_done_at_once(run):
    with run.db.write() as session:
        for each in run.ids:
            subscribers.set_state(session, each, "unsubscribed", NOW)
    run.act()
    assert run.rows() == ([], NOW)


def test_once_a_month_is_the_first_edition_of_the_month_that_reaches_them(run):
    with run.db.write() as session:
        [person] = subscribers.page(session, limit=1)
        entry = New(parse(person.email), "", "en", {}, frequency="monthly")
        subscribers.put(session, entry, state="active", now=NOW, previous=person)

    def edition(period, slot, becomes="accepted"):
        with run.db.write() as session:
            edition_id = editions.create(session, period, slot, "Europe/Madrid", EditionState.SENDING).id
            editions.freeze(session, edition_id, FROZEN[1:], [], NOW)
        fan_out.fan_out(run.db, SimpleNamespace(compiler=WORDS, limit=2), SENDER, edition_id, NOW)
        with run.db.write() as session:
            [row] = [each for each in deliveries.page(session, edition_id) if each.subscriber_id == person.id]
            state, row.state = row.state, becomes if row.state == "pending" else row.state
            session.add(row)
            return state, deliveries.balance(session, edition_id).eligible

    end_of_march = datetime(2026, 3, 31, 23, tzinfo=UTC)  # in Madrid it is April
    assert edition("2026-W10", NOW - timedelta(days=7), becomes="failed") == ("pending", 7)
    assert edition("2026-W12", NOW + timedelta(days=7)) == ("pending", 7)
    assert edition("2026-W13", NOW + timedelta(days=14)) == ("skipped", 7)
    assert edition("2026-W14", end_of_march) == ("pending", 7)
    assert edition("2026-W15", end_of_march + timedelta(days=7)) == ("skipped", 7)


def test_whoever_asked_for_a_pause_that_is_over_is_among_them(run):
    with run.db.write() as session:
        subscribers.set_state(session, run.ids[0], "paused", NOW, until=NOW)
        subscribers.set_state(session, run.ids[1], "paused", NOW, until=NOW + timedelta(seconds=1))
        subscribers.set_state(session, run.ids[2], "paused", NOW)
    run.act()
    assert [row.subscriber_id for row in run.rows()[0]] == [run.ids[0], *run.ids[3:]]
