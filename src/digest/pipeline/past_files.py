"""Which past mails are in what somebody hands in: the rows of an export, else every message and page."""

import csv
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

from digest.core.past import PastMail, exports, message
from digest.core.past.exports import Entry, Export
from digest.pipeline.bundle import Bundle

MESSAGES = ("eml", "mbox", "mbx", "")
"""How the names of files with messages end; mail programs keep theirs in files without an ending."""


@dataclass(frozen=True, slots=True)
class Found:
    """`where`: its file, for people · `called`: if it is known without reading · `read`: LeftOut or ValueError, with words."""

    where: str
    called: str
    read: Callable[[], PastMail]


def entries(bundle: Bundle) -> Iterator[Found]:
    """All that may be a past mail. Beside the list of an export nothing else counts: its templates and drafts lie there too."""
    lists = {name: export for name in bundle.names if (export := _catalogue(bundle, name))}
    if lists:
        for name, export in lists.items():
            yield from _rows(bundle, name, export)
        return
    alone = len(bundle.names) == 1
    for name in bundle.names:
        suffix = name.rpartition("/")[2].rpartition(".")
        ending = suffix[2].lower() if suffix[1] else ""
        if ending == "json":
            yield from _document(bundle, name)
        elif ending in ("html", "htm"):
            yield Found(_where(bundle, name), "", partial(_page, bundle, name))
        elif ending in MESSAGES or (alone and ending != "csv"):
            yield from _messages(bundle, name)


def _where(bundle: Bundle, name: str) -> str:
    return str(bundle.path) if bundle.path.name == name else f"{bundle.path}/{name}"


def _catalogue(bundle: Bundle, name: str) -> Export | None:
    if not name.lower().endswith(".csv"):
        return None
    line = bundle.head(name).decode("utf-8-sig", "replace").split("\n")[0]
    try:
        return exports.catalogue([exports.key(each) for each in next(csv.reader([line]), [])])
    except csv.Error:
        return None  # a list of something else


def _rows(bundle: Bundle, name: str, export: Export) -> Iterator[Found]:
    where = _where(bundle, name)
    try:
        rows = list(csv.reader(io.StringIO(bundle.text(name), newline=""), strict=True))
    except (csv.Error, ValueError) as error:
        yield Found(where, "", partial(_fail, f"it cannot be read as a list: {error}"))
        return
    header = [exports.key(each) for each in rows[0]]
    for row in rows[1:]:
        entry = dict(zip(header, row, strict=False))
        if any(entry.values()):
            yield Found(where, export.named(entry), partial(_beside, bundle, export, entry))


def _beside(bundle: Bundle, export: Export, entry: Entry) -> PastMail:
    export.check(entry)
    names = export.files_of(entry, bundle.names)
    if len(names) > 1:  # two of one title: the page says the subject too
        names = [name for name in names if message.title(bundle.text(name)) == export.named(entry)] or names
    if len(names) != 1:
        raise ValueError(f"{len(names) or 'no'} files are named after it ({', '.join(export.files)})")
    text = bundle.text(names[0])
    mail = export.mail(entry, text, exports.form_of(names[0]))
    return replace(mail, language=message.language_of(text))


def _document(bundle: Bundle, name: str) -> Iterator[Found]:
    where = _where(bundle, name)
    try:
        found = exports.entries(json.loads(bundle.text(name)))
    except (ValueError, RecursionError):
        yield Found(where, "", partial(_fail, "it is damaged, or no JSON"))
        return
    if found:
        export, rows = found
        for entry in rows:
            yield Found(where, export.named(entry), partial(_described, export, entry))


def _described(export: Export, entry: Entry) -> PastMail:
    export.check(entry)
    return export.mail(entry)


def _page(bundle: Bundle, name: str) -> PastMail:
    return message.page(name, bundle.text(name))


def _messages(bundle: Bundle, name: str) -> Iterator[Found]:
    content, where = bundle.read(name), _where(bundle, name)
    if not content.startswith(b"From "):
        yield Found(where, "", partial(message.message, content))
        return
    for number, each in enumerate(message.messages(content), 1):
        yield Found(f"{where} no. {number}", "", partial(message.message, each))


def _fail(reason: str) -> PastMail:
    raise ValueError(reason)
