"""Mailing list managers (fml, Mailman and kin) that take posts from members only."""

import re

from digest.core.dsn.notice import ADDRESS, Notice, recipient
from digest.core.dsn.report import Recipient

_REFUSED = re.compile(rf"you are not (?:a )?member of this mailing list:?\s{{0,8}}<({ADDRESS})>", re.IGNORECASE)


def read(notice: Notice) -> list[Recipient]:
    return [recipient(found[1], found[0]) for found in _REFUSED.finditer(notice.text)]
