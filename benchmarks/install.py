"""What is compared comes from where its users get it: PyPI, npm, Debian. Locked, and set up under var/bench alone."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent
GROUND = ROOT / "var" / "bench"
PYTHON = GROUND / "venv" / "bin" / "python"
LOCK, NODE_LOCK = HERE / "requirements.lock", HERE / "package-lock.json"

POSTFIX_MISSING = (
    "smtp-sink and smtp-source are not here. They come with Postfix, which need not run: "
    "apt-get install --no-install-recommends postfix"
)


def peers() -> None:
    """A virtual environment and a node_modules of the peers' own, made anew when a lock has changed."""
    GROUND.mkdir(parents=True, exist_ok=True)
    stamp = GROUND / "venv" / "stamp"
    if _stale(stamp, LOCK):
        shutil.rmtree(GROUND / "venv", ignore_errors=True)
        _run(sys.executable, "-m", "venv", GROUND / "venv")
        _run(
            PYTHON,
            "-m",
            "pip",
            "--disable-pip-version-check",
            "-qq",
            "install",
            "--require-hashes",
            "--no-deps",
            "-r",
            LOCK,
        )
        stamp.write_text(_fingerprint(LOCK))
    stamp = GROUND / "node_modules" / "stamp"
    if _stale(stamp, NODE_LOCK):
        for file in (NODE_LOCK, HERE / "package.json"):
            shutil.copy(file, GROUND)
        _run("npm", "ci", "--omit=optional", "--ignore-scripts", "--no-audit", "--no-fund", "--silent", cwd=GROUND)
        stamp.write_text(_fingerprint(NODE_LOCK))


def postfix(tool: str) -> tuple[str, dict[str, str]]:
    """`smtp-sink` or `smtp-source`: its path, and what its environment needs.

    Where Postfix is not installed, Debian's package is unpacked under var/bench, so nothing is configured or started.
    """
    if found := shutil.which(tool, path=f"{os.environ['PATH']}:/usr/sbin"):
        return found, {}
    root = GROUND / "postfix"
    if not root.exists():
        if not shutil.which("apt-get"):
            raise SystemExit(POSTFIX_MISSING)
        fetched = GROUND / "deb"
        fetched.mkdir(exist_ok=True)
        _run(
            "apt-get", "-qq", "-o", "APT::Sandbox::User=root", "download", "postfix", cwd=fetched, hint=POSTFIX_MISSING
        )
        _run("dpkg", "-x", next(fetched.glob("postfix_*.deb")), root)
    return str(root / "usr/sbin" / tool), {"LD_LIBRARY_PATH": str(root / "usr/lib/postfix")}


def versions() -> list[str]:
    """Name and version of what was installed to be compared with, as the locks have them."""
    python = re.findall(r"^(aiosmtplib|django-post-office|jinja2|premailer)==(\S+)", LOCK.read_text(), re.MULTILINE)
    node = json.loads(NODE_LOCK.read_text())["packages"]
    named = [(name, node[f"node_modules/{name}"]["version"]) for name in ("nodemailer", "handlebars")]
    runtime = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    return [f"{name} {version}" for name, version in (*python, *named, ("Node", runtime.removeprefix("v")))]


def _stale(stamp: Path, lock: Path) -> bool:
    return not stamp.exists() or stamp.read_text() != _fingerprint(lock)


def _fingerprint(lock: Path) -> str:
    return hashlib.sha256(lock.read_bytes()).hexdigest()


def _run(*command: str | Path, cwd: Path | None = None, hint: str = "") -> None:
    done = subprocess.run(command, cwd=cwd, check=False, stdout=sys.stderr)
    if done.returncode:
        raise SystemExit(hint or f"This failed: {' '.join(map(str, command))}")
