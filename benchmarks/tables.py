"""Figures as Markdown."""

from collections.abc import Sequence
from statistics import median


def spread(values: Sequence[float], digits: int) -> str:
    """Median and, in brackets, the range."""
    low, middle, high = (f"{value:,.{digits}f}" for value in (min(values), median(values), max(values)))
    return middle if low == high else f"{middle} ({low}–{high})"


def table(head: Sequence[str], rows: Sequence[Sequence[str]], *, numbers: bool = True) -> list[str]:
    """A table; `numbers` are to the right, but for the first column."""
    rule = ["---", *["---:" if numbers else "---"] * (len(head) - 1)]
    return [" | ".join(("", *line, "")).strip() for line in (head, rule, *rows)]
