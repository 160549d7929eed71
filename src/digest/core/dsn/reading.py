"""One message in, one report out. The order of the questions matters: Postfix calls its bounces automatic replies."""

import re
from dataclasses import replace

from digest.core.dsn import arf, autoreply, dialects, rfc3464, unsubscribe
from digest.core.dsn.evidence import Finding, weigh
from digest.core.dsn.mime import Refused, get
from digest.core.dsn.notice import Notice, about, blamed, open_notice, tokens
from digest.core.dsn.report import Kind, Recipient, Report, Tokens, Verdict

_DAEMON = re.compile(
    r"mailer-?daemon|postmaster|mail ?\.?delivery|delivery ?\.?(?:sub)?system|system administrator|mail administrator|mail system|maildaemon"
    r"|mail daemon|bounce|mailadmin|no-?reply@\S{0,60}dion",
    re.IGNORECASE,
)
_FAILED = re.compile(
    r"undeliver|returned mail|return(?:ing|ed) (?:message )?to sender|delivery (?:status|failure|notification|report|problem|error|has failed|failed)"
    r"|failure notice|mail (?:delivery )?(?:failed|failure|system error)|not (?:be )?delivered|nondeliverable|could ?n[o'’]t (?:be )?deliver"
    r"|unable to deliver|rejected mail|mail error|processing error|permanent (?:fatal )?error|user unknown|wasn.t able to deliver"
    r"|error sending your mail|trouble delivering|non remis|unzustellbar|no se pudo entregar|недоставлен|не доставлен|配信|送信でき",
    re.IGNORECASE,
)
_PLAINLY_FAILED = re.compile(
    r"(?:your|the|this|a) (?:e-?mail |mail )?(?:message|mail|e-?mail)[^.]{0,120}(?:could|can|was|were)(?: ?not|n['’]t) (?:be )?delivered"
    r"|unable to deliver (?:your |the )?(?:message|mail)|delivery to the following|you are not (?:a )?member of this mailing list"
    r"|did not reach the following recipient|following recipients? (?:did not receive|failed|was rejected|were rejected)"
    r"|was not delivered to:|returned to sender|recipients? was rejected by|error occurred while trying to deliver",
    re.IGNORECASE,
)
_DELAYED = re.compile(
    r"(?:^|\b)(?:warning: .{0,80}(?:delay|not yet|still)|delayed mail|message delayed|delivery (?:warning|delayed|\(delay\))|\(delay\))"
    r"|(?:has|have) not yet been delivered|has been (?:delayed|postponed)|is delayed for|this is (?:just )?a (?:temporary|warning)|warning message only"
    r"|will (?:continue|keep|be) (?:to )?(?:try|attempt|retr)|delivery attempts will continue|will be retried|only a temporary failure|still being retried"
    r"|do not need to resend",
    re.IGNORECASE,
)
_GAVE_UP = re.compile(
    r"gave up|given up|giving up|will be deleted from queue|permanent(?:ly)? (?:error|fail)|failed permanently|no longer",
    re.IGNORECASE,
)


def classify(message: bytes) -> Report:
    """What a message that came back says. Never raises; what breaks a limit is of kind `none`, its rule “refused: …”."""
    try:
        notice = open_notice(message)
    except Refused as refused:
        return Report(Kind.NONE, rule=f"refused: {refused}")
    report = _complaint(notice) or _delivery_report(notice) or _prose(notice) or _otherwise(notice)
    return replace(
        report,
        permanence=report.verdict.permanence,
        tokens=tokens(notice, rfc3464.envelope_id(notice)) if report.kind is not Kind.NONE else Tokens(),
    )


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
    return Report(Kind.NONE, rule=f"rfc3464: Action says {told[0].action}, nothing failed")


def _with_action(notice: Notice, one: Recipient) -> Recipient:
    if one.action:
        return one
    status = one.status or ""
    waiting = status.startswith("4") and _is_delay(notice)
    return replace(one, action="delivered" if status.startswith("2") else "delayed" if waiting else "failed")


def _named_elsewhere(notice: Notice, one: Recipient) -> list[Recipient]:
    """A report that names a pipe or a file: the address is in the prose, or in the message that came back."""
    _, found = dialects.read(notice)
    named = [r.address for r in found] or blamed(notice)[:1]
    return [replace(one, address=address) for address in named]


def _prose(notice: Notice) -> Report | None:
    daemon = bool(_DAEMON.search(notice.sender)) or get(notice.headers, "return-path").strip() in {
        "<>",
        "<MAILER-DAEMON>",
    }
    automatic = autoreply.read(notice)
    marked = bool(get(notice.headers, "x-failed-recipients"))
    if automatic and not (daemon and _FAILED.search(notice.text + notice.subject)) and not marked:
        return None
    plain = bool(_PLAINLY_FAILED.search(notice.text))
    if not (
        marked
        or plain
        or (daemon and (_FAILED.search(notice.subject) or _FAILED.search(notice.text) or _is_delay(notice)))
    ):
        return None
    name, found = dialects.read(notice)
    if not found:
        return None
    if _is_delay(notice):
        return Report(Kind.DELAY, Verdict.DELAY, recipients=tuple(found), rule=f"{name}: says that it will try again")
    return _bounce(name, notice, found, trusted=daemon or marked)


def _is_delay(notice: Notice) -> bool:
    text = f"{notice.subject}\n{notice.text[:8000]}"
    return bool(_DELAYED.search(text)) and not _GAVE_UP.search(text)


def _bounce(rule: str, notice: Notice, recipients: list[Recipient], *, trusted: bool) -> Report:
    """Weigh each recipient: dead only if all of them are, so that one dead address condemns no other."""
    found = [_weighed(notice, one, alone=len(recipients) == 1) for one in recipients] or [
        Finding(Verdict.SOFT, "names nobody")
    ]
    chosen = min(found, key=lambda finding: (Verdict.POLICY, Verdict.SOFT, Verdict.HARD).index(finding.verdict))
    if chosen.verdict is Verdict.HARD and not trusted:
        chosen = Finding(Verdict.SOFT, f"{chosen.reason}, but no mail system wrote it", told=True)
    status = next((one.status for one in recipients if one.status), None)
    return Report(
        Kind.BOUNCE, chosen.verdict, recipients=tuple(recipients), status=status, rule=f"{rule}: {chosen.reason}"
    )


def _weighed(notice: Notice, one: Recipient, *, alone: bool) -> Finding:
    """Its own diagnostic first; then the prose about it; then, if it is the only one, all that the notice says."""
    own = one.diagnostic or ""
    prose = about(notice.text, one.address) if one.address else ""
    first = weigh(one.status, own)
    if first.told and first.verdict is not Verdict.HARD:
        return first
    texts = [f"{own} {prose}"] if first.told else [f"{own} {prose}", *([f"{own} {notice.text[:3000]}"] if alone else [])]
    wider = (weigh(one.status, text) for text in texts)
    return next((finding for finding in wider if finding.told), first)


def _otherwise(notice: Notice) -> Report:
    if autoreply.is_read_receipt(notice):
        return Report(Kind.NONE, rule="rfc8098: a receipt of reading")
    if rule := autoreply.read(notice):
        return Report(Kind.AUTOREPLY, rule=rule)
    if rule := unsubscribe.read(notice):
        return Report(Kind.UNSUBSCRIBE, Verdict.UNSUBSCRIBE, rule=rule)
    return Report(Kind.NONE, rule="nothing that a mail system reports")
