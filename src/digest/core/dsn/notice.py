"""The mail system's own words, kept apart from the message that it gives back.

Every reader of a dialect gets one `Notice`: who wrote, the explaining text, the parts, and the returned headers.
"""

import re
from dataclasses import dataclass
from itertools import islice, pairwise

from digest.core.dsn.mime import MAX_TEXT, Headers, Part, get, get_all, leaves, parse_headers, readable, split
from digest.core.dsn.report import Recipient, Tokens

MAX_RECIPIENTS = 100
ADDRESS = r"[^\s<>@()\[\],:;\"'|=?]{1,64}@[A-Za-z0-9][A-Za-z0-9.\-]{0,251}[A-Za-z0-9]"
_ADDRESS = re.compile(r"(?:\"[^\"@\s]{1,64}\"|[^\s<>@()\[\],:;\"|]{1,120})@[\w][\w.\-]{0,251}[\w]")

_FIELD = re.compile(r"^[!-9;-~]{1,60}:[ \t]", re.MULTILINE)
_RETURNED_KINDS = {
    "message/rfc822",
    "text/rfc822-headers",
    "message/rfc822-headers",
    "message/global",
    "message/global-headers",
}
_CUT = re.compile(
    r"^(?:"
    r"[ \t|>]{0,4}[-_=*]{2,40}.{0,30}\b(?:original|returned|unsent|copy|message text|header)\b.{0,60}"
    r"|[ \t]{0,8}(?:original message follows|original message headers|below is a copy"
    r"|the original message(?: follows| was| is)?:|message header"
    r"|a copy of the (?:original )?message|the header of the original|a copy of your message"
    r"|--- (?:mensaje original)).{0,60}"
    r"|(?:received|return-path): .{1,200}"
    r")$",
    re.IGNORECASE | re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Notice:
    """What a dialect reader may look at. `text` ends where the returned message begins; `returned` are its headers."""

    headers: Headers
    parts: tuple[Part, ...]
    sender: str
    subject: str
    text: str
    returned: Headers

    @property
    def own_addresses(self) -> frozenset[str]:
        """Who wrote the notice and who got it: named in many notices, never the one that failed."""
        fields = [get(self.headers, name) for name in ("from", "to", "return-path", "sender", "reply-to")]
        return frozenset(addresses(" ".join([*fields, get(self.returned, "from"), get(self.returned, "return-path")])))

    def part(self, *kinds: str) -> Part | None:
        return next((part for part in self.parts if part.kind in kinds), None)


def open_notice(message: bytes) -> Notice:
    """Split a message into notice and returned message. Raises BeyondLimit where it breaks a limit."""
    headers, parts = leaves(message)
    texts: list[str] = []
    returned: Headers = ()
    plain = [part for part in parts if part.kind.startswith("text/plain") or part.kind == "text"]
    shown = plain or [part for part in parts if part.kind == "text/html"]
    for part in shown:
        own, rest = _divide(part.text)
        texts.append(own)
        returned = returned or _first_headers(rest)
    for part in parts:
        if part.kind in _RETURNED_KINDS:
            inner, _ = split(part.body.lstrip(b"\r\n")) if b"\n" in part.body else ((), b"")
            returned = inner + returned
    return Notice(
        headers=headers,
        parts=tuple(parts),
        sender=readable(get(headers, "from")),
        subject=readable(get(headers, "subject")),
        text="\n".join(texts)[:MAX_TEXT],
        returned=returned,
    )


def _divide(text: str) -> tuple[str, str]:
    """The notice, and what was returned below it."""
    found = next((cut for cut in _CUT.finditer(text) if text[: cut.start()].strip()), None)
    if not found:
        return text, ""
    begins_itself = found[0][0] in "Rr"
    return text[: found.start()], text[found.start() if begins_itself else found.end() :]


def _first_headers(text: str) -> Headers:
    """The fields with which a returned message begins, after whatever introduces it."""
    first = _FIELD.search(text)
    return parse_headers(text[first.start() :].partition("\n\n")[0]) if first else ()


def addresses(text: str) -> list[str]:
    """The first hundred addresses in a text, in order, each once, in lower case."""
    return list(dict.fromkeys(tidy(found[0]) for found in islice(_ADDRESS.finditer(text), MAX_RECIPIENTS)))


def tidy(address: str) -> str:
    """An address without the wrapping that reports put round it (source routes, prefixes, quotes of a whole)."""
    return address.strip().strip("<>'`.,;:*").lower()


def about(text: str, address: str) -> str:
    """The paragraphs that name an address, each with the next one where it says nothing more; at most 2,000 characters."""
    paragraphs = [p for p in re.split(r"\n[ \t]{0,8}\n", text[:MAX_TEXT], maxsplit=400) if p.strip()]
    told = [p for p in paragraphs if address in p.lower()]
    lonely = [b for a, b in pairwise(paragraphs) if address in a.lower() and len(a.strip()) < len(address) + 40]
    return "\n".join([*told, *lonely])[:2000]


def sections(head: re.Pattern[str], text: str) -> list[tuple[str, str]]:
    """What the head's first group names, each with the text as far as the next head."""
    heads = list(head.finditer(text))
    ends = [*(head.start() for head in heads[1:]), len(text)]
    return [(one[1], text[one.end() : end]) for one, end in zip(heads, ends, strict=False)]


def tokens(notice: Notice, envelope_id: str | None) -> Tokens:
    """What may tell whose delivery it was: Original-Envelope-Id, and headers of the returned message."""
    return Tokens(
        envelope_id=envelope_id,
        message_ids=tuple(dict.fromkeys(v.strip("<> ") for v in get_all(notice.returned, "message-id") if v)),
        digest_delivery=tuple(dict.fromkeys(get_all(notice.returned, "x-digest-delivery"))),
    )


def blamed(notice: Notice) -> list[str]:
    """Addresses to which the returned message went: the last resort when a notice names nobody."""
    for names in (("x-failed-recipients", "x-envelope-to", "x-original-to"), ("to",)):
        found = addresses(" ".join(get_all(notice.returned, *names)))
        if found:
            return found
    return []


def recipient(
    address: str, diagnostic: str = "", status: str | None = None, action: str | None = "failed"
) -> Recipient:
    return Recipient(tidy(address), status, action, " ".join(diagnostic.split())[:1000] or None)
