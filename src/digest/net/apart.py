"""Work on what a stranger sent, in a process of its own that time and memory end before they end us. It gets no settings.

A parser that somebody's bytes keep busy for hours would otherwise stop all else: a single regular expression lets nobody in.
"""

import os
import pickle
import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from digest.core.errors import Refused, TryAgain

SECONDS = 30
MEMORY = 1 << 30
"""Bytes of address space, the interpreter's own included."""
COMMAND = (sys.executable, "-P", "-c", "from digest.net.apart import serve; serve()")

P = ParamSpec("P")
R = TypeVar("R")


class TooMuch(Refused):
    """It was the end of the process."""


def apart(work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """What `work`, a function of a module, returns; a Refused of it is raised here. TooMuch where it has no end."""
    environment = {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    order = pickle.dumps((SECONDS, work, args, kwargs))
    try:
        done = subprocess.run(  # noqa: S603  this interpreter
            COMMAND, input=order, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment, check=False
        )
    except OSError as error:
        raise TryAgain(f"No process can be started to read it in ({error.strerror}).") from None
    if done.returncode:
        raise TooMuch(f"it takes more than {SECONDS} seconds or {MEMORY >> 20} MB to read")
    answer: R | Refused = pickle.loads(done.stdout)  # noqa: S301  from our own process, through a pipe
    if isinstance(answer, Refused):
        raise answer
    return answer


def serve() -> None:
    """The life of the process."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    seconds, work, args, kwargs = pickle.load(sys.stdin.buffer)  # noqa: S301  from above, through a pipe
    signal.alarm(seconds)  # the kernel's: it is in time whatever the interpreter is at
    try:
        answer = work(*args, **kwargs)
    except Refused as error:
        answer = error
    sys.stdout.buffer.write(pickle.dumps(answer))
