"""An office with readers, and what a mail server that tests are the judge of has to have taken from it."""

import asyncio
import dataclasses
import sqlite3
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from scripted_smtp import Server
from sqlalchemy import Engine, event

from digest.app import Installation
from digest.core.address import parse
from digest.core.delivery import Balance, State
from digest.core.dkim import Key
from digest.core.pacing import FREE, Limits
from digest.pipeline import assemble, deliver, dispatch, intake
from digest.pipeline.dispatch import Office, Watch
from digest.settings import Settings
from digest.store import deliveries, subscribers
from digest.store.subscribers import New
from digest.transports.smtp import Connection, Smarthost
from rfc5322 import objections

WEEK = Path(__file__).parents[2] / "examples" / "week"
NOW = datetime(2026, 3, 15, 9, tzinfo=UTC)
ED = 1
SIGNING = {
    "rsa": Key("harbour.example", "r1", rsa.generate_private_key(65537, 2048)),
    "ed25519": Key("harbour.example", "e1", ed25519.Ed25519PrivateKey.generate()),
}


def installed(folder: Path) -> Installation:
    settings = Settings(
        database_url=f"sqlite:///{folder / 'digest.db'}", secret="a secret for tests", pepper="a pepper for tests",
        postal_address="3 Quay Street", timezone="Europe/Lisbon",
        DIGEST_FROM="Harbour Weekly <weekly@harbour.example>", _env_file=None,
    )  # fmt: skip
    return Installation(settings, NOW)


def approved(folder: Path) -> Path:
    """The file of a database with the sample week compiled and approved, and nobody to send it to."""
    here = installed(folder)
    here.init()
    before = NOW - timedelta(days=1)
    intake.add(here.database, [WEEK], timezone="Europe/Lisbon", now=before)
    words = assemble.Words(None, None, None)
    assemble.assemble(
        here.database, here.plan, period=None, now=before, words=words, languages=here.compiler.languages()
    )
    dispatch.approve(here.office, ED, "staff")
    here.office.database.dispose()
    here.database.dispose()
    assert here.database.file
    return here.database.file


@dataclass
class Post:
    """An office with readers, to send from as often as one likes."""

    office: Office
    file: Path
    passed: timedelta = timedelta(0)

    @classmethod
    def to(cls, readers: int, file: Path) -> "Post":
        """From a copy of what `approved` made."""
        office = installed(file.parent).office
        with office.database.write() as session:
            people = [New(parse(f"reader{n}@example.net"), "", "en", {}) for n in range(readers)]
            subscribers.add_many(session, people, NOW)
        return cls(office, file)

    async def send(
        self, server: Server, *, connections: int = 2, stop: asyncio.Event | None = None, limits: Limits = FREE
    ) -> Balance:
        """The balance, which has to be right whatever happened. Raises Refused after checking it."""
        host = Smarthost("127.0.0.1", server.port, "none")
        route = deliver.Route(lambda: Connection.open(host), connections, limits)
        office = dataclasses.replace(self.office, route=route, clock=self.now)
        try:
            return await dispatch.send(office, ED, approval_required=False, stop=stop or asyncio.Event(), watch=Watch())
        finally:
            with self.office.database.read() as session:
                balance = deliveries.balance(session, ED)
            fields = dataclasses.asdict(balance)
            assert fields.pop("eligible") == sum(fields.values()) == len(self.rows())

    def rows(self) -> dict[str, deliveries.D]:
        with self.office.database.read() as session:
            return {row.address: row for row in deliveries.page(session, ED)}

    def states(self) -> Counter[str]:
        return Counter(row.state for row in self.rows().values())

    def change(self, statement: str) -> None:
        """As another program would."""
        other = sqlite3.connect(self.file, isolation_level=None)
        other.execute(statement)
        other.close()

    def edition(self):
        return dispatch.get(self.office.database, ED)

    def later(self, by: timedelta) -> None:
        self.passed += by

    def now(self) -> datetime:
        return NOW + self.passed


def once_each(server: Server, post: Post) -> None:
    """What the server took is mail, is what the ledger says was accepted, each under its own Message-ID, and nobody twice."""
    assert not [said for each in server.taken for said in objections(each.content)]
    taken = Counter((each.recipient, each.message_id) for each in server.taken)
    assert set(taken.values()) <= {1}
    rows = post.rows()
    assert set(taken) == {(row.address, row.message_id) for row in rows.values() if row.state == State.ACCEPTED}


def impatient(engine: Engine) -> None:
    """So that a lock is an error at once: only the ledger waits."""
    engine.dispose()
    event.listen(engine, "connect", lambda connection, _record: connection.execute("PRAGMA busy_timeout = 0"))
