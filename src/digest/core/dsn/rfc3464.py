"""Delivery status notifications (RFC 3464), also where gateways broke them or printed the fields as plain text."""

import re

from digest.core.dsn import signs
from digest.core.dsn.mime import Headers, get, parse_headers
from digest.core.dsn.notice import Notice, addresses, recipient
from digest.core.dsn.report import Recipient

MAX_BLOCKS = 100
KINDS = ("message/delivery-status", "message/global-delivery-status")

_RECIPIENT = re.compile(r"^(?:final|original)-recipient[ \t]{0,8}:", re.IGNORECASE | re.MULTILINE)
_EMBEDDED = re.compile(r"\\x\{(10[0-9A-F]{4}|[0-9A-F]{1,5})\}")
_ACTIONS = {"fail": "failed", "erro": "failed", "expi": "failed", "bounc": "failed", "dela": "delayed"}
_DONE = ("deliver", "relay", "expand")


def blocks(notice: Notice) -> list[Headers]:
    """The groups of fields of the report, at most 100; the first may be the per-message one (§2.2).

    Fields printed as text count only where a mail system wrote them: people quote them, and newsletters say “Action:”.
    """
    part = notice.part(*KINDS)
    text = part.text if part else ""
    if not part and signs.trustworthy(notice):
        printed = _RECIPIENT.search(notice.text)
        text = notice.text[notice.text.rfind("\n\n", 0, printed.start()) + 1 :] if printed else text
    return [
        parse_headers(block)
        for block in re.split(r"\n[ \t]{0,8}(?:\n[ \t]{0,8}){1,8}", text, maxsplit=MAX_BLOCKS)[:MAX_BLOCKS]
    ]


def read(notice: Notice) -> list[Recipient]:
    """One recipient a group that has an Action, a Status or a recipient; its address is '' where it names none."""
    found: dict[tuple[str, str | None], Recipient] = {}
    for fields in blocks(notice):
        if not any(get(fields, name) for name in ("final-recipient", "original-recipient", "action")):
            continue
        named = [_spelt(get(fields, name)) for name in ("final-recipient", "original-recipient", "x-actual-recipient")]
        address = next((some[0] for text in named if (some := addresses(text))), "")
        status = get(fields, "status")
        said = get(fields, "diagnostic-code").removeprefix("smtp;")
        comment = status[5:] if "(" in status else ""
        one = recipient(address, f"{said} {comment}", _status(status), _action(fields))
        found.setdefault((one.address, one.action), one)
    return list(found.values())


def envelope_id(notice: Notice) -> str | None:
    return next((value for fields in blocks(notice) if (value := get(fields, "original-envelope-id"))), None)


def _spelt(field: str) -> str:
    """Addresses beyond ASCII come as `jos\\x{E9}@…` to whoever might not take them otherwise (RFC 6533 §3)."""
    return _EMBEDDED.sub(lambda found: char if (char := chr(int(found[1], 16))).isprintable() else found[0], field)


def _status(value: str) -> str | None:
    found = re.search(r"[245]\.\d{1,3}\.\d{1,3}", value[:200])
    return found[0] if found else None


def _action(fields: Headers) -> str | None:
    """The action (§2.3.3) in the standard's spelling; None where only the status can tell."""
    word = get(fields, "action").lower()
    if word.startswith(_DONE):
        return "delivered"
    return next((action for start, action in _ACTIONS.items() if word.startswith(start)), None)
