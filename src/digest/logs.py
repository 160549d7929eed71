"""Structured logs on standard error. Addresses and tokens never reach them."""

import logging
import re
import sys
from typing import Any

import structlog
from structlog.typing import EventDict, WrappedLogger

_ADDRESS = re.compile(r"[^\s<>@,;:\"']+@[\w-]+(\.[\w-]+)+")
_TOKEN = re.compile(r"(?<![a-z2-7])[a-z2-7]{24}(?![a-z2-7])", re.IGNORECASE)


def redact(value: Any) -> Any:
    """A text without addresses and tokens; other values as they are."""
    return _TOKEN.sub("[token]", _ADDRESS.sub("[address]", value)) if isinstance(value, str) else value


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
    logging.basicConfig(
        stream=sys.stderr, level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s", force=True
    )


def get(room: str) -> Any:
    """A logger that says which room speaks."""
    return structlog.get_logger().bind(room=room)
