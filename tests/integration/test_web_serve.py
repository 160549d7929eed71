"""Serving: a taken port is a sentence, signals stay their owner's, and nothing about readers reaches a log."""

import asyncio
import contextlib
import os
import signal
import socket
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
from httpx import AsyncClient
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from digest import logs
from digest.app import Installation
from digest.core.address import parse
from digest.core.errors import Refused
from digest.core.item import Item, Kind, Status
from digest.core.token import Purpose
from digest.settings import Settings
from digest.store import items, subscribers
from digest.store.database import Database
from digest.web import door, serve


@pytest.fixture
def taken() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


def installation(sqlite: Database, port: int = 8000) -> Installation:
    return Installation(
        Settings(
            _env_file=None,  # type: ignore[call-arg]
            DIGEST_FROM="news@example.org",  # type: ignore[call-arg]
            database_url=str(sqlite.url),
            web_bind=f"127.0.0.1:{port}",
            secret="a secret for tests",  # type: ignore[arg-type]
            pepper="a pepper for tests",  # type: ignore[arg-type]
        )
    )


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


async def test_the_public_pages_are_served_until_told_to_stop(
    sqlite: Database, capfd: pytest.CaptureFixture[str]
) -> None:
    logs.configure()
    here = installation(sqlite, port := free_port())
    with sqlite.write() as session:
        entry = subscribers.New(parse("ana@example.org"), "Ana", "en", {})
        [number] = subscribers.add_many(session, [entry], here.clock())
    token = here.keyring.issue(Purpose.UNSUBSCRIBE, number)
    before = signal.getsignal(signal.SIGTERM)
    stop, started = asyncio.Event(), asyncio.Event()
    serving = asyncio.create_task(serve.public(here, stop, started))
    await started.wait()
    assert signal.getsignal(signal.SIGTERM) is before
    async with AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        head = await client.head(f"/unsubscribe/{token}")
        assert (head.status_code, head.content) == (200, b"")
        left = await client.post(f"/unsubscribe/{token}", data={"List-Unsubscribe": "One-Click"})
        assert left.status_code == 200
        assert "server" not in left.headers
        assert (await client.post(f"/unsubscribe/{token}x", content=b"x" * 20_000)).status_code == 413
    stop.set()
    await asyncio.wait_for(serving, 10)
    said = "".join(capfd.readouterr())
    assert token not in said
    assert "ana@" not in said
    with socket.create_server(("127.0.0.1", port)):
        pass  # free again


@pytest.mark.parametrize(
    ("proxies", "said", "asks"),
    [
        (["127.0.0.0/8"], "192.0.2.7", "192.0.2.7"),
        (["127.0.0.0/8"], "2001:db8::1", "2001:db8::1"),
        (["127.0.0.0/8", "10.0.0.0/8"], "198.51.100.1, 192.0.2.7, 10.1.1.1", "192.0.2.7"),
        (["127.0.0.0/8"], "198.51.100.1, 192.0.2.7, 10.1.1.1", "10.1.1.1"),
        (["127.0.0.0/8"], "", "127.0.0.1"),
        (["10.0.0.0/8"], "192.0.2.7", "127.0.0.1"),
        ([], "192.0.2.7", "127.0.0.1"),
    ],
)
async def test_a_proxy_is_believed_that_is_named_and_no_other_word(proxies: list[str], said: str, asks: str) -> None:
    async def who(scope: Scope, receive: Receive, send: Send) -> None:
        await PlainTextResponse(scope["client"][0])(scope, receive, send)

    stop, started = asyncio.Event(), asyncio.Event()
    with serve.listening("127.0.0.1", 0, "") as listener:
        serving = asyncio.create_task(serve.serve(who, listener, stop, started, proxies))
        await started.wait()
        async with AsyncClient(base_url=f"http://127.0.0.1:{listener.getsockname()[1]}") as client:
            headers = {"x-forwarded-for": said, "forwarded": "for=203.0.113.9", "x-real-ip": "203.0.113.9"}
            assert (await client.get("/", headers=headers)).text == asks
        stop.set()
        await serving


async def test_a_taken_port_is_said_with_what_to_do(sqlite: Database, taken: socket.socket) -> None:
    port = taken.getsockname()[1]
    with pytest.raises(Refused, match=rf"Port {port} on 127\.0\.0\.1 is in use .*DIGEST_WEB_BIND"):
        await serve.public(installation(sqlite, port), asyncio.Event())
    with pytest.raises(Refused, match=rf"Port {port} on 127\.0\.0\.1 is in use .*--port"):
        await serve.preview(installation(sqlite), port)


async def test_a_host_that_is_not_ours_is_said_with_what_to_do() -> None:
    with pytest.raises(Refused, match=r"192\.0\.2\.1, port 8000: .*DIGEST_WEB_BIND"):
        serve.listening("192.0.2.1", 8000, "set DIGEST_WEB_BIND to a free one")


async def test_the_preview_takes_a_free_port_says_where_and_ends_at_sigterm(
    sqlite: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    serving = asyncio.create_task(serve.preview(installation(sqlite), 0))
    said = ""
    while not said and not serving.done():
        await asyncio.sleep(0)
        said = capsys.readouterr().out
    url = said.split()[4]
    async with AsyncClient() as client:
        assert "Nothing to send yet" in (await client.get(url)).text
    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.wait_for(serving, 10)


async def test_an_open_preview_follows_the_store_by_itself(
    sqlite: Database, require: Callable[[str], str], tmp_path: Path
) -> None:
    chromium = require("chromium")
    here = installation(sqlite)
    pages = serve.preview_pages(here)

    async def adds_an_item_once_looked_at(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/version":
            with sqlite.write() as session:
                item = Item(Kind.NEWS, "Come lately", "It came while the page was open.")
                known = items.by_uid(session, "late")
                items.put(
                    session, item, status=Status.READY, source="test", uid="late", html="<p>It came.</p>", content_hash="late",
                    now=here.clock(), previous=known,
                )  # fmt: skip
        await pages(scope, receive, send)

    stop, started = asyncio.Event(), asyncio.Event()
    with serve.listening("127.0.0.1", 0, "") as listener:
        serving = asyncio.create_task(serve.serve(adds_an_item_once_looked_at, listener, stop, started))
        await started.wait()
        options = (
            "--headless --no-sandbox --disable-gpu --no-first-run --disable-background-networking "
            "--disable-component-update --disable-sync --virtual-time-budget=4000 --dump-dom"
        )
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        browser = await asyncio.create_subprocess_exec(
            chromium, f"--user-data-dir={tmp_path / 'profile'}", *options.split(), url, stdout=PIPE, stderr=DEVNULL
        )
        shown, _ = await browser.communicate()
        stop.set()
        await serving
    assert b"Come lately" in shown
    assert b"Up to date" in shown
    assert b"Nothing to send yet" not in shown


@pytest.mark.parametrize("said", [b"", b"GET / HTTP/1.1\r\nHost: x\r\nX: ", b"GET / HTTP/1.1\r\nHost: x\r\n\r\nGET /"])
async def test_who_says_nothing_whole_is_hung_up_on(monkeypatch: pytest.MonkeyPatch, said: bytes) -> None:
    monkeypatch.setattr(door, "SECONDS", 0.2)
    async with standing() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(said)
        async with asyncio.timeout(5):
            with contextlib.suppress(ConnectionError):
                await reader.read()
        writer.close()


async def test_a_slow_answer_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "SECONDS", 1.0)
    async with standing(takes=2.2) as port, AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        assert [(await client.get("/")).text for _ in range(2)] == ["here", "here"]


async def test_strangers_leave_files_to_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "MOST", 3)
    async with standing() as port:
        inside = [await asyncio.open_connection("127.0.0.1", port) for _ in range(3)]
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        with contextlib.suppress(ConnectionError):
            assert await reader.read() == b""
        for _, each in [*inside, (reader, writer)]:
            each.close()


@contextlib.asynccontextmanager
async def standing(takes: float = 0) -> AsyncIterator[int]:
    """The port of a server that answers after so many seconds."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(takes)
        await PlainTextResponse("here")(scope, receive, send)

    stop, started = asyncio.Event(), asyncio.Event()
    with serve.listening("127.0.0.1", 0, "") as listener:
        serving = asyncio.create_task(serve.serve(app, listener, stop, started))
        await started.wait()
        yield listener.getsockname()[1]
        stop.set()
        await serving
