"""One message in, one report out. The order of the questions matters: Postfix calls its bounces automatic replies."""

import re
from dataclasses import replace

from digest.core.dsn import arf, autoreply, dialects, rfc3464, signs, unsubscribe
from digest.core.dsn.evidence import Weighed, enhanced_status, tells_of_a_living_mailbox, weigh
from digest.core.dsn.mime import BeyondLimit
from digest.core.dsn.notice import Notice, about, addresses, blamed, open_notice, tokens
from digest.core.dsn.report import Kind, Recipient, Report, Tokens, Verdict

# What a notice only supposes (“the address may not exist”) is no evidence.
_GUESS = re.compile(
    r"[^.\n]{0,200}\b(?:may|might|possibl[ey]|probably|perhaps|either|if|reasons?)\b[^.\n]{0,200}", re.IGNORECASE
)
_MILDEST_FIRST = (Verdict.POLICY, Verdict.SOFT, Verdict.HARD)


def classify(message: bytes) -> Report:
    """As `read`, and never raises: what breaks a limit is of kind `none`, its rule “refused: …”."""
    try:
        return read(message)
    except BeyondLimit as error:
        return Report(Kind.NONE, rule=f"refused: {error}")


def read(message: bytes) -> Report:
    """What a message that came back says. BeyondLimit if it breaks a limit (mime.py)."""
    notice = open_notice(message)
    report = _complaint(notice) or _delivery_report(notice) or _wrapped(notice) or _prose(notice) or _other(notice)
    if report.kind is Kind.NONE:
        return report
    found = report.tokens if report.tokens != Tokens() else tokens(notice, rfc3464.envelope_id(notice))
    return replace(report, permanence=report.verdict.permanence, tokens=found)


def _complaint(notice: Notice) -> Report | None:
    found = arf.read(notice)
    if not found:
        return None
    verdict, rule, recipients = found
    kind = Kind.NONE if verdict is Verdict.NONE else Kind.COMPLAINT
    return Report(kind, verdict, recipients=tuple(recipients), rule=rule)


def _delivery_report(notice: Notice) -> Report | None:
    """RFC 3464: only the Action tells a delay from a failure; the status may be the same."""
    told = [_with_action(notice, one) for one in rfc3464.read(notice)]
    if not told:
        return None
    if failed := [one for one in told if one.action == "failed"]:
        named = [one for one in failed if one.address] or _named_elsewhere(notice, failed[0])
        return _bounce("rfc3464", notice, named, trusted=True)
    if delayed := tuple(one for one in told if one.action == "delayed"):
        return Report(
            Kind.DELAY, Verdict.DELAY, recipients=delayed, status=delayed[0].status, rule="rfc3464: Action says delayed"
        )
    return Report(Kind.NONE, rule="rfc3464: Action says delivered, nothing failed")


def _with_action(notice: Notice, one: Recipient) -> Recipient:
    """Where the Action is missing, the class of the status stands for it."""
    if one.action:
        return one
    status = one.status or ""
    waiting = status.startswith("4") and signs.delayed(notice)
    return replace(one, action="delivered" if status.startswith("2") else "delayed" if waiting else "failed")


def _named_elsewhere(notice: Notice, one: Recipient) -> list[Recipient]:
    """A report that names a pipe or a file: the address is in the prose, or in the message that came back."""
    _, found = dialects.read(notice)
    named = [other.address for other in found] or blamed(notice)[:1]
    return [replace(one, address=address) for address in named]


def _wrapped(notice: Notice) -> Report | None:
    """A gateway that put the whole report into an envelope of its own, adding no address."""
    part = notice.part("message/rfc822")
    if not part or not signs.by_mail_system(notice) or addresses(notice.text):
        return None
    inner = open_notice(part.body.lstrip(b"\r\n"))
    report = _delivery_report(inner)
    return replace(report, tokens=tokens(inner, rfc3464.envelope_id(inner))) if report else None


def _prose(notice: Notice) -> Report | None:
    """A bounce that only people were meant to read. Written by no mail system, it proves nobody dead."""
    trusted = signs.trustworthy(notice)
    if signs.succeeded(notice) or (autoreply.read(notice) and not trusted):
        return None
    failed, delayed = signs.failed(notice), signs.delayed(notice)
    if autoreply.read(notice) and not (failed or delayed):
        return None
    if not (signs.plainly_failed(notice) or trusted or (signs.by_mail_system(notice) and (failed or delayed))):
        return None
    dialect, found = dialects.read(notice)
    wordless = not (failed or delayed or signs.plainly_failed(notice))
    if not found or (wordless and dialect == dialects.PROSE and not notice.returned):
        return None
    if delayed:
        return Report(
            Kind.DELAY, Verdict.DELAY, recipients=tuple(found), rule=f"{dialect}: says that it will try again"
        )
    return _bounce(dialect, notice, found, trusted=trusted)


def _bounce(rule: str, notice: Notice, recipients: list[Recipient], *, trusted: bool) -> Report:
    """Weigh each recipient. The mildest finding stands, so that one dead address condemns no other."""
    found = [_weighed(notice, one, alone=len(recipients) == 1) for one in recipients]
    found = found or [Weighed(Verdict.SOFT, "names nobody", 0)]
    chosen = min(found, key=lambda finding: _MILDEST_FIRST.index(finding.verdict))
    verdict, reason = chosen.verdict, chosen.reason
    if verdict is Verdict.HARD and not trusted:
        verdict, reason = Verdict.SOFT, f"{reason}, but no mail system wrote it"
    statuses = (one.status or enhanced_status(one.diagnostic or "") for one in recipients)
    status = next((status for status in statuses if status), None)
    return Report(Kind.BOUNCE, verdict, recipients=tuple(recipients), status=status, rule=f"{rule}: {reason}")


def _weighed(notice: Notice, one: Recipient, *, alone: bool) -> Weighed:
    """Its own diagnostic first; then the prose about it; then, if it is the only one, all that the notice says."""
    own = one.diagnostic or ""
    first = weigh(one.status, own)
    if first.sure == 2:
        return first
    prose = about(notice.text, one.address) if one.address else ""
    texts = [f"{own} {prose}"]
    if alone and not first.sure:
        texts.append(f"{own} {_GUESS.sub('', notice.text[:3000])}")
    wider = (weigh(one.status, text) for text in texts)
    found = next((finding for finding in wider if finding.sure), first)
    if found.verdict is Verdict.HARD and found.sure < 2 and alone and tells_of_a_living_mailbox(notice.text):
        return Weighed(Verdict.SOFT, f"{found.reason}, but the notice tells of a living mailbox", 2)
    return found


def _other(notice: Notice) -> Report:
    if autoreply.is_read_receipt(notice):
        return Report(Kind.NONE, rule="rfc8098: a receipt of reading")
    if rule := autoreply.read(notice):
        return Report(Kind.AUTOREPLY, rule=rule)
    if rule := unsubscribe.read(notice):
        return Report(Kind.UNSUBSCRIBE, Verdict.UNSUBSCRIBE, rule=rule)
    return Report(Kind.NONE, rule="nothing that a mail system reports")
