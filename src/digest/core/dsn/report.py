"""What a message that came back says: the values that `classify` answers with."""

from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """What sort of message it is."""

    BOUNCE = "bounce"
    COMPLAINT = "complaint"
    UNSUBSCRIBE = "unsubscribe"
    AUTOREPLY = "autoreply"
    DELAY = "delay"
    NONE = "none"


class Permanence(StrEnum):
    """Whether the address is dead (hard) or only this delivery failed (soft)."""

    HARD = "hard"
    SOFT = "soft"
    NONE = "none"


class Verdict(StrEnum):
    """What it means for the subscriber; the policy acts on this alone."""

    HARD = "hard"
    SOFT = "soft"
    POLICY = "policy"
    COMPLAINT = "complaint"
    OPT_OUT = "opt-out"
    UNSUBSCRIBE = "unsubscribe"
    DELAY = "delay"
    NONE = "none"

    @property
    def permanence(self) -> Permanence:
        match self:
            case Verdict.HARD:
                return Permanence.HARD
            case Verdict.SOFT | Verdict.POLICY:
                return Permanence.SOFT
            case _:
                return Permanence.NONE


@dataclass(frozen=True, slots=True)
class Recipient:
    """One address that the report is about, with what was said of it (RFC 3464 §2.3)."""

    address: str
    status: str | None = None
    action: str | None = None
    diagnostic: str | None = None


@dataclass(frozen=True, slots=True)
class Tokens:
    """Raw strings that may identify the delivery; whoever holds the keys verifies them."""

    envelope_id: str | None = None
    message_ids: tuple[str, ...] = ()
    digest_delivery: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """The whole finding. `rule` names the evidence that decided, in words for people."""

    kind: Kind
    verdict: Verdict = Verdict.NONE
    permanence: Permanence = Permanence.NONE
    recipients: tuple[Recipient, ...] = ()
    status: str | None = None
    rule: str = ""
    tokens: Tokens = field(default_factory=Tokens)


def as_json(path: str, report: Report) -> dict[str, object]:
    """One line of `inbound classify`: policy is soft there, an opt-out a complaint, an unsubscribe mail no bounce."""
    return {
        "path": path,
        "kind": "none" if report.kind is Kind.UNSUBSCRIBE else str(report.kind),
        "permanence": str(report.permanence),
        "recipients": [recipient.address for recipient in report.recipients],
        "status": report.status,
        "verdict": str(report.verdict),
        "rule": report.rule,
    }
