"""Logs on standard error, a line a happening, as logfmt. Addresses and tokens never reach them."""

import json
import logging
import re
import sys
from datetime import UTC, datetime
from typing import Any

from digest.core.token import PATTERN

# A run of letters and the address that it may begin: each is looked at once, however long somebody's words are.
_ADDRESS = re.compile(r"([^\s<>@,;:\"'()\[\]{}]++)(@[\w-]+(?:\.[\w-]+)*)?")
_WORD = re.compile(r"[^\s=\"\\\x00-\x1f\x7f]+")


def redact(value: Any) -> Any:
    """What a log may say of a value: numbers as they are, anything else as text without addresses and tokens."""
    if value is None or isinstance(value, bool | int | float):
        return value
    return PATTERN.sub("[token]", _ADDRESS.sub(lambda run: "[address]" if run[2] else run[0], str(value)))


class _Redacting(logging.Formatter):
    """What libraries log, a traceback included."""

    def format(self, record: logging.LogRecord) -> str:
        return str(redact(super().format(record)))


def configure() -> None:
    """For the whole process: libraries' own warnings come the same way."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Redacting("%(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)


class Log:
    """What one room says: an event in a few words, and values by name."""

    def __init__(self, room: str) -> None:
        self._room = room

    def info(self, event: str, **values: object) -> None:
        self._write("info", event, values)

    def warning(self, event: str, **values: object) -> None:
        self._write("warning", event, values)

    def error(self, event: str, **values: object) -> None:
        self._write("error", event, values)

    def _write(self, level: str, event: str, values: dict[str, object]) -> None:
        now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
        line = {"timestamp": now, "level": level, "event": event, "room": self._room} | values
        sys.stderr.write(" ".join(f"{name}={_logfmt(redact(value))}" for name, value in line.items()) + "\n")


def _logfmt(value: Any) -> str:
    """Nothing for None, and in quotation marks what is not one plain word."""
    if value is None or isinstance(value, bool):
        return "" if value is None else str(value).lower()
    text = str(value)
    return text if _WORD.fullmatch(text) else json.dumps(text, ensure_ascii=False)
