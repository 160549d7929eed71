"""`digest topics`: what subscribers can follow."""

from typing import Annotated

import typer

from digest.cli.shared import Json, emit, installation, language_tag, say, table
from digest.pipeline import topics
from digest.pipeline.compile import topic_name

app = typer.Typer(name="topics", help="Topics: list them, add, name and remove them.", no_args_is_help=True)


@app.command("list")
def list_(json_: Json = False) -> None:
    """Every topic, with how many items have it and how many subscribers follow it."""
    here = installation()
    found = topics.listing(here.database)
    if json_:
        emit(
            {"topics": [{"slug": t.slug, "names": t.names, "items": t.items, "followers": t.followers} for t in found]}
        )
        return
    table(
        ("topic", "name", "items", "followers"),
        [(t.slug, topic_name({t.slug: t.names}, t.slug, here.settings.language), t.items, t.followers) for t in found],
    )


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="As people read it, or the slug of a topic to name anew.")],
    language: Annotated[
        str | None, typer.Option(callback=language_tag, help="The language of the name; else DIGEST_LANGUAGE.")
    ] = None,
    called: Annotated[str | None, typer.Option(help="Its name in that language, if NAME is the slug.")] = None,
) -> None:
    """Add a topic, or name one in another language."""
    here = installation()
    slug = topics.add(here.database, name, language or here.settings.language, called)
    say(f"topic: {slug}")


@app.command()
def remove(
    slug: Annotated[str, typer.Argument(metavar="TOPIC", help="As `digest topics list` shows it.")],
    into: Annotated[
        str | None, typer.Option(metavar="TOPIC", help="The topic that its items and followers get instead.")
    ] = None,
) -> None:
    """Remove a topic that nothing and nobody has, or merge it into another."""
    gone = topics.remove(installation().database, slug, into)
    moved = f"; its items ({gone.items}) and followers ({gone.followers}) have “{into}” now" if into else ""
    say(f"removed: {slug}{moved}")
