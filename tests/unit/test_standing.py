"""What a bounce does to a person: the same whatever the order, and nothing by policy or delay."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.core.dsn import Verdict
from digest.core.standing import (
    Answer,
    Mailing,
    Standing,
    probe_due,
    standing,
    too_many,
    worse,
)

FIRST = datetime(2026, 3, 1, 9, tzinfo=UTC)
DAY = timedelta(days=1)
WEEK = timedelta(days=7)


def mailing(week, *verdicts, after=DAY, certain=True, **values):
    at = FIRST + week * WEEK
    answers = tuple(Answer(10 * week + n, verdict, at + after, certain) for n, verdict in enumerate(verdicts))
    return Mailing(f"2026-W{10 + week:02}", at, values.pop("accepted", True), answers=answers, **values)


def soft(week, **values):
    return mailing(week, Verdict.SOFT, **values)


def state(*mailings, now=None):
    return standing(mailings, now or max(each.at for each in mailings) + 2 * DAY).state


def test_nothing_came_back():
    assert standing([], FIRST) == Standing("active")
    assert state(mailing(0), mailing(1)) == "active"


def test_one_hard_bounce_is_enough_and_names_itself():
    found = standing([soft(0), mailing(1, Verdict.HARD)], FIRST + 2 * WEEK)
    assert (found.state, found.reason, found.evidence) == ("suppressed", "hard bounce", (10,))


def test_what_travels_with_forwards_wants_a_second_edition():
    one = mailing(0, Verdict.HARD, certain=False)
    assert state(one) == "active"
    assert state(replace(one, answers=one.answers * 3)) == "active"
    found = standing([one, mailing(1, Verdict.HARD, certain=False)], FIRST + 2 * WEEK)
    assert (found.state, found.evidence) == ("suppressed", (0, 10))


def test_soft_bounces_pause_after_three_in_a_row_over_three_weeks():
    assert state(soft(0), soft(1), soft(2)) == "active", "in a row, but within two weeks"
    assert state(soft(0), soft(3)) == "active", "over three weeks, but two"
    found = standing([soft(0), soft(1), soft(2), soft(3)], FIRST + 3 * WEEK + 2 * DAY)
    assert (found.state, found.evidence) == ("paused", (0, 10, 20, 30))
    assert state(soft(0), soft(2), soft(4)) == "paused"


def test_an_edition_that_arrived_begins_the_count_anew():
    assert state(soft(0), soft(1), mailing(2), soft(3), soft(4)) == "active"
    undecided = [soft(0), soft(2), soft(3), replace(mailing(3), at=FIRST + 3 * WEEK + DAY)]
    assert state(*undecided) == "paused", "a younger one has not arrived yet"
    assert state(*undecided, now=FIRST + 4 * WEEK + DAY) == "active"


def test_what_comes_after_a_week_undoes_no_arrival():
    late = [soft(0), soft(1), soft(2, after=WEEK), soft(3)]
    assert state(*late) == "active"
    assert state(*late[:2], soft(2, after=WEEK - timedelta(seconds=1)), late[3]) == "paused"


def test_what_comes_after_a_fortnight_is_not_believed():
    assert state(mailing(0, Verdict.HARD, after=14 * DAY), now=FIRST + 20 * DAY) == "suppressed"
    assert state(mailing(0, Verdict.HARD, after=14 * DAY + timedelta(seconds=1)), now=FIRST + 20 * DAY) == "active"


def test_policy_is_no_evidence_either_way():
    policy = mailing(2, Verdict.POLICY)
    assert state(soft(0), soft(1), policy) == "active"
    assert state(soft(0), soft(1), policy, soft(3)) == "paused", "it did not arrive either"


PAUSED = (soft(0), soft(1), soft(2), soft(3))


def test_the_probe_comes_a_fortnight_after_the_last_message():
    assert not probe_due(PAUSED, FIRST + 5 * WEEK - DAY)
    assert probe_due(PAUSED, FIRST + 5 * WEEK)
    assert not probe_due(PAUSED[:3], FIRST + 5 * WEEK), "nobody is tried who is not paused"
    assert not probe_due((*PAUSED, mailing(5, probe=True)), FIRST + 6 * WEEK - DAY), "one probe"


@pytest.mark.parametrize(
    ("probe", "then"),
    [
        (mailing(5, probe=True), "active"),
        (soft(5, probe=True), "suppressed"),
        (mailing(5, Verdict.HARD, probe=True), "suppressed"),
        (mailing(5, Verdict.POLICY, probe=True), "paused"),
        (mailing(5, probe=True, accepted=False), "paused"),
    ],
)
def test_what_becomes_of_the_probe(probe, then):
    assert state(*PAUSED, probe, now=FIRST + 6 * WEEK) == then


def test_a_probe_that_settled_nothing_is_tried_again():
    assert probe_due((*PAUSED, mailing(5, Verdict.POLICY, probe=True)), FIRST + 7 * WEEK)


def test_a_persons_will_outweighs_what_their_mailbox_says():
    asked = mailing(4, Verdict.OPT_OUT)
    assert state(*PAUSED, asked) == "unsubscribed"
    assert state(*PAUSED, asked, mailing(5, Verdict.COMPLAINT)) == "suppressed"


def test_states_are_ordered():
    assert worse("paused", "active")
    assert worse("suppressed", "unsubscribed")
    assert not worse("paused", "suppressed")
    assert worse("suppressed", "pending")
    assert not worse("active", "pending")


@pytest.mark.parametrize(
    ("changes", "sent", "held"), [(20, 30, False), (21, 30, True), (21, 420, False), (22, 420, True)]
)
def test_too_many_at_once_are_no_persons_fault(changes, sent, held):
    assert too_many(changes, sent) is held


# Whatever comes, in whatever order.

VERDICTS = st.sampled_from([Verdict.HARD, Verdict.SOFT, Verdict.POLICY, Verdict.COMPLAINT, Verdict.OPT_OUT])
HARMLESS = st.sampled_from([Verdict.POLICY, Verdict.DELAY, Verdict.NONE])


def histories(verdicts):
    def build(weeks):
        return [
            mailing(week, *said, after=timedelta(hours=hours), certain=certain, probe=probe, accepted=accepted)
            for week, (said, hours, certain, probe, accepted) in enumerate(weeks)
        ]

    week = st.tuples(
        st.lists(verdicts, max_size=3), st.integers(0, 400), st.booleans(), st.booleans(), st.booleans()
    )  # fmt: skip
    return st.lists(week, max_size=10).map(build)


AT = st.integers(0, 120).map(lambda days: FIRST + days * DAY)


@given(histories(VERDICTS), AT, st.randoms(use_true_random=False))
def test_order_and_repetition_change_nothing(history, now, random):
    jumbled = [replace(each, answers=(*each.answers, *each.answers)) for each in history]
    jumbled = [replace(each, answers=tuple(random.sample(each.answers, len(each.answers)))) for each in jumbled]
    random.shuffle(jumbled)
    found, again = standing(history, now), standing(jumbled, now)
    assert (again.state, again.rule, set(again.evidence)) == (found.state, found.rule, set(found.evidence))


@given(histories(HARMLESS), AT)
def test_policy_and_delay_never_change_anybody(history, now):
    assert standing(history, now) == Standing("active")


@given(histories(st.sampled_from([Verdict.SOFT, Verdict.POLICY, Verdict.DELAY])), AT)
def test_softness_pauses_before_it_suppresses(history, now):
    now = max([now, *(each.at for each in history)])
    found = standing(history, now)
    if found.state == "suppressed":
        before = [each for each in history if each.at < found.run[-1].at]
        assert found.run[-1].probe
        assert standing(before, found.run[-1].at).state == "paused"
    if found.state != "active":
        assert len(found.run) >= 3
        assert found.run[-1].at - found.run[0].at >= 3 * WEEK


@given(histories(st.sampled_from([Verdict.SOFT, Verdict.POLICY])))
def test_a_message_that_arrives_makes_everybody_active_who_is_not_suppressed(history):
    arrived = Mailing("2027-W01", FIRST + 100 * DAY, accepted=True)
    before = standing(history, arrived.at)
    after = standing([*history, arrived], arrived.at + WEEK)
    assert after == (before if before.state == "suppressed" else Standing("active"))
