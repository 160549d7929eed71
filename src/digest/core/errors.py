"""The errors that people read. Each is one sentence: what, where, and what to do."""


class Refused(Exception):
    """The request cannot be done as it stands; nothing was changed. Ends a command with exit code 1."""

    exit_code = 1


class Misconfigured(Refused):
    """A setting or an argument is wrong. Ends a command with exit code 2."""

    exit_code = 2


class TryAgain(Refused):
    """The outside world is not ready (database locked, disk full); the same call may succeed later."""
