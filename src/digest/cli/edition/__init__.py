"""`digest edition`: from a draft to a balance."""

import typer

from digest.cli.edition import look, sending, states

app = typer.Typer(
    name="edition", help="Editions: assemble, look, approve, send, account. ED is a period, a number or “latest”.",
    no_args_is_help=True,
)  # fmt: skip
for verbs in (look, states, sending):
    app.registered_commands += verbs.app.registered_commands
