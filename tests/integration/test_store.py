"""The store, on every server that digest runs on: one suite, the same statements, the same answers."""

import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, select, text, update
from sqlalchemy.exc import StatementError
from sqlmodel import SQLModel, col

from digest.core.address import parse
from digest.core.delivery import ALLOWED, Balance, State
from digest.core.edition import EditionItem, EditionState, EditionText
from digest.core.errors import Misconfigured, Refused, TryAgain
from digest.core.item import Item, Kind, Status
from digest.core.message import Block
from digest.core.when import When
from digest.store import clock, deliveries, editions, events, items, owners, pacing, subscribers, suppressions, topics
from digest.store.database import Database
from digest.store.subscribers import New
from digest.store.tables import DeliveryRow, SubscriberRow

NOW = datetime(2026, 3, 15, 9, tzinfo=UTC)
D = DeliveryRow
ITEM = Item(
    Kind.EVENT, "Título «uno»: <b>", "Body\n\n- a", ("housing", "water"), "https://a.example", "Org", "By", "es",
    When.parse("2026-03-01"), "Europe/Madrid", When.parse("2026-03-20"), When.parse("2026-03-21T18:00"),
    When.parse("2026-03-22T01:30:15"), "The hall", "https://a.example/i.png", "alt", True, -3,
)  # fmt: skip


def put_item(session, item=ITEM, *, uid="u", previous=None, status=Status.READY, now=NOW):
    return items.put(
        session,
        item,
        status=status,
        source="file:a.md",
        uid=uid,
        html="<p>",
        content_hash=uid,
        now=now,
        previous=previous,
    )


def edition(session, period="2026-W11", state=EditionState.SENDING):
    row = editions.create(session, period, NOW, "UTC", state)
    editions.set_values(session, row.id, expires_at=NOW + timedelta(days=3))
    return row.id


def people(session, count=3):
    new = [New(parse(f"p{number}@example.net"), f"P{number}", "en", {"housing": 1}) for number in range(count)]
    return subscribers.add_many(session, new, NOW)


def rows(edition_id, ids, **values):
    common = {"domain": "example.net", "language": "en", "selection": "{}", "state": State.PENDING, "attempts": 0}
    return [
        {"edition_id": edition_id, "subscriber_id": each, "address": f"p{each}@example.net", **common, **values}
        for each in ids
    ]


@pytest.fixture
def ledger(database):
    """An edition that is sending, with ten deliveries: the database, the edition's and the deliveries' numbers."""
    with database.write() as session:
        edition_id = edition(session)
        new = rows(edition_id, people(session, 10))
        ids = list(deliveries.numbers(session, len(new)))
        deliveries.insert_new(session, [row | {"id": number} for row, number in zip(new, ids, strict=True)])
    return database, edition_id, ids


def states(database):
    with database.read() as session:
        return [State(state) for state in session.scalars(select(col(D.state)).order_by(col(D.id)))]


# The schema, and what refuses to work on another one.


@pytest.mark.parametrize("server", ["sqlite", "postgres"])
def test_migrating_from_nothing_makes_what_the_models_say(new_url, server):
    database = Database(new_url(server))
    with pytest.raises(Refused, match="digest init"):
        database.require()
    database.migrate()
    database.migrate()
    database.require()
    with database.engine.connect() as connection:
        options = {"compare_type": True, "target_metadata": SQLModel.metadata}
        assert compare_metadata(MigrationContext.configure(connection, opts=options), SQLModel.metadata) == []
    assert {*inspect(database.engine).get_table_names()} == {*SQLModel.metadata.tables, "alembic_version"}
    database.dispose()


MIGRATE = "import sys; from digest.store.database import Database; sys.stdin.read(); Database(sys.argv[1]).migrate()"


def test_two_that_migrate_at_once_make_one_database(new_url):
    url = new_url("sqlite")
    both = [subprocess.Popen([sys.executable, "-c", MIGRATE, url], stdin=subprocess.PIPE) for _ in range(2)]
    for process in both:
        process.stdin.close()
    assert [process.wait(60) for process in both] == [0, 0]
    database = Database(url)
    database.require()
    database.dispose()


def test_whoever_comes_first_waits_for_another_program_that_writes(tmp_path):
    path = tmp_path / "digest.db"
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other:
        other.execute("CREATE TABLE t (x)")
        other.execute("BEGIN IMMEDIATE")
        threading.Timer(0.2, other.rollback).start()
        database = Database(f"sqlite:///{path}")
        with database.engine.connect() as connection:
            assert connection.scalar(text("PRAGMA journal_mode")) == "wal"
        database.dispose()


def test_a_newer_database_is_left_alone(database):
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    for refused in (database.require, database.migrate):
        with pytest.raises(Refused, match=r"newer version \(9999\).*nothing was changed"):
            refused()
    with database.engine.connect() as connection:
        assert connection.scalar(text("SELECT version_num FROM alembic_version")) == "9999"


@pytest.mark.parametrize(
    "url", ["", "x", "mysql://a/b", "nosuch://x", "sqlite://", "sqlite:///:memory:", "postgresql://a:b:c/d"]
)
def test_a_url_that_cannot_be_used_is_named_without_its_secrets(url):
    with pytest.raises(Misconfigured, match="DIGEST_DATABASE_URL") as caught:
        Database(url)
    assert "alchemy" not in str(caught.value).lower()


def test_what_drivers_say_becomes_a_sentence(tmp_path):
    (tmp_path / "a.db").write_bytes(b"no database at all " * 500)
    with pytest.raises(Refused, match="is not a database; move it away"):
        Database(f"sqlite:///{tmp_path}/a.db").require()
    with pytest.raises(Refused, match="There is no database at"):
        Database(f"sqlite:///{tmp_path}/b.db").require()
    with pytest.raises(Refused, match="cannot be made"):
        Database(f"sqlite:///{tmp_path}/a.db/c/d.db").migrate()
    with pytest.raises(TryAgain, match="did not answer"):
        Database("postgresql://nobody:hunter2@127.0.0.1:1/none?connect_timeout=1").require()


def test_a_damaged_file_is_called_damaged(sqlite):
    with sqlite.write() as session:
        people(session, 300)
    sqlite.dispose()
    raw = bytearray(sqlite.file.read_bytes())
    raw[8192:] = b"\x55" * (len(raw) - 8192)
    sqlite.file.write_bytes(raw)
    with pytest.raises(Refused, match="is damaged; restore it from a backup"), sqlite.read() as session:
        subscribers.page(session)


def write_to(database):
    with database.write() as session:
        people(session, 1)


def test_a_locked_database_says_so_and_nothing_is_changed(sqlite, monkeypatch):
    monkeypatch.setattr("digest.store.database.PRAGMAS", ("busy_timeout=0",))
    impatient = Database(f"{sqlite.url}")
    with sqlite.write() as session:
        people(session, 1)
        with pytest.raises(TryAgain, match="is locked by another program; nothing was changed"):
            write_to(impatient)
    impatient.dispose()


def test_a_full_disk_says_so_and_nothing_is_changed(sqlite):
    def fill():
        with sqlite.write() as session:
            pages = session.connection().exec_driver_sql("PRAGMA page_count").scalar()
            session.connection().exec_driver_sql(f"PRAGMA max_page_count={pages}")
            people(session, 3000)

    with pytest.raises(TryAgain, match=r"is full or failing.*nothing was changed"):
        fill()
    with sqlite.read() as session:
        assert subscribers.count(session) == 0


# Instants.


def test_instants_come_back_aware_and_in_utc(database):
    local = datetime(2026, 3, 15, 9, 0, 0, 123456, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    with database.write() as session:
        assert clock.note(session, local) is None
    with database.write() as session:
        noted = clock.note(session, NOW)
    assert noted == local
    assert noted.tzinfo is UTC
    with database.write() as session:
        assert clock.note(session, NOW) == NOW


def test_a_naive_time_is_refused(database):
    with pytest.raises((StatementError, ValueError), match="naive time"), database.write() as session:
        clock.note(session, datetime(2026, 3, 15, 9))  # noqa: DTZ001  that is the point


# Items.


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


# Subscribers.


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


# Editions.


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


# The ledger.


def test_fanning_out_again_adds_nothing(ledger):
    database, edition_id, ids = ledger
    with database.write() as session:
        others = subscribers.page(session)
        again = rows(edition_id, [person.id for person in others])
        numbers = deliveries.numbers(session, len(again))
        assert min(numbers) > max(ids)
        deliveries.insert_new(session, [row | {"id": at} for row, at in zip(again, numbers, strict=True)])
        assert [row.id for row in deliveries.page(session, edition_id, after=ids[6])] == ids[7:]
        assert deliveries.balance(session, edition_id) == Balance(10, 0, 0, 0, 0, 10)


def test_two_owners_never_claim_the_same(ledger):
    database, edition_id, ids = ledger
    barrier = threading.Barrier(2)
    taken = {"a": [], "b": []}

    def take(owner):
        with database.writing_connection() as connection:
            barrier.wait(10)
            while True:
                with connection.begin():
                    got = pacing.claim(connection, edition_id, owner, NOW, 2).rows
                if not got:
                    return
                taken[owner] += got

    threads = [threading.Thread(target=take, args=(owner,)) for owner in taken]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(each.id for owner in taken.values() for each in owner) == ids
    with database.read() as session:
        assert deliveries.owners(session) <= {"a", "b"}


def test_only_what_is_due_is_claimed_and_in_order(ledger):
    database, edition_id, ids = ledger
    with database.write() as session:
        for each, wait in ((ids[0], 1), (ids[1], 0)):
            session.execute(update(D).where(col(D.id) == each).values(not_before=NOW + timedelta(seconds=wait)))
    with database.writing_connection() as connection, connection.begin():
        claimed = pacing.claim(connection, edition_id, "a", NOW, 3).rows
    assert [each.id for each in claimed] == ids[1:4]
    assert claimed[0].address.endswith("@example.net")


def _subscriber(state):
    return lambda session, _edition, person: subscribers.set_state(session, person, state, NOW)


def _edition(**values):
    return lambda session, edition_id, _person: editions.set_values(session, edition_id, **values)


@pytest.mark.parametrize(
    ("happens", "why"),
    [
        (_subscriber("unsubscribed"), "unsubscribed"),
        (_subscriber("suppressed"), "suppressed"),
        (_edition(state="cancelled"), "the edition was cancelled"),
        (_edition(expires_at=NOW), "the edition expired"),
        (_edition(state="paused"), None),
    ],
)
def test_no_mark_for_mail_that_is_not_wanted_any_more(ledger, happens, why):
    database, edition_id, _ = ledger
    with database.writing_connection() as connection:
        with connection.begin():
            [claimed] = pacing.claim(connection, edition_id, "a", NOW, 1).rows
        with database.write() as session:
            happens(session, edition_id, claimed.subscriber_id)
        with connection.begin():
            assert not deliveries.mark(connection, [claimed.id], "a", NOW)
            assert deliveries.why_unmarked(connection, claimed.id, NOW) == why
    assert states(database)[0] is State.CLAIMED


def test_no_mark_for_another_owner_and_none_twice(ledger):
    database, edition_id, ids = ledger
    with database.writing_connection() as connection, connection.begin():
        pacing.claim(connection, edition_id, "a", NOW, 1)
        assert not deliveries.mark(connection, [ids[0]], "b", NOW)
        assert not deliveries.mark(connection, [ids[1]], "a", NOW)
        assert deliveries.mark(connection, [ids[0]], "a", NOW)
        assert not deliveries.mark(connection, [ids[0]], "a", NOW)


def test_only_what_is_pending_is_taken_whoever_asks(ledger):
    database, edition_id, ids = ledger
    with database.writing_connection() as connection, connection.begin():
        pacing.claim(connection, edition_id, "a", NOW, 1)
        assert [each.id for each in deliveries.take(connection, ids[:2], "b")] == [ids[1]]
        assert deliveries.take(connection, ids[:2], "a") == []


def test_a_cancellation_skips_only_what_is_not_begun(ledger):
    database, edition_id, ids = ledger
    with database.write() as session:
        pacing.claim(session.connection(), edition_id, "a", NOW, 2)
        deliveries.mark(session.connection(), [ids[0]], "a", NOW)
        deliveries.skip_open(session, edition_id, "the edition was cancelled")
        states = [deliveries.get(session, each).state for each in ids[:3]]
    assert states == ["transmitting", "claimed", "skipped"]


def test_an_acceptance_is_of_what_is_transmitting_and_the_owners(ledger):
    database, edition_id, ids = ledger

    def accepted(connection, owner):
        deliveries.accept(connection, [deliveries.Acceptance(ids[0], "250 ok", "1", NOW)], owner)
        return connection.scalar(select(col(D.state)).where(col(D.id) == ids[0])) == State.ACCEPTED

    with database.writing_connection() as connection, connection.begin():
        pacing.claim(connection, edition_id, "a", NOW, 1)
        assert not accepted(connection, "a")
        deliveries.mark(connection, [ids[0]], "a", NOW)
        assert not accepted(connection, "b")
        assert accepted(connection, "a")


def test_who_was_erased_gets_no_mark(ledger):
    database, edition_id, _ = ledger
    with database.writing_connection() as connection, connection.begin():
        [claimed] = pacing.claim(connection, edition_id, "a", NOW, 1).rows
        connection.execute(update(D).where(col(D.id) == claimed.id).values(subscriber_id=None, address=None))
        assert not deliveries.mark(connection, [claimed.id], "a", NOW)
        assert deliveries.why_unmarked(connection, claimed.id, NOW) == "erased"


def test_a_result_is_recorded_once_and_by_its_owner(ledger):
    database, edition_id, ids = ledger
    with database.writing_connection() as connection, connection.begin():
        pacing.claim(connection, edition_id, "a", NOW, 1)
        deliveries.mark(connection, [ids[0]], "a", NOW)
        outcome = (State.TRANSMITTING, State.ACCEPTED)
        assert not deliveries.finish(connection, ids[0], "b", *outcome, accepted_at=NOW)
        assert not deliveries.finish(connection, ids[0], "a", State.CLAIMED, State.FAILED)
        assert deliveries.finish(connection, ids[0], "a", *outcome, accepted_at=NOW, last_reply="250 ok")
        assert not deliveries.finish(connection, ids[0], "a", *outcome, accepted_at=NOW + timedelta(1))
    with database.read() as session:
        row = deliveries.get(session, ids[0])
        assert (row.state, row.owner, row.attempts, row.accepted_at) == ("accepted", None, 1, NOW)


def test_what_a_dead_owner_held_is_settled(ledger):
    database, edition_id, ids = ledger
    with database.writing_connection() as connection, connection.begin():
        pacing.claim(connection, edition_id, "dead", NOW, 3)
        pacing.claim(connection, edition_id, "alive", NOW, 2)
        deliveries.mark(connection, [ids[0]], "dead", NOW)
        deliveries.mark(connection, [ids[3]], "alive", NOW)
    with database.write() as session:
        assert deliveries.owners(session) == {"dead", "alive"}
        assert deliveries.orphan(session, "dead") == (2, 1)
        assert deliveries.orphan(session, "dead") == (0, 0)
        assert deliveries.owners(session) == {"alive"}
        assert deliveries.balance(session, edition_id) == Balance(10, 0, 0, 0, 1, 9)
    assert states(database)[:5] == [State.UNCERTAIN, State.PENDING, State.PENDING, State.TRANSMITTING, State.CLAIMED]
    with database.writing_connection() as connection, connection.begin():
        deliveries.release(connection, "alive")
    assert states(database)[3:5] == [State.TRANSMITTING, State.PENDING]


@pytest.mark.parametrize(("state", "reply"), [(State.PENDING, None), (State.FAILED, "let be")])
def test_staff_settle_what_is_in_doubt_and_nothing_else(ledger, state, reply):
    database, edition_id, ids = ledger
    with database.write() as session:
        session.execute(update(D).where(col(D.id).in_(ids[:2])).values(state=State.UNCERTAIN, message_id=None))
        assert deliveries.settle_uncertain(session, edition_id, state, reply) == 2
        assert deliveries.settle_uncertain(session, edition_id, state, reply) == 0
    assert states(database) == [state] * 2 + [State.PENDING] * 8


def test_no_statement_makes_a_transition_that_does_not_exist(ledger):
    """Each one that changes a state, tried on a delivery in every state there is."""
    database, edition_id, ids = ledger
    one = ids[0]

    def attempt(before, act):
        with database.write() as session:
            held = "a" if before in (State.CLAIMED, State.TRANSMITTING) else None
            session.execute(update(D).where(col(D.id) == one).values(state=before, owner=held, bounced_at=None))
            act(session)
        after = states(database)[0]
        assert after is before or after in ALLOWED[before], (before, after)
        return after

    acts = {
        "claim": lambda s: pacing.claim(s.connection(), edition_id, "a", NOW, 1).rows,
        "mark": lambda s: deliveries.mark(s.connection(), [one], "a", NOW),
        "release": lambda s: deliveries.release(s.connection(), "a"),
        "orphan": lambda s: deliveries.orphan(s, "a"),
        "skip": lambda s: deliveries.skip_open(s, edition_id, "cancelled"),
        "resend": lambda s: deliveries.settle_uncertain(s, edition_id, State.PENDING, None),
        "let be": lambda s: deliveries.settle_uncertain(s, edition_id, State.FAILED, "let be"),
        "came back": lambda s: events.came_back(s, s.get_one(D, one), NOW),
    }
    for name, act in acts.items():
        assert any(attempt(before, act) is not before for before in State), name


def test_an_edition_has_open_deliveries_until_the_last_is_settled(ledger):
    database, edition_id, ids = ledger
    with database.write() as session:
        assert editions.has_open_deliveries(session, edition_id)
        session.execute(update(D).where(col(D.id) != ids[0]).values(state=State.ACCEPTED))
        assert editions.has_open_deliveries(session, edition_id)
        deliveries.skip_open(session, edition_id, "cancelled")
        assert not editions.has_open_deliveries(session, edition_id)
        assert deliveries.balance(session, edition_id) == Balance(10, 9, 0, 1, 0, 0)


# Events.


def test_an_event_is_recorded_once(ledger):
    database, edition_id, ids = ledger
    with database.write() as session:
        fields = {"source": "inbound", "now": NOW, "delivery_id": ids[0], "payload": {"verdict": "hard"}}
        assert events.record(session, "bounce", source_event_id="x", **fields)
        assert events.record(session, "bounce", source_event_id="x", **fields) is None
        assert events.record(session, "bounce", source_event_id="y", **fields)
        assert events.counts(session, edition_id) == {"bounce": 2}


def test_what_comes_back_for_a_delivery_in_doubt_shows_that_it_arrived(ledger):
    database, _, ids = ledger
    with database.write() as session:
        session.execute(update(D).where(col(D.id) == ids[0]).values(state=State.UNCERTAIN))
        for later in (0, 5):
            events.came_back(session, deliveries.get(session, ids[0]), NOW + timedelta(days=later))
        session.expire_all()
        row = deliveries.get(session, ids[0])
        assert (row.state, row.accepted_at, row.bounced_at, row.complained_at) == ("accepted", NOW, NOW, None)


def test_a_history_has_every_message_and_its_answers_since_staff_decided(ledger):
    database, _, ids = ledger

    def happens(type_, at, **values):
        values = {"delivery_id": ids[0], "payload": {"verdict": "soft"}} | values
        events.record(
            session, type_, source="s", source_event_id=f"{type_}{at}", now=at, subscriber_id=person, **values
        )

    with database.write() as session:
        person = deliveries.get(session, ids[0]).subscriber_id
        session.execute(update(D).where(col(D.id) == ids[0]).values(state=State.ACCEPTED, accepted_at=NOW))
        for day, type_ in enumerate(("bounce", "complaint", "delay", "unsubscribe")):
            happens(type_, NOW + timedelta(days=day))
        happens("bounce", NOW + timedelta(days=5), payload={"verdict": "hard", "held": {"state": "suppressed"}})
        [mailing] = events.history(session, person)
        assert (mailing.at, mailing.accepted, mailing.probe) == (NOW, True, False)
        assert [each.verdict for each in mailing.answers] == ["soft", "soft", "none"]
        happens("resumed", NOW, payload={"changed": "active"})
        assert events.history(session, person) == []


# Owners live by lock, not by clock.

HOLD = """
import sys, digest.store.owners as owners
from digest.store.database import Database
with owners.living(Database(sys.argv[1]), "somebody"):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_an_owner_lives_as_long_as_its_process_kill_included(database):
    url = database.url.render_as_string(hide_password=False)
    assert not owners.is_alive(database, "somebody")
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout.readline() == "held\n"
            assert owners.is_alive(database, "somebody")
            assert owners.is_alive(database, "somebody")
            assert not owners.is_alive(database, "somebody else")
        finally:
            process.kill()
        process.wait(10)
    for _ in range(1000):  # a server notices the end of a connection when it next looks
        if not owners.is_alive(database, "somebody"):
            break
    assert not owners.is_alive(database, "somebody")


def test_an_owner_is_seen_from_within_its_own_process_and_ends_with_its_block(database):
    with owners.living(database, "me"):
        assert owners.is_alive(database, "me")
    assert not owners.is_alive(database, "me")


def test_foreign_keys_hold_and_an_erased_person_leaves_the_row_in_the_balance(ledger):
    database, edition_id, ids = ledger
    with database.write() as session:
        person = deliveries.get(session, ids[0]).subscriber_id
        session.execute(SubscriberRow.__table__.delete().where(col(SubscriberRow.id) == person))
        session.expire_all()
        assert deliveries.get(session, ids[0]).subscriber_id is None
        assert deliveries.balance(session, edition_id).eligible == 10


def test_what_a_transaction_that_fails_did_is_undone(database):
    def fail():
        with database.write() as session:
            people(session, 3)
            edition(session)
            put_item(session)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with database.read() as session:
        assert (subscribers.count(session), editions.listing(session), items.listing(session)) == (0, [], [])
        assert topics.topic_names(session) == {}
