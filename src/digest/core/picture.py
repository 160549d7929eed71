"""Pictures that we host, by name: what is in one (its SHA-256), its size and its format are told by it."""

import re

from digest.core.errors import Refused

LARGEST = 20_000_000
"""Bytes of what is given, before it is made fit for mail."""

TYPES = {"jpg": "image/jpeg", "png": "image/png"}
_NAME = re.compile(r"[0-9a-f]{64}-([1-9][0-9]{0,3})x([1-9][0-9]{0,3})\.(jpg|png)")


class Unusable(Refused):
    """A picture that cannot be shown; the words say why, after its name."""


def named(sha256: str, width: int, height: int, suffix: str) -> str:
    """`…-1200x800.jpg`"""
    return f"{sha256}-{width}x{height}.{suffix}"


def size(name: str | None) -> tuple[int, int] | None:
    """Width and height in pixels; None for what is not the name of a hosted picture."""
    match = _NAME.fullmatch(name or "")
    return (int(match[1]), int(match[2])) if match else None


def width(name: str, most: int) -> int:
    """The width at which a hosted picture is neither wider nor higher than `most` pixels, nor larger than it is."""
    wide, high = size(name) or (1, 1)
    return max(1, min(wide, most, most * wide // high))


def media_type(name: str) -> str:
    """Of a hosted picture."""
    return TYPES[name.rpartition(".")[2]]
