"""Sendmail 5 and 8 in prose: the list of “permanent fatal errors” and the transcript of the session."""

import re

from digest.core.dsn.notice import ADDRESS, Notice, recipient
from digest.core.dsn.report import Recipient

_TRANSCRIPT = re.compile(r"-{3,10} ?(?:Transcript of session follows|The following addresses had)", re.IGNORECASE)
_REPLY = re.compile(rf"^((?:\d{{3}}[ -][^<\n]{{0,40}}?)?<?({ADDRESS})>?\.\.\. ?.{{0,400}})$", re.MULTILINE)
_LISTED = re.compile(rf"^[ \t]{{0,4}}<?({ADDRESS})>?(?:[ \t]{{1,4}}\(.{{0,80}})?[ \t]{{0,4}}$", re.MULTILINE)
_ASKED = re.compile(
    rf"^>>> RCPT TO: ?<({ADDRESS})>.{{0,80}}\n((?:<<< .{{0,400}}\n){{1,6}})", re.IGNORECASE | re.MULTILINE
)


def read(notice: Notice) -> list[Recipient]:
    """Each address once; whatever the transcript says of it in several places goes together."""
    start = _TRANSCRIPT.search(notice.text)
    if not start:
        return []
    text = notice.text[start.start() :]
    said: dict[str, list[str]] = {}
    for one in _LISTED.finditer(text):
        said.setdefault(one[1].lower(), [])
    for one in _ASKED.finditer(text):
        said.setdefault(one[1].lower(), []).append(one[2])
    for one in _REPLY.finditer(text):
        said.setdefault(one[2].lower(), []).append(one[1])
    return [recipient(address, " ".join(words) or text) for address, words in said.items()]
