"""Reading hostile mail in a process of its own, which time and memory end before they end us.

The process stays for the next message, and is replaced when a message was the end of it. It gets no settings and no secrets.
"""

import os
import resource
import signal
import socket
import subprocess
import sys
import threading
from multiprocessing.connection import Connection

from digest.core.dsn import BeyondLimit, Report, read
from digest.core.errors import TryAgain

SECONDS = 5
"""For one message."""
MEMORY = 256 * 1024 * 1024
"""Bytes of address space, the interpreter's own included."""
COMMAND = (sys.executable, "-P", "-c", "from digest.mailbox.reader import serve; serve()")


class Unreadable(Exception):
    """Nothing can be made of the message; its text says why."""


class Reader:
    """Reads messages, one at a time, whichever thread asks. The process starts with the first."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._line: Connection | None = None

    def read(self, message: bytes) -> Report:
        """What the message says. Unreadable if it breaks a limit, TryAgain if no process can be had."""
        with self._turn:
            line = self._open()
            try:
                line.send_bytes(message)
                answer = line.recv()
            except (EOFError, OSError):
                late = self._end() == -signal.SIGALRM
                raise Unreadable(f"over {SECONDS} seconds to read" if late else "the end of what read it") from None
        if not isinstance(answer, Report):
            raise Unreadable(answer)
        return answer

    def close(self) -> None:
        with self._turn:
            self._end()

    def _open(self) -> Connection:
        if self._line and self._process and self._process.poll() is None:
            return self._line
        self._end()
        ours, its = socket.socketpair()
        environment = {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        with its:
            self._line = Connection(ours.detach())
            try:
                self._process = subprocess.Popen(  # noqa: S603  this interpreter
                    COMMAND, stdin=its.fileno(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment,
                    start_new_session=True,
                )  # fmt: skip
            except OSError as error:
                self._end()
                raise TryAgain(f"Mail cannot be read now: no process can be started ({error.strerror}).") from None
        try:
            self._line.recv()
        except (EOFError, OSError):
            self._end()
            raise TryAgain("Mail cannot be read now: the process that reads it does not start.") from None
        return self._line

    def _end(self) -> int | None:
        """The process is killed, unless it died of itself: what it ended with."""
        line, process, self._line, self._process = self._line, self._process, None, None
        if line:
            line.close()
        if process is None:
            return None
        process.kill()
        return process.wait()


def serve() -> None:
    """The life of the process: a message in, a report or the reason why there is none out, until nobody asks any more."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    line = Connection(0)
    line.send(None)
    while True:
        try:
            message = line.recv_bytes()
        except EOFError:
            return
        signal.alarm(SECONDS)  # the kernel's: it is in time whatever the interpreter is at, and whether anybody waits
        line.send(_answer(message))
        signal.alarm(0)


def _answer(message: bytes) -> Report | str:
    try:
        return read(message)
    except BeyondLimit as error:
        return str(error)
    except MemoryError:
        return f"over {MEMORY >> 20} MB of memory to read"
    except Exception as error:  # the message is kept, and must not come round again
        return f"{type(error).__name__} on reading it"
