"""What an edition is made of, who gets what and why, and what is wrong with it."""

import sys
from dataclasses import asdict
from typing import Annotated, Any, Literal

import typer

from digest.app import random_key
from digest.cli.edition.shown import Ed, counts, tell
from digest.cli.shared import Json, Now, emit, installation, say, table
from digest.core.delivery import Balance, State
from digest.core.errors import Misconfigured
from digest.core.finding import blocking
from digest.core.when import in_words
from digest.pipeline import assemble as assembling
from digest.pipeline import preflight, report, specimen

app = typer.Typer()

Person = Annotated[str | None, typer.Argument(metavar="EMAIL", help="The subscriber's address.")]
For = Annotated[str | None, typer.Option("--for", metavar="EMAIL", help="The same, as an option.")]


def _one(email: str | None, for_: str | None) -> str | None:
    if email and for_:
        raise Misconfigured("Say EMAIL or --for EMAIL, not both.")
    return email or for_


@app.command()
def assemble(
    period: Annotated[
        str | None, typer.Option(metavar="2024-W26", help="The week; without it, the next slot's.")
    ] = None,
    subject: Annotated[str | None, typer.Option(help="Your own subject; empty for the template's.")] = None,
    preheader: Annotated[str | None, typer.Option(help="Your own preheader.")] = None,
    intro: Annotated[str | None, typer.Option(help="A word before the items.")] = None,
    json_: Json = False,
    now: Now = None,
) -> None:
    """Make the draft of a period, or make it anew while it is one."""
    here = installation(now)
    made = assembling.assemble(
        here.database, here.plan, period=period, now=here.clock(),
        words=assembling.Words(subject, preheader, intro), languages=here.compiler.languages(),
    )  # fmt: skip
    tell(report.show(here.database, here.press, made, here.clock()), json_)


@app.command("list")
def list_(json_: Json = False) -> None:
    """Every edition, with how it stands."""
    found = report.listing(installation().database)
    if json_:
        emit({"editions": [{"period": row.period, "number": row.number, "state": row.state} for row, _ in found]})
        return
    columns = ("no.", "period", "state", "due", *Balance.__dataclass_fields__)
    rows = [
        (row.number, row.period, row.state, in_words(row.slot, row.timezone), *counts(balance).values())
        for row, balance in found
    ]
    table(columns, rows)


@app.command()
def show(ed: Ed, json_: Json = False, now: Now = None) -> None:
    """What is in an edition, what was left out and why, its balance, and which domains its mail waits for."""
    here = installation(now)
    tell(report.show(here.database, here.press, ed, here.clock()), json_)


@app.command()
def deliveries(
    ed: Ed,
    state: Annotated[State | None, typer.Option(help="Only those in this state.")] = None,
    json_: Json = False,
) -> None:
    """Who got it: a row a subscriber."""
    rows = report.ledger(installation().database, ed, state)
    if json_:
        emit({"deliveries": [asdict(row) for row in rows]})
        return
    table(("email", "state", "tries", "reply"), [(row.email, row.state, row.attempts, row.reply) for row in rows])


@app.command()
def why(
    ed: Ed,
    email: Person = None,
    for_: For = None,
    json_: Json = False,
    now: Now = None,
) -> None:
    """Why each item is or is not in somebody's digest: `why latest ana@example.org`."""
    email = _one(email, for_)
    if email is None:
        raise Misconfigured("Say whose digest: `digest edition why ED EMAIL`.")
    here = installation(now)
    explained = report.why(here.database, here.press, ed, email, here.clock())
    if json_:
        both: dict[str, Any] = {"email": email}
        for name, included in (("included", True), ("excluded", False)):
            chosen = [each for each in explained if each.included is included]
            both[name] = [{"id": each.id, "title": each.title, "reasons": list(each.reasons)} for each in chosen]
        emit(both)
        return
    for each in explained:
        say(f"{'in ' if each.included else 'out'}  {each.title}: {'; '.join(each.reasons)}")


@app.command()
def check(
    ed: Ed,
    offline: Annotated[bool, typer.Option("--offline", help="Do not try the links.")] = False,
    json_: Json = False,
    now: Now = None,
) -> None:
    """What is wrong with an edition before it goes out, and what to do; exit 1 if any of it is in the way."""
    here = installation(now)
    row = report.find_row(here.database, ed)
    found = here.check(row.identity, offline=offline)
    if json_:
        emit({"edition": row.period, "findings": [asdict(each) for each in found]})
    else:
        say(preflight.in_words(found) or f"{row.period}: there is nothing to say against it.")
    if blocking(found):
        raise typer.Exit(1)


@app.command()
def render(
    ed: Ed,
    email: Person = None,
    for_: For = None,
    format_: Annotated[
        Literal["html", "text", "eml"], typer.Option("--format", help="eml: the whole message.")
    ] = "html",
    now: Now = None,
) -> None:
    """One person's digest, to standard output; without an address, that of somebody without topics."""
    email = _one(email, for_)
    here = installation(now)
    moment = here.clock()
    room, claimed = specimen.draft_for(here.database, here.press, here.sender, ed, email, moment, random_key())
    if format_ == "eml":
        sys.stdout.buffer.write(specimen.eml(room, claimed, moment))
    else:
        sys.stdout.write(room.part(format_, claimed, moment))
