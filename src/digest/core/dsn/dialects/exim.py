"""Exim and those who speak like it (Mail.ru, 1&1, Google): X-Failed-Recipients, or an indented list after a phrase."""

import re

from digest.core.dsn.mime import get_all
from digest.core.dsn.notice import Notice, about, addresses, recipient
from digest.core.dsn.report import Recipient

_INTRODUCED = re.compile(
    r"(?:following address(?:es|\(es\))?\s{1,4}(?:have )?(?:failed|delayed)|address(?:es)? to which the message has not yet been delivered (?:is|are)"
    r"|following recipients?\s{1,4}(?:has been delayed|failed permanently|has failed|failed))\s{0,4}[.:]",
    re.IGNORECASE,
)
_ONE = re.compile(r"^[ \t]{0,8}(?:\* )?<?([^\s<>:]{1,64}@[^\s<>:]{1,255})>?:?[ \t]{0,8}$", re.MULTILINE)


def read(notice: Notice) -> list[Recipient]:
    named = addresses(" ".join(get_all(notice.headers, "x-failed-recipients")))
    if not named and (start := _INTRODUCED.search(notice.text)):
        named = [address for one in _ONE.finditer(notice.text, start.end()) for address in addresses(one[1])]
    return [
        recipient(address, about(notice.text, address) or _after_phrase(notice.text))
        for address in dict.fromkeys(named)
    ]


def _after_phrase(text: str) -> str:
    start = _INTRODUCED.search(text)
    return text[start.end() : start.end() + 2000] if start else ""
