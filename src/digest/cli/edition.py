"""`digest edition`: from a draft to a balance."""

import asyncio
import signal
import sys
from dataclasses import asdict
from typing import Annotated, Any, Literal

import typer
from rich.progress import Progress, TaskID

from digest.app import Installation, random_key
from digest.cli.shared import Json, Now, emit, installation, iso, note, progress, say, table
from digest.core.delivery import Balance, State
from digest.core.errors import Misconfigured, Refused
from digest.core.finding import blocking
from digest.core.when import in_words
from digest.pipeline import assemble as assembling
from digest.pipeline import dispatch, pace, preflight, report
from digest.pipeline.dispatch import Watch
from digest.pipeline.report import Shown

app = typer.Typer(
    name="edition", help="Editions: assemble, look, approve, send, account. ED is a period, a number or “latest”.",
    no_args_is_help=True,
)  # fmt: skip
Ed = Annotated[str, typer.Argument(metavar="ED", help="A period like 2024-W26, a number, or “latest”.")]


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
    _show(report.show(here.database, here.press, made, here.clock()), json_)


@app.command("list")
def list_(json_: Json = False) -> None:
    """Every edition, with how it stands."""
    found = report.listing(installation().database)
    if json_:
        emit({"editions": [{"period": row.period, "number": row.number, "state": row.state} for row, _ in found]})
        return
    columns = (
        "no.",
        "period",
        "state",
        "due (UTC)",
        "eligible",
        "accepted",
        "failed",
        "skipped",
        "uncertain",
        "pending",
    )
    rows = [
        (row.number, row.period, row.state, in_words(row.slot, row.timezone), *_counts(balance).values())
        for row, balance in found
    ]
    table(columns, rows)


@app.command()
def show(ed: Ed, json_: Json = False, now: Now = None) -> None:
    """What is in an edition, what was left out and why, its balance, and which domains its mail waits for."""
    here = installation(now)
    _show(report.show(here.database, here.press, ed, here.clock()), json_)


@app.command()
def deliveries(
    ed: Ed,
    state: Annotated[State | None, typer.Option(help="Only those in this state.")] = None,
    json_: Json = False,
) -> None:
    """Who got it: a row a subscriber."""
    rows = report.delivery_rows(installation().database, ed, state)
    if json_:
        emit({"deliveries": rows})
        return
    table(("email", "state", "tries", "reply"), [(r["email"], r["state"], r["attempts"], r["reply"]) for r in rows])


@app.command()
def why(
    ed: Ed,
    email: Annotated[str, typer.Argument(metavar="EMAIL", help="The subscriber's address.")],
    json_: Json = False,
    now: Now = None,
) -> None:
    """Why each item is or is not in somebody's digest."""
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
    found = here.check(row.id or 0, offline=offline, spam=True)
    if json_:
        emit({"edition": row.period, "findings": [asdict(each) for each in found]})
    else:
        say(preflight.in_words(found) or f"{row.period}: there is nothing to say against it.")
    if blocking(found):
        raise typer.Exit(1)


@app.command()
def approve(
    ed: Ed,
    anyway: Annotated[bool, typer.Option("--anyway", help="Whatever `check` finds.")] = False,
    now: Now = None,
) -> None:
    """Freeze the content and let it go out at its time."""
    here = installation(now)
    row = report.find_row(here.database, ed)
    (dispatch.approve if anyway else dispatch.approve_checked)(here.office, row.id or 0, "staff")
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
    dispatch.resume(here.database, row.id or 0, here.clock())
    say(f"{row.period} may be sent again.")


@app.command()
def cancel(ed: Ed) -> None:
    """Never send it, or the rest of it."""
    _move(ed, "cancel", "is cancelled")


def _move(ed: str, move: str, said: str, **values: object) -> None:
    here = installation()
    row = report.find_row(here.database, ed)
    dispatch.change(here.database, row.id or 0, move, **values)
    say(f"{row.period} {said}.")


@app.command()
def render(
    ed: Ed,
    email: Annotated[str | None, typer.Option("--for", metavar="EMAIL", help="As this subscriber gets it.")] = None,
    format_: Annotated[
        Literal["html", "text", "eml"], typer.Option("--format", help="eml: the whole message.")
    ] = "html",
    now: Now = None,
) -> None:
    """One person's digest, to standard output."""
    here = installation(now)
    moment = here.clock()
    room, claimed = report.draft_for(here.database, here.press, here.sender, ed, email, moment, random_key())
    if format_ == "eml":
        sys.stdout.buffer.write(report.eml(room, claimed, moment))
    else:
        sys.stdout.write(room.part(format_, claimed, moment))


@app.command()
def send(
    ed: Ed,
    test: Annotated[
        str | None, typer.Option("--test", metavar="ADDRESS", help="One copy to this address; nothing is counted.")
    ] = None,
    json_: Json = False,
    now: Now = None,
) -> None:
    """Send what is due; resumes where it stopped, prints the balance."""
    here = installation(now, running=True)
    row = report.find_row(here.database, ed)
    if test:
        reply = asyncio.run(dispatch.send_test(here.office, row.period, test))
        if json_:
            emit({"edition": row.period, "to": test, "reply": str(reply)})
        else:
            say(f"Sent to {test}: {reply}")
        return
    _remark(here)
    stop = asyncio.Event()
    trouble: Refused | None = None
    try:
        balance = asyncio.run(_send(here, row.id or 0, stop))
    except (Refused, asyncio.CancelledError) as error:
        shown = report.show(here.database, here.press, row.period, here.clock())
        if isinstance(error, Refused):
            if shown.row.fanned_out_at is None:
                raise
            trouble = error
        balance = shown.balance
    if json_:
        emit({"edition": row.period} | _counts(balance))
    else:
        print_balance(row.period, balance)
    if trouble:
        note("What was sent is counted; the same command goes on with the rest.")
        raise trouble
    if stop.is_set():
        note(f"Stopped. Nothing is lost; go on with `digest edition send {row.period}`.")
        raise typer.Exit(130)
    if not balance.settled:
        _advise(here, row.period, balance)
        raise typer.Exit(1)


def _remark(here: Installation) -> None:
    """What somebody may not have meant."""
    if not here.settings.postal_address:
        note("DIGEST_POSTAL_ADDRESS is not set; the law of many countries wants a postal address in every newsletter.")
    if here.settings.outbox:
        note(f"DIGEST_OUTBOX is set: the mail goes into the folder {here.settings.outbox}, and to no server.")


def _advise(here: Installation, period: str, balance: Balance) -> None:
    """What somebody has to do about what did not go out."""
    if balance.pending:
        due = pace.goes_on_at(here.database, period, here.limits, here.clock())
        when = f"the next try is due on {in_words(due, here.settings.timezone)}" if due else "others are sending them"
        note(f"{balance.pending} wait: {when}. Run the same command then, or let `digest run` do it.")
    if balance.uncertain:
        note(
            f"{balance.uncertain} are in doubt: the server's answer was lost. Look at them with `digest edition uncertain "
            f"{period}`, then --resend or --let-be."
        )


async def _send(here: Installation, edition_id: int, stop: asyncio.Event) -> Balance:
    """Send until nothing is due. An interrupt lets what is in flight finish; a second one does not wait for it."""
    sender = asyncio.ensure_future(sending(here, edition_id, stop))

    def interrupt() -> None:
        if stop.is_set():
            sender.cancel()
        else:
            note("Finishing what is in flight; interrupt again to leave it in doubt.")
            stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, interrupt)
    return await sender


async def sending(here: Installation, edition_id: int, stop: asyncio.Event) -> Balance:
    """Send with a bar that shows how far it is."""
    with progress() as bar:
        return await dispatch.send(
            here.office, edition_id, approval_required=here.plan.approval_required, stop=stop, watch=_watch(bar)
        )


def _watch(bar: Progress) -> Watch:
    tasks: dict[str, TaskID] = {}

    def fanned_out(done: int, total: int) -> None:
        if "fan" not in tasks:
            tasks["fan"] = bar.add_task("Choosing for everyone", total=total)
        bar.update(tasks["fan"], completed=done)

    def waiting(count: int) -> None:
        tasks["send"] = bar.add_task("Sending", total=count)

    def delivered(state: State) -> None:
        if state is not State.PENDING:
            bar.advance(tasks["send"])

    return Watch(fanned_out, waiting, delivered)


@app.command()
def uncertain(
    ed: Ed,
    resend: Annotated[bool, typer.Option("--resend", help="Queue them again, under the same Message-ID.")] = False,
    let_be: Annotated[
        bool, typer.Option("--let-be", help="Count them as failed: they may or may not have arrived.")
    ] = False,
    json_: Json = False,
    now: Now = None,
) -> None:
    """Deliveries in doubt: the server's answer was lost after the final dot."""
    if resend and let_be:
        raise Misconfigured("Say --resend or --let-be, not both.")
    here = installation(now)
    rows = report.delivery_rows(here.database, ed, State.UNCERTAIN)
    if json_:
        emit({"uncertain": [{"email": row["email"], "message_id": row["message_id"]} for row in rows]})
    else:
        table(("email", "message id", "what is known"), [(r["email"], r["message_id"], r["reply"]) for r in rows])
    if resend or let_be:
        count = dispatch.resolve_uncertain(here.database, ed, resend=resend, now=here.clock())
        note(f"{count} {'queued again; `digest edition send` delivers them' if resend else 'let be'}.")


def _show(shown: Shown, as_document: bool) -> None:
    row = shown.row
    if as_document:
        emit(
            {
                "edition": row.period,
                "period": row.period,
                "number": row.number,
                "state": row.state,
                "slot": iso(row.slot),
                "held_reason": row.held_reason,
                "subject": shown.text.subject,
                "items": [
                    {"id": each.id, "title": each.item.title, "position": each.position, "languages": each.languages}
                    for each in shown.items
                ],
                "left_out": row.left_out,
                "balance": _counts(shown.balance),
                "came_back": shown.came_back,
                "held_back": [
                    {"domain": domain, "until": iso(until), "why": why} for domain, until, why in shown.held_back
                ],
            }
        )
        return
    say(f"{row.period} (no. {row.number}): {row.state}{', held: ' + row.held_reason if row.held_reason else ''}.")
    say(f"Due: {in_words(row.slot, row.timezone)}. Subject: {shown.text.subject}\n")
    table(
        ("", "id", "kind", "title"), [(each.position, each.id, each.item.kind, each.item.title) for each in shown.items]
    )
    if row.left_out:
        say("\nLeft out:")
        for left in row.left_out:
            say(f"  {left['title']}: {left['reason']}.")
    if row.fanned_out_at:
        say()
        print_balance(row.period, shown.balance)
        if shown.came_back:
            say("Came back: " + ", ".join(f"{count} × {kind}" for kind, count in shown.came_back.items()))
        for domain, until, why in shown.held_back:
            who = "All mail" if domain == "*" else f"Mail to {domain}"
            say(f"{who} waits until {until:%Y-%m-%d %H:%M} UTC: {why}. `digest pacing reset '{domain}'` lets it go on.")


def _counts(balance: Balance) -> dict[str, int]:
    return {name: getattr(balance, name) for name in Balance.__dataclass_fields__}


def print_balance(period: str, balance: Balance) -> None:
    say(
        f"{period}: {balance.eligible} eligible = {balance.accepted} accepted + {balance.failed} failed + "
        f"{balance.skipped} skipped + {balance.uncertain} uncertain + {balance.pending} pending"
    )
