"""The errors that people read. Each is one sentence: what, where, and what to do."""


class Refused(Exception):
    """The request cannot be done as it stands; nothing was changed. Ends a command with exit code 1."""

    exit_code = 1


class Misconfigured(Refused):
    """A setting or an argument is wrong. Ends a command with exit code 2."""

    exit_code = 2


class TryAgain(Refused):
    """The outside world is not ready (database locked, disk full); the same call may succeed later."""


def because(error: Exception) -> str:
    """What is wrong, as the end of a sentence: in the system's words where it is the system's word."""
    said = error.strerror if isinstance(error, OSError) else None
    return said.lower() if said else str(error)
