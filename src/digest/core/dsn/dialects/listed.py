"""Systems that announce a list: “… to the following recipients failed:” and then an address a line, perhaps with why."""

import re
from itertools import islice

from digest.core.dsn.notice import MAX_RECIPIENTS, Notice, about, addresses, recipient
from digest.core.dsn.report import Recipient

_INTRODUCED = re.compile(
    r"(?:following (?:\w{1,12} ){0,2}(?:recipient|address|user|destination)(?:es|s|\(e?s\))?"
    r"|list of (?:failed )?(?:recipients|addresses)"
    r"|address(?:es)? to which the message has not yet been delivered"
    r"|(?:failed|affected|undelivered) (?:recipient|addresse?)\(?s?\)?)"
    r"[^:.<>@]{0,120}?(?:[:.]|-{3}|\n\s{0,80}\n)",
    re.IGNORECASE,
)
_ONE = re.compile(
    r"^[ \t>]{0,12}(?:[*\-•·] ?"
    r"|\d{1,2}[.)] ?)?[<\"'(]{0,2}([^\s<>:\"'()]{1,64}@[^\s<>:\"'();,]{1,255})[>\"')]{0,2}[ \t]{0,4}(?:$"
    r"|[:;,(\t]| {1,4}\S)",
    re.MULTILINE,
)


def read(notice: Notice) -> list[Recipient]:
    start = _INTRODUCED.search(notice.text)
    if not start:
        return []
    lines = islice(_ONE.finditer(notice.text, start.end()), MAX_RECIPIENTS)
    named = [address for line in lines for address in addresses(line[1])]
    own = notice.own_addresses if len(set(named)) > 1 else frozenset()
    return [recipient(a, about(notice.text, a)) for a in dict.fromkeys(named) if a not in own]
