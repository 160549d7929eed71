"""An installation with a mailbox for everybody and a clock that a test sets; what people do on its public pages."""

import asyncio
import re
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from httpx import AsyncClient, Response
from tide import NOW

from digest.app import Installation
from digest.core.token import Purpose
from digest.pipeline import consent
from digest.pipeline.story import story
from digest.scheduler import Service
from digest.settings import Settings
from digest.store.database import Database

URL = "https://news.example.org"
OURS = {"sec-fetch-site": "same-origin"}
ELSEWHERE = {"sec-fetch-site": "cross-site", "origin": "https://choir.example"}
ZOE = "zoe@example.net"
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


class Town:
    """An installation with a mailbox for everybody, and a clock that a test sets."""

    def __init__(self, folder: Path, database: Database) -> None:
        values: dict[str, Any] = {
            "database_url": database.url.render_as_string(), "DIGEST_FROM": "news@example.org", "publication": "Tide",
            "public_url": URL, "outbox": folder / "outbox", "pepper": "a pepper of sixteen", "secret": "a secret of sixteen",
        }  # fmt: skip
        self.now: datetime = NOW
        self.here = Installation(Settings(_env_file=None, **values))
        self.here.clock = lambda: self.now
        self.db, self.outbox = self.here.database, folder / "outbox"
        self._seen: set[Path] = set()

    async def post(self) -> dict[str, EmailMessage]:
        """What the letters that are due say, by recipient."""
        service = Service(self.here, asyncio.Event())
        await service.post()
        await service.expire()
        new = set(self.outbox.glob("*.eml")) - self._seen
        self._seen |= new
        read = [message_from_bytes(each.read_bytes(), policy=policy.default) for each in new]
        return {str(each["To"]): each for each in read}  # type: ignore[misc]

    def state(self, email: str = ZOE) -> str:
        return next((each.state for each in consent.everyone(self.db) if each.email == email), "nobody")

    def tell(self, email: str = ZOE) -> dict[str, Any]:
        return story(self.db, email, self.here.pepper, self.now)


async def fill_in(pages: AsyncClient, email: str = ZOE, *, headers: dict[str, str] = OURS, **fields: Any) -> Response:
    form = {"email": email, "shown": "en", "language": "en", "frequency": "weekly"} | fields
    return await pages.post("/subscribe", data=form, headers=headers)


def text(letter: EmailMessage) -> str:
    part = letter.get_body(("plain",))
    assert part
    return str(part.get_content())


def link(letter: EmailMessage) -> str:
    found = re.search(rf"{URL}(/confirm/\w+)", text(letter))
    assert found
    return found[1]


def joined(town: Town, email: str = "ana@example.org", source: str = "x") -> str:
    """The path of a new subscriber's page."""
    consent.add(
        town.db, email, name="Ana", language="en", topics=["housing=3"], pepper=town.here.pepper, now=NOW, source=source
    )
    return f"/preferences/{town.here.keyring.issue(Purpose.PREFERENCES, consent.find(town.db, email).id)}"
