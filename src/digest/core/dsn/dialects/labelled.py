"""Small systems that put a label before the address: “Unknown user: …”, “Unable to deliver message to: …”."""

import re
from itertools import islice

from digest.core.dsn.notice import ADDRESS, MAX_RECIPIENTS, Notice, about, recipient
from digest.core.dsn.report import Recipient

_LABEL = re.compile(
    r"(?:unknown user|invalid final delivery userid|delivery failed|intended recipient|recipient"
    r"|failed recipient|undeliverable to|undelivered to"
    r"|rcpt to|addressed to|unknown host|allowed size|failed addresses follow: -{1,60}\|?|full"
    r"|(?:deliver|delivered|sent|message|mail) to|mailbox|local mailbox|gateway for|following users?)"
    rf"[ \t]{{0,4}}:?[ \t]{{0,4}}\s{{0,2}}[<\"']?({ADDRESS})",
    re.IGNORECASE,
)


def read(notice: Notice) -> list[Recipient]:
    named = dict.fromkeys(found[1].lower() for found in islice(_LABEL.finditer(notice.text), MAX_RECIPIENTS))
    own = notice.own_addresses
    return [recipient(address, about(notice.text, address)) for address in named if address not in own]
