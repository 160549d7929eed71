"""A feed's entries as items, as far as they have one in them: their kind, dates, topics and words, by what their source says."""

import re
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from digest.core import front_matter
from digest.core.item import LANGUAGE, Item, Kind
from digest.core.source import Source
from digest.core.when import When
from digest.net.feed import Entry, Feed
from digest.pipeline.intake import content_hash, fingerprint, one_line, web_page
from digest.rendering.markdown import Text, to_markdown

ENTRIES = 200
"""That are looked at, from the top: a feed names what is new first."""
NOBODY = {"admin", "administrator", "unknown", "noreply"}
"""Names that systems give to authors who gave none."""

PROSE = 10_000
"""Characters of an entry that are judged."""

_LONG_WORD = re.compile(r"(\S{100})\S+")
_CUT = re.compile(r"\[(?:…|\.\.\.|&hellip;|&#8230;|&#x2026;)\]")
# What WordPress puts below an excerpt in a feed, in English and in Spanish.
_COLOPHON = re.compile(
    r"\n\n(?:The post|La entrada|El cargo) .{1,600} (?:appeared first on|apareció primero en|se publicó primero en) .*$"
)


@dataclass(frozen=True, slots=True)
class Proposal:
    """An item that a feed has, what ties it to the feed, and the hash of it as the feed has it, its picture out on the web."""

    uid: str
    item: Item
    content: str


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An entry that does not become an item."""

    title: str
    reason: str


@dataclass(slots=True)
class Reading:
    """What a feed has to offer."""

    proposals: list[Proposal] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)


def read(feed: Feed, source: Source, *, timezone: str, language: str, weeks: int, now: datetime) -> Reading:
    """What of a feed may become an item. Entries older than `weeks` are history and not news.

    `timezone`, `language`: what is meant where neither the source nor an entry names one.
    """
    reading = Reading()
    seen: set[str] = set()
    for entry in feed.entries[:ENTRIES]:
        item = _item(entry, feed, source, timezone, language, now)
        uid = fingerprint("feed", source.url, entry.uid or entry.url or f"{entry.title}\0{entry.html}")
        if not item.title:
            reading.left_out.append(LeftOut("", "it has neither a title nor a text"))
        elif entry.published and entry.published < now - timedelta(weeks=weeks):
            reading.left_out.append(LeftOut(item.title, f"it is more than {weeks} weeks old"))
        elif uid in seen:
            reading.left_out.append(LeftOut(item.title, "the feed has it twice"))
        else:
            reading.proposals.append(Proposal(uid, item, content_hash(item)))
        seen.add(uid)
    if len(feed.entries) > ENTRIES:
        more = f"the feed has {len(feed.entries)} entries, and the first {ENTRIES} are looked at"
        reading.left_out.append(LeftOut("", more))
    return reading


def _item(entry: Entry, feed: Feed, source: Source, timezone: str, language: str, now: datetime) -> Item:
    text = _body(entry, source)
    image, alt = text.image or (None, None)
    title = one_line("title", entry.title) or one_line("title", " ".join(text.markdown.split()[:12])) or ""
    item = Item(
        source.kind or Kind.NEWS,
        title,
        text.markdown,
        source.topics_of(f"{title} {' '.join(entry.categories)} {text.markdown}"),
        url=web_page(entry.url),
        organisation=one_line("organisation", source.organisation or feed.title),
        byline=_byline(entry.author),
        language=source.language or _tag(entry.language) or language,
        published=_published(entry.published, timezone, now),
        timezone=timezone,
        image=image,
        alt=one_line("alt", alt),
    )
    return _judged(item, text.plain, source, entry.published or now)


def _judged(item: Item, plain: str, source: Source, day: datetime) -> Item:
    """With the kind, dates and venue that its words tell, as far as they fit the kind that its source gives it."""
    from digest.core.newsletter import read_article  # noqa: PLC0415  its patterns take a while to compile

    # Patterns look for an address from every letter of a word: nobody's words may be as long as they like.
    prose = _LONG_WORD.sub(r"\1", plain[:PROSE])
    told = read_article(item.title, prose, day.date(), language=item.language, timezone=item.timezone)
    if told is None or source.kind not in (None, told.kind):
        return item
    if told.kind is Kind.EVENT:
        return replace(item, kind=told.kind, starts=told.starts, ends=told.ends, venue=one_line("venue", told.venue))
    return replace(item, kind=told.kind, deadline=told.deadline if told.kind is Kind.ACTION else None)


def _body(entry: Entry, source: Source) -> Text:
    text = to_markdown(_CUT.sub("…", entry.html), entry.base, source.words)
    return replace(text, markdown=_COLOPHON.sub("", text.markdown))


def _byline(author: str | None) -> str | None:
    """A name, out of `Ana Lee`, `Ana Lee <ana@example.org>` or `ana@example.org (Ana Lee)`."""
    said = (author or "")[:1000]
    name = one_line("byline", re.sub(r"[(<]?[^\s(<]+@[^\s)>]+[)>]?", " ", said).strip(" ()<>,"))
    return None if name is None or name.lower() in NOBODY else name


def _tag(said: str | None) -> str | None:
    """A tag as it is usually written, `en-US` for RSS's `en-us`."""
    if not said or not LANGUAGE.fullmatch(said):
        return None
    first, *others = said.split("-")
    return "-".join([first.lower(), *(each.upper() if len(each) == 2 else each for each in others)])


def _published(moment: datetime | None, timezone: str, now: datetime) -> When | None:
    """Nothing is published tomorrow; a clock is wrong then."""
    if moment is None or moment > now + timedelta(days=1) or moment.year not in front_matter.YEARS:
        return None
    return When.parse(moment.isoformat(), timezone)
