"""The sender and the pace: who is slow or refuses waits alone, and is asked less and less often."""

import asyncio
import contextlib
from collections import Counter
from datetime import timedelta

import pytest
from scripted_smtp import Act, Server, Turn, at
from sending import NOW, Post, once_each

from digest.core.address import parse
from digest.core.delivery import State
from digest.core.pacing import FREE, WHOLE, Limit, Limits
from digest.pipeline import ahead, deliver
from digest.store import pacing, subscribers
from digest.store.subscribers import New
from digest.transports.smtp import ServerBusy

LATER = Act("450 4.2.0 later")


def readers(letters: Post, *addresses: str) -> None:
    with letters.office.database.write() as session:
        subscribers.add_many(session, [New(parse(each), "", "en", {}) for each in addresses], NOW)


def paces(letters: Post):
    with letters.office.database.read() as session:
        return dict(pacing.every(session.connection()))


def refusing(domain: str, act: Act = LATER):
    return lambda turn: act if turn.stage == "rcpt" and turn.recipient.endswith("@" + domain) else None


@pytest.fixture
def waited(monkeypatch):
    """Waiting for the pace moves the clock and takes no time: the seconds of each wait."""
    pauses = []

    def install(letters: Post):
        async def wait(run, pause):
            if pause > ahead.WAIT_FOR_PACE:
                return False
            pauses.append(max(pause.total_seconds(), 1.0))
            letters.later(timedelta(seconds=pauses[-1]))
            await asyncio.sleep(0)
            return True

        monkeypatch.setattr(ahead.Ahead, "_wait", wait)
        return pauses

    return install


async def test_one_domain_that_refuses_all_holds_nobody_else_up(post, written_ahead):
    letters = post(0)
    bad = [f"p{number}@bad.example" for number in range(400)]
    good = [f"p{number}@d{number % 20}.example" for number in range(100)]
    readers(letters, *bad, *good)
    async with Server(refusing("bad.example")) as server:
        balance = await letters.send(server, connections=4)
        assert (balance.accepted, balance.pending) == (100, 400)
        asked = sum(turn.stage == "rcpt" and turn.recipient.endswith("bad.example") for turn in server.turns)
        assert 3 <= asked <= 3 + 4  # what was on the way when it closed
        assert {row.owner for row in letters.rows().values()} == {None}
        assert set(paces(letters)) == {"bad.example"}
        assert paces(letters)["bad.example"].level == 1

        assert (await letters.send(server)).pending == 400  # kept over the run: nobody is asked
        assert sum(turn.stage == "rcpt" and turn.recipient.endswith("bad.example") for turn in server.turns) == asked
    once_each(server, letters)


async def test_the_back_off_grows_while_it_refuses_and_all_goes_out_when_it_does_not(post, waited):
    letters = post(0)
    readers(letters, *[f"p{number}@bad.example" for number in range(60)])
    waited(letters)
    closed = []
    async with Server(refusing("bad.example")) as server:
        for _ in range(5):
            await letters.send(server, connections=1)
            until = paces(letters)["bad.example"].backoff_until
            closed.append(until - letters.now())
            letters.passed = until - NOW
        assert [each // timedelta(minutes=1) for each in closed] == [2, 4, 8, 16, 32]
        assert len([turn for turn in server.turns if turn.stage == "rcpt"]) == 3 + 4
    async with Server() as server:
        for _ in range(9):
            if (await letters.send(server, connections=1)).settled:
                break
            letters.later(timedelta(hours=1))
    assert letters.states() == {"accepted": 60}
    assert paces(letters)["bad.example"].rate > 4  # it was halved to 3.75 and is on its way up
    once_each(server, letters)


async def test_two_senders_keep_one_rate_between_them(post, waited):
    letters = post(90)
    waited(letters)
    times = []
    limits = Limits(domain=Limit(60.0))
    async with Server(lambda turn: times.append(letters.now()) if turn.stage == "dot" else None) as server:
        both = [letters.send(server, connections=2, limits=limits) for _ in range(2)]
        await asyncio.gather(*both)
    assert letters.states() == {"accepted": 90}
    assert len(times) == 90
    for first, later in zip(times, times[62:], strict=False):
        assert later - first >= timedelta(seconds=55)  # a dot may come a wait of the other sender's after its claim
    once_each(server, letters)


async def test_a_slow_domain_goes_on_by_itself_after_the_others(post, waited):
    letters = post(0)
    readers(letters, *[f"p{n}@slow.example" for n in range(10)], *[f"p{n}@d{n}.example" for n in range(10)])
    pauses = waited(letters)
    order = []
    async with Server(lambda turn: order.append(turn.recipient) if turn.stage == "dot" else None) as server:
        with letters.office.database.write() as session:
            pacing.refused(session.connection(), "slow.example", FREE, NOW - timedelta(hours=1), "", enough=True)
        balance = await letters.send(server, connections=1)
    assert balance.settled
    assert 5 <= len(pauses) <= 8
    assert [each.endswith("slow.example") for each in order] == [True] * 3 + [False] * 10 + [True] * 7


async def test_what_is_allowed_only_tomorrow_is_not_waited_for(post, waited):
    letters = post(30)
    pauses = waited(letters)
    limits = Limits(whole=Limit(first_day=10))
    async with Server() as server:
        assert (await letters.send(server, limits=limits)).accepted == 10
        assert (await letters.send(server, limits=limits)).accepted == 10
        letters.later(timedelta(hours=16))
        assert (await letters.send(server, limits=limits)).accepted == 30
    assert pauses == []


@pytest.mark.parametrize(
    "stage", ["dot", *(pytest.param(each, marks=pytest.mark.slow) for each in ("connect", "mail", "rcpt"))]
)
async def test_a_server_that_answers_421_to_everything_is_left_alone(post, stage, waited, monkeypatch):
    monkeypatch.setattr(deliver, "RECONNECT_PAUSES", (0.0, 0.0, 0.0, 0.0))
    letters = post(200)
    async with Server(at(stage, Act("421 4.3.2 busy", drop=True), times=10_000)) as server:
        for _ in range(20):
            with contextlib.suppress(ServerBusy):
                await letters.send(server, connections=2)
        assert server.sessions <= 6
        assert paces(letters)[WHOLE].level == 1
        assert "421 4.3.2 busy" in paces(letters)[WHOLE].why
    assert letters.states() == {"pending": 200}
    letters.later(timedelta(minutes=10))
    waited(letters)
    async with Server() as server:
        assert (await letters.send(server)).settled
    once_each(server, letters)


async def test_451_at_mail_is_the_servers_and_not_asked_of_every_recipient(post):
    letters = post(200)
    async with Server(at("mail", Act("451 4.3.0 full"), times=10_000)) as server:
        balance = await letters.send(server, connections=2)
    assert balance.pending == 200
    assert server.messages <= 5
    assert paces(letters)[WHOLE].backoff_until is not None


async def test_a_full_mailbox_slows_nobody(post):
    letters = post(40)
    full = Act("452 4.2.2 mailbox full")
    async with Server(lambda turn: full if turn.stage == "rcpt" and turn.message <= 10 else None) as server:
        balance = await letters.send(server, connections=1)
    assert (balance.accepted, balance.pending) == (30, 10)
    assert paces(letters) == {}


async def test_stopping_gives_the_tokens_back(post):
    letters = post(40)
    stop = asyncio.Event()

    def script(turn: Turn) -> None:
        if turn.stage == "rcpt" and turn.message == 5:
            stop.set()  # it is announced with the dot of the fourth, and waits for the next run

    limits = Limits(whole=Limit(first_day=30))
    async with Server(script) as server:
        balance = await letters.send(server, connections=1, stop=stop, limits=limits)
        assert paces(letters)[WHOLE].sent == balance.accepted == 4
        assert (await letters.send(server, limits=limits)).accepted == 30


async def test_without_limits_and_trouble_nothing_is_kept_and_nothing_waits(post, waited):
    letters = post(300)
    pauses = waited(letters)
    async with Server() as server:
        assert (await letters.send(server)).settled
    assert pauses == []
    assert paces(letters) == {}
    assert Counter(row.state for row in letters.rows().values()) == {State.ACCEPTED: 300}
