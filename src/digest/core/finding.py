"""Findings: what a look at something before it goes out has to say, for people."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    BLOCKING = "blocking"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong, where, and what to do; each a sentence or the beginning of one, for people."""

    severity: Severity
    what: str
    where: str
    do: str


def blocking(findings: Sequence[Finding]) -> list[Finding]:
    return [each for each in findings if each.severity is Severity.BLOCKING]


def shortened(text: str, longest: int = 70) -> str:
    """One printable line of at most `longest` characters: what others wrote, within a sentence of ours."""
    line = "".join(char if char.isprintable() else " " for char in text)
    return line if len(line) <= longest else line[: longest - 1] + "…"
