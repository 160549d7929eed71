"""Whether the text below a line goes on about what the text above it was about (after Hearst's TextTiling, 1997)."""

import re
from collections.abc import Sequence

from digest.core.newsletter.paragraphs import Paragraph

_WORD = re.compile(
    r"(?<![\w])[^\W\d_A-ZÀ-Þ][^\W\d_]{5,}|(?<=[\w,;’'] )[A-ZÀ-Þ][^\W\d_]{3,}"
)  # no word that begins a sentence
_NAME, _NOUN = 0.8, 0.25  # what a word weighs that stands on both sides
_LEAST, _MOST = 1.5, 2.5  # two names; what is more than three tells nothing more
_REACH = 8  # paragraphs that are looked at on either side


class Cohesion:
    """Words that stand above and below a line, and nowhere else in the text: names weigh most, small words nothing."""

    def __init__(self, paragraphs: Sequence[Paragraph]) -> None:
        self.words = [frozenset(_WORD.findall(each.text)) for each in paragraphs]
        self.first: dict[str, int] = {}
        self.last: dict[str, int] = {}
        for at, words in enumerate(self.words):
            for word in words:
                self.first.setdefault(word, at)
                self.last[word] = at

    def across(self, since: int, at: int, until: int) -> tuple[float, list[str]]:
        """How much the positions `since`..`at` have in common with `at`..`until`, and the words; 0 if not worth a word."""
        since, until = max(since, at - _REACH), min(until, at + _REACH)
        above = frozenset[str]().union(*self.words[since:at])
        below = frozenset[str]().union(*self.words[at:until])
        shared = [
            word for word in above & below if self.first[word] >= since - _REACH and self.last[word] < until + _REACH
        ]
        weights = {word: _NAME if word[0].isupper() else _NOUN for word in shared}
        total = sum(weights.values())
        if total < _LEAST:
            return 0.0, []
        return min(total, _MOST), sorted(weights, key=lambda word: (-weights[word], word))[:4]
