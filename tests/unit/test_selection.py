"""Selection: deterministic, within bounds, never empty while something is open, and kind to interests."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from digest.core.selection import AT_LEAST, Candidate, Reason, decide

NOW = datetime(2024, 6, 30, 9, tzinfo=UTC)
TOPICS = ("housing", "libraries", "water", "work")
topics = st.sets(st.sampled_from(TOPICS))
closings = st.none() | st.timedeltas(timedelta(days=-3), timedelta(days=20)).map(lambda delta: NOW + delta)


@st.composite
def editions(draw, smallest=0):
    count = draw(st.integers(smallest, 12))
    return [
        Candidate(
            position * 10,
            frozenset(draw(topics)),
            draw(st.booleans()) and draw(st.booleans()),
            draw(st.integers(-2, 2)),
            position,
            draw(closings),
        )
        for position in range(1, count + 1)
    ]


interests = st.dictionaries(st.sampled_from((*TOPICS, "elsewhere")), st.integers(1, 5))
limits = st.integers(1, 8)


def included(decisions):
    return [each.id for each in decisions if each.included]


@given(editions(), interests, limits, st.randoms())
def test_the_same_in_any_order_and_a_decision_for_every_item(edition, follows, limit, random):
    shuffled = random.sample(edition, len(edition))
    decisions = decide(edition, follows, NOW, limit)
    assert decide(shuffled, follows, NOW, limit) == decisions
    assert [each.id for each in decisions] == [each.id for each in edition]


@given(editions(), interests, limits)
def test_within_bounds_nothing_expired_and_nobody_empty_while_anything_is_open(edition, follows, limit):
    still_open = {c.id for c in edition if c.closes_at is None or c.closes_at > NOW}
    decisions = decide(edition, follows, NOW, limit)
    assert len(included(decisions)) <= limit
    assert {*included(decisions)} <= still_open
    assert bool(included(decisions)) == bool(still_open)
    assert {each.id for each in decisions if each.reason is Reason.OVER} == {c.id for c in edition} - still_open


@given(editions(1), interests, limits, st.data())
def test_more_interest_never_lowers_an_item(edition, follows, limit, data):
    """`own` is a topic that one item alone has."""
    at = data.draw(st.integers(0, len(edition) - 1))
    edition[at] = replace(edition[at], topics=edition[at].topics | {"own"})
    was_in = False
    for weight in (None, 1, 2, 9):
        keener = follows if weight is None else {**follows, "own": weight}
        is_in = edition[at].id in included(decide(edition, keener, NOW, limit))
        assert is_in or not was_in
        was_in = is_in


@given(editions(), interests, limits)
def test_must_see_comes_to_everyone_before_anything_else(edition, follows, limit):
    must = [c.id for c in edition if c.must_see and (c.closes_at is None or c.closes_at > NOW)]
    got = included(decide(edition, follows, NOW, limit))
    assert len({*must} & {*got}) == min(limit, len(must))


@given(editions(), interests, st.just(12))
def test_the_reason_fits(edition, follows, limit):
    by_id = {c.id: c for c in edition}
    for each in decide(edition, follows, NOW, limit):
        matched = tuple(sorted(by_id[each.id].topics & follows.keys()))
        match each.reason:
            case Reason.INTEREST:
                assert each.included
                assert each.topics == matched != ()
            case Reason.OTHER_TOPICS:
                assert not each.included
                assert follows
                assert not matched
            case Reason.NO_INTERESTS:
                assert each.included
                assert not follows
            case Reason.FILL:
                assert each.included
                assert not matched
            case Reason.MUST_SEE:
                assert each.included
                assert by_id[each.id].must_see
            case Reason.LIMIT:
                raise AssertionError("twelve places are enough for twelve items")


def candidate(number, *topics, **values):
    fields = {"must_see": False, "priority": 0, "closes_at": None}
    return Candidate(number, frozenset(topics), position=number, **fields | values)


def test_who_matches_nothing_gets_the_best_few():
    edition = [candidate(n, "housing") for n in range(1, 7)] + [candidate(7, "housing", priority=9)]
    decisions = decide(edition, {"water": 1}, NOW, 12)
    assert included(decisions) == [1, 2, 7]
    assert len(included(decisions)) == AT_LEAST
    assert {each.reason for each in decisions} == {Reason.FILL, Reason.OTHER_TOPICS}


def test_the_order_in_which_items_compete():
    edition = [
        candidate(1, "water", priority=9),
        candidate(2, "housing"),
        candidate(3, "water", closes_at=NOW + timedelta(days=6)),
        candidate(4, "water", must_see=True),
    ]
    follows = {"water": 1, "housing": 3}
    order = [{*included(decide(edition, follows, NOW, limit))} for limit in (1, 2, 3, 4)]
    assert order == [{4}, {4, 3}, {4, 3, 2}, {4, 3, 2, 1}]


def test_what_closes_at_this_very_moment_is_over():
    assert not included(decide([candidate(1, closes_at=NOW)], {}, NOW, 3))
