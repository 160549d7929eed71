"""What we sign, somebody else's verifier accepts; what was changed after, it does not."""

import base64
from datetime import UTC, datetime

import dkim as verifier
import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from hypothesis import given
from hypothesis import strategies as st

from digest.core.dkim import Key, aligned, load, loads, sign
from digest.core.headers import serialise, subject_line
from digest.core.quoted_printable import encode

NOW = datetime(2026, 3, 15, 9, tzinfo=UTC)
RSA = Key("harbour.example", "r1", rsa.generate_private_key(65537, 2048))
ED = Key("harbour.example", "e1", ed25519.Ed25519PrivateKey.generate())
RECORDS = {f"{key.name}.".encode(): key.record.encode() for key in (RSA, ED)}


def verifies(message: bytes, at: int = 0) -> bool:
    try:
        return bool(verifier.DKIM(message).verify(at, dnsfunc=lambda name, **_: RECORDS.get(name)))
    except verifier.ValidationError:
        return False


def signed(subject: str, text: str) -> bytes:
    fields = [
        ("From", "Harbour <weekly@harbour.example>"),
        ("To", "ana@example.org"),
        ("Subject", subject_line(subject)),
        ("List-Unsubscribe", "<https://news.harbour.example/u/x>,\r\n <mailto:u@harbour.example>"),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
    ]
    body = encode(text) + b"--end--\r\n"
    return serialise([*sign(fields, body, [RSA, ED], NOW), *fields]) + body


line = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=300)


@given(line, st.lists(line).map("\n".join))
def test_both_signatures_verify(subject: str, text: str) -> None:
    message = signed(subject, text)
    assert verifies(message)
    assert verifies(message, 1)
    assert all(len(each) <= 998 for each in message.split(b"\r\n"))


@pytest.mark.parametrize("name", ["List-Unsubscribe", "List-Unsubscribe-Post", "From", "Subject", "Feedback-ID"])
def test_a_second_field_in_front_breaks_the_signature(name: str) -> None:
    assert not verifies(f"{name}: <https://evil.example/>\r\n".encode() + signed("Hello", "text\n"))


def test_a_changed_body_or_field_breaks_the_signature() -> None:
    message = signed("Hello", "text\n")
    assert not verifies(message.replace(b"text", b"test"))
    assert not verifies(message.replace(b"Subject: Hello", b"Subject: Hallo"))


@pytest.mark.parametrize("key", [RSA, ED])
def test_a_key_comes_back_from_its_file(key: Key) -> None:
    assert load(key.pem(), key.domain, key.selector).record == key.record


@pytest.mark.parametrize("pem", [b"", b"no key", RSA.pem()[:200]])
def test_what_is_no_key_is_refused(pem: bytes) -> None:
    with pytest.raises(ValueError, match="not a private key"):
        load(pem, "harbour.example", "s")


def test_a_header_beyond_ascii_is_signed_as_it_is() -> None:
    """RFC 8616: an address with SMTPUTF8 stands in the header as UTF-8."""
    fields = [("From", "josé@harbour.example"), ("To", "ñandú@example.org"), ("Subject", "x")]
    body = encode("text\n")
    message = serialise([*sign(fields, body, [RSA, ED], NOW), *fields]) + body
    assert verifies(message)
    assert verifies(message, 1)
    assert not verifies(message.replace("josé".encode(), b"jose"))


def test_a_key_comes_from_the_environment_in_whatever_form_it_survives_there() -> None:
    pem = ED.pem().decode()
    once = base64.b64encode(pem.encode()).decode()
    for text in (pem, pem.replace("\n", "\\n"), once, f" {once[:40]}\n{once[40:]} "):
        assert loads(text, ED.domain, ED.selector).record == ED.record


@pytest.mark.parametrize("text", ["no key", "bm8ga2V5", "====", "ключ", "-----BEGIN PRIVATE KEY-----"])
def test_what_is_no_key_in_the_environment_is_refused_and_not_shown(text: str) -> None:
    with pytest.raises(ValueError, match="private key in PEM form") as caught:
        loads(text, "harbour.example", "s")
    assert text not in str(caught.value)


@pytest.mark.parametrize(
    ("domain", "sender", "is_its_word"),
    [
        ("harbour.example", "harbour.example", True),
        ("mail.harbour.example", "harbour.example", True),
        ("harbour.example", "news.harbour.example", True),
        ("harbour.example", "otherharbour.example", False),
        ("otherharbour.example", "harbour.example", False),
        ("provider.example", "harbour.example", False),
    ],
)
def test_whose_word_a_signature_is(domain: str, sender: str, is_its_word: bool) -> None:
    assert aligned(domain, sender) is is_its_word
