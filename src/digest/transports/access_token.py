"""Access tokens for the login by XOAUTH2: a command prints one, so whatever fetches and renews it is the user's choice."""

import asyncio
import os
import re
import shlex
import signal
from asyncio.subprocess import DEVNULL, Process
from contextlib import suppress

from digest.core.errors import Misconfigured, Refused, TryAgain, because

SECONDS = 60.0
"""That the command may take."""
LONGEST = 16384
"""Characters of a token."""
_TOKEN = re.compile(rb"[\x21-\x7e]{1,%d}" % LONGEST)
"""One word: the login itself separates with control characters."""


async def access_token(command: str, setting: str = "DIGEST_SMTP_TOKEN_COMMAND") -> str:
    """What `command` has printed when it ends, run without a shell; what it says on standard error goes to ours.

    `setting` is its name. It is asked anew for every connection, since nobody else knows how long a token lasts. TryAgain if it
    fails or takes over a minute, Refused if there is no such program or it prints no token. The token is in no message.
    """
    out, into = os.pipe()
    with os.fdopen(out, "rb", buffering=0) as printed:
        os.set_blocking(out, False)  # what it left running may hold the pipe for as long as it likes
        process = await _started(command, setting, into)
        try:
            async with asyncio.timeout(SECONDS):
                await process.wait()
        except TimeoutError:
            raise TryAgain(
                f"{setting} did not print a token in {SECONDS:g} seconds; run it by hand to see why."
            ) from None
        finally:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)  # a script waits for what it runs
                await process.wait()
        token = (printed.read(LONGEST + 100) or b"").strip()
    if process.returncode:
        raise TryAgain(f"{setting} failed with exit code {process.returncode}; run it by hand to see why.")
    if not _TOKEN.fullmatch(token):
        raise Refused(f"{setting} did not print an access token, which is one word, and nothing else.")
    return token.decode("ascii")


async def _started(command: str, setting: str, into: int) -> Process:
    """The command as a process group of its own that prints into that pipe."""
    try:
        words = shlex.split(command)
        return await asyncio.create_subprocess_exec(*words, stdin=DEVNULL, stdout=into, start_new_session=True)
    except (OSError, ValueError) as error:
        raise Misconfigured(f"{setting} cannot be run: {because(error)}.") from None
    finally:
        os.close(into)
