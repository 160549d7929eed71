"""Access tokens for the login by XOAUTH2: a command prints one, so whatever fetches and renews it is the user's choice."""

import asyncio
import re
import shlex
from asyncio.subprocess import DEVNULL, PIPE

from digest.core.errors import Misconfigured, Refused, TryAgain, because

SECONDS = 60.0
_TOKEN = re.compile(rb"[\x21-\x7e]{1,16384}")
"""One word: the login itself separates with control characters."""


async def access_token(command: str, setting: str = "DIGEST_SMTP_TOKEN_COMMAND") -> str:
    """What `command` prints, run without a shell; what it says on standard error goes to ours. `setting` is its name.

    It is asked anew for every connection, since nobody else knows how long a token lasts. TryAgain if it fails or takes over a
    minute, Refused if there is no such program or it prints no token. The token is in no message.
    """
    try:
        process = await asyncio.create_subprocess_exec(*shlex.split(command), stdin=DEVNULL, stdout=PIPE)
    except (OSError, ValueError) as error:
        raise Misconfigured(f"{setting} cannot be run: {because(error)}.") from None
    try:
        async with asyncio.timeout(SECONDS):
            printed, _ = await process.communicate()
    except TimeoutError:
        raise TryAgain(f"{setting} did not print a token in {SECONDS:g} seconds; run it by hand to see why.") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        raise TryAgain(f"{setting} failed with exit code {process.returncode}; run it by hand to see why.")
    token = printed.strip()
    if not _TOKEN.fullmatch(token):
        raise Refused(f"{setting} did not print an access token, which is one word, and nothing else.")
    return token.decode("ascii")
