"""`digest demo`, from the checkout and from an installed wheel: again and again, no terminal needed."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from .conftest import ROOT, Terminal


def check(out: str, folder: Path) -> None:
    assert "25 eligible = 25 accepted + 0 failed + 0 skipped + 0 uncertain + 0 pending" in out
    assert "its deadline was 13 March 2026" in out
    assert "the address is suppressed" in out
    assert "answered 200, and they are unsubscribed" in out
    assert "Came back: 1 bounce, 1 unsubscribe." in out
    inbox = folder / "var" / "demo" / "inbox"
    assert len(list(inbox.glob("*.eml"))) == 25
    assert (inbox / "index.html").read_text().count(".eml</a>") == 25
    assert (folder / "var" / "demo" / "digest.db").exists()


def test_the_demo_runs_again_and_again(digest: Terminal) -> None:
    for _ in range(2):
        check(digest("demo").out, digest.folder)


def test_the_demo_touches_nothing_that_it_did_not_make(digest: Terminal) -> None:
    kept = digest.write("var/demo/mine.txt", "mine")
    assert "move it away" in digest("demo", code=1).err
    assert kept.read_text() == "mine"


def test_the_wheel_runs_the_demo_outside_the_checkout(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True, timeout=120)
    [wheel] = tmp_path.glob("*.whl")
    installed = tmp_path / "installed"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(installed)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    env = {name: value for name, value in os.environ.items() if not name.startswith("DIGEST_")} | {
        "PYTHONPATH": str(installed)
    }
    where = [sys.executable, "-c", "import digest; print(digest.__file__)"]
    assert (
        str(installed)
        in subprocess.run(where, cwd=elsewhere, env=env, capture_output=True, text=True, check=True).stdout
    )
    command = [sys.executable, "-m", "digest", "demo"]
    run = subprocess.run(command, cwd=elsewhere, env=env, capture_output=True, text=True, timeout=120, check=True)
    check(run.stdout, elsewhere)


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_the_locks_hold_hashes_and_no_address(lock: str) -> None:
    text = (ROOT / lock).read_text()
    assert "--hash=sha256:" in text
    assert "://" not in text
    assert "index-url" not in text
