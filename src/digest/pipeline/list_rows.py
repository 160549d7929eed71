"""The rows of a list of subscribers, which is CSV: ours, or another system's export."""

import csv
import io
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from digest.core import address, exports
from digest.core.address import Address
from digest.core.errors import Refused
from digest.core.exports import Format
from digest.core.item import Kind
from digest.core.subscriber import GONE, SubscriberState
from digest.pipeline.consent import READERS

COLUMNS = ("email", "name", "language", "topics", "kinds", "frequency", "consent_at", "consent_source", "state")
STATES = (SubscriberState.ACTIVE, SubscriberState.PENDING, SubscriberState.PAUSED, *GONE)


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
    the mail is not in, with how many read them · `new_topics`: those that it made, each with older ones that look alike.
    """

    format: Format | None = None
    added: int = 0
    updated: int = 0
    unchanged: int = 0
    suppressed: int = 0
    waiting: int = 0
    no_topics: Counter[str] = field(default_factory=Counter)
    unspoken: Counter[str] = field(default_factory=Counter)
    new_topics: dict[str, list[str]] = field(default_factory=dict)
    rejected: list[BadRow] = field(default_factory=list)
    ignored_columns: list[str] = field(default_factory=list)
    applied: bool = True


@dataclass(frozen=True, slots=True)
class Row:
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
    state: SubscriberState | None
    left_at: datetime | None
    reason: str | None


def read(text: str, path: Path, everyone: str | None, result: ListImport) -> list[Row]:
    """The rows of a list that can be taken; what is wrong with the others is in `result`. Refused for a bad header line.

    `everyone`: what all of them are, whatever the list says.
    """
    csv.field_size_limit(1_000_000)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text), strict=True)
    try:
        header = [name.strip().lower() for name in next(reader)]
    except (StopIteration, csv.Error):
        raise Refused(f"{path} has no header line; the first line must name the columns, “email” among them.") from None
    result.format = form = exports.recognise(header)
    everyone = everyone or (_told_by_name(form, path) if form else None)
    used = form.columns if form else COLUMNS
    _check_header(header, used, form, path, everyone)
    result.ignored_columns = [name for name in header if name not in used]
    rows: list[Row] = []
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


def _separator(text: str) -> str:
    """What stands between columns: a comma, or what spreadsheets write instead where a comma is in the numbers."""
    header = text.lstrip().partition("\n")[0]
    return next((mark for mark in ",;\t" if mark in header), ",")


def _check_header(
    header: Sequence[str], used: Collection[str], form: Format | None, path: Path, everyone: str | None
) -> None:
    """Refused where the rows below it could not be read, or would not say enough."""
    if form and form.standing and not everyone and not {*form.standing} & {*header}:
        raise Refused(
            f"{path}: this {form.name} export has no column “{form.standing[0]}”, so it does not say who is subscribed; "
            "export it again with that column."
        )
    if not form and "email" not in header:
        raise Refused(
            f"{path}, line 1: no column is called “email”; the first line must be like “email,name,language,topics”."
        )
    if doubled := next((name for name in header if name in used and header.count(name) > 1), None):
        raise Refused(f"{path}, line 1: the column “{doubled}” is there twice.")


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


def _row(values: dict[str, str], line: int, everyone: str | None, result: ListImport) -> Row | None:
    form, before = result.format, len(result.rejected)
    if form:
        try:
            values = form.translate(values, everyone)
        except ValueError as error:
            result.rejected.append(BadRow(line, form.called("state"), str(error)))
            return None
        values = {column: value for column, value in values.items() if value or column == "email"}
    elif everyone:
        values |= {"state": exports.KEPT_OUT.get(everyone, everyone), "reason": f"{everyone} in an imported list"}
    read: dict[str, Any] = {}
    for column, reader in _READERS.items():
        try:
            read[column] = reader(values[column]) if column in values else None
        except ValueError as error:
            result.rejected.append(BadRow(line, form.called(column) if form else column, str(error)))
    return Row(line, **read) if len(result.rejected) == before else None


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


def _state(written: str) -> SubscriberState | None:
    state = written.strip().lower()
    if state not in ("", *STATES):
        raise ValueError(f"“{state[:40]}” is no state; write one of {', '.join(STATES)}")
    return SubscriberState(state) if state else None


def cell(words: str) -> str:
    """Somebody's words as no spreadsheet takes them for a formula: with an apostrophe, which is taken off again."""
    return f"'{words}" if words.startswith(_FORMULA) else words


def _words(written: str) -> Any:
    plain = written.strip().removeprefix("'")
    return READERS["name"](plain if plain.startswith(_FORMULA) else written)


_FORMULA = ("=", "+", "-", "@")
_READERS: dict[str, Callable[[str], Any]] = {
    "email": address.parse,
    **READERS,
    "name": _words,
    "tags": lambda written: tuple(written.split(";")),
    "consent_at": _instant,
    "consent_source": lambda written: _words(written) or None,
    "state": _state,
    "left_at": _instant,
    "reason": str,
}
