"""The outbox: files that hold what a server would have been given, under the same promises."""

import os
import stat
from pathlib import Path

import pytest

from digest import disk
from digest.core.envelope import Parcel
from digest.core.errors import Refused, TryAgain
from digest.core.reply import Accepted, Lost
from digest.transports.outbox import Connection

WIRE = b"Subject: x\r\nMessage-ID: <one@harbour.example>\r\n\r\nhello\r\n..dotted\r\n"
SENDER, READER = "bounce+t@harbour.example", "reader@example.net"
FILE = (
    b"X-Envelope-From: bounce+t@harbour.example\r\nX-Envelope-To: reader@example.net\r\n"
    b"Subject: x\r\nMessage-ID: <one@harbour.example>\r\n\r\nhello\r\n.dotted\r\n"
)


def names(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


async def test_a_message_has_no_name_before_its_dot_and_is_complete_with_it(tmp_path):
    folder = tmp_path / "new" / "outbox"
    connection = await Connection.open(folder)
    assert await connection.offer(Parcel(SENDER, READER, WIRE)) is None
    assert names(folder) == [".one.part"]
    outcome = await connection.dot()
    assert isinstance(outcome, Accepted)
    assert str(outcome.reply) == "250 2.0.0 kept as one.eml"
    assert names(folder) == ["one.eml"]
    assert (folder / "one.eml").read_bytes() == FILE
    modes = [stat.S_IMODE(each.stat().st_mode) for each in (folder, folder / "one.eml")]
    assert modes == [0o700, 0o600], "for its owner alone: the mail is personal"


async def test_what_is_sent_again_replaces_what_was_there_and_what_a_crash_left(tmp_path):
    (tmp_path / ".one.part").write_text("half of it, and longer than the whole " * 20)
    for _ in range(2):
        connection = await Connection.open(tmp_path)
        await connection.offer(Parcel(SENDER, READER, WIRE))
        assert isinstance(await connection.dot(), Accepted)
    assert names(tmp_path) == ["one.eml"]
    assert (tmp_path / "one.eml").read_bytes() == FILE


@pytest.mark.parametrize("how", ["abort", "close"])
async def test_a_message_that_is_dropped_leaves_nothing(tmp_path, how):
    connection = await Connection.open(tmp_path)
    await connection.offer(Parcel(SENDER, READER, WIRE))
    await connection.close() if how == "close" else connection.abort()
    assert names(tmp_path) == []
    assert isinstance(await connection.dot(), Lost)


async def test_it_is_on_the_disk_before_the_mark_and_its_name_before_the_answer(tmp_path, monkeypatch):
    synced: list[str] = []
    fsync = os.fsync

    def record(handle: int) -> None:
        synced.append(Path(f"/proc/self/fd/{handle}").readlink().name)
        fsync(handle)

    monkeypatch.setattr(os, "fsync", record)
    connection = await Connection.open(tmp_path)
    await connection.offer(Parcel(SENDER, READER, WIRE))
    assert synced == [".one.part"]
    await connection.dot()
    assert synced == [".one.part", tmp_path.name]


@pytest.mark.parametrize("hostile", [b"../../etc/passwd", b"/etc/passwd", b".", b"a b", b"a\0b"])
async def test_no_message_id_leads_out_of_the_folder(tmp_path, hostile):
    connection = await Connection.open(tmp_path / "outbox")
    with pytest.raises(AssertionError):
        await connection.offer(Parcel(SENDER, READER, WIRE.replace(b"one", hostile)))
    assert names(tmp_path) == ["outbox"]
    assert names(tmp_path / "outbox") == []


async def test_a_link_under_the_passing_name_is_not_followed(tmp_path):
    victim = tmp_path / "victim"
    victim.write_text("mine")
    folder = tmp_path / "outbox"
    connection = await Connection.open(folder)
    (folder / ".one.part").symlink_to(victim)
    await connection.offer(Parcel(SENDER, READER, WIRE))
    await connection.dot()
    assert victim.read_text() == "mine"
    assert not (folder / "one.eml").is_symlink()


async def test_a_folder_that_cannot_be_one_is_named(tmp_path):
    (tmp_path / "file").touch()
    for path in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(Refused, match=rf"^DIGEST_OUTBOX: nothing can be put into the folder {path}: .*\.$"):
            await Connection.open(path)


async def test_a_full_disk_is_one_sentence_and_delivers_nothing(tmp_path, monkeypatch):
    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    connection = await Connection.open(tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(TryAgain, match="no space left on device; mend that, then send"):
            await connection.offer(Parcel(SENDER, READER, WIRE))
    assert names(tmp_path) == []

    await connection.offer(Parcel(SENDER, READER, WIRE))
    (tmp_path / "one.eml").mkdir()
    assert isinstance(await connection.dot(), Lost), "no name, so nothing was delivered"


async def test_a_name_that_may_not_survive_is_in_doubt(tmp_path, monkeypatch):
    connection = await Connection.open(tmp_path)
    await connection.offer(Parcel(SENDER, READER, WIRE))

    def full(_folder: Path) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(disk, "sync", full)
    assert type(await connection.dot()).__name__ == "Unknown"
