"""Times of day in running text: "9 AM to 1 PM", "6–8 pm", "18:30", "a las 20.30 h", "19 Uhr", "17 h 30", "half past nine"."""

import re
from dataclasses import dataclass
from datetime import time

TO = (
    r"\s*(?:-|–|—|\bto\b|[’']?\btill?\b|\bthrough\b|\bthru\b|\buntil\b|\band\b|&|\bal?\b|\bhasta\b|\by\b|\bbis\b|\bund\b|\bau\b|"
    r"\bet\b|\bà\b|\by\b)\s*"
    r"(?:el |the |le |zum )?"
)
_SPOKEN_HOURS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_SPOKEN = "|".join(_SPOKEN_HOURS)
_NAMED = {
    "noon": 12,
    "midday": 12,
    "mediodía": 12,
    "mittag": 12,
    "mittags": 12,
    "midi": 12,
    "midnight": 0,
    "medianoche": 0,
    "minuit": 0,
}
_SPANISH_HOURS = ("una", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve", "diez", "once", "doce")
_CLOCK = r"(?:(?:[01]\d|2[0-3])[0-5]\d(?= ?(?:hrs?|hours)\b)|[01]?\d|2[0-4])(?:(?:[:.h]| h | uhr )[0-5]\d(?!\d))?"
_WORDS = (
    rf"(?:half|quarter) past (?:{_SPOKEN})|(?:{_SPOKEN}) o[’']clock|(?:12 )?(?:{'|'.join(_NAMED)})|"
    rf"(?:(?<=a las )|(?<=desde las )|(?<=hacia las )|(?<=sobre las )|(?<=a la ))(?:{'|'.join(_SPANISH_HOURS)})"
    r"(?: y (?:media|cuarto))?(?= de la |[.,;:)]| en | horas|$)|"
    rf"(?<=at )(?:half )?(?:{_SPOKEN})(?= in the |[.,;]| sharp)|(?:{_SPOKEN})(?= in the (?:morning|afternoon|evening))"
)
_HALF = (
    r"\s*(?:(?:o[’']clock )?(?:in the (?:morning|afternoon|evening)|at night)|o[’']clock|[ap]\.? ?m\b\.?|"
    r"de la (?:mañana|tarde|noche|madrugada)|uhr(?: (?:früh|morgens|vormittags|nachmittags|abends))?\b|"
    r"(?:heures?|h) (?:du (?:matin|soir)|de l[’']après-midi)|horas\b|heures\b|hrs?\b\.?|hs\b\.?|h\b)"
)
_HALF_PAST, _QUARTER = re.compile("half|media"), re.compile("quarter|cuarto")
_EARLY = re.compile(r"a\.? ?m|mañana|madrugada|morning|früh|morgens|vormittags|matin")
_LATE = re.compile(r"p\.? ?m|tarde|noche|afternoon|evening|night|nachmittags|abends|soir|après")
_TIME = re.compile(
    rf"(?<![\w:/$€£.,#-])(?P<from>{_WORDS}|{_CLOCK})(?P<from_half>{_HALF})?"
    rf"(?:(?:{TO}| (?P<doors>for) )(?:las? |l'|les )?(?P<till>{_WORDS}|{_CLOCK})(?P<till_half>{_HALF})?)?(?![\w/:%])",
    re.IGNORECASE,
)
_DAWN = re.compile(r"\b(?:dawn|sunrise|morning|breakfast|amanecer|madrugada|früh|morgens|aube|matin)\b", re.IGNORECASE)
_EVENING = re.compile(r"\b(?:evening|tonight|bar|pub|inn)\b", re.IGNORECASE)
_TOGETHER = re.compile(r"\b(?:and|y|und|et)\b|&")
_SPOKEN_HALF = re.compile(r"(?:half|quarter) past", re.IGNORECASE)
_AT = re.compile(r"(?:\bat|,) $")
_SETS_OUT = re.compile(r"\b(?:leav\w*|depart\w*|coach|bus|train|open\w*|start\w* work|run|walk|ride)\b", re.IGNORECASE)
_ALONE = re.compile(r"[.,;)]|$| (?:in the|sharp|for|until|till)\b", re.IGNORECASE)
_LED = re.compile(r"\b(?:(?P<sure>(?:a|de|desde|hacia|sobre) las?)|at|from|um)\s$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Hours:
    """A time of day in a text, with its end if that is given; `start` and `end` are offsets."""

    start: int
    end: int
    words: str
    first: time
    last: time | None


def find_hours(text: str, *, dotted: bool = False, bare: bool = False) -> list[Hours]:
    """Times of day in order. A bare number is one only in a pair that says so ("6–8 pm"), or after "a las", "at", "um".

    `dotted` takes "10.15" by itself for one as well, `bare` any pair with "to" between ("10 til 1").
    """
    return [_read(each, text) for each in _TIME.finditer(text) if _is_time(text, each, dotted=dotted, bare=bare)]


def without_hours(text: str) -> str:
    """The text without its times of day, and without bare numbers that could be some."""
    return _TIME.sub(" ", text)


def _is_time(text: str, found: re.Match[str], *, dotted: bool, bare: bool) -> bool:
    first, till = found["from"], found["till"] or ""
    if first == "24" and not till:  # "a strike of 24 hours"
        return False
    if till and bare and not _TOGETHER.search(found[0]):
        return True
    if found["from_half"] or found["till_half"] or ":" in first or "h" in first or (not till and first[-1].isalpha()):
        return True
    if "." in first or (dotted and "." in till):
        return dotted or "." in till
    if till and (till[-1].isalpha() or first[-1].isalpha()):
        return True
    led = _LED.search(text, max(0, found.start() - 12), found.start())
    alone = bare and _ALONE.match(text, found.end())
    return bool(led and (till or led["sure"] or alone))


def _read(found: re.Match[str], text: str) -> Hours:
    first_half, till_half = (
        "" if half is None or half.endswith("clock") else half.strip().casefold()
        for half in (found["from_half"], found["till_half"])
    )
    first = _hour(found["from"], first_half or till_half)
    last = _hour(found["till"], till_half or first_half) if found["till"] else None
    if last and last < first and first.hour >= 12 and not first_half and _LATE.search(till_half):
        first = first.replace(hour=first.hour - 12)  # "11–1 pm" begins before noon
    if not (first_half or till_half) and _after_noon(found, first, text):
        first = first.replace(hour=first.hour + 12)
        last = last and last.replace(hour=last.hour + 12 if 0 < last.hour < 12 else last.hour)
    if last and not (first_half or till_half) and last < first and first.hour < last.hour + 12 < 24:
        last = last.replace(hour=last.hour + 12)  # "noon to 3"
    return Hours(found.start(), found.end(), found[0].strip(), first, None if found["doors"] else last)


def _after_noon(found: re.Match[str], hour: time, text: str) -> bool:
    """True for "5" or "6.30" of the clock with two halves, "at 7.30" if nothing sets out, and "8" of an evening."""
    words = found["from"]
    told = words[0] in "123456789" and "h" not in words
    if not ((told or _SPOKEN_HALF.match(words)) and 1 <= hour.hour < 12) or _DAWN.search(text):
        return False
    at_seven = hour.hour == 7 and _AT.search(text, 0, found.start()) and not _SETS_OUT.search(text)
    return hour.hour <= 6 or bool(at_seven or _EVENING.search(text))


def _hour(words: str, half: str) -> time:
    words = words.casefold().removeprefix("12 ")
    if words in _NAMED:
        return time(_NAMED[words])
    if spoken := next((name for name in re.split(r"\W", words) if name in (*_SPOKEN_HOURS, *_SPANISH_HOURS)), None):
        names = _SPOKEN_HOURS if spoken in _SPOKEN_HOURS else _SPANISH_HOURS
        number, minute = (
            names.index(spoken) + 1,
            "30" if _HALF_PAST.search(words) else "15" if _QUARTER.search(words) else "0",
        )
    else:
        hour, _, minute = re.sub(r" ?(?:[.h]|uhr) ?|(?<=^\d\d)(?=\d\d$)", ":", words).partition(":")
        number = int(hour)
    midnight = number == 12 and re.search("noche|night", half)
    late = _LATE.search(half) and not midnight
    if number <= 12 and (late or midnight or _EARLY.search(half)):
        number = number % 12 + (12 if late else 0)
    return time(number % 24, int(minute or 0))
