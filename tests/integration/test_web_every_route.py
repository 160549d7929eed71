"""What holds for every public page there is, also for those that somebody adds: walked off the application itself."""

import sqlite3
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient
from limits import RateLimitItemPerMinute

from digest.app import Installation
from digest.core.address import parse
from digest.core.token import Purpose
from digest.settings import Settings
from digest.store import subscribers
from digest.store.database import Database
from digest.web import forms, limiter, serve

NOW = datetime(2026, 3, 15, 9, tzinfo=UTC)
HOME = "https://news.example.org"
HOOKS = {("POST", "/hooks/postmark"), ("POST", "/hooks/ses")}
NEVER_TOO_OFTEN = {("POST", "/unsubscribe/{token}"), ("GET", "/media/{name}"), ("GET", "/health"), *HOOKS}
"""What providers ask of us for all their users, and what a monitor asks."""


@pytest.fixture
def here(sqlite: Database) -> Installation:
    values = {
        "DIGEST_FROM": "news@example.org", "database_url": str(sqlite.url), "public_url": HOME, "archive": "public",
        "secret": "a secret for tests", "pepper": "a pepper for tests", "postmark_secret": "a secret for Postmark",
        "ses_topic": "arn:aws:sns:eu-west-1:123456789012:bounces",
    }  # fmt: skip
    made = Installation(Settings(_env_file=None, **values), NOW)  # type: ignore[call-arg,arg-type]
    with made.database.write() as session:
        subscribers.add_many(session, [subscribers.New(parse("ana@example.org"), "Ana", "en", {})], NOW)
    return made


@pytest.fixture
def app(here: Installation) -> FastAPI:
    return serve.public_pages(here)


@pytest.fixture
async def pages(app: FastAPI) -> AsyncIterator[AsyncClient]:
    async with AsyncClient(transport=ASGITransport(app, client=("192.0.2.7", 1)), base_url=HOME) as client:
        yield client


def walked(routes: Iterable[Any]) -> Iterator[tuple[str, str]]:
    """Method and path of every route, those of routers that were included too."""
    for route in routes:
        if included := getattr(route, "original_router", None):
            yield from walked(included.routes)
        else:
            yield from ((method, route.path) for method in route.methods)


def addresses(here: Installation, path: str) -> list[str]:
    """The path with what might stand in it: a token of each purpose that is good, and none."""
    known = [here.keyring.issue(purpose, 1) for purpose in Purpose]
    names = [*known, "x", "1"] if "{token}" in path else ["1"]
    return sorted({path.replace("{token}", name).replace("{name}", name).replace("{number}", name) for name in names})


def contents(database: Database) -> list[str]:
    with closing(sqlite3.connect(str(database.file))) as connection:
        return list(connection.iterdump())


def test_the_walk_finds_what_there_is(app: FastAPI) -> None:
    found = set(walked(app.routes))
    assert found >= {("GET", "/"), ("POST", "/preferences/{token}"), ("GET", "/archive/{name}"), ("POST", "/subscribe")}
    assert found >= NEVER_TOO_OFTEN


async def test_looking_changes_nothing_and_every_answer_is_locked_down(
    here: Installation, app: FastAPI, pages: AsyncClient
) -> None:
    before = contents(here.database)
    for method, path in walked(app.routes):
        for address in addresses(here, path) if method != "POST" else []:
            answer = await pages.request(method, address)
            assert answer.status_code < 500, address
            headers = answer.headers
            assert headers["content-security-policy"].startswith("default-src 'none'; "), address
            assert "script" not in headers["content-security-policy"], address
            assert "frame-ancestors 'none'" in headers["content-security-policy"], address
            assert headers["x-content-type-options"] == "nosniff", address
            assert headers["referrer-policy"] in ("no-referrer", "same-origin"), address
            assert headers["strict-transport-security"] == "max-age=31536000", address
            assert "set-cookie" not in headers, address
            if "{token}" in path:
                assert headers["cache-control"] == "no-store", address
    assert contents(here.database) == before


async def test_no_other_name_is_answered_anywhere(here: Installation, app: FastAPI, pages: AsyncClient) -> None:
    for method, path in walked(app.routes):
        answer = await pages.request(method, addresses(here, path)[0], headers={"host": "evil.example"})
        assert answer.status_code == 421, (method, path)


async def test_no_form_takes_a_large_body_or_the_word_of_another_site(
    here: Installation, app: FastAPI, pages: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limiter, "FORMS", RateLimitItemPerMinute(1000))
    before = contents(here.database)
    for method, path in walked(app.routes):
        for address in addresses(here, path) if method == "POST" else []:
            large = await pages.post(address, content=b"a=" + b"x" * forms.LARGEST_BODY)
            refused = (400, 401) if (method, path) in HOOKS else (403, 413)  # 401 and 403 where it is not even read
            assert large.status_code in refused, address
            data = {"do": "undo", "sure": "yes", "email": "eva@example.org", "consent": "yes"}
            for headers in ({"sec-fetch-site": "cross-site"}, {"origin": "https://evil.example"}):
                await pages.post(address, data=data, headers=headers)
    assert contents(here.database) == before


async def test_every_page_has_its_limit_but_those_that_must_not(
    here: Installation, app: FastAPI, pages: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LOOKS", "FORMS"):
        monkeypatch.setattr(limiter, name, RateLimitItemPerMinute(1, namespace=name))
    for address in ("/", "/preferences/x"):
        await pages.request("POST" if "x" in address else "GET", address)
    for method, path in walked(app.routes):
        if method == "HEAD":
            continue
        answer = await pages.request(method, addresses(here, path)[0])
        assert (answer.status_code == 429) == ((method, path) not in NEVER_TOO_OFTEN), (method, path)
        if answer.status_code == 429:
            assert 1 <= int(answer.headers["retry-after"]) <= 60
