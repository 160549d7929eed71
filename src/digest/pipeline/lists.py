"""Lists of subscribers: CSV comes in, all or nothing, and goes out so that it comes in again."""

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlmodel import Session

from digest.core import address
from digest.core.address import Address
from digest.core.errors import Refused
from digest.core.token import address_hmac
from digest.pipeline.consent import GONE, TOLD, merged
from digest.pipeline.reading import read_text
from digest.store import subscribers
from digest.store.database import Database

COLUMNS = ("email", "name", "language", "topics", "consent_at", "consent_source", "state")
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
    """What became of a list. Nothing of it was stored if `applied` is false."""

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    suppressed: int = 0
    rejected: list[BadRow] = field(default_factory=list)
    ignored_columns: list[str] = field(default_factory=list)
    applied: bool = True


@dataclass(frozen=True, slots=True)
class _Row:
    """A row as read; None where the list has no such column, so that it says nothing about it."""

    line: int
    address: Address
    name: str | None
    language: str | None
    topics: tuple[str, ...] | None
    consent_at: datetime | None
    consent_source: str | None
    state: str | None


def import_list(
    db: Database,
    path: Path,
    *,
    pepper: str,
    now: datetime,
    keep_going: bool = False,
    dry_run: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> ListImport:
    """Bring a CSV list in. Everyone on it is active unless suppressed; one bad row keeps all out unless `keep_going`."""
    result = ListImport()
    rows = _rows(read_text(path, "subscriber list"), path, result)
    if result.rejected and not keep_going:
        result.applied = False
        return result
    with db.write() as session:
        for start in range(0, len(rows), CHUNK):
            _put(session, rows[start : start + CHUNK], pepper, now, result)
            if progress:
                progress(min(start + CHUNK, len(rows)), len(rows))
        if dry_run:
            session.rollback()
            result.applied = False
    return result


def _rows(text: str, path: Path, result: ListImport) -> list[_Row]:
    csv.field_size_limit(1_000_000)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [name.strip().lower() for name in next(reader)]
    except (StopIteration, csv.Error):
        raise Refused(f"{path} has no header line; the first line must name the columns, “email” among them.") from None
    if "email" not in header:
        marks = {";": "semicolons", "\t": "tabs", "|": "bars"}
        other = next((name for mark, name in marks.items() if mark in "".join(header)), None)
        hint = (
            f"the columns seem to be separated by {other} instead of commas" if other else "no column is called “email”"
        )
        raise Refused(f"{path}, line 1: {hint}; the first line must be like “email,name,language,topics”.")
    if doubled := next((name for name in header if name and header.count(name) > 1), None):
        raise Refused(f"{path}, line 1: the column “{doubled}” is there twice.")
    result.ignored_columns = [name for name in header if name not in COLUMNS]
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
        row = _row(dict(zip(header, values, strict=True)), begins, result)
        if row is None:
            continue
        if first := seen.get(row.address.key):
            result.rejected.append(BadRow(begins, "email", f"the address is there already, in line {first}"))
            continue
        seen[row.address.key] = begins
        rows.append(row)


def _not_csv(error: csv.Error) -> str:
    said = str(error)
    if "unexpected end" in said:
        return "a double quote is opened and never closed"
    if "expected after" in said:
        return "a double quote inside a quoted field must be written twice"
    return f"the row is not CSV: {said}"


def _row(values: dict[str, str], line: int, result: ListImport) -> _Row | None:
    read: dict[str, Any] = {}
    for column, reader in _READERS.items():
        try:
            read[column] = reader(values[column]) if column in values else None
        except ValueError as error:
            result.rejected.append(BadRow(line, column, str(error)))
    if len(read) < len(_READERS):
        return None
    return _Row(line, *(read[column] for column in COLUMNS))


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
    "consent_at": _instant,
    "consent_source": lambda written: TOLD["name"](written) or None,
    "state": _state,
}


def _put(session: Session, rows: Sequence[_Row], pepper: str, now: datetime, result: ListImport) -> None:
    hmacs = {row.address.key: address_hmac(pepper, row.address.key) for row in rows}
    suppressed = subscribers.suppressed_among(session, hmacs.values())
    known = subscribers.by_keys(session, hmacs)
    new: list[subscribers.New] = []
    given: list[dict[str, Any]] = []
    for row in rows:
        hmac, before = hmacs[row.address.key], known.get(row.address.key)
        if hmac in suppressed or (before and before.state in GONE):
            result.suppressed += 1
            continue
        if row.state in GONE:  # their last word, brought along from where they said it
            subscribers.suppress(session, hmac, f"{row.state} in an imported list", now)
            if before:
                subscribers.set_state(session, before.id, row.state, now)
            result.suppressed += 1
            continue
        entry = merged(row.address, before, row.name, row.language, row.topics)
        if before is None:
            new.append(entry)
            result.added += 1
        elif before.state == "active" and before.says(entry):
            result.unchanged += 1
            continue
        else:
            subscribers.put(session, entry, state="active", now=now, previous=before)
            result.updated += 1
        source = row.consent_source or "imported list"
        given.append({"subscriber_hmac": hmac, "action": "imported", "at": row.consent_at or now, "source": source})
    subscribers.add_many(session, new, now)
    subscribers.record_consents(session, given)


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
                "topics": ";".join(sorted(each.interests)),
                "consent_at": at.isoformat() if at else "",
                "consent_source": source or "",
                "state": each.state,
            }
        after = people[-1].id
