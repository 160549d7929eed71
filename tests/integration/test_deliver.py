"""The sender and what a mail server says to it: nothing is lost, nothing goes twice, the balance closes."""

import dataclasses
from datetime import timedelta

import dkim as verifier
import pytest
from scripted_smtp import OFFERS, Act, Server, Turn, at
from sending import ED, SIGNING, once_each

from digest.core.delivery import Balance, State
from digest.core.errors import Refused
from digest.pipeline import deliver, dispatch, receive, report
from digest.pipeline.story import story
from digest.store import events, subscribers
from digest.transports.smtp import ServerRefuses


async def test_all_is_well(post):
    letters = post(25)
    async with Server() as server:
        balance = await letters.send(server, connections=3)
    assert balance == Balance(eligible=25, accepted=25, failed=0, skipped=0, uncertain=0, pending=0)
    assert balance.settled
    assert server.sessions == 3
    assert letters.edition().state == "sent"
    once_each(server, letters)
    row = letters.rows()["reader0@example.net"]
    assert row.attempts == 1
    assert row.last_reply.startswith("250 2.0.0 queued as ")
    assert row.owner is None


@pytest.mark.parametrize("stage", ["rcpt", "data", "dot"])
async def test_not_now_waits_and_is_counted(post, stage):
    letters = post(3)
    async with Server(at(stage, Act("451 4.3.0 later"))) as server:
        balance = await letters.send(server, connections=1)
        assert (balance.accepted, balance.pending) == (2, 1)
        (waiting,) = [row for row in letters.rows().values() if row.state == State.PENDING]
        assert waiting.attempts == 1
        assert waiting.last_reply == "451 4.3.0 later"
        assert timedelta(minutes=3) < waiting.not_before - letters.now() < timedelta(minutes=8)
        assert (await letters.send(server)).pending == 1  # not due yet
        letters.later(timedelta(minutes=10))
        assert (await letters.send(server)).settled
    once_each(server, letters)
    assert letters.rows()[waiting.address].attempts == 2


async def test_every_reply_is_kept_in_order(post):
    letters = post(1)
    replies = [
        ("rcpt", Act("450 4.2.0 <reader0@example.net> greylisted")), ("data", Act("421 4.3.2 closing", drop=True)),
        ("mail", Act("451 4.3.0 not now")), ("dot", Act("452 4.3.1 full")), ("dot", Act(drop=True)),
    ]  # fmt: skip
    coming = iter(replies)
    following = [next(coming)]

    def script(turn: Turn) -> Act | None:
        stage, act = following[0]
        if turn.stage != stage:
            return None
        following[0] = next(coming, ("never", act))
        return act

    async with Server(script, offers=()) as server:  # with PIPELINING it is asked all three at once
        while not (await letters.send(server)).uncertain:
            letters.later(timedelta(hours=1))
        dispatch.resolve_uncertain(letters.office.database, "latest", resend=True, now=letters.now())
        assert (await letters.send(server)).accepted == 1
    told = story(letters.office.database, "reader0@example.net", letters.office.keys.pepper, letters.now())
    assert [each["reply"].partition(": ")[2] or each["reply"] for each in told["events"]] == [
        "450 4.2.0 <reader0@example.net> greylisted", "421 4.3.2 closing", "451 4.3.0 not now", "452 4.3.1 full",
        "the server closed the connection",
    ]  # fmt: skip
    assert told["events"][0]["said"] == "attempt of 2026-W11; 450 4.2.0 <reader0@example.net> greylisted"
    assert told["deliveries"][0]["reply"].startswith("250 2.0.0 queued")
    assert report.show(letters.office.database, letters.office.press(), "latest", letters.now()).came_back == {}


async def test_greylisting_for_ever_ends_when_the_edition_expires(post):
    letters = post(1)
    async with Server(at("rcpt", Act("450 4.2.0 greylisted"), times=10_000)) as server:
        for _ in range(60):
            if not (await letters.send(server)).pending:
                break
            letters.later(timedelta(hours=4))
    (row,) = letters.rows().values()
    assert row.state == State.FAILED
    assert row.last_reply == "given up after 3 days: 450 4.2.0 greylisted"
    assert letters.edition().state == "sent"
    assert 15 < server.messages < 40


@pytest.mark.parametrize("stage", ["rcpt", "data", "dot"])
async def test_refused_for_good_fails_and_a_dead_address_is_suppressed(post, stage):
    letters = post(3)
    async with Server(at(stage, Act("550 5.1.1 no such user"))) as server:
        balance = await letters.send(server, connections=1)
    assert (balance.accepted, balance.failed) == (2, 1)
    (failed,) = [row for row in letters.rows().values() if row.state == State.FAILED]
    assert failed.bounced_at is not None
    with letters.office.database.read() as session:
        person = subscribers.by_id(session, failed.subscriber_id)
        came_back = [row.type for row in events.of(session, failed.subscriber_id)]
    assert person.state == "suppressed"
    assert came_back.count("bounce") == 1
    once_each(server, letters)


async def test_a_full_mailbox_stays_a_subscriber(post):
    letters = post(1)
    async with Server(at("rcpt", Act("552 5.2.2 mailbox full"))) as server:
        await letters.send(server)
    (row,) = letters.rows().values()
    with letters.office.database.read() as session:
        assert subscribers.by_id(session, row.subscriber_id).state == "active"
    assert row.state == State.FAILED


@pytest.mark.parametrize(
    ("stage", "said"),
    [("mail", "550 5.7.1 not from you"), ("rcpt", "550 5.1.8 Sender address rejected: Domain not found"),
     ("rcpt", "530 Authentication required"), ("dot", "554 5.1.7 no such sender")],
)  # fmt: skip
async def test_a_sender_refused_three_times_pauses_the_edition_and_nobodys_delivery_fails(post, stage, said):
    letters = post(30)
    async with Server(at(stage, Act(said), times=10_000)) as server:
        with pytest.raises(Refused) as told:
            await letters.send(server, connections=2)
        assert str(told.value) == (
            f"Sending is paused: the mail server refuses this sender: {said}. "
            "When that is mended, use `digest edition resume 2026-W11`, then send."
        )
        assert told.value.exit_code == 1
        assert server.stages().count(stage) <= 4
        assert letters.states() == {"pending": 30}
        assert letters.edition().state == "paused"
        assert letters.edition().held_reason == f"the mail server refuses this sender: {said}"
    async with Server() as mended:
        with pytest.raises(Refused, match="is paused"):
            await letters.send(mended)
        dispatch.change(letters.office.database, ED, "resume", held_reason=None)
        assert (await letters.send(mended)).accepted == 30
    once_each(mended, letters)


async def test_two_refusals_at_mail_and_then_not_are_forgotten(post):
    letters = post(9)
    refusals = iter([True, True, False] * 100)
    no = Act("550 5.7.1 not now")
    async with Server(lambda turn: no if turn.stage == "mail" and next(refusals) else None) as server:
        assert (await letters.send(server, connections=1)).accepted == 9


@pytest.mark.parametrize("said", ["550 5.7.1 spam, says the filter", "552 5.3.4 larger than 1000 bytes"])
async def test_a_long_run_of_refusals_for_policy_or_for_what_is_sent_pauses(post, said):
    letters = post(60)
    async with Server(at("dot", Act(said), times=10_000)) as server:
        with pytest.raises(Refused, match=rf"20 messages in a row were refused, and not for want of .* {said}"):
            await letters.send(server, connections=1)
    assert letters.states() == {"failed": 20, "pending": 40}
    with letters.office.database.read() as session:
        assert subscribers.count(session, "active") == 60


@pytest.mark.parametrize(
    "script", [at("connect", Act("554 5.7.1 no"), times=99), at("ehlo", Act("554 5.7.1 no"), times=99)]
)
async def test_a_door_that_stays_shut_is_tried_once_and_loses_nothing(post, script):
    letters = post(5)
    async with Server(script) as server:
        with pytest.raises(ServerRefuses, match="does not let us in"):
            await letters.send(server, connections=3)
        assert server.sessions == 1
    assert letters.states() == {"pending": 5}
    assert {row.owner for row in letters.rows().values()} == {None}
    async with Server() as server:
        assert (await letters.send(server)).settled


async def test_a_server_that_goes_away_half_way_leaves_the_rest_pending(post, monkeypatch):
    monkeypatch.setattr(deliver, "RECONNECT_PAUSES", (0.0, 0.0))
    letters = post(10)

    def script(turn: Turn) -> Act | None:
        gone = turn.message > 4 or (turn.stage == "connect" and turn.session > 1)
        return Act(drop=True) if gone else None

    async with Server(script) as server:
        with pytest.raises(Refused, match="closed the connection"):
            await letters.send(server, connections=1)
    assert letters.states() == {"accepted": 4, "pending": 6}
    once_each(server, letters)


@pytest.mark.parametrize("kinds", [("rsa",), ("ed25519",), ("rsa", "ed25519")], ids="+".join)
async def test_every_message_that_arrives_verifies(post, kinds):
    letters = post(30)
    keys = tuple(SIGNING[kind] for kind in kinds)
    letters.office = dataclasses.replace(letters.office, sender=dataclasses.replace(letters.office.sender, dkim=keys))
    async with Server() as server:
        assert (await letters.send(server, connections=3)).settled
    records = {f"{key.name}.".encode(): key.record.encode() for key in keys}
    for each in server.taken:
        for index in range(len(keys)):
            assert verifier.DKIM(each.content).verify(index, dnsfunc=lambda name, **_: records[name])
    once_each(server, letters)


async def test_a_bounce_that_names_only_the_envelope_identifier_finds_its_delivery(post):
    """As it comes back where a smarthost put a sender of its own in place of ours (RFC 3464 §2.2.1)."""
    office = post(1)
    async with Server(offers=(*OFFERS, "DSN")) as server:
        await office.send(server)
    [said] = [line for line in server.heard if line.startswith(b"MAIL")]
    envelope_id = said.partition(b" ENVID=")[2].strip().decode()
    report = (
        "From: MAILER-DAEMON@relay.example\nTo: relay@relay.example\nSubject: Undelivered Mail\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n--b\n\nIt failed.\n--b\n'
        f"Content-Type: message/delivery-status\n\nReporting-MTA: dns; relay.example\nOriginal-Envelope-Id: {envelope_id}\n\n"
        "Final-Recipient: rfc822; reader0@example.net\nAction: failed\nStatus: 5.1.1\n"
        "Diagnostic-Code: smtp; 550 5.1.1 user unknown\n\n--b--\n"
    )
    received = receive.receive(
        office.office.database, report.encode(), "relay@relay.example", office.office.keys, office.now()
    )
    [row] = office.rows().values()
    assert received.delivery_id == row.id
    assert row.bounced_at is not None
