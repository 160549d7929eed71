"""A week into a folder: the same accounts as over SMTP, and mail that any program opens and any relay can take on."""

import email
import email.policy
import os
import re
import subprocess

import pytest

from .conftest import ROOT, SLOT, Terminal


@pytest.mark.parametrize("processes", [1, 2])
def test_a_week_goes_into_the_outbox(week: Terminal, processes: int) -> None:
    week.env |= {"OUTBOX": "var/outbox", "SMTP_PROCESSES": str(processes)}
    sent = week("edition", "send", "latest", "--json", "--now", SLOT)
    assert sent.json["accepted"] == sent.json["eligible"] == 25
    assert "DIGEST_OUTBOX is set: the mail goes into the folder var/outbox, and to no server." in sent.err
    files = {each.name: each.read_bytes() for each in (week.folder / "var" / "outbox").iterdir()}
    rows = week("edition", "deliveries", "latest", "--json").json["deliveries"]
    assert set(files) == {f"{row['message_id'].strip('<').partition('@')[0]}.eml" for row in rows}
    for row in rows:
        assert row["reply"].startswith("250 2.0.0 kept as ")
    messages = [email.message_from_bytes(each, policy=email.policy.default) for each in files.values()]
    assert {str(each["X-Envelope-To"]) for each in messages} == {row["email"] for row in rows}
    for each in messages:
        assert not each.defects
        assert each["To"] == each["X-Envelope-To"]
        assert each["X-Envelope-From"].startswith("bounce+")
        assert "<html" in each.get_body(("html",)).get_content()
    assert week("edition", "show", "latest", "--json").json["state"] == "sent"


def test_test_copies_are_files_of_their_own(week: Terminal) -> None:
    week.env["OUTBOX"] = "outbox"
    for address in ("ana@harbour.example", "ben@harbour.example", "ben@harbour.example"):
        week("edition", "send", "latest", "--test", address, "--now", SLOT)
    assert len(list((week.folder / "outbox").glob("*.eml"))) == 3


def test_an_outbox_that_cannot_be_written_loses_nothing(week: Terminal) -> None:
    week.env["OUTBOX"] = str(week.write("file", "in the way"))
    sent = week("edition", "send", "latest", "--json", "--now", SLOT, code=1)
    assert sent.json["pending"] == sent.json["eligible"] == 25
    assert "DIGEST_OUTBOX: nothing can be put into the folder" in sent.err
    assert "BAD   outbox: DIGEST_OUTBOX" in week("doctor", code=1).out
    week.env["OUTBOX"] = "outbox"
    assert "hint  outbox: Mail becomes files in outbox" in week("doctor").out
    assert week("edition", "send", "latest", "--json", "--now", SLOT).json["accepted"] == 25


def test_the_relay_of_the_documentation_hands_on_what_was_signed(week: Terminal) -> None:
    """The lines of docs/sending.md, with a `sendmail` that keeps what it is given."""
    week.env["OUTBOX"] = "var/outbox"
    week("edition", "send", "latest", "--now", SLOT)
    files = {each.name: each.read_bytes() for each in (week.folder / "var" / "outbox").iterdir()}
    [lines] = re.findall(r"```sh\n(for file.*?)```", (ROOT / "docs" / "sending.md").read_text(), re.DOTALL)
    sendmail = week.write("bin/sendmail", '#!/bin/sh\nn=$(ls got | wc -l)\necho "$@" > got/$n.args\ncat > got/$n.eml\n')
    sendmail.chmod(0o755)
    (week.folder / "got").mkdir()
    path = f"{sendmail.parent}:{os.environ['PATH']}"
    subprocess.run(["sh", "-euc", lines], cwd=week.folder, env={"PATH": path}, check=True, capture_output=True)
    assert {each.name for each in (week.folder / "var" / "outbox").glob("*.eml")} == set()
    got = sorted((week.folder / "got").glob("*.eml"), key=lambda each: int(each.stem))
    assert len(got) == len(files) == 25
    for each in got:
        sender, recipient = re.fullmatch(r"-i -f (\S+) -- (\S+)\n", each.with_suffix(".args").read_text()).groups()
        envelope = f"X-Envelope-From: {sender}\r\nX-Envelope-To: {recipient}\r\n".encode()
        assert envelope + each.read_bytes() in files.values()
