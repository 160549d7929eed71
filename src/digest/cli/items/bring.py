"""Items come in: from files, newsletters and feeds."""

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any

import typer

from digest.app import Installation
from digest.cli.items.shown import needs, row_of, written
from digest.cli.shared import (
    Json,
    KeepGoing,
    Now,
    emit,
    installation,
    language_tag,
    note,
    note_outdated,
    note_topics,
    say,
    table,
)
from digest.core.errors import Misconfigured
from digest.core.item import Item, Status
from digest.core.source import Source
from digest.pipeline import intake, newsletters
from digest.pipeline.intake import Intake

if TYPE_CHECKING:
    from digest.pipeline.feeds import Collected

app = typer.Typer()


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
        here.database, paths, timezone=here.settings.timezone, language=here.settings.language, now=here.clock(),
        keep_going=keep_going, gallery=here.gallery,
    )  # fmt: skip
    _report(result, json_)
    for path in intake.passed_over(paths):
        note(f"{path} was not read: the name of an item's file ends in .md.")
    note_outdated(here)
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
        typer.Option(
            callback=language_tag, help="The language that it is in; else what a feed says, or DIGEST_LANGUAGE."
        ),
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
        _import_newsletter(
            here, Path(place), title or (), not_title or (), language or here.settings.language, dry_run, json_
        )


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
            language=here.settings.language, weeks=here.settings.item_weeks, now=here.clock(), gallery=here.gallery,
        )
    )  # fmt: skip
    if json_:
        emit({"feeds": [_collected(each) for each in done]})
    else:
        counts = [(c["added"], c["updated"], c["unchanged"], c["left_out"]) for c in map(_collected, done)]
        rows = [(each.source.url, *count) for each, count in zip(done, counts, strict=True) if not each.problem]
        table(("feed", "added", "updated", "unchanged", "left out"), rows)
        for each in done:
            note_topics(each.intake.new_topics)
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
    timezone = here.settings.timezone
    found = newsletters.split(path, here.clock(), titles, not_titles, language=language, timezone=timezone)
    result = None
    if not dry_run:
        result = newsletters.store(here.database, path, found, timezone=timezone, language=language, now=here.clock())
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
            _dates(each, each.ambiguous),
            _surety(each.confidence),
        )
        for each in found
    ]
    table(("line", "kind", "title", "dates", ""), rows)
    if any(each.ambiguous for each in found):
        note(
            "Where it says “or”, nothing in the text tells which of the two figures is the day; --language en-GB or en-US does, "
            "and so does a DIGEST_TIMEZONE, as a guess."
        )
    if result:
        _note_drafts(result)


def _import_feed(here: Installation, url: str, language: str | None, dry_run: bool, as_document: bool) -> None:
    source = next((each for each in here.sources if each.url == url), Source(url))
    source = replace(source, language=language) if language else source
    from digest.pipeline import feeds  # noqa: PLC0415  a fifth of a second, and most commands fetch nothing

    own, weeks, now = here.settings, here.settings.item_weeks, here.clock()
    reading = asyncio.run(
        feeds.look(here.client, source, timezone=own.timezone, language=own.language, weeks=weeks, now=now)
    )
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


def _note_drafts(result: Intake) -> None:
    note_topics(result.new_topics)
    note(
        f"Drafts: {len(result.added)} added, {len(result.updated)} updated, {len(result.unchanged)} left as they were."
    )
    note("Complete them with `digest items show ID --format md`, then `digest items add` and `digest items ready`.")


def _dates(found: Any, ambiguous: Mapping[str, str] = MappingProxyType({})) -> str:
    """`ambiguous`: field → the other day that it could be."""
    others = {name: f" or {day}" for name, day in ambiguous.items()}
    return ", ".join(f"{name} {when}{others.get(name, '')}" for name, when in written(found).items() if when)


def _surety(confidence: float) -> str:
    return "doubtful" if confidence < 0.6 else ""


def _report(result: Intake, as_document: bool) -> None:
    if as_document:
        names = ("added", "updated", "unchanged")
        emit(
            {name: [row_of(each) for each in getattr(result, name)] for name in names}
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
            note(f"{stored.id} “{stored.item.title}” is a draft{': it ' + needs(stored) if needs(stored) else ''}.")
    note_topics(result.new_topics)
    say(f"{len(result.added)} added, {len(result.updated)} updated, {len(result.unchanged)} unchanged.")


def _proposal(item: Item) -> dict[str, Any]:
    texts = ("title", "url", "organisation", "byline", "language", "venue")
    return {
        "kind": str(item.kind),
        **{name: getattr(item, name) for name in texts},
        "topics": list(item.topics),
        **written(item),
        "body_markdown": item.body,
    }
