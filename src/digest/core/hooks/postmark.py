"""Postmark's webhooks: https://postmarkapp.com/developer/webhooks/bounce-webhook, and those of spam complaints and subscription
changes beside it; the types of bounces: https://postmarkapp.com/developer/api/bounce-api#bounce-types.
"""

from collections.abc import Mapping
from typing import Any

from digest.core.dsn import Kind, Report, Tokens, Verdict
from digest.core.hooks.report import bounce, text

_BOUNCES = {
    "HardBounce": Verdict.HARD,
    "BadEmailAddress": Verdict.HARD,
    "SoftBounce": Verdict.SOFT,
    "Transient": Verdict.SOFT,
    "DnsError": Verdict.SOFT,
    "Unknown": Verdict.SOFT,
    "SMTPApiError": Verdict.SOFT,
    "Blocked": Verdict.POLICY,
    "SpamNotification": Verdict.POLICY,
    "VirusNotification": Verdict.POLICY,
    "ChallengeVerification": Verdict.POLICY,
    "DMARCPolicy": Verdict.POLICY,
}
_WISHES = {"Unsubscribe": Verdict.OPT_OUT, "SpamComplaint": Verdict.COMPLAINT}


def read(said: Mapping[str, Any]) -> Report | None:
    """What a webhook's JSON says; None for what tells of no failure and no wish (deliveries, opens, clicks)."""
    match said.get("RecordType"):
        case "Bounce":
            return _told(said, text(said.get("Type")))
        case "SpamComplaint":
            return _told(said, "SpamComplaint")
        case "SubscriptionChange" if said.get("SuppressSending") is True:
            reason = text(said.get("SuppressionReason"))
            if reason == "ManualSuppression" and said.get("Origin") == "Recipient":
                reason = "Unsubscribe"
            return _told(said, reason)
    return None


def _told(said: Mapping[str, Any], named: str) -> Report:
    rule = f"Postmark: {named[:40]}"
    if named in _BOUNCES:
        words = f"{text(said.get('Details'))} {text(said.get('Description'))}" if said.get("Details") else ""
        return bounce("Postmark", named, _BOUNCES[named], None, words, _tokens(said))
    if named in _WISHES:
        return Report(Kind.COMPLAINT, _WISHES[named], rule=rule, tokens=_tokens(said))
    return Report(Kind.NONE, rule=f"{rule}, no failure", tokens=_tokens(said))


def _tokens(said: Mapping[str, Any]) -> Tokens:
    """The metadata that went out with the message, and came to nobody but Postmark."""
    metadata = said.get("Metadata")
    values = metadata.values() if isinstance(metadata, dict) else ()
    return Tokens(envelope_id=" ".join(each[:80] for each in values if isinstance(each, str))[:1000])
