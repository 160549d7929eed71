"""The preview: true to the store and the templates, for any reader, on this machine alone, and never a place for scripts."""

import os
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlencode

import pytest
from httpx import ASGITransport, AsyncClient
from stored import NOW, installation, put, subscribe

from digest.app import Installation
from digest.core.edition import EditionState
from digest.core.when import When
from digest.pipeline import assemble, consent
from digest.pipeline.preview import in_scheme
from digest.store import editions
from digest.store.database import Database
from digest.web import serve

HOSTILE = "</title><script>alert(1)</script>{{ 7*7 }}<mj-text>"


@pytest.fixture
def here(sqlite: Database, tmp_path: Path) -> Installation:
    return installation(sqlite, tmp_path / "templates")


@pytest.fixture
async def desk(here: Installation) -> AsyncIterator[AsyncClient]:
    transport = ASGITransport(serve.preview_pages(here))
    async with AsyncClient(transport=transport, base_url="http://127.0.0.1:8025") as client:
        yield client


def week(here: Installation) -> None:
    put(here, "Rents rise", ["housing"])
    put(here, "Harbour clean-up", ["harbour"], kind="event", starts=When.parse("2026-03-21T09:00"), venue="Slipway")
    put(here, "Water off", must_see=True)
    put(here, "Clocks change", must_see=True)
    put(here, "Vote last week", kind="action", url="https://example.org", deadline=When.parse("2026-03-13"))
    subscribe(here, "ana@example.org", "Ana", topics=["housing"])
    subscribe(here, "iker@example.net", "Iker", "es", ["harbour"])


def draft(here: Installation) -> str:
    words = assemble.Words()
    return assemble.assemble(here.database, here.plan, period=None, now=NOW, words=words, languages=())


async def test_what_the_preflight_finds_is_on_the_page_and_blocking_is_open(
    here: Installation, desk: AsyncClient
) -> None:
    week(here)
    quiet = (await desk.get("/")).text
    assert "1 remark before it goes out" in quiet  # the postal address is not set
    assert "not fit to go out" not in quiet
    put(here, "Dear *|FNAME|*", must_see=True)
    page = (await desk.get("/")).text
    assert '<details class="notice warn" open>' in page
    assert "2 remarks: this is not fit to go out." in page
    assert "“*|FNAME|*” is a token that nothing replaces." in page


async def mail(desk: AsyncClient, **look: str) -> str:
    answer = await desk.get("/mail", params=look)
    assert answer.status_code == 200
    return answer.text


class Scripts(HTMLParser):
    """The scripts that a browser would find: their sources, or their text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "script" or any(name.startswith("on") for name, _ in attrs):
            self.found.append(dict(attrs).get("src") or tag)


async def test_every_reader_sees_their_own_digest(here: Installation, desk: AsyncClient) -> None:
    week(here)
    ana, iker, nobody = [await mail(desk, to=to) for to in ("ana@example.org", "iker@example.net", "es")]
    assert "Hello Ana," in ana
    assert "Rents rise" in ana
    assert "Water off" in ana
    assert "Harbour clean-up" not in ana
    assert "Hola, Iker:" in iker
    assert "Harbour clean-up" in iker
    assert "Rents rise" in nobody
    assert "Harbour clean-up" in nobody


async def test_the_page_says_why_and_what_is_left_out(here: Installation, desk: AsyncClient) -> None:
    week(here)
    page = (await desk.get("/", params={"to": "ana@example.org"})).text
    assert "they follow Housing" in page
    assert "everyone gets it (must see)" in page
    assert "they follow none of its topics" in page
    assert "Vote last week" in page
    assert "its deadline was 13 March 2026" in page or "it was over" in page
    assert "3 of 4 items" in page


async def test_text_headers_and_source_are_those_of_the_message(here: Installation, desk: AsyncClient) -> None:
    week(here)
    text, header, source = [
        (await desk.get("/", params={"to": "ana@example.org", "view": view})).text
        for view in ("text", "header", "source")
    ]
    assert "Hello Ana,\n" in text
    assert "<dt>List-Unsubscribe</dt>" in header
    assert "<dd>ana@example.org</dd>" in header
    assert "Content-Transfer-Encoding: quoted-printable" in source


async def test_looking_changes_nothing(here: Installation, desk: AsyncClient, sqlite: Database) -> None:
    week(here)
    draft(here)
    with closing(sqlite3.connect(str(sqlite.file))) as connection:
        before = list(connection.iterdump())
    for path in ("/", "/mail", "/version", "/people?q=a", "/?edition=next&view=source"):
        assert (await desk.get(path)).status_code == 200
        assert (await desk.post(path)).status_code == 405
    with closing(sqlite3.connect(str(sqlite.file))) as connection:
        assert list(connection.iterdump()) == before


async def test_a_stored_draft_comes_first_and_says_what_has_changed_since(
    here: Installation, desk: AsyncClient
) -> None:
    week(here)
    period = draft(here)
    assert "since this draft was made" not in (await desk.get("/")).text
    put(here, "Brand new")
    first = (await desk.get("/")).text
    assert f"edition={period}" in first
    assert "1 change since this draft was made" in first
    assert "Brand new" not in await mail(desk, edition=period)
    assert "Brand new" in await mail(desk, edition="next")


async def test_next_is_what_assembling_makes_and_no_edition_that_was_missed(
    here: Installation, desk: AsyncClient, sqlite: Database
) -> None:
    week(here)
    with sqlite.write() as session:
        slot, _ = assemble.upcoming(session, here.plan, NOW)
        missed = here.plan.schedule.period(slot)
        assert editions.create(session, missed, slot, "UTC", EditionState.MISSED)
    page = (await desk.get("/")).text
    made = draft(here)
    assert made == here.plan.schedule.period(here.plan.schedule.after(slot))
    assert f"<small>Edition</small> <b>{made}</b>" in page


async def test_the_version_moves_when_what_is_shown_would(here: Installation, desk: AsyncClient) -> None:
    week(here)
    assert here.settings.templates
    versions = [(await desk.get("/version")).text]
    assert (await desk.get("/version")).text == versions[0]
    assert f'data-version="{versions[0]}"' in (await desk.get("/")).text
    put(here, "Brand new")
    versions.append((await desk.get("/version")).text)
    subject = here.settings.templates / "digest" / "subject.txt"
    subject.parent.mkdir()
    subject.write_text("A subject of our own")
    versions.append((await desk.get("/version")).text)
    assert "A subject of our own" in (await desk.get("/")).text
    subscribe(here, "new@example.org", topics=["housing"])
    versions.append((await desk.get("/version", params={"to": "new@example.org"})).text)
    consent.change(here.database, "new@example.org", name="Noor", language=None, topics=None, now=NOW)
    versions.append((await desk.get("/version", params={"to": "new@example.org"})).text)
    assert len(set(versions)) == 5


async def test_a_template_error_is_a_sentence_with_its_place_until_it_is_mended(
    here: Installation, desk: AsyncClient
) -> None:
    week(here)
    assert here.settings.templates
    subject = here.settings.templates / "digest" / "subject.txt"
    subject.parent.mkdir()
    subject.write_text("One\n{% for each in %}\n")
    page = await desk.get("/")
    assert page.status_code == 200
    assert f"{subject}, line 2" in page.text
    assert (await desk.get("/mail")).status_code == 409
    wrong = (await desk.get("/version")).text
    assert f'data-version="{wrong}"' in page.text
    subject.write_text("Mended")
    os.utime(subject, (later := subject.stat().st_mtime + 1, later))
    assert (await desk.get("/version")).text != wrong
    assert "Mended" in (await desk.get("/")).text


async def test_an_empty_store_says_what_to_do(desk: AsyncClient) -> None:
    page = (await desk.get("/")).text
    assert "Nothing to send yet" in page
    assert "digest items add FOLDER" in page
    assert "digest subscribers import list.csv" in page


async def test_a_reader_or_edition_that_is_not_there_is_said_in_the_page(here: Installation, desk: AsyncClient) -> None:
    week(here)
    assert "nobody@example.org is not a subscriber" in (await desk.get("/", params={"to": "nobody@example.org"})).text
    assert "There is no edition “2020-W01”" in (await desk.get("/", params={"edition": "2020-W01"})).text


async def test_who_left_is_shown_as_such(here: Installation, desk: AsyncClient) -> None:
    week(here)
    consent.unsubscribe(here.database, "ana@example.org", pepper=here.pepper, now=NOW)
    assert "gets no mail:</b> they are unsubscribed" in (await desk.get("/", params={"to": "ana@example.org"})).text


@pytest.mark.parametrize(
    ("piece", "found"),
    [("", 2), ("ANA", 1), ("example.net", 1), ("iker", 1), ("%", 0), ("_", 0), ("zzz", 0)],
)
async def test_readers_are_found_by_a_piece_of_name_or_address(
    here: Installation, desk: AsyncClient, piece: str, found: int
) -> None:
    week(here)
    assert (await desk.get("/people", params={"q": piece})).text.count("<li><a") == found


async def test_what_people_write_is_text(here: Installation, desk: AsyncClient) -> None:
    put(here, HOSTILE, ["housing"], organisation=HOSTILE, language='en" onload="x')
    subscribe(here, "x@example.org", HOSTILE, topics=["housing"])
    hostile = urlencode({"q": HOSTILE + '"', "edition": "next"})
    pages = [
        await desk.get(path)
        for path in (
            "/?to=x@example.org",
            "/?to=x@example.org&view=text",
            "/?to=x@example.org&view=source",
            f"/?{hostile}",
            f"/?{urlencode({'to': HOSTILE, 'edition': HOSTILE, 'view': HOSTILE, 'scheme': HOSTILE})}",
        )
    ]
    for page in pages:
        assert Scripts(page.text).found == ["/preview.js"]
        assert "script-src 'self'" in page.headers["content-security-policy"]
    assert Scripts((await desk.get(f"/people?{hostile}")).text).found == []
    assert Scripts(await mail(desk, to="x@example.org")).found == []
    assert "49" not in await mail(desk, to="x@example.org")


async def test_the_mail_is_shown_where_nothing_runs_and_nothing_is_fetched(
    here: Installation, desk: AsyncClient
) -> None:
    week(here)
    policy = (await desk.get("/mail")).headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "img-src 'self' data:;" in policy
    assert "sandbox allow-popups" in policy
    assert "allow-scripts" not in policy
    page = (await desk.get("/")).text
    assert page.count('sandbox="allow-popups allow-popups-to-escape-sandbox"') == page.count("<iframe") == 2


async def test_pictures_are_shown_before_the_public_pages_run(here: Installation, desk: AsyncClient) -> None:
    name = "0123456789abcdef" * 4 + "-600x400.png"
    assert here.media
    here.media.put(name, b"\x89PNG")
    assert (await desk.get(f"/media/{name}")).headers["content-type"] == "image/png"
    assert (await desk.get("/media/digest.db")).status_code == 404


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8025", 200),
        ("localhost:8025", 200),
        ("[::1]:8025", 200),
        ("evil.example", 400),
        ("127.0.0.1.evil.example:8025", 400),
        ("", 400),
    ],
)
async def test_only_this_machines_own_names_are_answered(desk: AsyncClient, host: str, status: int) -> None:
    answer = await desk.get("/", headers={"host": host})
    assert answer.status_code == status
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize(("path", "status"), [("/preview.css", 200), ("/preview.js", 200), ("/preview.svg", 200)])
async def test_its_own_files_are_served(desk: AsyncClient, path: str, status: int) -> None:
    assert (await desk.get(path)).status_code == status


@pytest.mark.parametrize("path", ["/preview.py", "/preview./../../public.py", "/docs", "/openapi.json"])
async def test_no_other_file_is(desk: AsyncClient, path: str) -> None:
    assert (await desk.get(path)).status_code == 404


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_a_scheme_is_shown_whatever_the_browser_prefers(
    here: Installation, desk: AsyncClient, scheme: str
) -> None:
    week(here)
    html = await mail(desk, scheme=scheme)
    assert "prefers-color-scheme" not in html
    assert f'name="color-scheme" content="{scheme}"' in html
    assert ("(min-width: 0)" in html) is (scheme == "dark")


def test_both_halves_of_a_scheme_are_honoured() -> None:
    css = "@media (prefers-color-scheme: dark) { a } @media (prefers-color-scheme:light) { b }"
    assert in_scheme(css, "light") == "@media (max-width: 0) { a } @media (min-width: 0) { b }"
