"""The edition that every row sends: the sample week, for invented subscribers who each follow topics of their own.

`python week.py FOLDER PEOPLE` makes the database up to the approved edition. Everything is drawn from a fixed seed.
"""

import csv
import random
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from digest.app import Installation, bundled
from digest.core import dkim
from digest.core.address import parse
from digest.pipeline import assemble, deliver, dispatch, intake, topics
from digest.settings import Settings
from digest.store import subscribers
from digest.store.subscribers import New

NOW = datetime(2026, 3, 15, 9, 0, tzinfo=UTC)
EDITION = 1
CONNECTIONS = 10
CHUNK = 5000
ZONE = "Europe/Lisbon"
TOPICS = tuple(dict.fromkeys(row["topic"] for row in csv.DictReader(bundled("examples", "topics.csv").open())))
FIRST = ("Ana", "Bruno", "Carla", "Dinis", "Elsa", "Filipe", "Graça", "Hugo", "Inês", "João", "Lia", "Marta")
LAST = ("Abreu", "Brito", "Castro", "Dias", "Esteves", "Faria", "Gomes", "Lopes", "Matos", "Neves", "Pires", "Reis")


def installation(folder: Path, port: int = 25, signed: str = "", **settings: object) -> Installation:
    """digest on the database in `folder`. `signed`: names of key files there, separated by commas, or nothing."""
    values = {
        "database_url": f"sqlite:///{folder}/digest.db",
        "publication": "Harbour Weekly",
        "DIGEST_FROM": "Harbour Weekly <weekly@harbour.example>",
        "reply_to": "editors@harbour.example",
        "postal_address": "Harbour House, 3 Quay Street, Cabo Manso",
        "public_url": "https://news.harbour.example",
        "bounce_domain": "bounces.harbour.example",
        "smtp_port": port,
        "smtp_connections": CONNECTIONS,
        "dkim_selector": signed or None,
        "dkim_key_file": ",".join(f"{folder}/{each}.pem" for each in signed.split(",")) if signed else None,
        "timezone": ZONE,
        "schedule": "sun 09:00",
    }
    return Installation(Settings(_env_file=None, **values | settings), NOW, running=True)


def make(folder: Path, people: int) -> None:
    """The installation with the sample week approved and `people` subscribers, and keys to sign with."""
    here = installation(folder)
    here.init()
    for name, private in (("ed25519", Ed25519PrivateKey.generate()), ("rsa", rsa.generate_private_key(65537, 2048))):
        (folder / f"{name}.pem").write_bytes(dkim.Key("harbour.example", name, private).pem())
    intake.add(here.database, [bundled("examples", "week")], timezone=ZONE, now=NOW)
    with bundled("examples", "topics.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            topics.add(here.database, row["topic"], row["language"], row["name"])
    crowd = invented(people)
    while chunk := list(islice(crowd, CHUNK)):
        with here.database.write() as session:
            subscribers.add_many(session, chunk, NOW)
    assemble.assemble(
        here.database, here.plan, period=None, now=NOW, words=assemble.Words(), languages=here.compiler.languages()
    )
    dispatch.approve(here.office, EDITION, "bench")
    deliver.begin(here.database, EDITION, NOW)
    here.close()


def invented(people: int) -> Iterator[New]:
    """Subscribers: two to eight topics each, one in ten reads Spanish."""
    draw = random.Random(2026)
    for number in range(people):
        name = f"{draw.choice(FIRST)} {draw.choice(LAST)}"
        followed = dict.fromkeys(draw.sample(TOPICS, draw.randint(2, len(TOPICS))), 1)
        language = "es" if draw.random() < 0.1 else "en"
        yield New(parse(f"reader{number}@host{number % 1000}.example"), name, language, followed)


if __name__ == "__main__":
    make(Path(sys.argv[1]), int(sys.argv[2]))
