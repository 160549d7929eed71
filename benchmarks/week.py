"""The edition that every row sends: the sample week, for invented subscribers who each follow topics of their own.

`python week.py FOLDER PEOPLE` makes the database up to the approved edition. Everything is drawn from a fixed seed.
"""

import csv
import random
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from installed import EDITION, NOW, ZONE, installation

from digest.app import bundled
from digest.core import dkim
from digest.core.address import parse
from digest.pipeline import assemble, deliver, dispatch, intake, topics
from digest.store import subscribers
from digest.store.subscribers import New

CHUNK = 5000
TOPICS = tuple(dict.fromkeys(row["topic"] for row in csv.DictReader(bundled("examples", "topics.csv").open())))
FIRST = ("Ana", "Bruno", "Carla", "Dinis", "Elsa", "Filipe", "Graça", "Hugo", "Inês", "João", "Lia", "Marta")
LAST = ("Abreu", "Brito", "Castro", "Dias", "Esteves", "Faria", "Gomes", "Lopes", "Matos", "Neves", "Pires", "Reis")


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
