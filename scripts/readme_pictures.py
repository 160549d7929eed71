"""The pictures of the README, from the real program: the mail on a phone, light and dark, and the preview.

python scripts/readme_pictures.py        (writes docs/screenshots; needs Chromium)
"""

import asyncio
import tempfile
from pathlib import Path

import screenshots
import screenshots_web
from browser import Browser

from digest.web import serve

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "screenshots"
PHONE = (375, 820)
READER = "amelia.hart@example.org"


async def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    mail, _ = screenshots.sample("en")
    with Browser() as browser:
        for scheme in ("light", "dark"):
            with browser.page(mail, PHONE[0], dark=scheme == "dark") as page:
                page.photograph(FOLDER / f"mail-phone-{scheme}.png", PHONE[1])
    with tempfile.TemporaryDirectory() as room, Browser() as browser:
        here = screenshots_web.fill(Path(room, "week"))
        async with screenshots_web.served(serve.preview_pages(here)) as base:
            url = f"{base}/?to={READER}"
            await asyncio.to_thread(screenshots_web.shoot, browser, url, 1280, False, FOLDER / "preview.png")


if __name__ == "__main__":
    asyncio.run(main())
