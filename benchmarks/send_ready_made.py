"""Stock aiosmtplib: `sendmail` of messages that were made before. `python send_ready_made.py PEERS.JSON PORT COUNT`"""

import asyncio
import itertools
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import aiosmtplib
from measure import clocked

CONNECTIONS = 10
Message = tuple[str, str, bytes]


async def line(port: int, queue: Iterator[Message]) -> None:
    """One connection, kept open, that takes the next message until there is none."""
    async with aiosmtplib.SMTP(hostname="127.0.0.1", port=port, start_tls=False) as client:
        for sender, recipient, wire in queue:
            await client.sendmail(sender, [recipient], wire)


async def send(port: int, queue: Iterator[Message]) -> None:
    await asyncio.gather(*(line(port, queue) for _ in range(CONNECTIONS)))


if __name__ == "__main__":
    ready = [
        (each["from"], each["to"], each["wire"].encode()) for each in json.loads(Path(sys.argv[1]).read_text())["ready"]
    ]
    port, messages = int(sys.argv[2]), int(sys.argv[3])
    with clocked() as count:
        asyncio.run(send(port, itertools.islice(itertools.cycle(ready), messages)))
        count(messages)
