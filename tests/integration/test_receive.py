"""What comes back: believed by its token alone, counted once, and weighed before anybody is put out."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from returned import DELAYED, FULL, HARD, KEYS, POLICY, STAYS, dsn, reported
from sqlalchemy import func, select, update
from sqlmodel import col

from digest.core.address import parse
from digest.core.delivery import State
from digest.core.dsn import Kind, Verdict
from digest.core.edition import EditionState
from digest.core.reply import Reply
from digest.core.token import Keyring, Purpose, address_hmac
from digest.pipeline import consent, farewell, receive
from digest.pipeline.farewell import Leaver
from digest.store import deliveries, editions, pacing, subscribers, suppressions
from digest.store.subscribers import New
from digest.store.tables import DeliveryRow, EventRow

NOW = datetime(2026, 3, 15, 9, tzinfo=UTC)
LATER = NOW + timedelta(days=2)
FORGED = Keyring("another secret")


@pytest.fixture
def ana(sqlite):
    """Ana has got two editions: what stands in the table of her, and what comes back for her."""
    with sqlite.write() as session:
        [person] = subscribers.add_many(session, [New(parse("ana@example.net"), "Ana", "en", {})], NOW)
        numbers = []
        for period in ("2026-W10", "2026-W11"):
            edition = editions.create(session, period, NOW, "UTC", EditionState.SENT)
            row = {
                "edition_id": edition.id, "subscriber_id": person, "address": "ana@example.net", "domain": "example.net",
                "language": "en", "selection": "{}", "state": State.ACCEPTED, "attempts": 1, "accepted_at": NOW,
            }  # fmt: skip
            numbers += deliveries.numbers(session, 1)
            deliveries.insert_new(session, [row | {"id": numbers[-1]}])
    older, delivery = numbers

    def bounce_token(number=delivery, ring=KEYS.ring):
        return ring.issue(Purpose.BOUNCE, number)

    def take(message, to=None, now=LATER):
        return receive.receive(sqlite, message, to, KEYS, now)

    def come_back(fields, number=delivery, now=LATER):
        return take(dsn(fields), f"bounce+{bounce_token(number)}@bounces.example", now)

    def stands():
        with sqlite.read() as session:
            hmac = address_hmac(KEYS.pepper, "ana@example.net")
            return (
                subscribers.by_id(session, person).state,
                [each.reason for each in suppressions.of(session, hmac)],
            )

    def row(number=delivery):
        with sqlite.read() as session:
            return deliveries.get(session, number)

    def events():
        with sqlite.read() as session:
            return dict(session.execute(select(col(EventRow.type), func.count()).group_by(col(EventRow.type))).all())

    return SimpleNamespace(
        db=sqlite, id=person, older=older, delivery=delivery, bounce_token=bounce_token, take=take,
        come_back=come_back, stands=stands, row=row, events=events,
        unsub=f"unsub+{KEYS.ring.issue(Purpose.UNSUBSCRIBE, person)}@bounces.example",
    )  # fmt: skip


def test_a_hard_bounce_with_the_token_of_its_envelope_suppresses_at_once(ana):
    taken = ana.come_back(HARD)
    assert (taken.kind, taken.verdict, taken.delivery_id) == (Kind.BOUNCE, Verdict.HARD, ana.delivery)
    assert ana.stands() == ("suppressed", ["hard bounce"])
    assert (ana.row().state, ana.row().bounced_at) == ("accepted", LATER)


def test_the_same_again_changes_nothing(ana):
    ana.come_back(HARD)
    assert "known already" in ana.come_back(HARD, now=LATER + timedelta(days=1)).effect
    assert (ana.events(), ana.row().bounced_at) == ({"bounce": 1}, LATER)


@pytest.mark.parametrize(("fields", "verdict"), [(FULL, Verdict.SOFT), (POLICY, Verdict.POLICY)])
def test_soft_and_policy_bounces_are_counted_and_the_subscriber_stays(ana, fields, verdict):
    assert ana.come_back(fields).verdict is verdict
    assert (ana.stands(), ana.row().bounced_at) == (STAYS, LATER)


def test_a_delay_counts_for_nothing_and_hides_no_failure_that_follows(ana):
    assert ana.come_back(DELAYED).kind is Kind.DELAY
    assert (ana.stands(), ana.row().bounced_at, ana.events()) == (STAYS, None, {"delay": 1})
    ana.come_back(HARD)
    assert ana.stands()[0] == "suppressed"


@pytest.mark.parametrize(
    ("after", "state"), [(timedelta(days=14), "suppressed"), (timedelta(days=14, seconds=1), "active")]
)
def test_a_token_is_believed_for_fourteen_days(ana, after, state):
    ana.come_back(HARD, now=NOW + after)
    assert ana.stands()[0] == state
    assert ana.events() == {"bounce": 1}
    assert (ana.row().bounced_at is None) == (state == "active")


def test_what_travels_with_every_forward_suppresses_only_when_a_second_edition_confirms(ana):
    def returned(number):
        return f"Message-ID: <{KEYS.ring.issue(Purpose.MESSAGE, number)}@harbour.example>"

    first = ana.take(dsn(HARD, returned=returned(ana.older)))
    assert (first.delivery_id, ana.stands()) == (ana.older, STAYS)
    assert ana.row(ana.older).bounced_at == LATER
    ana.take(dsn(HARD, returned=returned(ana.older)))
    assert ana.stands() == STAYS, "the same edition again confirms nothing"
    ana.take(dsn(HARD, returned=returned(ana.delivery)))
    assert ana.stands() == ("suppressed", ["hard bounce"])


@pytest.mark.parametrize("fields", [FULL, POLICY])
def test_only_a_hard_bounce_elsewhere_confirms(ana, fields):
    ana.come_back(fields, ana.older)
    ana.take(dsn(HARD, returned=f"X-Digest-Delivery: {KEYS.ring.issue(Purpose.MESSAGE, ana.delivery)}"))
    assert ana.stands() == STAYS


def test_what_came_too_late_confirms_nothing(ana):
    ana.come_back(HARD, ana.older, now=NOW + timedelta(days=20))
    with ana.db.write() as session:
        session.execute(
            update(DeliveryRow).where(col(DeliveryRow.id) == ana.delivery).values(accepted_at=NOW + timedelta(days=19))
        )
    ana.take(
        dsn(HARD, returned=f"X-Digest-Delivery: {KEYS.ring.issue(Purpose.MESSAGE, ana.delivery)}"),
        now=NOW + timedelta(days=20),
    )
    assert ana.stands() == STAYS


def test_the_envelope_id_identifies_where_a_smarthost_rewrote_the_sender(ana):
    ana.take(dsn(HARD, envelope_id=f"Original-Envelope-Id: d.{ana.bounce_token()}"))
    assert ana.stands()[0] == "suppressed"


def test_without_an_envelope_the_header_says_whom_it_is_for(ana):
    ana.take(dsn(HARD, to=f"bounce+{ana.bounce_token()}@bounces.example"))
    assert ana.stands()[0] == "suppressed"


def test_forged_altered_and_misused_tokens_change_nothing(ana):
    token = ana.bounce_token()
    for said in (
        ana.bounce_token(ring=FORGED),
        token[:-1] + ("a" if token[-1] != "a" else "b"),
        KEYS.ring.issue(Purpose.UNSUBSCRIBE, ana.delivery),
        KEYS.ring.issue(Purpose.MESSAGE, ana.delivery),
        "",
        token.replace("s", "\u017f").replace("k", "\u212a") if {*token} & {*"sk"} else "x",
    ):
        assert ana.take(dsn(HARD), f"bounce+{said}@bounces.example").delivery_id is None
        unsub = f"unsub+{FORGED.issue(Purpose.UNSUBSCRIBE, ana.id)}@bounces.example"
        ana.take(b"Subject: unsubscribe\r\n\r\n", unsub)
    ana.take(b"Subject: unsubscribe\r\n\r\n", f"unsub+{token}@bounces.example")
    assert (ana.stands(), ana.row().bounced_at) == (STAYS, None)


def test_a_valid_token_of_a_delivery_that_is_no_more_is_kept_for_review(ana):
    assert ana.come_back(HARD, 12345).delivery_id is None
    assert ana.come_back(HARD, (1 << 48) - 1).delivery_id is None
    assert ana.stands() == STAYS


def test_an_address_without_a_token_never_suppresses(ana):
    assert "changes nobody" in ana.take(dsn(HARD), "postmaster@harbour.example").effect
    assert "changes nobody" in ana.take(dsn(HARD), "postmaster@harbour.example").effect
    assert (ana.stands(), ana.events()) == (STAYS, {"bounce": 1})


def test_a_complaint_ends_it_at_once(ana):
    taken = ana.take(reported("arf-abuse"), f"bounce+{ana.bounce_token()}@bounces.example")
    assert (taken.kind, ana.stands()) == (Kind.COMPLAINT, ("suppressed", ["complaint"]))
    assert (ana.row().complained_at, ana.row().bounced_at) == (LATER, None)


def test_an_opt_out_is_an_unsubscribe(ana):
    ana.take(reported("arf-opt-out"), f"bounce+{ana.bounce_token()}@bounces.example")
    assert ana.stands() == ("unsubscribed", ["unsubscribed"])


def test_mail_to_the_unsubscribe_address_unsubscribes(ana):
    taken = ana.take(b"From: ana@example.net\r\nSubject: unsubscribe\r\n\r\n", ana.unsub)
    assert (taken.kind, taken.effect, ana.stands()) == (
        Kind.UNSUBSCRIBE,
        "unsubscribed",
        ("unsubscribed", ["unsubscribed"]),
    )
    assert "had left already" in ana.take(b"Subject: unsubscribe\r\n\r\n", ana.unsub.upper()).effect
    assert ana.events() == {"unsubscribe": 1}


@pytest.mark.parametrize(
    "name", ["vacation", "vacation-bare", "unsubscribe-automatic", "postfix-unknown", "postfix-delayed"]
)
def test_no_machine_unsubscribes_anybody(ana, name):
    ana.take(reported(name), ana.unsub)
    assert ana.stands() == STAYS


def test_one_click_is_the_same_again_and_again(ana):
    token = KEYS.ring.issue(Purpose.UNSUBSCRIBE, ana.id)
    ana_page = KEYS.ring.issue(Purpose.PREFERENCES, ana.id)
    for _ in range(3):
        assert farewell.leave(ana.db, [token], KEYS, LATER) == [Leaver("a•••@example.net", "en", False, ana_page, True)]
    assert (ana.stands(), ana.events()) == (("unsubscribed", ["unsubscribed"]), {"unsubscribe": 1})
    erased = KEYS.ring.issue(Purpose.UNSUBSCRIBE, 999)
    assert farewell.leave(ana.db, [erased], KEYS, LATER) == [Leaver(None, "", False)]
    for wrong in (
        FORGED.issue(Purpose.UNSUBSCRIBE, ana.id),
        ana.bounce_token(),
        "",
        "x" * 1000,
        token.replace(token[0], "\u212a"),
    ):
        assert farewell.leave(ana.db, [wrong], KEYS, LATER) == [None]


def test_a_complaint_after_an_unsubscribe_is_remembered_as_what_came_first(ana):
    farewell.leave(ana.db, [KEYS.ring.issue(Purpose.UNSUBSCRIBE, ana.id)], KEYS, LATER)
    ana.come_back(HARD)
    assert ana.stands() == ("suppressed", ["unsubscribed"])


@pytest.mark.parametrize("fields", [HARD, FULL])
def test_a_bounce_for_a_delivery_in_doubt_shows_that_it_was_accepted(ana, fields):
    with ana.db.write() as session:
        session.execute(
            update(DeliveryRow)
            .where(col(DeliveryRow.id) == ana.delivery)
            .values(state=State.UNCERTAIN, accepted_at=None)
        )
    ana.come_back(fields)
    assert (ana.row().state, ana.row().accepted_at, ana.row().bounced_at) == ("accepted", LATER, LATER)


@pytest.mark.parametrize(
    ("reply", "verdict", "state"),
    [
        (Reply(550, "5.1.1 user unknown"), Verdict.HARD, "suppressed"),
        (Reply(550, "5.7.1 blocked, see spamhaus"), Verdict.POLICY, "active"),
        (Reply(552, "5.2.2 mailbox full"), Verdict.SOFT, "active"),
    ],
)
def test_a_refusal_at_rcpt_comes_through_the_same_door(ana, reply, verdict, state):
    with ana.db.write() as session:
        assert receive.rejected(session, ana.delivery, reply, KEYS, LATER) is verdict
        assert receive.rejected(session, ana.delivery, reply, KEYS, LATER) is verdict
    assert (ana.stands()[0], ana.row().bounced_at, ana.events()) == (state, LATER, {"bounce": 1})


def test_an_event_and_what_it_changes_are_one(ana, monkeypatch):
    monkeypatch.setattr(consent, "leave", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        ana.come_back(HARD)
    assert (ana.events(), ana.row().bounced_at) == ({}, None)
    monkeypatch.undo()
    ana.come_back(HARD)
    assert ana.stands()[0] == "suppressed"


@pytest.mark.parametrize("message", [b"", b"\x00\xff" * 100, b"To: " + b"," * 90_000, b"x" * 2_000_000])
def test_noise_is_kept_for_review(ana, message):
    assert "changes nobody" in ana.take(message).effect
    assert ana.stands() == STAYS


STALE = {"action": "failed", "status": "4.4.7", "diagnostic": "450 4.4.7 message expired"}


@pytest.mark.parametrize(("fields", "closes"), [(POLICY, True), (STALE, True), (FULL, False), (HARD, False)])
def test_what_a_provider_refuses_after_all_sets_its_domain_back(ana, sqlite, fields, closes):
    ana.take(dsn(fields), f"bounce+{ana.bounce_token()}@bounces.example")
    with sqlite.read() as session:
        found = {domain: pace.backoff_until for domain, pace in pacing.every(session.connection())}
    assert found == ({"example.net": LATER + timedelta(minutes=2)} if closes else {})


def test_a_token_that_travels_with_forwards_stops_no_domain(ana, sqlite):
    token = KEYS.ring.issue(Purpose.MESSAGE, ana.delivery)
    assert ana.take(dsn(POLICY, returned=f"Message-ID: <{token}@harbour.example>")).verdict is Verdict.POLICY
    with sqlite.read() as session:
        assert pacing.every(session.connection()) == []
