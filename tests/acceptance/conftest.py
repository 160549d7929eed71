"""A user at a terminal: an empty folder, an environment, the `digest` command, and an inbox to send to."""

import asyncio
import contextlib
import io
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from digest.__main__ import main
from digest.mailbox.inbox import Inbox, Mail
from rfc5322 import objections

ROOT = Path(__file__).parents[2]
WEEK, LIST = ROOT / "examples" / "week", ROOT / "subscribers" / "example.csv"
BEFORE, SLOT = "2026-03-14T10:00Z", "2026-03-15T09:00Z"


@dataclass(frozen=True)
class Done:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass
class Terminal:
    """Runs `digest` in a folder of its own, in this process: starting Python anew is most of a command's time.

    Settings are the environment. `start` runs a command as a process of its own, which ends with the test.
    """

    folder: Path
    env: dict[str, str] = field(default_factory=dict)
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def __call__(self, *arguments: object, stdin: bytes | io.StringIO = b"", code: int | None = 0) -> Done:
        out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", newline="", write_through=True) for _ in range(2))
        argv = ["digest", *map(str, arguments)]
        keys = io.TextIOWrapper(io.BytesIO(stdin)) if isinstance(stdin, bytes) else stdin
        with (
            mock.patch.dict(os.environ, self.environment, clear=True), mock.patch.object(sys, "argv", argv),
            mock.patch.object(sys, "stdin", keys), contextlib.chdir(self.folder),
            contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), pytest.raises(SystemExit) as ended,
        ):  # fmt: skip
            main()
        done = Done(int(ended.value.code or 0), *(each.buffer.getvalue().decode() for each in (out, err)))  # type: ignore[attr-defined]
        if code is not None:
            assert done.code == code, (arguments, done)
        return done

    def start(self, *arguments: object) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "digest", *map(str, arguments)]
        pipe = subprocess.PIPE
        process = subprocess.Popen(command, cwd=self.folder, env=self.environment, stdin=pipe, stdout=pipe, stderr=pipe)
        self.started.append(process)
        return process

    @property
    def environment(self) -> dict[str, str]:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("DIGEST_")}
        return clean | {"DIGEST_" + name: value for name, value in self.env.items()}

    def write(self, name: str, text: str | bytes) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path


def until(condition: Callable[[], bool], process: subprocess.Popen[bytes], seconds: float = 60) -> None:
    """Wait for what another process does; its end or the deadline fails the test with what it said."""
    deadline = time.monotonic() + seconds
    while not condition():
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            pytest.fail(f"it did not happen: {process.communicate()[1].decode()[-2000:]}")
        time.sleep(0.005)


SETTINGS = {
    "FROM": "Harbour Weekly <weekly@harbour.example>",
    "PUBLICATION": "Harbour Weekly",
    "POSTAL_ADDRESS": "Harbour House, 3 Quay Street, Cabo Manso",
    "BOUNCE_DOMAIN": "bounces.harbour.example",
    "TIMEZONE": "Europe/Lisbon",
    "SECRET": "a secret for tests",
    "PEPPER": "a pepper for tests",
    "SMTP_PORT": "1",
}


@pytest.fixture
def digest(tmp_path: Path) -> Iterator[Terminal]:
    terminal = Terminal(tmp_path, dict(SETTINGS))
    yield terminal
    for process in terminal.started:
        with process:
            process.kill()


@pytest.fixture(scope="session")
def _assembled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    digest = Terminal(tmp_path_factory.mktemp("week"), dict(SETTINGS))
    digest("init")
    digest("items", "add", WEEK, "--now", BEFORE)
    digest("subscribers", "import", LIST, "--now", BEFORE)
    digest("edition", "assemble", "--now", BEFORE)
    return digest.folder


@pytest.fixture
def week(digest: Terminal, _assembled: Path) -> Terminal:
    """The sample week and its subscribers, assembled: a copy of what the commands made once."""
    shutil.copytree(_assembled, digest.folder, dirs_exist_ok=True)
    return digest


@pytest.fixture
def inbox(digest: Terminal, tmp_path: Path) -> Iterator[list[Mail]]:
    """What arrives at the mail server that the terminal's settings name. All of it has to be mail by the RFCs."""
    inbox, loop = Inbox(tmp_path / "inbox"), asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    asyncio.run_coroutine_threadsafe(inbox.__aenter__(), loop).result(10)
    digest.env["SMTP_PORT"] = str(inbox.port)
    yield inbox.mails
    asyncio.run_coroutine_threadsafe(_close(inbox), loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()
    for mail in inbox.mails:
        assert not objections(mail.content), mail.path


async def _close(inbox: Inbox) -> None:
    await inbox.__aexit__()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
