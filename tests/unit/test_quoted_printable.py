"""Quoted-printable that is already canonical: joined as it is, on the wire and under a DKIM signature."""

import quopri
import re

from hypothesis import example, given
from hypothesis import strategies as st

from digest.core.quoted_printable import encode

nasty = st.text(st.sampled_from(" \t.=\n-_aF€é🎉From") | st.characters(exclude_categories=("Cs",)), max_size=300)
long_lines = st.builds("{}{}{}".format, nasty, st.sampled_from(["x" * 74, "é" * 40, ". " * 60, "From " * 30]), nasty)
texts = (nasty | long_lines).map(lambda text: text.replace("\r", "?"))


def relaxed(body: bytes) -> bytes:
    """DKIM's relaxed body canonicalisation but for the empty lines at its end (RFC 6376 §3.4.4 a)."""
    return b"\r\n".join(re.sub(rb"[ \t]+", b" ", line).rstrip(b" ") for line in body.split(b"\r\n"))


def decoded(body: bytes) -> str:
    return quopri.decodestring(body.replace(b"\r\n", b"\n")).decode()


@given(texts)
def test_it_decodes_to_the_same_text(text):
    assert decoded(encode(text)) == text


@given(texts)
@example("x" * 75)
@example("x" * 74 + "é")
@example("x" * 75 + ".")
@example("x" * 75 + "From here")
@example("a \nb  \n  c")
def test_it_is_canonical(text):
    body = encode(text)
    assert body == b"" or body.endswith(b"\r\n")
    assert body.isascii()
    assert relaxed(body) == body
    for line in body.split(b"\r\n"):
        assert len(line) <= 76
        assert not line.startswith((b".", b"From ", b"--=_"))
        assert b"\n" not in line
        assert b"\r" not in line


@given(st.lists(texts, max_size=6))
def test_pieces_joined_are_the_whole(pieces):
    joined = b"".join(map(encode, pieces))
    assert decoded(joined) == "".join(pieces)
    assert relaxed(joined) == joined


def test_line_ends_of_the_web_and_bare_carriage_returns():
    assert encode("a\r\nb") == encode("a\nb") == b"a\r\nb=\r\n"
    assert encode("a\rb") == b"a=0Db=\r\n"


@given(st.lists(st.text(st.sampled_from(". \tFromx=\né\r")), max_size=8))
def test_what_is_composed_never_needs_dot_stuffing(pieces):
    body = b"".join(encode(piece) for piece in pieces)
    assert not any(line.startswith(b".") for line in body.split(b"\r\n"))
    assert b"\n" not in body.replace(b"\r\n", b"")
