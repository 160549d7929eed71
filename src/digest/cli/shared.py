"""What every command has in common: its options, the installation, how it prints."""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from digest import logs, settings
from digest.app import Installation
from digest.core.errors import Misconfigured, Refused
from digest.core.item import LANGUAGE
from digest.pipeline import outdated

Json = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]
Now = Annotated[
    str | None, typer.Option("--now", metavar="ISO", help="Start the clock here, such as 2024-06-30T09:00Z.")
]
YEARS = range(1970, 9000)
"""In which an instant may be: at the ends of the calendar there is no week before or after."""
WIDE = 400
"""Columns for what is read by a program: no cell is folded."""
DryRun = Annotated[bool, typer.Option("--dry-run", help="Report what would happen, and change nothing.")]
KeepGoing = Annotated[bool, typer.Option("--keep-going", help="Take what is good, leave out what is not.")]


_opened: list[Installation] = []


def installation(now: str | None = None, *, running: bool = False) -> Installation:
    """The installation that this process's environment describes. Misconfigured for a bad setting or a bad --now.

    `running`: the clock runs on from --now; otherwise it stands there.
    """
    logs.configure()
    loaded = settings.load()
    for remark in settings.remarks(loaded):
        note(remark)
    here = Installation(loaded, moment(now), running=running)
    _opened.append(here)
    return here


def _show_version(asked: bool) -> None:
    if asked:
        say(f"digest {version('digest')}")
        raise typer.Exit


def common(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_show_version, help="Say which digest this is.")
    ] = False,
) -> None:
    """The options of `digest` itself."""


def language_tag(text: str | None) -> str | None:
    """The value of an option --language, if it is the tag of one."""
    if text is not None and not LANGUAGE.fullmatch(text):
        raise Misconfigured(f"--language: “{text}” is not the tag of a language; write one such as en, es or pt-BR.")
    return text


def close() -> None:
    """Let go of what the command opened."""
    while _opened:
        _opened.pop().close()


def moment(text: str | None, option: str = "--now") -> datetime | None:
    """The instant that an option gives; without an offset it is UTC."""
    if text is None:
        return None
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        raise Misconfigured(f"{option}: “{text}” is not an ISO time; write one like 2024-06-30T09:00Z.") from None
    if parsed.year not in YEARS:
        raise Misconfigured(f"{option}: “{text}” is not in the years {YEARS[0]} to {YEARS[-1]}.")
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def emit(document: dict[str, Any]) -> None:
    """The one JSON document of a command."""
    sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=2) + "\n")


def say(line: str = "") -> None:
    """A line of the answer, on standard output."""
    sys.stdout.write(line + "\n")


def note(line: str) -> None:
    """A line about the work, on standard error."""
    sys.stderr.write(line + "\n")


def note_outdated(here: Installation) -> None:
    """Of the editions still to go out, those that keep items as they were before somebody changed them."""
    for row, count in outdated.waiting(here.database):
        items = "1 item" if count == 1 else f"{count} items"
        note(f"{row.period} ({row.state}) still has {items} as before; take the change in: {outdated.remedy(row)}.")


def note_topics(made: Mapping[str, Sequence[str]]) -> None:
    """The topics that an import made, each with older ones that look alike."""
    named = [f"{slug} (close to {', '.join(close)})" if close else slug for slug, close in made.items()]
    if named:
        note(f"New topics: {', '.join(named)}.")
    if slip := next(((slug, close[0]) for slug, close in made.items() if close), None):
        note(f"If that is a slip: `digest topics remove {slip[0]} --into {slip[1]}`.")


def ask(question: str, otherwise: str) -> None:
    """Ask somebody at a terminal whether they mean it; scripts are not asked. Refused, saying `otherwise`, if not."""
    if sys.stdin and sys.stdin.isatty() and not typer.confirm(question, err=True):
        raise Refused(otherwise)


def table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Rows for people."""
    drawn = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        drawn.add_row(*("" if cell is None else str(cell) for cell in row))
    console = Console(highlight=False, markup=False)
    if not console.is_terminal:
        console.width = WIDE
    console.print(drawn)


@contextmanager
def progress() -> Iterator[Progress]:
    """A bar on standard error, drawn only where somebody sees it."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        yield bar


def iso(when: datetime | None) -> str | None:
    return when.isoformat() if when else None
