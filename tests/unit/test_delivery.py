"""The states of a delivery, the balance, and when a passing failure is tried again."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from digest.core.delivery import ALLOWED, FIRST_DELAY, LONGEST_DELAY, OPEN, Balance, State, retry_at

NOW = datetime(2024, 6, 30, 9, tzinfo=UTC)
FINAL = {State.ACCEPTED, State.FAILED, State.SKIPPED}


def reachable(start):
    found, todo = set(), [start]
    while todo:
        todo += [each for each in ALLOWED[todo.pop()] if each not in found and not found.add(each)]
    return found


def test_every_state_is_reached_and_every_open_one_can_end():
    assert {*ALLOWED} == {*State}
    assert reachable(State.PENDING) == {*State}
    assert {state for state, leads in ALLOWED.items() if not leads} == FINAL
    assert all(reachable(state) & FINAL for state in State if state not in FINAL)


def test_only_a_mark_leads_to_accepted_and_what_is_in_doubt_is_never_skipped():
    assert {state for state, leads in ALLOWED.items() if State.ACCEPTED in leads} == {
        State.TRANSMITTING,
        State.UNCERTAIN,
    }
    assert {state for state, leads in ALLOWED.items() if State.TRANSMITTING in leads} == {State.CLAIMED}
    assert {state for state, leads in ALLOWED.items() if State.UNCERTAIN in leads} == {State.TRANSMITTING}
    assert State.SKIPPED not in ALLOWED[State.TRANSMITTING] | ALLOWED[State.UNCERTAIN]
    assert {*OPEN} == {*State} - FINAL - {State.UNCERTAIN}


def test_settled_means_nothing_to_send_and_nothing_in_doubt():
    assert Balance(3, 1, 1, 1, 0, 0).settled
    assert not Balance(3, 2, 0, 0, 1, 0).settled
    assert not Balance(3, 2, 0, 0, 0, 1).settled


@given(st.integers(1, 1 << 48), st.integers(1, 1000))
def test_a_retry_waits_between_the_bounds_and_the_same_time_again(delivery, attempts):
    wait = retry_at(delivery, attempts, NOW) - NOW
    assert retry_at(delivery, attempts, NOW) - NOW == wait
    nominal = min(FIRST_DELAY * 2 ** min(attempts - 1, 20), LONGEST_DELAY)
    assert nominal * 0.75 <= wait <= nominal * 1.25


def test_waits_grow_and_differ_between_deliveries():
    waits = [retry_at(1, attempts, NOW) for attempts in range(1, 6)]
    assert waits == sorted(waits)
    assert len({retry_at(delivery, 1, NOW) for delivery in range(50)}) > 30
    assert retry_at(1, 1, NOW) > NOW + timedelta(minutes=3)
