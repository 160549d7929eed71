"""What several settings are written in: lists, lengths of time, ports, places."""

import re
import shlex
from datetime import timedelta
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, SecretStr

LOOPBACK = ("127.0.0.1", "localhost", "::1")
_SPAN = re.compile(r"(\d{1,5})\s*(m|h|d|w)")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def listed(text: str) -> list[str]:
    """The parts of a setting that may hold several, separated by commas."""
    return [each.strip() for each in text.split(",") if each.strip()]


def span(text: str) -> timedelta:
    """`90m`, `24h`, `2d`, `1w`."""
    match = _SPAN.fullmatch(text.strip().lower())
    if not match:
        raise ValueError(f"“{text}” is not a length of time; write one like 90m, 24h or 2d")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def host_and_port(text: str) -> tuple[str, int]:
    """Of `127.0.0.1:8000` or `[::1]:8000`."""
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port)


def _folder(path: Path) -> Path:
    if not path.is_dir():
        raise ValueError(f"there is no folder {path}")
    return path


def _file(path: Path) -> Path:
    if not path.is_file():
        raise ValueError(f"there is no file {path}")
    return path


def _is_span(text: str) -> str:
    span(text)
    return text


def _command(value: SecretStr) -> SecretStr:
    try:
        words = shlex.split(value.get_secret_value())
    except ValueError:
        words = []
    if not words:
        raise ValueError("it is no command; a quotation mark that opens has to close")
    return value


Command = Annotated[SecretStr, AfterValidator(_command)]
"""One that is run without a shell."""
Folder = Annotated[Path, AfterValidator(_folder)]
"""One that is there."""
File = Annotated[Path, AfterValidator(_file)]
"""One that is there."""
Span = Annotated[str, AfterValidator(_is_span)]
