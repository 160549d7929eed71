"""The last resort: any address in a text that plainly reports a failure, or else the one to which the message went."""

from digest.core.dsn.notice import Notice, about, addresses, blamed, recipient
from digest.core.dsn.report import Recipient

_NOBODY = ("postmaster@", "mailer-daemon@", "abuse@", "support@", "helpdesk@", "noreply@", "no-reply@")


def read(notice: Notice) -> list[Recipient]:
    own = notice.own_addresses
    named = [a for a in addresses(notice.text) if a not in own and not a.startswith(_NOBODY)]
    went = blamed(notice)
    chosen = [address for address in named if address in went] or named[:1] or went[:1]
    return [recipient(address, about(notice.text, address) or notice.text) for address in chosen]
