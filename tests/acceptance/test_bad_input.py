"""Wrong input ends in one clear sentence, exit 1 or 2, and changes nothing."""

import socket
import sqlite3

import pytest

from digest.store import database

from .conftest import BEFORE, LIST, SLOT, WEEK, Terminal

GOOD = "---\nkind: news\ntitle: A title\n---\n\nA body.\n"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (GOOD.encode("utf-16"), "not UTF-8"),
        (GOOD.replace("A body", "Señal").encode("latin-1"), "line 6"),
        (b"", "is empty"),
        (b"x" * 50_000_000, "50 MB"),
        (b"no front matter", "line 1"),
        (b"---\nkind: news\ntitle: x\n", "not closed"),
        (b"---\nkind: gossip\ntitle: x\n---\nx", "line 2: kind: “gossip” is no kind"),
        (b"---\nkind: event\ntitle: x\nstarts: soon\n---\nx", "line 4: starts"),
        (b"---\nkind: news\ntitle: x\ntitel: y\n---\nx", "did you mean"),
        (b"---\nkind: [news\ntitle: x\n---\nx", "line 2: kind: what “[” opens is not closed"),
        (b"---\nkind: news\ntitle: 'a\n  b'\nurl: javascript:alert(1)\n---\nx", "url"),
        (b"\x00\x01\x02" * 100, "not UTF-8"),
    ],
)
def test_a_bad_item_file_adds_nothing_of_its_batch(digest: Terminal, content: bytes, said: str) -> None:
    digest("init")
    digest.write("items/a.md", GOOD)
    digest.write("items/b.md", content)
    done = digest("items", "add", "items", code=1)
    assert said in done.err
    assert "b.md" in done.err
    assert digest("items", "list", "--json").json == {"items": []}
    digest("items", "add", "items", "--keep-going", code=1)
    assert [each["title"] for each in digest("items", "list", "--json").json["items"]] == ["A title"]


@pytest.mark.parametrize("content", [b"\xef\xbb\xbf" + GOOD.encode(), GOOD.replace("\n", "\r\n").encode()])
def test_a_byte_order_mark_or_crlf_is_no_mistake(digest: Terminal, content: bytes) -> None:
    digest("init")
    digest("items", "add", digest.write("a.md", content))
    assert digest("items", "list", "--json").json["items"][0]["status"] == "ready"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"e-mail;name\na@example.org;A\n", "no column is called “email”"),
        (b"name\nA\n", "email"),
        (b"email,name\na@example.org,A\nnot-an-address,B\n", "line 3: email"),
        (b'email,name\n"a@example.org\r\nBcc: x@example.org",A\n', "line 2: email"),
        (b"email,name\na@example.org,A,B\n", "line 2"),
        (b"email\na@example.org\nA@EXAMPLE.org\n", "line 3: email: the address is there already, in line 2"),
        (b"email,consent_at\na@example.org,lately\n", "line 2: consent_at"),
        ("email,name\na@example.org,Añá\n".encode("latin-1"), "line 2"),
        ("email\na@example.org\n".encode("utf-16"), "not UTF-8"),
        (b"", "is empty"),
    ],
)
def test_a_bad_list_imports_nobody(digest: Terminal, content: bytes, said: str) -> None:
    digest("init")
    done = digest("subscribers", "import", digest.write("list.csv", content), code=1)
    assert said in done.err
    assert digest("subscribers", "list", "--json").json == {"subscribers": []}


def test_hostile_names_come_out_as_text(week: Terminal) -> None:
    names = ["{{7*7}}", "<script>alert(1)</script>", "</mj-text><mj-image src=x />", "{% raw %}", "O’Brien & “Søn”"]
    rows = [f'h{at}@example.org,"{name}",en,' for at, name in enumerate(names)]
    week("subscribers", "import", week.write("l.csv", "email,name,language,topics\n" + "\n".join(rows) + "\n"))
    for at, name in enumerate(names):
        html = week("edition", "render", "latest", "--for", f"h{at}@example.org", "--now", SLOT).out
        text = week("edition", "render", "latest", "--for", f"h{at}@example.org", "--format", "text", "--now", SLOT).out
        assert f"Hello {name}," in text
        assert "<script>" not in html
        assert "mj-image" not in html.replace("&lt;/mj-text&gt;&lt;mj-image", "")
        assert "49" not in html.partition("Hello")[2][:40]


def test_a_template_with_an_error_is_named_with_its_line(week: Terminal, inbox: object) -> None:
    folder = week.folder / "theme"
    (folder / "digest").mkdir(parents=True)
    (folder / "digest" / "subject.txt").write_text("one\n{{ nobody.knows }}\n")
    week.env["TEMPLATES"] = str(folder)
    for command in (("render", "latest", "--now", SLOT), ("send", "latest", "--now", SLOT)):
        done = week("edition", *command, code=1)
        assert "subject.txt, line 2" in done.err
    assert week("edition", "list", "--json", code=None).json["editions"][0]["state"] == "draft"


@pytest.mark.parametrize(
    ("name", "value"),
    [("SMTP_PORT", "many"), ("TIMEZONE", "Mars/Olympus"), ("SCHEDULE", "daily"), ("LEAD", "soon"), ("APPROVAL", "maybe"),
     ("FROM", "a b@c"), ("PUBLIC_URL", "http://news.example.org"), ("TEMPLATES", "nowhere"), ("DATABASE_URL", "nonsense")],
)  # fmt: skip
def test_a_bad_setting_is_named(digest: Terminal, name: str, value: str) -> None:
    digest.env[name] = value
    assert f"DIGEST_{name}" in digest("items", "list", code=2).err


def test_usage_errors_exit_with_2(digest: Terminal) -> None:
    digest("init")
    digest("items", "ready", code=2)
    digest("edition", "assemble", "--now", "tomorrow", code=2)
    digest("no-such-command", code=2)
    digest("inbound", code=2)


def test_things_that_are_not_there(digest: Terminal) -> None:
    assert "digest init" in digest("items", "list", code=1).err
    digest("init")
    for command in (
        ("items", "show", "7"), ("edition", "show", "latest"), ("edition", "send", "2026-W11"),
        ("subscribers", "show", "nobody@example.org"), ("items", "import", "nowhere.txt", "--dry-run"),
        ("edition", "assemble", "--period", "2026-W60"), ("inbound", "classify", "nowhere"),
    ):  # fmt: skip
        done = digest(*command, code=1)
        assert len(done.err.strip().splitlines()) == 1, done.err


def test_a_database_that_cannot_be_used(digest: Terminal) -> None:
    digest("init")
    digest("items", "add", WEEK, "--now", BEFORE)
    file = digest.folder / "var" / "digest.db"
    with sqlite3.connect(file) as other:
        other.execute("UPDATE alembic_version SET version_num = '9999'")
    for command in (("items", "list"), ("init",)):
        assert "newer version" in digest(*command, code=1).err
    file.write_bytes(b"this is no database at all" * 100)
    (digest.folder / "var" / "digest.db-wal").unlink(missing_ok=True)
    assert "not a database" in digest("items", "list", code=1).err


def test_a_locked_database_says_so(digest: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    digest("init")
    other = sqlite3.connect(digest.folder / "var" / "digest.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    monkeypatch.setattr("digest.store.database.PRAGMAS", (*database.PRAGMAS, "busy_timeout=50"))
    done = digest("inbound", "--recipient", "x@example.org", stdin=b"Subject: x\r\n\r\nx", code=75)
    assert "locked" in done.err
    other.close()


def test_a_full_disk_says_so(digest: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    digest("init")
    with sqlite3.connect(digest.folder / "var" / "digest.db") as other:
        [pages] = other.execute("PRAGMA page_count").fetchone()
    monkeypatch.setattr("digest.store.database.PRAGMAS", (*database.PRAGMAS, f"max_page_count={pages}"))
    assert "full" in digest("items", "add", WEEK, code=1).err
    monkeypatch.undo()
    assert digest("items", "list", "--json").json == {"items": []}


def test_a_wrong_pepper_is_noticed(digest: Terminal) -> None:
    digest("init")
    digest.env["PEPPER"] = "another pepper for tests"
    assert "DIGEST_PEPPER" in digest("subscribers", "list", code=2).err


def test_smtp_down_leaves_everything_pending(week: Terminal) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        week.env["SMTP_PORT"] = str(probe.getsockname()[1])
    done = week("edition", "send", "latest", "--now", SLOT, "--json", code=1)
    assert "nothing listens there" in done.err
    assert done.json["pending"] == 25


def test_no_sender_address(week: Terminal) -> None:
    del week.env["FROM"]
    assert "DIGEST_FROM" in week("edition", "send", "latest", "--now", SLOT, code=2).err


def test_a_port_in_use(digest: Terminal) -> None:
    digest("init")
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        assert str(port) in digest("preview", "--port", port, code=1).err
        digest.env["WEB_BIND"] = f"127.0.0.1:{port}"
        assert str(port) in digest("run", code=1).err


def test_logs_hold_no_addresses(week: Terminal, inbox: object) -> None:
    week.env["STAFF"] = "staff@harbour.example"
    done = week("tick", "--now", SLOT)
    for line in LIST.read_text().splitlines()[1:]:
        assert line.split(",")[0] not in done.err
