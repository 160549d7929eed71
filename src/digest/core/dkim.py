"""DKIM signatures (RFC 6376; Ed25519 by RFC 8463), relaxed/relaxed, over messages whose bodies are canonical already.

`core/quoted_printable.py` makes bodies that equal their own relaxed form, so the body is hashed as it is.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa

Fields = Sequence[tuple[str, str]]

OVERSIGNED = ("From", "Subject", "To", "Date", "List-Unsubscribe", "List-Unsubscribe-Post", "Feedback-ID", "Reply-To")
"""Named once more than they are there, so that nobody can put a second one in front and keep the signature."""


@dataclass(frozen=True, slots=True)
class Key:
    """A private key and where its public half is published: `selector._domainkey.domain`."""

    domain: str
    selector: str
    private: rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey

    @property
    def algorithm(self) -> str:
        return "rsa-sha256" if isinstance(self.private, rsa.RSAPrivateKey) else "ed25519-sha256"

    @property
    def name(self) -> str:
        return f"{self.selector}._domainkey.{self.domain}"

    @property
    def record(self) -> str:
        """The value of the TXT record."""
        public = self.private.public_key()
        if isinstance(public, rsa.RSAPublicKey):
            form = serialization.PublicFormat.SubjectPublicKeyInfo
            return f"v=DKIM1; k=rsa; p={_b64(public.public_bytes(serialization.Encoding.DER, form))}"
        raw = public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        return f"v=DKIM1; k=ed25519; p={_b64(raw)}"

    def __reduce__(self) -> tuple[Callable[[bytes, str, str], "Key"], tuple[bytes, str, str]]:
        """To another process, to which a private key's object does not travel."""
        return load, (self.pem(), self.domain, self.selector)

    def pem(self) -> bytes:
        """The private key as PKCS #8, not encrypted."""
        pkcs8, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        return self.private.private_bytes(serialization.Encoding.PEM, pkcs8, plain)


def aligned(signed: str, sender: str) -> bool:
    """Whether receivers take a signature of domain `signed` for the word of `sender` (DMARC, relaxed: RFC 7489 §3.1.1).

    It is the same, or one is below the other. Two domains side by side may be aligned too; only the list of public suffixes
    would tell.
    """
    return signed == sender or signed.endswith(f".{sender}") or sender.endswith(f".{signed}")


def load(pem: bytes, domain: str, selector: str) -> Key:
    """The key in a PEM file. ValueError with a sentence if it is none that DKIM can use."""
    try:
        private = serialization.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError):
        raise ValueError("it is not a private key in PEM form without a password") from None
    if isinstance(private, rsa.RSAPrivateKey):
        if private.key_size < 1024:
            raise ValueError(f"an RSA key of {private.key_size} bits is not accepted any more; use 2048")
        return Key(domain, selector, private)
    if isinstance(private, ed25519.Ed25519PrivateKey):
        return Key(domain, selector, private)
    raise ValueError("it is neither an RSA nor an Ed25519 key")


def loads(text: str, domain: str, selector: str) -> Key:
    """The key in a setting: a PEM file's content, its line breaks perhaps as `\\n`, or the base64 of it. ValueError as above."""
    pem = text.replace("\\n", "\n").encode()
    if b"-----BEGIN" not in pem:
        try:
            pem = base64.b64decode("".join(text.split()), validate=True)
        except (binascii.Error, ValueError):
            raise ValueError("it is neither a private key in PEM form nor the base64 of one") from None
    return load(pem, domain, selector)


@dataclass(frozen=True, slots=True)
class Unsigned:
    """A signature that is still to be made with `key`: all of the field but the last tag, and the octets that are signed."""

    key: Key
    value: str
    octets: bytes

    def sign(self) -> tuple[str, str]:
        """The DKIM-Signature field. An RSA key lets go of the interpreter meanwhile."""
        return "DKIM-Signature", f"{self.value}\r\n b={_folded(_b64(_raw(self.key, self.octets)), '')}"


def prepare(fields: Fields, body: bytes, keys: Sequence[Key], now: datetime) -> list[Unsigned]:
    """What each key has to sign. `body`: canonical, ends with CRLF."""
    if not keys:
        return []
    canonical = b"".join([_canonical(name, value) for name, value in reversed(fields)])
    names = tuple([name for name, _ in fields])
    tags = f"t={int(now.timestamp())}; bh={_b64(hashlib.sha256(body).digest())};"
    unsigned = []
    for key in keys:
        opening, relaxed = _opening(key, names)
        octets = b"%b%b %b b=" % (canonical, relaxed, tags.encode())
        unsigned.append(Unsigned(key, f"{opening}\r\n {tags}", octets))
    return unsigned


def sign(fields: Fields, body: bytes, keys: Sequence[Key], now: datetime) -> list[tuple[str, str]]:
    """A DKIM-Signature field for each key, to be put before `fields`."""
    return [each.sign() for each in prepare(fields, body, keys, now)]


# Most of what is signed is the same in all messages of an edition and language: it is made canonical once.


@lru_cache(256)
def _canonical(name: str, value: str) -> bytes:
    return _relaxed(name, value) + b"\r\n"


@lru_cache(64)
def _opening(key: Key, names: tuple[str, ...]) -> tuple[str, bytes]:
    """The tags that do not depend on the message, as they are written and as they are signed.

    The fields are named from the last to the first, as they are hashed.
    """
    h = ":".join([name.lower() for name in (*reversed(names), *OVERSIGNED)])
    said = f"v=1; a={key.algorithm}; c=relaxed/relaxed; d={key.domain}; s={key.selector};\r\n h={_folded(h, ':')};"
    return said, _relaxed("DKIM-Signature", said)


def _relaxed(name: str, value: str) -> bytes:
    """RFC 6376 §3.4.2, without the line's end. (Of what `bytes.split` takes for white space, the rest is refused in a header.)"""
    return b"%b:%b" % (name.lower().encode(), b" ".join(value.encode().split()))


def _raw(key: Key, signed: bytes) -> bytes:
    if isinstance(key.private, rsa.RSAPrivateKey):
        return key.private.sign(signed, padding.PKCS1v15(), hashes.SHA256())
    return key.private.sign(hashlib.sha256(signed).digest())  # RFC 8463 §3: the hash is what is signed


def _folded(text: str, after: str) -> str:
    """Broken into lines of at most 70, behind `after` where it is given."""
    if not after:
        return "\r\n ".join(text[at : at + 70] for at in range(0, len(text), 70))
    lines, line = [], ""
    for piece in re.findall(f"[^{after}]+{after}?", text):
        if len(line) + len(piece) > 70:
            lines.append(line)
            line = ""
        line += piece
    return "\r\n ".join([*lines, line])


def _b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
