"""Exim and those who mark their notices like it (Mail.ru, 1&1, Gmail): the failed addresses are in a header."""

from digest.core.dsn.mime import get_all
from digest.core.dsn.notice import Notice, about, addresses, recipient
from digest.core.dsn.report import Recipient


def read(notice: Notice) -> list[Recipient]:
    named = addresses(" ".join(get_all(notice.headers, "x-failed-recipients")))
    return [recipient(address, about(notice.text, address)) for address in named]
