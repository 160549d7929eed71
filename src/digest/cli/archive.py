"""`digest archive`: past mail of the system that was used before, which the archive on the web shows among our own."""

from pathlib import Path
from typing import Annotated, Any

import typer

from digest.cli.shared import DryRun, Json, KeepGoing, Now, emit, installation, iso, note, progress, say, table
from digest.pipeline import past
from digest.pipeline.past import PastImport
from digest.store.past import Kept

app = typer.Typer(
    name="archive", help="Past mail from another system: import, list, show, remove.", no_args_is_help=True
)
NUMBER = "The number of a past mail, as `digest archive list` shows it."


@app.command("import")
def import_(
    paths: Annotated[
        list[Path],
        typer.Argument(metavar="PATH…", help="Exports, messages (.eml, mbox), ZIPs or folders; see docs/moving.md."),
    ],
    keep_going: KeepGoing = False,
    dry_run: DryRun = False,
    json_: Json = False,
    now: Now = None,
) -> None:
    """Bring past mail in, without what is one reader's alone; again and again without doubling."""
    here = installation(now)
    with progress() as bar:
        task = bar.add_task("Reading", total=None)
        result = past.import_past(
            here.database, paths, now=here.clock(), keep_going=keep_going, dry_run=dry_run,
            progress=lambda done: bar.update(task, completed=done),
        )  # fmt: skip
    if json_:
        names = ("added", "updated", "unchanged")
        emit(
            {name: [_row(each, stored=result.applied) for each in getattr(result, name)] for name in names}
            | {
                name: [
                    {"path": each.path, "entry": each.entry, "reason": each.reason} for each in getattr(result, name)
                ]
                for name in ("left_out", "rejected")
            }
        )
    else:
        _tell(result, keep_going=keep_going, dry_run=dry_run, shown=here.press.publication.archive)
    if result.rejected:
        raise typer.Exit(1)


def _tell(result: PastImport, *, keep_going: bool, dry_run: bool, shown: bool) -> None:
    for each in result.rejected:
        note(str(each))
    for each in result.left_out:
        note(f"left out: {each}.")
    if result.rejected and not keep_going:
        note("Nothing was imported; mend these, or take the rest with --keep-going.")
        return
    say(
        f"{'Would be: ' if dry_run else ''}{len(result.added)} added, {len(result.updated)} updated, "
        f"{len(result.unchanged)} unchanged, {len(result.left_out)} left out, {len(result.rejected)} rejected."
    )
    if result.added and not dry_run:
        note(
            "They are on the web now; look at some, and take one back with `digest archive remove ID`."
            if shown
            else "They are kept, and shown nowhere: DIGEST_ARCHIVE is not public."
        )


@app.command("list")
def list_(json_: Json = False) -> None:
    """All past mail, the newest first."""
    found = past.listing(installation().database)
    if json_:
        emit({"past": [_row(each) for each in found]})
        return
    table(
        ("id", "sent", "subject", "from"),
        [(each.id, each.sent_at.date(), each.subject, each.source) for each in found],
    )


@app.command()
def show(number: Annotated[int, typer.Argument(metavar="ID", help=NUMBER)], json_: Json = False) -> None:
    """One past mail as text, as everybody may read it."""
    kept, text = past.show(installation().database, number)
    if json_:
        emit(_row(kept) | {"text": text})
    else:
        say(f"{kept.subject}\n{kept.sent_at:%Y-%m-%d %H:%M} UTC, {kept.source} {kept.uid}\n\n{text.strip()}")


@app.command()
def remove(
    numbers: Annotated[list[int], typer.Argument(metavar="ID…", help=NUMBER)], json_: Json = False, now: Now = None
) -> None:
    """Take past mail back for good: its page answers 410, its words are deleted, and no import brings it back."""
    here = installation(now)
    gone, everywhere = past.remove(here.database, numbers, here.clock())
    if json_:
        emit({"removed": [_row(each) for each in gone]})
    else:
        for each in gone:
            say(f"removed: {each.id} {each.subject}")
    if not everywhere:
        note("Another program is reading the database; its journal holds traces until that lets go.")


def _row(kept: Kept, *, stored: bool = True) -> dict[str, Any]:
    """Without a number if it was not stored."""
    names = ("subject", "language", "source", "uid")
    return {"id": kept.id if stored else None, "sent_at": iso(kept.sent_at)} | {
        each: getattr(kept, each) for each in names
    }
