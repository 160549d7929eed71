"""What comes back, week after week: whom it pauses, probes, suppresses, and how they come back."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from returned import DELAYED, FULL, HARD, POLICY, dsn, reported
from sqlalchemy import update
from sqlmodel import col

from digest.core.address import parse
from digest.core.delivery import State
from digest.core.edition import EditionState
from digest.core.errors import Refused
from digest.core.reply import Reply
from digest.core.token import Keyring, Purpose
from digest.pipeline import notices, receive, standing
from digest.pipeline.receive import Keys
from digest.pipeline.story import story
from digest.store import deliveries, editions, subscribers
from digest.store.subscribers import New
from digest.store.tables import DeliveryRow

FIRST = datetime(2026, 3, 1, 9, tzinfo=UTC)
WEEK, DAY = timedelta(days=7), timedelta(days=1)
KEYS = Keys(Keyring("a secret"), "a pepper")
ANA = "ana@example.net"


both = pytest.mark.parametrize("weeks", ["sqlite", "postgres"], indirect=True)


@pytest.fixture
def weeks(request):
    """`send(week)` an edition to everybody who gets it; `back(week, …)` is what comes a day later."""
    database = request.getfixturevalue(getattr(request, "param", "sqlite"))
    with database.write() as session:
        subscribers.add_many(session, [New(parse(ANA), "Ana", "en", {})], FIRST)
    numbers = {}

    def send(week, **values):
        at = FIRST + week * WEEK
        standing.settle(database, at)
        with database.write() as session:
            edition = editions.create(session, f"2026-W{10 + week}", at, "UTC", EditionState.SENDING)
            editions.set_values(session, edition.id, fanned_out_at=at, expires_at=at + 3 * DAY)
            active, probed = subscribers.page(session, state="active"), standing.to_probe(session, at)
            for person in (*active, *probed):
                [number] = deliveries.numbers(session, 1)
                row = {
                    "id": number, "edition_id": edition.id, "subscriber_id": person.id, "address": person.email,
                    "domain": "example.net", "language": "en", "selection": "{}", "attempts": 0,
                    "state": State.CLAIMED, "owner": "me", "probe": person in probed, "message_id": f"<{number}@x>",
                }  # fmt: skip
                deliveries.insert_new(session, [row])
                assert deliveries.mark(session.connection(), [number], "me", at), "it may be sent"
                done = {"state": State.ACCEPTED, "owner": None, "accepted_at": at} | values
                session.execute(update(DeliveryRow).where(col(DeliveryRow.id) == number).values(**done))
                numbers[week, person.email] = number
        return [email for (sent, email) in numbers if sent == week]

    def back(week, fields, after=DAY, email=ANA):
        to = f"bounce+{KEYS.ring.issue(Purpose.BOUNCE, numbers[week, email])}@bounces.example"
        message = fields if isinstance(fields, bytes) else dsn(fields)
        return receive.receive(database, message, to, KEYS, FIRST + week * WEEK + after).effect

    def state(email=ANA):
        with database.read() as session:
            return subscribers.by_key(session, email).state

    def tell(now):
        return story(database, ANA, KEYS.pepper, now)

    def resume(now, email=ANA):
        return standing.resume(database, email, "They wrote to us.", pepper=KEYS.pepper, now=now)

    return SimpleNamespace(
        db=database, send=send, back=back, state=state, tell=tell, resume=resume, numbers=numbers
    )  # fmt: skip


def full_for(weeks, count):
    for week in range(count):
        weeks.send(week)
        weeks.back(week, FULL)


@both
def test_a_full_mailbox_is_paused_probed_and_given_up(weeks):
    full_for(weeks, 3)
    assert weeks.state() == "active"
    weeks.send(3)
    assert "is paused" in weeks.back(3, FULL)
    assert weeks.send(4) == []
    assert weeks.send(5) == [ANA], "the probe"
    assert "is suppressed" in weeks.back(5, FULL)
    assert weeks.send(6) == weeks.send(9) == []
    told = weeks.tell(FIRST + 9 * WEEK)
    assert [each["reason"] for each in told["suppressions"]] == ["soft bounces"]
    assert told["events"][-1]["said"].endswith(
        "it made them suppressed, since 5 editions in a row came back, the last of them the probe "
        "(2026-W10, 2026-W11, 2026-W12, 2026-W13, 2026-W15)"
    )


@both
def test_a_probe_that_arrives_makes_active_again(weeks):
    full_for(weeks, 4)
    weeks.send(4)
    assert weeks.send(5) == [ANA]
    probed = FIRST + 5 * WEEK
    assert "The probe is out" in weeks.tell(probed + DAY)["next"]
    assert standing.settle(weeks.db, probed + WEEK - timedelta(seconds=1)) == 0
    assert weeks.state() == "paused"
    assert standing.settle(weeks.db, probed + WEEK) == 1
    assert (weeks.state(), standing.settle(weeks.db, probed + WEEK)) == ("active", 0)
    assert weeks.send(6) == [ANA]
    assert weeks.back(6, FULL).endswith("stays as they are"), "what was before is forgotten"
    assert weeks.tell(FIRST + 6 * WEEK + 2 * DAY)["next"].startswith("Of one edition nothing arrived, since 2026-04-12")


@pytest.mark.parametrize("fields", [POLICY, DELAYED])
def test_policy_and_delay_pause_nobody_whatever_they_say_and_how_often(weeks, fields):
    for week in range(8):
        assert weeks.send(week) == [ANA]
        weeks.back(week, fields)
        weeks.back(week, fields, after=2 * DAY)
    assert weeks.state() == "active"


def test_a_pause_of_their_own_is_left_alone(weeks):
    weeks.send(0)
    with weeks.db.write() as session:
        subscribers.set_state(session, 1, "paused", FIRST)
    assert standing.settle(weeks.db, FIRST + 9 * WEEK) == 0
    assert weeks.send(9) == []
    assert weeks.tell(FIRST)["next"] == "They get nothing until their pause ends."
    with pytest.raises(Refused, match="paused by their own word"):
        weeks.resume(FIRST)


def test_only_the_probe_goes_to_who_is_paused(weeks):
    full_for(weeks, 4)
    with weeks.db.write() as session:
        number = weeks.numbers[3, ANA]
        where = update(DeliveryRow).where(col(DeliveryRow.id) == number)
        session.execute(where.values(state=State.CLAIMED, owner="me"))
        assert not deliveries.mark(session.connection(), [number], "me", FIRST + 3 * WEEK + 2 * DAY)
        assert deliveries.why_unmarked(session.connection(), number, FIRST + 3 * WEEK + 2 * DAY) == "paused"
        session.execute(where.values(probe=True))
        assert deliveries.why_unmarked(session.connection(), number, FIRST + 3 * WEEK + 2 * DAY) is None
        assert deliveries.mark(session.connection(), [number], "me", FIRST + 3 * WEEK + 2 * DAY)


@both
def test_staff_lift_a_hard_bounce_and_the_same_bounce_does_not_come_back(weeks):
    weeks.send(0)
    weeks.send(1)
    assert "is suppressed" in weeks.back(1, HARD)
    assert "staff who know better" in weeks.tell(FIRST + 2 * WEEK)["next"]
    assert weeks.resume(FIRST + 9 * DAY).state == "active"
    weeks.back(0, HARD, after=10 * DAY)
    assert weeks.state() == "active", "it is of before"
    told = weeks.tell(FIRST + 10 * DAY)
    assert (told["suppressions"], told["events"][1]["said"]) == (
        [],
        "staff made them active again: They wrote to us.",
    )
    weeks.send(2)
    weeks.back(2, HARD)
    assert weeks.state() == "suppressed", "what comes after counts"


def test_staff_resume_who_was_paused(weeks):
    full_for(weeks, 4)
    assert weeks.resume(FIRST + 24 * DAY).state == "active"
    weeks.send(4)
    weeks.back(4, FULL)
    assert weeks.state() == "active"
    with pytest.raises(Refused, match="active already"):
        weeks.resume(FIRST + 40 * DAY)


def test_nobody_lifts_a_persons_own_word(weeks):
    weeks.send(0)
    weeks.back(0, reported("arf-abuse"))
    with pytest.raises(Refused, match="complaint"):
        weeks.resume(FIRST + 2 * DAY)
    assert weeks.state() == "suppressed"


@pytest.mark.parametrize("reason", ["", " ", "x" * 201, "two\nlines"])
def test_a_reason_is_a_sentence(weeks, reason):
    with pytest.raises(Refused, match="reason"):
        standing.resume(weeks.db, ANA, reason, pepper=KEYS.pepper, now=FIRST)


def test_what_was_given_up_after_days_of_not_now_counts_as_soft(weeks):
    reply = Reply(452, "4.2.2 mailbox full")
    for week in range(4):
        weeks.send(week, state=State.FAILED, accepted_at=None)
        with weeks.db.write() as session:
            receive.rejected(session, weeks.numbers[week, ANA], reply, KEYS, FIRST + week * WEEK + 3 * DAY)
    assert weeks.state() == "paused"


# A storm.

CROWD = [f"p{n}@example.net" for n in range(30)]


@pytest.fixture
def storm(weeks):
    """An edition to 31 people, of whom 25 do not exist, says their server."""
    with weeks.db.write() as session:
        subscribers.add_many(session, [New(parse(email), "", "en", {}) for email in CROWD], FIRST)
    weeks.send(0)
    weeks.effects = [weeks.back(0, HARD, email=email) for email in CROWD[:25]]
    weeks.states = lambda: [weeks.state(email) for email in CROWD[:25]]
    return weeks


@both
def test_a_storm_of_bounces_is_held_for_review(storm):
    assert storm.states() == ["suppressed"] * 20 + ["active"] * 5
    assert "held for review" in storm.effects[20]
    assert [each.email for each in standing.held(storm.db)] == CROWD[20:25]
    assert standing.held(storm.db, "example.org") == []
    told = []
    for _ in range(2):
        notices.tell(storm.db, FIRST + 2 * DAY, lambda *notice: told.append(notice))
    [(subject, text)] = told
    assert subject == "Bounces of 2026-W10 wait for you"
    assert "More than 20 of the 31 messages of 2026-W10 to example.net" in text


@pytest.mark.parametrize(("believe", "state"), [(True, "suppressed"), (False, "active")])
def test_staff_decide_on_what_is_held(storm, believe, state):
    def decide():
        return standing.review(storm.db, None, believe=believe, pepper=KEYS.pepper, now=FIRST + 3 * DAY)

    assert (decide(), decide()) == (5, 0)
    assert storm.states() == ["suppressed"] * 20 + [state] * 5
    said = story(storm.db, CROWD[20], KEYS.pepper, FIRST + 4 * DAY)["events"]
    assert "it waits for staff" in said[0]["said"]
    assert said[1]["said"].startswith("staff decided" if believe else "staff let the bounce be; nothing changed")
    if believe:
        assert said[1]["said"].endswith("one hard bounce is enough (2026-W10)")


def test_complaints_are_never_held(storm):
    storm.back(0, reported("arf-abuse"), email=CROWD[29])
    assert storm.state(CROWD[29]) == "suppressed"


def test_a_domain_that_refuses_for_policy_is_told_to_staff_once(weeks):
    with weeks.db.write() as session:
        subscribers.add_many(session, [New(parse(email), "", "en", {}) for email in CROWD], FIRST)
    weeks.send(0)
    told = []
    for email in CROWD[:9]:
        weeks.back(0, POLICY, email=email)
    notices.tell(weeks.db, FIRST + 2 * DAY, lambda *notice: told.append(notice))
    [(subject, text)] = told
    assert subject == "example.net refuses 2026-W10"
    assert text.startswith("3 messages of 2026-W10 came back for policy")
    with weeks.db.read() as session:
        assert subscribers.count(session, "active") == 31
