"""From the form to the goodbye in a real browser, by its buttons alone, on a phone and on a desktop: axe looks at each page."""

import asyncio
from collections.abc import Callable

import pytest
from browser import Browser, Page
from screenshots_web import served
from town import URL, ZOE, Town, link

from digest.web import serve

pytestmark = pytest.mark.slow

NEW = "zoe@new.example"


class Visitor:
    """Somebody at a browser. `seen`: the headings of the pages that they came by; `found`: what axe found on them."""

    def __init__(self, page: Page, base: str, axe: Callable[[Page], list[str]]) -> None:
        self._page, self._base, self._axe = page, base, axe
        self.seen: list[str] = []
        self.found: list[str] = []

    def look(self) -> None:
        heading = self._page.run("document.querySelector('h1').innerText")
        self.seen.append(heading)
        self.found += [f"{heading}: {each}" for each in self._axe(self._page)]
        assert self._page.run("document.documentElement.scrollWidth - innerWidth") <= 0, heading
        assert self._page.run("document.scripts.length") == 0

    def go(self, path: str) -> None:
        self._page.load(self._base + path)
        self.look()

    def fill(self, selector: str, value: str) -> None:
        self._page.run(f"document.querySelector({selector!r}).value = {value!r}")

    def tick(self, selector: str) -> None:
        self._page.run(f"document.querySelector({selector!r}).click()")

    def press(self, selector: str) -> None:
        self._page.press(selector)
        self.look()


@pytest.mark.parametrize("width", [375, 1280])
async def test_from_the_form_to_the_goodbye(
    town: Town, browser: Browser, axe: Callable[[Page], list[str]], width: int
) -> None:
    loop = asyncio.get_running_loop()

    def letter_to(email: str) -> str:
        return link(asyncio.run_coroutine_threadsafe(town.post(), loop).result()[email])

    def story(base: str) -> Visitor:
        form = serve.embedded(town.here, "en").replace(URL, base)
        with browser.page(f"<!DOCTYPE html><title>A choir</title>{form}", width, dark=width == 375) as page:
            visitor = Visitor(page, base, axe)
            visitor.fill("[type=email]", ZOE)
            visitor.tick("[value=housing]")
            visitor.press("button")
            assert page.run("[document.querySelector('#email').value, document.querySelector('[value=housing]').checked]") == [
                ZOE, True,
            ]  # fmt: skip
            assert town.state() == "nobody"
            visitor.press("button")
            visitor.go(letter_to(ZOE))
            assert town.state() == "pending"
            visitor.press("button")
            assert town.state() == "active"
            visitor.press("a[href*=preferences]")
            visitor.tick("[value=monthly]")
            visitor.press("form button")
            visitor.fill("#email", NEW)
            visitor.press("[action$=move] button")
            visitor.go(letter_to(NEW))
            visitor.press("button")
            visitor.press("a[href*=preferences]")
            visitor.press("[action*=unsubscribe] button")
        return visitor

    async with served(serve.public_pages(town.here)) as base:
        visitor = await asyncio.to_thread(story, base)
    now = town.tell(NEW)
    assert (now["state"], now["frequency"], now["topics"]) == ("unsubscribed", "monthly", ["housing"])
    assert visitor.found == []
    assert visitor.seen == [
        "Get Tide by mail",
        "Look into your mailbox.",
        "Do you want this digest by mail?",
        "Welcome.",
        "Your digest",
        "Your digest",
        "Your digest",
        "Do you want the digest at this address?",
        "It comes here from now on.",
        "Your digest",
        "You are unsubscribed.",
    ]
