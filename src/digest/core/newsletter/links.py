"""The web address that an item leads to: behind a label that asks, on a line of its own, or in the running text."""

import re

from digest.core.newsletter.paragraphs import Paragraph
from digest.core.newsletter.people import Quoted
from digest.core.newsletter.split import Section
from digest.core.newsletter.vocabulary import ASKS, CREDIT

_ADDRESS = re.compile(r"(?:https?://|www\.)[^\s<>\"“”«»|]+", re.IGNORECASE)
_BEFORE = 8  # words that may label an address
_ASIDE = ("contact", "signature", "header")


def find_url(section: Section) -> Quoted | None:
    """The address of a section that most looks like where its reader is to go; the first of those that look the same."""
    found: list[tuple[int, Quoted]] = []
    above = ""
    for each in section.body:
        found += _ranked(each, "" if each.opens else above)
        above = each.text
    return min(found, key=lambda ranked: ranked[0], default=(0, None))[1]


def _ranked(each: Paragraph, above: str) -> list[tuple[int, Quoted]]:
    """The addresses of a paragraph; 0: a label asks, 1: on a line of its own or labelled, 2: among words, 3: of something else.

    `above` is the line right above, which labels an address that stands alone.
    """
    ranked = []
    begins = 0
    for found in _ADDRESS.finditer(each.text):
        address = _trimmed(found[0])
        label = each.text[begins : found.start()].strip(" <([*•-–—")
        after = each.text[found.start() + len(address) :]
        begins = found.start() + len(address)
        alone = len(label.split()) <= _BEFORE and (not label or label.endswith((":", "→", "»"))) and len(after) <= 2
        if each.part in _ASIDE or CREDIT.match(label):
            rank = 3
        elif alone:
            rank = 0 if ASKS.search(label or above) else 1
        else:
            rank = 2
        words = each.text if alone and label else address
        ranked.append((rank, Quoted(address if "://" in address else f"https://{address}", words)))
    return ranked


def _trimmed(address: str) -> str:
    """Without the punctuation of the sentence that it stands in (GFM 0.29, section 6.9)."""
    while True:
        shorter = address.rstrip(".,:;!?'’*_~]")
        if shorter.endswith(")") and shorter.count(")") > shorter.count("("):
            shorter = shorter[:-1]
        if shorter == address:
            return address
        address = shorter
