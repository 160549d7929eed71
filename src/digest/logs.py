"""Structured logs on standard error. Addresses and tokens never reach them."""

import logging
import re
import sys
from typing import Any

import structlog
from structlog.typing import EventDict, WrappedLogger

from digest.core.token import PATTERN

_ADDRESS = re.compile(r"[^\s<>@,;:\"'()\[\]{}]+@[\w-]+(\.[\w-]+)*")


def redact(value: Any) -> Any:
    """What a log may say of a value: numbers as they are, anything else as text without addresses and tokens."""
    if value is None or isinstance(value, bool | int | float):
        return value
    return PATTERN.sub("[token]", _ADDRESS.sub("[address]", str(value)))


class _Redacting(logging.Formatter):
    """What libraries log, a traceback included."""

    def format(self, record: logging.LogRecord) -> str:
        return str(redact(super().format(record)))


def _redacted(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    return {key: redact(value) for key, value in event.items()}


def configure() -> None:
    """For the whole process; libraries' own warnings come the same way."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _redacted,
            structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "event"], bool_as_flag=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Redacting("%(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)


def get(room: str) -> Any:
    """A logger that says which room speaks. It looks for the configuration when it speaks, not before."""
    return structlog.get_logger(room=room)
