"""The pictures in docs/screenshots, from the real program: seven readers' mail at three widths, light and dark, and the preview.

python scripts/screenshots_docs.py        (needs Chromium)
"""

import asyncio
import base64
import tempfile
from pathlib import Path

import editions
import screenshots_web
from browser import Browser
from PIL import Image

from digest.app import Installation
from digest.web import serve

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "screenshots"
WIDTHS = (375, 600, 1280)
SCHEMES = ("light", "dark")
FIRST_SCREEN = 820
"""Pixels of a phone, for the README."""
READER = "amelia.hart@example.org"
SHOWN = {
    "the sample week": "Somebody who has chosen no topics gets the week's most important items; the rest is a link away.",
    "a reader of housing": "Who follows one topic gets what matters to them, and what everybody must see.",
    "in Spanish": "Wording, dates and lists in the reader's language; items in another one say so.",
    "right to left": "Arabic is a catalogue of wording in one file, and no code. An English item in it keeps its direction.",
    "one item": "A week in which little happened.",
    "pictures and a logo": "A theme of your own, and pictures that you host. Where they are off, nothing is lost.",
    "forty items": "A full edition: each reader's own, up to the limit, and the rest on the web.",
}
INDEX = """# What it looks like

`make screenshots` takes these pictures of real editions in Chromium: {widths} px wide, light and dark.
The order follows the mail's own; a picture that is too long to be painted ends early.

{sections}
## The preview

![The staff preview: the mail at phone and desktop width, a picker of readers, and what is in and out](preview.png)
"""
SECTION = """## {title}

{about}

| | {head} |
|---|{rule}|
{rows}
"""


def mails(browser: Browser) -> None:
    """The pictures of the mail."""
    with tempfile.TemporaryDirectory() as rooms:
        for name in SHOWN:
            items, reader, settings = editions.EDITIONS[name]
            here = editions.published(Path(rooms, name), items, **settings)
            html = with_pictures(here, editions.sheet(here, reader).html)
            here.close()
            for scheme in SCHEMES:
                with browser.page(html, WIDTHS[0], dark=scheme == "dark") as page:
                    for width in WIDTHS:
                        page.resize(width, FIRST_SCREEN)
                        page.photograph(Path(rooms, "page.png"))
                        with Image.open(Path(rooms, "page.png")) as picture:  # a third of the PNG, to the pixel
                            picture.convert("RGB").save(FOLDER / file(name, width, scheme), lossless=True, method=6)
                    page.resize(WIDTHS[0], FIRST_SCREEN)
                    if name == "the sample week":
                        page.photograph(FOLDER / f"mail-phone-{scheme}.png", FIRST_SCREEN)
                    elif name == "right to left" and scheme == "light":
                        page.photograph(FOLDER / "mail-phone-arabic.png", FIRST_SCREEN)


def with_pictures(here: Installation, html: str) -> str:
    """The mail with the pictures that are hosted inside it: nobody serves them here."""
    for path in here.media.all() if here.media else ():
        data = f"data:image/{path.suffix[1:]};base64,{base64.b64encode(path.read_bytes()).decode()}"
        html = html.replace(f"{editions.PUBLIC_URL}/media/{path.name}", data)
    return html


def file(name: str, width: int, scheme: str) -> str:
    return f"{name.replace(' ', '-')}-{width}-{scheme}.webp"


def index() -> str:
    """The page that shows them all."""
    sections = []
    for name, about in SHOWN.items():
        rows = [
            " | ".join(
                [
                    f"| {scheme}",
                    *(
                        f'<img src="{file(name, width, scheme)}" width="{width // 3}" alt="{name}, {width} px, {scheme}">'
                        for width in WIDTHS
                    ),
                ]
            )
            + " |"
            for scheme in SCHEMES
        ]
        head = " | ".join(f"{width} px" for width in WIDTHS)
        title = name[0].upper() + name[1:]
        rule = "|".join("---" for _ in WIDTHS)
        sections.append(SECTION.format(title=title, about=about, head=head, rule=rule, rows="\n".join(rows)))
    return INDEX.format(widths=", ".join(map(str, WIDTHS)), sections="\n".join(sections))


async def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / "README.md").write_text(index(), "utf-8")
    with tempfile.TemporaryDirectory() as room, Browser() as browser:
        mails(browser)
        here = screenshots_web.fill(Path(room, "week"))
        async with screenshots_web.served(serve.preview_pages(here)) as base:
            url = f"{base}/?to={READER}"
            await asyncio.to_thread(screenshots_web.shoot, browser, url, 1280, False, FOLDER / "preview.png")


if __name__ == "__main__":
    asyncio.run(main())
