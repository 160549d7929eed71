"""What a newsletter has around its items: masthead, table of contents, section banners, footer."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from digest.core.newsletter.marks import read_marks
from digest.core.newsletter.paragraphs import Paragraph
from digest.core.newsletter.section_names import section_of
from digest.core.newsletter.vocabulary import CONTENTS, FROM

_LEADERS = re.compile(r"[\s.…_·–-]*(?:\b(?:p|page|pág|s)\.? ?)?\d{0,3}\s*$", re.IGNORECASE)
_ADDRESS = re.compile(
    r"\b\d{5}\b|\bP\.? ?O\.? Box\b|\bApartado\b|\bPostfach\b|\b[A-Z]{1,2}\d{1,2}[A-Z]? \d[A-Z]{2}\b|\S+@\S+|"
    r"https?://|www\.|\b\w+\.(?:org|com|net|example|es|mx|info)\b"
    r"|[|·•]|\b(?:tel|phone|teléfono)\b|\(\d{3}\)|\d{3}[- ]\d{4}|©",
    re.IGNORECASE,
)
_ARTICLE = re.compile(r"^(?:the|la|el|los|las|der|die|das|les?) ")
_NAME_ENDS = re.compile(r",| [|·•~/–—-]{1,2} ")


def plain(title: str) -> str:
    """A title without marks, tag, leaders, page and punctuation, to compare it by."""
    marked = read_marks(title, codes=True)
    return " ".join(re.findall(r"\w+", _LEADERS.sub("", marked.title).casefold()))


@dataclass(frozen=True, slots=True)
class Contents:
    """A table of contents: its paragraphs (positions), and the titles it promises, made plain."""

    positions: frozenset[int]
    entries: tuple[str, ...]

    def promises(self, title: str) -> bool:
        """True if an entry is that title, or begins it, or is begun by it."""
        words = plain(title)
        return any(
            entry == words
            or (len(entry) > 8 and words.startswith(entry))
            or (len(words) > 8 and entry.startswith(words))
            for entry in self.entries
        )

    def complete(self, titles: Sequence[str]) -> bool:
        """True if so many entries are found among the titles that what is no entry is hardly a title."""
        words = [plain(title) for title in titles]
        kept = sum(
            any(each == entry or (len(entry) > 8 and each.startswith(entry)) for each in words)
            for entry in self.entries
        )
        return kept >= 2 and kept >= 0.7 * len(self.entries)


# Log-odds (docs/adr/0006-newsletters-as-drafts.md), summed up from the end of the text.
_RULE_WEIGHTS = {"": 0.0, "#": 0.0, "--": 4.0}  # a rule above makes it likelier that a footer begins
_LEAST = 1.4  # more than one address alone, which the last item may well end with
_ONLY_RULE = 1.5  # so is what is below the only rule of its kind
_SIGNED = 0.5  # what is below a signature is likelier to be a footer
_ENTRY = 160  # characters that an entry of the contents has at most
_FOOTER_WEIGHTS = {
    "release": -3.0,
    "end": -3.0,
    "signoff": -1.5,
    "signature": -1.0,
    "list": -1.0,
    "contact": 0.2,
    "label": 0.2,
    "link": 0.4,
}
"""Part → what a paragraph of it says for a footer, in the same odds."""
NO_CONTENTS = Contents(frozenset(), ())


def find_contents(paragraphs: Sequence[Paragraph]) -> Contents:
    """The table of contents: under a line that says so, or three neighbours near the top that all come back below."""
    last = {plain(each.text): at for at, each in enumerate(paragraphs) if each.opens and len(each.text) <= _ENTRY}
    top = range(min(len(paragraphs), 40))
    begins = next((at for at in top if CONTENTS.match(read_marks(paragraphs[at].text).title)), None)
    if begins is not None:
        return _listed(paragraphs, begins, last)
    run: dict[str, int] = {}
    for at in top:
        words = plain(paragraphs[at].text)
        if words and last.get(words, 0) > at and words not in run:
            run[words] = at
        elif run:
            break
    return Contents(frozenset(run.values()), tuple(run)) if len(run) >= 3 else NO_CONTENTS


def _listed(paragraphs: Sequence[Paragraph], begins: int, last: Mapping[str, int]) -> Contents:
    entries: dict[str, int] = {}
    for at in range(begins + 1, len(paragraphs)):
        each = paragraphs[at]
        words = plain(each.text)
        if words in entries or each.part not in ("short", "list", "prose", "signature") or len(each.text) > _ENTRY:
            break
        if each.opens and at > begins + 1 and (each.rule or last.get(words, 0) <= at):
            break
        entries[words] = at
    if len(entries) == 1 and not any(last.get(words, 0) > at for words, at in entries.items()):
        entries = {}  # a title below an empty list
    return Contents(frozenset((begins, *entries.values())), tuple(entries))


def find_footer(paragraphs: Sequence[Paragraph]) -> int:
    """The position of the footer's first paragraph; the number of paragraphs if there is none.

    The end of the text that, weighed paragraph by paragraph, looks most like a footer; it must unsubscribe, repeat the
    masthead, or give an address.
    """
    names = (_ARTICLE.sub("", plain(each.text)) for each in paragraphs[:3] if each.part == "short")
    head = tuple(name for name in names if " " in name)
    rules = Counter(rule for each in paragraphs for rule in (each.rule, each.under))
    begins, best, weight, told = len(paragraphs), _LEAST, 0.0, False
    for at in range(len(paragraphs) - 1, 0, -1):
        each = paragraphs[at]
        own = _footer_weight(each, repeats=at > 6 and _repeats(each, head))
        weight += max(own, 0.0) if told else own
        told = (told or own >= 2) and not each.opens
        signed = paragraphs[at - 1].part in ("signature", "signoff")
        settled = weight + _RULE_WEIGHTS.get(each.rule, _ONLY_RULE if rules[each.rule] == 1 else 0.5) + signed * _SIGNED
        if each.opens and settled > best:
            begins, best = at, settled
        if weight < -3:
            break
    return begins


def _repeats(each: Paragraph, head: Sequence[str]) -> bool:
    """True if a line begins with a line of the masthead, or up to its first comma or the like with the beginning of one."""
    words, name = (_ARTICLE.sub("", plain(text)) for text in (each.text, _NAME_ENDS.split(each.text, maxsplit=1)[0]))
    return any(words.startswith(line) or (" " in name and f"{line} ".startswith(f"{name} ")) for line in head)


def _footer_weight(each: Paragraph, *, repeats: bool) -> float:
    if repeats or each.part == "footer":
        return 2.0
    if each.part in _FOOTER_WEIGHTS:
        return _FOOTER_WEIGHTS[each.part]
    addressed = len(each.text) < 240 and bool(_ADDRESS.search(each.text))
    if each.part == "prose":
        return 0.5 if addressed and not each.text.endswith(".") else 0.0 if addressed else -2.0
    if addressed:
        return 0.95
    return -0.6 if each.opens else 0.0


def banner_of(paragraph: Paragraph) -> str | None:
    """The kind that a section banner announces; None if the paragraph is none."""
    if paragraph.part in ("prose", "list") or len(paragraph.text) > 60:
        return None
    marked = read_marks(paragraph.text)
    if marked.tag is not None:
        return None
    return section_of(marked.title) or ("" if marked.marks and FROM.match(marked.title) else None)
