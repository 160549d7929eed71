"""The transport against a server that misbehaves: what each stage's answer is worth, and that the dot is ours to write."""

import asyncio
import shutil
import socket
import ssl
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from scripted_smtp import Act, Script, Server, Turn, at

from digest.core import quoted_printable
from digest.core.errors import Refused, TryAgain
from digest.core.reply import Accepted, Lost, Outcome, Rejected, Stage, Unknown
from digest.settings import Settings
from digest.transports import smtp
from digest.transports.smtp import Connection, ServerBusy, ServerRefuses, Smarthost

WIRE = b"Message-ID: <one@harbour.example>\r\nSubject: x\r\n\r\nhello\r\n"
SENDER, READER = "weekly@harbour.example", "reader@example.net"


def host(server: Server, **values) -> Smarthost:
    return Smarthost("127.0.0.1", server.port, values.pop("security", "none"), **values)


async def send(connection: Connection, reader: str = READER) -> Outcome:
    return await connection.offer(SENDER, reader, WIRE) or await connection.dot()


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


async def test_hanging_up_after_354_or_within_the_message_delivered_nothing():
    for script in (at("data", Act("354 go on", drop=True)), at("content", Act(drop=True))):
        async with Server(script) as server:
            connection = await Connection.open(host(server))
            outcome = await connection.offer(SENDER, READER, WIRE + b"x" * 5_000_000 + b"\r\n")
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
        outcome = await connection.offer(SENDER, READER, WIRE + (b"x" * 76 + b"\r\n") * 1_000_000)
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


# The dot.


async def test_the_dot_is_written_by_its_own_call_alone():
    async with Server() as server:
        connection = await Connection.open(host(server))
        assert await connection.offer(SENDER, READER, WIRE) is None
        assert server.stages()[-1] != "dot"
        connection.abort()
        assert isinstance(await connection.dot(), Lost)

        connection = await Connection.open(host(server))
        assert await connection.offer(SENDER, READER, WIRE) is None
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


@given(st.lists(st.text(st.sampled_from(". \tFromx=\né\r")), max_size=8))
def test_what_is_composed_never_needs_dot_stuffing(pieces):
    body = b"".join(quoted_printable.encode(piece) for piece in pieces)
    assert not any(line.startswith(b".") for line in body.split(b"\r\n"))
    assert b"\n" not in body.replace(b"\r\n", b"")


async def test_the_bytes_arrive_as_they_are():
    _, server, _ = await one(lambda _turn: None)
    assert [(each.recipient, each.sender, each.content) for each in server.taken] == [(READER, SENDER, WIRE)]


async def test_addresses_beyond_ascii_need_a_server_that_takes_them():
    async with Server() as server:
        connection = await Connection.open(host(server))
        assert isinstance(await send(connection, "josé@example.net"), Accepted)
        await connection.close()
        assert server.taken[0].recipient == "josé@example.net"
    async with Server(offers=()) as server:
        connection = await Connection.open(host(server))
        outcome = await send(connection, "josé@example.net")
        assert isinstance(outcome, Rejected)
        assert outcome.permanent
        assert outcome.stage is Stage.RCPT
        assert isinstance(await send(connection), Accepted)
        await connection.close()


# The way in.


@pytest.fixture(scope="session")
def certificate(tmp_path_factory) -> Callable[[str], tuple[Path, ssl.SSLContext]]:
    """For a host name: the file of a certificate made here, and the server's side of it."""
    if shutil.which("openssl") is None:
        pytest.skip("needs the openssl command to make a certificate")
    folder = tmp_path_factory.mktemp("tls")

    def make(name: str) -> tuple[Path, ssl.SSLContext]:
        file, key = folder / f"{name}.pem", folder / f"{name}.key"
        alternative = f"subjectAltName={'IP' if name[0].isdigit() else 'DNS'}:{name}"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
             "-days", "2", "-subj", f"/CN={name}", "-addext", alternative, "-keyout", key, "-out", file],
            check=True, capture_output=True,
        )  # fmt: skip
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(file, key)
        return file, context

    return make


async def refused(smarthost: Smarthost) -> Refused:
    with pytest.raises(Refused) as caught:
        await Connection.open(smarthost)
    said = str(caught.value)
    assert said.startswith(f"The mail server {smarthost} ")
    assert said.endswith(".")
    assert "\n" not in said
    assert "aiosmtplib" not in said
    assert "SMTP " not in said
    return caught.value


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_tls_with_ones_own_authority_and_a_login(certificate, security):
    file, context = certificate("127.0.0.1")
    async with Server(tls=context, at_once=security == "tls", login=("harbour", "pass word")) as server:
        good = host(server, security=security, ca_file=file, username="harbour", password="pass word")
        connection = await Connection.open(good)
        assert isinstance(await send(connection), Accepted)
        await connection.close()

        wrong = host(server, security=security, ca_file=file, username="harbour", password="other")
        error = await refused(wrong)
        assert isinstance(error, ServerRefuses)
        assert "DIGEST_SMTP_USERNAME and _PASSWORD" in str(error)
        assert "other" not in str(error)


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_a_certificate_that_cannot_be_trusted_stops_before_the_login(certificate, security):
    _, context = certificate("127.0.0.1")
    elsewhere, other = certificate("mail.example.net")
    async with Server(tls=context, at_once=security == "tls", login=("harbour", "secret")) as server:
        error = await refused(host(server, security=security, username="harbour", password="secret"))
        assert "certificate that cannot be trusted" in str(error)
        assert "DIGEST_SMTP_CA_FILE" in str(error)
    async with Server(tls=other, at_once=security == "tls", login=("harbour", "secret")) as mistaken:
        error = await refused(
            host(mistaken, security=security, ca_file=elsewhere, username="harbour", password="secret")
        )
        assert "certificate that cannot be trusted" in str(error)
    assert "auth" not in server.stages() + mistaken.stages()


async def test_starttls_that_is_not_offered_is_never_done_without():
    async with Server(login=("harbour", "secret")) as server:
        error = await refused(host(server, security="starttls", username="harbour", password="secret"))
        assert "does not offer STARTTLS, and nothing is sent in clear text" in str(error)
    assert {"auth", "mail"}.isdisjoint(server.stages())


def test_clear_text_is_for_this_machine_alone():
    with pytest.raises(ValidationError, match="DIGEST_SMTP_SECURITY"):
        Settings(smtp_host="mail.example.net", smtp_security="none", _env_file=None)
    assert Settings(smtp_host="mail.example.net", _env_file=None).security == "starttls"


@pytest.mark.parametrize(
    ("script", "kind", "told"),
    [
        (at("connect", Act("554 5.7.1 go away")), ServerRefuses, "does not let us in (554 5.7.1 go away)"),
        (at("connect", Act("421 4.3.2 later")), ServerBusy, "does not let us in (421 4.3.2 later)"),
        (at("connect", Act(drop=True)), TryAgain, "closed the connection"),
        (at("connect", Act("HTTP/1.1 400 Bad Request")), Refused, "does not answer as a mail server does"),
        (
            at("ehlo", Act("550 5.7.1 unknown host"), times=2),
            ServerRefuses,
            "does not let us in (550 5.7.1 unknown host)",
        ),
        (at("ehlo", Act(drop=True)), TryAgain, "closed the connection"),
        (at("auth", Act("454 4.7.0 later"), times=9), ServerBusy, "refuses the login (454 4.7.0 later)"),
        (at("auth", Act("535 5.7.8 no"), times=9), ServerRefuses, "refuses the login (535 5.7.8 no)"),
        (at("auth", Act(drop=True)), TryAgain, "closed the connection"),
    ],
)
async def test_whatever_is_wrong_at_the_door_is_one_sentence(script, kind, told):
    async with Server(script, login=("harbour", "secret")) as server:
        error = await refused(host(server, username="harbour", password="secret"))
    assert type(error) is kind
    assert told in str(error)


async def test_a_server_without_logins_says_so():
    async with Server() as server:
        assert "takes no login here" in str(await refused(host(server, username="harbour", password="secret")))


async def test_no_server_no_name_no_answer(monkeypatch):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert "nothing listens there" in str(await refused(Smarthost("127.0.0.1", port, "none")))

    async def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    with monkeypatch.context() as patched:
        patched.setattr(asyncio.get_running_loop(), "getaddrinfo", unknown)
        assert "its name does not resolve" in str(await refused(Smarthost("mail.invalid", 25, "starttls")))

    monkeypatch.setattr(smtp, "CONNECT_SECONDS", 0.05)
    async with Server(at("connect", Act(stall=True))) as server:
        assert "did not answer in 0.05 seconds" in str(await refused(host(server)))


async def test_tls_where_there_is_none_is_one_sentence():
    async with Server() as server:
        assert "does not speak TLS" in str(await refused(host(server, security="tls")))


async def test_the_private_parts_that_we_lean_on_are_where_they_were():
    """If this fails after an upgrade, look at `Connection.offer` and `dot` before anything is sent with it."""
    async with Server() as server:
        connection = await Connection.open(host(server))
        protocol = connection._protocol
        assert connection._client.protocol is protocol
        assert protocol._buffer == bytearray()
        assert protocol._paused is False
        assert asyncio.iscoroutinefunction(protocol._drain_helper)
        assert asyncio.iscoroutinefunction(protocol.read_response)
        assert not asyncio.iscoroutinefunction(protocol.write)
        assert protocol.is_connected
        connection.abort()
        assert not connection.alive
