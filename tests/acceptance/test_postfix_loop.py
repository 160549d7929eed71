"""The whole loop with real servers: out through Postfix, refused there, or later, or by Dovecot; back in by pipe and LMTP."""

import email
import os
import re
import smtplib
import time
from contextlib import ExitStack
from email import policy
from email.message import EmailMessage
from types import SimpleNamespace

import pytest
from aiosmtpd.controller import Controller

from dovecot import dovecot, free_ports, pem
from postfix import postfix

from .conftest import BEFORE, SLOT

pytestmark = pytest.mark.slow

WEEKLY = "weekly@harbour.example"
QUOTA = """
mail_plugins = quota
protocol lmtp {
  mail_plugins = quota
}
plugin {
  quota = maildir:User quota
  quota_rule = *:storage=1
}
quota_full_tempfail = yes
"""


class Far:
    """A server far away, which knows nobody whose name begins with "gone", and blocks us for "blocked"."""

    async def handle_RCPT(self, _server, _session, envelope, address, _options):  # noqa: N802  aiosmtpd's name
        if address.startswith("gone"):
            return f"550 5.1.1 <{address}>: Recipient address rejected: User unknown in local recipient table"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, _server, _session, _envelope):  # noqa: N802  as above
        return "554 5.7.1 Service unavailable; client host [192.0.2.1] blocked using zen.blocklist.example"


@pytest.fixture(scope="module")
def servers(tmp_path_factory, require):
    for tool in ("openssl", "dovecot", "postfix"):
        require(tool)
    if os.geteuid() != 0:
        pytest.skip("Postfix starts for root alone")
    far_port, lmtp_port = free_ports(2)
    with ExitStack() as stack:
        full = stack.enter_context(dovecot(pem(tmp_path_factory.mktemp("tls") / "both.pem"), QUOTA))
        far = Controller(Far(), hostname="127.0.0.1", port=far_port)
        far.start()
        stack.callback(far.stop)
        transports = {
            "far.example": f"smtp:[127.0.0.1]:{far_port}",
            "full.example": f"lmtp:inet:127.0.0.1:{full.lmtp_port}",
            "lmtp.harbour.example": f"lmtp:inet:127.0.0.1:{lmtp_port}",
            "pipe.harbour.example": "command:",
            "harbour.example": "command:",
            "read.example": "command:",
        }
        relay = stack.enter_context(postfix(transports, {"alumna@alias.example": "gone-too@far.example"}))
        yield SimpleNamespace(relay=relay, lmtp_port=lmtp_port)


@pytest.fixture
def sent(servers, digest):
    """`sent(port, way, *people)`: an edition to them through that port of Postfix; what comes back comes in by that way.

    With LMTP it is `digest run` that sends and takes in.

    `sent.came`: recipient and message of all that Postfix gave to a command; mail to read.example is read, and no more.
    """
    came = []

    def command(recipient, message):
        code = 0
        if not recipient.endswith("@read.example"):
            process = digest.start("inbound", "--recipient", recipient, "--now", SLOT)
            process.communicate(message)
            code = process.returncode
        came.append((recipient, message))
        return code

    with ExitStack() as stack:

        def send(port, way, *people):
            stack.enter_context(servers.relay.running(command))
            digest.env |= {"SMTP_PORT": str(port), "BOUNCE_DOMAIN": f"{way}.harbour.example"}
            digest("init")
            digest(
                "items", "add", digest.write("one.md", "---\nkind: news\ntitle: One\n---\nA text.\n"), "--now", BEFORE
            )
            digest("subscribers", "import", digest.write("list.csv", "\n".join(["email", *people])), "--now", BEFORE)
            digest("edition", "assemble", "--now", BEFORE)
            if way == "pipe":
                digest("edition", "send", "latest", "--now", SLOT)
                return digest
            lmtp, web = f"127.0.0.1:{servers.lmtp_port}", f"127.0.0.1:{free_ports(1)[0]}"
            digest.env |= {"LMTP_BIND": lmtp, "WEB_BIND": web}
            service = digest.start("run", "--now", SLOT)
            stack.callback(service.communicate)
            stack.callback(service.terminate)
            return digest

        send.came = came
        yield send


def until(look, good=bool):
    """What `look` answers when that is good, or when a minute has passed."""
    deadline = time.monotonic() + 60
    while not good(seen := look()) and time.monotonic() < deadline:
        time.sleep(0.2)
    return seen


def story(digest, address, events=1):
    """Somebody's state, and what is known of each event, when there are so many of these."""
    told = until(
        lambda: digest("subscribers", "show", address, "--json", "--now", SLOT).json,
        lambda told: len(told["events"]) >= events,
    )
    return told["state"], [
        (each["type"], each.get("verdict"), each.get("rule"), each.get("certain")) for each in told["events"]
    ]


def write(servers, sender, to, message):
    """A person's mail, by way of Postfix."""
    with smtplib.SMTP("127.0.0.1", servers.relay.port) as client:
        client.sendmail(sender, [to], message)


@pytest.mark.parametrize("way", ["pipe", "lmtp"])
def test_who_is_gone_who_is_full_who_is_blocked_and_who_leaves(servers, sent, way):
    here, gone, blocked, alumna, full = people = (
        "ana@read.example", "gone@far.example", "blocked@far.example", "alumna@alias.example", "full@full.example",
    )  # fmt: skip
    digest = sent(servers.relay.port, way, "nobody@here.example", *people)
    assert story(digest, "nobody@here.example") == ("suppressed", [("bounce", "hard", "SMTP reply 550", None)])
    unknown = ("bounce", "hard", "rfc3464: 5.1.1 and “user unknown” (no such user)", True)
    assert story(digest, gone) == ("suppressed", [unknown])
    assert story(digest, alumna) == ("suppressed", [unknown]), "the address that theirs leads to"
    refused = ("bounce", "policy", "rfc3464: 5.7.1 and “client host” (sender refused)", True)
    assert story(digest, blocked) == ("active", [refused])
    assert story(digest, full, 2) == (
        "active",
        [
            ("delay", "delay", "rfc3464: Action says delayed", True),
            ("bounce", "soft", "rfc3464: 4.2.2 and “quota exceed” (mailbox full)", True),
        ],
    )
    assert story(digest, here, 0) == ("active", [])
    [(_, mail)] = [each for each in sent.came if each[0] == here]
    to = re.search(r"<mailto:([^?]+)", email.message_from_bytes(mail)["List-Unsubscribe"])[1]
    write(servers, here, to, f"From: {here}\nTo: {to}\nSubject: unsubscribe\n\n".encode())
    assert story(digest, here) == ("unsubscribed", [("unsubscribe", None, None, None)])


@pytest.mark.parametrize("port", ["rewriting_port", "plain_port"])
def test_a_smarthost_that_rewrites_the_sender(servers, sent, port):
    """The envelope's identifier says whose it was; where there is none, a Message-ID, which is believed less."""
    digest = sent(getattr(servers.relay, port), "pipe", "gone@far.example")
    certain = port == "rewriting_port"
    known = ("bounce", "hard", "rfc3464: 5.1.1 and “user unknown” (no such user)", certain)
    before = "suppressed" if certain else "active", [known]
    assert story(digest, "gone@far.example") == before
    [(recipient, notice)] = until(lambda: sent.came)
    assert recipient == WEEKLY
    forwarded = EmailMessage()
    forwarded["From"], forwarded["Subject"] = "office@elsewhere.example", "Fwd: Undelivered Mail Returned to Sender"
    forwarded.set_content("Look what came.")
    forwarded.add_attachment(email.message_from_bytes(notice, policy=policy.default))
    write(servers, forwarded["From"], WEEKLY, forwarded.as_bytes())
    until(lambda: len(sent.came) == 2)
    assert story(digest, "gone@far.example") == before, "what people forward is nobody's bounce"
