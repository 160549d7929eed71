"""Mail made to hurt: whatever the bytes, an answer comes, soon, and never as an exception."""

from pathlib import Path
from time import perf_counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from digest.core.dsn import Kind, Report, as_json, classify, judge

SAMPLES = [path.read_bytes() for path in sorted((Path(__file__).parent / "dsn").glob("*.eml"))]
LIMIT = 30.0  # seconds: a guard against hanging, no measure; the bombs below take a hundredth of it
DAEMON = b"From: MAILER-DAEMON@relay.example\nSubject: Undelivered Mail Returned to Sender\n"


def quickly(message: bytes) -> Report:
    start = perf_counter()
    report = classify(message)
    assert perf_counter() - start < LIMIT
    return report


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A sample with some spans cut, doubled, replaced by noise, or swapped for a span of another sample."""
    message = bytearray(draw(st.sampled_from(SAMPLES)))
    for _ in range(draw(st.integers(1, 6))):
        start = draw(st.integers(0, len(message)))
        end = min(len(message), start + draw(st.integers(0, 200)))
        other = draw(st.sampled_from(SAMPLES))
        cut = draw(st.integers(0, len(other)))
        message[start:end] = draw(
            st.one_of(
                st.just(b""),
                st.binary(max_size=40),
                st.just(bytes(message[start:end]) * 3),
                st.just(other[cut : cut + 300]),
                st.sampled_from(
                    [b"\n\n", b"\x00", b"--=_r\n", b"=?x?b?//?=", b"\xff\xfe", b"Content-Type: multipart/mixed\n"]
                ),
            )
        )
    return bytes(message)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(mutated())
def test_mutated_messages_get_an_answer(message):
    report = quickly(message)
    line = as_json("x", report)
    assert line["kind"] in {"bounce", "complaint", "autoreply", "delay", "none"}
    assert report.permanence is report.verdict.permanence


@given(st.binary(max_size=400))
def test_any_bytes_get_an_answer(message):
    classify(message)


@given(st.integers(200, 599), st.one_of(st.none(), st.text(max_size=12)), st.text(max_size=200))
def test_any_reply_gets_a_verdict(code, enhanced, text):
    assert judge(code, enhanced, text).value in {"hard", "soft", "policy"}


def nested(depth: int) -> bytes:
    opened = b"".join(b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (n, n) for n in range(depth))
    return DAEMON + opened + b"\nend"


def enclosed(depth: int) -> bytes:
    return DAEMON + b"Content-Type: message/rfc822\n\n" * depth


@pytest.mark.parametrize(
    ("message", "why"),
    [
        (b"From: a@b.example\n\n" + b"x" * 1_000_000, "over 1 MB"),
        (b"Subject: " + b"x" * 300_000 + b"\n\ntext", "headers over 256 KB"),
        (nested(1000), "parts nested over 20 deep"),
        (DAEMON + b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nx\n" * 60, "over 50 parts"),
    ],
)
def test_what_breaks_a_limit_is_refused(message, why):
    report = quickly(message)
    assert (report.kind, report.rule) == (Kind.NONE, f"refused: {why}")


STATUS = DAEMON + b"Content-Type: message/delivery-status\n\n"
TEXT = DAEMON + b"\nYour message could not be delivered to the following recipients:\n\n"


@pytest.mark.parametrize(
    "message",
    [
        b"To: " + b"," * 97_000 + b"\n" + DAEMON + b"\ntext",
        b"Subject: " + b"=?utf-8?q?x?= " * 18_000 + b"\n\ntext",
        enclosed(10_000),
        STATUS + b"\n" * 900_000,
        STATUS + b"Action: failed\nFinal-Recipient: rfc822; a@b.example\n\n" * 15_000,
        TEXT + b"".join(b"<user%d@reader.example>:\n550 user unknown\n\n" % n for n in range(18_000)),
        TEXT + b"a" * 900_000,
        TEXT + b"a@" * 450_000,
        TEXT + b"<" * 900_000,
        TEXT + b"-" * 900_000,
        TEXT + b" \n" * 400_000,
        TEXT + b"mailbox " * 100_000,
        DAEMON + b"Content-Type: text/html\n\n" + b"<style><p " * 80_000,
        DAEMON + b"Content-Type: multipart/mixed; boundary=" + b'";' * 50_000 + b"\n\ntext",
        DAEMON + b"Content-Type: text/plain; charset=punycode\n\n" + b"-" + b"a" * 60_000,
        DAEMON + b"Content-Transfer-Encoding: base64\n\n" + b"=" * 900_000,
    ],
    ids=range(16),
)
def test_bombs_fizzle(message):
    assert quickly(message).kind in set(Kind)
