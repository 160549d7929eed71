"""One sender, one sink: how many messages arrived, how long it took, what the sender's process cost.

A child measures its own work, so that starting Python or Node counts for nobody, and prints a line of JSON:
`{"messages", "seconds", "cpu"}`, the last two in seconds. `smtp-source` has nothing to set up and is measured whole.
"""

import contextlib
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage
from typing import Any

from install import GROUND, postfix

Call = tuple[Sequence[str | Path], dict[str, str]]
"""A command, and what its environment has more."""
Way = Callable[[int], AbstractContextManager[int]]


@dataclass(frozen=True, slots=True)
class Sample:
    """One row of one round. `cpu`: seconds of user and system time of the sender; `rss`: peak, in MB, of its largest
    process; where it has started others to send, of these.
    """

    messages: int
    seconds: float
    cpu: float
    rss: float

    @property
    def rate(self) -> float:
        """Messages a second."""
        return self.messages / self.seconds

    @property
    def cpu_ms(self) -> float:
        """CPU-ms a message."""
        return 1000 * self.cpu / self.messages


def free_port() -> int:
    """Of loopback."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def sink() -> Iterator[tuple[int, Callable[[], int]]]:
    """Postfix's smtp-sink on a port of loopback, and how many messages it has taken."""
    program, environment = postfix("smtp-sink")
    port = free_port()
    command = [program, "-u", "nobody"] if os.getuid() == 0 else [program]
    log = GROUND / "sink.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [*command, "-c", f"127.0.0.1:{port}", "100"], stdout=out, stderr=out, env=os.environ | environment
        )

    def taken() -> int:
        counts = re.findall(rb"mesg=(\d+)", log.read_bytes()[-200:])
        return int(counts[-1]) if counts else 0

    try:
        for _ in range(200):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                break
            if process.poll() is not None:
                raise SystemExit(f"smtp-sink did not start: {log.read_text().strip()}")
            time.sleep(0.02)
        yield port, taken
    finally:
        process.kill()
        process.wait()


def child(command: Sequence[str | Path], extra: dict[str, str] | None = None) -> tuple[dict[str, Any], float, float]:
    """Run a child to its end: what its last line of output says, its whole CPU seconds, the peak RSS in MB."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DIGEST_")}
    with tempfile.TemporaryFile() as told:  # a pipe that nobody reads until the child has ended might fill
        process = subprocess.Popen([str(each) for each in command], stdout=told, env=environment | (extra or {}))
        peaks: dict[int, float] = {}
        while os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
            peaks |= {pid: max(peaks.get(pid, 0.0), _peak_rss(pid)) for pid in _family(process.pid)}
            time.sleep(0.05)
        before = getrusage(RUSAGE_CHILDREN)
        process.wait()
        after = getrusage(RUSAGE_CHILDREN)
        told.seek(0)
        said = told.read().decode().strip().splitlines()
    if process.returncode:
        raise SystemExit(f"This failed: {' '.join(map(str, command))}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    own = peaks.pop(process.pid, 0.0)
    return json.loads(said[-1]) if said and said[-1].startswith("{") else {}, cpu, max(peaks.values(), default=own)


def sample(prepare: Callable[[int], Call], messages: int, way: Way = contextlib.nullcontext) -> Sample:
    """`messages` sent by what is prepared for a port into a fresh sink, every one of which must have arrived.

    `way` leads to the port of the sink from another one.
    """
    with sink() as (door, taken), way(door) as port:
        command, extra = prepare(port)
        begun = time.perf_counter()
        said, cpu, rss = child(command, extra)
        seconds = time.perf_counter() - begun
        if taken() != messages or said.get("messages", messages) != messages:
            raise SystemExit(f"{taken()} of {messages} messages arrived from: {' '.join(map(str, command))}")
    return Sample(messages, said.get("seconds", seconds), said.get("cpu", cpu), rss)


@contextlib.contextmanager
def clocked() -> Iterator[Callable[[int], None]]:
    """In a child: measures the block; the number of messages given to what it yields goes into the line printed."""
    counted: list[int] = []
    begun, before = time.perf_counter(), _cpu()
    yield counted.append
    figures = {"messages": sum(counted), "seconds": time.perf_counter() - begun, "cpu": _cpu() - before}
    sys.stdout.write(json.dumps(figures) + "\n")


def _cpu() -> float:
    return sum(each.ru_utime + each.ru_stime for each in (getrusage(RUSAGE_SELF), getrusage(RUSAGE_CHILDREN)))


def _family(pid: int) -> Iterator[int]:
    yield pid
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for below in (task / "children").read_text().split():
                yield from _family(int(below))


def _peak_rss(pid: int) -> float:
    with contextlib.suppress(OSError):
        found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
        if found:
            return int(found[1]) / 1000
    return 0.0
