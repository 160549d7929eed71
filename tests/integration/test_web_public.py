"""The public pages: only a one-click POST acts, whatever else scanners, browsers and strangers send."""

import asyncio
import re
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, closing
from datetime import UTC, datetime

import pytest
from httpx import ASGITransport, AsyncClient
from hypothesis import given
from hypothesis import strategies as st
from limits import RateLimitItemPerMinute
from time_machine import travel

from digest.core.address import parse
from digest.core.headers import Sender
from digest.core.token import Keyring, Purpose
from digest.pipeline.farewell import masked
from digest.pipeline.receive import Keys
from digest.rendering.compiler import Publication
from digest.store import database as database_module
from digest.store import subscribers
from digest.store.database import Database
from digest.web import forms, leaving, limiter, public

NOW = datetime(2026, 3, 14, 9, tzinfo=UTC)
RING = Keyring("a secret")
SENDER = Sender("Tide", "Tide", "news@example.org", None, None, "https://news.example.org", RING)
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def people(sqlite: Database) -> dict[str, int]:
    entries = [
        subscribers.New(parse("ana@example.org"), "Ana", "en", {}),
        subscribers.New(parse("iker@example.net"), "Iker", "es-MX", {}),
    ]
    with sqlite.write() as session:
        return dict(zip(("ana", "iker"), subscribers.add_many(session, entries, NOW), strict=True))


def nothing(_: str) -> None:
    """No folders of mail here."""


@pytest.fixture
async def pages(sqlite: Database) -> AsyncIterator[AsyncClient]:
    app = public.application(
        sqlite,
        Keys(RING, "pepper"),
        Publication("Tide & <b>Time</b>", "1 Quay", None),
        SENDER,
        None,
        lambda: NOW,
        nothing,
    )
    async with AsyncClient(transport=ASGITransport(app), base_url="https://news.example.org") as client:
        yield client


def link(number: int) -> str:
    return f"/unsubscribe/{RING.issue(Purpose.UNSUBSCRIBE, number)}"


def contents(database: Database) -> list[str]:
    with closing(sqlite3.connect(str(database.file))) as connection:
        return list(connection.iterdump())


def state(database: Database, number: int) -> str:
    with database.read() as session:
        person = subscribers.by_id(session, number)
        assert person
        return person.state


async def test_a_hundred_looks_change_nothing(pages: AsyncClient, sqlite: Database, people: dict[str, int]) -> None:
    before = contents(sqlite)
    for _ in range(50):
        shown = await pages.get(link(people["ana"]))
        head = await pages.head(link(people["ana"]))
        assert shown.status_code == head.status_code == 200
    assert contents(sqlite) == before


async def test_the_page_says_whose_mail_it_is_and_its_button_posts_what_a_mail_program_would(
    pages: AsyncClient, people: dict[str, int]
) -> None:
    page = (await pages.get(link(people["ana"]))).text
    assert "a•••@example.org" in page
    assert "ana@example.org" not in page
    assert '<form method="post">' in page
    assert 'name="List-Unsubscribe" value="One-Click"' in page
    assert "<script" not in page
    assert "refresh" not in page


async def test_the_page_is_in_the_language_of_the_subscriber(pages: AsyncClient, people: dict[str, int]) -> None:
    page = await pages.get(link(people["iker"]), headers={"accept-language": "en"})
    assert '<html lang="es-MX"' in page.text
    assert "Darme de baja" in page.text


@pytest.mark.parametrize("encoding", ["urlencoded", "multipart"])
async def test_one_click_acts_at_once_and_again_and_again(
    pages: AsyncClient, sqlite: Database, people: dict[str, int], encoding: str
) -> None:
    body = {"data": ONE_CLICK} if encoding == "urlencoded" else {"files": {"List-Unsubscribe": (None, "One-Click")}}
    headers = {"origin": "https://mail.example"}
    first = await pages.post(link(people["ana"]), headers=headers, **body)
    after = contents(sqlite)
    again = await pages.post(link(people["ana"]), headers=headers, **body)
    assert first.status_code == again.status_code == 200
    assert state(sqlite, people["ana"]) == "unsubscribed"
    assert state(sqlite, people["iker"]) == "active"
    assert contents(sqlite) == after
    assert "set-cookie" not in first.headers
    assert "You are unsubscribed." in first.text
    assert "You are unsubscribed." in (await pages.get(link(people["ana"]))).text


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"data": {"List-Unsubscribe": "one-click"}},
        {"data": {"list-unsubscribe": "One-Click"}},
        {"data": {"List-Unsubscribe": "One-Click "}},
        {"data": {"other": "List-Unsubscribe=One-Click"}},
        {"files": {"List-Unsubscribe": ("file.txt", "One-Click")}},
        {"json": ONE_CLICK},
        {"content": b"\xff\x00%", "headers": {"content-type": "application/x-www-form-urlencoded"}},
        {"content": b"List-Unsubscribe=One-Click", "headers": {"content-type": "text/plain"}},
        {"content": b"--x", "headers": {"content-type": "multipart/form-data"}},
        {"content": b"no parts here", "headers": {"content-type": "multipart/form-data; boundary=x"}},
    ],
)
async def test_any_other_body_is_refused(
    pages: AsyncClient, sqlite: Database, people: dict[str, int], body: dict[str, object]
) -> None:
    before = contents(sqlite)
    answer = await pages.post(link(people["ana"]), params={"List-Unsubscribe": "One-Click"}, **body)  # type: ignore[arg-type]
    assert answer.status_code == 400
    assert contents(sqlite) == before


async def test_a_body_without_end_is_cut_short(pages: AsyncClient, people: dict[str, int]) -> None:
    given = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal given
        while True:
            given += 1000
            yield b"a" * 1000

    answer = await pages.post(link(people["ana"]), content=endless())
    assert answer.status_code == 413
    assert given <= forms.LARGEST_BODY + 2000


async def test_a_body_that_never_comes_is_not_waited_for(
    pages: AsyncClient, people: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forms, "SLOWEST_BODY", 0.01)

    async def stalled() -> AsyncIterator[bytes]:
        yield b"List-Unsubscribe="
        await asyncio.Event().wait()

    assert (await pages.post(link(people["ana"]), content=stalled())).status_code == 408


FORGERIES: dict[str, Callable[[int], str]] = {
    "altered": lambda n: RING.issue(Purpose.UNSUBSCRIBE, n)[:-1] + "a",
    "of another purpose": lambda n: RING.issue(Purpose.BOUNCE, n),
    "of another secret": lambda n: Keyring("another").issue(Purpose.UNSUBSCRIBE, n),
    "longer": lambda n: RING.issue(Purpose.UNSUBSCRIBE, n) + "a",
    "no token": str,
    "hostile": lambda _: "%3Cscript%3Ealert(1)%3C%2Fscript%3E",
}


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES)
async def test_a_forged_token_is_a_page_that_is_not_there(
    pages: AsyncClient, sqlite: Database, people: dict[str, int], forge: Callable[[int], str]
) -> None:
    before = contents(sqlite)
    path = f"/unsubscribe/{forge(people['ana'])}"
    for answer in (await pages.get(path), await pages.post(path, data=ONE_CLICK)):
        assert answer.status_code == 404
        assert "<script" not in answer.text
    assert contents(sqlite) == before


async def test_a_token_of_somebody_erased_is_answered_like_any_other(pages: AsyncClient) -> None:
    assert (await pages.get(link(4711))).status_code == 200
    assert (await pages.post(link(4711), data=ONE_CLICK)).status_code == 200


async def test_a_locked_database_asks_to_come_back(
    pages: AsyncClient, sqlite: Database, people: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "PRAGMAS", (*database_module.PRAGMAS, "busy_timeout=0"))
    sqlite.dispose()
    with closing(sqlite3.connect(str(sqlite.file), isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        answer = await pages.post(link(people["ana"]), data=ONE_CLICK)
        assert answer.status_code == 503
        assert answer.headers["retry-after"] == "60"
        assert "try again" in answer.text
        assert str(sqlite.file) not in answer.text
    assert (await pages.post(link(people["ana"]), data=ONE_CLICK)).status_code == 200


async def test_health_says_whether_the_database_answers(pages: AsyncClient, sqlite: Database) -> None:
    well = await pages.get("/health")
    assert (well.status_code, well.json()) == (200, {"status": "ok"})
    absent = Database(f"sqlite:///{sqlite.file}.d/absent.db")
    app = public.application(
        absent, Keys(RING, ""), Publication("Tide", None, None), SENDER, None, lambda: NOW, nothing
    )
    async with AsyncClient(transport=ASGITransport(app), base_url="https://news.example.org") as client:
        assert (await client.get("/health")).status_code == 503


@pytest.mark.parametrize(
    "path", ["/docs", "/openapi.json", "/redoc", "/unsubscribe", "/unsubscribe/", "/x/../../etc/passwd"]
)
async def test_all_else_is_not_there(pages: AsyncClient, path: str) -> None:
    answer = await pages.get(path, headers={"accept-language": "es"})
    assert answer.status_code == 404
    assert "Aquí no hay nada" in answer.text


async def test_every_answer_is_locked_down_and_its_names_are_text(pages: AsyncClient, people: dict[str, int]) -> None:
    for path in ("/", "/health", "/absent", link(people["ana"])):
        headers = (await pages.get(path)).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cache-control"] == "no-store"
        assert "set-cookie" not in headers
    assert "Tide &amp; &lt;b&gt;Time&lt;/b&gt;" in (await pages.get("/")).text


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("news.example.org", 200),
        ("News.Example.org:443", 200),
        ("localhost:8000", 200),
        ("127.0.0.1:8000", 200),
        ("[::1]:8000", 200),
        ("evil.example", 421),
        ("news.example.org.evil.example", 421),
        ("127.0.0.1.evil.example", 421),
        ("[news.example.org", 421),
        ("", 421),
    ],
)
async def test_no_other_name_is_answered(pages: AsyncClient, host: str, status: int) -> None:
    answer = await pages.get("/health", headers={"host": host})
    assert answer.status_code == status
    assert answer.headers["strict-transport-security"] == "max-age=31536000"


@pytest.fixture
async def from_elsewhere(sqlite: Database) -> AsyncIterator[Callable[[str], AsyncClient]]:
    """The same pages, as somebody at an address of another machine gets them."""
    app = public.application(
        sqlite, Keys(RING, "pepper"), Publication("Tide", None, None), SENDER, None, lambda: NOW, nothing
    )
    async with AsyncExitStack() as opened:
        clients = {
            host: await opened.enter_async_context(
                AsyncClient(transport=ASGITransport(app, client=(host, 1)), base_url="https://news.example.org")
            )
            for host in ("192.0.2.1", "192.0.2.200", "198.51.100.1")
        }
        yield clients.__getitem__


async def test_a_network_that_asks_too_often_is_told_when_to_come_again(
    from_elsewhere: Callable[[str], AsyncClient], people: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limiter, "LOOKS", RateLimitItemPerMinute(3))
    asking, neighbour, other = map(from_elsewhere, ("192.0.2.1", "192.0.2.200", "198.51.100.1"))
    with travel(NOW, tick=False):
        assert [(await asking.get("/privacy")).status_code for _ in range(3)] == [200, 200, 200]
        refused = await neighbour.get("/privacy", headers={"accept-language": "es"})
        assert refused.status_code == 429
        assert refused.headers["retry-after"] == "60"
        assert "Demasiadas veces seguidas." in refused.text
        assert "default-src 'none'" in refused.headers["content-security-policy"]
        assert (await other.get("/privacy")).status_code == 200
        assert (await asking.get("/health")).status_code == 200


async def test_forms_are_few_and_one_click_is_never_too_often(
    from_elsewhere: Callable[[str], AsyncClient], people: dict[str, int], sqlite: Database
) -> None:
    provider = from_elsewhere("192.0.2.1")
    page = f"/preferences/{RING.issue(Purpose.PREFERENCES, people['ana'])}"
    with travel(NOW, tick=False):
        posted = [
            await provider.post(page, data={"do": "resume"}, headers={"sec-fetch-site": "same-origin"})
            for _ in range(limiter.FORMS.amount + 1)
        ]
        clicked = [await provider.post(link(number), data=ONE_CLICK) for number in range(200)]
    assert {each.status_code for each in posted[:-1]} == {200}
    assert posted[-1].status_code == 429
    assert {each.status_code for each in clicked} == {200}
    assert state(sqlite, people["ana"]) == "unsubscribed"


async def test_the_privacy_notice_says_who_is_responsible(pages: AsyncClient) -> None:
    english = await pages.get("/privacy")
    assert "1 Quay" in english.text
    assert "mailto:news@example.org" in english.text
    assert "Privacidad" in (await pages.get("/privacy", headers={"accept-language": "es-MX,es;q=0.9"})).text


async def test_what_nobody_foresaw_is_a_page_and_a_line_of_the_log_without_names(
    pages: AsyncClient, people: dict[str, int], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("ana@example.org")

    monkeypatch.setattr(leaving, "whose", broken)
    answer = await pages.get(link(people["ana"]))
    said = capsys.readouterr().err
    assert answer.status_code == 500
    assert "Nothing was changed" in answer.text
    assert re.findall(r" error=(\S+)", said) == ["RuntimeError"]
    assert "ana@" not in said


@given(local=st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1), domain=st.just("example.org"))
def test_a_mask_keeps_one_letter_and_tells_no_length(local: str, domain: str) -> None:
    assert masked(f"{local}@{domain}") == f"{local[0]}•••@{domain}"
