"""What several settings are written in: lists, lengths of time, ports, places."""

import re
import shlex
import ssl
from contextlib import suppress
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, SecretStr

SHORTEST_SECRET = 16
"""Characters of one that cannot be guessed."""
LOOPBACK = ("127.0.0.1", "localhost", "::1")
_HOST = re.compile(r"[\w-]{1,63}(\.[\w-]{1,63})*\.?")
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


def _authorities(path: Path) -> Path:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(_file(path))
    except OSError as error:  # whatever is wrong with what is in it is one too
        why = "it holds no certificate in PEM form" if isinstance(error, ssl.SSLError) else str(error.strerror).lower()
        raise ValueError(f"{path} cannot be used: {why}") from None
    return path


def _host(text: str) -> str:
    with suppress(ValueError):
        return str(ip_address(text))
    with suppress(UnicodeError):
        if _HOST.fullmatch(text) and text.encode("idna"):
            return text
    raise ValueError(
        f"“{text}” is not a host; write its name alone, like mail.example.org, and the port in its own setting"
    )


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
Authorities = Annotated[Path, AfterValidator(_authorities)]
"""A file with certificates."""
Host = Annotated[str, AfterValidator(_host)]
"""A server's name or address, and nothing else."""
Span = Annotated[str, AfterValidator(_is_span)]
