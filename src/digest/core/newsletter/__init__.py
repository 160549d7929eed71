"""A plain-text newsletter, as its editors left it, read into items.

Every line with words is in exactly one place: a title, a field that holds the whole of it (`headline`, `organisation`),
a body, or the furniture around the items (masthead, contents, banners, farewell, footer). All other lines stay in the body, also
those that an address, a byline, a date or a venue was read from: `places` accounts for each.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta

from digest.core.item import Kind
from digest.core.newsletter.body import as_markdown
from digest.core.newsletter.dates import find_dates
from digest.core.newsletter.day_order import DayOrder, day_order
from digest.core.newsletter.kinds import judge_kind
from digest.core.newsletter.lines import read_lines
from digest.core.newsletter.links import find_url
from digest.core.newsletter.people import Quoted, find_byline, find_headline, find_organisation, find_release_head
from digest.core.newsletter.split import Section, Split, split
from digest.core.newsletter.timing import Reader, read_timing
from digest.core.newsletter.venues import find_venue
from digest.core.when import When

_YEAR = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Found:
    """One item found in a text; None where unknown. `line` is its title's (1-based); `evidence` maps fields to words.

    `confidence` is that of the split, 0..1: below 0.6 it is doubtful that a new item begins here. `ambiguous` maps fields
    whose day and month are in an order that nothing tells to the day (ISO 8601) that they would be in the other one.
    """

    line: int
    title: str
    tag: str | None
    kind: Kind
    headline: str | None
    url: str | None
    organisation: str | None
    byline: str | None
    published: When | None
    deadline: When | None
    starts: When | None
    ends: When | None
    venue: str | None
    body_markdown: str
    confidence: float
    evidence: dict[str, str]
    ambiguous: dict[str, str]


def read_newsletter(
    text: str,
    today: date,
    titles: Collection[int] = (),
    not_titles: Collection[int] = (),
    *,
    language: str = "en",
    timezone: str = "UTC",
) -> tuple[Found, ...]:
    """The items of a newsletter in order. A year that the text leaves open is the one nearest its issue, or `today`.

    `language` (a BCP 47 tag) and `timezone` (an IANA name) tell whether 5/7 is 5 July where the text does not.
    `titles` and `not_titles` are numbers of lines that a person says are titles, or are not; they win. ValueError with a
    sentence if such a line does not exist or has no words.
    """
    parts = split(text, titles, not_titles)
    reader = _reader(parts, today, day_order(text, language, timezone))
    return tuple(_found(section, reader) for section in parts.sections)


def read_article(title: str, body: str, today: date, *, language: str = "en", timezone: str = "UTC") -> Found | None:
    """What the words of one article tell, which is not split; None if its title has no words. `today` is when it came out."""
    text = f"{title}\n\n{body}"
    speaking = {line.number for line in read_lines(text) if line.speaks}
    if 1 not in speaking:
        return None
    [section] = split(text, {1}, speaking - {1}).sections
    return _found(section, Reader(today, today, day_order(text, language, timezone)))


def _reader(parts: Split, today: date, order: DayOrder) -> Reader:
    """The reader of a text's dates; a masthead's own date settles years only if it is within one of today."""
    first = min((section.title.number for section in parts.sections), default=0)
    above = (each.text for each in parts.furniture if each.number < first)
    dates = (dated for each in above for dated in find_dates(each, today, order=order))
    issued = (dated.first.day for dated in dates if not (dated.year_open or dated.last))
    return Reader(today, next((day for day in issued if abs(day - today) <= _YEAR), None), order)


def places(text: str, today: date) -> dict[int, str]:
    """Where each line with words went, by its number: "title", "headline", "organisation", "body" or "furniture".

    "title and body" is a line of which the first sentence is a title.
    """
    parts = split(text)
    reader = _reader(parts, today, day_order(text))
    placed = {line.number: "furniture" for each in parts.furniture for line in each.lines}
    for section in parts.sections:
        lifted = _lifted(section, judge_kind(section, read_timing(section, reader)).kind)
        placed |= {line.number: "body" for each in section.body for line in each.lines}
        fields = {told.line: field for field, told in lifted.items() if told}
        placed |= {
            line.number: fields[each.number] for each in section.body if each.number in fields for line in each.lines
        }
        run_in = {line.number for each in section.body for line in each.lines}
        placed |= {line.number: "title and body" if line.number in run_in else "title" for line in section.title.lines}
    return placed


def _lifted(section: Section, kind: Kind) -> dict[str, Quoted | None]:
    """The fields that can hold the whole of a line, which then leaves the body."""
    release = kind is Kind.PRESS_RELEASE
    organisation, headline = find_release_head(section) if release else (None, find_headline(section))
    return {"headline": headline, "organisation": organisation or find_organisation(section, release=release)}


def _found(section: Section, reader: Reader) -> Found:
    timing = read_timing(section, reader)
    judgement = judge_kind(section, timing)
    lifted = _lifted(section, judgement.kind)
    organisation, headline = lifted["organisation"], lifted["headline"]
    byline, url = find_byline(section.body), find_url(section)
    is_event = judgement.kind is Kind.EVENT
    venue = (
        find_venue(section, timing.starts.verbatim if timing.starts else None) if is_event or timing.labelled else None
    )
    starts, ends = (timing.starts, timing.ends) if is_event else (None, None)
    deadline = timing.deadline or (timing.soon if judgement.kind is Kind.ACTION else None)
    if judgement.kind not in (Kind.ACTION, Kind.EVENT):
        deadline = None  # what others do by a day is no deadline of the reader's
    moments = {"published": timing.published, "deadline": deadline, "starts": starts, "ends": ends}
    told = {"organisation": organisation, "headline": headline, "byline": byline, "venue": venue, "url": url}
    gone = {each.line for each in lifted.values() if each}
    body = [each for each in section.body if each.number not in gone]
    evidence = {"title": section.why, "kind": judgement.words}
    evidence |= {field: each.words for field, each in (*told.items(), *moments.items()) if each}
    return Found(
        line=section.title.number,
        title=section.marked.title,
        tag=section.marked.tag,
        kind=judgement.kind,
        headline=headline.value if headline else None,
        url=url.value if url else None,
        organisation=organisation.value if organisation else None,
        byline=byline.value if byline else None,
        published=timing.published.when if timing.published else None,
        deadline=deadline.when if deadline else None,
        starts=starts.when if starts else None,
        ends=ends.when if ends else None,
        venue=venue.value if venue else None,
        body_markdown=as_markdown(body, section.subheadings),
        confidence=round(section.confidence, 2),
        evidence=evidence,
        ambiguous={field: each.other.isoformat() for field, each in moments.items() if each and each.other},
    )


def as_json(found: Found) -> dict[str, object]:
    """An item as JSON values: dates in ISO 8601, null where unknown."""
    values = {field: getattr(found, field) for field in found.__slots__}
    return {field: value.isoformat() if isinstance(value, When) else value for field, value in values.items()}


__all__ = ["Found", "as_json", "places", "read_article", "read_newsletter"]
