"""Files that are on the disk: whole or not at all, new or not at all, and for their owner alone."""

import os
import stat
from pathlib import Path

import pytest

from digest import disk


def names(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


def test_a_file_is_whole_under_its_name_or_what_was_there_stays(tmp_path: Path) -> None:
    path = tmp_path / "kept"
    path.write_text("before")
    with pytest.raises(TypeError), disk.whole(path) as file:
        file.writelines([b"half", path.read_text()])  # type: ignore[list-item]  which fails half-way
    assert (names(tmp_path), path.read_text()) == (["kept"], "before")
    with disk.whole(path) as file:
        file.write(b"after")
    assert (names(tmp_path), path.read_text()) == (["kept"], "after")
    assert stat.S_IMODE(path.stat().st_mode) == disk.OWNER


def test_the_content_is_on_the_disk_before_the_name_and_the_name_before_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[tuple[str, bool]] = []
    fsync, path = os.fsync, tmp_path / "kept"

    def record(handle: int) -> None:
        synced.append((Path(f"/proc/self/fd/{handle}").readlink().suffix, path.exists()))
        fsync(handle)

    monkeypatch.setattr(os, "fsync", record)
    with disk.whole(path) as file:
        file.write(b"content")
    assert synced == [(".part", False), ("", True)]


def test_a_file_that_cannot_have_its_name_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    with pytest.raises(OSError, match="kept"), disk.whole(tmp_path / "kept") as file:
        file.write(b"content")
    assert names(tmp_path) == ["kept"]


def test_a_new_file_overwrites_nothing_and_follows_no_link(tmp_path: Path) -> None:
    (tmp_path / "victim").write_text("mine")
    (tmp_path / "link").symlink_to(tmp_path / "victim")
    for name in ("victim", "link"):
        with pytest.raises(FileExistsError), disk.new(tmp_path / name) as file:
            file.write(b"theirs")
    assert (tmp_path / "victim").read_text() == "mine"


def test_a_new_file_that_was_not_written_whole_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"), disk.new(tmp_path / "secret") as file:
        file.write(b"half of it")
    assert names(tmp_path) == []
