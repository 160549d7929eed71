"""The facts of an edition as it would go out, and how a finding of them is made."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from digest.core.edition import EditionItem
from digest.core.finding import Finding, Severity, shortened


@dataclass(frozen=True, slots=True)
class Page:
    """The longest digest that some subscriber gets in a language.

    `preheader` is staff's, who need not write one. `unsubscribe`: the address that must be in both parts.
    """

    language: str
    subject: str
    preheader: str
    html: str
    text: str
    unsubscribe: str


@dataclass(frozen=True, slots=True)
class Volume:
    """How much an edition is: who gets it, of how many items, and bytes of HTML in its first language."""

    subscribers: int
    items: int
    size: int


@dataclass(frozen=True, slots=True)
class Facts:
    """An edition as it would go out at `moment`.

    `readers`: item → how many get it · `followers`: topic → how many follow it, if anybody does · `empty`: subscribers who get
    nothing · `unspoken`: language that no catalogue speaks → its readers · `faint`: (text, ground, contrast) of theme colours
    that are hard to read · `before`: the last one that was sent.
    """

    moment: datetime
    items: Sequence[EditionItem]
    pages: Sequence[Page]
    readers: Mapping[int, int]
    followers: Mapping[str, int]
    empty: int
    unspoken: Mapping[str, int]
    faint: Sequence[tuple[str, str, float]]
    postal_address: str | None
    from_domain: str
    dkim_domains: Sequence[str]
    volume: Volume
    before: Volume | None


def block(what: str, where: str, do: str) -> Finding:
    return Finding(Severity.BLOCKING, what, where, do)


def warn(what: str, where: str, do: str) -> Finding:
    return Finding(Severity.WARNING, what, where, do)


def named(each: EditionItem) -> str:
    return f"item {each.id}, “{shortened(each.item.title)}”"
