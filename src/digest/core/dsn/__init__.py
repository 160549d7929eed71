"""Understanding mail that comes back: bounces, complaints, delays, automatic replies, requests to be taken off.

`classify` reads a whole message (and so does `read`, which raises what breaks a limit), `judge` one SMTP reply; both weigh
the same evidence (`evidence.py`). Neither decides whose delivery it was: the raw tokens are in the report, and whoever holds
the keys verifies them.
"""

from digest.core.dsn.evidence import judge
from digest.core.dsn.mime import MAX_BYTES, BeyondLimit
from digest.core.dsn.reading import classify, read
from digest.core.dsn.report import Kind, Permanence, Recipient, Report, Tokens, Verdict, as_json

__all__ = [
    "MAX_BYTES",
    "BeyondLimit",
    "Kind",
    "Permanence",
    "Recipient",
    "Report",
    "Tokens",
    "Verdict",
    "as_json",
    "classify",
    "judge",
    "read",
]  # fmt: skip
