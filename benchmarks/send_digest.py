"""digest sends its edition: what `digest edition send` does, after the settings are read and the fan-out is done.

`python send_digest.py FOLDER PORT [--sign rsa,ed25519] [--stop-after N] [--set NAME=VALUE]`
"""

import argparse
import asyncio
from pathlib import Path

from installed import EDITION, installation
from measure import clocked

from digest.core.delivery import State
from digest.pipeline import dispatch
from digest.pipeline.dispatch import Watch


async def send(folder: Path, port: int, sign: str, stop_after: int | None, **settings: str) -> None:
    office = installation(folder, port, sign, **settings).office
    stop = asyncio.Event()
    accepted = 0

    def delivered(state: State) -> None:
        nonlocal accepted
        accepted += state is State.ACCEPTED
        if accepted == stop_after:
            stop.set()

    with clocked() as count:
        balance = await dispatch.send(
            office, EDITION, approval_required=False, stop=stop, watch=Watch(delivered=delivered)
        )
        count(balance.accepted)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("port", type=int)
    parser.add_argument("--sign", default="")
    parser.add_argument("--stop-after", type=int)
    parser.add_argument("--set", action="append", default=[])
    asked = parser.parse_args()
    more = dict(each.split("=", 1) for each in asked.set)
    asyncio.run(send(asked.folder, asked.port, asked.sign, asked.stop_after, **more))
