"""`python -m digest` and the `digest` command."""

import os
import sys
from contextlib import redirect_stdout
from typing import Any, TextIO, cast

from digest.core.errors import Refused, because


def main() -> None:
    """Run one command. What stops it is told in one sentence on standard error, with the contract's exit code."""
    try:
        with redirect_stdout(cast(TextIO, _Output(sys.stdout))):
            try:
                _command()
            finally:
                sys.stdout.flush()
    except KeyboardInterrupt:
        sys.exit(130)
    except Refused as error:
        print(error, file=sys.stderr)  # noqa: T201  the one place where an error is told
        sys.exit(error.exit_code)


def _command() -> None:
    # Loading takes half a second, in which people press Ctrl-C too.
    from digest.cli import commands, shared  # noqa: PLC0415  an interrupt while they load is told as any other

    app = commands(*sys.argv[1:2])
    app.callback()(shared.common)
    try:
        app()
    finally:
        shared.close()


class _Output:
    """Standard output that says so in a sentence when it can take no more: a full disk, a pipe that nobody reads."""

    def __init__(self, stream: TextIO | None) -> None:
        if stream is None:  # the next file that is opened, perhaps the database, would take its place
            raise Refused("Standard output is closed; send it to a file or to /dev/null.")
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        try:
            return self._stream.write(text)
        except OSError as error:
            raise self._full(error) from None

    def flush(self) -> None:
        try:
            self._stream.flush()
        except OSError as error:
            raise self._full(error) from None

    def _full(self, error: OSError) -> Refused:
        # What is still in the buffer has to go somewhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())
        return Refused(f"Standard output cannot be written: {because(error)}.")


if __name__ == "__main__":
    main()
