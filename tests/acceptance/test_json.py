"""Scripts rely on these keys: the page that lists them and the program say the same."""

import json
import re
from typing import Any

import pytest

from digest.mailbox.inbox import Mail, bounce

from .conftest import ROOT, SLOT, WEEK, Terminal

PAGE = (ROOT / "docs" / "reference" / "json.md").read_text()
ROWS = dict(re.findall(r"^\| `([^`]+)` \| (.*) \|$", PAGE, re.MULTILINE))


def keys(document: Any) -> set[str]:
    """All keys down to rows of rows, but not what is data: the names of topics, evidence, events."""
    found: set[str] = set()
    for name, value in document.items():
        found.add(name)
        rows = value if isinstance(value, list) else []
        if name not in ("events", "sent"):
            found |= {key for row in rows if isinstance(row, dict) for key in row}
    return found


def listed(command: str) -> set[str]:
    row = ROWS[command]
    other = re.search(r"as (?:a row of |in )?`(\w+ \w+)`", row)
    own = set(re.findall(r"`([a-z_]+)`", row))
    if other:
        own |= listed(other[1]) - {"items list": {"items"}, "archive list": {"past"}}.get(other[1], set())
    return own


@pytest.mark.usefixtures("inbox")
def test_the_keys_are_those_of_the_page(week: Terminal, inbox: list[Mail]) -> None:
    week.env["RATE"] = "100000"  # so that there is something to tell of the pacing
    week.env["FEEDS"] = str(week.write("feeds.toml", '[[feed]]\nurl = "http://127.0.0.1:1023/"\n'))
    text = week.write("news.txt", "A short note\n\nSomething happened in town, and people came to see it.\n")
    bad = week.write("bad.csv", "email\nnobody\n")
    answers = {
        "items add": week("items", "add", WEEK, "--json"),
        "items import": week("items", "import", text, "--dry-run", "--json"),
        "items fetch": week("items", "fetch", "--json", code=1),
        "items list": week("items", "list", "--json"),
        "items show": week("items", "show", "1", "--json"),
        "items ready": week("items", "ready", "--all", "--json"),
        "items archive": week("items", "archive", "16", "--json"),
        "topics list": week("topics", "list", "--json"),
        "subscribers import": week("subscribers", "import", bad, "--json", code=1),
        "subscribers list": week("subscribers", "list", "--json"),
        "edition assemble": week("edition", "assemble", "--period", "2026-W11", "--json", "--now", SLOT),
        "edition check": week("edition", "check", "latest", "--offline", "--json", "--now", SLOT),
        "edition why": week("edition", "why", "latest", "amelia.hart@example.org", "--json"),
        "edition send": week("edition", "send", "latest", "--json", "--now", SLOT),
        "edition show": week("edition", "show", "latest", "--json"),
        "edition list": week("edition", "list", "--json"),
        "edition deliveries": week("edition", "deliveries", "latest", "--json"),
        "edition uncertain": week("edition", "uncertain", "latest", "--json"),
        "pacing": week("pacing", "--json", "--now", SLOT),
        "tick": week("tick", "--json", "--now", SLOT),
        "doctor": week("doctor", "--json"),
        "schedule": week("schedule", "--json"),
    }
    answers["archive import"] = week("archive", "import", ROOT / "tests/data/past/ghost.json", "--json")
    answers["archive list"] = week("archive", "list", "--json")
    answers["archive show"] = week("archive", "show", "1", "--json")
    answers["archive remove"] = week("archive", "remove", "1", "--json")
    returned = bounce(inbox[0], "mx.example.org")
    answers["inbound"] = week("inbound", "--recipient", inbox[0].sender, "--json", "--now", SLOT, stdin=returned)
    answers["inbound replay"] = week("inbound", "replay", "--json", week.write("b.eml", returned))
    answers["inbound classify"] = week("inbound", "classify", week.write("b.eml", returned))
    answers["stats"] = week("stats", "latest", "--json")
    answers["subscribers held"] = week("subscribers", "held", "--json")
    answers["subscribers show"] = week("subscribers", "show", inbox[0].recipient, "--json")
    answers["backup"] = week("backup", "b.zip", "--json")
    answers["restore"] = week("restore", "b.zip", "--replace", "--json")
    for command, done in answers.items():
        said, promised = keys(json.loads(done.out)), listed(command)
        assert said <= promised, (command, said - promised)
        missing = promised - said
        empty = {"uncertain": {"email", "message_id"}}
        assert missing <= empty.get(command.split()[-1], set()) | optional(command), (command, missing)


def optional(command: str) -> set[str]:
    """Keys of rows that this story has none of."""
    return {
        "edition assemble": {"domain", "until", "why"},
        "edition show": {"domain", "until", "why"},
        "edition send": {"to", "reply"},
        "items import": {"url", "language", "topics", "left_out", "reason"},  # of a feed: test_feeds.py
        "items add": {"path", "line", "field", "reason"},
        "stats": {"editions"},
        "subscribers held": {"email", "edition", "domain", "at", "state", "rule"},
        "tick": {"to", "reply", "edition", "eligible", "accepted", "failed", "skipped", "uncertain", "pending"},
    }.get(command, set())


def test_every_command_with_json_is_on_the_page() -> None:
    sources = (ROOT / "src" / "digest" / "cli").rglob("*.py")
    counted = sum(path.read_text().count("json_: Json = False") for path in sources)
    assert counted == len(ROWS)
