"""PMDF and its heirs (iPlanet, Sun and Oracle Messaging Server): labelled lines for each recipient."""

import re

from digest.core.dsn.notice import Notice, addresses, recipient
from digest.core.dsn.report import Recipient

_ONE = re.compile(
    r"^[ \t]{0,8}Recipient address:[ \t]{0,8}(.{3,400})\n((?:[ \t]{1,8}(?!Recipient address:).{0,400}\n){0,12})",
    re.IGNORECASE | re.MULTILINE,
)


def read(notice: Notice) -> list[Recipient]:
    return [
        recipient(named[-1], found[2]) for found in _ONE.finditer(notice.text + "\n") if (named := addresses(found[1]))
    ]
