"""Answers that nobody wrote: vacation notices, receipts of reading, tickets opened (RFC 3834, RFC 8098)."""

import re

from digest.core.dsn.mime import get, parameter
from digest.core.dsn.notice import Notice

_SUBJECT = re.compile(
    r"^\W{0,3}(?:auto(?:matic|mated)?[ -]?(?:reply|response|antwort)?\s{0,2}:|auto(?:matic|mated)?[ -]?(?:reply"
    r"|response)|out of (?:the )?office|ooo\b"
    r"|i am out of|vacation|on vacation|away from|abwesenheit|automatische antwort|respuesta autom"
    r"|fuera de (?:la )?oficina"
    r"|réponse automatique|absence|risposta automatica|fuori sede|resposta autom|ausencia|自動応答|автоответ)",
    re.IGNORECASE,
)
_HEADERS = (
    "x-autoreply",
    "x-autorespond",
    "x-autoresponder",
    "x-auto-response-to",
    "x-autoreply-from",
    "x-vacation",
    "x-mail-autoreply",
)


def read(notice: Notice) -> str | None:
    """The words of the rule, or None for a message that is no automatic reply."""
    submitted = get(notice.headers, "auto-submitted").lower()
    if submitted.startswith("auto-replied"):
        return "rfc3834: Auto-Submitted says auto-replied"
    if header := next((name for name in _HEADERS if get(notice.headers, name)), None):
        return f"autoreply: header {header}"
    if get(notice.headers, "precedence").lower() in {"auto_reply", "auto-reply"}:
        return "autoreply: Precedence says auto_reply"
    return "autoreply: its subject" if _SUBJECT.search(notice.subject) else None


def is_read_receipt(notice: Notice) -> bool:
    """A disposition notification (RFC 8098) tells of reading, not of delivery."""
    declared = parameter(get(notice.headers, "content-type"), "report-type").lower()
    return declared == "disposition-notification" or bool(notice.part("message/disposition-notification"))
