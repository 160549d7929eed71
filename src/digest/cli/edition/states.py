"""Moving an edition: approved, held, given up."""

from typing import Annotated

import typer

from digest.cli.edition.shown import Ed
from digest.cli.shared import Now, installation, say
from digest.pipeline import dispatch, report

app = typer.Typer()


@app.command()
def approve(
    ed: Ed,
    anyway: Annotated[bool, typer.Option("--anyway", help="Whatever `check` finds.")] = False,
    now: Now = None,
) -> None:
    """Freeze the content and let it go out at its time."""
    here = installation(now)
    row = report.find_row(here.database, ed)
    (dispatch.approve if anyway else dispatch.approve_checked)(here.office, row.identity, "staff")
    say(f"{row.period} is approved.")


@app.command()
def reopen(ed: Ed) -> None:
    """Back to a draft, until the fan-out starts."""
    _move(ed, "reopen", "is a draft again")


@app.command()
def pause(ed: Ed) -> None:
    """Stop sending; what is in flight is finished."""
    _move(ed, "pause", "is paused", held_reason="paused by staff")


@app.command()
def resume(ed: Ed, now: Now = None) -> None:
    """Let a paused edition go on; `send` delivers."""
    here = installation(now)
    row = report.find_row(here.database, ed)
    dispatch.resume(here.database, row.identity, here.clock())
    say(f"{row.period} may be sent again.")


@app.command()
def cancel(ed: Ed) -> None:
    """Never send it, or the rest of it."""
    _move(ed, "cancel", "is cancelled")


def _move(ed: str, move: str, said: str, **values: object) -> None:
    here = installation()
    row = report.find_row(here.database, ed)
    dispatch.change(here.database, row.identity, move, **values)
    say(f"{row.period} {said}.")
