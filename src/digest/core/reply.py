"""What a mail server answered, and what it means for a delivery."""

import re
from dataclasses import dataclass
from enum import StrEnum

_ENHANCED = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?!\.?\d)")  # never inside an IP address
_OF_THE_SENDER = ("4.1.7", "4.1.8", "5.1.7", "5.1.8")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")


@dataclass(frozen=True, slots=True)
class Reply:
    """An SMTP reply (RFC 5321 §4.2): three-digit code and text; `enhanced` status where given (RFC 3463)."""

    code: int
    text: str

    @property
    def enhanced(self) -> str | None:
        match = _ENHANCED.search(self.text[:80])
        return match[1] if match else None

    def __str__(self) -> str:
        return _CONTROL.sub(" ", f"{self.code} {self.text}")[:500]


class Stage(StrEnum):
    """Where in the dialogue a reply came."""

    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    DOT = "dot"


@dataclass(frozen=True, slots=True)
class Accepted:
    """250 after the final dot: the message is the server's now."""

    reply: Reply


@dataclass(frozen=True, slots=True)
class Rejected:
    """The server said no: for now (4xx) or for good (5xx), at `stage`."""

    reply: Reply
    stage: Stage

    @property
    def permanent(self) -> bool:
        return self.reply.code >= 500

    @property
    def ours(self) -> bool:
        """The trouble is the sender's (a login that is missing, the envelope's sender), so it says nothing about the recipient.

        Many servers say so at RCPT only (Postfix: `smtpd_delay_reject`), by 530 (RFC 4954 §6) or a status (RFC 3463 §3.2).
        """
        told = self.reply.code == 530 or self.reply.enhanced in _OF_THE_SENDER
        return told or self.stage is Stage.MAIL


@dataclass(frozen=True, slots=True)
class Lost:
    """The connection went before the final dot was written: nothing was delivered. `detail`: the reply, or what happened."""

    detail: str

    @property
    def closing(self) -> bool:
        """The server said why: 421, the one reply that ends a connection (RFC 5321 §3.8)."""
        return self.detail.startswith("421")


@dataclass(frozen=True, slots=True)
class Unknown:
    """The final dot was written and no clear reply came: delivered or not, nobody can say."""

    detail: str


Outcome = Accepted | Rejected | Lost | Unknown
