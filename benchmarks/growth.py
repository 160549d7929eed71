"""The same edition for longer and longer lists: what each step takes, and what it needs."""

import shutil
import sys
from dataclasses import dataclass

from install import GROUND, HERE
from measure import child, sink

SENT_AT_MOST = 100_000


@dataclass(frozen=True, slots=True)
class Size:
    """A list of `people`: seconds and MB of each step. `sent` may be fewer: then sending was stopped there."""

    people: int
    fan_out: float
    fan_out_rss: float
    sent: int
    sending: float
    sending_rss: float
    database: float


def grow(people: int) -> Size:
    """Fill a database with the list, fan the edition out, send it unsigned: each in a process of its own."""
    folder = GROUND / "growth"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    child([sys.executable, HERE / "week.py", folder, str(people)])
    fanned, _, fan_out_rss = child([sys.executable, HERE / "fan_out.py", folder])
    stop = [] if people <= SENT_AT_MOST else ["--stop-after", str(SENT_AT_MOST)]
    with sink() as (port, taken):
        sent, _, sending_rss = child([sys.executable, HERE / "send_digest.py", folder, str(port), *stop])
        if taken() != sent["messages"] or sent["messages"] < min(people, SENT_AT_MOST):
            raise SystemExit(f"{taken()} messages arrived of {sent['messages']} accepted and {people} due.")
    database = sum(file.stat().st_size for file in folder.glob("digest.db*")) / 1e6
    shutil.rmtree(folder)
    return Size(people, fanned["seconds"], fan_out_rss, sent["messages"], sent["seconds"], sending_rss, database)
