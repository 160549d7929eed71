"""Somebody signs up on the pages that `digest run` serves, and gets their first digest."""

import re
import urllib.parse
import urllib.request

import pytest

from digest.mailbox.inbox import Mail

from .conftest import BEFORE, SLOT, WEEK, Terminal
from .test_service import answers, ended, free_port, until

ZOE = "zoe@example.net"


def submit(url: str, **fields: str) -> str:
    body = urllib.parse.urlencode(fields).encode()
    request = urllib.request.Request(url, body, {"Sec-Fetch-Site": "same-origin"})
    with urllib.request.urlopen(request, timeout=30) as page:
        return str(page.read().decode())


@pytest.mark.slow
def test_from_the_form_to_the_first_digest(digest: Terminal, inbox: list[Mail]) -> None:
    digest("init")
    digest("items", "add", WEEK, "--now", BEFORE)
    digest("dkim", "new", "--selector", "news", "--file", "news.pem")
    base = f"http://127.0.0.1:{free_port()}"
    digest.env |= {"PUBLIC_URL": base, "DKIM_SELECTOR": "news", "DKIM_KEY_FILE": "news.pem"}
    process = digest.start("run", "--now", BEFORE)
    until(lambda: answers(f"{base}/health"), process)
    assert "mailbox" in submit(f"{base}/subscribe", email=ZOE, topic="housing", shown="en", language="en")
    until(lambda: len(inbox) == 1, process)
    letter = inbox[0].message
    assert letter["DKIM-Signature"] is not None
    assert digest("subscribers", "show", ZOE, "--json").json["state"] == "pending"
    link = re.search(rf"{base}/confirm/\w+", letter.get_body(("plain",)).get_content())  # type: ignore[union-attr]
    assert link
    assert "Welcome" in submit(link[0])
    until(lambda: len(inbox) == 2, process)
    ended(process)
    assert digest("subscribers", "list", "--json").json == {"subscribers": [{"email": ZOE, "state": "active"}]}
    assert digest("subscribers", "show", ZOE, "--json").json["consents"][0]["action"] == "confirmed"
    digest("edition", "assemble", "--period", "2026-W11", "--now", SLOT)
    assert digest("edition", "send", "latest", "--json", "--now", SLOT).json["accepted"] == 1
    assert inbox[2].recipient == ZOE
    form = digest("subscribers", "form", "--language", "es").out
    assert f'<form action="{base}/subscribe" method="post">' in form
    assert "sign-up" in digest("doctor").out
    digest.env["SIGNUP"] = "closed"
    assert "DIGEST_SIGNUP" in digest("subscribers", "form", code=1).err
    assert "sign-up" not in digest("doctor").out
