"""The command line: a file a noun. Commands marshal, call one pipeline function, and print."""

import typer

from digest.cli import archive, backup, demo, dkim, edition, inbound, items, operate, pacing, stats, subscribers, topics

app = typer.Typer(
    name="digest",
    help="A weekly email digest: items are stored, assembled, personalised, sent, and accounted for.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for noun in (items, topics, subscribers, edition, archive, pacing, dkim):
    app.add_typer(noun.app)
app.add_typer(inbound.app)
for verbs in (operate, stats, backup, demo):
    app.registered_commands += verbs.app.registered_commands
