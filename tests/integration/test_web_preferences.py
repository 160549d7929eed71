"""The page behind the link: everything on it by a plain form, nothing without our own page, and nobody's by a forged token."""

import random
import re
from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import pytest
from httpx import ASGITransport, AsyncClient
from tide import NOW, ONE_CLICK, SENDER, contents, link, nothing

from digest.core.address import parse
from digest.core.item import Kind
from digest.core.token import Keyring, Purpose, address_hmac
from digest.pipeline import consent, lists
from digest.pipeline import topics as all_topics
from digest.pipeline.receive import Keys
from digest.rendering.compiler import Publication
from digest.store import subscribers, suppressions
from digest.store.database import Database
from digest.store.subscribers import Subscriber
from digest.web import public

RING = Keyring("a secret")
OURS = {"sec-fetch-site": "same-origin"}


class Clock:
    now = NOW


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def pages(sqlite: Database, clock: Clock) -> AsyncIterator[AsyncClient]:
    publication = Publication("Tide", "1 Quay", None)
    app = public.application(sqlite, Keys(RING, "pepper"), publication, SENDER, None, lambda: clock.now, nothing)
    async with AsyncClient(transport=ASGITransport(app), base_url="https://news.example.org") as client:
        yield client


@pytest.fixture
def ana(sqlite: Database) -> int:
    all_topics.add(sqlite, "Housing", "es", "Vivienda")
    all_topics.add(sqlite, "Water", "es", "Agua")
    entry = subscribers.New(parse("ana@example.org"), "Ana", "es", {"housing": 3}, frozenset({Kind.ACTION}))
    with sqlite.write() as session:
        [number] = subscribers.add_many(session, [entry], NOW)
    return number


def page(number: int) -> str:
    return f"/preferences/{RING.issue(Purpose.PREFERENCES, number)}"


def person(db: Database, number: int) -> Subscriber:
    with db.read() as session:
        found = subscribers.by_id(session, number)
    assert found
    return found


async def test_what_is_chosen_is_stored_and_shown(pages: AsyncClient, sqlite: Database, ana: int) -> None:
    shown = (await pages.get(page(ana))).text
    assert "a•••@example.org" in shown
    assert "ana@" not in shown.lower()
    assert shown.index("Agua") < shown.index("Vivienda")
    assert re.findall(r'value="(\w+)" checked', shown) == ["housing", "action", "weekly"]
    assert "<script" not in shown
    assert 'action="../preferences/' in shown
    form = {
        "do": "choose",
        "topic": ["water", "housing", "no-topic-of-ours"],
        "kind": list(Kind),
        "frequency": "monthly",
        "language": "en",
    }
    saved = await pages.post(page(ana), data=form, headers=OURS)
    assert saved.status_code == 200
    assert "Saved." in saved.text
    after = person(sqlite, ana)
    assert (after.interests, after.kinds, after.frequency) == ({"housing": 3, "water": 1}, frozenset(), "monthly")
    assert (after.language, after.state, after.name) == ("en", "active", "Ana")
    assert [topic.slug for topic in all_topics.listing(sqlite)] == ["housing", "water"]


async def test_a_name_is_corrected_or_taken_away_by_whom_it_names(
    pages: AsyncClient, sqlite: Database, ana: int
) -> None:
    assert 'value="Ana"' in (await pages.get(page(ana))).text
    for given, kept in ((" Аня “Ruiz” <b> ", "Аня “Ruiz” <b>"), ("", "")):
        saved = await pages.post(page(ana), data={"do": "choose", "name": given}, headers=OURS)
        assert (saved.status_code, "<b>" in saved.text) == (200, False)
        assert person(sqlite, ana).name == kept
    for bad in ("x" * 201, "Ana\r\nBcc: x@example.net"):
        refused = await pages.post(page(ana), data={"do": "choose", "name": bad}, headers=OURS)
        assert (refused.status_code, person(sqlite, ana).name) == (400, "")


async def test_a_pause_ends_by_itself_at_the_next_edition_or_by_hand(
    pages: AsyncClient, sqlite: Database, ana: int
) -> None:
    paused = await pages.post(page(ana), data={"do": "pause", "weeks": "4"}, headers=OURS)
    assert "antes del 11 de abril de 2026" in paused.text
    assert (person(sqlite, ana).state, person(sqlite, ana).resumes_at) == ("paused", NOW + timedelta(weeks=4))
    with sqlite.write() as session:
        subscribers.resume(session, NOW + timedelta(weeks=4, seconds=-1))
    assert person(sqlite, ana).state == "paused"
    with sqlite.write() as session:
        subscribers.resume(session, NOW + timedelta(weeks=4))
    assert (person(sqlite, ana).state, person(sqlite, ana).resumes_at) == ("active", None)
    await pages.post(page(ana), data={"do": "pause", "weeks": "9999"}, headers=OURS)
    assert person(sqlite, ana).resumes_at == NOW + timedelta(weeks=26)
    await pages.post(page(ana), data={"do": "resume"}, headers=OURS)
    assert person(sqlite, ana).state == "active"


async def test_who_is_paused_because_mail_came_back_does_not_resume_by_a_link(
    pages: AsyncClient, sqlite: Database, ana: int
) -> None:
    with sqlite.write() as session:
        subscribers.set_state(session, ana, "paused", NOW)
    for form in ({"do": "resume"}, {"do": "pause", "weeks": "2"}):
        await pages.post(page(ana), data=form, headers=OURS)
    with sqlite.write() as session:
        subscribers.resume(session, NOW + timedelta(days=999))
    assert (person(sqlite, ana).state, person(sqlite, ana).resumes_at) == ("paused", None)


async def test_leaving_can_be_taken_back_for_thirty_days(
    pages: AsyncClient, sqlite: Database, ana: int, clock: Clock
) -> None:
    button = re.search(r'action="\.\.(/unsubscribe/\w+)"', (await pages.get(page(ana))).text)
    assert button
    gone = await pages.post(button[1], data=ONE_CLICK)
    assert page(ana).rpartition("/")[2] in gone.text
    clock.now = NOW + timedelta(days=30)
    back = await pages.post(page(ana), data={"do": "undo"}, headers=OURS)
    assert "vuelves" in back.text
    assert person(sqlite, ana).state == "active"
    assert "imported" not in (await pages.get(page(ana))).text
    with sqlite.read() as session:
        assert suppressions.of(session, address_hmac("pepper", "ana@example.org")) == []
    await pages.post(link(ana), data=ONE_CLICK)
    clock.now = NOW + timedelta(days=60, seconds=1)
    late = await pages.post(page(ana), data={"do": "undo"}, headers=OURS)
    assert "vuelves" not in late.text
    assert person(sqlite, ana).state == "unsubscribed"


@pytest.mark.parametrize("reason", ["complaint", "hard bounce"])
async def test_no_link_takes_back_a_complaint_or_a_bounce(
    pages: AsyncClient, sqlite: Database, ana: int, reason: str
) -> None:
    with sqlite.write() as session:
        her = subscribers.by_id(session, ana)
        assert her
        consent.leave(session, her, pepper="pepper", now=NOW, reason=reason, state="unsubscribed")
    before = contents(sqlite)
    for form in ({"do": "undo"}, {"do": "resume"}, {"do": "pause", "weeks": "1"}, {"do": "choose", "language": "en"}):
        assert (await pages.post(page(ana), data=form, headers=OURS)).status_code == 200
    assert contents(sqlite) == before


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site", "origin": "https://news.example.org"}, 403),
        ({"origin": "https://evil.example"}, 403),
        ({"referer": "https://evil.example/news.example.org"}, 403),
        ({"origin": "https://evil.example", "referer": "https://news.example.org/"}, 403),
        ({"origin": "https://news.example.org"}, 200),
        ({"referer": "https://news.example.org/preferences/x"}, 200),
        ({"origin": "null"}, 200),
        ({}, 200),
        (OURS, 200),
    ],
)
async def test_only_our_own_page_posts(
    pages: AsyncClient, sqlite: Database, ana: int, headers: dict[str, str], status: int
) -> None:
    before = contents(sqlite)
    answer = await pages.post(page(ana), data={"do": "pause", "weeks": "2"}, headers=headers)
    assert answer.status_code == status
    assert (contents(sqlite) == before) is (status == 403)


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"do": "erase everybody"},
        {"do": "pause"},
        {"do": "pause", "weeks": "x"},
        {"do": "choose", "kind": "x"},
        ONE_CLICK,
    ],
)
async def test_a_form_that_is_none_of_ours_is_refused(
    pages: AsyncClient, sqlite: Database, ana: int, form: dict[str, str]
) -> None:
    before = contents(sqlite)
    assert (await pages.post(page(ana), data=form, headers=OURS)).status_code == 400
    assert contents(sqlite) == before


async def test_a_hundred_looks_change_nothing(pages: AsyncClient, sqlite: Database, ana: int) -> None:
    before = contents(sqlite)
    for _ in range(50):
        assert (await pages.get(page(ana), params={"do": "pause", "weeks": 2})).status_code == 200
        assert (await pages.head(page(ana))).status_code == 200
    assert contents(sqlite) == before


def forged(ana: int) -> list[Callable[[random.Random], str]]:
    """Tokens with a letter changed, of other purposes, other secrets, or made up."""
    good = RING.issue(Purpose.PREFERENCES, ana)
    letters = "abcdefghijklmnopqrstuvwxyz234567"

    def altered(dice: random.Random) -> str:
        at = dice.randrange(22)  # the last letters hold bits of padding
        return good[:at] + dice.choice(letters.replace(good[at], "")) + good[at + 1 :]

    return [
        altered,
        lambda dice: RING.issue(dice.choice([each for each in Purpose if each is not Purpose.PREFERENCES]), ana),
        lambda dice: Keyring(f"secret {dice.random()}").issue(Purpose.PREFERENCES, ana),
        lambda dice: "".join(dice.choices(letters, k=24)),
    ]


async def test_ten_thousand_forged_tokens_do_nothing(sqlite: Database, pages: AsyncClient, ana: int) -> None:
    """Most of them at the door that every route asks; a hundred over the routes themselves."""
    dice, before = random.Random(2026), contents(sqlite)
    for number in range(10_000):
        assert RING.verify(Purpose.PREFERENCES, forged(ana)[number % 4](dice)) is None
    for number in range(100):
        path = f"/preferences/{forged(ana)[number % 4](dice)}"
        assert (await pages.post(path, data={"do": "pause", "weeks": "2"}, headers=OURS)).status_code == 404
    assert contents(sqlite) == before


def test_how_often_travels_with_the_list(sqlite: Database, ana: int, tmp_path) -> None:  # type: ignore[no-untyped-def]
    consent.change(sqlite, "ana@example.org", name=None, language=None, topics=None, frequency="monthly", now=NOW)
    [row] = lists.export(sqlite, "pepper")
    assert row["frequency"] == "monthly"
    path = tmp_path / "list.csv"
    path.write_text("email,frequency\nana@example.org,weekly\nben@example.org,fortnightly\n")
    result = lists.import_list(sqlite, path, pepper="pepper", now=NOW, keep_going=True)
    assert [each.column for each in result.rejected] == ["frequency"]
    assert person(sqlite, ana).frequency == "weekly"


async def test_their_data_can_be_taken_along(pages: AsyncClient, sqlite: Database, ana: int) -> None:
    before = contents(sqlite)
    answer = await pages.get(f"{page(ana)}/data.json")
    assert answer.headers["content-disposition"] == 'attachment; filename="digest.json"'
    data = answer.json()
    assert (data["email"], data["interests"], data["frequency"]) == ("ana@example.org", {"housing": 3}, "weekly")
    assert {"consents", "suppressions", "deliveries", "events"} < data.keys()
    for token in (RING.issue(Purpose.UNSUBSCRIBE, ana), RING.issue(Purpose.PREFERENCES, 4711)):
        assert (await pages.get(f"/preferences/{token}/data.json")).status_code == 404
    assert contents(sqlite) == before


async def test_erasing_wants_a_tick_and_our_own_page(pages: AsyncClient, sqlite: Database, ana: int) -> None:
    before = contents(sqlite)
    erase = f"{page(ana)}/erase"
    assert (await pages.post(erase, data={"sure": "yes"}, headers={"sec-fetch-site": "cross-site"})).status_code == 403
    assert (await pages.post(erase, headers=OURS)).status_code == 400
    assert (await pages.get(erase, params={"sure": "yes"})).status_code == 405
    forged = f"/preferences/{RING.issue(Purpose.UNSUBSCRIBE, ana)}/erase"
    assert (await pages.post(forged, data={"sure": "yes"}, headers=OURS)).status_code == 404
    assert contents(sqlite) == before
    for _ in range(2):
        gone = await pages.post(erase, data={"sure": "yes"}, headers=OURS)
        assert gone.status_code == 200
    assert "ana" not in gone.text.replace("semana", "").replace("mañana", "")
    assert (await pages.get(page(ana))).status_code == 404
    with sqlite.read() as session:
        assert subscribers.by_id(session, ana) is None
