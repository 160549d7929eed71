"""Senders that claim ahead, stop, sleep, are cancelled, or are two at once."""

import asyncio
from collections import Counter

import pytest
from scripted_smtp import Act, Server, Turn
from sending import once_each

from digest.core.delivery import State
from digest.pipeline import ahead, deliver
from digest.pipeline.account import uptime
from digest.pipeline.compose import Mailroom


async def test_the_next_are_claimed_while_the_last_are_being_sent_and_never_many(post, monkeypatch):
    monkeypatch.setattr(ahead, "CLAIM_AHEAD", 8)
    letters = post(40)
    claimed: list[int] = []
    async with Server(
        lambda turn: claimed.append(letters.states()["claimed"]) if turn.stage == "dot" else None
    ) as server:
        assert (await letters.send(server, connections=1)).settled
    assert min(claimed[:30]) > 0
    assert max(claimed) <= 8 + 4
    once_each(server, letters)


@pytest.mark.parametrize("message", range(2, 8))
async def test_what_is_claimed_ahead_is_given_back_when_somebody_stops(post, monkeypatch, message):
    monkeypatch.setattr(ahead, "CLAIM_AHEAD", 8)
    letters, stop = post(40), asyncio.Event()
    async with Server(lambda turn: stop.set() if turn.message == message else None) as server:
        await letters.send(server, connections=2, stop=stop)
    assert letters.states().keys() == {"accepted", "pending"}
    assert {row.owner for row in letters.rows().values()} == {None}
    once_each(server, letters)


async def test_a_process_that_slept_between_mark_and_dot_writes_no_dot(post, monkeypatch):
    letters = post(3)
    slept = iter([60.0])
    monkeypatch.setattr(deliver, "uptime", lambda: uptime() + next(slept, 0.0))
    async with Server() as server:
        balance = await letters.send(server, connections=1)
    assert (balance.accepted, balance.uncertain) == (3, 0)
    once_each(server, letters)
    assert server.stages(1).count("dot") == 0, "the connection of the old mark is closed"
    assert server.sessions == 2


async def test_what_a_living_sender_holds_is_nobody_elses_to_settle(post):
    letters = post(3)
    doubtful: list[int] = []

    def script(turn: Turn) -> None:
        if turn.stage == "dot":
            doubtful.append(deliver.rescue(letters.office.database))

    async with Server(script) as server:
        assert (await letters.send(server, connections=1)).accepted == 3
    assert doubtful == [0, 0, 0]
    once_each(server, letters)


async def test_who_stops_a_run_does_not_wait_for_a_server_that_says_nothing(post):
    letters = post(4)
    stop = asyncio.Event()

    def script(turn: Turn) -> Act | None:
        if turn.stage != "connect":
            return None
        stop.set()
        return Act(stall=True)

    async with Server(script) as server:
        balance = await asyncio.wait_for(letters.send(server, stop=stop), 30)
    assert (balance.accepted, balance.pending) == (0, 4)
    assert letters.states() == {"pending": 4}


async def test_two_senders_at_once_send_everything_once(post):
    letters = post(120)
    async with Server() as server:
        balances = await asyncio.gather(*(letters.send(server) for _ in range(2)))
    assert max(balance.accepted for balance in balances) == 120
    assert letters.edition().state == "sent"
    once_each(server, letters)


async def test_stopping_finishes_what_is_in_flight_and_the_rest_goes_out_later(post, written_ahead):
    letters = post(40)
    stop = asyncio.Event()

    def script(turn: Turn) -> None:
        if turn.stage == "rcpt" and turn.message == 9:
            stop.set()

    async with Server(script) as server:
        balance = await letters.send(server, connections=3, stop=stop)
        assert 6 <= balance.accepted <= 9, "what was announced with a dot and not begun waits for the next run"
        assert balance.accepted + balance.pending == 40
        assert letters.states().keys() == {"accepted", "pending"}
        assert (await letters.send(server)).settled
    once_each(server, letters)


async def test_a_cancelled_sender_loses_and_doubles_nothing(post, written_ahead):
    letters = post(40)
    reached = asyncio.Event()
    async with Server(lambda turn: reached.set() if turn.message == 9 else None) as server:
        sending = asyncio.create_task(letters.send(server, connections=3))
        await reached.wait()
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        balance = await letters.send(server)
        assert balance.uncertain <= 3
        assert not balance.pending
    counted = Counter(each.recipient for each in server.taken)
    assert set(counted.values()) == {1}
    assert set(counted) >= {row.address for row in letters.rows().values() if row.state == State.ACCEPTED}


async def test_a_fault_of_our_own_in_one_line_lets_the_others_finish(post, written_ahead, monkeypatch):
    letters = post(40)
    draft = Mailroom.draft
    monkeypatch.setattr(
        Mailroom,
        "draft",
        lambda room, claimed, now: 1 / 0 if claimed.id == 9 else draft(room, claimed, now),
    )
    async with Server() as server:
        with pytest.raises(ZeroDivisionError):
            await letters.send(server, connections=3)
        assert letters.states().keys() <= {"accepted", "pending"}
        monkeypatch.undo()
        assert (await letters.send(server)).settled
    once_each(server, letters)
