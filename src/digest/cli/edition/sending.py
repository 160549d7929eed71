"""Sending an edition, and what is in doubt afterwards."""

import asyncio
import signal
from datetime import datetime
from typing import Annotated

import typer
from rich.progress import Progress, TaskID

from digest.app import Installation
from digest.cli.edition.shown import Ed, counts, print_balance
from digest.cli.shared import Json, Now, ask, emit, installation, note, note_outdated, progress, say, table
from digest.core.delivery import Balance, State
from digest.core.edition import EditionState
from digest.core.errors import Misconfigured, Refused
from digest.core.when import in_words
from digest.pipeline import dispatch, pace, report
from digest.pipeline.dispatch import Watch
from digest.store.tables import EditionRow

app = typer.Typer()


@app.command()
def send(
    ed: Ed,
    test: Annotated[
        str | None, typer.Option("--test", metavar="ADDRESS", help="One copy to this address; nothing is counted.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing, also at a terminal before it is due.")] = False,
    json_: Json = False,
    now: Now = None,
) -> None:
    """Send it now, even before its time (a terminal asks first); resumes where it stopped, prints the balance."""
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
    if not (yes or json_):
        _ask(row, here.clock())
    stop = asyncio.Event()
    trouble: Refused | None = None
    try:
        balance = asyncio.run(_send(here, row.identity, stop))
    except (Refused, asyncio.CancelledError) as error:
        shown = report.show(here.database, here.press, row.period, here.clock())
        if isinstance(error, Refused):
            if shown.row.fanned_out_at is None:
                raise
            trouble = error
        balance = shown.balance
    if json_:
        emit({"edition": row.period} | counts(balance))
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


def _ask(row: EditionRow, now: datetime) -> None:
    """Somebody at a terminal may think that it waits until it is due."""
    early = row.state in (EditionState.DRAFT, EditionState.APPROVED) and now < row.slot
    if early:
        ask(f"{row.period} is due on {in_words(row.slot, row.timezone)}. Send it now?", "Nothing was sent.")


def _remark(here: Installation) -> None:
    """What somebody may not have meant."""
    if not here.settings.postal_address:
        note("DIGEST_POSTAL_ADDRESS is not set; the law of many countries wants a postal address in every newsletter.")
    note_outdated(here)
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
    rows = report.ledger(here.database, ed, State.UNCERTAIN)
    if json_:
        emit({"uncertain": [{"email": row.email, "message_id": row.message_id} for row in rows]})
    else:
        table(("email", "message id", "what is known"), [(row.email, row.message_id, row.reply) for row in rows])
    if resend or let_be:
        count = dispatch.resolve_uncertain(here.database, ed, resend=resend, now=here.clock())
        note(f"{count} {'queued again; `digest edition send` delivers them' if resend else 'let be'}.")
