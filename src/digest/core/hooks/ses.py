"""What Amazon SES says of a message: https://docs.aws.amazon.com/ses/latest/dg/notification-contents.html, and as events of a
configuration set: https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html.
"""

from collections.abc import Mapping
from typing import Any

from digest.core.dsn import Kind, Report, Tokens, Verdict
from digest.core.hooks.report import bounce, text

_BOUNCES = {
    ("Permanent", "General"): Verdict.HARD,
    ("Permanent", "NoEmail"): Verdict.HARD,
    ("Transient", "ContentRejected"): Verdict.POLICY,
    ("Transient", "AttachmentRejected"): Verdict.POLICY,
}
"""All others are soft: also an address on a list of SES, which says nothing of the mailbox today."""
_NO_COMPLAINT = ("auth-failure", "not-spam")


def read(said: Mapping[str, Any]) -> Report | None:
    """What a notification or an event says; None for what tells of no failure and no wish (deliveries, opens, clicks)."""
    tokens = _tokens(_object(said, "mail"))
    match said.get("notificationType") or said.get("eventType"):
        case "Bounce":
            return _bounce(_object(said, "bounce"), tokens)
        case "Complaint":
            return _complaint(_object(said, "complaint"), tokens)
        case "DeliveryDelay":
            named = text(_object(said, "deliveryDelay").get("delayType"))
            return Report(Kind.DELAY, Verdict.DELAY, rule=f"SES: {named[:40]}, will try again", tokens=tokens)
    return None


def _bounce(told: Mapping[str, Any], tokens: Tokens) -> Report:
    of = text(told.get("bounceType")), text(told.get("bounceSubType"))
    named = "/".join(of)[:80]
    if of[1] == "UnsubscribedRecipient":
        return Report(Kind.COMPLAINT, Verdict.OPT_OUT, rule=f"SES: {named}", tokens=tokens)
    # One recipient a message is what digest sends.
    listed = told.get("bouncedRecipients")
    recipient = listed[0] if isinstance(listed, list) and listed and isinstance(listed[0], dict) else {}
    status, words = text(recipient.get("status")), text(recipient.get("diagnosticCode"))
    if of == ("Transient", "General") and not (status or words):
        return Report(Kind.NONE, rule=f"SES: {named} of which no server reports: an automatic answer", tokens=tokens)
    return bounce("SES", named, _BOUNCES.get(of, Verdict.SOFT), status or None, words, tokens)


def _complaint(told: Mapping[str, Any], tokens: Tokens) -> Report:
    kind = text(told.get("complaintFeedbackType")) or "abuse"
    if kind in _NO_COMPLAINT:
        return Report(Kind.NONE, rule=f"SES: {kind}, no complaint of a person", tokens=tokens)
    return Report(Kind.COMPLAINT, Verdict.COMPLAINT, rule=f"SES: {kind[:40]}", tokens=tokens)


def _tokens(mail: Mapping[str, Any]) -> Tokens:
    """The envelope's sender, which only mail systems saw; and the message's own header, where the topic is told it."""
    listed = mail.get("headers")
    headers = [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []

    def values(name: str) -> tuple[str, ...]:
        return tuple(text(each.get("value"))[:1000] for each in headers if text(each.get("name")).lower() == name)

    return Tokens(text(mail.get("source"))[:1000], values("message-id"), values("x-digest-delivery"))


def _object(said: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = said.get(name)
    return value if isinstance(value, dict) else {}
