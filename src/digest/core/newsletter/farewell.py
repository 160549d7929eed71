"""The words by which a newsletter takes leave of its readers, below its last item."""

from collections.abc import Sequence

from digest.core.newsletter.paragraphs import Paragraph
from digest.core.newsletter.vocabulary import CLOSING, EDITORS, FAREWELL


def find_farewell(paragraphs: Sequence[Paragraph], end: int) -> int:
    """The position of the farewell that ends at `end`, where the footer begins; `end` if there is none.

    A signature is the last item's own, unless it takes leave until the next issue, or is that of those who make it.
    """
    at = end - 1
    while at > 0 and paragraphs[at].part == "signature":
        at -= 1
    if at <= 0 or not (paragraphs[at].part == "signoff" and paragraphs[at].opens):
        return end
    words = paragraphs[at].text
    editors = at + 1 < end and EDITORS.match(paragraphs[at + 1].text)
    return at if FAREWELL.match(words) or (editors and CLOSING.match(words)) else end
