"""A mailbox on a server, as odd servers have it; test_imap_dovecot.py has a real one."""

import asyncio
import base64
import contextlib
import socketserver
import threading
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from digest.core.errors import Misconfigured, Refused, TryAgain
from digest.mailbox import imap
from digest.mailbox.imap import Account
from digest.scheduler import MISSED, Service


def test_a_folder_has_a_name_in_any_language():
    """RFC 3501 §5.1.3 has the example."""
    assert imap._spelt("~peter/mail/台北/日本語") == '"~peter/mail/&U,BTFw-/&ZeVnLIqe-"'
    assert imap._spelt('Q&A "x"') == r'"Q&-A \"x\""'


def refused(where, error=TryAgain):
    with pytest.raises(Refused) as caught, imap.opened(where):
        pass
    said = str(caught.value)
    assert type(caught.value) is error
    assert said.endswith(".")
    assert "\n" not in said
    assert where.password not in said
    assert where.username not in said
    return said


@contextlib.contextmanager
def answering(answer, greeting=b"* OK [CAPABILITY IMAP4rev1] hello\r\n"):
    """A server: what it says to each line."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self):
            with contextlib.suppress(OSError):
                self.wfile.write(greeting or b"")
                for line in self.rfile:
                    if (said := answer(line)) is not None:
                        self.wfile.write(said)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as started:
        started.daemon_threads, started.block_on_close = True, False
        thread = threading.Thread(target=lambda: started.serve_forever(0.01))
        thread.start()
        yield started.server_address[1]
        started.shutdown()
        thread.join()


def at(port, **different):
    return replace(Account("127.0.0.1", port, "none", "ana", "a secret", "INBOX"), **different)


def test_a_server_that_is_silent_and_one_that_hangs_up(monkeypatch):
    monkeypatch.setattr(imap, "SECONDS", 0.2)
    with answering(lambda _: None, greeting=None) as port:
        assert "timed out" in refused(at(port))
    with answering(lambda _: b"* BYE we are closing\r\n") as port:
        assert "closing" in refused(at(port))


@pytest.fixture
def old():
    """A server without AUTH=PLAIN and without the folder, and the commands that it heard."""
    heard = []

    def answer(line):
        tag, _, command = line.strip().partition(b" ")
        heard.append(command)
        known = b"* CAPABILITY IMAP4rev1\r\n" if command == b"CAPABILITY" else b""
        return known + tag + (b" NO none\r\n" if b"SELECT" in command else b" OK done\r\n")

    with answering(answer) as port:
        yield SimpleNamespace(port=port, heard=heard)


def test_an_old_server_gets_the_login_in_ascii(old):
    assert "no folder" in refused(at(old.port), Misconfigured)
    assert b'LOGIN ana "a secret"' in old.heard
    assert "does not take the login" in refused(at(old.port, password="contraseña"), Misconfigured)


def test_a_token_takes_the_place_of_a_password():
    heard = []

    def answer(line):
        heard.append(line.split())
        match heard[-1]:
            case [_, b"AUTHENTICATE", b"XOAUTH2"]:
                return b"+ \r\n"
            case [_]:
                return heard[-2][0] + b" OK done\r\n"
            case [tag, *_]:
                return b"* CAPABILITY IMAP4rev1\r\n" + tag + b" OK done\r\n"

    with answering(answer) as port, imap.opened(at(port, oauth=True)):
        pass
    [token] = [line[0] for line in heard if len(line) == 1]
    assert base64.b64decode(token) == b"user=ana\1auth=Bearer a secret\1\1"


async def test_staff_hear_of_a_mailbox_that_stays_out_of_reach_once(monkeypatch):
    told, down = [], True

    def poll(_account):
        yield from ()
        if down:
            raise TryAgain("The mailbox cannot be asked.")

    here = SimpleNamespace(
        account=lambda: "one", inbound=SimpleNamespace(poll=poll), clock=lambda: datetime(2026, 3, 1, 12, tzinfo=UTC)
    )
    service = Service(here, asyncio.Event())

    async def tell(*letter):
        told.append(letter)

    monkeypatch.setattr(service, "_tell", tell)
    for _ in range(2):
        for _ in range(MISSED - 1):
            await service.poll()
        down = False
        await service.poll()
        down = True
    assert told == []
    for _ in range(2 * MISSED):
        await service.poll()
    assert told == [
        ("What comes back is not read", "The mailbox cannot be asked. It has been so since 01.03. 11:50 UTC.")
    ]
