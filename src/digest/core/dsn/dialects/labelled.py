"""Small systems that put a label before the address: “Unknown user: …”, “Unable to deliver message to: …”."""

import re

from digest.core.dsn.notice import ADDRESS, Notice, about, recipient
from digest.core.dsn.report import Recipient

_LABEL = re.compile(
    r"(?:unknown user|invalid final delivery userid|delivery failed|intended recipient|recipient|failed recipient|undeliverable to|undelivered to"
    r"|rcpt to|failed addresses follow: -{1,60}\|?|full|(?:deliver|delivered|sent|message|mail) to|mailbox|local mailbox|gateway for|following users?)"
    rf"[ \t]{{0,4}}:?[ \t]{{0,4}}\s{{0,2}}[<\"']?({ADDRESS})",
    re.IGNORECASE,
)


def read(notice: Notice) -> list[Recipient]:
    named = dict.fromkeys(found[1].lower() for found in _LABEL.finditer(notice.text))
    own = notice.own_addresses
    return [recipient(address, about(notice.text, address)) for address in named if address not in own]
