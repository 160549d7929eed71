"""An edition and its balance, for people and as JSON."""

from typing import Annotated

import typer

from digest.cli.shared import emit, iso, say, table
from digest.core.delivery import Balance
from digest.core.pacing import WHOLE
from digest.core.when import in_words
from digest.pipeline.report import Shown

Ed = Annotated[
    str,
    typer.Argument(
        metavar="ED", help="A period like 2024-W26, a number, or “latest”, which skips cancelled and missed ones."
    ),
]


def tell(shown: Shown, as_document: bool) -> None:
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
                "balance": counts(shown.balance),
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
            who = "All mail" if domain == WHOLE else f"Mail to {domain}"
            say(f"{who} waits until {until:%Y-%m-%d %H:%M} UTC: {why}. `digest pacing reset '{domain}'` lets it go on.")


def counts(balance: Balance) -> dict[str, int]:
    return {name: getattr(balance, name) for name in Balance.__dataclass_fields__}


def print_balance(period: str, balance: Balance) -> None:
    say(
        f"{period}: {balance.eligible} eligible = {balance.accepted} accepted + {balance.failed} failed + "
        f"{balance.skipped} skipped + {balance.uncertain} uncertain + {balance.pending} pending"
    )
