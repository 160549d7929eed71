"""The door of the mail server: certificates, logins, and one sentence for whatever keeps it shut."""

import asyncio
import socket
import ssl
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import ValidationError
from scripted_smtp import Act, Server, at
from test_smtp import host, send

from digest.core.errors import Refused, TryAgain
from digest.core.reply import Accepted
from digest.settings import Settings
from digest.transports import smtp
from digest.transports.smtp import Connection, ServerBusy, ServerRefuses, Smarthost


@pytest.fixture(scope="session")
def certificate(tmp_path_factory, require) -> Callable[[str], tuple[Path, ssl.SSLContext]]:
    """For a host name: the file of a certificate made here, and the server's side of it."""
    require("openssl")
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


async def test_after_the_login_nobody_else_listens(certificate):
    """If this fails after an upgrade, look at `Connection.open` before anything is sent with it."""
    file, context = certificate("127.0.0.1")
    async with Server(tls=context) as server:
        connection = await Connection.open(host(server, security="starttls", ca_file=file))
        assert connection._dialogue._transport.get_protocol() is connection._dialogue
        assert connection._dialogue._transport.get_extra_info("sslcontext")
        assert isinstance(await send(connection), Accepted)
        connection.abort()
        assert not connection.alive


async def test_a_door_that_stays_shut_leaves_no_connection_open():
    hung_up = asyncio.Event()

    async def shut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 here\r\n")
        while await reader.readline():
            writer.write(b"550 5.7.1 unknown host\r\n")
        hung_up.set()
        writer.close()

    async with await asyncio.start_server(shut, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(ServerRefuses):
            await Connection.open(Smarthost("127.0.0.1", port, "none"))
        await asyncio.wait_for(hung_up.wait(), 5)
