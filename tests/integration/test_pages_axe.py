"""Every public page and every page of the preview, as axe finds it: on a phone and on a desktop, light and dark."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
import screenshots_web
from browser import Browser

pytestmark = pytest.mark.slow


async def test_axe_finds_nothing_on_any_page(browser: Browser, axe: Callable[..., list[str]], tmp_path: Path) -> None:
    def findings(url: str, width: int, dark: bool) -> list[str]:
        with screenshots_web.opened(browser, url, width, dark=dark) as page:
            assert page.run("document.documentElement.scrollWidth - innerWidth") <= 0
            return axe(page, mail="/view/" in url)  # a mail, shown as it was sent

    found: dict[str, list[str]] = {}
    for app, shots in screenshots_web.every_page(tmp_path):
        async with screenshots_web.served(app) as base:
            for name, path in shots.items():
                for width, dark in ((375, False), (1280, True)):
                    found[f"{name} {width}"] = await asyncio.to_thread(findings, base + path, width, dark)
    assert {name: findings for name, findings in found.items() if findings} == {}
    assert len(found) >= 30
