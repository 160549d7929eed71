"""Addresses: what is accepted, and the key under which two spellings are one person."""

import unicodedata
from dataclasses import dataclass

from email_validator import EmailNotValidError, validate_email


@dataclass(frozen=True, slots=True)
class Address:
    """`email` as it is shown and sent to (domain in ASCII), `key` for comparing, `domain` of the mail exchanger in ASCII."""

    email: str
    key: str
    domain: str


def parse(text: str) -> Address:
    """A bare address; ValueError with a sentence otherwise. No dot or plus folding: those belong to the mailbox's owner.

    Syntax by RFC 5321 and 6531, the domain by IDNA 2008; no look at the network.
    """
    text = text.strip(" \t\xa0")
    if any(unicodedata.category(char) in ("Cc", "Zl", "Zp") for char in text):
        raise ValueError("the address has a line break or another control character in it")
    if not text:
        raise ValueError("the address is empty")
    try:
        valid = validate_email(text, check_deliverability=False, globally_deliverable=False, strict=True)
    except EmailNotValidError as error:
        raise ValueError(f"“{text[:80]}” is not an address: {str(error).rstrip('.')}") from None
    domain = (valid.ascii_domain or valid.domain).lower()
    local = unicodedata.normalize("NFC", valid.local_part)
    return Address(email=f"{local}@{domain}", key=f"{local.lower()}@{domain}", domain=domain)
