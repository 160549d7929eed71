"""`digest inbound`: mail that comes back, from a pipe; and what digest makes of a message."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from digest.cli.shared import Json, Now, emit, installation, note, say
from digest.core.dsn import Report, as_json, classify
from digest.core.errors import Misconfigured, Refused, TryAgain
from digest.pipeline import receive

LARGEST = 1_000_000
ASK_AGAIN = 75  # EX_TEMPFAIL of sysexits.h: the mail server keeps the message and tries later

app = typer.Typer(name="inbound", help="Mail that comes back.", invoke_without_command=True)


@app.callback()
def inbound(
    context: typer.Context,
    recipient: Annotated[
        str | None, typer.Option(metavar="R", help="The envelope recipient, as the mail server knows it.")
    ] = None,
    json_: Json = False,
    now: Now = None,
) -> None:
    """Take one message on standard input: a bounce, a complaint, an unsubscribe. Exit 75: ask again."""
    if context.invoked_subcommand is not None:
        return
    message = sys.stdin.buffer.read(LARGEST + 1)
    if not message.strip():
        raise Misconfigured("There is no message on standard input; use it as `digest inbound < message`.")
    try:
        here = installation(now)
        got = receive.receive(here.database, message, recipient, here.keys, here.clock())
    except TryAgain as error:
        note(str(error))
        raise typer.Exit(ASK_AGAIN) from None
    if json_:
        emit(
            {
                "kind": got.kind,
                "verdict": got.verdict,
                "rule": got.rule,
                "effect": got.effect,
                "known": got.delivery_id is not None,
            }
        )
    else:
        say(f"{got.kind} ({got.rule}): {got.effect}.")


@app.command("classify")
def classify_(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH…", help="Message files, or folders of them.")],
    json_: Json = False,  # noqa: ARG001  accepted like everywhere: a line of JSON a message is what it always answers
) -> None:
    """What each message is, and by which rule: a line of JSON a message. Nothing is recorded."""
    files = [
        each
        for path in paths
        for each in (sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path])
    ]
    for file in files:
        say(json.dumps(as_json(str(file), _read(file)), ensure_ascii=False))


def _read(path: Path) -> Report:
    try:
        with path.open("rb") as file:
            return classify(file.read(LARGEST + 1))
    except OSError as error:
        raise Refused(f"{path} cannot be read: {(error.strerror or str(error)).lower()}.") from None
