"""`digest items`: what there is to tell."""

import asyncio
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from digest.app import Installation
from digest.cli.shared import Json, KeepGoing, Now, emit, installation, language_tag, note, say, table
from digest.core.errors import Misconfigured
from digest.core.item import Item, Status, missing
from digest.core.source import Source
from digest.pipeline import intake
from digest.pipeline.intake import Intake
from digest.store.items import Stored

if TYPE_CHECKING:
    from digest.pipeline.feeds import Collected

app = typer.Typer(name="items", help="Items: add, import, list, show, make ready, archive.", no_args_is_help=True)
NUMBER = "The number of an item, as `digest items list` shows it."
Ids = Annotated[list[int] | None, typer.Argument(metavar="ID…", show_default=False, help=NUMBER)]


@app.command()
def add(
    paths: Annotated[
        list[Path], typer.Argument(metavar="PATH…", help="Markdown files with front matter, or folders of them.")
    ],
    keep_going: KeepGoing = False,
    json_: Json = False,
    now: Now = None,
) -> None:
    """Store items from files; again and again without doubling."""
    here = installation(now)
    result = intake.add(
        here.database, paths, timezone=here.settings.timezone, now=here.clock(), keep_going=keep_going, gallery=here.gallery
    )  # fmt: skip
    _report(result, json_)
    if result.rejected:
        raise typer.Exit(1)


@app.command("import")
def import_(
    place: Annotated[
        str, typer.Argument(metavar="PATH|URL", help="A plain-text newsletter, or the address of a feed.")
    ],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what is found; store nothing, need no database.")
    ] = False,
    title: Annotated[list[int] | None, typer.Option(metavar="LINE", help="This line is a title.")] = None,
    not_title: Annotated[list[int] | None, typer.Option(metavar="LINE", help="This line is no title.")] = None,
    language: Annotated[
        str | None,
        typer.Option(callback=language_tag, help="The language that it is written in; else what a feed says, or en."),
    ] = None,
    json_: Json = False,
    now: Now = None,
) -> None:
    """Split a newsletter into draft items, or take in the entries of a feed (RSS, Atom, JSON Feed)."""
    here = installation(now)
    if place.lower().startswith(("http://", "https://")):
        if title or not_title:
            raise Misconfigured("--title and --not-title are for newsletters; a feed says where its entries begin.")
        _import_feed(here, place, language, dry_run, json_)
    else:
        _import_newsletter(here, Path(place), title or (), not_title or (), language or "en", dry_run, json_)


@app.command()
def fetch(json_: Json = False, now: Now = None) -> None:
    """Fetch every feed that DIGEST_FEEDS names, now; `digest run` and `digest tick` do so once an hour."""
    here = installation(now)
    from digest.pipeline import feeds  # noqa: PLC0415  as below

    if not here.sources:
        raise Misconfigured("DIGEST_FEEDS names no feed; docs/feeds.md shows how to follow one.")
    done = asyncio.run(
        feeds.collect(
            here.database, here.client, here.sources, timezone=here.settings.timezone,
            weeks=here.settings.item_weeks, now=here.clock(), gallery=here.gallery,
        )
    )  # fmt: skip
    if json_:
        emit({"feeds": [_collected(each) for each in done]})
    else:
        counts = [(c["added"], c["updated"], c["unchanged"], c["left_out"]) for c in map(_collected, done)]
        rows = [(each.source.url, *count) for each, count in zip(done, counts, strict=True) if not each.problem]
        table(("feed", "added", "updated", "unchanged", "left out"), rows)
        for each in done:
            _note_topics(each.intake)
            if each.problem:
                note(each.problem)
    if any(each.problem for each in done):
        raise typer.Exit(1)


def _collected(done: "Collected") -> dict[str, Any]:
    counts = {name: len(getattr(done.intake, name)) for name in ("added", "updated", "unchanged")}
    return {"url": done.source.url, **counts, "left_out": len(done.left_out), "problem": done.problem}


def _import_newsletter(
    here: Installation,
    path: Path,
    titles: Collection[int],
    not_titles: Collection[int],
    language: str,
    dry_run: bool,
    as_document: bool,
) -> None:
    found = intake.split_newsletter(path, here.clock(), titles, not_titles)
    result = None
    if not dry_run:
        result = intake.import_newsletter(
            here.database, path, found, timezone=here.settings.timezone, language=language, now=here.clock()
        )
    if as_document:
        from digest.core.newsletter import as_json  # noqa: PLC0415  loaded with what it shows

        emit({"items": [as_json(each) for each in found]})
        return
    if not found:
        say(
            f"There is no item in {path}; name the lines of the titles with --title LINE. A feed is imported from its address."
        )
        return
    rows = [
        (
            each.line,
            each.kind,
            each.title + (f" : {each.tag}" if each.tag else ""),
            _dates(each),
            _surety(each.confidence),
        )
        for each in found
    ]
    table(("line", "kind", "title", "dates", ""), rows)
    if result:
        _note_drafts(result)


def _import_feed(here: Installation, url: str, language: str | None, dry_run: bool, as_document: bool) -> None:
    source = next((each for each in here.sources if each.url == url), Source(url))
    source = replace(source, language=language) if language else source
    from digest.pipeline import feeds  # noqa: PLC0415  a fifth of a second, and most commands fetch nothing

    weeks, now = here.settings.item_weeks, here.clock()
    reading = asyncio.run(feeds.look(here.client, source, timezone=here.settings.timezone, weeks=weeks, now=now))
    result = None if dry_run else feeds.store(here.database, reading, source, now, here.gallery)
    if as_document:
        emit(
            {
                "items": [_proposal(each.item) for each in reading.proposals],
                "left_out": [{"title": each.title, "reason": each.reason} for each in reading.left_out],
            }
        )
        return
    items = [each.item for each in reading.proposals]
    table(("kind", "title", "topics", "dates"), [(i.kind, i.title, " ".join(i.topics), _dates(i)) for i in items])
    for each in reading.left_out:
        note(f"left out: {each.title and f'“{each.title}”: '}{each.reason}.")
    if result:
        for lost in result.without_picture:
            note(f"without its picture: “{lost.path}”: {lost.reason}.")
        _note_drafts(result)


def _note_topics(result: Intake) -> None:
    named = [f"{slug} (close to {', '.join(close)})" if close else slug for slug, close in result.new_topics.items()]
    if named:
        note(f"New topics: {', '.join(named)}.")
    if slip := next(((slug, close[0]) for slug, close in result.new_topics.items() if close), None):
        note(f"If that is a slip: `digest topics remove {slip[0]} --into {slip[1]}`.")


def _note_drafts(result: Intake) -> None:
    _note_topics(result)
    note(
        f"Drafts: {len(result.added)} added, {len(result.updated)} updated, {len(result.unchanged)} left as they were."
    )
    note("Complete them with `digest items show ID --format md`, then `digest items add` and `digest items ready`.")


def _dates(found: Any) -> str:
    names = ("published", "deadline", "starts", "ends")
    return ", ".join(f"{name} {when.isoformat()}" for name in names if (when := getattr(found, name)))


def _surety(confidence: float) -> str:
    return "doubtful" if confidence < 0.6 else ""


@app.command("list")
def list_(json_: Json = False) -> None:
    """All items, in the order in which they came."""
    stored = intake.listing(installation().database)
    if json_:
        emit({"items": [_row(each) for each in stored]})
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
        emit(_row(stored) | {"body_markdown": stored.item.body, **names, "translations": versions})
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
        emit({"ready": [_row(each) for each in made], "left": [_row(each) for each in left]})
        return
    if not made and not left:
        say("There is no draft.")
    for each in made:
        say(f"ready: {each.id} {each.item.title}")
    for each in left:
        say(f"still a draft: {each.id} {each.item.title} ({_needs(each)})")


@app.command()
def archive(
    ids: Annotated[list[int], typer.Argument(metavar="ID…", help=NUMBER)], json_: Json = False, now: Now = None
) -> None:
    """Put items away: they go into no edition, and what went out of them is taken back from the archive on the web."""
    here = installation(now)
    put_away = intake.archive(here.database, ids, here.clock())
    if json_:
        emit({"archived": [_row(each) for each in put_away]})
        return
    for each in put_away:
        say(f"archived: {each.id} {each.item.title}")


def _report(result: Intake, as_document: bool) -> None:
    if as_document:
        names = ("added", "updated", "unchanged")
        emit(
            {name: [_row(each) for each in getattr(result, name)] for name in names}
            | {
                name: [
                    {"path": each.path, "line": each.line, "field": each.field, "reason": each.reason}
                    for each in getattr(result, name)
                ]
                for name in ("rejected", "without_picture")
            }
            | {"new_topics": result.new_topics}
        )
        return
    for each in result.rejected:
        note(str(each))
    for each in result.without_picture:
        note(f"{each}. The item goes without its picture.")
    if not result.applied:
        note("Nothing was added; mend these, or take the rest with --keep-going.")
        return
    for stored in (*result.added, *result.updated):
        if stored.status is Status.DRAFT:
            note(f"{stored.id} “{stored.item.title}” is a draft{': it ' + _needs(stored) if _needs(stored) else ''}.")
    _note_topics(result)
    say(f"{len(result.added)} added, {len(result.updated)} updated, {len(result.unchanged)} unchanged.")


def _needs(stored: Stored) -> str:
    return f"lacks {', '.join(lacking)}" if (lacking := missing(stored.item)) else ""


def _notes(stored: Stored) -> str:
    item = stored.item
    says = f"says item {stored.original or '(gone)'} in {item.language}" if item.translation_of else ""
    return "; ".join(filter(None, (says, _needs(stored))))


def _proposal(item: Item) -> dict[str, Any]:
    dates = ("published", "deadline", "starts", "ends")
    texts = ("title", "url", "organisation", "byline", "language", "venue")
    return {
        "kind": str(item.kind),
        **{name: getattr(item, name) for name in texts},
        "topics": list(item.topics),
        **{name: when.isoformat() if (when := getattr(item, name)) else None for name in dates},
        "body_markdown": item.body,
    }


def _row(stored: Stored) -> dict[str, Any]:
    item = stored.item
    return {
        "id": stored.id,
        "kind": str(item.kind),
        "title": item.title,
        "status": str(stored.status),
        "topics": list(item.topics),
        "language": item.language,
        "translation_of": stored.original,
        **{
            name: when.isoformat() if (when := getattr(item, name)) else None for name in ("deadline", "starts", "ends")
        },
        "url": item.url,
        "missing": list(missing(item)),
    }
