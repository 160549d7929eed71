"""What a link's answer means for the edition that has it in. Pure; pipeline/links.py asks."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from digest.core.finding import Finding, Severity, shortened

GONE = (404, 410)
SHY = (401, 403, 405, 406, 429)
"""What servers answer to programs, whatever they show to people: it says nothing."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of a link: its status and where it ended, or the trouble that kept it from being asked."""

    status: int = 0
    url: str = ""
    trouble: str = ""


def judge(url: str, where: str, answered: Answered) -> Finding | None:
    """What is to be said of a link, if anything. Only a server that says itself that the page is gone blocks."""
    shown = shortened(url, 200)
    if answered.trouble:
        do = "Try it in a browser."
        return Finding(Severity.WARNING, f"The link could not be checked. {answered.trouble}", where, do)
    if answered.status in GONE:
        do = "Correct the link, or take it out."
        return Finding(Severity.BLOCKING, f"{shown} is a dead link: the server answers {answered.status}.", where, do)
    if answered.status >= 400 and answered.status not in SHY:
        do = "Try it in a browser; it may be over soon."
        return Finding(Severity.WARNING, f"{shown} does not work now: the server answers {answered.status}.", where, do)
    if _place(answered.url) != _place(url):
        do = "See that it is the page that is meant, and link to it directly."
        return Finding(Severity.WARNING, f"{shown} leads on to {shortened(answered.url, 200)}.", where, do)
    return None


def _place(url: str) -> tuple[str, str, str]:
    """What tells two pages apart: not http from https, nor a final slash."""
    parts = urlsplit(url)
    return (parts.hostname or "").removeprefix("www."), parts.path.rstrip("/"), parts.query
