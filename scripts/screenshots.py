"""Photograph a sample edition as readers see it: phone and desktop, light and dark, English and Spanish.

python scripts/screenshots.py [FOLDER]        (default: var/screenshots; needs Chromium)
"""

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from html import escape, unescape
from pathlib import Path
from typing import Any

from digest.core.edition import Edition, EditionItem, EditionText
from digest.core.item import Item, Kind
from digest.core.message import join
from digest.core.when import When
from digest.rendering.compiler import Compiler, Publication
from digest.rendering.markup import to_html

ROOT = Path(__file__).resolve().parent.parent
WIDTHS = (375, 1280)
CHROMIUM = (
    "chromium",
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
)
# A window is never narrower than some 500 px, a frame may be: the mail is shown in one.
FRAME = """<!DOCTYPE html><meta charset="utf-8"><meta name="color-scheme" content="light dark">
<style>body {{ margin: 0 }} iframe {{ border: 0; width: {width}px; height: {height}px; display: block }}</style>
<iframe srcdoc="{mail}"></iframe><pre hidden></pre>
<script>onload = () => {{
  const page = document.querySelector("iframe").contentDocument, view = page.defaultView
  document.querySelector("pre").textContent = JSON.stringify(({probe})(page, view))
}}</script>"""
HEIGHT = "page => page.documentElement.scrollHeight"


def probe(mail: str, width: int, *, dark: bool, script: str) -> Any:
    """What the JavaScript function `script` (of document and window) says of the mail shown `width` px wide."""
    shown = _chromium(mail, width, 800, dark, script, "--dump-dom")
    return json.loads(unescape(re.findall(r"<pre hidden(?:=\"\")?>(.*?)</pre>", shown, re.DOTALL)[-1]))


def photograph(mail: str, width: int, *, dark: bool, path: Path) -> None:
    """The whole mail, however long, as a PNG `width` px wide."""
    height = int(probe(mail, width, dark=dark, script=HEIGHT))
    _chromium(mail, width, height, dark, HEIGHT, f"--screenshot={path}", f"--window-size={width},{height}")


def _chromium(mail: str, width: int, height: int, dark: bool, script: str, *options: str) -> str:
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "page.html"
        page.write_text(FRAME.format(width=width, height=height, mail=escape(mail), probe=script), "utf-8")
        scheme = f"--blink-settings=preferredColorScheme={0 if dark else 1}"
        command = [*CHROMIUM, f"--user-data-dir={folder}/profile", scheme, *options, page.as_uri()]
        done = subprocess.run(command, check=True, capture_output=True, timeout=60)  # noqa: S603  # ours
        return done.stdout.decode()


PUBLICATION = Publication("The Tidewater Weekly", "12 Lantern Lane\nPort Ashby, ME 04000", None)
EDITION = Edition("2024-W26", 26, datetime(2024, 6, 30, 13, tzinfo=UTC), "America/New_York")
ITEMS = (
    Item(
        Kind.ACTION,
        "Tell the council: keep the Eastside library open",
        "The council votes on Tuesday. Its plan would close the **only library** within walking distance of four "
        "schools.\n\n- It costs less than one roundabout.\n- 1,200 people borrow there every week.\n\n"
        "Two sentences of your own count most; [our guide](https://example.org/guide?a=1&b=2) shows how.",
        url="https://example.org/act/library",
        organisation="Friends of the Library",
        timezone="America/New_York",
        deadline=When.parse("2024-07-01"),
        must_see=True,
    ),
    Item(
        Kind.ACTION,
        "Comment on the rent rule before it closes",
        "Public comments decide whether the cap stays. It takes five minutes.",
        url="https://example.org/rent",
        timezone="America/New_York",
        deadline=When.parse("2024-07-03T17:00"),
    ),
    Item(
        Kind.EVENT,
        "March for clean water",
        "Bring a hat, a bottle and a friend. The route is flat and step-free.\n\n"
        "> Water is not a luxury.\n\nMeet at the fountain.",
        url="https://example.org/march",
        organisation="River Alliance",
        timezone="America/Chicago",
        starts=When.parse("2024-07-06T09:00"),
        ends=When.parse("2024-07-06T13:00"),
        venue="Fountain Square, 100 Main Street",
    ),
    Item(
        Kind.EVENT,
        "Noche de cine: La voz de la tierra",
        "Proyección al aire libre y debate con la directora.",
        language="es",
        timezone="America/New_York",
        starts=When.parse("2024-07-05"),
        venue="Plaza del Faro",
    ),
    Item(
        Kind.VICTORY,
        "The night bus stays",
        "After eleven weeks and 4,300 signatures, [line 7](https://example.org/line7) keeps running all night. "
        "Thank you, every one of you.",
        url="https://example.org/bus",
    ),
    Item(
        Kind.NEWS,
        "Rents rose twice as fast as wages",
        "A study of forty towns finds what tenants knew: since 2019 rents have outrun pay in all but three.",
        url="https://news.example/rents",
        organisation="The Daily Example",
        byline="Ana Pérez",
        published=When.parse("2024-06-26"),
    ),
    Item(
        Kind.STATEMENT,
        "On the arrests at the harbour",
        "We ask for the immediate release of the four fishermen, and for the footage to be made public.",
        url="https://example.org/statement",
        organisation="Harbour Workers’ Union",
        byline="Joan Miles, chair",
        published=When.parse("2024-06-27"),
    ),
    Item(
        Kind.PRESS_RELEASE,
        "City adopts its first heat plan",
        "Twelve cool rooms open by August; the map shows the nearest.",
        url="https://example.org/press",
        organisation="Office of Public Health",
        published=When.parse("2024-06-25"),
    ),
)


def entries(items: Sequence[Item]) -> list[EditionItem]:
    """`items` as an edition holds them, numbered from 1."""
    return [EditionItem(number, number, item, to_html(item.body)) for number, item in enumerate(items, 1)]


def sample(language: str, items: Sequence[Item] = ITEMS) -> tuple[str, str]:
    """HTML and text of an invented edition, as one subscriber gets it."""
    compiler = Compiler(ROOT / "templates/email")
    frozen = entries(items)
    text = EditionText(
        language,
        compiler.subject(language, EDITION, frozen, PUBLICATION),
        compiler.preheader(language, EDITION, frozen, PUBLICATION),
        "A full week: two things that close soon, a march on Saturday, and a victory worth a toast.",
    )
    blocks = compiler.compile(EDITION, text, frozen, PUBLICATION, "q7m2x9v4")
    slots = {
        "greeting": compiler.greeting(language, "Ana"),
        "why": compiler.why(language, ("Housing", "Libraries", "Water"), fallback=False),
        "unsubscribe": "https://example.org/unsubscribe/a1b2c3",
        "address": "ana@example.net",
    }
    everything = {entry.id for entry in frozen}
    return join(blocks, "html", everything, slots), join(blocks, "text", everything, slots)


def main() -> None:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "var/screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    for language in ("en", "es"):
        mail, text = sample(language)
        (folder / f"{language}.html").write_text(mail, "utf-8")
        (folder / f"{language}.txt").write_text(text, "utf-8")
        for width in WIDTHS:
            for dark in (False, True):
                photograph(
                    mail, width, dark=dark, path=folder / f"{language}-{width}-{'dark' if dark else 'light'}.png"
                )


if __name__ == "__main__":
    main()
