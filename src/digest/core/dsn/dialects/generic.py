"""The last resort: the addresses in a text that plainly reports a failure, or else the one to which the message went."""

import re

from digest.core.dsn.notice import ADDRESS, Notice, about, addresses, blamed, recipient
from digest.core.dsn.report import Recipient

_NOBODY = ("postmaster@", "mailer-daemon@", "abuse@", "support@", "helpdesk@", "noreply@", "no-reply@")
_AT_START = re.compile(rf"^[ \t]{{0,8}}[<\"']?({ADDRESS})\b", re.MULTILINE)


def read(notice: Notice) -> list[Recipient]:
    own = notice.own_addresses
    named = [a for a in addresses(notice.text) if a not in own and not a.startswith(_NOBODY)]
    went = blamed(notice)
    begin = {found[1].lower() for found in _AT_START.finditer(notice.text)}
    chosen = [a for a in named if a in went] or [a for a in named if a in begin] or named[:1] or went[:1]
    return [recipient(address, about(notice.text, address) or notice.text) for address in chosen]
