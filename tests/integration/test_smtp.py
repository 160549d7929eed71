"""The transport against a server that misbehaves: what each stage's answer is worth, and that the dot is ours to write."""

import asyncio

import pytest
import scripted_smtp
from scripted_smtp import OFFERS, Act, Script, Server, Turn, at

from digest.core.address import parse
from digest.core.dsn import Verdict, judge
from digest.core.envelope import Parcel
from digest.core.reply import Accepted, Lost, Outcome, Rejected, Stage, Unknown
from digest.transports import smtp
from digest.transports.smtp import Connection, Smarthost

WIRE = b"Message-ID: <one@harbour.example>\r\nSubject: x\r\n\r\nhello\r\n"
SENDER, READER = "weekly@harbour.example", "reader@example.net"


@pytest.fixture(params=["PIPELINING", "one by one"], autouse=True)
def pipelining(request, monkeypatch) -> bool:
    """Everything holds whether or not the server takes several commands at once (RFC 2920)."""
    offered = request.param == "PIPELINING"
    monkeypatch.setattr(scripted_smtp, "OFFERS", OFFERS if offered else OFFERS[1:])
    return offered


def host(server: Server, **values) -> Smarthost:
    return Smarthost("127.0.0.1", server.port, values.pop("security", "none"), **values)


async def send(connection: Connection, reader: str = READER) -> Outcome:
    return await connection.offer(Parcel(SENDER, reader, WIRE)) or await connection.dot()


async def one(script: Script) -> tuple[Outcome, Server, bool]:
    """One message through a scripted server: the outcome, the server, and whether the connection lives on."""
    async with Server(script) as server:
        connection = await Connection.open(host(server))
        outcome = await send(connection)
        alive = connection.alive
        await connection.close()
    return outcome, server, alive


# What is said, stage by stage.


@pytest.mark.parametrize(("stage", "said"), [("mail", Stage.MAIL), ("rcpt", Stage.RCPT), ("data", Stage.DATA)])
@pytest.mark.parametrize("reply", ["451 4.3.0 later", "452 4.2.2 full", "550 5.1.1 no such user", "550 5.7.1 policy"])
async def test_a_refusal_names_its_stage_and_the_next_message_goes_out_on_the_same_connection(stage, said, reply):
    async with Server(at(stage, Act(reply))) as server:
        connection = await Connection.open(host(server))
        outcome = await send(connection)
        assert isinstance(outcome, Rejected)
        assert (str(outcome.reply), outcome.stage, outcome.permanent) == (reply, said, reply.startswith("5"))
        assert server.stages()[-1] == "rset"
        assert isinstance(await send(connection), Accepted)
        await connection.close()
    assert server.sessions == 1
    assert len(server.taken) == 1


@pytest.mark.parametrize("reply", ["451 4.3.0 later", "550 5.7.1 policy", "552 5.3.4 too big"])
async def test_a_refusal_after_the_dot_needs_no_reset(reply):
    outcome, server, alive = await one(at("dot", Act(reply)))
    assert isinstance(outcome, Rejected)
    assert outcome.stage is Stage.DOT
    assert alive
    assert "rset" not in server.stages()
    assert not server.taken


@pytest.mark.parametrize("stage", ["mail", "rcpt", "data"])
@pytest.mark.parametrize(
    "act",
    [
        Act("421 4.3.2 closing"), Act("421 4.3.2 closing", drop=True), Act(drop=True), Act("what?"), Act("25"),
        Act("777 7.7.7 hm"), Act("\x00\xff"), Act("250-first\r\ngarbage"), Act("x" * 40_000),
    ],
)  # fmt: skip
async def test_before_the_dot_a_lost_or_garbled_dialogue_delivered_nothing(stage, act):
    outcome, server, alive = await one(at(stage, act))
    assert isinstance(outcome, Lost), outcome
    assert outcome.detail
    assert "SMTP" not in outcome.detail
    assert not alive
    assert "dot" not in server.stages()


@pytest.mark.parametrize("stage", ["rcpt", "data"])
async def test_a_dialogue_out_of_step_is_nobodys_refusal(stage):
    outcome, _, alive = await one(at(stage, Act("503 5.5.1 bad sequence of commands")))
    assert isinstance(outcome, Lost)
    assert not alive


async def test_hanging_up_after_354_or_within_the_message_delivered_nothing():
    for script in (at("data", Act("354 go on", drop=True)), at("content", Act(drop=True))):
        async with Server(script) as server:
            connection = await Connection.open(host(server))
            outcome = await connection.offer(Parcel(SENDER, READER, WIRE + b"x" * 5_000_000 + b"\r\n"))
            for _ in range(200):  # the news that it is gone may take a few turns of the loop
                await asyncio.sleep(0)
                if not connection.alive:
                    break
            assert isinstance(outcome or await connection.dot(), Lost)
        assert not server.taken


@pytest.mark.parametrize("take", [True, False])
@pytest.mark.parametrize(
    "act", [{"drop": True}, {"say": "2OO ok"}, {"say": "what?"}, {"say": "354 more?"}, {"say": "099 x"}]
)
async def test_after_the_dot_no_clear_answer_is_unknown(act, take):
    outcome, server, alive = await one(at("dot", Act(**act, take=take)))
    assert isinstance(outcome, Unknown), outcome
    assert outcome.detail
    assert not alive
    assert len(server.taken) == take


async def test_a_server_that_falls_silent_is_lost_before_and_unknown_after_the_dot(monkeypatch):
    monkeypatch.setattr(smtp, "COMMAND_SECONDS", 0.05)
    monkeypatch.setattr(smtp, "DOT_SECONDS", 0.05)
    for stage, kind in (("mail", Lost), ("rcpt", Lost), ("data", Lost), ("dot", Unknown)):
        outcome, _, alive = await one(at(stage, Act(stall=True)))
        assert outcome == kind("the server did not answer in time")
        assert not alive


async def test_a_server_that_stops_reading_is_lost(monkeypatch):
    monkeypatch.setattr(smtp, "COMMAND_SECONDS", 0.2)
    gate = asyncio.Event()

    async def wait(turn: Turn) -> None:
        if turn.stage == "content":
            await gate.wait()

    async with Server(wait) as server:
        connection = await Connection.open(host(server))
        outcome = await connection.offer(Parcel(SENDER, READER, WIRE + (b"x" * 76 + b"\r\n") * 1_000_000))
        gate.set()
        assert outcome == Lost("the server did not answer in time")
        assert not connection.alive


async def test_421_after_the_dot_is_a_refusal_that_closes():
    outcome, _, alive = await one(at("dot", Act("421 4.3.2 closing")))
    assert isinstance(outcome, Rejected)
    assert not outcome.permanent
    assert not alive


@pytest.mark.parametrize("act", [Act("500 what?"), Act("421 no"), Act(drop=True)])
async def test_a_failed_reset_closes_rather_than_nest_the_next_mail(act):
    first = at("rcpt", Act("550 5.1.1 no such user"))
    then = at("rset", act)
    outcome, _, alive = await one(lambda turn: first(turn) or then(turn))
    assert isinstance(outcome, Rejected | Lost)
    assert not alive


@pytest.mark.parametrize(
    "act",
    [
        Act("250-2.0.0 took it\r\n250-and kept it\r\n250 queued", take=True),
        Act("250 2.0.0 in small packets", take=True, pieces=9),
        Act("250-one\r\n250 two", take=True, pieces=17),
    ],
)
async def test_replies_of_many_lines_and_packets_are_read_whole(act):
    outcome, _, alive = await one(at("dot", act))
    assert isinstance(outcome, Accepted)
    assert alive
    last = act.say.split("\r\n")[-1][4:]
    assert outcome.reply.text.endswith(last)


async def test_one_reply_too_many_is_never_taken_for_the_answer_to_the_dot():
    early = at("data", Act("354 go on\r\n250 2.0.0 queued"))
    no = at("dot", Act("554 5.6.0 not with us"))
    outcome, server, alive = await one(lambda turn: early(turn) or no(turn))
    assert isinstance(outcome, Lost)
    assert not alive
    assert not server.taken


# Several commands at once.


@pytest.mark.parametrize("pipelining", ["PIPELINING"], indirect=True)
@pytest.mark.parametrize("size", [1, 7, 1000])
async def test_what_is_pipelined_is_one_write_and_its_answers_may_come_at_once_or_in_pieces(size):
    """A server of the barest kind, that sees what a single read brings."""
    reads: list[bytes] = []
    over = asyncio.Event()
    answers = b"250 2.1.0 ok\r\n250-2.1.5 so\r\n250 2.1.5 good\r\n354 go on\r\n"

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 bare\r\n")
        await reader.readline()
        writer.write(b"250-bare\r\n250 PIPELINING\r\n")
        reads.append(await reader.read(1000))
        for start in range(0, len(answers), size):
            writer.write(answers[start : start + size])
            await asyncio.sleep(0)
        await reader.readuntil(b"\r\n.\r\n")
        writer.write(b"250 queued\r\n")
        await reader.readline()
        writer.close()
        over.set()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        connection = await Connection.open(Smarthost("127.0.0.1", server.sockets[0].getsockname()[1], "none"))
        outcome = await send(connection)
        await asyncio.gather(connection.close(), over.wait())
    assert isinstance(outcome, Accepted), outcome
    assert reads == [b"MAIL FROM:<%s>\r\nRCPT TO:<%s>\r\nDATA\r\n" % (SENDER.encode(), READER.encode())]


@pytest.mark.parametrize("stage", ["mail", "rcpt"])
@pytest.mark.parametrize("reply", ["450 4.2.0 greylisted", "550 5.1.1 no such user"])
async def test_the_first_refusal_counts_whatever_was_said_to_the_rest(stage, reply):
    later = "rcpt" if stage == "mail" else "data"
    first, then = at(stage, Act(reply)), at(later, Act("554 5.5.1 no valid recipients"))
    async with Server(lambda turn: first(turn) or then(turn)) as server:
        connection = await Connection.open(host(server))
        outcome = await send(connection)
        assert isinstance(outcome, Rejected)
        assert (str(outcome.reply), outcome.stage) == (reply, Stage(stage))
        while isinstance(await send(connection), Rejected):  # one by one, the second refusal is still to come
            pass
        await connection.close()
    assert (server.sessions, len(server.taken)) == (1, 1)


@pytest.mark.parametrize("stage", ["mail", "rcpt"])
async def test_a_server_that_asks_for_a_message_to_nobody_gets_none(stage, pipelining):
    """RFC 2920 §3.1: DATA may be answered 354 although every recipient was refused."""
    first, then = at(stage, Act("550 5.1.1 no such user")), at("data", Act("354 go on"))
    outcome, server, alive = await one(lambda turn: first(turn) or then(turn))
    assert isinstance(outcome, Rejected)
    assert outcome.stage is Stage(stage)
    assert alive is not pipelining
    assert "dot" not in server.stages()
    assert not server.taken


@pytest.mark.parametrize("act", [Act(drop=True), Act("421 4.3.2 closing"), Act("what?"), Act("250 2.0.0 queued")])
async def test_a_refusal_counts_although_the_server_loses_its_head_afterwards(act):
    first, then = at("rcpt", Act("550 5.1.1 no such user")), at("data", act)
    outcome, server, _ = await one(lambda turn: first(turn) or then(turn))
    assert isinstance(outcome, Rejected)
    assert (outcome.reply.code, outcome.stage) == (550, Stage.RCPT)
    assert not server.taken


@pytest.mark.parametrize("said", ["250 2.1.5 ok\r\n250 2.1.5 twice", "250 2.1.5 ok\r\n354 go on", ""])
async def test_one_answer_too_few_or_too_many_delivers_nothing(said, pipelining):
    outcome, server, alive = await one(at("rcpt", Act(said)))
    if pipelining and "354" in said:  # nobody can tell: the answer to DATA came before it, and its own is the dot's
        assert isinstance(outcome, Rejected | Lost)
    else:
        assert isinstance(outcome, Lost)
        assert not alive
    assert not server.taken


@pytest.mark.parametrize("stage", ["rcpt", "dot"])
async def test_words_in_any_encoding_are_kept_as_text(stage):
    outcome, *_ = await one(at(stage, Act("550 5.1.1 no existe \udcf1\0\x1b[2J here")))
    assert isinstance(outcome, Rejected)
    assert outcome.reply.text == "5.1.1 no existe \ufffd  [2J here"


@pytest.mark.parametrize(
    ("name", "said"), [("mail.harbour.example", "mail.harbour.example"), ("laptop", "[127.0.0.1]"), ("", "[127.0.0.1]")]
)
async def test_a_name_that_servers_refuse_is_not_said(name, said, monkeypatch):
    monkeypatch.setattr("socket.gethostname", lambda: name)
    async with Server() as server:
        await (await Connection.open(host(server))).close()
    assert server.heard[0] == f"EHLO {said}\r\n".encode()


# The dot.


async def test_the_dot_is_written_by_its_own_call_alone():
    async with Server() as server:
        connection = await Connection.open(host(server))
        assert await connection.offer(Parcel(SENDER, READER, WIRE)) is None
        assert server.stages()[-1] != "dot"
        connection.abort()
        assert isinstance(await connection.dot(), Lost)

        connection = await Connection.open(host(server))
        assert await connection.offer(Parcel(SENDER, READER, WIRE)) is None
        await asyncio.wait_for(connection.close(), 2)  # at once: no QUIT inside a message
        assert not connection.alive
    assert not server.taken
    assert "dot" not in server.stages()


@pytest.mark.parametrize("stage", ["mail", "rcpt", "data", "dot"])
async def test_a_cancelled_wait_closes_the_connection(stage):
    reached = asyncio.Event()

    async def script(turn: Turn) -> Act | None:
        if turn.stage == stage:
            reached.set()
            return Act(stall=True)
        return None

    async with Server(script) as server:
        connection = await Connection.open(host(server))
        task = asyncio.create_task(send(connection))
        await reached.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not connection.alive


async def test_the_bytes_arrive_as_they_are():
    _, server, _ = await one(lambda _turn: None)
    assert [(each.recipient, each.sender, each.content) for each in server.taken] == [(READER, SENDER, WIRE)]


# What is said only to servers that offer it.


async def heard(offers: tuple[str, ...], recipient: str, wire: bytes = WIRE, sender: str = SENDER) -> list[bytes]:
    """The envelope as it was said."""
    async with Server(offers=offers) as server:
        connection = await Connection.open(host(server))
        assert isinstance(
            await connection.offer(Parcel(sender, recipient, wire, "d.token")) or await connection.dot(), Accepted
        )
        await connection.close()
        assert server.taken[0].recipient == recipient
    return [line for line in server.heard if line.startswith((b"MAIL", b"RCPT"))]


async def test_bounces_are_asked_to_name_the_delivery_and_to_return_the_header():
    assert await heard((*OFFERS, "DSN"), "a+b@example.net") == [
        b"MAIL FROM:<weekly@harbour.example> RET=HDRS ENVID=d.token\r\n",
        b"RCPT TO:<a+b@example.net> NOTIFY=FAILURE,DELAY ORCPT=rfc822;a+2Bb@example.net\r\n",
    ]
    assert await heard(OFFERS, "a+b@example.net") == [
        b"MAIL FROM:<weekly@harbour.example>\r\n", b"RCPT TO:<a+b@example.net>\r\n",
    ]  # fmt: skip


async def test_a_domain_beyond_ascii_is_ascii_to_every_server():
    recipient = parse("ana@Bücher.example").email
    assert (await heard(OFFERS[:3], recipient))[1] == b"RCPT TO:<ana@xn--bcher-kva.example>\r\n"


async def test_a_local_part_beyond_ascii_is_said_as_it_is_with_its_domain_in_ascii():
    recipient = parse("josé@Bücher.example").email
    assert await heard((*OFFERS, "DSN"), recipient) == [
        b"MAIL FROM:<weekly@harbour.example> SMTPUTF8 RET=HDRS ENVID=d.token\r\n",
        "RCPT TO:<josé@xn--bcher-kva.example> NOTIFY=FAILURE,DELAY".encode()
        + b" ORCPT=utf-8;jos\\x{E9}@xn--bcher-kva.example\r\n",
    ]


async def test_a_header_beyond_ascii_is_announced_too():
    wire = "From: josé@harbour.example\r\n".encode() + WIRE
    assert b" SMTPUTF8" in (await heard(OFFERS, READER, wire))[0]


@pytest.mark.parametrize(
    ("sender", "recipient", "header", "stage"),
    [
        (SENDER, "josé@example.net", b"To: jos\xc3\xa9@example.net\r\n", Stage.RCPT),
        ("josé@harbour.example", READER, b"", Stage.MAIL),
        (SENDER, READER, b"From: jos\xc3\xa9@harbour.example\r\n", Stage.MAIL),
    ],
)
async def test_what_needs_smtputf8_is_refused_where_there_is_none_and_says_whose_trouble_it_is(
    sender, recipient, header, stage
):
    async with Server(offers=OFFERS[:3]) as server:
        connection = await Connection.open(host(server))
        outcome = await connection.offer(Parcel(sender, recipient, header + WIRE))
        assert isinstance(outcome, Rejected)
        assert (outcome.permanent, outcome.stage, outcome.ours) == (True, stage, stage is Stage.MAIL)
        assert judge(outcome.reply.code, outcome.reply.enhanced, outcome.reply.text) is Verdict.SOFT
        assert isinstance(await send(connection), Accepted)
        await connection.close()
