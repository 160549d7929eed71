"""Preflight: what is looked at before an edition goes out. Each check is a function from the facts to findings.

A finding blocks where mail would go out broken; it warns where somebody may want it so.
"""

from digest.core.finding import Finding, Severity
from digest.core.preflight import content, mail
from digest.core.preflight.content import links
from digest.core.preflight.facts import Facts, Page, Volume

__all__ = ["Facts", "Page", "Volume", "examine", "links"]

CHECKS = (
    mail.size, mail.words, mail.leftovers, mail.ways_out, mail.postal_address, mail.structure, mail.contrast,
    content.deadlines, content.complete, content.translations, content.insecure, content.reach, content.topics,
    content.changes, mail.alignment,
)  # fmt: skip


def examine(facts: Facts) -> list[Finding]:
    """Everything that was found, what blocks first."""
    found = [finding for check in CHECKS for finding in check(facts)]
    return sorted(found, key=lambda finding: finding.severity is not Severity.BLOCKING)
