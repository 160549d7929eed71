"""The header: what is written parses back as meant, and no value begins a header of its own."""

import email
import email.policy
from dataclasses import fields, replace
from datetime import UTC, datetime
from email.header import decode_header, make_header
from email.utils import parseaddr, parsedate_to_datetime
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from digest.core.headers import Message, Sender, header, mailbox, phrase, serialise, subject_line
from digest.core.token import Keyring, Purpose

RING = Keyring("a secret")
SENDER = Sender(
    "Harbour Weekly", "Harbour Weekly", "weekly@harbour.example", "desk@harbour.example", "bounces.harbour.example",
    "https://news.harbour.example", RING,
)  # fmt: skip
MESSAGE = Message(
    "ana@example.net", "Sign the petition", datetime(2026, 3, 15, 9, tzinfo=UTC), SENDER.message_id(7), 3,
    "2026-w11", "es", "=_digest_2026-W11_1",
)  # fmt: skip
one_line = st.text(
    st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp"), exclude_characters="\ufffe\uffff"), max_size=300
)
words = one_line.map(lambda text: " ".join(text.split()))


def parsed(sender=SENDER, of=MESSAGE):
    body = f"--{of.boundary}\r\n\r\nHello.\r\n--{of.boundary}--\r\n".encode()
    return email.message_from_bytes(serialise(header(sender, of)) + body, policy=email.policy.default)


def test_every_field_that_a_digest_needs():
    message = parsed()
    token = RING.issue(Purpose.UNSUBSCRIBE, 3)
    assert not message.defects
    assert dict(message.items()) == {
        "From": "Harbour Weekly <weekly@harbour.example>",
        "To": "ana@example.net",
        "Subject": "Sign the petition",
        "Date": "Sun, 15 Mar 2026 09:00:00 +0000",
        "Message-ID": f"<{RING.issue(Purpose.MESSAGE, 7)}@harbour.example>",
        "Reply-To": "desk@harbour.example",
        "List-Id": "Harbour Weekly <harbour-weekly.harbour.example>",
        "List-Unsubscribe": f"<https://news.harbour.example/unsubscribe/{token}>, "
        f"<mailto:unsub+{token}@bounces.harbour.example?subject=unsubscribe>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "List-Help": "<mailto:desk@harbour.example?subject=help>",
        "Feedback-ID": f"2026-w11:es:digest:{SENDER.feedback_id}",
        "Auto-Submitted": "auto-generated",
        "X-Digest-Delivery": RING.issue(Purpose.MESSAGE, 7),
        "MIME-Version": "1.0",
        "Content-Language": "es",
        "Content-Type": 'multipart/alternative; boundary="=_digest_2026-W11_1"',
    }


def test_the_header_names_the_archive_where_there_is_one():
    assert parsed(replace(SENDER, archive=True))["List-Archive"] == "<https://news.harbour.example/archive>"


def test_without_a_public_address_one_leaves_by_mail_alone():
    sender = replace(SENDER, public_url=None, bounce_domain=None, reply_to=None)
    message = parsed(sender)
    token = RING.issue(Purpose.UNSUBSCRIBE, 3)
    assert "List-Unsubscribe-Post" not in message
    assert "Reply-To" not in message
    assert message["List-Unsubscribe"] == f"<mailto:weekly+unsub+{token}@harbour.example?subject=unsubscribe>"
    assert sender.unsubscribe_url(3) == f"mailto:weekly+unsub+{token}@harbour.example?subject=unsubscribe"
    assert sender.envelope_sender(7) == f"weekly+bounce+{RING.issue(Purpose.BOUNCE, 7)}@harbour.example"


def test_the_local_part_of_a_verp_address_fits_an_envelope():
    assert len(SENDER.envelope_sender((1 << 48) - 1).partition("@")[0]) == 31


@given(words)
@example("=?utf-8?q?no?=")
@example("x" * 300)
@example("é" * 300)
@example("a, b; c " * 30)
def test_a_subject_is_read_as_it_was_written(subject):
    message = parsed(of=replace(MESSAGE, subject=subject))
    assert message["Subject"] == subject
    assert message["X-Digest-Delivery"]


@given(words)
@example('Ana "the editor" \\ Ruiz')
@example("=?utf-8?q?no?=")
@example("Ruiz, Ana")
@example("(comment)")
@example("Asociación «El Puerto»")
def test_a_display_name_is_read_as_it_was_written(name):
    sender = replace(SENDER, name=name)
    [address] = parsed(sender)["From"].addresses
    assert address.addr_spec == "weekly@harbour.example"
    # Python's new parser keeps the space between two encoded words of a name (RFC 2047 §6.2); the old one knows better.
    old = email.message_from_bytes(serialise(header(sender, MESSAGE)))["From"].replace("\r\n", "")
    assert str(make_header(decode_header(parseaddr(old)[0]))) == name


@given(words, words)
def test_lines_are_ascii_and_within_the_limit(subject, name):
    raw = serialise(header(replace(SENDER, name=name, publication=name), replace(MESSAGE, subject=subject)))
    assert raw.isascii()
    assert raw.endswith(b"\r\n\r\n")
    assert raw.count(b"\r\n\r\n") == 1
    for line in raw.split(b"\r\n"):
        assert len(line) <= 998
        assert b"\r" not in line
        assert b"\n" not in line


@pytest.mark.parametrize(
    "evil", ["\r\nBcc: eve@example.org", "\r\n continued", "\n", "\r", "\0", "\x85", "\u2028", "\x7f"]
)
@pytest.mark.parametrize(
    ("value", "field"),
    [
        (each, field.name)
        for each in (SENDER, MESSAGE)
        for field in fields(each)
        if isinstance(getattr(each, field.name), str)
    ],
    ids=lambda each: each if isinstance(each, str) else type(each).__name__,
)
def test_no_value_begins_a_header_of_its_own(value, field, evil):
    with pytest.raises(ValueError, match="line break or control character"):
        replace(value, **{field: getattr(value, field) + evil + "x"})


@pytest.mark.parametrize("write", [phrase, subject_line, lambda text: mailbox(text, "a@b.example")])
def test_a_line_break_is_refused_where_text_is_encoded(write):
    with pytest.raises(ValueError, match="line break"):
        write("a\nb")


def test_an_address_beyond_ascii_is_utf_8():
    assert "To: ñandú@example.net\r\n".encode() in serialise(header(SENDER, replace(MESSAGE, to="ñandú@example.net")))


@pytest.mark.parametrize(
    ("publication", "list_id"),
    [
        ("Harbour Weekly", "harbour-weekly.harbour.example"),
        ("¡Días!", "d-as.harbour.example"),
        ("週刊", "digest.harbour.example"),
        ("x" * 200, "x" * 60 + ".harbour.example"),
    ],
)
def test_list_id(publication, list_id):
    assert replace(SENDER, publication=publication).list_id == list_id


def test_feedback_id_is_stable_short_and_says_nothing_personal():
    assert SENDER.feedback_id == replace(SENDER, name="Other", publication="Other").feedback_id
    assert 5 <= len(SENDER.feedback_id) <= 15
    assert parsedate_to_datetime(parsed()["Date"]) == MESSAGE.date


@pytest.mark.parametrize("local", ["josé", "a&b", "a?b=c", "50%", "a/b", "o'neill"])
def test_a_link_to_write_to_is_a_link_whatever_the_address_holds(local):
    """RFC 6068: a mail program reads the same address out of it, and the header stays ASCII where it is a link."""
    sender = replace(SENDER, address=f"{local}@harbour.example", reply_to=None, bounce_domain=None, public_url=None)
    said = dict(header(sender, MESSAGE))
    for name, wanted in (("List-Unsubscribe", sender.unsubscribe_mailto(3)), ("List-Help", sender.address)):
        assert said[name].isascii()
        link = urlsplit(said[name].strip("<>"))
        assert (link.scheme, unquote(link.path)) == ("mailto", wanted)
        assert link.query in ("subject=unsubscribe", "subject=help")
        assert not link.fragment


def test_the_envelope_identifier_is_the_token_of_the_envelope_sender():
    sender, envelope_id = SENDER.envelope(7)
    assert sender == f"bounce+{envelope_id.removeprefix('d.')}@bounces.harbour.example"
    assert RING.find(Purpose.BOUNCE, envelope_id) == 7
