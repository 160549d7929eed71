"""Who speaks: byline, organisation, and a release's headline."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from digest.core.newsletter.marks import read_marks, title_case
from digest.core.newsletter.names import PERSON
from digest.core.newsletter.paragraphs import Paragraph
from digest.core.newsletter.split import Section
from digest.core.newsletter.vocabulary import ORGANISATION, ROLE

_I = re.IGNORECASE
_BY = re.compile(r"(?:By|Por|Von|Par|Text:|Texto:)\s+(?P<name>[^\W\d_].{3,70})")
_SIGNED = re.compile(PERSON.pattern + r"(?:, [^.!?]{3,60})?")
_DASH = re.compile(r"(?:[–—~-]+)\s*")
_CAPITALISED = r"(?:[A-ZÀ-Þ][\w’'.&-]*|of|for|and|the|de|del|la|las|los|y|e|für|der|und|des|&)"
_NAMED = re.compile(rf"[A-ZÀ-Þ][\w’'.&-]*(?: {_CAPITALISED}){{0,9}}")
_CAMPAIGN = re.compile(
    r"\b(?:for|by|from|with|of) the (?P<name>[A-ZÀ-Þ][\w’'&-]+(?: [A-ZÀ-Þ][\w’'&-]+){1,5}) (?:letter|petition|"
    r"campaign|action|alert|e-?mail)"
)
_HOST = re.compile(
    r"^(?:host(?:s|ed by)?|organi[sz]ed by|sponsor(?:s|ed by)?|organiza[n]?|convoca[n]?|veranstalter|"
    r"organisé par)\s*:\s*(?P<name>.+)",
    _I,
)
_ABOUT = re.compile(
    r"^(?:About|Sobre|Acerca de|Über|À propos de) (?:the |la |el )?(?P<name>[A-ZÀ-Þ][^.:]{4,80}?)(?::|$)"
)


@dataclass(frozen=True, slots=True)
class Quoted:
    """A value, the words it came from, and the line that holds nothing else (0: none does)."""

    value: str
    words: str
    line: int = 0


def find_byline(body: Sequence[Paragraph]) -> Quoted | None:
    """The signature at the end ("name, role, organisation"), or a "By …" line at the top."""
    for each in body[:3]:
        if (found := _BY.fullmatch(each.text)) and len(each.text.split()) <= 12:
            return Quoted(found["name"].strip(" ."), each.text)
    signed = [each for each in body if each.part == "signature"] or _signed_alone(body)
    if not signed:
        return None
    tail = [signed[-1]]
    for each in reversed(signed[:-1]):
        if each.lines[-1].number < tail[0].number - 2:
            break
        tail.insert(0, each)
    parts = [_role_apart(_DASH.sub("", each.text, count=1) if _DASH.match(each.text) else each.text) for each in tail]
    return Quoted(", ".join(part.strip(" ,") for part in parts), " / ".join(each.text for each in tail))


def _signed_alone(body: Sequence[Paragraph]) -> list[Paragraph]:
    """The last block of a body, if it is a person's name and perhaps, below it or after a comma, a role."""
    opens = max((at for at, each in enumerate(body) if each.opens), default=0)
    block = list(body[opens:])
    if opens == 0 or len(block) > 3 or any(each.part != "short" for each in block):
        return []
    first = block[0].text
    return block if _SIGNED.fullmatch(first) and not ORGANISATION.search(first) else []


def _role_apart(text: str) -> str:
    """ "Co-Executive Director Global Exchange" is a role and an organisation."""
    roles = list(ROLE.finditer(text))
    if not roles:
        return text
    end = roles[-1].end()
    rest = text[end:]
    return f"{text[:end]}, {rest.strip()}" if re.match(r" (?!of\b|for\b|de\b|at\b)[A-ZÀ-Þ]", rest) else text


def find_release_head(section: Section) -> tuple[Quoted | None, Quoted | None]:
    """The organisation and the headline that stand, a line each, between a release's first line and its text."""
    head: list[Paragraph] = []
    for each in section.body[:8]:
        if each.part in ("release", "date", "contact", "link"):
            continue
        if each.part != "short" or each.number < section.title.number:
            break
        head.append(each)
    organisation = next((each for each in head if ORGANISATION.search(each.text) and title_case(each.text) > 0.7), None)
    if organisation is None and len(head) > 1:
        organisation = head[0]
    headline = next((each for each in head if each is not organisation), None)
    return _line(organisation), _line(headline)


def _line(each: Paragraph | None) -> Quoted | None:
    if each is None:
        return None
    marked = read_marks(each.text)
    return Quoted(each.text if marked.tag or marked.label else marked.title, each.text, each.number)


def find_headline(section: Section) -> Quoted | None:
    """A second title right below the first: short, alone, in title case, and followed by text."""
    if len(section.body) < 2:
        return None
    each, after = section.body[0], section.body[1]
    if each.part != "short" or not (each.opens and each.closes) or after.part != "prose" or each.text[-1] in ".:,;":
        return None
    return _line(each) if title_case(each.text) >= 0.8 and len(each.text.split()) >= 4 else None


def find_organisation(section: Section, *, release: bool) -> Quoted | None:
    """Who issues it: a "Hosted by" line, "About X" at the end of a release, the name that opens the text, a campaign's owner."""
    for each in section.body:
        if found := _HOST.match(each.text) or (_ABOUT.match(each.text) if release else None):
            return Quoted(found["name"].strip(" ."), each.text)
    for each in section.body[:2]:
        name, _, rest = each.text.partition(". ")
        if rest and ORGANISATION.search(name) and _NAMED.fullmatch(name) and 2 <= len(name.split()) <= 9:
            return Quoted(name, name)
        if found := _CAMPAIGN.search(each.text):
            return Quoted(found["name"], found[0])
    return None
