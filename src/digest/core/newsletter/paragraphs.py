"""Paragraphs: lines put together again where a hard wrap took them apart, and what part each plays."""

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date

from digest.core.newsletter.dates import find_dates, is_date_line
from digest.core.newsletter.hours import find_hours
from digest.core.newsletter.lines import Line, goes_on, meant
from digest.core.newsletter.marks import bullet_of, is_caps, number_of
from digest.core.newsletter.names import BYLINE, DASH_SIGNED, NAMES, PERSON
from digest.core.newsletter.vocabulary import (
    COLOPHON,
    CONTACT,
    FAREWELL,
    FORWARDED,
    GREETING,
    LABEL,
    LEAVING,
    LINK_WORDS,
    MAIL_HEADER,
    MAIL_SUBJECT,
    RELEASE,
    RELEASE_END,
    ROLE,
    SIGN_OFF,
    UNFINISHED,
)

_LABELLED = re.compile(r"[^\W\d_][\w ]{1,24}: ")
_LINK = re.compile(r"(?:[\w ]{0,24}: ?)?[<(]?(?:https?://|www\.)\S+[>)]?|[<(]?\S+@\S+\.\w+[>)]?")
_BRACKETS = re.compile(r"\[[^\[\]]{3,24}\] \S")
_GOES_ON = re.compile(r" (?:the|an?|of|for|to|in|on|at|by|with|and|or|el|la|los|las|una?|de|del|al|en|con|por|para|y)$")
_SENTENCE_END = re.compile(r"[.…][”\"»’)]*$|[!?][”\"»’]+$")
_TITLE = 90  # characters of a heading with a bullet at most
_REGARDS, _GOODBYE = 5, 10  # words of a line that ends in a comma and takes leave, by itself or above a name
ANY_DAY = date(2024, 1, 1)  # where a date is looked for and not read
ABOUT = re.compile(r"(?:About|Sobre|Acerca de|Über|À propos d[eu]) (?:the |la |el |las |los )?[A-ZÀ-Þ][^.:]{3,80}: ?\S")


@dataclass(frozen=True, slots=True)
class Paragraph:
    """`lines` are one or more neighbours; `rule` is drawn above it, `under` right below its only or last line."""

    lines: tuple[Line, ...]
    text: str
    gap: int
    rule: str
    under: str
    opens: bool
    closes: bool
    part: str = "short"

    @property
    def number(self) -> int:
        """The number of its first line."""
        return self.lines[0].number


def starts_anew(line: Line, after: Line, width: int) -> bool:
    """True if a line of a block does not go on with the line before it."""
    if len(line.text) > 0.6 * width > 0 and _GOES_ON.search(line.text):
        return False
    if bullet_of(after.text) or number_of(after.text) or after.text.startswith("# ") or LABEL.match(after.text):
        return True
    if _LINK.fullmatch(line.text) or _LINK.fullmatch(after.text) or MAIL_HEADER.match(after.text):
        return True
    if LABEL.match(line.text) and _LABELLED.match(after.text):
        return True
    if _BRACKETS.match(line.text) and not goes_on(line, after):
        return True
    if is_caps(line.text) != is_caps(after.text) and len(line.text) > 8 and len(after.text) > 8:
        return True
    if goes_on(line, after) and ((bullet_of(line.text) and width) or len(line.text) > max(0.6 * width, 40)):
        return False
    if is_caps(line.text) and is_caps(after.text) and UNFINISHED.search(line.text):
        return False
    return meant(line, after, width)


def put_together(lines: Sequence[Line], width: int, alone: Collection[int] = ()) -> list[Paragraph]:
    """The paragraphs of a text wrapped at `width` (0: not wrapped), with the space and the rules around them.

    The lines numbered in `alone` are each a paragraph.
    """
    found: list[Paragraph] = []
    gap, rule = 0, ""
    for position, line in enumerate(lines):
        before = lines[position - 1] if position else None
        if line.blank:
            gap += 1
        elif line.rule:
            if before and before.speaks and found and found[-1].opens and _can_be_underlined(found[-1]):
                found[-1] = replace(found[-1], under=line.rule, closes=True)
            else:
                rule = line.rule
        else:
            opens = not (before and before.speaks)
            if (
                not opens
                and found
                and before
                and not (line.number in alone or before.number in alone or starts_anew(before, line, width))
            ):
                grown = found[-1]
                found[-1] = replace(grown, lines=(*grown.lines, line), text=f"{grown.text} {line.text}")
            else:
                if opens and found:
                    found[-1] = replace(found[-1], closes=True)
                found.append(Paragraph((line,), line.text, gap, rule, "", opens, closes=False))
            gap, rule = 0, ""
    if found:
        found[-1] = replace(found[-1], closes=True)
    return _with_parts(_rules_used_one_way(found))


def _rules_used_one_way(paragraphs: list[Paragraph]) -> list[Paragraph]:
    """Where a rule's character mostly stands between items, a rule right below a line stands between them as well."""
    above = [each.rule for each in paragraphs]
    under = [each.under for each in paragraphs]
    for here in range(len(paragraphs) - 1):
        drawn = paragraphs[here].under
        if drawn and above.count(drawn) > 2 * under.count(drawn) and not paragraphs[here + 1].rule:
            paragraphs[here] = replace(paragraphs[here], under="")
            paragraphs[here + 1] = replace(paragraphs[here + 1], rule=drawn)
    return paragraphs


def _can_be_underlined(each: Paragraph) -> bool:
    """True if a rule right below is the underline of a heading rather than the end of a text."""
    return len(each.lines) <= 3 and len(each.text) <= 160 and not each.text.endswith((".", "…", ".»", ".”", '."'))


# How many words each has at most: what is longer is a text that mentions such a thing.
_PARTS: dict[str, Callable[[Paragraph, str, int], object]] = {
    "end": lambda _, text, words: words <= 3 and RELEASE_END.search(text),
    "release": lambda _, text, words: words <= 14 and (found := RELEASE.search(text)) and not _titled(text, found),
    "contact": lambda _, text, words: words <= 24 and CONTACT.match(text),
    "label": lambda _, text, words: words <= 40 and LABEL.match(text),
    "date": lambda _, text, words: words <= 12 and is_date_line(text),
    "header": lambda _, text, words: words <= 40 and FORWARDED.search(text),
    "link": lambda _, text, words: (
        (words <= 5 and _LINK.fullmatch((bullet_of(text) or ("", text))[1]))
        or (words <= 7 and LINK_WORDS.fullmatch(text))
    ),
    "byline": lambda _, text, words: words <= 12 and text[-1] not in ".!?" and BYLINE.fullmatch(text),
    "signoff": lambda _, text, words: words <= 10 and (SIGN_OFF.match(text) or FAREWELL.match(text)),
    "footer": lambda _, text, words: (
        (words <= 60 and LEAVING.search(text.lower())) or (words <= 25 and COLOPHON.search(text.lower()))
    ),
    "greeting": lambda _, text, words: words <= 10 and (text[-1] in ",!:" or words <= 4) and GREETING.match(text),
    "signature": lambda _, text, words: words <= 14 and DASH_SIGNED.fullmatch(text),
    "prose": lambda each, text, words: (
        words - bool(bullet_of(text)) >= 15
        or len(each.lines) > 2
        or (words >= 5 and _SENTENCE_END.search(text) and not is_caps(text))
    ),
}


def _titled(text: str, release: re.Match[str]) -> bool:
    """True if a release's first words lead its title on the same line: "PRESS RELEASE: Council sells the baths"."""
    rest = text[release.end() :].strip(" :–—-|,")
    title = release.start() == 0 and len(rest.split()) >= 4 and not CONTACT.match(rest)
    return title and not find_hours(rest) and not find_dates(rest, ANY_DAY)


def _own_part(each: Paragraph) -> str:
    """The first part that a paragraph's own words fit, "short" if none does."""
    words = len(each.text.split(None, 61))
    return next((part for part, fits in _PARTS.items() if fits(each, each.text, words)), "short")


def _with_parts(paragraphs: Sequence[Paragraph]) -> list[Paragraph]:
    """Each paragraph's own part; then lists, known by their neighbours, and signatures, known by what is above or below."""
    own = [_own_part(each) for each in paragraphs]
    parts = ["short" if _is_dashed_title(paragraphs, own, at) else part for at, part in enumerate(own)]
    for at in _mail_headers(paragraphs):
        parts[at] = "header"
    marks = [
        _list_mark(each) if part in ("short", "prose", "signature") else ""
        for each, part in zip(paragraphs, parts, strict=True)
    ]
    for here, mark in enumerate(marks):
        if (
            mark
            and not paragraphs[here].under
            and (
                not (paragraphs[here].opens or _kicks(paragraphs, here - 1) or _has_text(paragraphs, parts, here))
                or (parts[here] == "prose" and not _has_text(paragraphs, parts, here))
                or (not _kicks(paragraphs, here) and mark in marks[here + 1 : here + 2] and not paragraphs[here].closes)
            )
        ):
            parts[here] = "list"
    for here, each in enumerate(paragraphs):
        if here > 3 and parts[here] == "short" and each.opens and each.text[-1] == ",":
            below = paragraphs[here + 1].text if here + 1 < len(parts) else ""
            if len(each.text.split()) <= (_GOODBYE if NAMES.fullmatch(below) else _REGARDS):
                parts[here] = "signoff"
    for here in range(len(parts) - 1):
        if (
            parts[here] == "short"
            and parts[here + 1] in ("short", "prose")
            and _name_and_role(*paragraphs[here : here + 2])
        ):
            parts[here : here + 2] = ["signature", "signature"]
    for here, part in enumerate(parts):
        if part == "signoff":
            for at in range(here + 1, min(here + 6, len(parts))):
                if not _signs(paragraphs[at], parts[at], first=at == here + 1):
                    break
                parts[at] = "signature"
    return [replace(each, part=part) for each, part in zip(paragraphs, parts, strict=True)]


def _has_text(paragraphs: Sequence[Paragraph], parts: Sequence[str], at: int) -> bool:
    """True if a text without a bullet stands right below a line that is no sentence."""
    return (
        at + 1 < len(parts)
        and parts[at + 1] == "prose"
        and not (
            paragraphs[at + 1].opens or _list_mark(paragraphs[at + 1]) or _SENTENCE_END.search(paragraphs[at].text)
        )
        and len(paragraphs[at].text) <= _TITLE
    )


def _is_dashed_title(paragraphs: Sequence[Paragraph], parts: Sequence[str], at: int) -> bool:
    """True for what would be a signature ("- SPRING FAIR") if no text stood below it."""
    return parts[at] == "signature" and paragraphs[at].opens and _has_text(paragraphs, parts, at)


def _kicks(paragraphs: Sequence[Paragraph], at: int) -> bool:
    """True for a word or two in capitals right above one line and no more: "* URGENT", "* Renew your permit"."""
    each, below = paragraphs[at], paragraphs[at + 1 : at + 2]
    words = (bullet_of(each.text) or ("", each.text))[1]
    return (
        bool(below)
        and each.opens
        and not below[0].opens
        and below[0].closes
        and is_caps(words)
        and len(words.split()) <= 3
    )


def _mail_headers(paragraphs: Sequence[Paragraph]) -> list[int]:
    """The positions of lines such as "From: …", in blocks that have a "Subject: …"."""
    subjects = [at for at, each in enumerate(paragraphs) if MAIL_SUBJECT.match(each.text)]
    near = [at for subject in subjects for at in block(paragraphs, subject)]
    return [at for at in near if MAIL_HEADER.match(paragraphs[at].text)]


def is_dateline(date: Paragraph, title: Paragraph) -> bool:
    """True if a line with a day and no hour heads a block, and so belongs to the title right below it."""
    return (
        date.part == "date"
        and date.opens
        and not title.opens
        and not (find_hours(date.text) or begins_with_date(title))
    )


def begins_with_date(each: Paragraph) -> bool:
    """True if a text begins with a day: "Thursday 14 March, 7pm, in the hall"."""
    return any(found.start <= 4 for found in find_dates(each.text[:60], ANY_DAY)[:1])


def block(paragraphs: Sequence[Paragraph], at: int) -> range:
    """The positions of those that stand in one block with the one at a position."""
    first, last = at, at + 1
    while first > 0 and not paragraphs[first].opens:
        first -= 1
    while last < len(paragraphs) and not paragraphs[last].opens:
        last += 1
    return range(first, last)


def _list_mark(each: Paragraph) -> str:
    if bulleted := bullet_of(each.text):
        return each.text.split(maxsplit=1)[0] if bulleted[0] == "emoji" else bulleted[0]
    return "number" if number_of(each.text) else ""


def _name_and_role(name: Paragraph, role: Paragraph) -> bool:
    """True for two lines of a block like "Nadia Rowntree / Chair"."""
    return (
        not role.opens and bool(PERSON.fullmatch(name.text) and ROLE.search(role.text)) and len(role.text.split()) <= 10
    )


def _signs(each: Paragraph, part: str, *, first: bool) -> bool:
    """True if a line below a sign-off goes on signing: it is short, and right below, or names a role."""
    words = len(each.text.split(None, 15))
    if part not in ("short", "signature", "prose") or words > 14 or each.rule:
        return False
    if each.text[0].islower() and each.text[-1] == ",":  # a verse
        return False
    return first or not each.opens or (each.gap == 1 and words <= 10 and bool(ROLE.search(each.text)))
