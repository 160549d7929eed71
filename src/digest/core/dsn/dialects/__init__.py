"""Bounces in prose. Each file knows one family of mail systems; each `read` gives the recipients it understands, or none.

The order is from the most particular wording to the most general.
"""

from collections.abc import Callable

from digest.core.dsn.dialects import (
    domino,
    exchange,
    exim,
    fml,
    generic,
    google,
    labelled,
    listed,
    pmdf,
    qmail,
    sendmail,
)
from digest.core.dsn.notice import MAX_RECIPIENTS, Notice
from digest.core.dsn.report import Recipient

Reader = Callable[[Notice], list[Recipient]]

READERS: tuple[tuple[str, Reader], ...] = (
    ("google groups", google.read),
    ("fml", fml.read),
    ("messaging server", pmdf.read),
    ("exchange", exchange.read),
    ("domino", domino.read),
    ("qmail", qmail.read),
    ("exim", exim.read),
    ("sendmail", sendmail.read),
    ("list of addresses", listed.read),
    ("labelled address", labelled.read),
    ("prose", generic.read),
)


PROSE = READERS[-1][0]


def read(notice: Notice) -> tuple[str, list[Recipient]]:
    """The first dialect that finds a recipient, and what it found."""
    return next(((name, found) for name, reader in READERS if (found := reader(notice)[:MAX_RECIPIENTS])), ("", []))
