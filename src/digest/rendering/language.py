"""The languages of the mail: wording from catalogues, formats from CLDR. A new language is a file, not code."""

import re
from dataclasses import dataclass
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path

from babel import Locale, UnknownLocaleError
from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po

ENGLISH = "en"  # the language the templates are written in


@dataclass(frozen=True, slots=True)
class Language:
    """A language that the templates speak. `tag` is its BCP 47 tag, as HTML wants it."""

    tag: str
    locale: Locale
    wording: NullTranslations

    @property
    def direction(self) -> str:
        return self.locale.text_direction

    def greeting(self, name: str) -> str:
        """`Hello Ana,`, or `Hello,` to somebody without a name."""
        name, gettext = " ".join(name.split()), self.wording.gettext
        return gettext("Hello %(name)s,") % {"name": name} if name else gettext("Hello,")

    @property
    def start(self) -> str:
        """The side at which its lines begin."""
        return "right" if self.direction == "rtl" else "left"

    @property
    def end(self) -> str:
        """The side at which they end."""
        return "left" if self.direction == "rtl" else "right"


def locale_of(tag: str) -> Locale | None:
    """CLDR's locale for a tag like `es`, `pt-BR` or `zh_Hant`; None if it knows none."""
    try:
        return Locale.parse(tag.replace("_", "-"), sep="-")
    except (UnknownLocaleError, ValueError, TypeError):
        return None


def find(tag: str, folders: list[Path]) -> Language:
    """The language of `tag`, its words from the first catalogue in `folders` that has them: `pt-BR.po`, `pt.po`, else English.

    Raises ValueError, with file and line, for a catalogue that cannot be read.
    """
    locale = locale_of(tag)
    if locale is None:
        return find(ENGLISH, folders)
    wide = tag.replace("_", "-")
    paths = [folder / f"{name}.po" for name in dict.fromkeys((wide, locale.language)) for folder in folders]
    catalogues: list[NullTranslations] = [_catalogue(path) for path in paths if path.is_file()]
    if not catalogues and locale.language != ENGLISH:
        return find(ENGLISH, folders)
    wording, *others = catalogues or [NullTranslations()]
    for other in others:
        wording.add_fallback(other)
    return Language(wide, locale, wording)


def _catalogue(path: Path) -> GNUTranslations:
    try:
        catalogue = read_po(BytesIO(path.read_bytes()), abort_invalid=True)
    except PoFileError as error:
        said = str(error).removesuffix(f" on {error.lineno}")
        raise ValueError(f"{path}, line {error.lineno + 1}: {said}") from error
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}, line 1: this is not UTF-8") from error
    for message in catalogue:
        if message.id and message.string and _placeholders(message.string) != _placeholders(message.id):
            raise ValueError(f"{path}, line {message.lineno}: the placeholders are not those of “{message.id}”")
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return GNUTranslations(compiled)


def _placeholders(wording: str | tuple[str, ...] | list[str]) -> set[str]:
    """The names in `%(name)s`, and `%` for one that is neither such a name nor doubled."""
    whole = wording if isinstance(wording, str) else " ".join(wording)
    return set(re.findall(r"%\((\w+)\)s", whole)) | set(re.findall(r"%(?!\(\w+\)s)", whole.replace("%%", "")))
