"""What is compared, and what each does and does not do. A row more is an entry more in ROWS."""

import contextlib
import shutil
import sqlite3
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median

from install import GROUND, HERE, PYTHON, postfix
from measure import Call, Sample, Way, sample
from plot import Bar

LIMIT = "smtp-source"
CONNECTIONS = 10


@dataclass(frozen=True, slots=True)
class Row:
    """A sender. `call(folder, messages, size, port)` sends that many of about `size` bytes, what they are of being in `folder`.

    `share`: its part of the messages of a round, so that the slow ones do not take all the time. Then what it does, in words.
    """

    name: str
    call: Callable[[Path, int, int, int], Call]
    share: float
    personal: str
    recorded: str
    dkim: str
    retries: str

    def bar(self, values: Sequence[float], digits: int) -> Bar:
        """Of the plots."""
        kind = "limit" if self.name == LIMIT else "ours" if self.name.startswith("digest") else "peer"
        return Bar(self.name, kind, min(values), median(values), max(values), f"{median(values):,.{digits}f}")

    def sample(self, folder: Path, messages: int, size: int, way: Way = contextlib.nullcontext) -> Sample:
        return sample(partial(self.call, folder, messages, size), messages, way)


def _digest(*options: str) -> Callable[[Path, int, int, int], Call]:
    """On a copy of the fanned-out database, so that every round sends the same."""

    def call(folder: Path, messages: int, _size: int, port: int) -> Call:
        own = GROUND / "sending"
        shutil.rmtree(own, ignore_errors=True)
        own.mkdir()
        for file in (*folder.glob("digest.db*"), *folder.glob("*.pem")):
            shutil.copy(file, own)
        with contextlib.closing(sqlite3.connect(own / "digest.db", isolation_level=None)) as database:
            database.execute(
                f"DELETE FROM delivery WHERE id NOT IN (SELECT id FROM delivery ORDER BY id LIMIT {messages})"
            )
        return [sys.executable, HERE / "send_digest.py", own, str(port), *options], {}

    return call


def _python(script: str, *options: str | Path) -> Callable[[Path, int, int, int], Call]:
    def call(folder: Path, messages: int, _size: int, port: int) -> Call:
        return [PYTHON, HERE / script, folder / "peers.json", str(port), str(messages), *options], {}

    return call


def _nodemailer(way: str) -> Callable[[Path, int, int, int], Call]:
    def call(folder: Path, messages: int, _size: int, port: int) -> Call:
        script, key = HERE / "send_nodemailer.js", folder / "rsa.pem"
        command: list[str | Path] = ["node", script, way, folder / "peers.json", str(port), str(messages), key]
        return command, {"PEERS": str(GROUND / "package.json")}

    return call


def _smtp_source(_folder: Path, messages: int, size: int, port: int) -> Call:
    program, environment = postfix("smtp-source")
    counts = ["-s", str(CONNECTIONS), "-m", str(messages), "-l", str(size)]
    envelope = ["-f", "weekly@harbour.example", "-t", "reader@host.example"]
    return [program, "-d", "-N", *counts, *envelope, f"127.0.0.1:{port}"], environment


MARKED = "each result, and a mark before the dot"
TWO = ("--set", "smtp_processes=2")
ONE = 1 / 3
"""The share of one process. Two send more: their start is in the clock, and should count for little."""
ROWS = (
    Row(LIMIT, _smtp_source, ONE, "no, one byte repeated", "no", "no", "no"),
    Row("digest, unsigned", _digest(), ONE, "yes", MARKED, "no", "yes"),
    Row("digest, Ed25519", _digest("--sign", "ed25519"), ONE, "yes", MARKED, "Ed25519", "yes"),
    Row("digest, RSA-2048", _digest("--sign", "rsa"), ONE, "yes", MARKED, "RSA-2048", "yes"),
    Row("digest, RSA-2048 and Ed25519", _digest("--sign", "rsa,ed25519"), ONE, "yes", MARKED, "both", "yes"),
    Row("digest, unsigned, 2 processes", _digest(*TWO), 1, "yes", MARKED, "no", "yes"),
    Row("digest, Ed25519, 2 processes", _digest("--sign", "ed25519", *TWO), 1, "yes", MARKED, "Ed25519", "yes"),
    Row("digest, RSA-2048, 2 processes", _digest("--sign", "rsa", *TWO), 1, "yes", MARKED, "RSA-2048", "yes"),
    Row("aiosmtplib sendmail, ready-made", _python("send_ready_made.py"), ONE / 2, "made before", "no", "no", "no"),
    Row("nodemailer, ready-made", _nodemailer("ready-made"), ONE / 2, "made before", "no", "no", "no"),
    Row("nodemailer, Handlebars", _nodemailer("handlebars"), ONE / 4, "yes", "no", "no", "no"),
    Row("nodemailer, Handlebars and DKIM", _nodemailer("dkim"), ONE / 6, "yes", "no", "RSA-2048", "no"),
    Row(
        "django-post_office", _python("send_post_office.py", GROUND / "post_office.db"), ONE / 10,
        "yes", "a batch at its end", "no", "if configured",
    ),
    Row("Jinja, inlined before", _python("send_jinja.py"), ONE / 10, "yes", "no", "no", "no"),
    Row("Jinja and premailer", _python("send_jinja.py", "--premailer"), ONE / 16, "yes", "no", "no", "no"),
)  # fmt: skip
