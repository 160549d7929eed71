"""Each invented message under dsn/ stands for one way in which mail comes back."""

from pathlib import Path

import pytest

from digest.core.dsn import Kind, Permanence, Report, Verdict, as_json, classify, judge

MESSAGES = Path(__file__).parent / "dsn"
ANNA = "anna@reader.example"

EXPECTED = {
    # delivery reports: only the Action tells a delay from a failure
    "postfix-unknown": (Kind.BOUNCE, Verdict.HARD, [ANNA]),
    "postfix-delayed": (Kind.DELAY, Verdict.DELAY, [ANNA]),
    "postfix-full": (Kind.BOUNCE, Verdict.SOFT, [ANNA]),
    "relayed": (Kind.NONE, Verdict.NONE, []),
    "without-action": (Kind.BOUNCE, Verdict.HARD, [ANNA]),
    "boundary-differs": (Kind.BOUNCE, Verdict.HARD, [ANNA]),
    "pipe": (Kind.BOUNCE, Verdict.SOFT, [ANNA]),
    "wrapped": (Kind.BOUNCE, Verdict.HARD, [ANNA]),
    # evidence that contradicts itself never proves anybody dead
    "blocklist-5.1.1": (Kind.BOUNCE, Verdict.POLICY, [ANNA]),
    "after-data": (Kind.BOUNCE, Verdict.SOFT, [ANNA]),
    "telling-local-part": (Kind.BOUNCE, Verdict.SOFT, ["userunknown@reader.example"]),
    "supposing": (Kind.BOUNCE, Verdict.SOFT, [ANNA]),
    # prose
    "exim-unknown": (Kind.BOUNCE, Verdict.HARD, [ANNA]),
    "exim-warning": (Kind.DELAY, Verdict.DELAY, [ANNA]),
    "qmail-full": (Kind.BOUNCE, Verdict.SOFT, [ANNA]),
    "sendmail-host": (Kind.BOUNCE, Verdict.HARD, ["anna@nowhere.example"]),
    "domino": (Kind.BOUNCE, Verdict.HARD, [ANNA]),
    "exchange-2003": (Kind.BOUNCE, Verdict.HARD, [ANNA]),
    "exchange-2007": (Kind.BOUNCE, Verdict.HARD, [ANNA]),
    "messaging-server": (Kind.BOUNCE, Verdict.SOFT, [ANNA]),
    "groupwise": (Kind.BOUNCE, Verdict.SOFT, [ANNA]),
    "communigate": (Kind.BOUNCE, Verdict.SOFT, [ANNA]),
    "error-code": (Kind.BOUNCE, Verdict.HARD, [ANNA, "ben@reader.example"]),
    "james": (Kind.BOUNCE, Verdict.HARD, [ANNA]),
    "gateway": (Kind.BOUNCE, Verdict.HARD, [ANNA]),
    "spanish": (Kind.BOUNCE, Verdict.HARD, [ANNA]),
    "html-only": (Kind.BOUNCE, Verdict.SOFT, [ANNA]),
    "closed-list": (Kind.BOUNCE, Verdict.POLICY, ["talk@lists.example"]),
    "no-daemon": (Kind.BOUNCE, Verdict.SOFT, [ANNA]),
    # complaints
    "arf-abuse": (Kind.COMPLAINT, Verdict.COMPLAINT, [ANNA]),
    "arf-opt-out": (Kind.COMPLAINT, Verdict.OPT_OUT, [ANNA]),
    "arf-auth-failure": (Kind.NONE, Verdict.NONE, [ANNA]),
    "jmrp": (Kind.COMPLAINT, Verdict.COMPLAINT, ["anna@hotmail.example"]),
    # what counts for nothing
    "vacation": (Kind.AUTOREPLY, Verdict.NONE, []),
    "vacation-bare": (Kind.AUTOREPLY, Verdict.NONE, []),
    "unsubscribe": (Kind.UNSUBSCRIBE, Verdict.UNSUBSCRIBE, []),
    "unsubscribe-automatic": (Kind.AUTOREPLY, Verdict.NONE, []),
    "person-asks": (Kind.NONE, Verdict.NONE, []),
    "newsletter": (Kind.NONE, Verdict.NONE, []),
    "read-receipt": (Kind.NONE, Verdict.NONE, []),
}


def report(name: str) -> Report:
    return classify((MESSAGES / f"{name}.eml").read_bytes())


@pytest.mark.parametrize("name", EXPECTED)
def test_each_message_is_understood(name):
    found = report(name)
    assert (found.kind, found.verdict, [r.address for r in found.recipients]) == EXPECTED[name], found.rule


def test_every_message_has_its_expectation():
    assert {path.stem for path in MESSAGES.glob("*.eml")} == set(EXPECTED)


def test_line_endings_change_nothing():
    for path in MESSAGES.glob("*.eml"):
        assert classify(path.read_bytes().replace(b"\n", b"\r\n")) == classify(path.read_bytes()), path.name


def test_the_rule_quotes_the_evidence():
    assert report("postfix-unknown").rule == "rfc3464: 5.1.1 and “user unknown” (no such user)"


def test_tokens_come_from_the_report_and_the_returned_headers():
    tokens = report("postfix-unknown").tokens
    assert tokens.envelope_id == "d.ab2c"
    assert tokens.message_ids == ("d.ab2c@digest.example",)
    assert tokens.digest_delivery == ("ab2c",)
    assert report("wrapped").tokens == tokens
    assert report("exim-unknown").tokens.digest_delivery == ("ab2c",)


def test_json_calls_policy_soft_and_an_unsubscribe_mail_no_bounce():
    line = as_json("a.eml", report("blocklist-5.1.1"))
    assert (line["kind"], line["permanence"], line["verdict"]) == ("bounce", "soft", "policy")
    assert set(line) == {"path", "kind", "permanence", "recipients", "status", "verdict", "rule"}
    assert as_json("b.eml", report("unsubscribe"))["kind"] == "none"
    assert as_json("c.eml", report("arf-opt-out"))["kind"] == "complaint"


def test_permanence_follows_the_verdict():
    for name in EXPECTED:
        assert report(name).permanence is report(name).verdict.permanence
    assert Verdict.POLICY.permanence is Permanence.SOFT


HARD = """
550 5.1.1 <anna@reader.example>: Recipient address rejected: User unknown in virtual mailbox table
550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient anna@reader.example not found by SMTP address lookup
550 5.4.1 Recipient address rejected: Access denied. AS(201806281)
550-5.1.1 The email account that you tried to reach does not exist. Please try 550-5.1.1 double-checking
554 delivery error: This user doesn't have an account here
550 Requested action not taken: mailbox unavailable
550 Unrouteable address
511 sorry, no mailbox here by that name (#5.1.1)
551 5.1.6 anna has moved
550 Address unknown
550 5.1.2 Host unknown (Name server: nowhere.example: host not found)
Host or domain name not found. Name service error for name=nowhere.example type=A: Host not found
5.1.2 - Bad destination host 'DNS Hard Error looking up nowhere.example (MX): NXDomain'
556 5.1.10 Domain nowhere.example does not accept mail (nullMX)
550 Empfänger unbekannt
550 El usuario no existe
"""
SOFT = """
552 5.2.2 The email account that you tried to reach is over quota.
550 5.1.1 <anna@reader.example>... mailbox full
450 4.1.1 <anna@reader.example>: Recipient address rejected: User unknown in local recipient table
Host or domain name not found. Name service error for name=reader.example type=MX: Host not found, try again
5.1.0 - Unknown address error 550-'Service unavailable'
550 5.2.1 The email account that you tried to reach is disabled
554 5.4.6 Hop count exceeded - possible mail loop
connect to mx.reader.example[192.0.2.1]:25: Connection refused
552 5.3.4 Message size exceeds fixed limit
550 Unknown user anna@reader.example (in reply to end of DATA command)
"""
POLICY = """
550 5.7.1 Service unavailable, Client host [192.0.2.1] blocked using a DNSBL
550 5.7.26 This mail has been blocked because the sender is unauthenticated; SPF did not pass
553 5.1.8 <a@digest.example>... Domain of sender address a@digest.example does not exist
550 Verification failed for <a@digest.example>: No such user here: Sender verify failed
554 5.7.1 <anna@reader.example>: Relay access denied
550 High probability of spam
550 5.1.1 User unknown; your server is listed as a source of spam
421 4.7.0 Messages from 192.0.2.1 temporarily deferred due to user complaints
450 4.7.25 Client host rejected: cannot find your hostname, [192.0.2.1]
550 Access denied - Invalid HELO name
550 From address does not exist
550 Administrative prohibition
"""


@pytest.mark.parametrize(
    ("verdict", "reply"),
    [
        (v, line)
        for v, block in ((Verdict.HARD, HARD), (Verdict.SOFT, SOFT), (Verdict.POLICY, POLICY))
        for line in block.strip().split("\n")
    ],
)
def test_a_reply_is_weighed_by_its_words(verdict, reply):
    code = int(reply[:3]) if reply[:3].isdigit() else 550
    assert judge(code, None, reply) is verdict


@pytest.mark.parametrize(
    ("code", "enhanced", "verdict"),
    [
        (550, "5.1.1", Verdict.HARD),
        (550, "5.1.2", Verdict.SOFT),  # hard only with a word about the domain
        (550, "5.7.1", Verdict.POLICY),
        (550, "5.2.2", Verdict.SOFT),
        (550, None, Verdict.SOFT),
        (450, None, Verdict.SOFT),
    ],
)
def test_a_bare_number_proves_little(code, enhanced, verdict):
    assert judge(code, enhanced, "") is verdict


@pytest.mark.parametrize(
    ("said", "address"),
    [
        (r"utf-8; jos\x{E9}\x{2B}a@reader.example", "josé+a@reader.example"),
        ("utf-8; josé@reader.example", "josé@reader.example"),
        (r"utf-8; \x{7528}\x{1F4EE}@reader.example", "用\U0001f4ee@reader.example"),
        (r"utf-8; a\x{D800}\x{0}\x{A}b@reader.example", r"a\x{d800}\x{0}\x{a}b@reader.example"),
    ],
)
def test_addresses_beyond_ascii_are_read_as_they_are(said, address):
    report = (
        "From: MAILER-DAEMON@relay.example\nSubject: Undelivered Mail\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n--b\n\nIt failed.\n--b\n'
        "Content-Type: message/delivery-status\n\nReporting-MTA: dns; relay.example\n\n"
        f"Final-Recipient: {said}\nAction: failed\nStatus: 5.1.1\n\n--b--\n"
    )
    [recipient] = classify(report.encode()).recipients
    assert recipient.address == address
