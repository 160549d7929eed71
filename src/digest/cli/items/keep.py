"""What there is: looked at, made ready, put away."""

from typing import Annotated, Literal

import typer

from digest.cli.items.shown import needs, row_of
from digest.cli.shared import Json, Now, emit, installation, note_outdated, say, table
from digest.core.errors import Misconfigured
from digest.pipeline import intake
from digest.store.items import Stored

app = typer.Typer()
NUMBER = "The number of an item, as `digest items list` shows it."
Ids = Annotated[list[int] | None, typer.Argument(metavar="ID…", show_default=False, help=NUMBER)]


@app.command("list")
def list_(json_: Json = False) -> None:
    """All items, in the order in which they came."""
    stored = intake.listing(installation().database)
    if json_:
        emit({"items": [row_of(each) for each in stored]})
        return
    rows = [
        (each.id, each.status, each.item.kind, each.item.title, " ".join(each.item.topics), _notes(each))
        for each in stored
    ]
    table(("id", "status", "kind", "title", "topics", ""), rows)


@app.command()
def show(
    item_id: Annotated[int, typer.Argument(metavar="ID", help=NUMBER)],
    format_: Annotated[
        Literal["text", "md"], typer.Option("--format", help="text: to read; md: the file that adds it again.")
    ] = "text",
    json_: Json = False,
) -> None:
    """One item; `--format md` gives the file back, so that editing is show, edit, add."""
    stored, others = intake.show(installation().database, item_id)
    if json_:
        names = {"slug": stored.slug, "uid": stored.uid, "source": stored.source}
        versions = [{"id": each.id, "language": each.item.language, "status": str(each.status)} for each in others]
        emit(row_of(stored) | {"body_markdown": stored.item.body, **names, "translations": versions})
    elif format_ == "md":
        say(intake.as_file(stored).rstrip("\n"))
    else:
        more = "".join(f"; in {each.item.language}: item {each.id}, {each.status}" for each in others)
        say(f"{stored.item.title}\n{stored.item.kind}, {stored.status}{_notes(stored) and '; ' + _notes(stored)}{more}")
        say(f"slug {stored.slug}, uid {stored.uid}\n\n{stored.item.body}")


@app.command()
def ready(
    ids: Ids = None,
    all_: Annotated[bool, typer.Option("--all", help="Every draft that is complete.")] = False,
    json_: Json = False,
    now: Now = None,
) -> None:
    """Make drafts ready for the next edition."""
    if bool(ids) == all_:
        raise Misconfigured("Name the items to make ready, or say --all.")
    here = installation(now)
    made, left = intake.ready(here.database, None if all_ else ids, here.clock())
    if json_:
        emit({"ready": [row_of(each) for each in made], "left": [row_of(each) for each in left]})
        return
    if not made and not left:
        say("There is no draft.")
    for each in made:
        say(f"ready: {each.id} {each.item.title}")
    for each in left:
        say(f"still a draft: {each.id} {each.item.title} ({needs(each)})")


@app.command()
def archive(
    ids: Annotated[list[int], typer.Argument(metavar="ID…", help=NUMBER)], json_: Json = False, now: Now = None
) -> None:
    """Put items away: they go into no edition, and what went out of them is taken back from the archive on the web."""
    here = installation(now)
    put_away = intake.archive(here.database, ids, here.clock())
    if json_:
        emit({"archived": [row_of(each) for each in put_away]})
        return
    for each in put_away:
        say(f"archived: {each.id} {each.item.title}")
    note_outdated(here)


def _notes(stored: Stored) -> str:
    item = stored.item
    says = f"says item {stored.original or '(gone)'} in {item.language}" if item.translation_of else ""
    return "; ".join(filter(None, (says, needs(stored))))
