"""Complaints: the abuse reporting format (RFC 5965), and Microsoft's older one, which is not of that format."""

import re

from digest.core.dsn.mime import get, get_all, parameter, parse_headers
from digest.core.dsn.notice import Notice, addresses, recipient
from digest.core.dsn.report import Recipient, Verdict

_NO_COMPLAINT = {"auth-failure", "not-spam", "dmarc", "identity-alignment"}
_FEEDBACK_TYPE = re.compile(r"^feedback-type[ \t]{0,8}:", re.IGNORECASE | re.MULTILINE)
_PROSE = re.compile(
    r"(?:abuse|complaint|spam) (?:report|complaint)s? (?:for|about) an? e-?mail|email feedback report", re.IGNORECASE
)
_JMRP_SUBJECT = re.compile(r"^\W{0,3}complaint about message from ", re.IGNORECASE)
_JMRP_RECIPIENT = "x-hmxmroriginalrecipient"
_TO = ("x-apparently-to", "x-original-to", "delivered-to", "to")


def read(notice: Notice) -> tuple[Verdict, str, list[Recipient]] | None:
    """Verdict, the words of the rule, and who complained; None for a message that is no complaint report."""
    verdict_and_rule = _standard(notice) or _microsoft(notice)
    return (*verdict_and_rule, _complainants(notice)) if verdict_and_rule else None


def _standard(notice: Notice) -> tuple[Verdict, str] | None:
    part = notice.part("message/feedback-report")
    report = part.text if part else notice.text if _FEEDBACK_TYPE.search(notice.text) else ""
    declared = parameter(get(notice.headers, "content-type"), "report-type").lower() == "feedback-report"
    if not (report or declared or (_PROSE.search(notice.subject + "\n" + notice.text[:2000]) and notice.returned)):
        return None
    kind = get(parse_headers(report), "feedback-type").lower() or "abuse"
    if kind in _NO_COMPLAINT:
        return Verdict.NONE, f"rfc5965: {kind}, no complaint of a person"
    return (Verdict.OPT_OUT if kind.startswith("opt-out") else Verdict.COMPLAINT), f"rfc5965: {kind[:40]}"


def _microsoft(notice: Notice) -> tuple[Verdict, str] | None:
    """Junk Mail Reporting Program: multipart/mixed, recognised by its subject and by headers of its own."""
    marked = bool(get(notice.returned, _JMRP_RECIPIENT) or get(notice.headers, _JMRP_RECIPIENT))
    staff = "staff@hotmail.com" in notice.sender.lower() or "staff@outlook.com" in notice.sender.lower()
    if marked or (staff and _JMRP_SUBJECT.search(notice.subject)):
        return Verdict.COMPLAINT, "JMRP: junk mail report of Microsoft"
    return None


def _complainants(notice: Notice) -> list[Recipient]:
    part = notice.part("message/feedback-report")
    report = parse_headers(part.text if part else notice.text)
    for fields, names in (
        (report, ("original-rcpt-to", "removal-recipient")),
        (notice.returned + notice.headers, (_JMRP_RECIPIENT,)),
        (notice.returned, _TO),
    ):
        for name in names:
            if found := addresses(" ".join(get_all(fields, name))):
                return [recipient(address, action=None) for address in found]
    return []
