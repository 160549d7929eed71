"""A provider's report and a bounce mail come to the same: one weighing of what was said."""

from digest.core.dsn import Kind, Report, Tokens, Verdict
from digest.core.dsn.evidence import enhanced_status, weigh


def bounce(provider: str, named: str, verdict: Verdict, status: str | None, words: str, tokens: Tokens) -> Report:
    """A bounce that the provider calls `named`, which is `verdict` unless the other server's own words are milder.

    Nobody is dead by words alone, since the provider, who read them too, would have said so.
    """
    found = weigh(status, words)
    rule = f"{provider}: {named}"
    if found.sure and found.verdict is not Verdict.HARD and found.verdict is not verdict:
        verdict, rule = found.verdict, f"{rule}, yet {found.reason}"
    said = enhanced_status(status or "") or enhanced_status(words)
    return Report(Kind.BOUNCE, verdict, verdict.permanence, status=said, rule=rule, tokens=tokens)


def text(value: object) -> str:
    """A value of a provider's JSON that ought to be text, without what no database takes."""
    return "".join(char if char.isprintable() else " " for char in value) if isinstance(value, str) else ""
