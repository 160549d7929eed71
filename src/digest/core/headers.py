"""The header of a digest: who it is from, how to leave, and how whatever comes back finds its delivery.

RFC 5322 (format), 2047 (encoded words), 2369 and 2919 (List-*), 8058 (one-click), 3834 (Auto-Submitted).
"""

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from email.header import Header
from email.utils import format_datetime
from functools import lru_cache
from urllib.parse import quote

from digest.core.dkim import Key
from digest.core.token import Keyring, Purpose

_CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")
LONGEST_WORD = 60
_ATOM_PHRASE = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+")


@dataclass(frozen=True, slots=True)
class Sender:
    """The publication as the mail world sees it. Addresses are bare, `public_url` without a final slash or None.

    `archive`: whether anybody may read there what went out.
    `postmark`: whether Postmark takes the mail, and is told by a field of its own which delivery each message is.
    """

    publication: str
    name: str
    address: str
    reply_to: str | None
    bounce_domain: str | None
    public_url: str | None
    keyring: Keyring
    dkim: tuple[Key, ...] = ()
    archive: bool = False
    postmark: bool = False

    def __post_init__(self) -> None:
        _refuse_control(self.publication, self.name, self.address, self.reply_to, self.bounce_domain, self.public_url)

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2]

    @property
    def list_id(self) -> str:
        return f"{_label(self.publication)}.{self.domain}"

    @property
    def feedback_id(self) -> str:
        """Stable for the sending domain, 12 characters, nothing personal (Gmail's feedback loop)."""
        return _fingerprint(self.domain)

    def returns(self, kind: str, token: str) -> str:
        """`bounce+TOKEN@`, `unsub+TOKEN@` or `letter+TOKEN@` the bounce domain; without one, a plus-address of From."""
        if self.bounce_domain:
            return f"{kind}+{token}@{self.bounce_domain}"
        return f"{self.address.rpartition('@')[0]}+{kind}+{token}@{self.domain}"

    def envelope(self, delivery_id: int) -> tuple[str, str]:
        """The VERP address to which a bounce of this delivery comes back, and the envelope identifier that says the same."""
        token = _way_back(self.keyring, delivery_id)
        return self.returns("bounce", token), f"d.{token}"

    def envelope_sender(self, delivery_id: int) -> str:
        return self.envelope(delivery_id)[0]

    def metadata(self, token: str) -> list[tuple[str, str]]:
        """Which message it is, in a field that the provider takes out and gives back with what it reports of it: nobody signs it.

        https://postmarkapp.com/support/article/1125-custom-metadata-faq
        """
        return [("X-PM-Metadata-delivery", token)] if self.postmark else []

    def unsubscribe_mailto(self, subscriber_id: int) -> str:
        return self.returns("unsub", _way_out(self.keyring, subscriber_id))

    def unsubscribe_url(self, subscriber_id: int) -> str:
        """What the link in the mail says: the public page, or a mail that does it where there is none."""
        if self.public_url:
            return f"{self.public_url}/unsubscribe/{_way_out(self.keyring, subscriber_id)}"
        return _mailto(self.unsubscribe_mailto(subscriber_id), "unsubscribe")

    def view_url(self, delivery_id: int) -> str | None:
        """The page that shows this one mail, None where there are no pages."""
        return self.public_url and f"{self.public_url}/view/{self.keyring.issue(Purpose.VIEW, delivery_id)}"

    def preferences_url(self, subscriber_id: int) -> str | None:
        """The page behind the link, None where there are no pages."""
        return (
            self.public_url
            and f"{self.public_url}/preferences/{self.keyring.issue(Purpose.PREFERENCES, subscriber_id)}"
        )

    def confirm_url(self, confirmation_id: int) -> str | None:
        """The page with the button that confirms, None where there are no pages."""
        return self.public_url and f"{self.public_url}/confirm/{self.keyring.issue(Purpose.CONFIRM, confirmation_id)}"

    def message_id(self, delivery_id: int) -> str:
        """Of our own domain, with a token of a purpose of its own, since it travels with every forward."""
        return f"<{self.keyring.issue(Purpose.MESSAGE, delivery_id)}@{self.domain}>"


@dataclass(frozen=True, slots=True)
class Message:
    """What one message of an edition says of itself in its header. `to` is a bare address, `date` aware.

    ValueError on a line break in any of it: so no value can begin a header of its own.
    """

    to: str
    subject: str
    date: datetime
    message_id: str
    subscriber_id: int
    campaign: str
    language: str
    boundary: str

    def __post_init__(self) -> None:
        _refuse_control(self.to, self.subject, self.message_id, self.campaign, self.language, self.boundary)


@dataclass(frozen=True, slots=True)
class Note:
    """What a message says of itself that belongs to no edition. `reader`: the subscriber who leaves by its header, if any.

    ValueError on a line break in any of it.
    """

    to: str
    subject: str
    date: datetime
    message_id: str
    language: str
    boundary: str
    reader: int | None = None

    def __post_init__(self) -> None:
        _refuse_control(self.to, self.subject, self.message_id, self.language, self.boundary)


def note_header(sender: Sender, note: Note) -> list[tuple[str, str]]:
    """As `header`; no List-Id and no Feedback-ID, since it is no mailing."""
    return [
        ("From", mailbox(sender.name, sender.address)),
        ("To", note.to),
        ("Subject", subject_line(note.subject)),
        ("Date", _date(note.date.replace(microsecond=0))),
        ("Message-ID", note.message_id),
        *([("Reply-To", sender.reply_to)] if sender.reply_to else []),
        *(_ways_out(sender, note.reader) if note.reader else []),
        ("Auto-Submitted", "auto-generated"),
        ("MIME-Version", "1.0"),
        ("Content-Language", note.language),
        ("Content-Type", f'multipart/alternative;\r\n boundary="{note.boundary}"'),
    ]


def _ways_out(sender: Sender, subscriber_id: int) -> list[tuple[str, str]]:
    ways = [f"<{_mailto(sender.unsubscribe_mailto(subscriber_id), 'unsubscribe')}>"]
    if not sender.public_url:
        return [("List-Unsubscribe", ways[0])]
    ways.insert(0, f"<{sender.unsubscribe_url(subscriber_id)}>")
    return [("List-Unsubscribe", ",\r\n ".join(ways)), ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")]


def header(sender: Sender, message: Message) -> list[tuple[str, str]]:
    """Names and encoded, folded values in the order in which they are written."""
    return [
        ("From", mailbox(sender.name, sender.address)),
        ("To", message.to),
        ("Subject", subject_line(message.subject)),
        ("Date", _date(message.date.replace(microsecond=0))),
        ("Message-ID", message.message_id),
        *([("Reply-To", sender.reply_to)] if sender.reply_to else []),
        ("List-Id", mailbox(sender.publication, sender.list_id)),
        *_ways_out(sender, message.subscriber_id),
        ("List-Help", f"<{_mailto(sender.reply_to or sender.address, 'help')}>"),
        *([("List-Archive", f"<{sender.public_url}/archive>")] if sender.archive else []),
        ("Feedback-ID", f"{message.campaign}:{message.language}:digest:{sender.feedback_id}"),
        ("Auto-Submitted", "auto-generated"),
        ("X-Digest-Delivery", _local_part(message.message_id)),
        ("MIME-Version", "1.0"),
        ("Content-Language", message.language),
        ("Content-Type", f'multipart/alternative;\r\n boundary="{message.boundary}"'),
    ]


def _local_part(message_id: str) -> str:
    """The token once more, since there are servers that write a Message-ID of their own."""
    return message_id[1:].partition("@")[0]


def serialise(fields: list[tuple[str, str]]) -> bytes:
    """The header as bytes, with the empty line that ends it. UTF-8 only where an address needs it (RFC 6532)."""
    return "".join([f"{name}: {value}\r\n" for name, value in fields]).encode() + b"\r\n"


@lru_cache(64)
def subject_line(text: str) -> str:
    """A subject, folded at 76; as encoded words where it is not ASCII or has no place to fold (RFC 2047 §2)."""
    _refuse_control(text)
    return Header(text, _charset(text), maxlinelen=76, header_name="Subject").encode(linesep="\r\n")


@lru_cache(64)
def phrase(text: str) -> str:
    """A display name: an atom phrase, a quoted string, or encoded words, in lines that fit behind any field's name here."""
    _refuse_control(text)
    if _plain(text) and len(text) <= LONGEST_WORD:
        if _ATOM_PHRASE.fullmatch(text):
            return text
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return Header(text, "utf-8", maxlinelen=76, header_name="List-Id").encode(linesep="\r\n")


def mailbox(name: str, address: str) -> str:
    """An address with its name before it: in the next line after encoded words, whose lines end at 76 (RFC 2047 §2)."""
    said = phrase(name)
    gap = "\r\n " if said.startswith("=?") else " "
    return f"{said}{gap}<{address}>" if name else address


@lru_cache(64)
def _label(publication: str) -> str:
    return (re.sub(r"[^a-z0-9]+", "-", publication.lower()).strip("-") or "digest")[:60]


@lru_cache(64)
def _fingerprint(domain: str) -> str:
    return "dg" + hashlib.sha256(domain.encode()).hexdigest()[:10]


@lru_cache(64)
def _way_out(keyring: Keyring, subscriber_id: int) -> str:
    """A message names it in its header, twice, and in both parts."""
    return keyring.issue(Purpose.UNSUBSCRIBE, subscriber_id)


@lru_cache(64)
def _way_back(keyring: Keyring, delivery_id: int) -> str:
    """The envelope names it, and so does what a provider gives back."""
    return keyring.issue(Purpose.BOUNCE, delivery_id)


@lru_cache(2)
def _date(second: datetime) -> str:
    return format_datetime(second)


def _mailto(address: str, subject: str) -> str:
    """RFC 6068: an address may hold what a link may not."""
    return f"mailto:{quote(address, safe='@+')}?subject={subject}"


def _refuse_control(*values: str | None) -> None:
    if any(value is not None and _CONTROL.search(value) for value in values):
        raise ValueError("a line break or control character in what the header is made of")


def _charset(text: str) -> str:
    return "us-ascii" if _plain(text) else "utf-8"


def _plain(text: str) -> bool:
    """ASCII that can be folded and that nobody takes for an encoded word."""
    return text.isascii() and "=?" not in text and all(len(word) <= LONGEST_WORD for word in text.split())
