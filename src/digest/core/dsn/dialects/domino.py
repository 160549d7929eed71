"""IBM Domino and Lotus Notes: “was not delivered to: … because: …”, and the older “Failure Reasons”."""

import re

from digest.core.dsn.notice import Notice, addresses, recipient
from digest.core.dsn.report import Recipient

_DOMINO = re.compile(
    r"was not delivered to:\s{1,80}(.{3,400}?)\s{0,80}\n\s{0,80}because:\s{0,80}(.{0,800})", re.IGNORECASE | re.DOTALL
)
_NOTES = re.compile(r"Failure Reasons?\s{0,4}-{2,20}\s{1,80}(.{0,1500})", re.IGNORECASE | re.DOTALL)


def read(notice: Notice) -> list[Recipient]:
    if found := _DOMINO.search(notice.text):
        named = addresses(found[1]) or addresses(found[2])[:1] or addresses(notice.subject)[:1]
        return [recipient(address, found[2]) for address in named]
    if found := _NOTES.search(notice.text):
        return [recipient(address, found[1]) for address in addresses(found[1])]
    return []
