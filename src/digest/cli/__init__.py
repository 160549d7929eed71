"""The command line: a file a noun. Commands marshal, call one pipeline function, and print."""

from importlib import import_module

import typer

NOUNS = ("items", "topics", "subscribers", "edition", "archive", "pacing", "dkim", "inbound")
VERBS = ("operate", "stats", "backup", "demo")
"""Files of commands without a noun."""


def commands(noun: str | None = None) -> typer.Typer:
    """All commands, or those of the one noun: the others are a third of a second and six megabytes, which a sender keeps."""
    app = typer.Typer(
        name="digest",
        help="A weekly email digest: items are stored, assembled, personalised, sent, and accounted for.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    for name in (noun,) if noun in NOUNS else NOUNS:
        app.add_typer(import_module(f"digest.cli.{name}").app)
    for name in () if noun in NOUNS else VERBS:
        app.registered_commands += import_module(f"digest.cli.{name}").app.registered_commands
    return app
