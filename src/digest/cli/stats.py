"""`digest stats`: how editions went."""

from collections import Counter
from typing import Annotated, Any

import typer

from digest.cli.shared import Json, emit, installation, say, table
from digest.pipeline import stats
from digest.pipeline.stats import COUNTS, Stats

app = typer.Typer()
DOMAINS, EDITIONS, WIDTH = 20, 12, 40
"""Rows for people (JSON has all of them), and characters of the longest bar."""


@app.command("stats")
def stats_(
    ed: Annotated[
        str | None, typer.Argument(metavar="ED", help="A period, a number or `latest`; without it, all editions.")
    ] = None,
    json_: Json = False,
) -> None:
    """What servers took, what came back and why, who left: edition by edition, or one by recipient domain."""
    database = installation().database
    if ed is None:
        found = stats.every(database)
        if json_:
            emit({"editions": [_heading(each) | _numbers(each.whole) for each in found]})
        else:
            _tell_all(found[-EDITIONS:])
        return
    one = stats.of(database, ed)
    if json_:
        domains = [{"domain": domain} | _numbers(counts) for domain, counts in one.domains]
        emit(_heading(one) | _numbers(one.whole) | {"domains": domains})
    else:
        _tell(one)


def _heading(each: Stats) -> dict[str, Any]:
    return {"edition": each.period, "number": each.number, "state": each.state}


def _numbers(counts: Counter[str]) -> dict[str, int]:
    return {name: counts[name] for name in COUNTS}


def _tell_all(found: list[Stats]) -> None:
    if not found:
        say("No edition has gone out yet.")
        return
    table(("edition", *COUNTS), [(each.period, *_cells(each.whole)) for each in found])
    longest = max(each.whole["eligible"] for each in found)
    say("\nArrived (█) and the others (░):")
    for each in found:
        whole = each.whole
        arrived, eligible = (round(whole[name] / longest * WIDTH) for name in ("arrived", "eligible"))
        say(
            f"{each.period:<12}  {'█' * arrived}{'░' * (eligible - arrived)}  {whole['arrived']} of {whole['eligible']}"
        )


def _tell(one: Stats) -> None:
    say(f"{one.period} is {one.state}.")
    others = sum((counts for _, counts in one.domains[DOMAINS:]), Counter[str]())
    shown = [*one.domains[:DOMAINS], *([("others", others)] if others else []), ("all", one.whole)]
    table(("domain", *COUNTS), [(domain, *_cells(counts)) for domain, counts in shown])


def _cells(counts: Counter[str]) -> list[int | str]:
    return [counts[name] or "·" for name in COUNTS]
