"""A backup is one file, made while a sender works; put back, nothing of it goes out again unasked."""

import hashlib
import io
import json
import shutil
import sqlite3
import stat
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from digest.mailbox.inbox import Mail

from .conftest import BEFORE, SLOT, Terminal, until

LATER, NEXT_WEEK = "2026-03-15T11:00Z", "2026-03-22T09:00Z"


@pytest.fixture
def kept(week: Terminal) -> Terminal:
    """The sample week, with its secrets kept beside the database."""
    for name in ("PEPPER", "SECRET"):
        week.write(f"var/digest.db.{name.lower()}", week.env.pop(name) + "\n")
    return week


def lose(terminal: Terminal) -> None:
    shutil.rmtree(terminal.folder / "var")


def subscribers(terminal: Terminal) -> list[dict[str, str]]:
    found: list[dict[str, str]] = terminal("subscribers", "list", "--json").json["subscribers"]
    return found


def test_it_comes_back_as_it_was_and_waits_for_staff(kept: Terminal, inbox: list[Mail]) -> None:
    people = subscribers(kept)
    (kept.folder / "backups").mkdir()
    done = kept("backup", "backups", "--now", BEFORE)
    [made] = (kept.folder / "backups").iterdir()
    assert made.name == "digest-20260314T100000Z.zip"
    assert stat.S_IMODE(made.stat().st_mode) == 0o600
    assert "keep it where nobody else can read it" in done.err
    with zipfile.ZipFile(made) as packed:
        assert packed.namelist() == ["digest.db", "pepper", "secret", "manifest.json"]

    kept("edition", "send", "latest", "--now", SLOT)
    assert len(inbox) == 25
    lose(kept)
    done = kept("restore", made, "--now", LATER)
    assert "as it was on Saturday 14 March 2026, 10:00 (Europe/Lisbon)" in done.out
    assert "Held, since they may have gone out since: 2026-W11, 2026-W12." in done.out
    assert "`digest inbound replay`" in done.out
    assert subscribers(kept) == people
    assert stat.S_IMODE((kept.folder / "var/digest.db.pepper").stat().st_mode) == 0o600

    assert kept("tick", "--json", "--now", LATER).json == {"sent": []}
    refused = kept("edition", "send", "2026-W11", "--now", LATER, code=1)
    assert "the database was put back as it was on Saturday 14 March" in refused.err
    assert len(inbox) == 25
    kept("edition", "approve", "2026-W11", "--anyway", "--now", LATER)
    assert kept("edition", "send", "2026-W11", "--json", "--now", LATER).json["accepted"] == 25


def test_an_edition_that_was_not_known_is_not_made_again(kept: Terminal, inbox: list[Mail]) -> None:
    kept("edition", "cancel", "latest")
    kept("backup", "b.zip", "--now", LATER)
    back = kept("restore", "b.zip", "--replace", "--json", "--now", "2026-03-22T10:30Z").json
    assert (back["held"], back["missed"], back["doubtful"]) == (["2026-W13"], ["2026-W12"], 0)
    assert kept("tick", "--json", "--now", "2026-03-22T10:30Z").json == {"sent": []}
    assert kept("tick", "--json", "--now", "2026-03-29T09:00Z").json == {"sent": []}
    assert not inbox


def test_made_in_the_middle_of_sending_it_leaves_in_doubt_what_was_under_way(kept: Terminal, inbox: list[Mail]) -> None:
    kept.env["RATE"] = "60"
    sender = kept.start("edition", "send", "latest", "--now", SLOT)
    until(lambda: len(inbox) >= 3, sender)
    kept("backup", "b.zip", "--now", SLOT)
    refused = kept("restore", "b.zip", "--replace", "--now", SLOT, code=1)
    assert "var/digest.db is in use; stop `digest run` and all else that has it open" in refused.err
    sender.kill()
    sender.communicate()
    sent = {mail.recipient for mail in inbox}
    del kept.env["RATE"]

    back = kept("restore", "b.zip", "--replace", "--json", "--now", LATER).json
    shown = kept("edition", "show", "2026-W11", "--json", "--now", LATER).json
    assert (shown["state"], "2026-W11" in back["held"]) == ("paused", True)
    balance = shown["balance"]
    assert balance["uncertain"] == back["doubtful"] > 0
    assert balance["accepted"] + balance["uncertain"] == balance["eligible"] == 25
    assert Path(kept.folder, back["replaced"], "digest.db.pepper").exists()

    kept("edition", "resume", "2026-W11", "--now", LATER)
    kept("edition", "send", "2026-W11", "--now", LATER, code=1)
    assert {mail.recipient for mail in inbox} == sent
    message_ids = {mail.recipient: str(mail.message["Message-ID"]) for mail in inbox}
    kept("edition", "uncertain", "2026-W11", "--resend", "--now", LATER)
    assert kept("edition", "send", "2026-W11", "--json", "--now", LATER).json["accepted"] == 25
    again = [mail for mail in inbox if message_ids.get(mail.recipient) == str(mail.message["Message-ID"])]
    assert len({mail.recipient for mail in inbox}) == 25
    assert len(again) == len(inbox) - (25 - len(sent))


def test_a_number_that_a_token_may_carry_is_not_given_again(kept: Terminal) -> None:
    kept("backup", "b.zip", "--now", BEFORE)
    kept("subscribers", "add", "late@example.net", "--now", BEFORE)
    given = number_of(kept, "late@example.net")
    kept("restore", "b.zip", "--replace", "--now", BEFORE)
    kept("subscribers", "add", "other@example.net", "--now", BEFORE)
    assert number_of(kept, "other@example.net") > given


def test_who_left_since_stays_out_where_the_old_database_tells(kept: Terminal) -> None:
    people = [each["email"] for each in subscribers(kept)]
    kept("backup", "b.zip", "--now", BEFORE)
    kept("subscribers", "unsubscribe", people[0], "--now", BEFORE)
    kept("subscribers", "erase", people[1], "--now", BEFORE)
    done = kept("restore", "b.zip", "--replace", "--now", BEFORE)
    assert "Taken off this list too, since the database that was here knows that they left: 2." in done.out
    states = {each["email"]: each["state"] for each in subscribers(kept)}
    assert set(states) == {*people} - {people[1]}
    assert states.pop(people[0]) == "unsubscribed"
    assert set(states.values()) == {"active"}
    assert "left or bounced before" in kept("subscribers", "add", people[1], "--now", BEFORE, code=1).err


def number_of(terminal: Terminal, email: str) -> int:
    with closing(sqlite3.connect(terminal.folder / "var/digest.db")) as database:
        [number] = database.execute("SELECT id FROM subscriber WHERE email = ?", [email]).fetchone()
    return int(number)


def test_it_is_not_put_over_what_is_there_unasked(kept: Terminal) -> None:
    kept("backup", "b.zip", "--now", BEFORE)
    assert "b.zip is there already" in kept("backup", "b.zip", "--now", BEFORE, code=1).err
    before = subscribers(kept)
    assert "with --replace the backup takes its place" in kept("restore", "b.zip", "--now", BEFORE, code=1).err
    assert subscribers(kept) == before

    new = Terminal(kept.folder / "elsewhere", dict(kept.env))
    new.folder.mkdir()
    new("init")
    done = new("restore", "../b.zip", "--json", "--now", BEFORE)
    assert subscribers(new) == before
    assert Path(new.folder, done.json["replaced"], "digest.db.pepper").exists()


def repacked(raw: bytes, **changed: bytes) -> bytes:
    """A backup in which files have another content; a dot in a name is written as two underscores."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as packed, zipfile.ZipFile(out, "w") as again:
        for name in packed.namelist():
            again.writestr(name, changed.get(name.replace(".", "__"), packed.read(name)))
    return out.getvalue()


def of_the_future(raw: bytes) -> bytes:
    """A backup of a database that a newer program made."""
    with zipfile.ZipFile(io.BytesIO(raw)) as packed, closing(sqlite3.connect(":memory:")) as database:
        database.deserialize(packed.read("digest.db"))
        database.execute("UPDATE alembic_version SET version_num = '9999'")
        database.commit()
        content, manifest = database.serialize(), json.loads(packed.read("manifest.json"))
    manifest["members"][0] |= {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    return repacked(raw, digest__db=content, manifest__json=json.dumps(manifest).encode())


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda raw: raw[: len(raw) // 2], "it is no backup of digest, or not whole"),
        (lambda raw: raw[:5000] + bytes(200) + raw[5200:], "it is no backup of digest, or not whole"),
        (lambda _raw: b"SQLite format 3\0" + bytes(5000), "it is no backup of digest, or not whole"),
        (lambda _raw: b"", "it is no backup of digest, or not whole"),
        (lambda raw: repacked(raw, manifest__json=b"{}"), "it has no manifest of one"),
        (lambda raw: repacked(raw, pepper=b"another\n"), "pepper in it is not what was put there"),
        (lambda raw: repacked(raw, manifest__json=b'{"digest_backup": 2}'), "it has the form 2"),
        (of_the_future, "is of a newer version (9999)"),
    ],
)
def test_a_file_that_is_none_changes_nothing(kept: Terminal, spoil, said: str) -> None:
    kept("backup", "b.zip", "--now", BEFORE)
    before = sorted((kept.folder / "var").iterdir())
    people = subscribers(kept)
    kept.write("b.zip", spoil((kept.folder / "b.zip").read_bytes()))
    assert said in kept("restore", "b.zip", "--replace", "--now", BEFORE, code=1).err
    assert sorted((kept.folder / "var").iterdir()) == before
    assert subscribers(kept) == people


def test_a_database_on_a_server_has_tools_of_its_own(digest: Terminal) -> None:
    digest.env["DATABASE_URL"] = "postgresql://nobody@127.0.0.1:1/none"
    for command in (["backup", "b.zip"], ["restore", "b.zip"]):
        assert "use its own tools (pg_dump, pg_restore)" in digest(*command, code=2).err


def test_what_something_else_put_back_is_held_too(kept: Terminal, inbox: list[Mail]) -> None:
    kept("edition", "approve", "latest", "--now", BEFORE)
    back = kept("restore", "--as-of", BEFORE, "--json", "--now", LATER).json
    assert (back["held"], back["missed"], back["replaced"]) == (["2026-W11", "2026-W12"], [], None)
    assert kept("tick", "--json", "--now", LATER).json == {"sent": []}
    assert not inbox
    assert "--as-of: “soon” is not an ISO time" in kept("restore", "--as-of", "soon", code=2).err
    for arguments in ([], ["b.zip", "--as-of", BEFORE]):
        assert "Name the file of a backup, or --as-of the time" in kept("restore", *arguments, code=2).err


def test_without_its_pepper_it_is_of_no_use(kept: Terminal) -> None:
    pepper = kept.folder / "var/digest.db.pepper"
    kept.env["PEPPER"] = pepper.read_text().strip()
    pepper.unlink()
    kept("backup", "b.zip", "--now", BEFORE)
    lose(kept)
    del kept.env["PEPPER"]
    refused = kept("restore", "b.zip", "--now", BEFORE, code=2)
    assert "DIGEST_PEPPER is not set, and it is not in b.zip" in refused.err
    kept.env["PEPPER"] = "not the one that it was"
    refused = kept("restore", "b.zip", "--now", BEFORE, code=2)
    assert "DIGEST_PEPPER is not the one that the database in the backup was made with" in refused.err
    assert not list((kept.folder / "var").iterdir())


def test_a_folder_that_is_not_there_yet_is_made(kept: Terminal) -> None:
    kept("backup", "weekly/", "--now", BEFORE)
    kept("backup", "weekly/", "--now", SLOT)
    assert sorted(each.name for each in (kept.folder / "weekly").iterdir()) == [
        "digest-20260314T100000Z.zip", "digest-20260315T090000Z.zip",
    ]  # fmt: skip


def test_a_database_is_its_owners_alone(kept: Terminal) -> None:
    made = kept.folder / "one.zip"
    kept("backup", made)
    lose(kept)
    kept("restore", made)
    assert stat.S_IMODE((kept.folder / "var/digest.db").stat().st_mode) == 0o600


class CutOff(BaseException):
    """As a kill would be: nothing catches it."""


def test_cut_off_at_any_step_of_the_move_it_can_be_done_again(kept: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    kept("backup", "b.zip", "--now", BEFORE)
    people, rename, steps = subscribers(kept), Path.rename, 0
    for last in range(10):
        left = iter(range(last))

        def limited(path: Path, target: Path, left: Iterator[int] = left) -> Path:
            if next(left, None) is None:
                raise CutOff
            return rename(path, target)

        with monkeypatch.context() as patched:
            patched.setattr(Path, "rename", limited)
            try:
                kept("restore", "b.zip", "--replace", "--now", BEFORE)
            except CutOff:
                steps += 1
        kept("restore", "b.zip", "--replace", "--now", BEFORE)
        assert subscribers(kept) == people
    assert 5 <= steps < 10
