"""What a spam filter would say of our own mail, where one is installed: SpamAssassin, without its network tests."""

import email
import re
import shutil
import subprocess
from dataclasses import dataclass

SECONDS = 60
_STATUS = re.compile(r"score=(-?[\d.]+) required=([\d.]+) tests=([\w,\s]*?)(?:\s+autolearn|\s+version|$)")


@dataclass(frozen=True, slots=True)
class Verdict:
    """Points, at how many it is taken for spam, and the rules that gave them."""

    points: float
    limit: float
    rules: tuple[str, ...]


def judge(message: bytes) -> Verdict | None:
    """SpamAssassin's verdict on a whole message; None if it is not installed or does not answer."""
    program = shutil.which("spamassassin")
    if program is None:
        return None
    try:
        done = subprocess.run(  # noqa: S603  SpamAssassin, as found in PATH
            [program, "--local"], input=message, capture_output=True, timeout=SECONDS, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    status = " ".join(str(email.message_from_bytes(done.stdout).get("X-Spam-Status", "")).split())
    said = _STATUS.search(status)
    if said is None:
        return None
    rules = tuple(rule for rule in re.split(r"[,\s]+", said[3]) if rule and rule != "none")
    return Verdict(float(said[1]), float(said[2]), rules)
