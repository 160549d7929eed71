"""What a mail links to: its own page and nothing more, events as calendar files, once they are out, and pictures."""

import os
import shutil
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from httpx import ASGITransport, AsyncClient
from icalendar import Calendar

from digest.app import Installation
from digest.core.address import parse
from digest.core.edition import EditionItem, EditionState
from digest.core.errors import Refused
from digest.core.item import Item, Kind
from digest.core.token import Keyring, Purpose
from digest.core.when import When
from digest.pipeline import compile as press_room
from digest.pipeline.compose import Copy
from digest.pipeline.fan_out import fan_out
from digest.rendering.markup import to_html
from digest.settings import Settings
from digest.store import deliveries, editions, media, subscribers
from digest.store.database import Database
from digest.store.media import Media
from digest.store.tables import DeliveryRow, EditionRow, SubscriberRow
from digest.web import serve

SLOT = datetime(2026, 3, 15, 9, tzinfo=UTC)
WEEK = [
    Item(Kind.ACTION, "Sign by Friday", "b", {"water": 1}, "https://example.org/s", deadline=When.parse("2026-03-20")),
    Item(
        Kind.EVENT, "Clean-up", "Bring *gloves*.", {"harbour": 1}, starts=When.parse("2026-03-21T09:00"), venue="Slip"
    ),
    Item(Kind.NEWS, "Water <b>again</b>", "b", {"water": 1}),
    Item(Kind.NEWS, "Rents rise", "b", ("housing",)),
]


@pytest.fixture
def here(sqlite: Database, tmp_path: Path) -> Installation:
    settings = Settings(
        _env_file=None,  # type: ignore[call-arg]
        DIGEST_FROM="news@example.org",  # type: ignore[call-arg]
        database_url=str(sqlite.url),
        public_url="https://news.example.org",
        max_items=1,
        secret="a secret for tests",  # type: ignore[arg-type]
        pepper="a pepper for tests",  # type: ignore[arg-type]
    )
    return Installation(settings, SLOT)


@pytest.fixture
def sent(here: Installation) -> dict[str, DeliveryRow]:
    """An edition that is on its way: the delivery of each reader, by address."""
    frozen = [EditionItem(at, at, item, to_html(item.body)) for at, item in enumerate(WEEK, 1)]
    with here.database.write() as session:
        people = [
            subscribers.New(parse("ana@example.org"), "Ana", "en", {"water": 1}),
            subscribers.New(parse("iker@example.net"), "Iker", "es-MX", {"harbour": 1}),
        ]
        subscribers.add_many(session, people, SLOT)
        row = editions.create(session, "2026-W11", SLOT, "UTC", EditionState.SENDING)
        assert row
        edition_id = row.identity
        editions.freeze(session, edition_id, frozen, [], SLOT)
    press_room.store_blocks(here.database, here.press, edition_id, "k3y7Qz", SLOT)
    fan_out(here.database, here.press, here.sender, edition_id, SLOT)
    with here.database.read() as session:
        return {each.address or "": each for each in deliveries.page(session, edition_id)}


@pytest.fixture
async def pages(here: Installation) -> AsyncIterator[AsyncClient]:
    transport = ASGITransport(serve.public_pages(here))
    async with AsyncClient(transport=transport, base_url="https://news.example.org") as client:
        yield client


def link(here: Installation, delivery: DeliveryRow) -> str:
    url = here.sender.view_url(delivery.id or 0)
    assert url
    return url


async def test_the_page_is_the_mail_and_what_its_limit_left_out(
    here: Installation, pages: AsyncClient, sent: dict[str, DeliveryRow]
) -> None:
    copy = Copy.from_json(sent["ana@example.org"].selection)
    assert (copy.items, copy.more) == ((1,), (3,)), "the mail has room for one"
    page = await pages.get(link(here, sent["ana@example.org"]))
    assert page.status_code == 200
    assert "Sign by Friday" in page.text
    assert "Also for you, on the web" not in page.text
    assert "View on the web" not in page.text
    assert "Water &lt;b&gt;again&lt;/b&gt;" in page.text
    assert "Rents rise" not in page.text
    assert "Hello Ana," in page.text


async def test_the_mail_leads_to_the_archive_where_there_is_one(sqlite: Database, here: Installation) -> None:
    row, frozen = EditionRow(period="2026-W11", number=1, slot=SLOT, timezone="UTC"), [EditionItem(1, 1, WEEK[0], "")]
    for archive, times in (("none", 0), ("public", 1)):
        here.settings.archive = archive  # type: ignore[assignment]
        _, blocks = press_room.compile_blocks(here.press, row, frozen, {}, {}, "k3y7Qz")
        for part in ("html", "text"):
            said = "".join(piece for block in blocks["es"] if block.part == part for piece in block.pieces)
            assert said.count("https://news.example.org/archive") == said.count("Ediciones anteriores") == times


async def test_it_is_in_the_language_of_the_mail(
    here: Installation, pages: AsyncClient, sent: dict[str, DeliveryRow]
) -> None:
    here.clock = lambda: SLOT + timedelta(days=30)
    async with AsyncClient(
        transport=ASGITransport(serve.public_pages(here)), base_url="https://news.example.org"
    ) as late:
        page = await late.get(link(here, sent["iker@example.net"]), headers={"accept-language": "en"})
    assert '<html lang="es"' in page.text
    assert "Ya terminó" in page.text


async def test_who_gets_the_link_passed_on_learns_no_address_and_cannot_act_for_its_reader(
    here: Installation, pages: AsyncClient, sent: dict[str, DeliveryRow]
) -> None:
    page = await pages.get(link(here, sent["ana@example.org"]))
    assert "ana@example.org" not in page.text
    assert "a•••@example.org" in page.text
    for purpose in Purpose:
        assert here.keyring.find(purpose, page.text) is None or purpose is Purpose.VIEW
    assert page.headers["x-robots-tag"] == "noindex"
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["cache-control"] == "no-store"


async def test_nothing_runs_in_it_and_nothing_is_fetched_from_elsewhere(
    here: Installation, pages: AsyncClient, sent: dict[str, DeliveryRow]
) -> None:
    policy = (await pages.get(link(here, sent["ana@example.org"]))).headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "img-src 'self';" in policy
    assert "unsafe-inline" not in (await pages.get("/")).headers["content-security-policy"]


async def test_what_is_over_by_now_is_marked(here: Installation, sent: dict[str, DeliveryRow]) -> None:
    async def seen(now: datetime) -> str:
        here.clock = lambda: now
        async with AsyncClient(
            transport=ASGITransport(serve.public_pages(here)), base_url="https://x.example"
        ) as client:
            return (await client.get(link(here, sent["ana@example.org"]))).text

    before, after = await seen(SLOT), await seen(SLOT + timedelta(days=8))
    assert ">Closed</span>" not in before
    assert after.count(">Closed</span>") == 1
    assert before.count("Sign by Friday") == after.count("Sign by Friday")
    assert after.index(">Closed</span>") < after.index('id="item-1"')


FORGERIES: dict[str, Callable[[Keyring, int], str]] = {
    "altered": lambda ring, n: ring.issue(Purpose.VIEW, n)[:-1] + "a",
    "of another purpose": lambda ring, n: ring.issue(Purpose.MESSAGE, n),
    "of another secret": lambda _, n: Keyring("another").issue(Purpose.VIEW, n),
    "of a delivery that is not there": lambda ring, n: ring.issue(Purpose.VIEW, n + 1000),
    "of none": lambda ring, _: ring.issue(Purpose.VIEW, 0),
    "no token": lambda _, n: str(n),
}


async def test_a_forged_link_is_a_page_that_is_not_there(
    here: Installation, pages: AsyncClient, sent: dict[str, DeliveryRow]
) -> None:
    for name, forge in FORGERIES.items():
        answer = await pages.get(f"/view/{forge(here.keyring, sent['ana@example.org'].id or 0)}")
        assert (answer.status_code, "There is nothing here" in answer.text) == (404, True), name


async def test_nothing_of_somebody_erased_is_left_to_see(
    here: Installation, pages: AsyncClient, sent: dict[str, DeliveryRow]
) -> None:
    with here.database.write() as session:
        session.delete(session.get_one(SubscriberRow, sent["ana@example.org"].subscriber_id))
    assert (await pages.get(link(here, sent["ana@example.org"]))).status_code == 404


async def test_an_event_that_is_out_is_a_calendar_file(pages: AsyncClient, sent: dict[str, DeliveryRow]) -> None:
    answer = await pages.get("/events/2.ics")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    assert answer.headers["cache-control"] == "public, max-age=3600"
    [event] = Calendar.from_ical(answer.content).events
    assert event["uid"] == "event-2@example.org"
    assert event["dtstamp"].dt == SLOT
    assert event["summary"] == "Clean-up"
    assert "example.net" not in answer.text
    assert answer.text == (await pages.get("/events/2.ics", headers={"accept-language": "es"})).text


async def test_all_else_has_no_calendar_file(pages: AsyncClient, sent: dict[str, DeliveryRow]) -> None:
    for number in ("1", "5", "0", "-2", "02x", "2147483648", "9" * 5000, "%00", "٢٢"):
        assert (await pages.get(f"/events/{number}.ics")).status_code == 404, number


async def test_an_event_of_an_edition_that_is_not_out_is_nobodys_business(
    here: Installation, pages: AsyncClient, sent: dict[str, DeliveryRow]
) -> None:
    for state in (EditionState.DRAFT, EditionState.APPROVED, EditionState.CANCELLED):
        with here.database.write() as session:
            editions.set_values(session, sent["ana@example.org"].edition_id, state=state)
        assert (await pages.get("/events/2.ics")).status_code == 404, state


PICTURE = "0123456789abcdef" * 4 + "-600x400.png"


async def test_a_picture_is_shown_by_whoever_shows_the_mail_and_asked_for_once(
    here: Installation, pages: AsyncClient
) -> None:
    assert here.media
    here.media.put(PICTURE, b"\x89PNG")
    answer = await pages.get(f"/media/{PICTURE}")
    assert (answer.status_code, answer.content) == (200, b"\x89PNG")
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    head = await pages.head(f"/media/{PICTURE}")
    assert (head.status_code, head.headers["content-length"]) == (200, "4")


@pytest.mark.parametrize(
    "name",
    [PICTURE.replace("0", "1"), "secret.png", "..%2Fdigest.db", "..%2f..%2f" + PICTURE, PICTURE + "%00", "%2e%2e"],
)
async def test_nothing_else_of_the_folder_or_beyond_is_shown(here: Installation, pages: AsyncClient, name: str) -> None:
    assert here.media
    here.media.put(PICTURE, b"\x89PNG")
    (here.media.folder / "secret.png").write_bytes(b"secret")
    assert (await pages.get(f"/media/{name}")).status_code == 404


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Refused, match=r"^The folder of pictures, .*/file/media, cannot be written: not a directory\.$"):
        Media(tmp_path / "file" / "media").put(PICTURE, b"")


def test_pictures_leave_room_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Media(tmp_path).put(PICTURE, b"\x89PNG")
    monkeypatch.setattr(media, "SPARED", shutil.disk_usage(tmp_path).total)
    Media(tmp_path).put(PICTURE, b"\x89PNG")  # it is there already
    with pytest.raises(Refused, match="make room there"):
        Media(tmp_path).put(PICTURE.replace("0", "1"), b"\x89PNG")
    assert [each.name for each in tmp_path.iterdir()] == [PICTURE]


def test_what_was_not_written_whole_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Refused, match="no space left on device"):
        Media(tmp_path).put(PICTURE, b"\x89PNG")
    assert list(tmp_path.iterdir()) == []
