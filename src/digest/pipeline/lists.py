"""Lists of subscribers: CSV comes in, all or nothing, and goes out so that it comes in again."""

import csv
import io
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlmodel import Session

from digest.core import address, exports
from digest.core.address import Address
from digest.core.errors import Refused
from digest.core.exports import Format
from digest.core.front_matter import slugify
from digest.core.item import Kind
from digest.core.token import address_hmac
from digest.pipeline.compose import speaks
from digest.pipeline.consent import GONE, TOLD, merged, weighed
from digest.pipeline.reading import read_text
from digest.store import items, subscribers
from digest.store.database import Database
from digest.store.subscribers import Subscriber

COLUMNS = ("email", "name", "language", "topics", "kinds", "frequency", "consent_at", "consent_source", "state")
STATES = ("active", "pending", "paused", *GONE)
CHUNK = 500


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that was not taken: `line` in the file, from 1."""

    line: int
    column: str | None
    reason: str


@dataclass(slots=True)
class ListImport:
    """What became of a list. Nothing of it was stored if `applied` is false.

    `format`: the system whose export it is, if not ours · `waiting`: how many of those added or updated get nothing yet
    (pending, paused) · `no_topics`: tags that are no topics here, with how many people have them · `unspoken`: languages that
    the mail is not in, with how many read them.
    """

    format: Format | None = None
    added: int = 0
    updated: int = 0
    unchanged: int = 0
    suppressed: int = 0
    waiting: int = 0
    no_topics: Counter[str] = field(default_factory=Counter)
    unspoken: Counter[str] = field(default_factory=Counter)
    rejected: list[BadRow] = field(default_factory=list)
    ignored_columns: list[str] = field(default_factory=list)
    applied: bool = True


@dataclass(frozen=True, slots=True)
class _Row:
    """A row as read; None where the list has no such column, so that it says nothing about it.

    `tags`: what another system calls topics · `left_at`, `reason`: when and why somebody left there.
    """

    line: int
    email: Address
    name: str | None
    language: str | None
    topics: dict[str, int] | None
    kinds: frozenset[Kind] | None
    frequency: str | None
    tags: tuple[str, ...] | None
    consent_at: datetime | None
    consent_source: str | None
    state: str | None
    left_at: datetime | None
    reason: str | None


def import_list(
    db: Database,
    path: Path,
    *,
    pepper: str,
    now: datetime,
    languages: Collection[str] = ("en",),
    everyone: str | None = None,
    keep_going: bool = False,
    dry_run: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> ListImport:
    """Bring a CSV list in, ours or another system's export; one bad row keeps all out unless `keep_going`.

    Everyone on it is active unless suppressed, or unless the list or `everyone` (one of exports.STANDINGS) says otherwise.
    `languages`: those that the mail is in.
    """
    result = ListImport()
    rows = _rows(read_text(path, "subscriber list"), path, everyone, result)
    if result.rejected and not keep_going:
        result.applied = False
        return result
    with db.write() as session:
        for start in range(0, len(rows), CHUNK):
            _put(session, rows[start : start + CHUNK], pepper, now, languages, result)
            if progress:
                progress(min(start + CHUNK, len(rows)), len(rows))
        if dry_run:
            session.rollback()
            result.applied = False
    return result


def _rows(text: str, path: Path, everyone: str | None, result: ListImport) -> list[_Row]:
    csv.field_size_limit(1_000_000)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [name.strip().lower() for name in next(reader)]
    except (StopIteration, csv.Error):
        raise Refused(f"{path} has no header line; the first line must name the columns, “email” among them.") from None
    result.format = form = exports.recognise(header)
    if form:
        everyone = everyone or _told_by_name(form, path)
    if form and form.standing and not everyone and not {*form.standing} & {*header}:
        raise Refused(
            f"{path}: this {form.name} export has no column “{form.standing[0]}”, so it does not say who is subscribed; "
            "export it again with that column."
        )
    if not form and "email" not in header:
        marks = {";": "semicolons", "\t": "tabs", "|": "bars"}
        other = next((name for mark, name in marks.items() if mark in "".join(header)), None)
        hint = (
            f"the columns seem to be separated by {other} instead of commas" if other else "no column is called “email”"
        )
        raise Refused(f"{path}, line 1: {hint}; the first line must be like “email,name,language,topics”.")
    used = form.columns if form else COLUMNS
    if doubled := next((name for name in header if name in used and header.count(name) > 1), None):
        raise Refused(f"{path}, line 1: the column “{doubled}” is there twice.")
    result.ignored_columns = [name for name in header if name not in used]
    rows: list[_Row] = []
    seen: dict[str, int] = {}
    while True:
        begins = reader.line_num + 1  # a quoted field may hold line breaks: the row before says where this one begins
        try:
            values = next(reader)
        except StopIteration:
            return rows
        except csv.Error as error:
            result.rejected.append(BadRow(begins, None, _not_csv(error)))
            continue
        if not any(value.strip() for value in values):
            continue
        if len(values) != len(header):
            counted = f"it has {len(values)} fields where the header has {len(header)}"
            result.rejected.append(BadRow(begins, None, counted))
            continue
        row = _row(dict(zip(header, values, strict=True)), begins, everyone, result)
        if row is None:
            continue
        if first := seen.get(row.email.key):
            column = form.called("email") if form else "email"
            result.rejected.append(BadRow(begins, column, f"the address is there already, in line {first}"))
            continue
        seen[row.email.key] = begins
        rows.append(row)


def _told_by_name(form: Format, path: Path) -> str | None:
    """What everyone in a file is by its name, as some systems write one for each standing."""
    told = next((word for begins, word in form.files.items() if path.name.lower().startswith(begins)), None)
    if told == exports.NEVER:
        raise Refused(f"{path}: by its name these people never subscribed at {form.name}, so none of them is taken.")
    return told


def _not_csv(error: csv.Error) -> str:
    said = str(error)
    if "unexpected end" in said:
        return "a double quote is opened and never closed"
    if "expected after" in said:
        return "a double quote inside a quoted field must be written twice"
    return f"the row is not CSV: {said}"


def _row(values: dict[str, str], line: int, everyone: str | None, result: ListImport) -> _Row | None:
    form, before = result.format, len(result.rejected)
    if form:
        try:
            values = form.translate(values, everyone)
        except ValueError as error:
            result.rejected.append(BadRow(line, form.called("state"), str(error)))
            return None
        values = {column: value for column, value in values.items() if value or column == "email"}
    elif everyone:
        values |= {"state": exports.GONE.get(everyone, everyone), "reason": f"{everyone} in an imported list"}
    read: dict[str, Any] = {}
    for column, reader in _READERS.items():
        try:
            read[column] = reader(values[column]) if column in values else None
        except ValueError as error:
            result.rejected.append(BadRow(line, form.called(column) if form else column, str(error)))
    return _Row(line, **read) if len(result.rejected) == before else None


def _instant(written: str) -> datetime | None:
    if not written.strip():
        return None
    try:
        at = datetime.fromisoformat(written.strip())
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(
            f"“{written.strip()[:40]}” is not an ISO date; write 2025-03-09 or 2025-03-09T10:30Z"
        ) from None


def _state(written: str) -> str:
    state = written.strip().lower()
    if state not in ("", *STATES):
        raise ValueError(f"“{state[:40]}” is no state; write one of {', '.join(STATES)}")
    return state


_READERS: dict[str, Callable[[str], Any]] = {
    "email": address.parse,
    **TOLD,
    "tags": lambda written: tuple(written.split(";")),
    "consent_at": _instant,
    "consent_source": lambda written: TOLD["name"](written) or None,
    "state": _state,
    "left_at": _instant,
    "reason": str,
}


def _put(
    session: Session, rows: Sequence[_Row], pepper: str, now: datetime, languages: Collection[str], result: ListImport
) -> None:
    hmacs = {row.email.key: address_hmac(pepper, row.email.key) for row in rows}
    suppressed = subscribers.suppressed_among(session, hmacs.values())
    known, topics = subscribers.by_keys(session, hmacs), _topics_by_name(session)
    new: dict[str, list[subscribers.New]] = {}
    given: list[dict[str, Any]] = []
    for row in rows:
        hmac, before = hmacs[row.email.key], known.get(row.email.key)
        if hmac in suppressed or (before and before.state in GONE):
            result.suppressed += 1
            continue
        if row.state in GONE:  # their last word, brought along from where they said it
            reason = row.reason or f"{row.state} in an imported list"
            subscribers.suppress(session, hmac, reason, row.left_at or now)
            if before:
                subscribers.set_state(session, before.id, row.state, now)
            result.suppressed += 1
            continue
        result.no_topics.update(tag for tag in row.tags or () if slugify(tag) not in topics)
        followed = row.topics
        if row.tags:  # another system's word adds to what they follow here
            there = [topics[slug] for tag in row.tags if (slug := slugify(tag)) in topics]
            followed = dict.fromkeys(there, 1) | dict(before.interests if before else {})
        entry = merged(row.email, before, row.name, row.language, followed, row.kinds, row.frequency)
        if not speaks(languages, entry.language):
            result.unspoken[entry.language] += 1
        state = _state_after(before, row.state or "active")
        if before is None:
            new.setdefault(state, []).append(entry)
            result.added += 1
        elif before.state == state and before.says(entry):
            result.unchanged += 1
            continue
        else:
            subscribers.put(session, entry, state=state, now=now, previous=before)
            result.updated += 1
        if state != "active":
            result.waiting += 1
            continue
        source = row.consent_source or "imported list"
        given.append({"subscriber_hmac": hmac, "action": "imported", "at": row.consent_at or now, "source": source})
    for state, entries in new.items():
        subscribers.add_many(session, entries, now, state)
    subscribers.record_consents(session, given)


def _state_after(before: Subscriber | None, said: str) -> str:
    """A list makes somebody active who never confirmed here, but does not stop anybody, nor resume who paused."""
    return said if before is None or before.state == "pending" else before.state


def _topics_by_name(session: Session) -> dict[str, str]:
    """A topic's slug, and its name in any language made a slug → its slug."""
    named = items.topic_names(session)
    return {slugify(name): slug for slug, names in named.items() for name in (*names.values(), slug)}


def export(db: Database, pepper: str) -> Iterator[dict[str, str]]:
    """Every subscriber as a row of the list that imports them again: who left stays out there too."""
    after = 0
    while True:
        with db.read() as session:
            people = subscribers.page(session, after=after)
            hmacs = {each.id: address_hmac(pepper, each.key) for each in people}
            given = subscribers.first_consents(session, hmacs.values())
        if not people:
            return
        for each in people:
            at, source = given.get(hmacs[each.id], (None, None))
            yield {
                "email": each.email,
                "name": each.name,
                "language": each.language,
                "topics": ";".join(weighed(each.interests)),
                "kinds": ";".join(sorted(each.kinds)),
                "frequency": each.frequency,
                "consent_at": at.isoformat() if at else "",
                "consent_source": source or "",
                "state": each.state,
            }
        after = people[-1].id
