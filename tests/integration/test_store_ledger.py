"""The ledger on every server that digest runs on: no statement does to a delivery what its state and owner do not allow."""

import threading
from datetime import timedelta

import pytest
from records import NOW, D, rows, states
from sqlalchemy import select, update
from sqlmodel import col

from digest.core.delivery import ALLOWED, Balance, State
from digest.store import deliveries, editions, events, pacing, subscribers
from digest.store.tables import SubscriberRow


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


def test_foreign_keys_hold_and_an_erased_person_leaves_the_row_in_the_balance(ledger):
    database, edition_id, ids = ledger
    with database.write() as session:
        person = deliveries.get(session, ids[0]).subscriber_id
        session.execute(SubscriberRow.__table__.delete().where(col(SubscriberRow.id) == person))
        session.expire_all()
        assert deliveries.get(session, ids[0]).subscriber_id is None
        assert deliveries.balance(session, edition_id).eligible == 10
