"""Tokens: only what was issued is believed, for its own purpose, wherever mail systems put it."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.core.token import Keyring, Purpose, address_hmac
from digest.pipeline.receive import Keys
from digest.store.backup import Estate

RING = Keyring("a secret")
numbers = st.integers(0, (1 << 48) - 1)
purposes = st.sampled_from(Purpose)


@given(purposes, numbers)
def test_a_token_says_its_number_and_survives_case_folding(purpose, number):
    token = RING.issue(purpose, number)
    assert len(token) == 24
    assert token == token.lower()
    assert RING.verify(purpose, token) == RING.verify(purpose, token.upper()) == number


@given(purposes, numbers, st.integers(0, 23), st.characters(exclude_categories=("Cs",)))
def test_any_altered_character_is_noticed(purpose, number, at, other):
    token = RING.issue(purpose, number)
    altered = token[:at] + other + token[at + 1 :]
    if altered.lower() != token or not altered.isascii():
        assert RING.verify(purpose, altered) is None


@pytest.mark.parametrize("likeness", ["\u017f", "\u212a", "\uff41", "\u0131"])
def test_letters_that_fold_to_ascii_are_no_ascii(likeness):
    """Python's case-insensitive matching takes the long s for s and the Kelvin sign for k."""
    for number in range(200):
        token = RING.issue(Purpose.UNSUBSCRIBE, number)
        for letter in "ksai":
            assert RING.verify(Purpose.UNSUBSCRIBE, token.replace(letter, likeness)) in (None, number)
            if letter in token:
                assert RING.verify(Purpose.UNSUBSCRIBE, token.replace(letter, likeness)) is None
                assert RING.find(Purpose.UNSUBSCRIBE, token.replace(letter, likeness)) is None


@given(numbers, purposes, purposes)
def test_a_token_of_one_purpose_is_worthless_for_another(number, issued, asked):
    assert RING.verify(asked, RING.issue(issued, number)) == (number if asked is issued else None)


@given(st.text())
def test_no_text_is_a_token(text):
    assert RING.verify(Purpose.BOUNCE, text) is None


def test_retired_secrets_verify_and_forgotten_ones_do_not():
    old = Keyring("old").issue(Purpose.UNSUBSCRIBE, 7)
    assert Keyring("new", ["older", "old"]).verify(Purpose.UNSUBSCRIBE, old) == 7
    assert Keyring("new", ["older"]).verify(Purpose.UNSUBSCRIBE, old) is None
    assert Keyring("new", ["old"]).issue(Purpose.UNSUBSCRIBE, 7) == Keyring("new").issue(Purpose.UNSUBSCRIBE, 7)


@pytest.mark.parametrize("number", [-1, 1 << 48])
def test_a_number_that_does_not_fit(number):
    with pytest.raises(ValueError, match="does not fit a token"):
        RING.issue(Purpose.BOUNCE, number)


@pytest.mark.parametrize(
    "wrapped",
    [
        "bounce+{}@bounces.example",
        "weekly+bounce+{}@harbour.example",
        "prvs=1234567890=bounce+{}@bounces.example",
        "btv1==123abc==bounce+{}@bounces.example",
        "SRS0=HHH=TT=bounces.example=bounce+{}@forwarder.example",
        "SRS1=HHH=first.example==HHH=TT=bounces.example=bounce+{}@second.example",
        "bounce+{}=40bounces.example@relay.example",
        "<{}@harbour.example>",
        "d.{}",
        "BOUNCE+{}@BOUNCES.EXAMPLE",
    ],
)
@given(number=numbers)
def test_it_is_found_inside_what_mail_systems_make_of_an_address(wrapped, number):
    said = wrapped.format(RING.issue(Purpose.BOUNCE, number))
    assert RING.find(Purpose.BOUNCE, said) == RING.find(Purpose.BOUNCE, said.upper()) == number
    assert RING.find(Purpose.MESSAGE, said) is None


def test_a_token_beside_a_forged_one_is_found():
    token = RING.issue(Purpose.BOUNCE, 5)
    assert RING.find(Purpose.BOUNCE, f"{'a' * 24} {token}") == 5
    assert RING.find(Purpose.BOUNCE, f"x{token}") is None


def test_the_hash_of_an_address_depends_on_the_pepper_and_on_nothing_else():
    assert address_hmac("p", "a@b.example") == address_hmac("p", "a@b.example") != address_hmac("q", "a@b.example")
    assert len(address_hmac("p", "ñ@b.example")) == 64


def test_what_holds_a_secret_does_not_show_it():
    estate = Estate(Path("digest.db"), {}, {"pepper": "a pepper"}, Path("media"))
    shown = repr((RING, Keys(RING, "a pepper"), estate))
    assert "a secret" not in shown
    assert "a pepper" not in shown
