"""What a refusal proves about an address: weighing reply code, enhanced status and words against one another.

The first digit proves little: most policy blocks of living subscribers carry 5.x.x. `hard` therefore needs words or a
status that say that the mailbox or its domain does not exist, and nothing beside them that tells another story. The
enhanced statuses are those of RFC 3463 and its registry (RFC 5248); RFC 7505 adds 5.1.10, the null MX.
"""

import re
from typing import NamedTuple

from digest.core.dsn.cues import CUES
from digest.core.dsn.report import Verdict

MAX_TEXT = 4096
"""Characters of a diagnostic that are looked at; a longer one repeats itself."""


class Weighed(NamedTuple):
    """A verdict, its reason in words, and how sure: 0 a bare number, 1 words, 2 words that need no second look."""

    verdict: Verdict
    reason: str
    sure: int


_DEAD_STATUS = {"5.1.1", "5.1.3", "5.1.6", "5.1.10"}
_STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_CODE = re.compile(r"(?<![\d.\[])([245]\d\d)(?=[ \-:]|$)(?! ?bytes)")
_ADDRESS = re.compile(r"[^\s<>\"'(),:;]{1,80}@[\w.\-]{1,255}")
_LINK = re.compile(r"https?://\S{1,2000}", re.IGNORECASE)
# A gateway's own name for any 550 whatsoever; what the other server said comes after it.
_WRAPPER = re.compile(r"unknown address error|address rejected: \d|bad destination mailbox address", re.IGNORECASE)
# Having accepted RCPT, some carriers call the user unknown once they have seen the message: a filter, not a fact.
_AFTER_DATA = re.compile(
    r"in reply to (?:end of )?data\b|after end of data|(?:response to|did not like our) (?:end of |final )?data\b",
    re.IGNORECASE,
)


def enhanced_status(text: str) -> str | None:
    """The most telling enhanced status code (RFC 3463) in a text: the first that is not a bare x.0.0."""
    found = _STATUS.findall(text[:MAX_TEXT])
    return next((status for status in found if not status.endswith(".0.0")), found[0] if found else None)


def reply_code(text: str) -> int | None:
    """The first SMTP reply code in a text."""
    found = _CODE.search(text[:MAX_TEXT])
    return int(found[1]) if found else None


def judge(code: int, enhanced: str | None, text: str) -> Verdict:
    """The verdict on an SMTP reply to RCPT, DATA or the final dot, by the same evidence as a bounce."""
    return weigh(enhanced, text, code).verdict


def weigh(status: str | None, text: str, code: int | None = None) -> Weighed:
    """Weigh a status (RFC 3463) and the words beside it; a reply code counts where there is no status.

    The verdict is always HARD, SOFT or POLICY: that the delivery failed is known, the question is why.
    """
    text = " ".join(text[:MAX_TEXT].split())
    status = enhanced_status(status or "")
    if not status or status.endswith(".0.0"):
        status = enhanced_status(text) or status
    number = status or str(code or reply_code(text) or "")
    meaning, quote = _meaning(text)
    said = f"{number} and {quote}" if number and quote else number or quote
    subject = status.split(".")[1] if status else ""
    if subject == "7" and "mailbox full" not in quote:
        return Weighed(Verdict.POLICY, said, 2 if quote else 0)
    if meaning in {Verdict.SOFT, Verdict.POLICY}:
        return Weighed(meaning, said, 2)
    if number.startswith("4") or str(code or "").startswith("4") or status == "5.2.2":
        return Weighed(Verdict.SOFT, said, 2 if quote else 0)
    if meaning is Verdict.HARD and subject != "1" and _AFTER_DATA.search(text):
        return Weighed(Verdict.SOFT, f"{said}, yet only after the recipient was accepted", 2)
    if meaning is Verdict.HARD or status in _DEAD_STATUS:
        return Weighed(Verdict.HARD, said, bool(quote) + (bool(quote) and subject == "1"))
    return Weighed(Verdict.SOFT, said or "no reason that proves the address dead", 0)


def tells_of_a_living_mailbox(text: str) -> bool:
    """Whether a text says anywhere that a mailbox is full or disabled, whatever else it says."""
    words = " ".join(_ADDRESS.sub("@", text[:MAX_TEXT]).split())
    return any(cue.words.search(words) for cue in CUES if cue.name in {"mailbox full", "mailbox disabled"})


def _meaning(text: str) -> tuple[Verdict | None, str]:
    """The first cue in the words, with the words themselves; links may tell of a policy, but not that someone is dead."""
    words = _WRAPPER.sub("", _ADDRESS.sub("@", text))
    unlinked = _LINK.sub("", words)
    for cue in CUES:
        if found := cue.words.search(unlinked if cue.verdict is Verdict.HARD else words):
            return cue.verdict, f"“{found[0].strip(' :-').lower()[:60]}” ({cue.name})"
    return None, ""
