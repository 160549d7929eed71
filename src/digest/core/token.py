"""Signed tokens: who a link, a bounce or a Message-ID is about, without a table and without trust.

A token is lower-case base32 of key id (1 byte), number (6 bytes) and a truncated HMAC-SHA256 (8 bytes): 24 characters that
survive mail systems which fold case. Every purpose derives a key of its own, so a token never passes for another kind.
"""

import base64
import hmac
import re
from collections.abc import Sequence
from enum import StrEnum

# ASCII: without it “ſ” and the Kelvin sign pass for s and k.
PATTERN = re.compile(r"(?<![a-z2-7])[a-z2-7]{24}(?![a-z2-7])", re.IGNORECASE | re.ASCII)


class Purpose(StrEnum):
    """What a token is good for, and whose number it carries.

    BOUNCE, MESSAGE and VIEW: a delivery's; UNSUBSCRIBE and PREFERENCES: a subscriber's; CONFIRM: of what waits for it;
    LETTER: a letter's; FORM: the minute, counted from 1970, in which a page with a form was shown.
    """

    BOUNCE = "bounce"
    MESSAGE = "message"
    VIEW = "view"
    UNSUBSCRIBE = "unsubscribe"
    PREFERENCES = "preferences"
    CONFIRM = "confirm"
    LETTER = "letter"
    FORM = "form"


def _derive(secret: str, label: str) -> bytes:
    return hmac.digest(secret.encode(), f"digest v1 {label}".encode(), "sha256")


class Keyring:
    """Signs with `secret`; verifies with it and with the retired ones."""

    def __init__(self, secret: str, retired: Sequence[str] = ()) -> None:
        self._secrets = (secret, tuple(retired))
        self._keys = [
            (
                _derive(each, "key id")[:1],
                {purpose: hmac.new(_derive(each, purpose), None, "sha256") for purpose in Purpose},
            )
            for each in (secret, *retired)
        ]

    def __reduce__(self) -> tuple[type["Keyring"], tuple[str, tuple[str, ...]]]:
        return Keyring, self._secrets  # to another process; derived keys do not travel

    def issue(self, purpose: Purpose, number: int) -> str:
        """The token of that number; ValueError if it does not fit 6 bytes."""
        if not 0 <= number < 1 << 48:
            raise ValueError(f"{number} does not fit a token")
        key_id, keys = self._keys[0]
        payload = key_id + number.to_bytes(6, "big")
        return base64.b32encode(payload + _mac(keys[purpose], payload)).decode().lower()

    def verify(self, purpose: Purpose, token: str) -> int | None:
        """The number of a valid token, None for anything else. Compares in constant time."""
        if not PATTERN.fullmatch(token):
            return None
        raw = base64.b32decode(token.upper())
        payload, mac = raw[:7], raw[7:]
        valid = False
        for key_id, keys in self._keys:
            valid |= hmac.compare_digest(key_id, payload[:1]) and hmac.compare_digest(_mac(keys[purpose], payload), mac)
        return int.from_bytes(payload[1:], "big") if valid else None

    def find(self, purpose: Purpose, text: str) -> int | None:
        """The number of the first valid token of that purpose anywhere in `text` (an address, a header)."""
        for match in PATTERN.finditer(text):
            number = self.verify(purpose, match[0])
            if number is not None:
                return number
        return None


def _mac(keyed: hmac.HMAC, payload: bytes) -> bytes:
    mac = keyed.copy()  # hmac.digest would give up the interpreter's lock for these few bytes, and wait to get it back
    mac.update(payload)
    return mac.digest()[:8]


def address_hmac(pepper: str, email_key: str) -> str:
    """The keyed hash under which an address stays suppressed after the address itself is erased. 64 hex digits."""
    return hmac.digest(pepper.encode(), b"digest address " + email_key.encode(), "sha256").hex()
