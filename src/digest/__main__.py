"""`python -m digest` and the `digest` command."""

import sys

from digest.cli import app, shared
from digest.core.errors import Refused


def main() -> None:
    """Run one command. Errors for people end it with one sentence on standard error and the contract's exit code."""
    try:
        app()
    except Refused as error:
        print(error, file=sys.stderr)  # noqa: T201  the one place where an error is told
        sys.exit(error.exit_code)
    finally:
        shared.close()


if __name__ == "__main__":
    main()
