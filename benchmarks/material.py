"""What the peers send: the same edition for the same people, as each of them would be given it.

`python material.py FOLDER PEOPLE` reads a fanned-out database and writes `peers.json` there:

- `ready`: personal messages as digest composed them, unsigned (a hundred, sent in turn: the peer only has to carry them);
- `templates`: the compiled edition as one Jinja (and Django) and one Handlebars template a part, in English;
- `people`: what fills them: `has` names the items and headings that the person gets. The result is digest's own text;
- `size`: the mean bytes of a message.
"""

import json
import statistics
import sys
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from installed import EDITION, NOW, installation
from sqlmodel import Session

from digest.core.message import Block, Part, chosen
from digest.pipeline.compose import Copy, mailroom
from digest.store import deliveries, editions
from digest.store.deliveries import Claimed

READY = 100
JINJA = ("{{% if has.{} %}}", "{% endif %}")
HANDLEBARS = ("{{{{#if has.{}}}}}", "{{/if}}")


def template(blocks: Sequence[Block], part: Part, condition: tuple[str, str]) -> str:
    """The blocks of a part as a template: literal text, `{{ slots }}`, and a condition around all that is not for everybody."""
    out = []
    for block in (each for each in blocks if each.part == part):
        if any(mark in piece for piece in block.pieces[::2] for mark in ("{{", "{%", "{#")):
            raise SystemExit(f"The block {block.key} looks like a template itself.")
        text = "".join(f"{{{{ {piece} }}}}" if at % 2 else piece for at, piece in enumerate(block.pieces))
        out.append(f"{condition[0].format(_name(block))}{text}{condition[1]}" if _name(block) else text)
    return "".join(out)


def _name(block: Block) -> str:
    """`i3` or `news`, the same for whatever comes and goes together; nothing for what everybody gets."""
    if block.is_heading:
        return block.key.partition(":")[2]
    return f"i{block.item}" if block.item else ""


def claims(session: Session, people: int) -> list[Claimed]:
    """The first deliveries as a sender would claim them, which does not claim them."""
    names = [field.name for field in fields(Claimed)]
    rows = deliveries.page(session, EDITION, limit=people)
    return [Claimed(**{name: getattr(row, name) for name in names}) for row in rows]


def material(folder: Path, people: int) -> dict[str, Any]:
    here = installation(folder)
    with here.database.read() as session:
        room = mailroom(session, EDITION, here.sender)
        claimed = claims(session, people)
        blocks = editions.blocks(session, EDITION)["en"]
        subject = editions.texts(session, EDITION)["en"].subject
    wires = [room.compose(each, NOW) or b"" for each in claimed]
    envelope = {"sender": here.sender.address, "subject": subject}
    return {
        "envelope": envelope,
        "size": round(statistics.mean(map(len, wires))),
        "ready": [
            {"from": here.sender.envelope_sender(each.id), "to": each.address, "wire": wire.decode()}
            for each, wire in zip(claimed[:READY], wires, strict=False)
        ],
        "templates": {
            style: {part: template(blocks, part, condition) for part in ("html", "text")}
            for style, condition in (("jinja", JINJA), ("handlebars", HANDLEBARS))
        },
        "people": [_person(room.slots(each, copy), copy, blocks) for each in claimed if (copy := Copy.from_json(each.selection))],
    }  # fmt: skip


def _person(slots: dict[str, str], copy: Copy, blocks: Sequence[Block]) -> dict[str, Any]:
    return slots | {"has": {name: True for block in chosen(blocks, copy.items) if (name := _name(block))}}


if __name__ == "__main__":
    made = material(Path(sys.argv[1]), int(sys.argv[2]))
    Path(sys.argv[1], "peers.json").write_text(json.dumps(made))
