"""Newsletters come in as plain text: split into items, which are drafts until staff have looked at them."""

from collections.abc import Collection, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from digest.core import front_matter
from digest.core.errors import Refused
from digest.core.item import Item, Status
from digest.core.slug import slugify
from digest.pipeline.intake import Intake, content_hash, fingerprint, get, one_line, web_page
from digest.pipeline.reading import read_text
from digest.rendering.markup import to_html
from digest.store import items
from digest.store.database import Database
from digest.store.topics import topic_names

if TYPE_CHECKING:
    from digest.core.newsletter import Found


def split(
    path: Path, now: datetime, titles: Collection[int], not_titles: Collection[int], *, language: str, timezone: str
) -> tuple["Found", ...]:
    """The items of a plain-text newsletter, as found. Refused for a line number that cannot be meant."""
    from digest.core.newsletter import read_newsletter  # noqa: PLC0415  its patterns take a while to compile

    try:
        text = read_text(path, "newsletter")
        return read_newsletter(text, now.date(), titles, not_titles, language=language, timezone=timezone)
    except ValueError as error:
        raise Refused(f"{path}: {error}") from None


def store(db: Database, path: Path, found: Sequence["Found"], *, timezone: str, language: str, now: datetime) -> Intake:
    """Store what was found as drafts. Importing again replaces the drafts that nobody touched, and nothing else.

    Touched is what was edited (its text comes from a file then) or is no draft any more.
    """
    result = Intake()
    source = f"newsletter:{path.name}"[:200]
    with db.write() as session:
        topics = topic_names(session)
        before = {each.uid: each for each in items.from_source(session, source)}
        seen = set()
        for each in found:
            uid = fingerprint(source, each.title, each.tag or "")
            while uid in seen:
                uid = fingerprint(uid)
            seen.add(uid)
            item = _drafted(each, timezone, language)
            content, previous = content_hash(item), items.by_uid(session, uid)
            touched = previous is not None and not (previous.source == source and previous.status is Status.DRAFT)
            if previous and (touched or previous.content_hash == content):
                result.unchanged.append(previous)
                continue
            item_id = items.put(
                session, item, status=Status.DRAFT, source=source, uid=uid, html=to_html(item.body), content_hash=content,
                now=now, previous=previous,
            )  # fmt: skip
            (result.updated if previous else result.added).append(get(session, item_id))
        for uid, stale in before.items():
            if uid not in seen and stale.status is Status.DRAFT:
                items.remove(session, stale.id)
        result.tell_topics(topics)
    return result


def _drafted(found: "Found", timezone: str, language: str) -> Item:
    """As an item's file could say it. The headline of a piece, where it has one besides its title, leads the body."""
    body = f"**{found.headline}**\n\n{found.body_markdown}" if found.headline else found.body_markdown
    if len(body) > front_matter.LONGEST_BODY:
        raise Refused(
            f"The item in line {found.line} has {len(body)} characters, and {front_matter.LONGEST_BODY} are the limit."
        )
    tag = slugify(found.tag or "")
    return Item(
        found.kind,
        one_line("title", found.title) or "Untitled",
        body.strip(),
        (tag,) if tag else (),
        web_page(found.url),
        organisation=one_line("organisation", found.organisation),
        byline=one_line("byline", found.byline),
        language=language,
        published=found.published,
        timezone=timezone,
        deadline=found.deadline,
        starts=found.starts,
        ends=found.ends,
        venue=one_line("venue", found.venue),
    )
