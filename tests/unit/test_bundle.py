"""What is handed in is read and never unpacked: no place outside itself, and no more than there is room for."""

import zipfile
from pathlib import Path

import pytest

from digest.core.errors import Refused
from digest.pipeline import bundle
from digest.pipeline.bundle import opened


def packed(path: Path, **files: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in files.items():
            target.writestr(name, content)
    return path


def test_a_file_a_folder_and_a_zip_are_read_alike(tmp_path: Path) -> None:
    (tmp_path / "in" / "deep").mkdir(parents=True)
    (tmp_path / "in" / "deep" / "a.eml").write_bytes(b"one")
    (tmp_path / "in" / ".DS_Store").write_bytes(b"x")
    alone = tmp_path / "in" / "deep" / "a.eml"
    packed(tmp_path / "in.zip", **{"deep/a.eml": b"one", "__MACOSX/deep/._a.eml": b"x", ".git/x": b"x"})
    for path, name in ((tmp_path / "in", "deep/a.eml"), (tmp_path / "in.zip", "deep/a.eml"), (alone, "a.eml")):
        with opened(path) as found:
            assert (found.names, found.read(name), found.head(name)) == ([name], b"one", b"one")


@pytest.mark.parametrize("name", ["../evil.eml", "/etc/passwd", "a/../../b.eml", "..\\evil.eml", "C:\\evil.eml"])
def test_a_zip_that_leads_out_of_itself_is_refused_whole(tmp_path: Path, name: str) -> None:
    path = packed(tmp_path / "x.zip", **{"good.eml": b"one", name: b"two"})
    with pytest.raises(Refused, match="names a place outside itself"), opened(path):
        pass


def test_a_link_out_of_a_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret.eml").write_bytes(b"secret")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.eml").symlink_to(tmp_path / "secret.eml")
    (tmp_path / "in" / "deep").symlink_to(tmp_path)
    with opened(tmp_path / "in") as found:
        assert found.names == []


def test_a_zip_that_unfolds_is_read_no_further_than_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = packed(tmp_path / "bomb.zip", a=b"0" * 3_000_000, b=b"0" * 3_000_000)
    monkeypatch.setattr(bundle, "LARGEST", 2_000_000)
    with opened(path) as found, pytest.raises(Refused, match="a has more than 2 MB"):
        found.read("a")
    monkeypatch.setattr(bundle, "LARGEST", 4_000_000)
    monkeypatch.setattr(bundle, "ROOM", 5_000_000)
    with opened(path) as found:
        found.read("a")
        with pytest.raises(Refused, match="it holds too much"):
            found.read("b")
    monkeypatch.setattr(bundle, "MOST", 1)
    with pytest.raises(Refused, match="holds 2 files"), opened(path):
        pass


def test_what_is_damaged_or_missing_is_named(tmp_path: Path) -> None:
    whole = packed(tmp_path / "x.zip", **{"a.eml": bytes(range(256)) * 50}).read_bytes()
    at = whole.index(b"a.eml") + 20
    (tmp_path / "x.zip").write_bytes(whole[:at] + b"\xff" * 40 + whole[at + 40 :])
    with opened(tmp_path / "x.zip") as found, pytest.raises(Refused, match=r"x\.zip: a\.eml in it is damaged"):
        found.read("a.eml")
    with (
        pytest.raises(Refused, match=r"none\.eml cannot be read: no such file"),
        opened(tmp_path / "none.eml") as missing,
    ):
        missing.read("none.eml")
    (tmp_path / "y.zip").write_bytes(b"PK\x01\x02" + whole[-22:])
    with pytest.raises(Refused, match="is a damaged ZIP"), opened(tmp_path / "y.zip"):
        pass
