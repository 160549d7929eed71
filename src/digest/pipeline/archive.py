"""The archive: editions as they went out, for everybody, without what was taken back since (docs/adr/0021-the-archive.md)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlmodel import Session

from digest.core.edition import EditionItem, EditionText, in_sections
from digest.core.item import Item, is_over
from digest.core.slug import slugify
from digest.core.when import zone
from digest.pipeline.compose import served
from digest.store import archive, editions
from digest.store.database import Database
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


@dataclass(frozen=True, slots=True)
class Shelf:
    """The editions of a year, and all `years` that have some, both newest first."""

    years: tuple[int, ...]
    year: int
    covers: tuple[Cover, ...]


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
    earlier: Cover | None = None
    later: Cover | None = None

    @property
    def stories(self) -> tuple[Story, ...]:
        return tuple(each for _, stories in self.sections for each in stories)


@dataclass(frozen=True, slots=True)
class Told:
    """An item as the last edition with it tells it, and all editions that it appeared in, the newest first."""

    story: Story
    covers: tuple[Cover, ...]


class TakenBack(Exception):
    """There was something under this name, and it was taken back."""


def shelf(db: Database, year: int | None, language: str) -> Shelf | None:
    """The editions of a year, or of the newest that has any. None for a year without."""
    with db.read() as session:
        rows = archive.out(session)
        years = tuple(dict.fromkeys(_day(row).year for row in rows))
        if year is not None and year not in years:
            return None
        shown = year or next(iter(years), 0)
        return Shelf(years, shown, _covers(session, [row for row in rows if _day(row).year == shown], language))


def issue(db: Database, period: str, language: str, now: datetime) -> Issue | None:
    """None for an edition that did not go out. TakenBack if nothing of it is left."""
    with db.read() as session:
        rows = archive.out(session)
        at = next((at for at, row in enumerate(rows) if row.period == period), None)
        if at is None:
            return None
        [found] = _issues(session, [rows[at]], language, now)
        if not found.sections:
            raise TakenBack
        later, earlier = (
            next(iter(_covers(session, rows[beside], language)), None)
            for beside in (slice(max(at - 1, 0), at), slice(at + 1, at + 2))
        )
        return replace(found, later=later, earlier=earlier)


def told(db: Database, item_id: int, language: str, now: datetime) -> Told | None:
    """None for what no edition that went out has. TakenBack if it was taken back."""
    with db.read() as session:
        held = archive.holding(session, item_id)
        rows = [row for row in archive.out(session) if row.id in held]
        if not rows:
            return None
        newest = editions.identity(rows[0])
        if any(each.item_id == item_id for each in archive.withdrawn(session, [newest])[newest]):
            raise TakenBack
        entry = next(each for each in editions.items(session, newest) if each.id == item_id)
        return Told(story(entry, language, now), _covers(session, rows, language))


def feed(db: Database, language: str) -> list[Issue]:
    """The newest editions, without those of which nothing is left. Nothing in them is over: an entry says the same for ever."""
    with db.read() as session:
        return [each for each in _issues(session, archive.out(session)[:FED], language, None) if each.sections]


def _issues(session: Session, rows: Sequence[EditionRow], language: str, now: datetime | None) -> list[Issue]:
    gone = archive.withdrawn(session, [editions.identity(row) for row in rows])
    found = []
    for cover, edition_id in zip(_covers(session, rows, language), gone, strict=True):
        missing = {each.item_id for each in gone[edition_id]}
        stories = [story(each, language, now) for each in editions.items(session, edition_id) if each.id not in missing]
        found.append(Issue(cover, tuple(in_sections(stories))))
    return found


def _covers(session: Session, rows: Sequence[EditionRow], language: str) -> tuple[Cover, ...]:
    ids = [editions.identity(row) for row in rows]
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


def _day(row: EditionRow) -> date:
    return row.slot.astimezone(zone(row.timezone)).date()
