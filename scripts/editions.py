"""Editions to look at, made as real ones are: the sample week, one item, forty of every kind, right to left, and hostile."""

import csv
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from digest.app import Installation, bundled, random_key
from digest.core.front_matter import write
from digest.core.item import Item, Kind, Status
from digest.core.when import When
from digest.pipeline import intake, lists, topics
from digest.pipeline.preview import NEXT, Desk, Sheet
from digest.settings import Settings

NOW = datetime(2026, 3, 14, 9, tzinfo=UTC)
DATA = Path(__file__).resolve().parent.parent / "tests" / "data"
ARABIC, PICTURES = DATA / "arabic", DATA / "pictures"
LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
HOSTILE = (
    '{{7*7}} {% raw %} <script>alert(1)</script> </mj-text><mj-raw> <b>"’&=%</b> --> ]]> \u202eאב🎉 .\n.\n'
    + "x" * 10_000
)
DATES = {
    "published": When.parse("2026-03-10"),
    "deadline": When.parse("2026-03-27T18:00"),
    "starts": When.parse("2026-03-28T09:00"),
    "ends": When.parse("2026-03-28T13:00"),
}


TITLES = {
    Kind.ACTION: "Sign for a night bus after the late shift",
    Kind.EVENT: "Open house at the old cannery",
    Kind.NEWS: "The ferry gets a second deck",
    Kind.PRESS_RELEASE: "Council publishes the harbour’s budget",
    Kind.STATEMENT: "What we ask for after the storm",
    Kind.VICTORY: "The reading room stays open on Saturdays",
}


def full(kind: Kind, number: int) -> Item:
    """An item of that kind in which every field says something."""
    return Item(
        kind,
        f"{TITLES[kind]} ({number})",
        "The council votes on **Tuesday**, and nobody has said what becomes of the [reading room]"
        f"(https://council.example/{number}/room?a=1&b=2).\n\n- one hall\n- two keys\n\n> Three signatures.",
        url=f"https://council.example/{number}?from=digest&n=é",
        organisation="Harbour Council",
        byline="Ana Pérez, Inês Carvalhal and 41 others",
        timezone="Europe/Lisbon",
        venue="Fountain Square, Cabo Manso" if kind is Kind.EVENT else None,
        **{name: when for name, when in DATES.items() if name in _dates(kind)},
    )


def _dates(kind: Kind) -> tuple[str, ...]:
    return {Kind.ACTION: ("published", "deadline"), Kind.EVENT: ("published", "starts", "ends")}.get(
        kind, ("published",)
    )


FORTY = [full(list(Kind)[number % 6], number) for number in range(40)]
LONG_WORDS = [
    replace(full(kind, 1), title=LONG, body=f"{LONG} `{LONG}`\n\n- {LONG}\n\n> {LONG}\n\n# {LONG}", organisation=LONG)
    for kind in Kind
]
HOSTILE_VALUES = [
    replace(full(kind, 1), title=" ".join(HOSTILE[:90].split()), body=f"{HOSTILE}\n\n{kind}", organisation=HOSTILE[:60])
    for kind in Kind
]

PUBLIC_URL = "https://news.harbour.example"
SAMPLE_WEEK = bundled("examples", "week")
EDITIONS: dict[str, tuple[Sequence[Item] | Path, str, dict[str, object]]] = {
    "the sample week": (SAMPLE_WEEK, "en", {}),
    "in Spanish": (SAMPLE_WEEK, "es", {}),
    "a reader of housing": (SAMPLE_WEEK, "amelia.hart@example.org", {}),
    "forty items": (FORTY, "en", {}),
    "one item": (FORTY[:1], "en", {}),
    "long words": (LONG_WORDS, "en", {}),
    "hostile values": (HOSTILE_VALUES, "es", {}),
    "pictures and a logo": (PICTURES / "week", "en", {"templates": PICTURES / "templates"}),
    "right to left": (ARABIC / "week", "ar", {"templates": ARABIC / "templates"}),
}
"""Items, a reader, and settings, by what is special about them."""


def published(folder: Path, items: Sequence[Item] | Path, **settings: object) -> Installation:
    """A new installation that holds `items`, or those of a folder, and the sample subscribers."""
    (folder / "items").mkdir(parents=True)
    values = {
        "database_url": f"sqlite:///{folder}/digest.db",
        "DIGEST_FROM": "news@harbour.example",
        "publication": "The Harbour Weekly",
        "postal_address": "3 Quay Street\nCabo Manso",
        "public_url": PUBLIC_URL,
        "timezone": "Europe/Lisbon",
    }
    here = Installation(Settings(_env_file=None, **(values | settings)), NOW)  # type: ignore[call-arg,arg-type]
    here.init()
    if not isinstance(items, Path):
        for number, item in enumerate(items):
            file = folder / "items" / f"{number:02}.md"
            file.write_text(write(item, Status.READY, f"item-{number}"), "utf-8")
        items = folder / "items"
    intake.add(here.database, [items], timezone="UTC", now=NOW, gallery=here.gallery)
    lists.import_list(here.database, bundled("subscribers", "example.csv"), pepper=here.pepper, now=NOW)
    for names in (bundled("examples", "topics.csv"), ARABIC / "topics.csv"):
        for row in csv.DictReader(names.read_text("utf-8").splitlines()):
            topics.add(here.database, row["topic"], row["language"], row["name"])
    return here


def desk(here: Installation) -> Desk:
    """Where the next edition is looked at."""
    return Desk(here.database, lambda: here.press, here.sender, here.plan, here.clock, random_key)


def sheet(here: Installation, reader: str = "en") -> Sheet:
    """What a subscriber, or somebody in a language without topics, gets of the next edition."""
    looking = desk(here)
    return looking.sheet(looking.lay_out(NEXT), looking.reader(reader))
