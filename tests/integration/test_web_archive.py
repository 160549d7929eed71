"""The archive: what went out, for everybody and in its own words; nothing of what did not, or was taken back."""

import xml.etree.ElementTree as ET
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import feedparser
import pytest
from httpx import ASGITransport, AsyncClient

from digest.app import Installation
from digest.core.edition import EditionItem, EditionState, EditionText, Translation
from digest.core.item import Item, Kind, Status
from digest.core.when import When
from digest.pipeline import intake
from digest.rendering.markup import to_html
from digest.settings import Settings
from digest.store import editions, items
from digest.store.database import Database
from digest.web import serve

SLOT = datetime(2026, 3, 15, 9, tzinfo=UTC)
HOME = "https://news.example.org"
PICTURE = "0123456789abcdef" * 4 + "-600x400.png"
ATOM = {"atom": "http://www.w3.org/2005/Atom"}
SIGN = Item(
    Kind.ACTION, "Sign by Friday", "Read [it](https://a.example/?b=1&c=2).", (), "https://a.example/sign",
    deadline=When.parse("2026-03-20"),
)  # fmt: skip
CLEAN = Item(
    Kind.EVENT, "Clean-up", "#### Bring\n\n*gloves*.", starts=When.parse("2026-03-21T09:00"), venue="Slip",
    image=PICTURE, alt="Boots & a bucket",
)  # fmt: skip
AGUA = Item(Kind.NEWS, "Agua <b>otra vez</b>", "El martes & el jueves.", language="es", organisation="Vecinas")
WEEK = (SIGN, CLEAN, AGUA)


def installation(sqlite: Database, **settings: object) -> Installation:
    values = {
        "DIGEST_FROM": "news@example.org", "publication": "Tide & Time", "database_url": str(sqlite.url),
        "public_url": HOME, "archive": "public", "secret": "a secret for tests", "pepper": "a pepper for tests",
    }  # fmt: skip
    return Installation(Settings(_env_file=None, **(values | settings)), SLOT)  # type: ignore[call-arg,arg-type]


@pytest.fixture
def here(sqlite: Database) -> Installation:
    return installation(sqlite)


def put(here: Installation, week: Sequence[Item]) -> list[int]:
    with here.database.write() as session:
        return [
            items.put(
                session, each, status=Status.READY, source="test", uid=each.title, html=to_html(each.body),
                content_hash=each.title, now=SLOT, previous=items.by_uid(session, each.title),
            )
            for each in week
        ]  # fmt: skip


def publish(
    here: Installation, slot: datetime, week: Sequence[Item], state: EditionState = EditionState.SENT, subject: str = ""
) -> str:
    """An edition as it is once it was sent; its period."""
    numbers = put(here, week)
    period = f"{slot:%G-W%V}"
    with here.database.write() as session:
        row = editions.create(session, period, slot, "UTC", state)
        assert row
        edition_id = row.identity
        frozen = [
            EditionItem(number, at, each, to_html(each.body))
            for at, (number, each) in enumerate(zip(numbers, week, strict=True), 1)
        ]
        editions.freeze(session, edition_id, frozen, [], slot)
        for language, words in (("en", subject or f"Week of {slot:%d %B}"), ("es", "La semana")):
            editions.put_text(session, edition_id, EditionText(language, words, "", "Hello.\n\nAll & sundry."))
        editions.set_values(session, edition_id, fanned_out_at=slot)
    return period


@asynccontextmanager
async def opened(here: Installation) -> AsyncIterator[AsyncClient]:
    async with AsyncClient(transport=ASGITransport(serve.public_pages(here)), base_url=HOME) as client:
        yield client


@pytest.fixture
async def pages(here: Installation) -> AsyncIterator[AsyncClient]:
    async with opened(here) as client:
        yield client


async def test_nothing_is_public_unless_somebody_says_so(sqlite: Database) -> None:
    members = installation(sqlite, archive="none")
    period = publish(members, SLOT, WEEK)
    async with opened(members) as client:
        for path in ("/archive", f"/archive/{period}", "/archive/2026", "/items/1", "/feed.atom"):
            assert (await client.get(path)).status_code == 404, path
        home = (await client.get("/")).text
    assert "archive" not in home
    assert "feed" not in home


async def test_editions_are_listed_by_year_the_newest_first(here: Installation, pages: AsyncClient) -> None:
    weeks = [SLOT - timedelta(weeks=each) for each in (0, 1, 20, 60)]
    for slot in reversed(weeks):
        publish(here, slot, WEEK)
    newest = (await pages.get("/archive")).text
    assert newest.index("/archive/2026-W11") < newest.index("/archive/2026-W10")
    assert "Week of 15 March" in newest
    assert f"/archive/{weeks[2]:%G-W%V}" not in newest
    assert '<a href="/archive/2025">' in newest
    older = (await pages.get("/archive/2025")).text
    assert f"/archive/{weeks[2]:%G-W%V}" in older
    assert f"/archive/{weeks[3]:%G-W%V}" in older
    assert f'<link rel="canonical" href="{HOME}/archive/2025">' in older
    assert (await pages.get("/archive/2024")).status_code == 404
    assert "Ediciones anteriores" in (await pages.get("/archive", headers={"accept-language": "es-MX"})).text


async def test_an_empty_archive_says_so(pages: AsyncClient) -> None:
    assert "None has gone out yet." in (await pages.get("/archive")).text
    assert feedparser.parse((await pages.get("/feed.atom")).content).bozo == 0


async def test_only_what_went_out_is_shown(here: Installation, pages: AsyncClient) -> None:
    period = publish(here, SLOT, WEEK)
    for state in EditionState:
        with here.database.write() as session:
            row = editions.find(session, period)
            assert row
            editions.set_values(session, row.identity, state=state)
        seen = {path: (await pages.get(path)).status_code for path in (f"/archive/{period}", "/items/1-sign-by-friday")}
        assert set(seen.values()) == {200 if state in editions.OUT else 404}, state
        assert (period in (await pages.get("/archive")).text) is (state in editions.OUT)
        assert (period in (await pages.get("/feed.atom")).text) is (state in editions.OUT)


async def test_an_edition_has_every_item_in_its_section(here: Installation, pages: AsyncClient) -> None:
    publish(here, SLOT - timedelta(weeks=1), [Item(Kind.NEWS, "Old news", "b")])
    period = publish(here, SLOT, WEEK)
    answer = await pages.get(f"/archive/{period}")
    page = answer.text
    order = ["Take action", "Sign by Friday", "Events", "Clean-up", "In the news", "Agua"]
    assert "Week of 15 March</h1>" in page
    assert '<p lang="en" dir="auto">All &amp; sundry.</p>' in page
    assert '<a href="#item-2">Sign by Friday <span class="muted" lang="en">until March 20</span></a>' in page
    places = [page.index(each, page.index("<h2 class")) for each in order]
    assert places == sorted(places)
    assert "Agua &lt;b&gt;otra vez&lt;/b&gt;" in page
    assert '<h3 lang="es" dir="ltr">' in page
    assert "In Spanish" in page
    assert f'<img src="/media/{PICTURE}" width="600" height="400" alt="Boots &amp; a bucket">' in page
    assert '<a href="/events/3.ics">' in page
    assert '<a rel="prev" href="/archive/2026-W10">' in page
    assert "noindex" not in page
    assert "img-src 'self'" in answer.headers["content-security-policy"]
    assert "Hello," not in page
    assert "unsubscribe" not in page.lower()


async def test_what_is_over_by_now_says_so_and_asks_for_nothing(here: Installation) -> None:
    period = publish(here, SLOT, WEEK)
    async with opened(here) as client:
        before = (await client.get(f"/archive/{period}")).text
    here.clock = lambda: SLOT + timedelta(days=10)
    async with opened(here) as client:
        after = (await client.get(f"/archive/{period}")).text
    assert [each in before for each in ("Closed", ">Over<", ".ics", 'class="button"')] == [False, False, True, True]
    assert [each in after for each in ("Closed", ">Over<", ".ics", 'class="button"')] == [True, True, False, False]


async def test_an_item_has_one_address_for_ever(here: Installation, pages: AsyncClient) -> None:
    publish(here, SLOT - timedelta(weeks=1), WEEK)
    publish(here, SLOT, WEEK)
    page = (await pages.get("/items/2-clean-up")).text
    assert f'<link rel="canonical" href="{HOME}/items/2-clean-up">' in page
    assert f'<meta property="og:image" content="{HOME}/media/{PICTURE}">' in page
    assert '<meta name="description" content="Bring gloves.">' in page
    assert "<h1>Clean-up</h1>" in page
    assert "<h2>Bring</h2>" in page
    assert [f"/archive/2026-W{week}#item-2" in page for week in (10, 11)] == [True, True]
    for name in ("2", "2-clean", "2-clean-up-", "2--", "02-clean-up"):
        moved = await pages.get(f"/items/{name}")
        assert (moved.status_code, moved.headers["location"]) == (301, "/items/2-clean-up"), name
    for name in ("99-clean-up", "0", "-2", "٢", "x", "2147483648", "9" * 5000, "2x"):
        assert (await pages.get(f"/items/{name}")).status_code == 404, name


async def test_a_translated_item_is_read_in_the_readers_language_at_the_same_address(
    here: Installation, pages: AsyncClient
) -> None:
    period = publish(here, SLOT, WEEK, subject="Firma")
    translation = Translation(Item(Kind.ACTION, "Firma antes del viernes", "Léelo.", language="es"), "<p>Léelo.</p>")
    with here.database.write() as session:
        row = editions.find(session, period)
        assert row
        frozen = editions.items(session, row.identity)
        editions.freeze(session, row.identity, [replace(frozen[0], translations=(translation,))], [], SLOT)
    spanish = {"accept-language": "es-MX"}
    for path in ("/items/1-sign-by-friday", f"/archive/{period}", "/feed.atom"):
        assert ["Firma antes" in (await pages.get(path, headers=each)).text for each in ({}, spanish)] == [
            False,
            True,
        ], path
    page = (await pages.get("/items/1-sign-by-friday", headers=spanish)).text
    assert f'<link rel="canonical" href="{HOME}/items/1-sign-by-friday">' in page
    assert "Abierto hasta el viernes, 20 de marzo" in page
    with here.database.write() as session:
        editions.put_text(session, 1, EditionText("es", "Firma antes del viernes", ""))
    intake.archive(here.database, [1], SLOT)
    assert "Firma" not in (await pages.get("/archive", headers=spanish)).text


async def test_a_title_without_a_letter_of_ours_has_an_address(here: Installation, pages: AsyncClient) -> None:
    publish(here, SLOT, [Item(Kind.NEWS, "نداء عاجل", "b", language="ar"), Item(Kind.NEWS, "!!!", "b")])
    moved = await pages.get("/items/1")
    page = await pages.get(moved.headers["location"])
    assert page.status_code == 200
    assert '<h1 lang="ar" dir="rtl">' in page.text
    assert (await pages.get("/items/2")).status_code == 200


async def test_what_staff_archive_is_taken_back_and_its_title_goes_from_the_subject_too(
    here: Installation, pages: AsyncClient
) -> None:
    period = publish(here, SLOT, WEEK, subject="Clean-up and more")
    later = SLOT + timedelta(days=3)
    before = feedparser.parse((await pages.get("/feed.atom")).content)
    intake.archive(here.database, [2], later)
    for path in ("/items/2-clean-up", "/items/2", "/events/2.ics"):
        gone = await pages.get(path)
        assert (gone.status_code, "This is not here any more." in gone.text) == (410, True), path
    for path in ("/archive", f"/archive/{period}", "/feed.atom"):
        assert "Clean-up" not in (await pages.get(path)).text, path
    after = feedparser.parse((await pages.get("/feed.atom")).content)
    assert before.entries[0].id == after.entries[0].id
    assert (before.entries[0].published, before.entries[0].updated) == (SLOT.isoformat(), SLOT.isoformat())
    assert (after.entries[0].published, after.entries[0].updated) == (SLOT.isoformat(), later.isoformat())
    intake.archive(here.database, [1, 3], later)
    assert (await pages.get(f"/archive/{period}")).status_code == 410
    assert feedparser.parse((await pages.get("/feed.atom")).content).entries == []
    intake.ready(here.database, [2], later)
    assert (await pages.get("/items/2-clean-up")).status_code == 200


async def test_an_item_that_was_edited_stays_as_it_went_out_until_it_goes_out_again(
    here: Installation, pages: AsyncClient
) -> None:
    publish(here, SLOT - timedelta(weeks=1), [SIGN])
    put(here, [Item(Kind.ACTION, "Sign by Friday", "Other words.", url="https://a.example/other")])
    assert "Other words" not in (await pages.get("/items/1-sign-by-friday")).text


class _Links(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002  the interface
        self.found += [value or "" for name, value in attrs if name in ("href", "src")]


async def test_the_feed_is_atom_by_the_rules(here: Installation, pages: AsyncClient) -> None:
    for week in range(12):
        publish(here, SLOT - timedelta(weeks=week), WEEK)
    answer = await pages.get("/feed.atom", params={"language": "es"})
    assert answer.headers["content-type"] == "application/atom+xml; charset=utf-8"
    parsed = feedparser.parse(answer.content, response_headers=dict(answer.headers))
    assert (parsed.bozo, parsed.version, len(parsed.entries)) == (0, "atom10", 10)
    feed = ET.fromstring(answer.content)
    one: Callable[[ET.Element, str], ET.Element] = lambda parent, name: _only(parent.findall(f"atom:{name}", ATOM))  # noqa: E731
    assert one(feed, "title").text == "Tide & Time"
    assert one(one(feed, "author"), "name").text == "Tide & Time"
    assert one(feed, "id").text == "tag:example.org,2026:digest"
    entries = feed.findall("atom:entry", ATOM)
    for entry in entries:
        links = [link.attrib for link in entry.findall("atom:link", ATOM)]
        assert [(each["rel"], each["type"]) for each in links] == [("alternate", "text/html")]
        assert (await pages.get(links[0]["href"])).status_code == 200
        for name in ("updated", "published"):
            assert datetime.fromisoformat(one(entry, name).text or "").tzinfo, "RFC 3339"
        content = one(entry, "content")
        assert (content.attrib, len(content)) == ({"type": "html"}, 0), "escaped: no element is in it"
        found = _Links(content.text or "").found
        assert found
        assert all(each.startswith("https://") for each in found)
        assert f"{HOME}/media/{PICTURE}" in found
        assert "https://a.example/?b=1&c=2" in found
    ids = [one(entry, "id").text for entry in entries]
    assert ids[0] == "tag:example.org,2026:digest/2026-W11"
    assert len(set(ids)) == 10
    assert one(entries[0], "title").text == "La semana"
    assert one(feed, "updated").text == max(one(entry, "updated").text or "" for entry in entries)
    relations = {link.attrib["rel"]: link.attrib["href"] for link in feed.findall("atom:link", ATOM)}
    assert relations["self"] == f"{HOME}/feed.atom?language=es"
    assert relations["alternate"] == f"{HOME}/archive"
    for path in ("/", "/archive", "/archive/2026-W11"):
        assert '<link rel="alternate" type="application/atom+xml"' in (await pages.get(path)).text


def _only(found: list[ET.Element]) -> ET.Element:
    [element] = found
    return element


async def test_who_has_the_feed_already_is_told_so(here: Installation, pages: AsyncClient) -> None:
    publish(here, SLOT, WEEK)
    first = await pages.get("/feed.atom")
    tag, modified = first.headers["etag"], first.headers["last-modified"]
    assert modified == "Sun, 15 Mar 2026 09:00:00 GMT"
    assert first.headers["cache-control"] == "public, max-age=300"
    assert first.headers["vary"] == "accept-language"
    known: list[tuple[dict[str, str], int]] = [
        ({"if-none-match": tag}, 304),
        ({"if-none-match": f'"x", W/{tag}'}, 304),
        ({"if-none-match": "*"}, 304),
        ({"if-none-match": '"x"', "if-modified-since": modified}, 200),
        ({"if-modified-since": modified}, 304),
        ({"if-modified-since": "Sun, 15 Mar 2026 08:59:59 GMT"}, 200),
        ({"if-modified-since": "yesterday"}, 200),
        ({"if-modified-since": "Sun, 15 Mar 2026 09:00:00 -0000"}, 200),
    ]
    for headers, status in known:
        answer = await pages.get("/feed.atom", headers=headers)
        assert (answer.status_code, bool(answer.content)) == (status, status == 200), headers
        assert answer.headers["etag"] == tag
    here.clock = lambda: SLOT + timedelta(days=30)
    async with opened(here) as late:
        assert (await late.get("/feed.atom", headers={"if-none-match": tag})).status_code == 304
    page = await pages.get("/items/1-sign-by-friday")
    same = {"if-none-match": page.headers["etag"]}
    assert (await pages.get("/items/1-sign-by-friday", headers=same)).status_code == 304
    assert (await pages.get("/items/1-sign-by-friday", headers=same | {"accept-language": "es"})).status_code == 200
