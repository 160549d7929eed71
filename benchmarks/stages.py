"""Where a message's time goes before it reaches the wire: CPU of each stage alone, on one thread.

`python stages.py FOLDER REPEATS` reads a fanned-out database and prints `{stage: [CPU seconds a message, …]}`.
"""

import json
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

from installed import EDITION, NOW, installation
from material import claims

from digest.core.dkim import sign
from digest.pipeline.compose import mailroom
from digest.store.deliveries import Claimed

MESSAGES = 300


def stages(folder: Path) -> dict[str, float]:
    """CPU seconds a message."""
    here = installation(folder, signed="rsa,ed25519")
    rsa, ed25519 = here.sender.dkim
    with here.database.read() as session:
        room = mailroom(session, EDITION, replace(here.sender, dkim=()))
        people = claims(session, MESSAGES)
    wires = [room.compose(each, NOW) or b"" for each in people]
    fields = [("From", "weekly@harbour.example"), ("To", "reader@host.example"), ("Subject", "Harbour Weekly")]

    def each_of(work: Callable[[Claimed, bytes], object]) -> float:
        begun = time.process_time()
        for each, wire in zip(people, wires, strict=True):
            work(each, wire)
        return (time.process_time() - begun) / len(people)

    return {
        "composing for its reader": each_of(lambda each, _: room.compose(each, NOW)),
        "hashing": each_of(lambda _, wire: sha256(wire).digest()),
        "an Ed25519 signature": each_of(lambda *_: sign(fields, b"", [ed25519], NOW)),
        "an RSA-2048 signature": each_of(lambda *_: sign(fields, b"", [rsa], NOW)),
    }


if __name__ == "__main__":
    rounds = [stages(Path(sys.argv[1])) for _ in range(int(sys.argv[2]))]
    sys.stdout.write(json.dumps({name: [each[name] for each in rounds] for name in rounds[0]}) + "\n")
