"""What kind of item a section is: by its label and banner, its form, and what it says and asks.

Each of these votes for a kind, and the votes are added up: an editor's own label is 4, a title's words some 2, words of the text
less than 1 (docs/adr/0006-newsletters-as-drafts.md says where the numbers come from).
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from digest.core.item import Kind
from digest.core.newsletter.dates import find_dates
from digest.core.newsletter.kind_words import (
    ASKING_TITLE,
    ASKS,
    CAMPAIGNED,
    EARNED,
    GLAD,
    GRANTED,
    IMPERATIVES,
    INVITES,
    MOURNS,
    OCCASION,
    ON_THE,
    OUTCOME,
    RECURS,
    RECURS_AT,
    SEEKS,
    SHUT,
    STATEMENT_TITLE,
    STATES,
    TO_READER,
    WE_WON,
    WON,
)
from digest.core.newsletter.paragraphs import ANY_DAY
from digest.core.newsletter.section_names import labelled_kind
from digest.core.newsletter.split import Section
from digest.core.newsletter.timing import Timing
from digest.core.newsletter.vocabulary import RELEASE

_DATELINE = re.compile(r"\(?[A-ZÀ-Þ][\w.’' -]{2,40}, [^–—]{4,40}?(?:\)|\.)? ?[–—-]{1,3} ?")
_FOR_EDITORS = re.compile(
    r"(?:notes? (?:to|for) editors|(?:media|press) (?:contact|enquiries|inquiries)|contacto de prensa|contacto para medios|"
    r"pressekontakt|contacts? presse)\b",
    re.IGNORECASE,
)
_NEWS = re.compile(r"\b(?:news|report|noticias?|nachrichten|nouvelles)\b", re.IGNORECASE)
_EXCLAIMED = re.compile(r"!\W*$")
_FIRST = 80  # characters: the first sentence
_LITTLE = 1.4  # evidence of a kind that is no more than this makes news
_START, _READ = 400, 4_000  # characters of a body: those that tell its thrust, and those that are read at all
_Votes = Iterator[tuple[Kind, float, str]]


@dataclass(frozen=True, slots=True)
class Judgement:
    """A kind and the words it came from."""

    kind: Kind
    words: str


def judge_kind(section: Section, timing: Timing) -> Judgement:
    """The kind with the most evidence; news where there is little."""
    sums: dict[Kind, float] = defaultdict(float)
    words: dict[Kind, list[tuple[float, str]]] = defaultdict(list)
    for votes in (_of_labels(section), _of_form(section), _of_timing(section, timing), _of_words(section, timing)):
        for kind, weight, said in votes:
            sums[kind] += weight
            words[kind].append((weight, said))
    best = max(Kind, key=lambda kind: sums[kind])
    return Judgement(best, "; ".join(said for _, said in sorted(words[best], reverse=True)[:3]))


def _of_labels(section: Section) -> _Votes:
    prefix, *rest = re.split(r"[:!] | [–—-] ", section.marked.title, maxsplit=1)
    for said, weight in (
        (section.marked.label, 4.0),
        (prefix if rest else None, 3.0),
        (section.banner_words, 2.0),
        (section.marked.tag, 2.0),
    ):
        if said and (named := labelled_kind(said) or ("press_release" if RELEASE.search(said) else None)):
            firm = named != "news" or (said == section.marked.label and _NEWS.search(said or ""))
            yield Kind(named), weight if firm else 0.5, said


def _of_form(section: Section) -> _Votes:
    yield Kind.NEWS, _LITTLE, "nothing that says otherwise"
    for each in section.body[:3]:
        if each.part == "release" or RELEASE.search(each.text[:80]):
            yield Kind.PRESS_RELEASE, 5.0, each.text
            return
    first = next((each.text for each in section.body if each.part == "prose"), "")
    if (found := _DATELINE.match(first)) and find_dates(found[0], ANY_DAY):
        yield Kind.PRESS_RELEASE, 1.2, found[0]
    if notes := next((each.text for each in section.body if _FOR_EDITORS.match(each.text)), None):
        yield Kind.PRESS_RELEASE, 1.2, notes


def _of_timing(section: Section, timing: Timing) -> _Votes:
    timed = timing.starts is not None and (timing.starts.when.at is not None or timing.ends is not None)
    if timing.deadline:
        yield Kind.ACTION, 1.2 if timed else 1.6, timing.deadline.words
        if timing.deadline.verbatim in section.title.text:
            yield Kind.ACTION, 1.0, "the last day is in the title"
    elif timing.soon:
        yield Kind.ACTION, 0.8, timing.soon.words
    if timing.starts:
        weight = 1.2 + 1.3 * timed + 1.0 * timing.labelled + 0.8 * (timing.ends is not None) + 0.5 * timing.heads
        yield Kind.EVENT, weight, timing.starts.words


def _of_words(section: Section, timing: Timing) -> _Votes:
    title = " ".join(filter(None, (section.marked.title, section.marked.tag)))
    text = "\n".join(each.text for each in section.body)[:_READ]
    start = text[:_START]
    invites = 0.4 if timing.starts else 0.15
    occasion = 0.4 if section.body else 1.8
    again = 0.0 if SHUT.search(title.lower()) else 1.0  # opening hours come back every week, and are no occasion
    for kind, pattern, weight, where, most in (
        (Kind.ACTION, ASKING_TITLE, 1.6, title, 1),
        (Kind.ACTION, ASKS, 0.8, text, 3),
        (Kind.ACTION, IMPERATIVES, 0.5, f"{title}\n{text}", 3),
        (Kind.ACTION, TO_READER, 0.3, text, 2),
        (Kind.ACTION, SEEKS, 0.9, text, 1),
        (Kind.ACTION, SEEKS, 1.2, title, 1),
        (Kind.EVENT, OCCASION, occasion, title, 1),
        (Kind.EVENT, RECURS, 1.6 * again, title, 1),
        (Kind.EVENT, RECURS, 0.4 * again, text, 1),
        (Kind.EVENT, RECURS_AT, 1.2 * again, text, 1),
        (Kind.EVENT, INVITES, invites, f"{title}\n{text}", 3),
        (Kind.NEWS, SHUT, 3.0, title, 1),
        (Kind.NEWS, MOURNS, 1.2, f"{title}\n{start}", 1),
        (Kind.NEWS, SHUT, 1.5, start[:_FIRST], 1),
        (Kind.VICTORY, WON, 0.7, title, 1),
        (Kind.VICTORY, GRANTED, 1.1, title, 1),
        (Kind.VICTORY, OUTCOME, 0.8, f"{title}\n{start}", 2),
        (Kind.VICTORY, GLAD, 0.5, text, 2),
        (Kind.VICTORY, CAMPAIGNED, 0.5, text, 2),
        (Kind.VICTORY, WON, 0.7, start, 1),
        (Kind.VICTORY, WE_WON, 2.2, f"{title}\n{start}", 1),
        (Kind.VICTORY, EARNED, 0.9, f"{title}\n{text}", 3),
        (Kind.VICTORY, _EXCLAIMED, 0.5, title, 1),
        (Kind.STATEMENT, STATES, 0.8, text, 3),
        (Kind.STATEMENT, STATEMENT_TITLE, 2.0, title, 1),
        (Kind.STATEMENT, STATEMENT_TITLE, 0.6, start, 1),
        (Kind.STATEMENT, ON_THE, 0.8, title, 1),
    ):
        for said in _different(pattern, where, most):
            yield kind, weight, said


def _different(pattern: re.Pattern[str], text: str, most: int) -> list[str]:
    """The first matches, as many as `most`, that are not the same words again."""
    said: dict[str, str] = {}
    for found in pattern.finditer(text.lower()):
        said.setdefault(found[0], text[found.start() : found.end()])
        if len(said) == most:
            break
    return list(said.values())
