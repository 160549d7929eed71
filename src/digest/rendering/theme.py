"""A theme: colours, fonts and pictures of the mail, from the theme.toml of each folder of templates."""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from digest.core import colour

FILE = "theme.toml"
_FONTS = re.compile(r"[\w ,'-]+")
_PICTURES = ("logo", "banner")


@dataclass(frozen=True, slots=True)
class Theme:
    """`fonts`: text, titles. `light` and `dark`: page, paper, tint, rule, ink, muted as `#rrggbb`."""

    accent: str
    logo: Path | None
    banner: Path | None
    fonts: Mapping[str, str]
    light: Mapping[str, str]
    dark: Mapping[str, str]


def load(folders: Sequence[Path]) -> Theme:
    """The theme of folders of which the first wins, key by key; the last, bundled one says all that there is to say.

    Raises ValueError, with file and line, for one that cannot be used.
    """
    values: dict[tuple[str, str], str] = {}
    for folder in reversed(folders):
        path = folder / FILE
        if not path.is_file():
            continue
        source, bundled = _read(path), folder == folders[-1]
        for (table, key), value in _flat(path, source):
            if not bundled and (table, key) not in values:
                near = get_close_matches(key, [name for _, name in values], 1)
                hint = f"; did you mean “{near[0]}”?" if near else ""
                raise _fault(path, source, table, key, f"a theme has no “{key}” here{hint}")
            if what := _wrong(folder, key, table, value):
                raise _fault(path, source, table, key, what)
            values[table, key] = str(folder / value) if value and key in _PICTURES else value
        for scheme in ("light", "dark"):
            for text, ground, ratio in _faint(values, scheme):
                what = f"“{text}” has a contrast of {ratio:.1f} on “{ground}”, and readers need {colour.AA}"
                raise _fault(path, source, scheme, text, what)
    logo, banner = (values.get(("", name)) for name in _PICTURES)
    tables = (
        {key: value for (table, key), value in values.items() if table == name} for name in ("fonts", "light", "dark")
    )
    return Theme(
        values.get(("", "accent"), ""), Path(logo) if logo else None, Path(banner) if banner else None, *tables
    )


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError:
        raise ValueError(f"{path}, line 1: this is not UTF-8") from None


def _flat(path: Path, source: str) -> Iterator[tuple[tuple[str, str], Any]]:
    """((table, key), value) of a file in which tables hold no tables; the top is the table ""."""
    try:
        parsed = tomllib.loads(source)
    except tomllib.TOMLDecodeError as error:
        said, _, place = str(error).partition(" (at ")
        line = re.match(r"line (\d+)", place)
        number = int(line[1]) if line else source.count("\n") + 1
        raise ValueError(f"{path}, line {number}: {said[:1].lower()}{said[1:]}") from None
    for name, value in parsed.items():
        if isinstance(value, dict):
            yield from (((name, key), each) for key, each in value.items())
        else:
            yield ("", name), value


def _wrong(folder: Path, key: str, table: str, value: object) -> str | None:
    """What keeps a value from being used, None if nothing does."""
    if not isinstance(value, str):
        return f"“{key}” is a text between quotes"
    if key in _PICTURES:
        return f"there is no file “{value}” in the folder" if value and not (folder / value).is_file() else None
    if table == "fonts":
        return (
            None if _FONTS.fullmatch(value) else f"“{value}” is no list of fonts; write names with commas between them"
        )
    return None if colour.HEX.fullmatch(value) else f"“{value}” is not a colour; write it like #0f5e66"


def _faint(values: Mapping[tuple[str, str], str], scheme: str) -> Iterator[tuple[str, str, float]]:
    """(text, ground, contrast) of what is too hard to read."""
    for text in ("ink", "muted"):
        for ground in ("page", "paper", "tint"):
            if (scheme, text) in values and (scheme, ground) in values:
                ratio = colour.contrast(values[scheme, text], values[scheme, ground])
                if ratio < colour.AA:
                    yield text, ground, ratio


def _fault(path: Path, source: str, table: str, key: str, what: str) -> ValueError:
    """The line of a key: that of the nearest one above it in the file, where it is inherited."""
    here, line = "", 1
    for number, text in enumerate(source.splitlines(), 1):
        if match := re.match(r"\s*\[\s*([\w-]+)\s*\]", text):
            here = match[1]
            line = number if here == table else line
        elif here == table and re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*=", text):
            return ValueError(f"{path}, line {number}: {what}")
    return ValueError(f"{path}, line {line}: {what}")
