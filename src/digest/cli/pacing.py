"""`digest pacing`: how fast each recipient domain is written to, and why."""

from typing import Annotated

import typer

from digest.cli.shared import Json, Now, emit, installation, iso, say, table
from digest.pipeline import pace

app = typer.Typer(name="pacing", help="How fast each recipient domain is written to, and why.")


@app.callback(invoke_without_command=True)
def pacing(context: typer.Context, json_: Json = False, now: Now = None) -> None:
    """What has been learned of each domain; “*” is everything together."""
    if context.invoked_subcommand is not None:
        return
    here = installation(now)
    learned = pace.listing(here.database, here.limits, here.clock())
    if json_:
        rows = [
            {
                "domain": each.domain, "rate": each.rate, "until": iso(each.until), "why": each.why,
                "level": each.level, "sent": each.sent, "refused": each.refused,
            }
            for each in learned
        ]  # fmt: skip
        emit({"pacing": rows})
        return
    if not learned:
        say("No domain has asked for less: all are written to as fast as it goes.")
        return
    columns = ("domain", "a minute", "closed until (UTC)", "sent", "refused", "why")
    table(
        columns,
        [
            (
                each.domain,
                "no limit" if each.rate is None else f"{each.rate:.3g}",
                f"{each.until:%Y-%m-%d %H:%M:%S}" if each.until else "open",
                each.sent,
                each.refused,
                each.why,
            )
            for each in learned
        ],
    )


@app.command()
def reset(domain: Annotated[str, typer.Argument(metavar="DOMAIN", help="A domain, or “*” for the whole.")]) -> None:
    """Forget what was learned of a domain: it is written to again at once."""
    pace.reset(installation().database, domain)
    say(f"{domain} is written to as if nothing had happened.")
