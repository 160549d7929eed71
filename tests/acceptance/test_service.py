"""`digest run`: one process that drafts, sends, answers the one-click, tells staff, and ends cleanly on SIGTERM."""

import base64
import io
import re
import signal
import socket
import subprocess
import urllib.error
import urllib.request
from email import message_from_bytes, policy
from email.message import Message

import dkim as verifier
import pytest
from PIL import Image

from digest.mailbox.inbox import Mail

from .conftest import BEFORE, LIST, SLOT, WEEK, Terminal, until


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def service(digest: Terminal) -> Terminal:
    digest("init")
    digest("items", "add", WEEK, "--now", BEFORE)
    digest("subscribers", "import", LIST, "--now", BEFORE)
    digest.env["STAFF"] = "staff@harbour.example"
    digest.env["PUBLIC_URL"] = f"http://127.0.0.1:{free_port()}"
    return digest


def ended(process: subprocess.Popen[bytes]) -> str:
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 0, err.decode()
    assert b"Traceback" not in err
    return err.decode()


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as response:
            return bool(response.status == 200)
    except OSError:
        return False


def within(base: str, part: Message) -> set[str]:
    """What a part of a mail links to under `base`."""
    if part.get_content_maintype() != "text":
        return set()
    return set(re.findall(rf"{re.escape(base)}/[\w/.-]+", part.get_content()))  # type: ignore[attr-defined]


HIVE = """---
kind: news
title: A hive on the roof of the library
image: hive.png
alt: A hive between two chimneys
must_see: true
---

Its first honey is for those who read to the end.
"""


def picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (640, 400), "goldenrod").save(out, "PNG")
    return out.getvalue()


def test_it_does_the_week_alone(service: Terminal, inbox: list[Mail]) -> None:
    service.write("more/hive.png", picture())
    service("items", "add", service.write("more/hive.md", HIVE), "--now", BEFORE)
    process = service.start("run", "--now", SLOT)
    until(lambda: len(inbox) >= 26, process)
    to_staff = [mail for mail in inbox if mail.recipient == "staff@harbour.example"]
    assert "The draft of 2026-W11 is ready" in str(to_staff[0].message["Subject"])
    base = service.env["PUBLIC_URL"]
    until(lambda: answers(f"{base}/health"), process)

    links = {url for mail in inbox for part in mail.message.walk() for url in within(base, part)}
    assert {url.removeprefix(base).split("/")[1] for url in links} == {
        "unsubscribe",
        "preferences",
        "view",
        "events",
        "media",
    }
    assert [url for url in links if not answers(url)] == []

    leaving = message_from_bytes(
        next(m for m in inbox if m.recipient == "leaving.soon@example.org").content, policy=policy.default
    )
    url = str(leaving["List-Unsubscribe"]).partition("<")[2].partition(">")[0]
    assert url.startswith(base)
    for _ in range(3):
        assert answers(url)
    assert service("subscribers", "show", "leaving.soon@example.org", "--json").json["state"] == "active"
    for _ in range(2):
        request = urllib.request.Request(url, b"List-Unsubscribe=One-Click", method="POST")
        with urllib.request.urlopen(request, timeout=10) as response:
            assert response.status == 200
    assert service("subscribers", "show", "leaving.soon@example.org", "--json").json["state"] == "unsubscribed"
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(urllib.request.Request(url[:-3] + "abc", b"List-Unsubscribe=One-Click"), timeout=10)

    told = ended(process)
    assert "accepted=25" in told
    assert "@example" not in told
    assert service("edition", "list", "--json").json["editions"][0]["state"] == "sent"


def test_without_approval_nothing_goes_out_and_staff_hear_of_it(service: Terminal, inbox: list[Mail]) -> None:
    service.env["APPROVAL"] = "required"
    process = service.start("run", "--now", SLOT)
    until(lambda: len(inbox) == 1, process)
    plain = inbox[0].message.get_body(("plain",))
    assert plain
    assert "It waits for approval" in plain.get_content()
    ended(process)
    assert [mail.recipient for mail in inbox] == ["staff@harbour.example"]
    service("edition", "approve", "latest", "--now", SLOT)
    assert service("tick", "--now", SLOT, "--json").json["sent"][0]["accepted"] == 25


def test_the_preview_answers_and_ends(service: Terminal) -> None:
    port = free_port()
    process = service.start("preview", "--port", port, "--now", BEFORE)
    until(lambda: answers(f"http://127.0.0.1:{port}/"), process)
    ended(process)


def test_signed_mail_verifies_with_the_record_that_was_printed(week: Terminal, inbox: list[Mail]) -> None:
    records: dict[str, str] = {}
    for kind in ("rsa", "ed25519"):
        lines = week("dkim", "new", "--selector", kind, "--kind", kind).out.splitlines()
        record = next(line for line in lines if line.startswith('"'))
        records[f"{kind}._domainkey.harbour.example."] = "".join(record.split('"')[1::2])
    assert "there already" in week("dkim", "new", "--selector", "rsa", code=1).err
    assert "--selector: “../rsa” is not a selector" in week("dkim", "new", "--selector", "../rsa", code=2).err
    week.env["DKIM_SELECTOR"], week.env["DKIM_KEY_FILE"] = "rsa, ed25519", "var/rsa.pem, var/ed25519.pem"
    week("edition", "send", "latest", "--now", SLOT)
    assert len(inbox) == 25
    for mail in inbox:
        for at in (0, 1):
            assert verifier.DKIM(mail.content).verify(at, dnsfunc=lambda name, **_: records[name.decode()].encode())
    week.env["DKIM_KEY_FILE"] = "var/rsa.pem"
    assert "DIGEST_DKIM_KEY_FILE" in week("edition", "list", code=2).err


def test_keys_from_the_environment_for_two_domains_sign_side_by_side_and_the_aligned_one_first(
    week: Terminal, inbox: list[Mail]
) -> None:
    records: dict[str, str] = {}
    for domain in ("relay.example", "harbour.example"):
        made = week(
            "dkim", "new", "--selector", "s", "--kind", "ed25519", "--domain", domain, "--file", f"{domain}.pem"
        )
        record = next(line for line in made.out.splitlines() if line.startswith('"'))
        records[f"s._domainkey.{domain}."] = record.strip('"')
        assert ("DIGEST_DKIM_DOMAIN=relay.example" in made.out) is (domain == "relay.example")
    pems = [(week.folder / f"{domain}.pem").read_bytes() for domain in ("relay.example", "harbour.example")]
    week.env |= {"DKIM_SELECTOR": "s, s", "DKIM_DOMAIN": "relay.example, harbour.example"}
    week.env["DKIM_KEY"] = ", ".join((pems[0].decode().replace("\n", "\\n"), base64.b64encode(pems[1]).decode()))
    week("edition", "send", "latest", "--test", "ana@harbour.example", "--now", SLOT)
    [mail] = inbox
    for at in (0, 1):
        assert verifier.DKIM(mail.content).verify(at, dnsfunc=lambda name, **_: records[name.decode()].encode())
    assert re.findall(rb"d=([a-z.]+);", mail.content) == [b"harbour.example", b"relay.example"]
    assert "aligned" not in week("doctor").out

    week.env |= {"DKIM_SELECTOR": "s", "DKIM_DOMAIN": "relay.example", "DKIM_KEY": pems[0].decode()}
    assert "hint  DKIM: The mail is signed for relay.example and is from harbour.example" in week("doctor").out
    week.env["DKIM_KEY"] = "c2VjcmV0"
    refused = week("doctor", code=2).err
    assert "DIGEST_DKIM_KEY: the one of s cannot be used: it is not a private key in PEM form" in refused
    assert "c2VjcmV0" not in refused
    assert "--domain: “no domain” is not a domain" in week("dkim", "new", "--domain", "no domain", code=2).err


def test_the_doctor_sees_what_is_wrong(week: Terminal, inbox: list[Mail]) -> None:
    assert "good  mail server" in week("doctor").out
    week.env["SMTP_PORT"] = str(free_port())
    sick = week("doctor", "--json", code=1).json
    assert [each["what"] for each in sick["findings"] if each["ok"] is False] == ["mail server"]
    assert not inbox
