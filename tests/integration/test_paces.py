"""Pacing in the table: shared by all senders, kept over restarts, and no domain in another's way."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from digest.core.address import parse
from digest.core.delivery import State
from digest.core.edition import EditionState
from digest.core.pacing import FREE, WHOLE, Limit, Limits
from digest.store import deliveries, editions, pacing, subscribers
from digest.store.database import Database
from digest.store.subscribers import New

NOW = datetime(2026, 3, 15, 9, tzinfo=UTC)
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
SLOW = Limits(domain=Limit(60.0))


def mail(database, *domains):
    """An edition that is sending, with a delivery to each of these domains, in order."""
    with database.write() as session:
        row = editions.create(session, "2026-W11", NOW, "UTC", EditionState.SENDING)
        editions.set_values(session, row.id, expires_at=NOW + timedelta(days=3))
        new = [New(parse(f"p{number}@{domain}"), "", "en", {}) for number, domain in enumerate(domains)]
        ids = subscribers.add_many(session, new, NOW)
        common = {"edition_id": row.id, "language": "en", "selection": "{}", "state": State.PENDING, "attempts": 0}
        rows = [
            common | {"subscriber_id": each, "address": f"p{each}@{domain}", "domain": domain}
            for each, domain in zip(ids, domains, strict=True)
        ]
        deliveries.insert_new(session, rows)
        return row.id


def claim(database, edition_id, now=NOW, limit=100, limits=FREE, after=0, owner="a"):
    with database.writing_connection() as connection, connection.begin():
        return pacing.claim(connection, edition_id, owner, now, limit, limits, after)


def refuse(database, domain, now=NOW, *, enough=True, limits=FREE):
    with database.writing_connection() as connection, connection.begin():
        return pacing.refused(connection, domain, limits, now, "450 later", enough=enough)


def learned(database):
    with database.read() as session:
        return dict(pacing.every(session.connection()))


def domains(claimed):
    return Counter(row.domain for row in claimed.rows)


def test_nothing_is_kept_of_domains_that_behave(database):
    edition_id = mail(database, *["a.example"] * 5)
    assert len(claim(database, edition_id).rows) == 5
    assert learned(database) == {}


def test_a_closed_domain_is_passed_over_and_opens_by_itself(database):
    edition_id = mail(database, *["a.example", "b.example"] * 3)
    assert refuse(database, "a.example")
    got = claim(database, edition_id)
    assert domains(got) == {"b.example": 3}
    empty = claim(database, edition_id, after=got.after)
    assert (empty.rows, empty.opens_at) == ((), NOW + 2 * MINUTE)
    again = claim(database, edition_id, NOW + 2 * MINUTE)
    assert domains(again) == {"a.example": 3}
    assert again.learning == {"a.example"}


def test_one_refusal_closes_nothing(database):
    edition_id = mail(database, "a.example")
    assert not refuse(database, "a.example", enough=False)
    assert len(claim(database, edition_id).rows) == 1


def test_what_is_closed_is_kept_over_a_restart(new_url):
    url = new_url("sqlite")
    first = Database(url)
    first.migrate()
    edition_id = mail(first, "a.example")
    refuse(first, "a.example")
    first.dispose()
    second = Database(url)
    assert claim(second, edition_id, NOW + MINUTE).opens_at == NOW + 2 * MINUTE
    assert learned(second)["a.example"].why == "450 later"
    second.dispose()


def test_two_senders_share_a_rate(database):
    edition_id = mail(database, *["a.example"] * 300)
    sent, now = [], NOW
    for step in range(600):
        got = claim(database, edition_id, now, limit=7, limits=SLOW, owner="ab"[step % 2])
        sent += [now] * len(got.rows)
        now += 0.25 * SECOND
    assert 150 <= len(sent) <= 153  # 150 seconds at one a second, and what may go at once
    for first in range(0, len(sent) - 62):
        assert sent[first + 62] - sent[first] >= MINUTE - SECOND


def test_the_rate_of_all_together_holds_over_the_domains(database):
    edition_id = mail(database, *[f"d{number}.example" for number in range(100)])
    limits = Limits(whole=Limit(600.0))
    first = claim(database, edition_id, limits=limits)
    assert len(first.rows) == 21  # two seconds' worth, and one
    waits = claim(database, edition_id, limits=limits, after=first.after)
    assert (waits.rows, waits.opens_at) == ((), NOW + 0.1 * SECOND)
    assert len(claim(database, edition_id, NOW + SECOND, limits=limits).rows) == 10


def test_the_warm_up_holds_over_the_day_and_over_domains(database):
    edition_id = mail(database, *["a.example", "b.example"] * 40)
    limits = Limits(whole=Limit(first_day=25))
    assert len(claim(database, edition_id, limits=limits).rows) == 25
    assert claim(database, edition_id, NOW + MINUTE, limits=limits).opens_at == datetime(2026, 3, 16, tzinfo=UTC)
    assert len(claim(database, edition_id, NOW + timedelta(days=1), limits=limits).rows) == 50


def test_what_is_given_back_takes_its_tokens_with_it(database):
    edition_id = mail(database, *["a.example"] * 30)
    limits = Limits(Limit(first_day=10), Limit(300.0))
    rows = claim(database, edition_id, limits=limits).rows
    assert len(rows) == 10
    with database.writing_connection() as connection, connection.begin():
        pacing.give_back(connection, "a", limits, NOW, [row.id for row in rows[:4]])
    assert learned(database)[WHOLE].sent == learned(database)["a.example"].sent == 6
    assert [row.id for row in claim(database, edition_id, limits=limits).rows] == [row.id for row in rows[:4]]
    with database.writing_connection() as connection, connection.begin():
        pacing.give_back(connection, "a", limits, NOW)
    assert learned(database)[WHOLE].sent == 0


def test_a_domain_out_of_tokens_starves_nobody_behind_it(database):
    edition_id = mail(database, *["big.example"] * 500, *[f"d{number}.example" for number in range(20)])
    got, after, claims = Counter(), 0, 0
    while (found := claim(database, edition_id, limit=50, limits=SLOW, after=after)).rows:
        got, after, claims = got + domains(found), found.after, claims + 1
    assert got == {"big.example": 3} | {f"d{number}.example": 1 for number in range(20)}
    assert claims <= 3


def test_a_round_comes_back_to_what_it_passed_over(database):
    edition_id = mail(database, *["a.example"] * 10, *["b.example"] * 10)
    refuse(database, "a.example")
    first = claim(database, edition_id, limit=5)
    assert domains(first) == {"b.example": 5}
    later = claim(database, edition_id, NOW + 5 * MINUTE, limit=10, after=first.after)
    assert domains(later) == {"b.example": 5}
    assert domains(claim(database, edition_id, NOW + 5 * MINUTE, after=later.after)) == {"a.example": 3}


def test_a_closed_whole_closes_all_and_says_until_when(database):
    edition_id = mail(database, "a.example")
    refuse(database, WHOLE)
    assert claim(database, edition_id).opens_at == NOW + 2 * MINUTE
    assert len(claim(database, edition_id, NOW + 2 * MINUTE).rows) == 1
    assert claim(database, edition_id, NOW + MINUTE).opens_at is None  # nothing waits for it any more


def test_acceptances_bring_a_domain_back(database):
    edition_id = mail(database, "a.example")
    refuse(database, "a.example")
    with database.writing_connection() as connection, connection.begin():
        for _ in range(30):
            pacing.accepted(connection, "a.example", FREE, NOW + 3 * MINUTE)
    pace = learned(database)["a.example"]
    assert pace.rate > 60
    assert pace.strikes == 0
    assert claim(database, edition_id, NOW + 3 * MINUTE).learning == {"a.example"}


def test_when_it_goes_on(database):
    edition_id = mail(database, "a.example", "b.example")

    def goes_on(now=NOW, limits=FREE):
        with database.read() as session:
            return pacing.goes_on_at(session.connection(), edition_id, limits, now)

    assert goes_on() is None
    refuse(database, "a.example")
    assert goes_on() is None  # b is open
    claim(database, edition_id)
    assert goes_on() == NOW + 2 * MINUTE
    refuse(database, WHOLE, NOW + MINUTE)
    assert goes_on(NOW + MINUTE) == NOW + 3 * MINUTE
    with database.read() as session:
        assert pacing.held_back(session.connection(), edition_id, NOW + MINUTE) == [
            (WHOLE, NOW + 3 * MINUTE, "450 later"), ("a.example", NOW + 2 * MINUTE, "450 later"),
        ]  # fmt: skip


def test_resetting_forgets_but_the_warm_up_goes_on(database):
    edition_id = mail(database, *["a.example"] * 9)
    limits = Limits(whole=Limit(first_day=5))
    claim(database, edition_id, limits=limits)
    refuse(database, WHOLE)
    refuse(database, "a.example")
    with database.writing_connection() as connection, connection.begin():
        assert pacing.forget(connection, "a.example")
        assert pacing.forget(connection, WHOLE)
        assert not pacing.forget(connection, "b.example")
    assert {domain: (pace.level, pace.sent) for domain, pace in learned(database).items()} == {WHOLE: (0, 5)}
    assert not claim(database, edition_id, limits=limits).rows
    assert len(claim(database, edition_id, NOW + timedelta(days=1), limits=limits).rows) == 4


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from("rac"), st.integers(0, 400)), max_size=12))
def test_what_one_domain_does_never_changes_another(sqlite, steps):
    """The other domain's row is the same after any history of the first, and its mail is always claimed."""
    with sqlite.write() as session:
        for table in ("delivery", "pacing", "edition", "subscriber"):
            session.connection().execute(text(f"DELETE FROM {table}"))
    edition_id = mail(sqlite, *["a.example"] * 5, *["b.example"] * (6 * len(steps)))
    refuse(sqlite, "b.example", NOW - timedelta(hours=9), enough=False)
    before, now = learned(sqlite)["b.example"], NOW
    for what, seconds in steps:
        now += seconds * SECOND
        if what == "r":
            refuse(sqlite, "a.example", now)
        elif what == "a":
            with sqlite.writing_connection() as connection, connection.begin():
                pacing.accepted(connection, "a.example", FREE, now)
        else:
            got = claim(sqlite, edition_id, now, limit=6)
            assert domains(got)["b.example"] >= 1
    after = learned(sqlite)["b.example"]
    assert (after.rate, after.level, after.strikes, after.backoff_until) == (
        before.rate, before.level, before.strikes, before.backoff_until,
    )  # fmt: skip


@pytest.mark.parametrize("policy", [True, False])
def test_what_comes_back_sets_the_domain_back_and_much_policy_pauses_it(database, policy):
    edition_id = mail(database, *["a.example"] * 100)
    with database.write() as session:
        session.connection().execute(text("UPDATE delivery SET state = 'accepted'"))
    untils = []
    with database.writing_connection() as connection, connection.begin():
        for number in range(7):
            now = NOW + number * SECOND
            pacing.came_back(connection, "a.example", edition_id, "2026-W11", now, "5.7.1 no", policy=policy)
            untils.append(dict(pacing.every(connection))["a.example"].backoff_until)
    assert untils[:5] == [NOW + 2 * MINUTE] * 5
    pace = learned(database)["a.example"]
    if policy:
        assert pace.backoff_until == NOW + timedelta(days=1, seconds=6)
        assert pace.why == "7 messages of 2026-W11 came back for policy, the last with: 5.7.1 no"
    else:
        assert untils[-1] == NOW + 2 * MINUTE
        assert pace.why == "it came back: 5.7.1 no"
