"""Composing by splicing: an edition is compiled into blocks once, a subscriber's message is a join of their bytes."""

import html
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from digest.core import quoted_printable

Part = Literal["html", "text"]


@dataclass(frozen=True, slots=True)
class Block:
    """One cut of a compiled part.

    `key` is `head`, `contents`, `contents:ID`, `contents/`, `heading:KIND`, `item:ID` or `foot`; blocks come in document
    order. `pieces` has odd length: literal, slot name, literal, …, literal.
    """

    part: Part
    key: str
    pieces: tuple[str, ...]

    @property
    def item(self) -> int | None:
        """The item that this block belongs to, None for what goes into every message."""
        name, _, number = self.key.partition(":")
        return int(number) if name in ("item", "contents") and number else None

    @property
    def is_heading(self) -> bool:
        return self.key.startswith("heading:")


def chosen(blocks: Iterable[Block], selection: Collection[int]) -> Iterable[Block]:
    """The blocks of a selection in document order; a heading only where an item of its section follows."""
    heading: Block | None = None
    for block in blocks:
        if block.is_heading:
            heading = block
        elif block.item is None:
            yield block
        elif block.item in selection:
            if heading and block.key.startswith("item:"):
                yield heading
                heading = None
            yield block


def fill(block: Block, slots: Mapping[str, str]) -> str:
    """The text of a block with its slots filled: escaped in HTML, raw in text."""
    values = block.pieces[1::2]
    filled = list(block.pieces)
    filled[1::2] = [html.escape(slots[name]) if block.part == "html" else slots[name] for name in values]
    return "".join(filled)


def join(blocks: Iterable[Block], part: Part, selection: Collection[int], slots: Mapping[str, str]) -> str:
    """One part of one subscriber's digest as text: what previews, the web view and tests look at."""
    return "".join(fill(block, slots) for block in chosen((b for b in blocks if b.part == part), selection))


class Composer:
    """The blocks of one edition in one language, encoded once, ready to be joined into any number of bodies.

    `boundary` must begin with `=_`, which quoted-printable never contains.
    """

    def __init__(self, blocks: Sequence[Block], boundary: str) -> None:
        self.boundary = boundary
        self._parts = {
            part: [(block, self._encode(block)) for block in blocks if block.part == part] for part in ("text", "html")
        }

    @staticmethod
    def _encode(block: Block) -> tuple[bytes | str, ...]:
        return tuple(
            name if odd else quoted_printable.encode(name) for at, name in enumerate(block.pieces) for odd in (at % 2,)
        )

    def body(self, selection: Collection[int], slots: Mapping[str, str]) -> bytes:
        """A multipart/alternative body (RFC 2046 §5.1.4), CRLF line ends, no line over 76 octets, no leading dots."""
        out: list[bytes] = []
        for part, subtype in (("text", b"plain"), ("html", b"html")):
            values = {
                name: quoted_printable.encode(value if part == "text" else html.escape(value))
                for name, value in slots.items()
            }
            out.append(
                b"--%s\r\nContent-Type: text/%s; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
                % (self.boundary.encode(), subtype)
            )
            encoded = dict(self._parts[part])
            for block in chosen(encoded, selection):
                out += [values[piece] if isinstance(piece, str) else piece for piece in encoded[block]]
            out.append(b"\r\n")
        out.append(b"--%s--\r\n" % self.boundary.encode())
        return b"".join(out)
