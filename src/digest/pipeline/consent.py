"""Who gets mail: lists come in, people leave, and an address that left stays out."""

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
from digest.core.errors import Misconfigured, Refused
from digest.core.front_matter import slugify
from digest.core.token import address_hmac
from digest.pipeline.reading import read_text
from digest.store import subscribers
from digest.store.database import Database
from digest.store.subscribers import Subscriber

COLUMNS = ("email", "name", "language", "topics", "consent_at", "consent_source", "state")
LANGUAGE_LENGTH = 35
CHUNK = 500
GONE = ("unsubscribed", "suppressed")
STATES = ("active", "pending", "paused", *GONE)


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


def _name(written: str) -> str:
    name = written.replace("\xa0", " ").strip()
    if not name.isprintable():
        raise ValueError("it has a line break or another control character in it")
    if len(name) > 200:
        raise ValueError("it is longer than 200 characters")
    return name


def _language(written: str) -> str:
    language = written.strip().replace("_", "-").lower() or "en"
    if not language.replace("-", "").isalnum() or not 2 <= len(language) <= LANGUAGE_LENGTH:
        raise ValueError(f"“{language[:40]}” is not a language; write en or es")
    return language


def _topics(written: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(slug for each in written.split(";") if (slug := slugify(each))))


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
    "name": _name,
    "language": _language,
    "topics": _topics,
    "consent_at": _instant,
    "consent_source": lambda written: _name(written) or None,
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
        entry = _merged(row.address, before, row.name, row.language, row.topics)
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


def _merged(
    who: Address, known: Subscriber | None, name: str | None, language: str | None, topics: Sequence[str] | None
) -> subscribers.New:
    """A person as told now; what is not told (None) stays as it is known."""
    old_name, old_language, old_topics = (
        (known.name, known.language, tuple(known.interests)) if known else ("", "en", ())
    )
    return subscribers.New(
        who,
        old_name if name is None else name,
        old_language if language is None else language,
        old_topics if topics is None else topics,
    )


def add(
    db: Database,
    email: str,
    *,
    name: str | None,
    language: str | None,
    topics: Sequence[str] | None,
    pepper: str,
    now: datetime,
    source: str,
) -> Subscriber:
    """Add one person, or change what is told of one who is there. Refused for a suppressed address."""
    who = _address(email)
    hmac = address_hmac(pepper, who.key)
    with db.write() as session:
        known = subscribers.by_key(session, who.key)
        if subscribers.suppressed_among(session, [hmac]) or (known and known.state in GONE):
            raise Refused(f"{who.email} left or bounced before; only their own fresh sign-up can bring them back.")
        entry = _merged(who, known, *_told(name, language, topics))
        subscribers.put(session, entry, state=known.state if known else "active", now=now, previous=known)
        if known is None:
            subscribers.record_consent(session, hmac, "added", now, source=source)
        return _find(session, who)


def change(
    db: Database, email: str, *, name: str | None, language: str | None, topics: Sequence[str] | None, now: datetime
) -> Subscriber:
    """Change what is told of a subscriber. Their state stays."""
    who = _address(email)
    if name is None and language is None and topics is None:
        raise Misconfigured("There is nothing to change; say --name, --language, --topic or --no-topics.")
    with db.write() as session:
        known = _find(session, who)
        entry = _merged(Address(known.email, known.key, who.domain), known, *_told(name, language, topics))
        subscribers.put(session, entry, state=known.state, now=now, previous=known)
        return _find(session, who)


def _told(
    name: str | None, language: str | None, topics: Sequence[str] | None
) -> tuple[str | None, str | None, tuple[str, ...] | None]:
    return (
        None if name is None else _of("name", name),
        None if language is None else _of("language", language),
        None if topics is None else _of("topics", ";".join(topics)),
    )


def unsubscribe(db: Database, email: str, *, pepper: str, now: datetime) -> Subscriber:
    """Staff take somebody off the list, at once and for good."""
    who = _address(email)
    with db.write() as session:
        known = _find(session, who)
        leave(session, known, pepper=pepper, now=now, reason="unsubscribed", state="unsubscribed")
        return _find(session, who)


def leave(
    session: Session,
    person: Subscriber,
    *,
    pepper: str,
    now: datetime,
    reason: str,
    state: str,
    event_id: int | None = None,
) -> None:
    """State and suppression in one transaction, so that the mark before a final dot sees it."""
    hmac = address_hmac(pepper, person.key)
    subscribers.set_state(session, person.id, state, now)
    subscribers.suppress(session, hmac, reason, now, event_id)
    subscribers.record_consent(session, hmac, reason, now, source="digest")


def find(db: Database, email: str) -> Subscriber:
    with db.read() as session:
        return _find(session, _address(email))


def _find(session: Session, who: Address) -> Subscriber:
    known = subscribers.by_key(session, who.key)
    if known is None:
        raise Refused(f"{who.email} is not a subscriber.")
    return known


def _of(column: str, written: str) -> Any:
    """A value as a list would have it. Refused, naming what it was for, if a list could not."""
    try:
        return _READERS[column](written)
    except ValueError as error:
        raise Refused(f"The {column} cannot be taken: {error}.") from None


def _address(email: str) -> Address:
    try:
        return address.parse(email)
    except ValueError as error:
        raise Refused(f"{str(error)[0].upper()}{str(error)[1:]}.") from None


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


def everyone(db: Database) -> Iterator[Subscriber]:
    """All subscribers, in keyset pages."""
    after = 0
    while True:
        with db.read() as session:
            people = subscribers.page(session, after=after)
        if not people:
            return
        yield from people
        after = people[-1].id
