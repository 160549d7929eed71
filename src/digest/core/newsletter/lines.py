"""Lines of a plain text: cleaned, told apart from rules and blanks, and whether a break between two was meant."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

_INVISIBLE = re.compile(r"[\u200b-\u200f\u2060\ufeff\u00ad\ufe0f]")
_SPACED = re.compile(r"\W*(?:[^\W\d_]\s+(?:&\s+)?){4,}[^\W\d_]\W*")
_WIDEST, _BEYOND = 100, 8  # characters: of a wrapped line at most, and past the column at which others were wrapped
_RULE = re.compile(r"[^\w\s]{3,}")


@dataclass(frozen=True, slots=True)
class Line:
    """`number` is 1-based in the text as given; `text` is "" for a blank line; `rule` is the character of a rule.

    `column` counts the characters before it, if it is the rest of a line.
    """

    number: int
    text: str
    rule: str = ""
    column: int = 0

    @property
    def blank(self) -> bool:
        """True if it shows nothing."""
        return not self.text

    @property
    def speaks(self) -> bool:
        """True if it has words: neither blank nor a rule."""
        return bool(self.text) and not self.rule


def rule_of(text: str) -> str:
    """The character that a rule ("-----", "* * *", "=-=-=") is drawn with, "" if the text is none."""
    drawn = text.replace(" ", "").replace("_", "-")
    if text in ("--", "—"):
        return "--"  # the signature delimiter of mail and news (RFC 3676, section 4.3)
    if not _RULE.fullmatch(drawn) or len(set(drawn)) > 2:
        return ""
    if drawn[0] in ".…!?¡¿" and len(drawn) < 5:
        return ""
    return drawn[0]


def read_lines(text: str) -> tuple[Line, ...]:
    """The lines of a decoded text, cleaned.

    So are CRLF, a BOM, no-break spaces, a trailing backslash (a hard break) and the spaces within "N E W S".
    """
    rows = _INVISIBLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).split("\n")
    lines = []
    for number, row in enumerate(rows, start=1):
        clean = " ".join(_closed_up_letters(row).split())
        clean = clean.rstrip("\\").rstrip() if clean.endswith("\\") else clean
        lines.append(Line(number, clean, rule_of(clean)))
    return tuple(lines)


def _closed_up_letters(row: str) -> str:
    """ "N E W S   A N D   D A T E S" without the spaces between letters; more of them part the words."""
    if not _SPACED.fullmatch(row):
        return row
    between = min(map(len, re.findall(r"\s+", row.strip())))
    return " ".join("".join(word.split()) for word in re.split(rf"\s{{{between + 1},}}", row.strip()))


def goes_on(line: Line, after: Line) -> bool:
    """True if a line goes on with a small letter on the next one (an address on the web proves nothing)."""
    return after.text[0].islower() and line.text[-1] not in ".!?:" and not after.text.startswith(("http", "www."))


def closed_up(lines: Sequence[Line]) -> tuple[Line, ...]:
    """The lines without the empty one that word processors leave below each, if sentences go on across them."""
    together = sum(line.speaks and after.speaks for line, after in pairwise(lines))
    across = sum(
        line.speaks and between.blank and after.speaks and goes_on(line, after)
        for line, between, after in zip(lines, lines[1:], lines[2:], strict=False)
    )
    if across < 3 or across < together:
        return tuple(lines)
    return (*lines[:1], *(line for above, line in pairwise(lines) if not (line.blank and above.speaks)))


def wrap_width(lines: Sequence[Line]) -> int:
    """The column at which the text was hard-wrapped, 0 if it was not: a paragraph a line.

    A line that goes on with a small letter on the next one is the proof of a wrap.
    """
    lengths = sorted(
        len(line.text) for line, after in pairwise(lines) if line.speaks and after.speaks and goes_on(line, after)
    )
    unwrapped = sum(len(line.text) > _WIDEST for line in lines)
    if len(lengths) < 2 or not 30 <= lengths[len(lengths) // 2] <= _WIDEST or unwrapped > len(lengths):
        return 0
    return lengths[int(len(lengths) * 0.95)]


def meant(line: Line, after: Line, width: int) -> bool:
    """True if the break between two neighbouring lines was meant: the next word had room on the first, yet moved down, or
    the first goes on beyond the column at which others end."""
    end = line.column + len(line.text)
    if not width or end > width + _BEYOND:
        return True
    word, _, _ = after.text.partition(" ")
    return end + 1 + len(word) <= width - 2
