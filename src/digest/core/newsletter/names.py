"""How people's names look, and the lines that sign with one or name an author."""

import re

_TITLES = r"(?:(?:Dr|Rev|Fr|Sr|Mr|Mrs|Ms|Prof|Hon|Dra|Lic|Canon)\.? )*"
_WORD = r"[^\W\d_a-zà-ÿ][\w.’'-]*"
_NAME = rf"{_TITLES}{_WORD}(?: (?:de|del|la|van|von|der|y|i|of|{_WORD})){{1,4}}"

DASH_SIGNED = re.compile(rf"(?:[–—-]{{1,3}}|~) ?(?P<name>{_NAME})(?:,.{{2,80}}|\s?\([^)]*\))?")
PERSON = re.compile(_NAME)
NAMES = re.compile(
    rf"(?:\w+(?: \w+)? (?:by|por|von|par) )?{_NAME}(?:, {_WORD}[^.!?]{{2,50}})?|"
    rf"{_WORD}(?:, {_WORD})+,? (?:and|&|y|e|und|et) {_WORD}"
)
"""Who signs: a person and perhaps a role, or several by their first names."""
BYLINE = re.compile(rf"(?:[Bb]y|Por|Von|Par|Text:|Texto:) (?P<name>{_NAME}(?:,? .{{2,50}})?)")
