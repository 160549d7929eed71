"""Tide, a publication whose public pages tests visit: who it is, where its links lead, what its database holds."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime

from digest.core.headers import Sender
from digest.core.token import Keyring, Purpose
from digest.store.database import Database

NOW = datetime(2026, 3, 14, 9, tzinfo=UTC)
RING = Keyring("a secret")
SENDER = Sender("Tide", "Tide", "news@example.org", None, None, "https://news.example.org", RING)
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


def nothing(_: str) -> None:
    """No folders of mail here."""


def link(number: int) -> str:
    return f"/unsubscribe/{RING.issue(Purpose.UNSUBSCRIBE, number)}"


def contents(database: Database) -> list[str]:
    with closing(sqlite3.connect(str(database.file))) as connection:
        return list(connection.iterdump())
