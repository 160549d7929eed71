"""Feeds come in: each entry once, as a draft or ready as its source has it, and never over what staff wrote or decided."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlmodel import Session

from digest.core.errors import Refused, TryAgain
from digest.core.item import Item, Status, missing
from digest.core.picture import Unusable
from digest.core.source import Source
from digest.net import feed as feeds
from digest.net.apart import TooMuch, apart
from digest.net.client import Answer, Client
from digest.net.feed import Feed, NoFeed
from digest.pipeline.entries import LeftOut, Proposal, Reading, read
from digest.pipeline.intake import Intake, Rejected, get
from digest.pipeline.notices import Notify
from digest.pipeline.pictures import Gallery
from digest.rendering.markup import to_html
from digest.store import feeds as known
from digest.store import items
from digest.store.database import Database
from digest.store.items import Stored
from digest.store.tables import FeedRow
from digest.store.topics import topic_names

LARGEST = 3_000_000
"""Bytes of a feed: two thousand articles with a page each."""
PICTURES = 20
"""That are fetched for one feed at one time; what comes after has none."""
STRIKES = 4
"""Failures in a row after which staff are told: fourteen hours after the first, since pauses double (store/feeds.py)."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a server sent: `feed` is None if nothing is new. The rest is for asking the next time."""

    feed: Feed | None
    etag: str | None = None
    last_modified: str | None = None


@dataclass(slots=True)
class Collected:
    """What became of a source: nothing at all if it has a `problem`."""

    source: Source
    intake: Intake = field(default_factory=Intake)
    left_out: list[LeftOut] = field(default_factory=list)
    problem: str | None = None


async def ask(client: Client, url: str, etag: str | None = None, last_modified: str | None = None) -> Fetched:
    """Fetch a feed, unless it is as it was (RFC 9110 §13.1). A web page that names a feed leads there, once.

    Refused if it cannot be fetched or is no feed.
    """
    conditions = {"If-None-Match": etag, "If-Modified-Since": last_modified}
    headers = {"Accept": feeds.ACCEPT} | {name: value for name, value in conditions.items() if value}
    answer = await client.fetch(url, headers=headers, largest=LARGEST)
    if answer.status == 304 and len(headers) > 1:
        return Fetched(None, etag, last_modified)
    try:
        feed = await _read(answer)
    except NoFeed:
        found = await asyncio.to_thread(feeds.alternate, answer.content, answer.url)
        if found is None:
            raise
        return Fetched(await _read(await client.fetch(found, headers={"Accept": feeds.ACCEPT}, largest=LARGEST)))
    return Fetched(feed, _sendable(answer.headers, "etag"), _sendable(answer.headers, "last-modified"))


async def _read(answer: Answer) -> Feed:
    answer.good()
    try:
        return await asyncio.to_thread(apart, feeds.read, answer.content, answer.url, dict(answer.headers))
    except TooMuch as error:
        raise NoFeed(f"{answer.url} cannot be read as a feed: {error}.") from None


async def look(client: Client, source: Source, *, timezone: str, language: str, weeks: int, now: datetime) -> Reading:
    """Fetch a feed, whatever it was last time, and read it."""
    fetched = await ask(client, source.url)
    return read(fetched.feed or Feed("", ()), source, timezone=timezone, language=language, weeks=weeks, now=now)


def _sendable(headers: Mapping[str, str], name: str) -> str | None:
    """A header's value, if it can be sent back as it is."""
    value = headers.get(name, "")
    return value if value.isascii() and value.isprintable() and len(value) <= 500 else None


async def collect(
    db: Database,
    client: Client,
    sources: Sequence[Source],
    *,
    timezone: str,
    language: str,
    weeks: int,
    now: datetime,
    gallery: Gallery | None = None,
    notify: Notify | None = None,
) -> list[Collected]:
    """Ask every source that is due, all at a time, and store what is new; without `notify` each is asked, by hand.

    A source that fails harms no other. Staff are told once it has failed `STRIKES` times in a row.
    """
    by_url = {each.url: each for each in sources}

    def claim() -> list[FeedRow]:
        with db.write() as session:
            return known.claim(session, by_url, now, at_once=notify is None)

    def take(fetched: Fetched, source: Source) -> Collected:
        """Read and store in one transaction with what the feed was like, which is what the next question says."""
        reading = read(fetched.feed or Feed("", ()), source, timezone=timezone, language=language, weeks=weeks, now=now)
        collected = Collected(source, left_out=reading.left_out)
        hung = _hang(db, gallery, reading, source, collected.intake)
        with db.write() as session:
            _keep(session, hung, source, now, collected.intake)
            known.answered(session, source.url, fetched.etag, fetched.last_modified, now)
        return collected

    async def one(row: FeedRow) -> Collected:
        source = by_url[row.url]
        try:
            seen = (None, None) if notify is None else (row.etag, row.last_modified)
            fetched = await ask(client, row.url, *seen)
            return await asyncio.to_thread(take, fetched, source)
        except TryAgain:
            raise
        except Refused as error:
            problem = str(error)
        except Exception as error:
            problem = f"{row.url} cannot be read: it brings about a fault ({type(error).__name__}); please report it."
        await asyncio.to_thread(_fail, db, source, problem, notify)
        return Collected(source, problem=problem)

    return await asyncio.gather(*map(one, await asyncio.to_thread(claim)))


def _fail(db: Database, source: Source, problem: str, notify: Notify | None) -> None:
    with db.write() as session:
        times = known.failed(session, source.url, problem)
    if notify and times == STRIKES:
        notify(
            "A feed cannot be read",
            f"{problem} That was the {times}th time in a row. It is asked again at longer and longer intervals, up to a day; "
            "if it has moved, mend its address in the file that DIGEST_FEEDS names.",
        )


def store(db: Database, reading: Reading, source: Source, now: datetime, gallery: Gallery | None = None) -> Intake:
    """Store what is new. What changed in the feed changes here while nobody touched it.

    Touched is what was edited (its text comes from a file then), or put away, or made ready from a source of drafts.
    """
    result = Intake()
    hung = _hang(db, gallery, reading, source, result)
    with db.write() as session:
        topics = topic_names(session)
        _keep(session, hung, source, now, result)
        result.tell_topics(topics)
    return result


def _hang(
    db: Database, gallery: Gallery | None, reading: Reading, source: Source, result: Intake
) -> list[tuple[Proposal, Item]]:
    """Each with its item as it will be stored: pictures of what is new are fetched and hosted, before any lock is held."""
    with db.read() as session:
        new = {each.uid for each in reading.proposals if each.item.image and _known(session, each, source)[1]}
    hung, left = [], PICTURES
    for each in reading.proposals:
        image, why = None, "there is no place to keep pictures; set DIGEST_MEDIA"
        if each.uid in new and gallery:
            left -= 1
            image, why = _hosted(gallery, each.item.image or "") if left >= 0 else (None, f"{PICTURES} came before it")
        if each.uid in new and image is None:
            result.without_picture.append(Rejected(each.item.title, None, "image", why))
        hung.append((each, replace(each.item, image=image, alt=each.item.alt if image else None)))
    return hung


def _hosted(gallery: Gallery, url: str) -> tuple[str | None, str]:
    try:
        return gallery.hang(gallery.fetched(url)), ""
    except Unusable as error:
        return None, str(error)


def _keep(
    session: Session, hung: Sequence[tuple[Proposal, Item]], source: Source, now: datetime, result: Intake
) -> None:
    for each, item in hung:
        previous, changes = _known(session, each, source)
        if previous and not changes:
            result.unchanged.append(previous)
            continue
        status = Status.DRAFT if missing(item) else source.status
        item_id = items.put(
            session, item, status=status, source=_name(source), uid=each.uid, html=to_html(item.body),
            content_hash=each.content, now=now, previous=previous,
        )  # fmt: skip
        (result.updated if previous else result.added).append(get(session, item_id))


def _known(session: Session, proposal: Proposal, source: Source) -> tuple[Stored | None, bool]:
    """The item that a proposal is already, and whether there is something to store."""
    previous = items.by_uid(session, proposal.uid) or _twin(session, proposal, source)
    if previous is None:
        return None, True
    own = (Status.DRAFT, Status.READY) if source.status is Status.READY else (Status.DRAFT,)
    touched = previous.source != _name(source) or previous.status not in own
    return previous, not touched and previous.content_hash != proposal.content


def _twin(session: Session, proposal: Proposal, source: Source) -> Stored | None:
    """The same thing that came another way: with the very same content, or from elsewhere and about the same page."""
    by_page = items.by_url(session, proposal.item.url) if proposal.item.url else None
    elsewhere = by_page if by_page and by_page.source != _name(source) else None
    return items.by_content(session, proposal.content) or elsewhere


def _name(source: Source) -> str:
    return f"feed:{source.url}"[:200]
