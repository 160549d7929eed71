"""Whole messages, byte for byte. After a change that is meant: GOLDEN=write make test, and read the difference."""

import os

import pytest

from .conftest import ROOT, SLOT, Terminal

READERS = {
    "follows-housing": "amelia.hart@example.org",
    "reads-spanish": "lucia.ferrer@example.org",
    "follows-nothing": None,
}


@pytest.mark.parametrize("name", READERS)
def test_a_message_is_the_same_to_the_byte(week: Terminal, name: str) -> None:
    week.env["PUBLIC_URL"] = "https://news.harbour.example"
    reader = READERS[name]
    arguments = ["--for", reader] if reader else []
    out = week("edition", "render", "latest", *arguments, "--format", "eml", "--now", SLOT).out
    path = ROOT / "tests" / "golden" / f"{name}.eml"
    if os.environ.get("GOLDEN") == "write":
        path.write_bytes(out.encode())
    assert out.encode() == path.read_bytes()
