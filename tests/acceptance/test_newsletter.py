"""A real week as its editors left it: imported, completed, made ready, assembled, sent. The file is not ours to ship."""

import re
from typing import Any

import pytest
import yaml

from digest.mailbox.inbox import Mail

from .conftest import ROOT, Terminal

FILE = ROOT.parent / "shared" / "data" / "newsletter-2024-06.txt"
NOW = "2024-06-30T09:00Z"

pytestmark = pytest.mark.skipif(
    not FILE.exists(), reason="the real newsletter lies beside the repository of its editors only"
)


def expected() -> list[dict[str, Any]]:
    return yaml.safe_load(FILE.with_suffix(".expected.yaml").read_text())  # type: ignore[no-any-return]


def test_the_split_needs_no_database_and_finds_the_seven_items(digest: Terminal) -> None:
    found = digest("items", "import", FILE, "--dry-run", "--json", "--now", NOW).json["items"]
    assert not (digest.folder / "var").exists()
    by_line = {each["line"]: each for each in found}
    for want in expected():
        got = by_line.pop(int(want["line"]))
        assert (got["title"], got["tag"]) == (want["title"], want.get("tag"))
        for field in ("deadline", "published", "starts", "ends"):
            wanted = want.get(field)
            assert got[field] == (str(wanted) if wanted else None)
        for field in ("organisation", "byline", "venue", "headline"):
            if field in want:
                assert got[field] == want[field]
    assert len(by_line) <= 1
    assert all(each["confidence"] < 0.6 for each in by_line.values())
    kinds = sum(
        each["kind"] == {int(w["line"]): w for w in expected()}.get(each["line"], {}).get("kind") for each in found
    )
    assert kinds >= 6


def test_no_line_is_lost_or_doubled(digest: Terminal) -> None:
    found = digest("items", "import", FILE, "--dry-run", "--json", "--now", NOW).json["items"]
    told = " ".join(
        str(each[field])
        for each in found
        for field in ("title", "tag", "headline", "organisation", "body_markdown")
        if each[field]
    )

    def plain(text: str) -> str:
        return re.sub(r"[\W_]+", "", text)

    source = FILE.read_text("utf-8")
    flat, whole = plain(told), plain(source)
    for line in source.splitlines():
        words = plain(line)
        if len(words) > 40:
            assert flat.count(words) == whole.count(words), line[:80]
        elif words:
            assert words in flat or "ForImmediateRelease" in words, line


def test_the_real_week_goes_out(digest: Terminal, inbox: list[Mail]) -> None:
    digest.env["TIMEZONE"] = "America/Chicago"
    digest.env["SCHEDULE"] = "sun 09:00"
    digest("init")
    digest("items", "import", FILE, "--not-title", "68", "--now", NOW, code=None)
    listed = digest("items", "list", "--json").json["items"]
    assert {each["status"] for each in listed} == {"draft"}
    for each in listed:
        if each["kind"] == "action":
            file = digest("items", "show", each["id"], "--format", "md").out
            link = f"url: https://act.example.org/{each['id']}\nstatus: draft"
            digest("items", "add", digest.write(f"{each['id']}.md", file.replace("status: draft", link)), "--now", NOW)
    made = digest("items", "ready", "--all", "--json", "--now", NOW).json
    assert [each["title"] for each in made["left"]] == ["UC Workers on Strike"]
    digest("subscribers", "add", "reader@example.org", "--name", "Rosa", "--now", NOW)

    shown = digest("edition", "assemble", "--now", NOW, "--json").json
    assert shown["period"] == "2024-W26"
    reasons = {each["title"]: each["reason"] for each in shown["left_out"]}
    assert "it was over on 29 June 2024" in reasons["March on Washington"]
    assert "body" in reasons["UC Workers on Strike"]
    assert len(shown["items"]) == 5

    sent = digest("edition", "send", "latest", "--now", NOW, "--json").json
    assert (sent["accepted"], sent["pending"]) == (1, 0)
    text = inbox[0].message.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "Doña Cristina Bautista" in " ".join(text.split())
    assert "March on Washington" not in text


def test_importing_again_keeps_what_somebody_edited(digest: Terminal) -> None:
    digest("init")
    digest("items", "import", FILE, "--now", NOW)
    before = digest("items", "list", "--json").json["items"]
    file = digest("items", "show", before[0]["id"], "--format", "md").out
    digest("items", "add", digest.write("one.md", re.sub(r"title: .*", "title: Mended", file)))
    digest("items", "import", FILE, "--now", NOW)
    after = digest("items", "list", "--json").json["items"]
    assert len(after) == len(before)
    assert after[0]["title"] == "Mended"
