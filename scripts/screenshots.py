"""Photograph the sample week as readers see it: phone and desktop, light and dark, English and Spanish.

python scripts/screenshots.py [FOLDER]        (default: var/screenshots; needs Chromium)
"""

import csv
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from browser import Browser

from digest.core.edition import Edition, EditionItem, EditionText, Translation
from digest.core.front_matter import read
from digest.core.item import Item, Kind, closes_at, missing
from digest.core.message import join
from digest.core.slug import slugify
from digest.rendering.compiler import Compiler, Publication
from digest.rendering.markup import to_html

ROOT = Path(__file__).resolve().parent.parent
WIDTHS = (375, 1280)

PUBLICATION = Publication("The Harbour Weekly", "12 Lantern Lane\nPort Ashby, ME 04000", "https://news.example.org")
EDITION = Edition("2026-W12", 12, datetime(2026, 3, 15, 9, tzinfo=UTC), "Europe/Lisbon")
WEEK = [read(path.read_text("utf-8"), "UTC").item for path in sorted((ROOT / "examples/week").glob("*.md"))]
ITEMS = tuple(
    item
    for item in WEEK
    if not (missing(item) or item.translation_of) and (closes_at(item) or EDITION.slot) >= EDITION.slot
)

TOPICS = list(csv.DictReader((ROOT / "examples/topics.csv").read_text("utf-8").splitlines()))


def closes_soon(item: Item) -> bool:
    """Whether the sample week is an action's last chance."""
    closes = closes_at(item)
    return item.kind is Kind.ACTION and closes is not None and closes < EDITION.slot + timedelta(days=4)


def entries(items: Sequence[Item]) -> list[EditionItem]:
    """`items` as an edition holds them, numbered from 1."""
    return [EditionItem(at, at, item, to_html(item.body), translations(item)) for at, item in enumerate(items, 1)]


def translations(original: Item) -> tuple[Translation, ...]:
    """Those of the week."""
    said = (item for item in WEEK if item.translation_of == slugify(original.title))
    return tuple(Translation(item, to_html(item.body)) for item in said)


def sample(language: str, items: Sequence[Item] = ITEMS) -> tuple[str, str]:
    """HTML and text of the sample week, or of other items, as one subscriber gets it."""
    compiler = Compiler(ROOT / "templates/email")
    frozen = [each.in_language(language) for each in entries(items)]
    text = EditionText(
        language,
        compiler.subject(language, EDITION, frozen, PUBLICATION),
        "",
        "A full week: things that close soon, a few dates for the diary, and a victory worth a toast.",
    )
    topics = {each["topic"]: each["name"] for each in TOPICS if each["language"] == language}
    blocks = compiler.compile(EDITION, text, frozen, PUBLICATION, topics, "q7m2x9v4")
    slots = {
        "greeting": compiler.greeting(language, "Ana"),
        "why": compiler.why(language, ("Housing", "Libraries", "Culture"), fallback=False),
        "unsubscribe": "https://example.org/unsubscribe/a1b2c3",
        "address": "ana@example.net",
        "more": "7",
        "view": "https://news.example.org/view/a1b2c3",
        "preferences": "https://news.example/preferences/abc",
    }
    extras = {"contents", "more", "view", *(f"last:{entry.id}" for entry in frozen if closes_soon(entry.item))}
    everything = {entry.id for entry in frozen}
    return join(blocks, "html", everything, slots, extras), join(blocks, "text", everything, slots, extras)


def main() -> None:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "var/screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    with Browser() as browser:
        for language in ("en", "es"):
            mail, text = sample(language)
            (folder / f"{language}.html").write_text(mail, "utf-8")
            (folder / f"{language}.txt").write_text(text, "utf-8")
            for width in WIDTHS:
                for scheme in ("light", "dark"):
                    with browser.page(mail, width, dark=scheme == "dark") as page:
                        page.photograph(folder / f"{language}-{width}-{scheme}.png")


if __name__ == "__main__":
    main()
