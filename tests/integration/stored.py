"""An installation with items and readers in it, in few words."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from digest.app import Installation
from digest.core.address import parse
from digest.core.item import Item, Kind, Status
from digest.rendering.markup import to_html
from digest.settings import Settings
from digest.store import items, subscribers
from digest.store.database import Database

NOW = datetime(2026, 3, 14, 9, tzinfo=UTC)


def installation(database: Database, templates: Path, **settings: object) -> Installation:
    """With an empty folder of templates to override, made here. It stands at NOW."""
    templates.mkdir()
    given = {
        "_env_file": None, "DIGEST_FROM": "news@example.org", "database_url": str(database.url), "publication": "The Tide",
        "templates": templates, "secret": "a secret for tests", "pepper": "a pepper for tests",
    }  # fmt: skip
    return Installation(Settings(**given | settings), NOW)  # type: ignore[arg-type]


def put(here: Installation, title: str, topics: Sequence[str] = (), body: str | None = None, **fields: object) -> int:
    kind = Kind(str(fields.pop("kind", "news")))
    item = Item(kind, title, body or f"About {title}.", tuple(topics), **fields)  # type: ignore[arg-type]
    with here.database.write() as session:
        return items.put(
            session, item, status=Status.READY, source="test", uid=title, html=to_html(item.body), content_hash=title, now=NOW
        )  # fmt: skip


def subscribe(here: Installation, email: str, name: str = "", language: str = "en", topics: Sequence[str] = ()) -> None:
    with here.database.write() as session:
        subscribers.add_many(session, [subscribers.New(parse(email), name, language, dict.fromkeys(topics, 1))], NOW)
