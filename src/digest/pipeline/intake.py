"""Items come in as files with front matter; staff make them ready or put them away."""

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from sqlmodel import Session

from digest.core import front_matter, topic
from digest.core.errors import Refused
from digest.core.field_lines import BadItemFile
from digest.core.front_matter import ItemFile
from digest.core.item import Item, Status, missing
from digest.core.picture import Unusable
from digest.pipeline import translations
from digest.pipeline.pictures import Gallery, is_remote, read_beside
from digest.pipeline.reading import read_text
from digest.rendering.markup import link, to_html
from digest.store import items
from digest.store.database import Database
from digest.store.items import Stored
from digest.store.topics import topic_names

TEXTS = (".txt", ".markdown", ".docx", ".odt", ".rtf")
"""Endings of texts that are no Markdown file by their name."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """A file that was not taken."""

    path: str
    line: int | None
    field: str | None
    reason: str

    def __str__(self) -> str:
        where = self.path if self.line is None else f"{self.path}, line {self.line}"
        return f"{where}: {self.field + ': ' if self.field else ''}{self.reason}"


@dataclass(slots=True)
class Intake:
    """What became of a batch. Nothing of it was stored if `applied` is false. `without_picture`: stored, but for that.

    `new_topics`: those that it made, each with older ones that look alike.
    """

    added: list[Stored] = field(default_factory=list)
    updated: list[Stored] = field(default_factory=list)
    unchanged: list[Stored] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    without_picture: list[Rejected] = field(default_factory=list)
    new_topics: dict[str, list[str]] = field(default_factory=dict)
    applied: bool = True

    def tell_topics(self, before: Collection[str]) -> None:
        """Find out what is new, given the topics that there were before."""
        about = {slug for each in (*self.added, *self.updated) for slug in each.item.topics}
        self.new_topics = {slug: topic.close(slug, before) for slug in sorted(about.difference(before))}


def files_of(paths: Iterable[Path]) -> list[Path]:
    """The Markdown files that are meant: a file is itself, a folder all in it, in order of name."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(each for each in path.rglob("*.md") if each.name.lower() != "readme.md")
            if not inside:
                raise Refused(f"There is no item (a file ending in .md) in {path}.")
            found += inside
        else:
            found.append(path)
    return found


def passed_over(paths: Iterable[Path]) -> list[Path]:
    """The files in folders that are texts and yet not read, for their name: editors add `.txt` where nobody sees it."""
    folders = (path for path in paths if path.is_dir())
    return sorted(each for path in folders for each in path.rglob("*") if each.suffix.lower() in TEXTS)


def add(
    db: Database,
    paths: Sequence[Path],
    *,
    timezone: str,
    language: str = "en",
    now: datetime,
    keep_going: bool = False,
    gallery: Gallery | None = None,
) -> Intake:
    """Store the items in these files, each once however often it comes. One bad file keeps all out unless `keep_going`.

    `timezone`, `language`: what is meant where a file names none.
    A picture that cannot be used keeps nothing out: its item goes without.
    """
    result = Intake()
    read: list[tuple[Path, ItemFile]] = []
    for path in files_of(paths):
        try:
            read.append((path, front_matter.read(read_text(path, "item"), timezone, language)))
        except Refused as error:
            result.rejected.append(Rejected(str(path), None, None, str(error).removeprefix(f"{path}").lstrip(" ,:")))
        except BadItemFile as error:
            result.rejected += [Rejected(str(path), each.line, each.field, each.reason) for each in error.problems]
    if result.rejected and not keep_going:
        result.applied = False
        return result
    hung = [(path, *_hang(db, gallery, path, file, result)) for path, file in read]  # may wait for the web: no lock yet
    with db.write() as session:
        topics = topic_names(session)
        for path, file, content in sorted(hung, key=lambda each: each[1].item.translation_of is not None):
            uid = file.uid or fingerprint("file", str(path.resolve()))
            known = _known(session, file, content, uid)
            try:
                tied = replace(file, item=translations.tied(session, file.item, known.uid if known else uid))
            except translations.Untied as error:
                where = file.where["translation_of"]
                result.rejected.append(Rejected(str(path), where, "translation_of", str(error)))
                continue
            _store(session, tied, content, uid, known, f"file:{path.name}"[:200], now, result)
        if result.rejected and not keep_going:
            session.rollback()
            return Intake(rejected=result.rejected, without_picture=result.without_picture, applied=False)
        result.tell_topics(topics)
    return result


def _hang(db: Database, gallery: Gallery | None, path: Path, file: ItemFile, result: Intake) -> tuple[ItemFile, str]:
    """The item with its picture hosted, or without it; and the hash of it as it was given, by which it is known again."""
    item, image = file.item, file.item.image
    if image is None or (gallery and gallery.holds(image)):
        return file, content_hash(item)
    try:
        hosted, given = _hosted(db, gallery, item, image, path.parent)
    except Unusable as error:
        result.without_picture.append(Rejected(str(path), file.where.get("image"), "image", str(error)))
        hosted, given = None, content_hash(replace(item, image=None))
    return replace(file, item=replace(item, image=hosted)), given


def _hosted(db: Database, gallery: Gallery | None, item: Item, image: str, folder: Path) -> tuple[str, str]:
    """The name of an item's picture, which is not fetched anew if the item is known; and the hash."""
    if gallery is None:
        raise Unusable("there is no place to keep pictures; set DIGEST_MEDIA")
    raw = None if is_remote(image) else read_beside(folder, image)
    given = content_hash(replace(item, image=image if raw is None else hashlib.sha256(raw).hexdigest()))
    with db.read() as session:
        known = items.by_content(session, given)
    if known and known.item.image and gallery.holds(known.item.image):
        return known.item.image, given
    return gallery.hang(gallery.fetched(image) if raw is None else raw), given


def _known(session: Session, file: ItemFile, content: str, uid: str) -> Stored | None:
    """The stored item that a file is: that of its uid, or if it names none, one that says the very same."""
    return items.by_uid(session, uid) or (None if file.uid else items.by_content(session, content))


def _store(
    session: Session,
    file: ItemFile,
    content: str,
    uid: str,
    previous: Stored | None,
    source: str,
    now: datetime,
    result: Intake,
) -> None:
    lacking = missing(file.item)
    status = Status.ARCHIVED if file.archived else Status.DRAFT if file.draft or lacking else Status.READY
    same = previous is not None and content in (previous.content_hash, content_hash(previous.item))
    if previous and same and previous.status in (status, Status.ARCHIVED):
        result.unchanged.append(previous)
        return
    item_id = items.put(
        session, file.item, status=status, source=source, uid=previous.uid if previous else uid,
        html=to_html(file.item.body), content_hash=content, now=now, previous=previous,
    )  # fmt: skip
    stored = get(session, item_id)
    (result.updated if previous else result.added).append(stored)


def one_line(name: str, text: str | None) -> str | None:
    """A field's text on one line and no longer than it may be; None if nothing is left."""
    printable = "".join(char if char.isprintable() else " " for char in text or "")
    return " ".join(printable.split())[: front_matter.LONGEST[name]].rstrip() or None


def web_page(url: str | None) -> str | None:
    """An address as a field holds it; None if it is none of the web, or too long."""
    clean = link(url)
    sound = clean.startswith(("https://", "http://")) and len(clean) <= front_matter.LONGEST["url"]
    return clean if sound and " " not in clean else None


def ready(db: Database, ids: Sequence[int] | None, now: datetime) -> tuple[list[Stored], list[Stored]]:
    """Make drafts ready: these (all or none), or every complete one if `ids` is None. Those made ready, those left as drafts."""
    with db.write() as session:
        chosen = items.listing(session, [Status.DRAFT]) if ids is None else [get(session, each) for each in ids]
        lacking = [each for each in chosen if missing(each.item)]
        if ids is not None and lacking:
            raise Refused(
                "\n".join(f"Item {each.id} “{each.item.title}” lacks {_and(missing(each.item))}." for each in lacking)
            )
        complete = [each for each in chosen if not missing(each.item)]
        for each in complete:
            if each.status is not Status.READY:
                items.set_status(session, each, Status.READY, now)
        return [get(session, each.id) for each in complete], lacking


def archive(db: Database, ids: Sequence[int], now: datetime) -> list[Stored]:
    """Put items away, and their translations with them."""
    with db.write() as session:
        chosen = [get(session, each) for each in ids]
        chosen += [one for each in chosen for one in items.translations(session, each.uid)]
        for each in chosen:
            items.set_status(session, each, Status.ARCHIVED, now)
        return [get(session, each.id) for each in chosen]


def listing(db: Database) -> list[Stored]:
    with db.read() as session:
        return items.listing(session)


def show(db: Database, item_id: int) -> tuple[Stored, list[Stored]]:
    """An item, and its translations."""
    with db.read() as session:
        stored = get(session, item_id)
        return stored, items.translations(session, stored.uid)


def as_file(stored: Stored) -> str:
    """The item as the file that would add it: show, edit, add."""
    return front_matter.write(stored.item, stored.status, stored.uid)


def get(session: Session, item_id: int) -> Stored:
    """The item of that number. Refused if there is none."""
    stored = items.by_id(session, item_id)
    if stored is None:
        raise Refused(f"There is no item {item_id}; `digest items list` shows those there are.")
    return stored


def content_hash(item: Item) -> str:
    """Of the item whatever the order of its topics, which the store does not keep."""
    item = replace(item, topics=tuple(sorted(item.topics)))
    return hashlib.sha256(front_matter.write(item, Status.READY, "").encode()).hexdigest()


def fingerprint(*parts: str) -> str:
    """What ties an item to whence it came."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def _and(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
