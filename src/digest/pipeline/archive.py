"""The archive: editions as they went out, for everybody, without what was taken back since (docs/adr/0021-the-archive.md).

Among them stand the mails of the system that was used before (docs/adr/0023-past-mail.md).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlmodel import Session

from digest.core.edition import EditionItem, EditionText, in_sections
from digest.core.item import Item, is_over
from digest.core.slug import slugify
from digest.core.when import zone
from digest.pipeline.compose import served
from digest.store import archive, editions, past
from digest.store.database import Database
from digest.store.past import Kept
from digest.store.tables import EditionRow

FED = 10
"""Editions in the feed, each whole."""


@dataclass(frozen=True, slots=True)
class Cover:
    """An edition in a list. `subject`: its mail's; "" where that names what was taken back. `language`: of these words.

    `updated`: when the edition last came to say something else.
    """

    period: str
    number: int
    day: date
    language: str
    subject: str
    intro: tuple[str, ...]
    published: datetime
    updated: datetime

    @property
    def path(self) -> str:
        """The last part of its address."""
        return self.period


@dataclass(frozen=True, slots=True)
class PastCover:
    """A mail of the system that was used before, in a list among editions. `path`: the last parts of its address."""

    path: str
    day: date
    language: str | None
    subject: str
    number: None = None


@dataclass(frozen=True, slots=True)
class PastIssue:
    """A past mail between its neighbours."""

    cover: PastCover
    html: str
    text: str
    earlier: Cover | PastCover | None
    later: Cover | PastCover | None


@dataclass(frozen=True, slots=True)
class Shelf:
    """What was sent in a year, and all `years` in which something was, both newest first."""

    years: tuple[int, ...]
    year: int
    covers: tuple[Cover | PastCover, ...]


@dataclass(frozen=True, slots=True)
class Story:
    """An item as it went out, in its reader's language if it went out in that.

    `path`: the last part of its address, the same in all languages. `over`: it can be of no more use.
    """

    id: int
    path: str
    item: Item
    html: str
    over: bool


@dataclass(frozen=True, slots=True)
class Issue:
    """An edition with all that is left of it, by section, between its neighbours."""

    cover: Cover
    sections: tuple[tuple[str, tuple[Story, ...]], ...]
    earlier: Cover | PastCover | None = None
    later: Cover | PastCover | None = None

    @property
    def stories(self) -> tuple[Story, ...]:
        return tuple(each for _, stories in self.sections for each in stories)


@dataclass(frozen=True, slots=True)
class Retold:
    """An item as the last edition with it tells it, and all editions that it appeared in, the newest first."""

    story: Story
    covers: tuple[Cover, ...]


class TakenBack(Exception):
    """There was something under this name, and it was taken back."""


def shelf(db: Database, year: int | None, language: str) -> Shelf | None:
    """The editions and past mails of a year, or of the newest that has any. None for a year without."""
    with db.read() as session:
        sent = _sent(session)
        years = tuple(dict.fromkeys(_day(each).year for each in sent))
        if year is not None and year not in years:
            return None
        shown = year or next(iter(years), 0)
        return Shelf(years, shown, _listed(session, [each for each in sent if _day(each).year == shown], language))


def issue(db: Database, period: str, language: str, now: datetime) -> Issue | None:
    """None for an edition that did not go out. TakenBack if nothing of it is left."""
    with db.read() as session:
        sent = _sent(session)
        row = next((each for each in sent if isinstance(each, EditionRow) and each.period == period), None)
        if row is None:
            return None
        [found] = _issues(session, [row], language, now)
        if not found.sections:
            raise TakenBack
        earlier, later = _beside(session, sent, row, language)
        return replace(found, earlier=earlier, later=later)


def past_issue(db: Database, number: int, language: str) -> PastIssue | None:
    """None for what never was there. TakenBack for what was removed."""
    with db.read() as session:
        row = past.find(session, number)
        if row is None:
            return None
        if row.removed_at:
            raise TakenBack
        mail = past.kept(row)
        return PastIssue(_past_cover(mail), row.html, row.text, *_beside(session, _sent(session), mail, language))


def told(db: Database, item_id: int, language: str, now: datetime) -> Retold | None:
    """None for what no edition that went out has. TakenBack if it was taken back."""
    with db.read() as session:
        held = archive.holding(session, item_id)
        rows = [row for row in archive.out(session) if row.id in held]
        if not rows:
            return None
        newest = rows[0].identity
        if any(each.item_id == item_id for each in archive.withdrawn(session, [newest])[newest]):
            raise TakenBack
        entry = next(each for each in editions.items(session, newest) if each.id == item_id)
        return Retold(story(entry, language, now), _covers(session, rows, language))


def feed(db: Database, language: str) -> list[Issue]:
    """The newest editions, without those of which nothing is left. Nothing in them is over: an entry says the same for ever."""
    with db.read() as session:
        return [each for each in _issues(session, archive.out(session)[:FED], language, None) if each.sections]


def _issues(session: Session, rows: Sequence[EditionRow], language: str, now: datetime | None) -> list[Issue]:
    gone = archive.withdrawn(session, [row.identity for row in rows])
    found = []
    for cover, edition_id in zip(_covers(session, rows, language), gone, strict=True):
        missing = {each.item_id for each in gone[edition_id]}
        stories = [story(each, language, now) for each in editions.items(session, edition_id) if each.id not in missing]
        found.append(Issue(cover, tuple(in_sections(stories))))
    return found


def _covers(session: Session, rows: Sequence[EditionRow], language: str) -> tuple[Cover, ...]:
    ids = [row.identity for row in rows]
    texts, gone = archive.texts(session, ids), archive.withdrawn(session, ids)
    found = []
    for row, edition_id in zip(rows, ids, strict=True):
        own = texts[edition_id] or {language: EditionText(language, "", "")}
        words = own[served(language, own)]
        named = any(title in words.subject for each in gone[edition_id] for title in each.titles)
        published = row.fanned_out_at or row.slot
        updated = max([published, *(each.at for each in gone[edition_id])])
        found.append(
            Cover(
                row.period, row.number, _day(row), words.language, "" if named else words.subject, words.paragraphs,
                published, updated,
            )
        )  # fmt: skip
    return tuple(found)


def story(entry: EditionItem, language: str, now: datetime | None) -> Story:
    """An item of an edition for its reader; without `now` it is not over."""
    path = "-".join(filter(None, (str(entry.id), slugify(entry.item.title))))
    read = entry.in_language(language)
    return Story(entry.id, path, read.item, read.html, now is not None and is_over(entry.item, now))


def _sent(session: Session) -> list[EditionRow | Kept]:
    """All that went out, here and before, the newest first."""
    return sorted([*archive.out(session), *past.all_of_them(session)], key=_instant, reverse=True)


def _listed(session: Session, chosen: Sequence[EditionRow | Kept], language: str) -> tuple[Cover | PastCover, ...]:
    covers = iter(_covers(session, [each for each in chosen if isinstance(each, EditionRow)], language))
    return tuple(_past_cover(each) if isinstance(each, Kept) else next(covers) for each in chosen)


def _beside(
    session: Session, sent: Sequence[EditionRow | Kept], one: EditionRow | Kept, language: str
) -> tuple[Cover | PastCover | None, Cover | PastCover | None]:
    """What went out before one of these, and after it."""
    at = sent.index(one)
    earlier, later = (
        next(iter(_listed(session, each, language)), None)
        for each in (sent[at + 1 : at + 2], sent[max(at - 1, 0) : at])
    )
    return earlier, later


def _past_cover(mail: Kept) -> PastCover:
    words = "-".join(filter(None, (str(mail.id), slugify(mail.subject))))
    return PastCover(f"past/{words}", _day(mail), mail.language, mail.subject)


def _instant(sent: EditionRow | Kept) -> datetime:
    return sent.sent_at if isinstance(sent, Kept) else sent.slot


def _day(sent: EditionRow | Kept) -> date:
    """Of a past mail in UTC: where it was sent is not known."""
    return sent.sent_at.date() if isinstance(sent, Kept) else sent.slot.astimezone(zone(sent.timezone)).date()
