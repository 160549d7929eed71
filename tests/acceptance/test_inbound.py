"""Mail that comes back lies in files: it is taken in once, however often it is run, and what cannot be read stays aside."""

import json
import mailbox
import signal
import smtplib
from collections.abc import Callable
from pathlib import Path

import pytest

from digest.mailbox.inbox import Mail, bounce
from dovecot import PASSWORD, dovecot, pem

from .conftest import SLOT, Terminal
from .test_service import answers, free_port, until


def test_mail_in_files_is_run_again_and_again_and_counted_once(week: Terminal, inbox: list[Mail]) -> None:
    week("edition", "send", "latest", "--now", SLOT)
    one, two, three = (bounce(mail, "mx.example.net") for mail in inbox[:3])
    week.write("folder/deep/one.eml", one)
    box = mailbox.mbox(week.folder / "box")
    for each in (two, one):
        box.add(each)
    box.close()
    for name in ("tmp", "cur", "new"):
        week.write(f"Maildir/{name}/1.host", three if name == "new" else b"")
    (week.folder / "Maildir/cur/1.host").unlink()
    bomb = week.write("bomb.eml", b"Subject: x\n\n" + b"x" * 1_000_000)

    def run(*paths: str, code: int = 0) -> list[dict[str, str]]:
        done = week("inbound", "replay", "--json", "--now", SLOT, *paths, code=code)
        messages: list[dict[str, str]] = json.loads(done.out)["messages"]
        return messages

    first = run("folder", "box", "Maildir")
    assert [message["path"] for message in first] == [
        "folder/deep/one.eml",
        "box no. 1",
        "box no. 2",
        "Maildir/new/1.host",
    ]
    assert ["known already" in message["effect"] for message in first] == [False, False, True, False]
    again = run("folder", "box", "Maildir", str(bomb), code=1)
    assert all("known already" in message["effect"] for message in again[:4])
    assert again[4]["rule"] == "refused: over 1 MB"
    assert not list(week.folder.rglob("*.reason")), "it lies where it lay"

    taken = week("inbound", "--recipient", inbox[3].sender, stdin=bomb.read_bytes())
    assert "kept in quarantine" in taken.out
    [reason] = week.folder.rglob("*.quarantine/*.reason")
    assert reason.read_text() == "over 1 MB\n"
    assert "quarantine: Messages that could not be read: 1. Look" in week("doctor").out
    week("inbound", "replay", "nowhere", code=1)


def test_a_message_is_never_lost_to_a_setting(week: Terminal) -> None:
    week.env["TIMEZONE"] = "Nowhere/City"
    assert "DIGEST_TIMEZONE" in week("inbound", stdin=b"Subject: x\n\n", code=75).err


def test_a_tick_takes_in_the_maildir_before_anything_is_sent(week: Terminal, inbox: list[Mail]) -> None:
    week("edition", "send", "latest", "--now", SLOT)
    for name in ("new", "cur"):
        week.write(f"Maildir/{name}/.keep", b"")
    week.env["MAILDIR"] = "Maildir"
    gone = week.write("Maildir/new/1.host", bounce(inbox[0], "mx.example.net"))
    said = week("tick", "--now", SLOT).err
    assert "suppressed" in said
    assert inbox[0].recipient not in said
    assert not gone.exists()
    assert week("subscribers", "show", inbox[0].recipient, "--json").json["state"] == "suppressed"


@pytest.mark.slow
def test_a_tick_fetches_from_a_mailbox_on_a_server(
    week: Terminal, inbox: list[Mail], tmp_path: Path, require: Callable[[str], str]
) -> None:
    require("dovecot")
    week("edition", "send", "latest", "--now", SLOT)
    certificate = pem(tmp_path / "both.pem")
    with dovecot(certificate) as server:
        week.env |= {
            "IMAP_HOST": "127.0.0.1", "IMAP_PORT": str(server.tls_port), "IMAP_CA_FILE": str(certificate),
            "IMAP_USERNAME": "bounces", "IMAP_PASSWORD": PASSWORD,
        }  # fmt: skip
        server.deliver("bounces", bounce(inbox[0], "mx.example.net"))
        assert "mailbox: It lets us in. Messages that wait there: 1." in week("doctor").out
        assert "suppressed" in week("tick", "--now", SLOT).err
        assert (server.files("bounces"), len(server.files("bounces", ".Processed"))) == ([], 1)
        assert week("subscribers", "show", inbox[0].recipient, "--json").json["state"] == "suppressed"
    assert "cannot be asked" in week("tick", "--now", SLOT).err
    assert "BAD   mailbox: The mailbox at 127.0.0.1" in week("doctor", code=1).out


def test_the_service_takes_in_mail_over_lmtp(week: Terminal, inbox: list[Mail]) -> None:
    week("edition", "send", "latest", "--now", SLOT)
    bomb, port = b"Subject: " + b"x" * 300_000 + b"\r\n\r\n", free_port()
    week.env |= {"PUBLIC_URL": f"http://127.0.0.1:{port}", "LMTP_BIND": str(week.folder / "lmtp")}
    process = week.start("run", "--now", SLOT)
    until(lambda: answers(f"http://127.0.0.1:{port}/health"), process)
    with smtplib.LMTP(week.env["LMTP_BIND"], timeout=30) as client:
        assert client.sendmail("", [inbox[0].sender], bounce(inbox[0], "mx.example.net")) == {}
        assert client.sendmail("", ["abuse@harbour.example"], bomb) == {}
        process.send_signal(signal.SIGTERM)
        said = process.communicate(timeout=30)[1].decode()
    assert process.returncode == 0
    assert "Traceback" not in said
    assert "@" not in said
    assert "headers over 256 KB" in said
    assert f"port={port}" in said
    assert week.env["PUBLIC_URL"] in said
    assert week.env["LMTP_BIND"] in said
    assert week("subscribers", "show", inbox[0].recipient, "--json").json["state"] == "suppressed"
