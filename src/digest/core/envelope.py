"""The envelope on the wire: MAIL and RCPT with what the server offers (RFC 5321 §4.1.1).

Where it offers delivery status notifications (RFC 3461), a bounce names the delivery by its envelope identifier and the
recipient as it was before any forwarding, and is asked to return the header alone.
"""

import re
from dataclasses import dataclass

_NO_XCHAR = re.compile(r"[^!-*,-<>-~]")
_NO_QCHAR = re.compile(r"[^!-*,-<>-\[\]-~]")

_LONGEST_HEADER = 1 << 13  # where a message may not be ASCII: bodies are quoted-printable


@dataclass(frozen=True, slots=True)
class Parcel:
    """A message in its envelope. `wire`: CRLF line ends, dots stuffed, the body ASCII.

    `envelope_id`: what a bounce may name it by (ENVID, RFC 3461 §4.4).
    """

    sender: str
    recipient: str
    wire: bytes
    envelope_id: str = ""

    @property
    def utf8(self) -> bool:
        """Whether only a server with SMTPUTF8 can take it (RFC 6531)."""
        return not ((self.sender + self.recipient).isascii() and self.wire[:_LONGEST_HEADER].isascii())


def mail(sender: str, envelope_id: str, *, dsn: bool, utf8: bool) -> bytes:
    """MAIL. `envelope_id`: at most 100 characters, or none. `utf8`: the header or the envelope is not ASCII (RFC 6531)."""
    asked = " SMTPUTF8" if utf8 else ""
    if dsn:
        asked += f" RET=HDRS ENVID={_xtext(envelope_id)}" if envelope_id else " RET=HDRS"
    return f"MAIL FROM:<{sender}>{asked}\r\n".encode()


def rcpt(recipient: str, *, dsn: bool) -> bytes:
    """RCPT; failures and delays are to be told, and successes not."""
    asked = f" NOTIFY=FAILURE,DELAY ORCPT={_original(recipient)}" if dsn else ""
    return f"RCPT TO:<{recipient}>{asked}\r\n".encode()


def _original(recipient: str) -> str:
    """The address with its type; beyond ASCII in the form that any server can pass on (utf-8-addr-xtext, RFC 6533 §3)."""
    if recipient.isascii():
        return f"rfc822;{_xtext(recipient)}"
    return "utf-8;" + _NO_QCHAR.sub(lambda char: f"\\x{{{ord(char[0]):X}}}", recipient)


def _xtext(text: str) -> str:
    """RFC 3461 §4."""
    return _NO_XCHAR.sub(lambda char: f"+{ord(char[0]):02X}", text)
