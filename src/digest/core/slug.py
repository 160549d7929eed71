"""Names as the last part of an address, and as what is the same in all spellings."""

import unicodedata


def slugify(name: str) -> str:
    """`Migrants & Refugees` → `migrants-refugees`; letters of every script stay, with their marks, composed (NFC)."""
    folded = unicodedata.normalize("NFC", name.casefold())
    words = "".join(c if c.isalnum() or unicodedata.category(c)[0] == "M" else " " for c in folded).split()
    return "-".join(words)[:80].rstrip("-")
