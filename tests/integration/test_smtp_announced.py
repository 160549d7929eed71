"""The envelope of the next message goes out with the dot (RFC 2920 §3.1), and neither message suffers by the other."""

import pytest
from scripted_smtp import OFFERS, USUAL, Act, Script, Server, at

from digest.core.envelope import Parcel
from digest.core.reply import Accepted, Lost, Outcome, Rejected, Stage, Unknown
from digest.transports import smtp
from digest.transports.smtp import Connection, Smarthost

SENDER = "weekly@harbour.example"
FIRST, SECOND = (
    Parcel(SENDER, f"{name}@example.net", f"Message-ID: <{name}@harbour.example>\r\n\r\nhello\r\n".encode())
    for name in ("first", "second")
)


async def two(server: Server) -> tuple[Outcome, Outcome, bool]:
    """What becomes of two messages, the second announced with the dot of the first; whether the connection lives on."""
    connection = await Connection.open(Smarthost("127.0.0.1", server.port, "none"))
    assert await connection.offer(FIRST) is None
    first = await connection.dot(SECOND)
    second = await connection.offer(SECOND) or await connection.dot()
    alive = connection.alive
    await connection.close()
    return first, second, alive


def taken(server: Server) -> list[str]:
    return [each.recipient.partition("@")[0] for each in server.taken]


@pytest.mark.parametrize("offers", [OFFERS, OFFERS[1:]], ids=["PIPELINING", "one by one"])
async def test_what_follows_is_announced_with_the_dot_where_that_is_allowed(offers):
    async with Server(offers=offers) as server:
        connection = await Connection.open(Smarthost("127.0.0.1", server.port, "none"))
        assert await connection.offer(FIRST) is None
        assert isinstance(await connection.dot(SECOND), Accepted)
        announced = server.stages().count("mail") == 2
        assert announced is ("PIPELINING" in offers)
        assert await connection.offer(SECOND) is None
        assert isinstance(await connection.dot(), Accepted)
        await connection.close()
    assert taken(server) == ["first", "second"]
    assert server.sessions == 1
    assert server.stages().count("mail") == 2


@pytest.mark.parametrize("reply", ["451 4.3.0 later", "550 5.7.1 policy"])
async def test_a_message_refused_at_its_dot_does_not_hold_up_the_next(reply):
    async with Server(at("dot", Act(reply))) as server:
        first, second, alive = await two(server)
    assert isinstance(first, Rejected)
    assert (str(first.reply), first.stage) == (reply, Stage.DOT)
    assert isinstance(second, Accepted)
    assert alive
    assert taken(server) == ["second"]


@pytest.mark.parametrize(("stage", "said"), [("mail", Stage.MAIL), ("rcpt", Stage.RCPT), ("data", Stage.DATA)])
async def test_a_refusal_of_the_next_says_nothing_of_this_one(stage, said):
    def script(turn):
        return Act("550 5.1.1 no such user") if turn.stage == stage and turn.message == 2 else None

    async with Server(script) as server:
        first, second, alive = await two(server)
    assert isinstance(first, Accepted)
    assert isinstance(second, Rejected)
    assert second.stage is said
    assert alive
    assert taken(server) == ["first"]


@pytest.mark.parametrize(
    ("script", "first", "second", "delivered"),
    [
        (at("dot", Act(USUAL, drop=True)), Accepted, Lost, ["first"]),
        (at("dot", Act(drop=True, take=True)), Unknown, Lost, ["first"]),
        (at("dot", Act("421 4.3.2 closing", drop=True)), Rejected, Lost, []),
        (at("dot", Act("what?")), Unknown, Lost, []),
        (at("dot", Act("250 2.0.0 ok\r\n250 2.0.0 ok", take=True)), Accepted, Lost, ["first"]),
        (at("data", Act("421 4.3.2 closing", drop=True), recipient="second@example.net"), Accepted, Lost, ["first"]),
    ],
    ids=["taken and gone", "taken, gone", "closing", "garbled", "answered twice", "closing at the next"],
)
async def test_a_connection_that_goes_is_told_apart_for_both(script: Script, first, second, delivered):
    async with Server(script) as server:
        outcomes = await two(server)
    assert tuple(map(type, outcomes[:2])) == (first, second)
    assert not outcomes[2]
    assert taken(server) == delivered


@pytest.mark.parametrize("take", [True, False])
async def test_an_answer_that_is_missing_may_be_the_dots(take):
    """Every answer then stands for the one before it, and MAIL's 250 would count as the message's."""
    async with Server(at("dot", Act(pieces=0, take=take))) as server:
        first, second, _ = await two(server)
    assert isinstance(first, Unknown)
    assert "out of step" in first.detail
    assert isinstance(second, Lost)
    assert len(server.taken) == take


async def test_a_server_that_falls_silent_over_the_next_has_taken_this_one(monkeypatch):
    monkeypatch.setattr(smtp, "COMMAND_SECONDS", 0.2)
    async with Server(at("rcpt", Act(stall=True), recipient="second@example.net")) as server:
        first, second, _ = await two(server)
    assert isinstance(first, Accepted)
    assert isinstance(second, Lost)


async def test_what_was_announced_and_is_not_sent_reaches_nobody():
    async with Server() as server:
        connection = await Connection.open(Smarthost("127.0.0.1", server.port, "none"))
        assert await connection.offer(FIRST) is None
        assert isinstance(await connection.dot(SECOND), Accepted)
        await connection.close()
    assert taken(server) == ["first"]
    assert b"QUIT\r\n" not in server.heard, "the server would take it for a line of the message"


async def test_an_address_that_the_server_does_not_take_is_not_announced():
    beyond = Parcel(SENDER, "josé@example.net", SECOND.wire)
    async with Server(offers=("PIPELINING",)) as server:
        connection = await Connection.open(Smarthost("127.0.0.1", server.port, "none"))
        assert await connection.offer(FIRST) is None
        assert isinstance(await connection.dot(beyond), Accepted)
        assert isinstance(await connection.offer(beyond), Rejected)
        assert await connection.offer(SECOND) is None
        assert isinstance(await connection.dot(), Accepted)
        await connection.close()
    assert taken(server) == ["first", "second"]
