"""Past mail: what another system sent, as its export or the message itself has it."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from digest.core.exports import iso
from digest.core.item import LANGUAGE

Form = Literal["html", "markdown", "plain"]


@dataclass(frozen=True, slots=True)
class PastMail:
    """`body` as it came, in `form` · `uid`: its name at `source` · `hides`: what is one reader's alone, such as their address."""

    source: str
    uid: str
    subject: str
    sent_at: datetime
    body: str
    form: Form = "html"
    language: str | None = None
    hides: frozenset[str] = frozenset()


class LeftOut(Exception):
    """An entry that is no mail to everybody: a draft, a page, something for paying readers. The words say what."""


_MONTH_FIRST = ("%b %d, %Y %I:%M %p", "%b %d, %Y", "%m/%d/%Y %H:%M")
_EPOCH = re.compile(r"\d{12,13}")


def instant(written: str) -> datetime:
    """An instant as any of the systems writes it; without a zone it is UTC. ValueError with a sentence."""
    written = written.strip()
    try:
        if _EPOCH.fullmatch(written):
            return datetime.fromtimestamp(int(written) / 1000, UTC)
        moment = _parsed(iso(written))
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError, OSError):
        raise ValueError(f"“{written[:40]}” is not a date that such exports are known to have") from None


def _parsed(written: str) -> datetime:
    for form in _MONTH_FIRST:
        try:
            return datetime.strptime(written, form)  # noqa: DTZ007  `instant` gives it its zone
        except ValueError:
            continue
    return datetime.fromisoformat(written)


def language(tag: str | None) -> str | None:
    """The tag of a language, `es-MX` for `es_MX`; None for what is none."""
    tag = (tag or "").strip().replace("_", "-")
    return tag if LANGUAGE.fullmatch(tag) else None
