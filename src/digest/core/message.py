"""Composing by splicing: an edition is compiled into blocks once, a subscriber's message is a join of their bytes."""

import html
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeVar

from digest.core import quoted_printable

Part = Literal["html", "text"]


@dataclass(frozen=True, slots=True)
class Block:
    """One cut of a compiled part.

    `key` is `head`, `preheader:ID`, `preheader/`, `contents`, `contents:ID`, `contents/`, `heading:SECTION`, `item:ID`,
    `last:ID`, `rest:ID`, `more`, `foot`, `view` or `foot/`; blocks come in document order. An item that closes is cut in three
    round `last:ID`, the words that make it the last chance. `pieces` has odd length: literal, slot name, literal, …, literal.
    """

    part: Part
    key: str
    pieces: tuple[str, ...]

    @property
    def item(self) -> int | None:
        """The item that this block belongs to, None for what goes into every message."""
        name, _, number = self.key.partition(":")
        return int(number) if name in ("preheader", "contents", "item", "last", "rest") and number else None

    @property
    def is_heading(self) -> bool:
        return self.key.startswith("heading:")

    @property
    def wants_heading(self) -> bool:
        return self.key.startswith("item:")

    @property
    def extra(self) -> str | None:
        """The name by which a message asks for it, if it goes only into those that do.

        `contents`, `last:ID`, `more`, `preheader:ID`, `view`.
        """
        if self.key.startswith("contents"):
            return "contents"
        return self.key if self.key in ("more", "view") or self.key.startswith(("last:", "preheader:")) else None


class Placed(Protocol):
    """What decides whether something goes into a message: a Block, or what was made of one."""

    @property
    def item(self) -> int | None: ...
    @property
    def is_heading(self) -> bool: ...
    @property
    def wants_heading(self) -> bool: ...
    @property
    def extra(self) -> str | None: ...


P = TypeVar("P", bound=Placed)


def chosen(blocks: Iterable[P], selection: Collection[int], extras: Collection[str] = ()) -> Iterable[P]:
    """The blocks of a selection in document order; a heading only where an item of its section follows.

    `extras` names those that go in only if they are asked for.
    """
    heading: P | None = None
    for block in blocks:
        if block.is_heading:
            heading = block
        elif block.extra and block.extra not in extras:
            continue
        elif block.item is None:
            yield block
        elif block.item in selection:
            if heading and block.wants_heading:
                yield heading
                heading = None
            yield block


def teasers(blocks: Iterable[Block]) -> tuple[int, ...]:
    """The items that have a word for the preheader, those first that it should name."""
    keys = (block.key.partition(":") for block in blocks)
    return tuple(int(number) for name, _, number in keys if name == "preheader" and number)


def fill(block: Block, slots: Mapping[str, str]) -> str:
    """The text of a block with its slots filled: escaped in HTML, raw in text."""
    return "".join(
        piece if at % 2 == 0 else html.escape(slots[piece]) if block.part == "html" else slots[piece]
        for at, piece in enumerate(block.pieces)
    )


def join(
    blocks: Iterable[Block],
    part: Part,
    selection: Collection[int],
    slots: Mapping[str, str],
    extras: Collection[str] = (),
) -> str:
    """One part of one subscriber's digest as text: what previews, the web view and tests look at."""
    return "".join(fill(block, slots) for block in chosen((b for b in blocks if b.part == part), selection, extras))


@dataclass(frozen=True, slots=True)
class _Encoded:
    """A block as bytes between the names of slots; what `chosen` asks is looked up once and for all.

    `whole`: all of it, where it has no slots.
    """

    item: int | None
    is_heading: bool
    wants_heading: bool
    extra: str | None
    pieces: tuple[bytes | str, ...]
    whole: bytes | None


class Composer:
    """The blocks of one edition in one language, encoded once, ready to be joined into any number of bodies.

    `boundary` must begin with `=_`, which quoted-printable never contains.
    """

    def __init__(self, blocks: Sequence[Block], boundary: str) -> None:
        self._parts: dict[Part, list[_Encoded]] = {"text": [], "html": []}
        self._heads: dict[Part, bytes] = {part: _part_head(boundary, part) for part in self._parts}
        self._end = f"--{boundary}--\r\n".encode()
        for block in blocks:
            pieces = tuple(piece if at % 2 else quoted_printable.encode(piece) for at, piece in enumerate(block.pieces))
            whole = pieces[0] if len(pieces) == 1 and isinstance(pieces[0], bytes) else None
            encoded = _Encoded(block.item, block.is_heading, block.wants_heading, block.extra, pieces, whole)
            self._parts[block.part].append(encoded)

    def body(self, selection: Collection[int], slots: Mapping[str, str], extras: Collection[str] = ()) -> bytes:
        """A multipart/alternative body (RFC 2046 §5.1.4), CRLF line ends, no line over 76 octets, no leading dots."""
        plain = {name: quoted_printable.encode(value) for name, value in slots.items()}
        escaped = {name: _escaped(value, plain[name]) for name, value in slots.items()}
        out: list[bytes] = []
        for part, blocks in self._parts.items():
            values = escaped if part == "html" else plain
            out.append(self._heads[part])
            for block in chosen(blocks, selection, extras):
                if block.whole is not None:
                    out.append(block.whole)
                else:
                    out += [values[piece] if isinstance(piece, str) else piece for piece in block.pieces]
            out.append(b"\r\n")
        out.append(self._end)
        return b"".join(out)


def _part_head(boundary: str, part: Part) -> bytes:
    kind = "plain" if part == "text" else "html"
    return (
        f"--{boundary}\r\nContent-Type: text/{kind}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    ).encode()


def _escaped(value: str, encoded: bytes) -> bytes:
    """A slot's value for HTML; `encoded` as it is, where nothing has to be escaped."""
    safe = html.escape(value)
    return encoded if safe == value else quoted_printable.encode(safe)
