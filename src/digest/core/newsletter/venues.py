"""Where an event takes place: a "Where:" line, a sentence that says so, or a place named beside the date."""

import re
from itertools import zip_longest

from digest.core.newsletter.hours import find_hours
from digest.core.newsletter.marks import title_case
from digest.core.newsletter.paragraphs import begins_with_date
from digest.core.newsletter.people import Quoted
from digest.core.newsletter.split import Section

_I = re.IGNORECASE
_PLACE = r"(?:[^.;\n(]|(?<=\b(?:St|Dr|Av|Mt|Rd|No))\.|(?<=\b(?:Ave|Sta|Sto))\.)"
_LABELLED = re.compile(
    r"^(?:where|place|location|venue|address|lugar|dónde|sitio|dirección|wo|ort|où|lieu)\s*:\s*(?P<place>[^(]+)", _I
)
_TOLD = re.compile(
    rf"\b(?:the (?:venue|location|place) is|el lugar es|(?:venue|where|lugar|dónde):)\s+(?P<place>{_PLACE}+)", _I
)
_ENDS = r"(?=[.;(:\n]|$|,? (?:from|and|to|with|starting|until|for|desde|con|y|para|von|mit|avec)\b)"
_AT = re.compile(rf"^[\s,;:–—-]*(?:at|in|on|en|im|in der|au|à|a)\s+(?P<place>(?!\d){_PLACE}{{3,90}}?){_ENDS}", _I)
_BARE = re.compile(
    rf"^\s?[,;:|–—-]\s*(?P<place>[A-ZÀ-Þ]{_PLACE}{{3,80}}?)[.;(\n]|^, (?P<street>(?:place|rue|calle|plaza)\b{_PLACE}{{3,80}})"
)
_REST = re.compile(r"^\s?[,;:|–—-]\s*(?P<place>[A-ZÀ-Þ0-9][^.;:!?(]{3,70})\.?$")
_NO_PLACE = re.compile(
    r"\b(?:welcome|free|bring|everyone|everybody|all|join|no|tickets?|bienvenid\w+|gratis|gratuit\w+|libre|entradas?|tod[oa]s|trae\w*)\b",
    _I,
)
_SPOT = (
    r"hall|park|church|library|cent(?:er|re)|plaza|square|street|room|school|theat(?:er|re)|house|club|bandstand|"
    r"gardens?|lychgate|"
    r"caf[eé]|gate|market|museum|college|university|steps|capitol|courthouse|office|barn|centro|biblioteca|parque|"
    r"iglesia|calle|sala|"
    r"teatro|casa|escuela|ayuntamiento|local|salón|saal|haus|platz|place|rue|salle"
)
_SPOT_WORD = re.compile(rf"\b(?:{_SPOT})\b", _I)
_SPOT_AT = re.compile(
    rf"\b(?:at|in|en|im) (?P<place>(?:(?:the|el|la|our) )?(?:[\w’'-]+ ){{0,4}}?(?:{_SPOT})\b(?: (?:of|de|del|"
    rf"behind|la|los) {_PLACE}{{2,40}}?)?"
    rf"(?:, [A-ZÀ-Þ0-9]{_PLACE}{{2,50}}?)?)(?=[.;:(,\n]|$| (?:from|and|to|with|starting|until|at|on|desde|con|y|"
    rf"that|so|bring)\b)",
    _I,
)


def find_venue(section: Section, when_words: str | None) -> Quoted | None:
    """The venue of a section whose date was read from `when_words`, a verbatim piece of one of its paragraphs."""
    for each in section.body:
        if found := _LABELLED.match(each.text) or _TOLD.search(each.text):
            return _venue(found)
    for each, below in zip_longest(section.body, section.body[1:]):
        at = each.text.find(when_words) if when_words else -1
        if at < 0:
            continue
        rest = each.text[at + len(when_words or "") :]
        if hours := next(iter(find_hours(rest)), None):
            rest = rest[hours.end :] if not rest[: hours.start].strip(" ,;:|–—-") else rest
        if found := _AT.match(rest) or _BARE.match(rest) or _SPOT_AT.search(each.text):
            return _venue(found)
        if begins_with_date(each) and (found := _REST.match(rest)) and _names_place(found["place"]):
            return _venue(found)
        if below and not rest.strip(" .") and not below.opens and below.part == "short":
            return Quoted(below.text.strip(" ."), below.text)
    return None


def _names_place(words: str) -> bool:
    """True if what ends a line looks like a name, or speaks of a hall or the like, and not of who may come."""
    return not _NO_PLACE.search(words) and (title_case(words) >= 0.6 or bool(_SPOT_WORD.search(words)))


def _venue(found: re.Match[str]) -> Quoted:
    place = next(value for value in found.groups() if value)
    return Quoted(
        re.sub(r"^(?:[Mm]eet(?:ing)? (?:at|in|by) )?(?:(?:the|la|el) (?=[A-ZÀ-Þ]))?", "", place.strip(" .,")),
        found[0].strip(" ,;"),
    )
