"""Past mail on the web: among our own editions by date, on pages that load nothing from anywhere else."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import feedparser
import pytest
from httpx import AsyncClient
from test_web_archive import HOME, SLOT, WEEK, installation, opened, publish

from digest.app import Installation
from digest.pipeline import past
from digest.store.database import Database

PAST = Path(__file__).parents[1] / "data" / "past"
MARCH = "/archive/past/1-the-quay-in-march-and-a-clean-up"


@pytest.fixture
def here(sqlite: Database) -> Installation:
    made = installation(sqlite)
    past.import_past(sqlite, [PAST / "mailchimp", PAST / "mail", PAST / "ghost.json"], now=SLOT)
    return made


@pytest.fixture
async def pages(here: Installation) -> AsyncIterator[AsyncClient]:
    async with opened(here) as client:
        yield client


async def test_nothing_of_it_is_public_unless_somebody_says_so(here: Installation, sqlite: Database) -> None:
    async with opened(installation(sqlite, archive="none")) as client:
        for path in (MARCH, "/archive/past/1", "/archive/2025", "/archive"):
            assert (await client.get(path)).status_code == 404, path


async def test_it_is_listed_among_our_own_by_date(here: Installation, pages: AsyncClient) -> None:
    period = publish(here, datetime(2025, 3, 12, 9, tzinfo=UTC), WEEK, subject="Ours")
    listed = (await pages.get("/archive/2025")).text
    found = re.findall(r'<li><a href="/archive/([^"]*)"', listed)
    assert [each.partition("-")[0] for each in found] == [
        "past/3",
        "past/2",
        "past/6",
        "2025",
        "past/1",
        "past/5",
        "past/4",
    ]
    assert listed.count("No. ") == 1
    assert "Las mareas de marzo" in listed
    assert '<a href="/archive/2023">2023</a>' in listed
    assert (await pages.get("/archive/2024")).status_code == 404
    ours = (await pages.get(f"/archive/{period}")).text
    assert f'<a rel="prev" href="{MARCH}">' in ours
    assert '<a rel="next" href="/archive/past/6-las-mareas-de-marzo-y-una-asamblea">' in ours
    theirs = (await pages.get(MARCH)).text
    assert f'<a rel="next" href="/archive/{period}">' in theirs
    assert '<a rel="prev" href="/archive/past/5-second-of-february">' in theirs


async def test_its_page_is_like_those_of_our_own(pages: AsyncClient) -> None:
    answer = await pages.get(MARCH)
    page = answer.text
    assert '<h1 lang="en" dir="auto">The quay in March, and a clean-up</h1>' in page
    assert "<h2>The quay in March</h2>" in page
    assert f'<link rel="canonical" href="{HOME}{MARCH}">' in page
    assert "March 9, 2025" in page
    assert "noindex" not in page
    assert answer.headers["content-security-policy"].startswith("default-src 'none'; style-src 'sha256-")
    assert answer.headers["etag"]
    spanish = (await pages.get("/archive/past/6-las-mareas-de-marzo-y-una-asamblea")).text
    assert '<div class="prose" lang="es" dir="auto">' in spanish
    assert "ana@example.org" not in spanish.lower()


async def test_no_page_loads_anything_from_elsewhere_or_lets_anybody_leave(pages: AsyncClient) -> None:
    for number in range(1, 8):
        page = (await pages.get((await pages.get(f"/archive/past/{number}")).headers["location"])).text
        assert re.findall(r"\ssrc=", page) == []
        assert not re.search("unsubscribe|list-manage|7f3a9c|[*]\\||\\{\\{", page)
        main = page[page.index("<main>") :]
        assert not re.search(r"<(?:img|script|style|iframe|form|svg|link|meta|base)\b|\sstyle=|\son\w+=", main)


async def test_it_has_one_address(pages: AsyncClient) -> None:
    for name in ("1", "1-the-quay", "01-the-quay-in-march-and-a-clean-up"):
        moved = await pages.get(f"/archive/past/{name}")
        assert (moved.status_code, moved.headers["location"]) == (301, MARCH), name
    for name in ("99", "0", "-1", "x", "٢", "9" * 50, "1x"):
        assert (await pages.get(f"/archive/past/{name}")).status_code == 404, name
    assert (await pages.get("/archive/past")).status_code == 404


async def test_what_was_removed_answers_gone(here: Installation, pages: AsyncClient) -> None:
    past.remove(here.database, [1], SLOT)
    for path in (MARCH, "/archive/past/1"):
        assert (await pages.get(path)).status_code == 410
    assert "The quay in March" not in (await pages.get("/archive/2025")).text


async def test_the_feed_does_not_tell_old_mail_anew(pages: AsyncClient) -> None:
    assert feedparser.parse((await pages.get("/feed.atom")).content).entries == []
