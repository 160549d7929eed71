"""The languages of the mail: wording from catalogues, formats from CLDR. A new language is a file, not code."""

from dataclasses import dataclass
from functools import cached_property
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path

from babel import Locale, UnknownLocaleError
from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po

ENGLISH = "en"  # the language the templates are written in


@dataclass(frozen=True)
class Language:
    """A language that the templates speak. `tag` is its BCP 47 tag, as HTML wants it."""

    tag: str
    locale: Locale
    wording: NullTranslations

    @cached_property
    def direction(self) -> str:
        return self.locale.text_direction


def locale_of(tag: str) -> Locale | None:
    """CLDR's locale for a tag like `es`, `pt-BR` or `zh_Hant`; None if it knows none."""
    try:
        return Locale.parse(tag.replace("_", "-"), sep="-")
    except (UnknownLocaleError, ValueError, TypeError):
        return None


def find(tag: str, folders: list[Path]) -> Language:
    """The language of `tag` with the first catalogue in `folders`: `pt-BR.po`, else `pt.po`, else English.

    Raises ValueError, with file and line, for a catalogue that cannot be read.
    """
    locale = locale_of(tag)
    if locale is None:
        return find(ENGLISH, folders)
    wide = tag.replace("_", "-")
    for name in (wide, locale.language):
        for folder in folders:
            path = folder / f"{name}.po"
            if path.is_file():
                return Language(wide, locale, _catalogue(path))
    return Language(wide, locale, NullTranslations()) if locale.language == ENGLISH else find(ENGLISH, folders)


def _catalogue(path: Path) -> GNUTranslations:
    try:
        with path.open("rb") as source:
            catalogue = read_po(source, abort_invalid=True)
    except PoFileError as error:
        raise ValueError(f"{path}, line {error.lineno}: {error}") from error
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return GNUTranslations(compiled)
