"""Past mail comes in: found in exports and messages, cleaned for everybody, kept all or nothing; and goes."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from sqlmodel import Session

from digest.core.errors import Refused
from digest.core.past import LeftOut, PastMail
from digest.pipeline.bundle import Bundle, opened
from digest.pipeline.intake import one_line
from digest.pipeline.past_files import entries
from digest.rendering.past import Page, page_of
from digest.store import past
from digest.store.database import Database
from digest.store.past import Kept
from digest.store.tables import PastMailRow


@dataclass(frozen=True, slots=True)
class Aside:
    """An entry that was not taken: where it is, what it is called, and why."""

    path: str
    entry: str
    reason: str

    def __str__(self) -> str:
        return f"{self.path}{f', “{self.entry}”' if self.entry else ''}: {self.reason}"


@dataclass(slots=True)
class PastImport:
    """What became of past mail. Nothing of it was stored if `applied` is false.

    `left_out`: what is no mail to everybody · `rejected`: what should be one and cannot be read.
    """

    added: list[Kept] = field(default_factory=list)
    updated: list[Kept] = field(default_factory=list)
    unchanged: list[Kept] = field(default_factory=list)
    left_out: list[Aside] = field(default_factory=list)
    rejected: list[Aside] = field(default_factory=list)
    applied: bool = True


@dataclass(frozen=True, slots=True)
class _Clean:
    mail: PastMail
    subject: str
    html: str
    text: str
    where: str


def import_past(
    db: Database,
    paths: Sequence[Path],
    *,
    now: datetime,
    keep_going: bool = False,
    dry_run: bool = False,
    progress: Callable[[int], None] | None = None,
) -> PastImport:
    """Keep the past mails in these files, folders and ZIPs, each once however often it comes.

    One that cannot be read keeps all out unless `keep_going`. Refused where there is none. `progress`: how many are read.
    """
    result = PastImport()
    cleaned: dict[tuple[str, str], _Clean] = {}
    for path in paths:
        with opened(path) as bundle:
            for each in _clean(bundle, now, result):
                cleaned.setdefault((each.mail.source, each.mail.uid), each)
                if progress:
                    progress(len(cleaned))
    if result.rejected and not keep_going:
        result.applied = False
        return result
    with db.write() as session:
        for each in cleaned.values():
            became, kept = past.put(session, each.mail, each.subject, each.html, each.text)
            if became == "removed":
                result.left_out.append(Aside(each.where, each.subject, "it was removed here before"))
            else:
                getattr(result, became).append(kept)
        if dry_run:
            session.rollback()
            result.applied = False
    return result


def listing(db: Database) -> list[Kept]:
    """The newest first."""
    with db.read() as session:
        return past.all_of_them(session)


def show(db: Database, number: int) -> tuple[Kept, str]:
    """A past mail and its words. Refused if there is none."""
    with db.read() as session:
        row = _there(session, number)
        return past.kept(row), row.text


def remove(db: Database, numbers: Sequence[int], now: datetime) -> tuple[list[Kept], bool]:
    """Take these back for good (all or none). And whether the database's journal could be emptied of them."""
    with db.write() as session:
        rows = [_there(session, number) for number in dict.fromkeys(numbers)]
        gone = [past.kept(row) for row in rows]
        for row in rows:
            past.remove(row, now)
    return gone, db.empty_journal()


def _there(session: Session, number: int) -> PastMailRow:
    row = past.find(session, number)
    if row is None or row.removed_at:
        raise Refused(f"There is no past mail {number}; `digest archive list` shows those there are.")
    return row


def _page(mail: PastMail, now: datetime) -> Page:
    if mail.sent_at > now + timedelta(days=1):
        raise LeftOut("it has not gone out")
    return page_of(mail)


def _clean(bundle: Bundle, now: datetime, result: PastImport) -> Iterator[_Clean]:
    found = False
    for entry in entries(bundle):
        found = True
        called = entry.called
        try:
            mail = entry.read()
            called = called or mail.subject
            page = _page(mail, now)
        except LeftOut as reason:
            result.left_out.append(Aside(entry.where, called, str(reason)))
        except ValueError as reason:
            result.rejected.append(Aside(entry.where, called, str(reason)))
        else:
            subject = one_line("title", page.subject) or one_line("title", page.text.strip().split("\n")[0]) or ""
            yield _Clean(mail, subject, page.html, page.text, entry.where)
    if not found:
        raise Refused(
            f"There is no past mail in {bundle.path}: neither messages (.eml, .mbox) nor pages with a day in their name "
            "(2024-03-15-news.html), nor an export that is known (docs/moving.md)."
        )
