"""Moving an edition: approved, held, given up."""

from typing import Annotated

import typer

from digest.cli.edition.shown import Ed
from digest.cli.shared import Now, installation, note_outdated, say
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
    note_outdated(here)


@app.command()
def reopen(ed: Ed) -> None:
    """Back to a draft, until the fan-out starts."""
    _move(ed, "reopen", "is a draft again")


@app.command()
def pause(ed: Ed) -> None:
    """Stop sending, and finish what is in flight; or keep what is still to go out from going out."""
    here = installation()
    row = report.find_row(here.database, ed)
    dispatch.pause(here.database, row.identity)
    say(f"{row.period} is paused; `digest edition resume {row.period}` lets it go on.")


@app.command()
def resume(ed: Ed, now: Now = None) -> None:
    """Let a paused edition go on: `send` delivers, or it goes out at its time."""
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
