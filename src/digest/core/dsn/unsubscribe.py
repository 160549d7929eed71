"""Mail that asks to be taken off: what a List-Unsubscribe `mailto:` (RFC 2369) makes, or a person writes."""

import re

from digest.core.dsn.mime import get
from digest.core.dsn.notice import Notice

_SUBJECT = re.compile(
    r"^\W{0,3}(?:re:\s{0,3})?(?:unsubscribe|un-subscribe|opt[ -]?out|remove me|darse de baja|baja|cancelar suscripci[oó]n)\b",
    re.IGNORECASE,
)
_TO = re.compile(r"\b(?:unsub|unsubscribe)(?:\+[\w=.\-]{1,64})?@", re.IGNORECASE)


def read(notice: Notice) -> str | None:
    """The words of the rule, or None. An automatic message never unsubscribes anybody (RFC 3834 §2)."""
    if get(notice.headers, "auto-submitted").lower().startswith("auto-"):
        return None
    if _TO.search(get(notice.headers, "to")):
        return "unsubscribe: sent to the unsubscribe address"
    return "unsubscribe: its subject" if _SUBJECT.search(notice.subject) else None
