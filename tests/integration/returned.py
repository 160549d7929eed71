"""Mail that comes back, as mail systems write it, and the keys of whom it comes back to."""

from pathlib import Path

from digest.core.token import Keyring
from digest.pipeline.receive import Keys

KEYS = Keys(Keyring("a secret"), "a pepper")
STAYS = ("active", [])
MESSAGES = Path(__file__).parents[1] / "unit" / "dsn"

DSN = """From: MAILER-DAEMON@mx.example.net
To: {to}
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

This is the mail system. Your message is returned below.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net
{envelope_id}
Final-Recipient: rfc822; ana@example.net
Action: {action}
Status: {status}
Diagnostic-Code: smtp; {diagnostic}

--b
Content-Type: text/rfc822-headers

From: weekly@harbour.example
{returned}
Subject: The week

--b--
"""
HARD = {"action": "failed", "status": "5.1.1", "diagnostic": "550 5.1.1 <ana@example.net>: user unknown"}
FULL = {"action": "failed", "status": "4.2.2", "diagnostic": "452 4.2.2 mailbox full"}
POLICY = {"action": "failed", "status": "5.7.1", "diagnostic": "554 5.7.1 blocked using zen.spamhaus.example"}
DELAYED = {"action": "delayed", "status": "4.2.2", "diagnostic": "452 4.2.2 mailbox full"}


def dsn(fields, *, to="postmaster@harbour.example", envelope_id="", returned="X-Nothing: here"):
    return DSN.format(to=to, envelope_id=envelope_id, returned=returned, **fields).replace("\n", "\r\n").encode()


def reported(name):
    return (MESSAGES / f"{name}.eml").read_bytes()
