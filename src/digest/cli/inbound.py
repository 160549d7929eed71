"""`digest inbound`: mail that comes back, from a pipe or once more; and what digest makes of a message."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from digest.cli.shared import Json, Now, emit, installation, note, say
from digest.core.dsn import MAX_BYTES, as_json, classify
from digest.core.errors import Misconfigured, Refused
from digest.mailbox import files
from digest.pipeline.receive import Received

ASK_AGAIN = 75  # EX_TEMPFAIL of sysexits.h: the mail server keeps the message and tries later

app = typer.Typer(
    name="inbound",
    help="Mail that comes back: take one message, replay kept ones, classify.",
    invoke_without_command=True,
)

Paths = Annotated[list[Path], typer.Argument(metavar="PATH…", help="Message files, or folders of them; mbox; Maildir.")]


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
    message = sys.stdin.buffer.read(MAX_BYTES + 1)
    if not message.strip():
        raise Misconfigured("There is no message on standard input; use it as `digest inbound < message`.")
    try:
        got = installation(now).inbound.take(message, recipient)
    except Refused as error:
        # Whatever it is, the message is not to blame: the mail server keeps it until that is mended.
        note(str(error))
        raise typer.Exit(ASK_AGAIN) from None
    if json_:
        emit(_document(got))
    else:
        say(f"{_line(got)}.")


@app.command()
def replay(paths: Paths, json_: Json = False, now: Now = None) -> None:
    """Take in mail that is kept in files. What is counted already changes nothing, so it may be done again and again."""
    ways_in = installation(now).inbound
    taken = []
    for path in paths:
        for where, message in files.messages(path):
            taken.append((where, ways_in.again(message)))
            if not json_:
                say(f"{where}: {_line(taken[-1][1])}.")
    if json_:
        emit({"messages": [{"path": where} | _document(got) for where, got in taken]})
    if any(got.unread for _, got in taken):
        raise typer.Exit(1)


def _document(got: Received) -> dict[str, Any]:
    known = got.delivery_id is not None
    return {"kind": got.kind, "verdict": got.verdict, "rule": got.rule, "effect": got.effect, "known": known}


def _line(got: Received) -> str:
    return f"{got.kind} ({got.rule}): {got.effect}"


@app.command("classify")
def classify_(
    paths: Paths,
    json_: Json = False,  # noqa: ARG001  accepted like everywhere: a line of JSON a message is what it always answers
) -> None:
    """What each message is, and by which rule: a line of JSON a message. Nothing is recorded."""
    for path in paths:
        for where, message in files.messages(path):
            say(json.dumps(as_json(where, classify(message)), ensure_ascii=False))
