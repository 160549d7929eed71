"""`digest subscribers`: who gets mail."""

import csv
import sys
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

import typer

from digest.cli.shared import (
    DryRun,
    Json,
    KeepGoing,
    Now,
    ask,
    emit,
    installation,
    iso,
    note,
    note_topics,
    progress,
    say,
    table,
)
from digest.core.errors import Misconfigured
from digest.pipeline import consent, erasure, lists, standing
from digest.pipeline.list_rows import COLUMNS, ListImport
from digest.pipeline.story import story as tell

app = typer.Typer(
    name="subscribers",
    help="Subscribers: import, export, add, change, list, show, review what is held, resume, unsubscribe, erase; a form.",
    no_args_is_help=True,
)
Email = Annotated[str, typer.Argument(metavar="EMAIL", help="The subscriber's address.")]
Topics = Annotated[
    list[str] | None,
    typer.Option(
        "--topic",
        metavar="TOPIC[=WEIGHT]",
        help="A topic they follow, like housing or housing=3 (1 to 9); may be repeated.",
    ),
]
Kinds = Annotated[
    list[str] | None,
    typer.Option(
        "--kind", metavar="KIND", help="A kind of item they want; may be repeated. “actionable”: action and event."
    ),
]

Frequency = Annotated[str | None, typer.Option(metavar="weekly|monthly", help="How often the digest comes.")]


@app.command("import")
def import_(
    path: Annotated[
        Path, typer.Argument(metavar="CSV", help="A list with a header line, or an export; see docs/moving.md.")
    ],
    everyone: Annotated[
        Literal["pending", "unsubscribed", "bounced", "complained", "blocked"] | None,
        typer.Option("--as", help="What everyone in the file is, where the file does not say it."),
    ] = None,
    keep_going: KeepGoing = False,
    dry_run: DryRun = False,
    json_: Json = False,
    now: Now = None,
) -> None:
    """Bring a list in: all or nothing unless --keep-going; suppressed addresses stay out."""
    here = installation(now)
    database, pepper = here.database, here.pepper
    with progress() as bar:
        task = bar.add_task("Importing", total=None)
        result = lists.import_list(
            database, path, pepper=pepper, now=here.clock(), languages=here.compiler.languages(),
            usual=here.settings.language, everyone=everyone, keep_going=keep_going, dry_run=dry_run,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )  # fmt: skip
    if json_:
        counts = {name: getattr(result, name) for name in ("added", "updated", "unchanged", "suppressed", "waiting")}
        rejected = [{"line": r.line, "column": r.column, "reason": r.reason} for r in result.rejected]
        form = result.format and result.format.name
        emit(
            counts
            | {"rejected": rejected, "format": form, "no_topics": result.no_topics, "unspoken": result.unspoken}
            | {"new_topics": result.new_topics}
        )
    else:
        _tell(path, result, keep_going=keep_going, dry_run=dry_run)
    if result.rejected:
        raise typer.Exit(1)


def _tell(path: Path, result: ListImport, *, keep_going: bool, dry_run: bool) -> None:
    if result.format:
        say(f"Read as an export of {result.format.name}.")
    for row in result.rejected:
        note(f"{path}, line {row.line}: {row.column + ': ' if row.column else ''}{row.reason}")
    if result.ignored_columns:
        note(f"Columns that were not used: {', '.join(result.ignored_columns)}.")
    if result.rejected and not keep_going:
        note("Nothing was imported; mend these lines, or take the rest with --keep-going.")
        return
    say(
        f"{'Would be: ' if dry_run else ''}{result.added} added, {result.updated} updated, {result.unchanged} unchanged, "
        f"{result.suppressed} suppressed and left out, {len(result.rejected)} rejected."
    )
    if result.waiting:
        say(f"{result.waiting} of them get nothing: the list says that they are pending or paused.")
    if result.no_topics:
        named = ", ".join(f"{tag} ({count})" for tag, count in result.no_topics.most_common(20))
        note(f"Tags that are no topics here: {named}. `digest topics add` those that are, and import the file again.")
    note_topics(result.new_topics)
    for tag, count in result.unspoken.most_common(20):
        people = "1 person reads" if count == 1 else f"{count} people read"
        note(f"{people} {tag}, in which there is no catalogue: the mail comes in English.")
    if result.format and result.format.caution:
        note(result.format.caution)


@app.command()
def add(
    email: Email,
    name: Annotated[str | None, typer.Option(help="As they are greeted.")] = None,
    language: Annotated[str | None, typer.Option(help="The language they read, such as en or es.")] = None,
    topic: Topics = None,
    kind: Kinds = None,
    frequency: Frequency = None,
    source: Annotated[str, typer.Option(help="How they agreed, for the consent ledger.")] = "added by staff",
    now: Now = None,
) -> None:
    """Add one subscriber."""
    here = installation(now)
    person = consent.add(
        here.database, email, name=name, language=language, topics=topic, kinds=kind, frequency=frequency,
        pepper=here.pepper, now=here.clock(), source=source, usual=here.settings.language,
    )  # fmt: skip
    say(f"{person.email} is {person.state}.")


@app.command("set")
def set_(
    email: Email,
    name: Annotated[str | None, typer.Option(help="As they are greeted.")] = None,
    language: Annotated[str | None, typer.Option(help="The language they read, such as en or es.")] = None,
    topic: Topics = None,
    no_topics: Annotated[bool, typer.Option("--no-topics", help="They follow nothing in particular.")] = False,
    kind: Kinds = None,
    all_kinds: Annotated[bool, typer.Option("--all-kinds", help="They want every kind of item.")] = False,
    frequency: Frequency = None,
    now: Now = None,
) -> None:
    """Change a subscriber's name or language, their topics, the kinds of items they want, or how often the digest comes."""
    here = installation(now)
    person = consent.change(
        here.database, email, name=name, language=language,
        topics=[] if no_topics else topic, kinds=[] if all_kinds else kind,
        frequency=frequency, now=here.clock(),
    )  # fmt: skip
    topics, kinds = consent.weighed(person.interests), sorted(person.kinds)
    say(
        f"{person.email}: {person.language}, {person.frequency}, {', '.join(topics) or 'no topics'}"
        f"{'; only ' if kinds else ''}{', '.join(kinds)}."
    )


@app.command("list")
def list_(json_: Json = False) -> None:
    """Everyone, in the order in which they came."""
    people = consent.everyone(installation().database)
    if json_:
        emit({"subscribers": [{"email": each.email, "state": each.state} for each in people]})
        return
    rows = [
        (each.email, each.state, each.language, " ".join(consent.weighed(each.interests)), " ".join(sorted(each.kinds)))
        for each in people
    ]
    table(("email", "state", "language", "topics", "kinds"), rows)


@app.command()
def export() -> None:
    """The list as the CSV that imports it again, to standard output; who left is in it, and stays out again."""
    here = installation()
    writer = csv.DictWriter(sys.stdout, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(lists.export(here.database, here.pepper))


@app.command()
def form(
    language: Annotated[
        str | None, typer.Option(metavar="TAG", help="The language of its words, such as es; else DIGEST_LANGUAGE.")
    ] = None,
) -> None:
    """The HTML of a sign-up form for your own web site, to standard output; see docs/sign-up.md."""
    from digest.web import serve  # noqa: PLC0415  half a second, and no other command here shows pages

    here = installation()
    say(serve.embedded(here, language or here.settings.language))


@app.command()
def show(email: Email, json_: Json = False, now: Now = None) -> None:
    """A subscriber's story: topics, deliveries, what came back, what it did, and what would happen next."""
    here = installation(now)
    story = tell(here.database, email, here.pepper, here.clock())
    if json_:
        emit(story)
        return
    until = f" until {_when(story['paused_until'])}" if story["paused_until"] else ""
    say(f"{story['email']} ({story['name'] or 'no name'}) is {story['state']}{until}.")
    say(f"Reads {story['language']}, {story['frequency']}.")
    say(f"Follows: {', '.join(consent.weighed(story['interests'])) or 'nothing in particular'}.")
    if story["kinds"]:
        say(f"Wants only: {', '.join(story['kinds'])}.")
    for each in story["suppressions"]:
        say(f"Suppressed since {_when(each['at'])}: {each['reason']}.")
    for each in story["deliveries"]:
        say(
            f"{each['edition']}: {each['state']}{', bounced ' + _when(each['bounced_at']) if each['bounced_at'] else ''}"
        )
    for each in story["events"]:
        say(f"{_when(each['at'])}: {each['said']}.")
    say(story["next"])


def _when(iso: str) -> str:
    """To the second, as people read it; the times of a story are UTC."""
    return f"{datetime.fromisoformat(iso):%Y-%m-%d %H:%M:%S} UTC"


@app.command()
def resume(
    email: Email,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why, for the ledger.")],
    now: Now = None,
) -> None:
    """Send mail again to somebody who was paused or suppressed for bounces; never to who left or complained."""
    here = installation(now)
    person = standing.resume(here.database, email, reason, pepper=here.pepper, now=here.clock())
    say(f"{person.email} is {person.state}.")


@app.command()
def held(
    domain: Annotated[str | None, typer.Option(metavar="DOMAIN", help="Only those of this recipient domain.")] = None,
    suppress: Annotated[bool, typer.Option("--suppress", help="They are gone: do as the bounces say.")] = False,
    let_be: Annotated[bool, typer.Option("--let-be", help="It was a mistake: they stay as they are.")] = False,
    json_: Json = False,
    now: Now = None,
) -> None:
    """Bounces that came in such a crowd that nobody was put out by them: look, then decide for all of them."""
    if suppress and let_be:
        raise Misconfigured("Say --suppress or --let-be, not both.")
    here = installation(now)
    waiting = standing.held(here.database, domain)
    if suppress or let_be:
        standing.review(here.database, domain, believe=suppress, pepper=here.pepper, now=here.clock())
    if json_:
        emit({"held": [asdict(each) | {"at": iso(each.at)} for each in waiting]})
        return
    rows = [(each.email, each.edition, f"{each.at:%Y-%m-%d %H:%M}", each.state, each.rule) for each in waiting]
    if rows:
        table(("email", "edition", "at (UTC)", "would be", "what came back"), rows)
    if suppress or let_be:
        say(f"{len(rows)} decided: {'done as the bounces say' if suppress else 'they stay as they are'}.")
    elif rows:
        say("Decide with --suppress or --let-be.")
    else:
        say("Nothing waits for you.")


@app.command()
def unsubscribe(email: Email, now: Now = None) -> None:
    """Take somebody off the list, at once; no import brings them back."""
    here = installation(now)
    person = consent.unsubscribe(here.database, email, pepper=here.pepper, now=here.clock())
    say(f"{person.email} is {person.state}.")


@app.command()
def erase(
    email: Email,
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing, also at a terminal.")] = False,
    now: Now = None,
) -> None:
    """Erase all that is kept of somebody, for good; only a keyed hash of the address stays, and keeps them out of every list."""
    here = installation(now)
    if not yes:
        ask(f"Erase all that is kept of {email}, for good?", "Nobody was erased.")
    emptied = erasure.erase(here.database, email, pepper=here.pepper, clear=here.clear, now=here.clock())
    say("They are erased, here. Old backups and mail logs are yours to look after.")
    if not emptied:
        note("Another program is reading the database; its journal holds traces until that lets go.")
