"""The sender round the final dot: what is lost before or after it, and what people do when only the dot is missing."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest
from scripted_smtp import Act, Script, Server, Turn, at
from sending import ED, NOW, once_each

from digest.core.delivery import State
from digest.core.errors import Refused
from digest.pipeline import dispatch


@pytest.mark.parametrize(
    "script",
    [
        at("mail", Act(drop=True)), at("rcpt", Act("421 4.3.2 closing", drop=True)), at("data", Act("354 go on", drop=True)),
        at("data", Act("354 go on\r\n250 2.0.0 queued")), at("content", Act(drop=True)), at("rcpt", Act("what?")),
    ],
)  # fmt: skip
async def test_lost_before_the_dot_goes_out_once_in_the_same_run(post, script):
    letters = post(6)
    async with Server(script) as server:
        balance = await letters.send(server, connections=1)
    if balance.uncertain:  # the hang-up was not heard of before the dot was written: in doubt, and rightly
        assert "content" in server.stages()
        assert balance.accepted == 5
    else:
        assert balance.accepted == 6
    once_each(server, letters)


@pytest.mark.parametrize("take", [True, False])
async def test_lost_after_the_dot_is_in_doubt_until_staff_decide(post, take):
    letters = post(6)
    async with Server(at("dot", Act(drop=True, take=take))) as server:
        balance = await letters.send(server, connections=2)
        assert (balance.accepted, balance.uncertain, balance.pending) == (5, 1, 0)
        assert not balance.settled
        assert len(server.taken) == 5 + take
        (doubtful,) = [row for row in letters.rows().values() if row.state == State.UNCERTAIN]
        assert (await letters.send(server)).uncertain == 1  # never by itself

        assert dispatch.resolve_uncertain(letters.office.database, "latest", resend=True, now=NOW) == 1
        assert (await letters.send(server)).settled
    counted = Counter((each.recipient, each.message_id) for each in server.taken)
    assert counted.pop((doubtful.address, doubtful.message_id)) == 1 + take
    assert set(counted.values()) == {1}


async def test_in_doubt_can_be_let_be(post):
    letters = post(2)
    async with Server(at("dot", Act("2OO queued", take=True))) as server:
        assert (await letters.send(server)).uncertain == 1
        assert dispatch.resolve_uncertain(letters.office.database, "latest", resend=False, now=NOW) == 1
        balance = await letters.send(server)
    assert (balance.accepted, balance.failed) == (1, 1)
    assert len(server.taken) == 2


# What people do meanwhile: the change is made at 354, when only the dot is missing.


def at_354(change: Callable[[], object], times: int = 1) -> Script:
    left = [times]

    def script(turn: Turn) -> None:
        if turn.stage == "data" and left[0]:
            left[0] -= 1
            change()

    return script


@pytest.mark.parametrize("state", ["unsubscribed", "paused", "suppressed"])
async def test_who_leaves_between_claim_and_dot_gets_no_mail(post, state):
    letters = post(3)
    leave = at_354(lambda: letters.change(f"UPDATE subscriber SET state = '{state}' WHERE email LIKE 'reader0@%'"))
    async with Server(leave) as server:
        balance = await letters.send(server, connections=1)
    assert (balance.accepted, balance.skipped) == (2, 1)
    assert "reader0@example.net" not in {each.recipient for each in server.taken}
    assert letters.rows()["reader0@example.net"].last_reply == state
    once_each(server, letters)


async def test_a_pause_between_claim_and_dot_stops_at_once(post):
    letters = post(8)
    async with Server(
        at_354(lambda: dispatch.change(letters.office.database, ED, "pause", held_reason="by staff"))
    ) as server:
        with pytest.raises(Refused, match=r"^Sending is paused: by staff\. When that is mended"):
            await letters.send(server, connections=1)
        assert not server.taken
        assert letters.states() == {"pending": 8}
        dispatch.change(letters.office.database, ED, "resume", held_reason=None)
        assert (await letters.send(server)).accepted == 8
    once_each(server, letters)


async def test_a_cancellation_between_claim_and_dot_skips_all_that_is_left(post):
    letters = post(8)

    def cancel() -> None:
        dispatch.change(letters.office.database, ED, "pause", held_reason="by staff")
        dispatch.change(letters.office.database, ED, "cancel")

    async with Server(lambda turn: at_354(cancel)(turn) if turn.message == 3 else None) as server:
        with pytest.raises(Refused, match="2026-W11 is cancelled; the rest of it is not sent"):
            await letters.send(server, connections=1)
    assert letters.states() == {"accepted": 2, "skipped": 6}
    once_each(server, letters)


async def test_an_edition_that_expires_between_claim_and_dot_is_skipped(post):
    letters = post(3)
    async with Server(at_354(lambda: letters.later(timedelta(days=4)))) as server:
        balance = await letters.send(server, connections=1)
    assert balance.skipped == 3
    assert {row.last_reply for row in letters.rows().values()} <= {
        "the edition expired",
        "nothing to say: all of it is over",
    }
    assert not server.taken


async def test_items_that_close_while_sending_are_dropped_at_composing(post):
    letters = post(3)
    title = b"This afternoon: soup"
    async with Server(lambda turn: letters.later(timedelta(hours=12)) if turn.stage == "dot" else None) as server:
        assert (await letters.send(server, connections=1)).accepted == 3
    first, announced, third = (each.content for each in server.taken)
    assert title in first
    assert title in announced, "written before the dot with which it was announced"
    assert title not in third
