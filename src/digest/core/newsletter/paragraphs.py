"""Paragraphs: lines put together again where a hard wrap took them apart, and what part each plays."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace

from digest.core.newsletter.dates import is_date_line
from digest.core.newsletter.lines import Line, meant
from digest.core.newsletter.marks import bullet_of, is_caps, number_of
from digest.core.newsletter.vocabulary import CONTACT, FOOTER, GREETING, LABEL, RELEASE, RELEASE_END, ROLE, SIGN_OFF

_LINK = re.compile(r"(?:[\w ]{0,24}: ?)?[<(]?(?:https?://|www\.)\S+[>)]?|[<(]?\S+@\S+\.\w+[>)]?")
_NAME = r"(?:(?:Dr|Rev|Fr|Sr|Mr|Mrs|Ms|Prof|Hon|Dra|Lic|Canon)\.? )*[^\W\d_a-zà-ÿ][\w.’'-]*(?: (?:de|del|la|van|von|der|y|i|of|[^\W\d_a-zà-ÿ][\w.’'-]*)){1,4}"
_DASH_SIGNED = re.compile(rf"(?:[–—-]{{1,3}}|~) ?(?P<name>{_NAME})(?:,.{{2,80}}|\s?\([^)]*\))?")
_SENTENCE_END = re.compile(r"[.…!?][”\"»’)]+$|[.…]$")
PERSON = re.compile(_NAME)


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
    part: str = field(default="short")

    @property
    def number(self) -> int:
        """The number of its first line."""
        return self.lines[0].number


def starts_anew(line: Line, after: Line, width: int) -> bool:
    """True if a line of a block does not go on with the line before it."""
    if bullet_of(after.text) or number_of(after.text) or after.text.startswith("# ") or LABEL.match(after.text):
        return True
    if is_caps(line.text) != is_caps(after.text) and len(line.text) > 8 and len(after.text) > 8:
        return True
    if after.text[0].islower() and line.text[-1] not in ".!?:":
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


def _own_part(paragraph: Paragraph) -> str:
    text = paragraph.text
    words = len(text.split())
    tests = (
        ("end", RELEASE_END.search(text)),
        ("release", words <= 14 and RELEASE.search(text)),
        ("contact", words <= 24 and CONTACT.match(text)),
        ("label", words <= 40 and LABEL.match(text)),
        ("date", words <= 12 and is_date_line(text)),
        ("link", _LINK.fullmatch(text)),
        ("signoff", words <= 8 and SIGN_OFF.match(text)),
        ("footer", words <= 60 and FOOTER.search(text)),
        ("greeting", words <= 10 and text[-1] in ",!:" and GREETING.match(text)),
        (
            "signature",
            words <= 14
            and (signed := _DASH_SIGNED.fullmatch(text))
            and (ROLE.search(text) or not signed["name"].isupper()),
        ),
        (
            "prose",
            words >= 15
            or (words >= 5 and _SENTENCE_END.search(text) and not is_caps(text))
            or len(paragraph.lines) > 2,
        ),
    )
    return next((part for part, holds in tests if holds), "short")


def _with_parts(paragraphs: Sequence[Paragraph]) -> list[Paragraph]:
    """Each paragraph's own part; then lists, known by their neighbours, and signatures, known by the sign-off above."""
    parts = [_own_part(each) for each in paragraphs]
    for here, each in enumerate(paragraphs):
        if parts[here] in ("short", "prose", "signature", "label"):
            mark = bullet_of(each.text) and "bullet" or (number_of(each.text) and "number") or ""
            beside = [paragraphs[at] for at in (here - 1, here + 1) if 0 <= at < len(paragraphs)]
            alike = [
                other for other in beside if (bullet_of(other.text) if mark == "bullet" else number_of(other.text))
            ]
            if mark and any(
                (other.number < each.number and not each.opens) or (other.number > each.number and not each.closes)
                for other in alike
            ):
                parts[here] = "list"
            elif mark and (parts[here] == "prose" or not each.opens):
                parts[here] = "list"
    for here in range(len(parts) - 1):
        name, role = paragraphs[here], paragraphs[here + 1]
        if parts[here : here + 2] == ["short", "short"] and not role.opens and PERSON.fullmatch(name.text):
            if ROLE.search(role.text) and len(role.text.split()) <= 10:
                parts[here] = parts[here + 1] = "signature"
    for here, part in enumerate(parts):
        if part != "signoff":
            continue
        for at in range(here + 1, min(here + 6, len(parts))):
            if (
                at > here + 1
                and paragraphs[at].opens
                and not (
                    ROLE.search(paragraphs[at].text)
                    and len(paragraphs[at].text.split()) <= 10
                    and paragraphs[at].gap == 1
                )
            ):
                break
            if (
                parts[at] not in ("short", "signature", "prose")
                or len(paragraphs[at].text.split()) > 14
                or paragraphs[at].rule
            ):
                break
            parts[at] = "signature"
    return [replace(each, part=part) for each, part in zip(paragraphs, parts, strict=True)]
