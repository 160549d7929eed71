"""qmail and all who took over its form (Postfix in prose, Yahoo, indimail, sina…): `<address>:` and then the reason."""

import re

from digest.core.dsn.notice import Notice, addresses, recipient, sections
from digest.core.dsn.report import Recipient

_HEAD = re.compile(r"^[ \t]{0,8}<([^<>\s]{1,64}@[^<>\s]{1,255})>[ \t]{0,4}:[ \t]{0,4}", re.MULTILINE)


def read(notice: Notice) -> list[Recipient]:
    said = sections(_HEAD, notice.text)
    return [recipient(named[0], reason[:2000]) for head, reason in said if (named := addresses(head))]
