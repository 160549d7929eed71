"""`digest backup` and `digest restore`: all that belongs to an installation in one file, and back again."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from digest.cli.shared import Json, Now, emit, installation, iso, moment, note, progress, say
from digest.core.errors import Misconfigured
from digest.core.when import in_words
from digest.pipeline import backup as backups
from digest.pipeline import put_back
from digest.pipeline.put_back import Back

app = typer.Typer()


@app.command()
def backup(
    path: Annotated[
        str,
        typer.Argument(
            metavar="PATH",
            help="A new file, or a folder (there already, or with a / at the end) in which the time names it.",
        ),
    ],
    json_: Json = False,
    now: Now = None,
) -> None:
    """Everything that belongs to this installation in one file, made while it works on."""
    here = installation(now)
    with _bar("Backing up") as told:
        made = backups.make(here.estate, Path(path), here.clock(), version("digest"), told, into=path.endswith(os.sep))
    if json_:
        emit({"path": str(made), "size": made.stat().st_size})
        return
    say(f"{made} has the database, its secrets and the pictures. Not in it: .env, your templates, DKIM keys.")
    note(
        "It holds people's addresses and the secrets with which links are signed: keep it where nobody else can read it, "
        "on another machine."
    )


@app.command()
def restore(
    path: Annotated[Path | None, typer.Argument(metavar="PATH", help="A file that `digest backup` made.")] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Take the place of a database that holds something.")
    ] = False,
    as_of: Annotated[
        str | None,
        typer.Option(
            "--as-of", metavar="ISO", help="Instead of PATH: something else put the database back, as it was then."
        ),
    ] = None,
    json_: Json = False,
    now: Now = None,
) -> None:
    """Put a backup in its place. What may have gone out since is held until you have looked at it."""
    if (path is None) is (as_of is None):
        raise Misconfigured("Name the file of a backup, or --as-of the time of which the database is.")
    here = installation(now)
    if path:
        with _bar("Putting it back") as told:
            back = backups.restore(here.estate, path, here.plan, here.clock(), over=replace, progress=told)
    else:
        back = put_back.hold(here.database, moment(as_of, "--as-of") or here.clock(), here.plan, here.clock())
    if json_:
        emit(asdict(back) | {"made_at": iso(back.made_at), "replaced": str(back.replaced) if back.replaced else None})
        return
    say(f"The database is as it was on {in_words(back.made_at, here.settings.timezone)}.")
    if back.replaced:
        say(f"What was in its place is in {back.replaced}; delete that when nothing in it is missing.")
    _advise(back)


def _advise(back: Back) -> None:
    """What somebody has to decide, since the database does not know what happened after it."""
    if back.held:
        say(
            f"\nHeld, since they may have gone out since: {', '.join(back.held)}. `digest edition show ED` tells of each; if it "
            "went out, `digest edition cancel ED`. If not, archive the items of it that did, then `digest edition assemble "
            "--period ED` and `approve ED` for a draft, `digest edition resume ED` for one that is paused."
        )
    if back.doubtful:
        say(
            f"\n{back.doubtful} deliveries were under way and are in doubt. Once their edition is resumed, `digest edition "
            "uncertain ED` lists them; --resend sends them again under the same Message-ID, --let-be does not."
        )
    if back.missed:
        say(
            f"\nDue since, and not made again: {', '.join(back.missed)}. If one did not go out, `digest edition assemble "
            "--period ED` makes it."
        )
    if back.left is None:
        say(
            "\nWho left, changed something or was erased since is not known here. Before anything is sent, give the mail that "
            "came since to `digest inbound replay`, `digest subscribers unsubscribe` whom you know to have left on the web, "
            "and `digest subscribers erase` again who was erased."
        )
    else:
        say(
            f"\nTaken off this list too, since the database that was here knows that they left: {back.left}. What else people "
            "changed since is as it was before."
        )


@contextmanager
def _bar(what: str) -> Iterator[Callable[[int, int], None]]:
    with progress() as bar:
        task = bar.add_task(what)
        yield lambda done, total: bar.update(task, completed=done, total=total)
