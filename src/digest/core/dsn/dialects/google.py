"""Google Groups: a refusal in the writer's language, which leaves open whether the group exists or is closed to them."""

from digest.core.dsn.mime import get
from digest.core.dsn.notice import Notice, addresses, recipient
from digest.core.dsn.report import Recipient


def read(notice: Notice) -> list[Recipient]:
    if "groups.google.com/support" not in notice.text and "Google Groups" not in notice.text:
        return []
    said = "5.7.0 the group may not exist or be closed to the sender: not permitted"
    return [recipient(address, said, "5.7.0") for address in addresses(get(notice.headers, "x-failed-recipients"))]
