"""Addresses: what is accepted, and what makes two spellings one person."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.core.address import parse


@pytest.mark.parametrize(
    ("text", "email", "key"),
    [
        (" Ana.Ruiz+news@Example.ORG\t", "Ana.Ruiz+news@example.org", "ana.ruiz+news@example.org"),
        ("ana@münchen.example", "ana@xn--mnchen-3ya.example", "ana@xn--mnchen-3ya.example"),
        ("ana@xn--mnchen-3ya.example", "ana@xn--mnchen-3ya.example", "ana@xn--mnchen-3ya.example"),
        ("jose\u0301@example.org", "josé@example.org", "josé@example.org"),
        ("o'hara@example.org", "o'hara@example.org", "o'hara@example.org"),
        ("ana@example.org\xa0", "ana@example.org", "ana@example.org"),
    ],
)
def test_an_address_and_its_key(text, email, key):
    parsed = parse(text)
    assert (parsed.email, parsed.key) == (email, key)
    assert parsed.domain == email.rpartition("@")[2]
    assert parse(parsed.email) == parsed


def test_dots_and_plus_parts_belong_to_the_owner_of_the_mailbox():
    assert len({parse(each).key for each in ("ab@x.example", "a.b@x.example", "ab+c@x.example")}) == 3


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is empty"),
        ("  ", "is empty"),
        ("ana", "is not an address"),
        ("ana@", "is not an address"),
        ("@example.org", "is not an address"),
        ("ana@example.org, eva@example.org", "is not an address"),
        ("Ana <ana@example.org>", "is not an address"),
        ("ana@exa mple.org", "is not an address"),
        ("ana..ruiz@example.org", "is not an address"),
        ("ana@[127.0.0.1]", "is not an address"),
        ("x" * 65 + "@example.org", "is not an address"),
        ("ana@example.org\r\nBcc: eva@example.org", "has a line break"),
        ("ana\n@example.org", "has a line break"),
        ("ana\0@example.org", "has a line break"),
        ("ana\u2028@example.org", "has a line break"),
        ("<script>@example.org", "is not an address"),
    ],
)
def test_what_is_no_address(text, reason):
    with pytest.raises(ValueError, match=reason):
        parse(text)


@given(st.text(max_size=30), st.text(max_size=30))
def test_whatever_is_accepted_is_one_word_that_fits_an_envelope(local, domain):
    try:
        parsed = parse(f"{local}@{domain}")
    except ValueError:
        return
    assert len(parsed.email.split()) == 1
    assert not {*parsed.email} & {*'<>,;"\r\n '}
    assert parsed.domain.isascii()
    assert parsed.email.count("@") == 1
