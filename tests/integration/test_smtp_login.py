"""Logins at somebody else's server (aiosmtpd): passwords in two ways, and tokens that a command prints."""

import asyncio
import base64
import os
import signal
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword
from test_smtp_door import certificate, refused

from digest.core.envelope import Parcel
from digest.core.errors import Misconfigured, Refused, TryAgain
from digest.core.reply import Accepted
from digest.transports import access_token
from digest.transports.smtp import Connection, ServerRefuses, Smarthost

__all__ = ["certificate"]
WIRE = b"Message-ID: <one@harbour.example>\r\nSubject: x\r\n\r\nhello\r\n"
TOKEN = "ya29.a0-_~+/=="


@dataclass
class Provider:
    """A mail server that takes mail only from who logged in, and logins only over TLS. `good`: tokens that it takes."""

    context: ssl.SSLContext
    good: set[str] = field(default_factory=lambda: {TOKEN})
    without: tuple[str, ...] = ()
    used: list[str] = field(default_factory=list)
    port: int = 0

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        def session() -> SMTP:
            return SMTP(
                self, tls_context=self.context, require_starttls=True, auth_required=True,
                authenticator=self.password, auth_exclude_mechanism=self.without,
            )  # fmt: skip

        server = await asyncio.get_running_loop().create_server(session, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        yield
        server.close()
        await asyncio.sleep(0)

    def password(self, _server, _session, _envelope, mechanism: str, data: LoginPassword) -> AuthResult:
        self.used.append(mechanism)
        good = (data.login, data.password) == (b"weekly@harbour.example", "päss word".encode())
        return AuthResult(success=good, handled=False)

    async def auth_XOAUTH2(self, server: SMTP, words: list[str]) -> AuthResult:  # noqa: N802  aiosmtpd's name
        self.used.append("XOAUTH2")
        user, bearer, *rest = base64.b64decode(words[1]).decode().split("\1")
        good = user == "user=weekly@harbour.example" and bearer.removeprefix("auth=Bearer ") in self.good
        if not good or rest != ["", ""]:
            await server.challenge_auth('{"status":"400","schemes":"Bearer"}')
        return AuthResult(success=good, handled=False)

    async def handle_DATA(self, _server, _session, _envelope) -> str:  # noqa: N802
        return "250 2.0.0 ok"


@pytest.fixture
def provider(certificate: Callable[[str], tuple[Path, ssl.SSLContext]]) -> tuple[Provider, Callable[..., Smarthost]]:
    file, context = certificate("127.0.0.1")
    made = Provider(context)

    def host(**login: str) -> Smarthost:
        return Smarthost("127.0.0.1", made.port, "starttls", "weekly@harbour.example", ca_file=file, **login)

    return made, host


def prints(folder: Path, *lines: str) -> str:
    """A command that runs those lines of Python, in a place with a space in its name."""
    program = folder / "to ken.py"
    program.write_text("\n".join(["import pathlib, sys, time", *lines]))
    return f"{sys.executable} '{program}'"


@pytest.mark.parametrize(("without", "used"), [((), "PLAIN"), (("PLAIN",), "LOGIN")])
async def test_a_password_by_the_way_that_the_server_offers(provider, without, used):
    server, host = provider
    server.without = without
    async with server.open():
        connection = await Connection.open(host(password="päss word"))
        outcome = (
            await connection.offer(Parcel("weekly@harbour.example", "a@example.net", WIRE)) or await connection.dot()
        )
        assert isinstance(outcome, Accepted)
        await connection.close()
        assert server.used == [used]
        error = await refused(host(password="other"))
        assert isinstance(error, ServerRefuses)
        assert "check DIGEST_SMTP_USERNAME and _PASSWORD." in str(error)


async def test_a_token_is_asked_anew_for_every_connection(provider, tmp_path):
    server, host = provider
    count = tmp_path / "count"
    command = prints(
        tmp_path, f"count = pathlib.Path({str(count)!r})", "number = len(count.read_text()) if count.exists() else 0",
        "count.write_text('x' * (number + 1))", "print(f'token-{number}')",
    )  # fmt: skip
    server.good = {"token-0", "token-1"}
    async with server.open():
        for _ in range(2):
            connection = await Connection.open(host(token_command=command))
            outcome = (
                await connection.offer(Parcel("weekly@harbour.example", "a@example.net", WIRE))
                or await connection.dot()
            )
            assert isinstance(outcome, Accepted)
            await connection.close()
        error = await refused(host(token_command=command))
    assert server.used == ["XOAUTH2"] * 3
    assert isinstance(error, ServerRefuses)
    assert "refuses the login (535" in str(error)
    assert "check DIGEST_SMTP_USERNAME and _TOKEN_COMMAND." in str(error)
    assert "token-2" not in str(error)


async def test_a_server_without_tokens_says_so_and_no_command_is_run(provider, tmp_path):
    server, host = provider
    server.without = ("XOAUTH2",)
    ran = tmp_path / "ran"
    async with server.open():
        error = await refused(host(token_command=prints(tmp_path, f"pathlib.Path({str(ran)!r}).touch()")))
    assert "does not offer XOAUTH2 here" in str(error)
    assert not ran.exists()


@pytest.mark.parametrize(
    ("lines", "kind", "said"),
    [
        (["sys.exit(3)"], TryAgain, "failed with exit code 3; run it by hand"),
        ([], Refused, "did not print an access token, which is one word"),
        (["print('Token: ', 'abc')"], Refused, "did not print an access token"),
        (["print('abc\\1auth=Bearer x')"], Refused, "did not print an access token"),
        (["print('tök')"], Refused, "did not print an access token"),
        (["print('x' * 20_000)"], Refused, "did not print an access token"),
        (["time.sleep(60)"], TryAgain, "did not print a token in 0.5 seconds"),
    ],
)
async def test_a_command_that_prints_no_token_is_one_sentence(tmp_path, monkeypatch, lines, kind, said):
    if "sleep" in "".join(lines):
        monkeypatch.setattr(access_token, "SECONDS", 0.5)
    with pytest.raises(kind) as caught:
        await access_token.access_token(prints(tmp_path, *lines))
    assert str(caught.value).startswith("DIGEST_SMTP_TOKEN_COMMAND ")
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


async def test_what_a_script_leaves_running_is_not_waited_for(tmp_path):
    token = await access_token.access_token(script(tmp_path, "sleep 9 &", "echo token"))
    [left] = alive(tmp_path)
    os.kill(left, signal.SIGKILL)
    assert token == "token"


@pytest.mark.parametrize("line", ["sleep 60", "yes"])
async def test_a_script_that_does_not_end_is_ended_with_all_that_it_runs(tmp_path, monkeypatch, line):
    """A shell that is killed leaves what it runs, which holds the pipe; and what `yes` prints would fill the memory."""
    monkeypatch.setattr(access_token, "SECONDS", 0.5)
    async with asyncio.timeout(8):
        with pytest.raises(TryAgain, match=r"in 0\.5 seconds"):
            await access_token.access_token(script(tmp_path, line, "echo token"))
        while alive(tmp_path):
            await asyncio.sleep(0.01)


def script(folder: Path, *lines: str) -> str:
    """A command that runs those lines of shell, and notes the number of its process."""
    program = folder / "token.sh"
    program.write_text("\n".join(["#!/bin/sh", f"echo $$ > {folder}/number", *lines, ""]))
    program.chmod(0o755)
    return str(program)


def alive(folder: Path) -> list[int]:
    """Who lives of that process's group."""
    told = subprocess.run(["ps", "-eo", "pid=,pgid=,stat="], capture_output=True, check=True, text=True).stdout
    found = [line.split() for line in told.splitlines()]
    number = (folder / "number").read_text().strip()
    return [int(pid) for pid, group, state in found if group == number and not state.startswith("Z")]


async def test_no_such_program_and_no_shell(tmp_path):
    with pytest.raises(Misconfigured, match=r"^DIGEST_SMTP_TOKEN_COMMAND cannot be run: no such file or directory\.$"):
        await access_token.access_token(f"{tmp_path}/missing --now")
    printed = await access_token.access_token(f"{sys.executable} -c 'import sys; print(sys.argv[1])' $HOME;id|cat")
    assert printed == "$HOME;id|cat"


def test_what_a_smarthost_looks_like_holds_no_secret():
    shown = repr(Smarthost("mail.example.net", 587, "starttls", "weekly", "hunter2", token_command="get --key hunter2"))
    assert "hunter2" not in shown
