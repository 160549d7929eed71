"""Selection: deterministic, within bounds, never empty while something is wanted, kind to interests, and nothing twice."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.core import selection
from digest.core.item import Kind
from digest.core.selection import ACTIONABLE, AT_LEAST, MAX_WEIGHT, Candidate, Pool, Reason, explain, select

NOW = datetime(2024, 6, 30, 9, tzinfo=UTC)
NEXT = NOW + timedelta(weeks=1)
TOPICS = ("housing", "libraries", "water", "work")


@dataclass(frozen=True)
class Person:
    interests: dict[str, int] = field(default_factory=dict)
    kinds: frozenset[Kind] = frozenset()


topics = st.sets(st.sampled_from(TOPICS))
closings = st.none() | st.timedeltas(timedelta(days=-3), timedelta(days=20)).map(lambda delta: NOW + delta)


@st.composite
def editions(draw, smallest=0):
    count = draw(st.integers(smallest, 12))
    return [
        Candidate(
            position * 10,
            draw(st.sampled_from(Kind)),
            frozenset(draw(topics)),
            draw(st.booleans()) and draw(st.booleans()),
            draw(st.integers(-2, 2)),
            draw(st.integers(0, 3)),
            position,
            draw(closings),
        )
        for position in range(1, count + 1)
    ]


people = st.builds(
    Person,
    st.dictionaries(st.sampled_from((*TOPICS, "elsewhere")), st.integers(1, MAX_WEIGHT)),
    st.just(frozenset()) | st.frozensets(st.sampled_from(Kind)),
)
limits = st.integers(1, 8)
histories = st.dictionaries(st.integers(1, 12).map(lambda at: at * 10), st.booleans())


def pool(edition, limit, now=NOW, following=NEXT):
    return Pool(edition, now, following, limit)


def chosen(edition, person, limit, had=None):
    return [*select(pool(edition, limit), person, had or {}).items]


def is_open(c):
    return c.closes_at is None or c.closes_at > NOW


@given(editions(), people, limits, histories, st.randoms())
def test_the_same_in_any_order_and_a_decision_for_every_item(edition, person, limit, had, random):
    shuffled = random.sample(edition, len(edition))
    assert select(pool(shuffled, limit), person, had) == select(pool(edition, limit), person, had)
    decisions = explain(pool(edition, limit), person, had)
    assert explain(pool(shuffled, limit), person, had) == decisions
    assert [each.id for each in decisions] == [each.id for each in edition]
    assert tuple(each.id for each in decisions if each.included) == select(pool(edition, limit), person, had).items
    assert all(each.reasons for each in decisions)


@given(editions(), st.lists(st.tuples(people, histories), min_size=2), limits)
def test_one_pool_for_many_gives_each_what_a_pool_of_their_own_would(edition, crowd, limit):
    alike = [(replace(person, interests=dict(reversed(person.interests.items()))), had) for person, had in crowd]
    shared = pool(edition, limit)
    for person, had in [*crowd, *alike]:
        assert select(shared, person, had) == select(pool(edition, limit), person, had)


@given(editions(), people, limits, histories)
def test_within_bounds_nothing_expired_or_unwanted_or_had_and_nobody_short_of_what_there_is(
    edition, person, limit, had
):
    wanted = {
        c.id
        for c in edition
        if is_open(c)
        and (c.must_see or not person.kinds or c.kind in person.kinds)
        and (c.id not in had or (c.closes_at and c.closes_at <= NEXT and not had[c.id]))
    }
    got = chosen(edition, person, limit, had)
    assert {*got} <= wanted
    assert min(AT_LEAST, limit, len(wanted)) <= len(got) <= limit


@given(editions(), people, limits, histories)
def test_over_the_weeks_nothing_comes_twice_but_once_more_as_the_last_chance(edition, person, limit, had):
    """Edition after edition with the same items, as if each carried all of them over: what came is remembered."""
    got = {}
    for week in range(4):
        now = NOW + week * timedelta(weeks=1)
        selection = select(pool(edition, limit, now, now + timedelta(weeks=1)), person, got)
        assert all(item not in got or (item in selection.last and not got[item]) for item in selection.items)
        got |= {item: item in selection.last for item in selection.items}


@given(editions(), people, limits, histories)
def test_what_closes_before_the_next_edition_is_the_last_chance_and_the_rest_of_what_is_theirs_is_more(
    edition, person, limit, had
):
    selection = select(pool(edition, limit), person, had)
    closing = {c.id for c in edition if c.closes_at and c.closes_at <= NEXT}
    assert selection.last == tuple(item for item in selection.items if item in closing)
    whole = select(pool(edition, len(edition) or 1), person, had).items
    assert {*selection.items, *selection.more} >= {*whole} - ({*whole} if len(whole) <= AT_LEAST else set())
    assert not selection.more or len(selection.items) == limit
    assert not {*selection.items} & {*selection.more}


@given(editions(1), people, limits, histories, st.data())
def test_more_interest_never_lowers_an_item(edition, person, limit, had, data):
    """`own` is a topic that one item alone has."""
    at = data.draw(st.integers(0, len(edition) - 1))
    edition[at] = replace(edition[at], topics=edition[at].topics | {"own"})
    was_in = False
    for weight in (None, 1, 2, MAX_WEIGHT):
        keener = person if weight is None else replace(person, interests={**person.interests, "own": weight})
        is_in = edition[at].id in chosen(edition, keener, limit, had)
        assert (
            is_in or not was_in or (weight == 1 and not person.interests)
        )  # who chooses a first topic leaves the general list
        was_in = is_in


@given(editions(), people, limits)
def test_must_see_comes_to_everyone_before_anything_else(edition, person, limit):
    must = [c.id for c in edition if c.must_see and is_open(c)]
    assert len({*must} & {*chosen(edition, person, limit)}) == min(limit, len(must))


@given(editions(), people, st.just(12), histories)
def test_the_reasons_fit(edition, person, limit, had):
    by_id = {c.id: c for c in edition}
    for each in explain(pool(edition, limit), person, had):
        c = by_id[each.id]
        soon = bool(c.closes_at and c.closes_at <= NEXT)
        assert each.topics == tuple(sorted(c.topics & person.interests.keys()))
        truths = {
            Reason.MUST_SEE: each.included and c.must_see,
            Reason.INTEREST: each.included and bool(each.topics),
            Reason.NO_INTERESTS: each.included and not person.interests and not c.must_see,
            Reason.FILL: each.included and bool(person.interests) and not each.topics and not c.must_see,
            Reason.SOON: each.included and soon and c.id not in had,
            Reason.AGAIN: each.included and soon and c.id in had,
            Reason.OVER: not is_open(c),
            Reason.HAD: is_open(c) and c.id in had and not (soon and not had[c.id]),
        }
        for reason, true in truths.items():
            assert (reason in each.reasons) == true, (reason, each)
        if Reason.OTHER_KINDS in each.reasons:
            assert c.kind not in person.kinds != frozenset()
        if Reason.OTHER_TOPICS in each.reasons:
            assert person.interests
            assert not each.topics
        assert Reason.LIMIT not in each.reasons, "twelve places are enough for twelve items"


def candidate(number, *topics, **values):
    fields = {"kind": Kind.NEWS, "must_see": False, "priority": 0, "day": 0, "closes_at": None}
    return Candidate(number, topics=frozenset(topics), position=number, **fields | values)


def test_who_matches_little_is_given_the_most_important_of_the_rest():
    edition = [candidate(n, "housing") for n in range(1, 6)] + [
        candidate(6, "work"),
        candidate(7, "housing", priority=9),
    ]
    assert chosen(edition, Person({"water": 1}), 12) == [1, 6, 7]
    assert chosen(edition, Person({"work": 1}), 12) == [1, 6, 7]
    decisions = explain(pool(edition, 12), Person({"work": 1}))
    assert {(each.id, *each.reasons) for each in decisions if each.included} == {
        (1, Reason.FILL), (6, Reason.INTEREST), (7, Reason.FILL),
    }  # fmt: skip
    assert chosen(edition, Person({"water": 1}), 2) == [6, 7], "the limit holds against the minimum"


def test_the_order_in_which_items_compete():
    edition = [
        candidate(1, "water"),
        candidate(2, "water", day=9),
        candidate(3, "water", priority=9),
        candidate(4, "housing"),
        candidate(5, "water", closes_at=NEXT),
        candidate(6, "water", must_see=True),
    ]
    follows = Person({"water": 1, "housing": 3})
    order = [{*chosen(edition, follows, limit)} for limit in range(1, 7)]
    assert order == [{6}, {6, 5}, {6, 5, 4}, {6, 5, 4, 3}, {6, 5, 4, 3, 2}, {6, 5, 4, 3, 2, 1}]


def test_variety_decides_between_equals_alone():
    edition = [
        candidate(1, "water"),
        candidate(2, "water"),
        candidate(3, "housing"),
        candidate(4, "water", kind=Kind.EVENT),
        candidate(5, "water", priority=1),
    ]
    assert chosen(edition, Person(), 2) == [3, 5]
    assert chosen(edition, Person(), 3) == [3, 4, 5]
    assert chosen(edition, Person(), 4) == [1, 3, 4, 5]


def test_who_wants_only_what_they_can_act_on_gets_that_and_what_everyone_must_see():
    edition = [
        candidate(1, "water"),
        candidate(2, "water", kind=Kind.ACTION),
        candidate(3, "housing", kind=Kind.EVENT),
        candidate(4, must_see=True),
    ]
    acting = Person({"water": 1}, ACTIONABLE)
    assert chosen(edition, acting, 12) == [2, 3, 4]
    [news, *_] = explain(pool(edition, 12), acting)
    assert news.reasons == (Reason.OTHER_KINDS,)
    assert chosen(edition[:1], acting, 12) == [], "nothing is better than what was not asked for"


@pytest.mark.parametrize(
    ("closes", "last_chance_before", "comes"),
    [(NEXT, False, True), (NEXT, True, False), (NEXT + timedelta(seconds=1), False, False), (None, False, False)],
)
def test_what_they_had_comes_once_more_only_when_it_closes_before_the_next_edition(closes, last_chance_before, comes):
    edition = [candidate(1, closes_at=closes), candidate(2)]
    selection = select(pool(edition, 12), Person(), {1: last_chance_before})
    assert selection.items == ((1, 2) if comes else (2,))
    assert selection.last == ((1,) if comes else ())
    assert explain(pool(edition, 12), Person(), {1: last_chance_before})[0].reasons == (
        (Reason.AGAIN, Reason.NO_INTERESTS) if comes else (Reason.HAD,)
    )


def test_past_the_limit_is_more_and_says_so():
    edition = [candidate(n, "water") for n in range(1, 6)]
    assert select(pool(edition, 3), Person({"water": 1})).more == (4, 5)
    assert explain(pool(edition, 3), Person({"water": 1}))[-1].reasons == (Reason.LIMIT,)


def test_what_closes_at_this_very_moment_is_over():
    assert not chosen([candidate(1, closes_at=NOW)], Person(), 3)


def test_what_a_pool_remembers_has_a_bound(monkeypatch):
    monkeypatch.setattr(selection, "ALIKE", 3)
    crowded = pool([candidate(1, "water")], 5)
    for weight in range(1, 10):
        assert select(crowded, Person({"water": weight})).items == (1,)
    assert len(crowded._selections) <= 3
