"""Tokens on every route that takes one: ten thousand that are not good do nothing, and neither does looking at one that is."""

import random
from collections.abc import Callable

import pytest
from httpx import AsyncClient
from tide import ONE_CLICK, contents
from town import DAY, OURS, Town, fill_in, joined, link

from digest.core.token import Keyring, Purpose

pytestmark = pytest.mark.slow

LETTERS = "abcdefghijklmnopqrstuvwxyz234567"
POSTS: list[tuple[Purpose, str, dict[str, str]]] = [
    (Purpose.UNSUBSCRIBE, "/unsubscribe/{}", ONE_CLICK),
    (Purpose.PREFERENCES, "/preferences/{}", {"do": "pause", "weeks": "2"}),
    (Purpose.PREFERENCES, "/preferences/{}/move", {"email": "eve@example.net"}),
    (Purpose.PREFERENCES, "/preferences/{}/erase", {"sure": "yes"}),
    (Purpose.CONFIRM, "/confirm/{}", {}),
]
LOOKS = [(Purpose.VIEW, "/view/{}"), (Purpose.PREFERENCES, "/preferences/{}/data.json")]
NUMBER = 1
"""Of a subscriber, and of what waits to be confirmed."""


def forgers(purpose: Purpose, ring: Keyring) -> list[Callable[[random.Random], str]]:
    """A letter changed; of another purpose; of another secret; for nobody; made up."""
    good = ring.issue(purpose, NUMBER)

    def altered(dice: random.Random) -> str:
        at = dice.randrange(len(good))
        return good[:at] + dice.choice(LETTERS.replace(good[at], "")) + good[at + 1 :]

    return [
        altered,
        lambda dice: ring.issue(dice.choice([each for each in Purpose if each is not purpose]), NUMBER),
        lambda dice: Keyring(f"secret {dice.random()}").issue(purpose, NUMBER),
        lambda dice: good[: dice.randrange(24)] if dice.random() < 0.5 else good + dice.choice(LETTERS),
        lambda dice: "".join(dice.choices(LETTERS, k=24)),
    ]


async def test_ten_thousand_that_are_not_good_do_nothing(town: Town, pages: AsyncClient) -> None:
    joined(town)
    await fill_in(pages)
    ring, dice = town.here.keyring, random.Random(2026)
    before, statuses = contents(town.db), set()
    for number in range(10_000):
        purpose, path, *form = (*POSTS, *LOOKS)[number % 7]
        token = forgers(purpose, ring)[number // 7 % 5](dice)
        if form:
            statuses.add((await pages.post(path.format(token), data=form[0], headers=OURS)).status_code)
        else:
            statuses.add((await pages.get(path.format(token))).status_code)
    assert contents(town.db) == before
    assert statuses <= {404, 405}, "405: nothing but a slash is left of some"


async def test_what_is_used_up_or_too_old_does_nothing_however_often(town: Town, pages: AsyncClient) -> None:
    await fill_in(pages, "done@example.net")
    await fill_in(pages, "late@example.net")
    letters = await town.post()
    await pages.post(link(letters["done@example.net"]), headers=OURS)
    town.now += 8 * DAY
    await town.post()
    before = contents(town.db)
    for _ in range(500):
        for letter in letters.values():
            assert (await pages.post(link(letter), headers=OURS)).status_code == 200
    assert contents(town.db) == before


async def test_a_hundred_looks_at_every_page_change_nothing(town: Town, pages: AsyncClient) -> None:
    joined(town)
    await fill_in(pages)
    ring, before = town.here.keyring, contents(town.db)
    for purpose, path, form in POSTS:
        address = path.format(ring.issue(purpose, NUMBER))
        answers = {405} if path.endswith(("move", "erase")) else {200}
        for _ in range(50):
            assert {(await pages.get(address, params=form)).status_code} == answers
            assert {(await pages.head(address, params=form)).status_code} == answers
    assert contents(town.db) == before
