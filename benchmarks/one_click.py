"""One-click unsubscribes as a large provider posts them: so many a second, whether the answers keep up or not.

`python one_click.py RATE SECONDS` starts `digest run` on a list of its own and prints
`{"asked", "posted", "answered", "left", "rate", "latencies", "cpu_ms"}`: the rate that was asked for, how many were posted, how
many of the answers were 200, how many people the database says have left, answers a second from the first post to the last
answer, the seconds each took from when it was due, and what each cost the server. The client shares the machine with it.
"""

import asyncio
import json
import os
import signal
import sys
import tempfile
import time
from pathlib import Path

from installed import installation
from measure import free_port
from week import invented

from digest.core.token import Purpose
from digest.store import subscribers

CONNECTIONS = 64
"""Kept alive; a post that finds all of them taken waits, and its wait counts."""
BODY = b"List-Unsubscribe=One-Click"


class Poster:
    """Connections to the server, of which each post takes one that is free."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._free: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()

    async def open(self) -> None:
        for _ in range(CONNECTIONS):
            self._free.put_nowait(await asyncio.open_connection("127.0.0.1", self._port))

    async def post(self, path: str, due: float) -> tuple[int, float]:
        """The status, and seconds since the post was due."""
        reader, writer = await self._free.get()
        writer.write(
            f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
            f"Content-Length: {len(BODY)}\r\n\r\n".encode()
            + BODY
        )
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        await reader.readexactly(int(length.partition(b":")[2]))
        taken = time.perf_counter() - due
        self._free.put_nowait((reader, writer))
        return int(head.split(b" ", 2)[1]), taken


async def post_all(port: int, paths: list[str], rate: int) -> dict[str, object]:
    poster = Poster(port)
    await poster.open()
    begun, answers = time.perf_counter(), []
    for number, path in enumerate(paths):
        due = begun + number / rate
        await asyncio.sleep(max(0, due - time.perf_counter()))
        answers.append(asyncio.create_task(poster.post(path, due)))
    done = await asyncio.gather(*answers)
    seconds = time.perf_counter() - begun
    answered = sum(status == 200 for status, _ in done)
    return {
        "posted": len(paths),
        "answered": answered,
        "rate": len(done) / seconds,
        "latencies": [each for _, each in done],
    }


async def measured(folder: Path, rate: int, seconds: int) -> dict[str, object]:
    here, port = installation(folder), free_port()
    here.init()
    with here.database.write() as session:
        numbers = subscribers.add_many(session, list(invented(rate * seconds)), here.clock())
    paths = [f"/unsubscribe/{here.keyring.issue(Purpose.UNSUBSCRIBE, number)}" for number in numbers]
    settings = {
        "DIGEST_DATABASE_URL": str(here.database.url), "DIGEST_FROM": here.sender.address, "DIGEST_WEB_BIND": f"127.0.0.1:{port}",
    }  # fmt: skip
    server = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "digest", "run", cwd=folder, env=os.environ | settings, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        while not await _answers(port):
            if server.returncode is not None:
                raise SystemExit("digest run did not start.")
            await asyncio.sleep(0.05)
        before = cpu(server.pid)
        figures = await post_all(port, paths, rate)
        figures |= {"asked": rate, "cpu_ms": 1000 * (cpu(server.pid) - before) / len(paths)}
    finally:
        if server.returncode is None:
            server.send_signal(signal.SIGTERM)
        await server.wait()
    with here.database.read() as session:
        figures["left"] = subscribers.count(session, "unsubscribed")
    return figures


def cpu(pid: int) -> float:
    """Seconds of user and system time of a process."""
    user, system = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


async def _answers(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as room:
        sys.stdout.write(json.dumps(asyncio.run(measured(Path(room), *map(int, sys.argv[1:])))) + "\n")
