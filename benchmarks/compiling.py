"""An edition of forty items compiled into blocks, once a language: what approving an edition takes.

`python compiling.py REPEATS` prints `{"items", "languages", "seconds"}`, the last a list; a first time, to warm up, is not in it.
"""

import json
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from installed import EDITION, installation
from week import make

from digest.app import Installation
from digest.pipeline.compile import compile_blocks
from digest.store import editions

ITEMS = 40


def compiling(here: Installation) -> tuple[float, int]:
    """Seconds, and how many languages."""
    with here.database.read() as session:
        row = editions.get(session, EDITION)
        week = editions.items(session, EDITION)
    items = [replace(week[at % len(week)], id=at + 1, position=at + 1) for at in range(ITEMS)]
    press = replace(here.press, limit=10)  # forty at once would be more than mail programs show
    begun = time.perf_counter()
    texts, _ = compile_blocks(press, row, items, {}, {}, "k0123456789")
    return time.perf_counter() - begun, len(texts)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        make(Path(folder), 10)
        here = installation(Path(folder))
        _, *measured = [compiling(here) for _ in range(1 + int(sys.argv[1]))]
    figures = {"items": ITEMS, "languages": measured[0][1], "seconds": [seconds for seconds, _ in measured]}
    sys.stdout.write(json.dumps(figures) + "\n")
