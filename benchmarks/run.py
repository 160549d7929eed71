"""`make bench`: digest beside its peers, measured in one interleaved run, printed, and written to docs/benchmarks.md.

`--quick` takes less than two minutes; `--only NAME` measures the parts whose names hold NAME. Both only print.
"""

import argparse
import json
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path
from typing import TypeVar

import install
import network
import report
from growth import grow
from install import GROUND, HERE, ROOT
from measure import child
from report import Results
from rows import LIMIT, ROWS, Row

PARTS = ("network", "stages", "growth", "compiling", "classifying", "one-click")
PEOPLE = 12_000
CLICKS = (500, 10)
"""One-click unsubscribes a second, and for how many seconds."""
PEERS_PEOPLE = 1000
T = TypeVar("T")


def prepare(people: int) -> tuple[Path, int]:
    """A folder with the fanned-out edition and what peers send of it, and the mean size of a message."""
    folder = GROUND / "edition"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    child([sys.executable, HERE / "week.py", folder, str(people)])
    child([sys.executable, HERE / "fan_out.py", folder])
    child([sys.executable, HERE / "material.py", folder, str(min(people, PEERS_PEOPLE))])
    return folder, json.loads((folder / "peers.json").read_text())["size"]


def interleaved(rows: Sequence[T], rounds: int) -> Iterator[T]:
    """Every round has every row, each round beginning with another one."""
    for number in range(rounds):
        say(f"round {number + 1} of {rounds}")
        yield from (*rows[number % len(rows) :], *rows[: number % len(rows)])


def send(results: Results, rows: Sequence[Row], folder: Path, people: int, rounds: int) -> None:
    for row in interleaved(rows, rounds):
        say(row.name)
        sample = row.sample(folder, round(people * row.share), results.size)
        results.samples.setdefault(row.name, []).append(sample)


def cross(results: Results, folder: Path, rounds: int, *, quick: bool) -> None:
    away, seconds = ((0.040,), 1) if quick else (network.ROUND_TRIPS, 3)
    for round_trip, name in interleaved([*product(away, network.SENDERS)], rounds):
        say(f"{name}, {1000 * round_trip:g} ms away")
        results.crossings.append(network.cross(round_trip, name, folder, results.size, seconds))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few messages and short lists")
    parser.add_argument("--only", metavar="NAME", help=f"rows whose name holds NAME, or one of {', '.join(PARTS)}")
    parser.add_argument("--rounds", type=int, help="5, or 3 with --quick")
    parser.add_argument(
        "--million", action="store_const", const=(1_000_000,), default=(), help="grow the list to 1,000,000 too"
    )
    asked = parser.parse_args()
    people, rounds = (1200, 3) if asked.quick else (PEOPLE, 5)
    rounds = asked.rounds or rounds
    sizes = (1_000, 2_000) if asked.quick else (1_000, 10_000, 100_000, *asked.million)

    def wanted(part: str) -> bool:
        return asked.only is None or asked.only.lower() in part.lower()

    rows = [row for row in ROWS if wanted(row.name)]
    if rows and asked.only:
        rows = [row for row in ROWS if row in rows or row.name == LIMIT]
    if not rows and not any(map(wanted, PARTS)):
        parser.error(
            f"there is nothing called “{asked.only}”; there are: {', '.join([row.name for row in ROWS] + list(PARTS))}"
        )

    load = os.getloadavg()[0]
    say("setting up the peers under var/bench")
    install.peers()
    results = Results(0, load)
    if rows or wanted("network") or wanted("stages"):
        folder, results.size = prepare(people)
    if rows:
        send(results, rows, folder, people, rounds)
        show("Sending", report.speed(results))
    if wanted("network"):
        cross(results, folder, rounds, quick=asked.quick)
        show("Over a network", network.figures(results.crossings))
    repeats = str(rounds)
    if wanted("stages"):
        results.stages = child([sys.executable, HERE / "stages.py", folder, repeats])[0]
    if wanted("compiling"):
        results.compiling = child([sys.executable, HERE / "compiling.py", repeats])[0]
    if wanted("classifying"):
        results.classifying = child([sys.executable, HERE / "classifying.py", repeats])[0]
    if wanted("one-click"):
        rate, seconds = CLICKS
        say(f"{rate} one-click unsubscribes a second")
        results.one_click = child(
            [sys.executable, HERE / "one_click.py", str(rate), "2" if asked.quick else str(seconds)]
        )[0]
    if wanted("growth"):
        for size in sizes:
            say(f"a list of {size:,}")
            results.growth.append(grow(size))
        show("As the list grows", report.growth(results))
    show("One thing at a time", report.small(results))
    show("Aims", report.aims(results))
    if not (asked.quick or asked.only):
        report.write(results, ROOT / "docs")
        say("written: docs/benchmarks.md and its plots")


def show(title: str, lines: Sequence[str]) -> None:
    if lines:
        print("", title, "", *lines, sep="\n", flush=True)


def say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
