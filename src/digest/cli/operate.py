"""Commands of the whole: set up, look, tick, run."""

import asyncio
import signal
from typing import Annotated

import typer

from digest.app import Installation
from digest.cli.edition.shown import counts
from digest.cli.shared import Json, Now, emit, installation, iso, say
from digest.core.errors import Refused
from digest.core.when import in_words
from digest.pipeline import report

app = typer.Typer()


@app.command()
def init(now: Now = None) -> None:
    """Create the database or bring it up to date; make the secrets that nobody set."""
    for line in installation(now).init():
        say(line)


@app.command()
def doctor(json_: Json = False, now: Now = None) -> None:
    """Look at everything that sending needs: settings, database, templates, mail server, who the mail is from."""
    from digest.app.checkup import checkup  # noqa: PLC0415  what renders is loaded only for what needs it

    findings = checkup(installation(now))
    if json_:
        emit({"findings": [{"what": each.what, "ok": each.ok, "said": each.said} for each in findings]})
    else:
        for each in findings:
            say(f"{ {True: 'good', None: 'hint', False: 'BAD '}[each.ok] }  {each.what}: {each.said}")
    if any(each.ok is False for each in findings):
        raise typer.Exit(1)


@app.command()
def schedule(json_: Json = False, now: Now = None) -> None:
    """When the next editions are due, and how those stand that are there already."""
    here = installation(now)
    plan, timezone = here.plan, here.plan.schedule.timezone
    coming = [plan.schedule.next(here.clock())]
    while len(coming) < 5:
        coming.append(plan.schedule.after(coming[-1]))
    slots = {plan.schedule.period(slot): slot for slot in coming}
    try:
        states = report.states(here.database, slots.keys())
    except Refused:  # the calendar can be asked before there is a database
        states = {}
    if json_:
        emit(
            {
                "slots": [
                    {"period": period, "slot": iso(slot), "draft": iso(slot - plan.lead), "state": states.get(period)}
                    for period, slot in slots.items()
                ]
            }
        )
        return
    for period, slot in slots.items():
        stands = (
            f"its edition: {states[period]}" if period in states else f"draft: {in_words(slot - plan.lead, timezone)}"
        )
        say(f"{period}: {in_words(slot, timezone)}; {stands}")


@app.command()
def tick(json_: Json = False, now: Now = None) -> None:
    """One look at the clock: make the draft that is due, approve and send what may go out; then return."""
    from digest import scheduler  # noqa: PLC0415  uvicorn and APScheduler are loaded only for what needs them

    here = installation(now)
    balances = asyncio.run(scheduler.once(here))
    if json_:
        emit({"sent": [{"edition": period} | counts(balance) for period, balance in balances]})
        return
    for period, balance in balances:
        say(f"{period}: {balance.accepted} of {balance.eligible} accepted, {balance.pending} pending.")
    if not balances:
        say("Nothing is due.")


@app.command()
def run(now: Now = None) -> None:
    """The service: scheduler, sender, public pages, and the ways in for mail, until SIGTERM."""
    asyncio.run(_run(installation(now, running=True)))


async def _run(here: Installation) -> None:
    from digest import scheduler  # noqa: PLC0415  as above
    from digest.web import serve  # noqa: PLC0415  as above

    here.office, here.sources  # noqa: B018  a bad setting or database ends the command here
    if here.settings.maildir or here.settings.imap_host:
        here.inbound  # noqa: B018  as above: hostile mail needs its place
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with scheduler.door(here):
        started = asyncio.Event()
        pages = asyncio.create_task(serve.public(here, stop, started))
        answering = asyncio.create_task(started.wait())
        await asyncio.wait([pages, answering], return_when=asyncio.FIRST_COMPLETED)
        answering.cancel()
        if not pages.done():
            ticking = asyncio.create_task(scheduler.run(here, stop))
            await asyncio.wait([pages, ticking], return_when=asyncio.FIRST_COMPLETED)
            stop.set()
            await ticking
        await pages


@app.command()
def preview(
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port on this machine; 0 takes a free one.")] = 8025,
    now: Now = None,
) -> None:
    """The next edition in a browser, as any subscriber would get it."""
    from digest.web import serve  # noqa: PLC0415  as above

    here = installation(now, running=True)
    asyncio.run(serve.preview(here, port))
