"""Pacing: never above what is allowed, slower when told, and back again."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.core import pacing
from digest.core.pacing import BURST, FREE_FROM, LONGEST_BACKOFF, SLOWEST, STRIKES, Limit, Pace
from digest.core.reply import Reply

NOW = datetime(2026, 3, 15, 9, tzinfo=UTC)
FREE = pacing.UNLIMITED
RATES = st.floats(0.5, 100_000)
STEPS = st.lists(st.tuples(st.integers(0, 90_000), st.integers(0, 500), st.sampled_from("tttar")), max_size=60)


def let_go(pace, limit, now, wanted):
    count = pacing.allowed(pace, limit, now, wanted)
    return count, pacing.take(pace, limit, now, count) if count else pace


@given(RATES, STEPS)
def test_no_stretch_of_time_sees_more_than_the_rate_whatever_happens(rate, steps):
    limit, pace, now, sent = Limit(rate), Pace(), NOW, []
    for milliseconds, wanted, what in steps:
        now += timedelta(milliseconds=milliseconds)
        if what == "t":
            count, pace = let_go(pace, limit, now, wanted)
            sent.append((now, count))
        else:
            pace = pacing.accepted(pace, limit) if what == "a" else pacing.refused(pace, limit, now, "450 later")
    for index, (first, _) in enumerate(sent):
        total = 0
        for later, count in sent[index:]:
            total += count
            assert total <= (later - first + BURST).total_seconds() * rate / 60 * 1.001 + 1


@given(st.integers(1, 100), st.lists(st.tuples(st.integers(0, 40), st.integers(0, 300)), max_size=60))
def test_no_day_sees_more_than_its_cap_which_doubles_with_each_day_of_sending(first_day, steps):
    limit, pace, now, sent = Limit(first_day=first_day), Pace(), NOW, {}
    for hours, wanted in steps:
        now += timedelta(hours=hours)
        count, pace = let_go(pace, limit, now, wanted)
        if count:
            sent[now.date()] = sent.get(now.date(), 0) + count
    for number, day in enumerate(sorted(sent)):
        assert sent[day] <= first_day * 2**number


def test_a_full_day_opens_at_midnight_and_a_clock_set_back_opens_nothing():
    limit = Limit(first_day=50)
    count, pace = let_go(Pace(), limit, NOW, 80)
    assert count == 50
    assert pacing.opens_at(pace, limit, NOW) == datetime(2026, 3, 16, tzinfo=UTC)
    assert pacing.allowed(pace, limit, NOW - timedelta(days=2), 80) == 0
    assert pacing.allowed(pace, limit, NOW + timedelta(days=1), 999) == 100
    assert pacing.allowed(pace, limit, NOW + timedelta(days=30), 999) == 100  # idle days warm nothing


@given(RATES, STEPS)
def test_it_opens_exactly_when_it_says(rate, steps):
    limit, pace, now = Limit(rate, 1000), Pace(), NOW
    for milliseconds, wanted, what in steps:
        now += timedelta(milliseconds=milliseconds)
        _, pace = let_go(pace, limit, now, wanted)
        if what == "r":
            pace = pacing.refused(pace, limit, now, "450 later")
        opens = pacing.opens_at(pace, limit, now)
        assert (pacing.allowed(pace, limit, now, 1) == 0) == (opens is not None)
        if opens is not None:
            assert pacing.allowed(pace, limit, opens, 1) == 1


@given(st.sampled_from([FREE, Limit(30.0)]), st.lists(st.booleans(), max_size=30))
def test_whatever_happened_it_recovers_when_it_goes_well(limit, history):
    pace, now = Pace(), NOW
    for good in history:
        now += timedelta(minutes=7)
        pace = pacing.accepted(pace, limit) if good else pacing.refused(pace, limit, now, "450 later")
        held = pacing.rate(pace, limit)
        assert held is None or held >= SLOWEST
    replies = 0
    while pace.learning and replies < 20_000:
        replies, pace = replies + 1, pacing.accepted(pace, limit)
    assert not pace.learning
    now += timedelta(days=30)
    for _ in range(STRIKES):
        pace = pacing.refused(pace, limit, now, "450 later")
    assert pace.level == 1  # back-off has shrunk to where it began


def test_the_rate_rises_by_a_step_a_minute():
    pace = Pace(rate=60.0)
    for _ in range(60):
        pace = pacing.accepted(pace, FREE)
    assert 69 < pace.rate < 70
    assert pacing.accepted(Pace(rate=FREE_FROM - 0.001), FREE).rate is None
    assert pacing.accepted(Pace(rate=29.9), Limit(30.0)).rate is None


def test_two_in_a_row_are_borne_the_third_closes_and_each_closes_for_longer():
    pace = pacing.refused(pacing.refused(Pace(), FREE, NOW, "450 a"), FREE, NOW, "450 b")
    assert pacing.opens_at(pace, FREE, NOW) is None
    assert pace.rate is None
    closed = []
    now = NOW
    for _ in range(9):
        pace = pacing.refused(pace, FREE, now, "450 c")
        assert pacing.allowed(pace, FREE, now, 1) == 0
        assert pacing.refused(pace, FREE, now, "450 on the way").backoff_until == pace.backoff_until
        closed.append(int((pace.backoff_until - now).total_seconds() // 60))
        now = pace.backoff_until
    assert closed == [2, 4, 8, 16, 32, 64, 120, 120, 120]
    assert pace.rate == SLOWEST
    assert pace.why == "450 c"


def test_an_acceptance_between_breaks_the_row():
    pace = Pace()
    for _ in range(10):
        for _ in range(STRIKES - 1):
            pace = pacing.refused(pace, FREE, NOW, "450")
        pace = pacing.accepted(pace, FREE)
    assert pacing.opens_at(pace, FREE, NOW) is None
    assert (pace.refused, pace.rate) == (20, None)


def test_the_back_off_shrinks_by_a_step_for_each_such_stretch_that_passes():
    pace = Pace(level=4, strikes=STRIKES, backoff_until=NOW)
    assert pacing.refused(pace, FREE, NOW, "").level == 5
    assert pacing.refused(pace, FREE, NOW + pacing.backoff(4), "").level == 4
    assert pacing.refused(pace, FREE, NOW + LONGEST_BACKOFF, "").level == 1


@given(RATES, st.integers(1, 50))
def test_what_is_given_back_may_go_again(rate, wanted):
    limit = Limit(rate, 50)
    count, pace = let_go(Pace(), limit, NOW, wanted)
    back = pacing.take(pace, limit, NOW, -count)
    assert pacing.allowed(back, limit, NOW, wanted) == count
    assert back.sent == 0


@pytest.mark.parametrize(
    ("said", "slows", "at_once"),
    [
        ("421 4.3.2 closing", True, False), ("450 4.2.0 greylisted", True, False), ("451 later", True, False),
        ("454 4.7.0 TLS", True, True), ("452 4.7.28 rate limited", True, True), ("452 4.2.2 full", False, False),
        ("450 4.2.1 too much mail for this one", False, False), ("450 4.1.8 unknown sender domain", False, False),
        ("452 4.3.1 disk", True, False), ("452 insufficient storage", True, False), ("550 5.7.1 policy", False, False),
    ],
)  # fmt: skip
def test_which_replies_slow_a_domain(said, slows, at_once):
    reply = Reply(int(said[:3]), said[4:])
    assert pacing.slows(reply.code, reply.enhanced) is slows
    assert pacing.at_once(reply) is at_once


@pytest.mark.parametrize(
    ("policy", "sent", "pauses"),
    [(2, 2, False), (3, 3, True), (3, 60, False), (4, 60, True), (20, 1000, False), (21, 10_000, True)],
)
def test_when_policy_pauses_a_domain(policy, sent, pauses):
    assert pacing.too_much_policy(policy, sent) is pauses


def test_policy_is_counted_by_edition_and_a_pause_is_a_day():
    pace = pacing.came_back_for_policy(pacing.came_back_for_policy(Pace(), 1), 1)
    assert (pace.policy, pacing.came_back_for_policy(pace, 2).policy) == (2, 1)
    assert pacing.opens_at(pacing.paused(pace, NOW, "policy"), FREE, NOW) == NOW + timedelta(days=1)


def test_a_setting_and_what_was_learned_hold_both():
    assert pacing.rate(Pace(), FREE) is None
    assert pacing.rate(Pace(rate=10.0), Limit(20.0)) == 10
    assert pacing.rate(Pace(rate=30.0), Limit(20.0)) == 20
    assert pacing.refused(Pace(), Limit(20.0), NOW, "", enough=True).rate == 10
    assert pacing.refused(replace(Pace(), rate=1.5), FREE, NOW, "", enough=True).rate == SLOWEST
