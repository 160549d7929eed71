"""`digest items`: what there is to tell."""

import typer

from digest.cli.items import bring, keep

app = typer.Typer(
    name="items", help="Items: add, import, fetch, list, show, make ready, archive.", no_args_is_help=True
)
for verbs in (bring, keep):
    app.registered_commands += verbs.app.registered_commands
