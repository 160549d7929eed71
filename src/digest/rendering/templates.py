"""Templates of the mail: a bundled folder, overridden file by file, and errors that name file and line."""

import traceback
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import jinja2
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jinja2.bccache import Bucket
from markupsafe import Markup

from digest.core import colour, picture
from digest.core.errors import Refused
from digest.rendering import language, layout, markup, plain, theme
from digest.rendering.language import Language
from digest.rendering.theme import Theme

PALETTE = "house/palette.j2"


class _Compiled(jinja2.BytecodeCache):
    """The code of each template, kept while its file stays the same: it is that of every language."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[str, Any]] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        checksum, code = self._kept.get(bucket.key, ("", None))
        if checksum == bucket.checksum:
            bucket.code = code

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._kept[bucket.key] = (bucket.checksum, bucket.code)


COMPILED = _Compiled()


class TemplateError(Refused):
    """A template or catalogue cannot be used. The sentence names the file and line, and what to do."""


class Templates:
    """Reads every file once: make a new one when `newest_change` has moved."""

    def __init__(self, bundled: Path, override: Path | None = None) -> None:
        self.folders = [folder for folder in (override, bundled) if folder]
        self._override = override
        self._languages: dict[str, Language] = {}
        self._environments: dict[str, Environment] = {}

    @cached_property
    def theme(self) -> Theme:
        """Raises TemplateError."""
        try:
            return theme.load(self.folders)
        except ValueError as error:
            raise TemplateError(f"{error}; correct the theme there") from error

    def language(self, tag: str) -> Language:
        """The language of `tag`, or English where no catalogue speaks it."""
        if tag not in self._languages:
            try:
                self._languages[tag] = language.find(tag, [folder / "locale" for folder in self.folders])
            except ValueError as error:
                raise TemplateError(f"{error}; correct the catalogue there") from error
        return self._languages[tag]

    def languages(self) -> tuple[str, ...]:
        """English, then every language with a catalogue."""
        named = {path.stem for folder in self.folders for path in (folder / "locale").glob("*.po")}
        return (language.ENGLISH, *sorted(named - {language.ENGLISH}))

    def render(self, name: str, spoken: Language, values: Mapping[str, Any]) -> str:
        """The template `name` filled with `values`, escaped if it is MJML, raw otherwise."""
        environment = self._environment(spoken)
        try:
            palette = environment.get_template(PALETTE).make_module(dict(values))
            return environment.get_template(name).render(values, c=palette)
        except jinja2.TemplateSyntaxError as error:
            raise self._error(error.filename or name, error.lineno, error.message or "syntax error") from error
        except jinja2.TemplateNotFound as error:
            raise TemplateError(
                f"There is no template “{error.name}” in {self.folders[-1]}; correct the name, or put the file there"
            ) from error
        except UnicodeDecodeError as error:
            bytes_of = {path.read_bytes(): path for path in self._files("*.*")}
            line = error.object.count(b"\n", 0, error.start) + 1
            raise self._error(str(bytes_of.get(error.object, name)), line, "this is not UTF-8") from error
        except Exception as error:
            file, line = self._place(error) or (name, 1)
            raise self._error(file, line, str(error)) from error

    def lay_out(self, name: str, css: str, spoken: Language, values: Mapping[str, Any]) -> str:
        """The MJML template `name`, filled, laid out as HTML, with the stylesheet template `css` inlined."""
        source, house = self.render(name, spoken, values), self.render(css, spoken, values)
        try:
            return layout.lay_out(source, house)
        except layout.LayoutError as error:
            for path in self._files("*.mjml"):
                if fault := layout.fault(path.read_text("utf-8")):
                    raise self._error(str(path), *fault) from error
            raise self._error(name, 1, str(error)) from error

    def faint(self, spoken: Language, values: Mapping[str, Any]) -> list[tuple[str, str, float]]:
        """(text, ground, contrast) of those colours of the palette that cannot be read on each other."""
        environment = self._environment(spoken)
        try:
            palette = vars(environment.get_template(PALETTE).make_module({"language": spoken, **values}))
        except Exception as error:
            raise self._error(*(self._place(error) or (PALETTE, 1)), str(error)) from error
        pairs = [
            (scheme + text, scheme + ground)
            for scheme in ("", "dark_")
            for text in ("ink", "muted", "accent_text")
            for ground in ("page", "paper", "tint")
        ]
        pairs += [("on_accent", "accent"), ("on_dark_accent", "dark_accent")]
        known = {name for name, value in palette.items() if colour.HEX.fullmatch(str(value))}
        ratios = [
            (text, ground, colour.contrast(palette[text], palette[ground]))
            for text, ground in pairs
            if {text, ground} <= known
        ]
        return [pair for pair in ratios if pair[2] < colour.AA]

    def newest_change(self) -> float:
        """When a file was last changed, in seconds since the epoch."""
        return max(path.stat().st_mtime for path in self._files("*.*"))

    def _files(self, pattern: str) -> list[Path]:
        winning: dict[Path, Path] = {}
        for folder in self.folders:
            for path in sorted(folder.rglob(pattern)):
                winning.setdefault(path.relative_to(folder), path)
        return list(winning.values())

    def _place(self, error: Exception) -> tuple[str, int] | None:
        folders = tuple(str(folder) for folder in self.folders)
        frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename.startswith(folders)]
        return (frames[-1].filename, frames[-1].lineno or 1) if frames else None

    def _error(self, file: str, line: int, what: str) -> TemplateError:
        ours = self._override is None or not file.startswith(str(self._override))
        remedy = "correct it there" if ours else "correct it there, or remove the file to use the bundled one"
        return TemplateError(f"{file}, line {line}: {what.rstrip('.')}; {remedy}")

    def _environment(self, spoken: Language) -> Environment:
        if spoken.tag not in self._environments:
            environment = Environment(
                loader=FileSystemLoader(self.folders),
                autoescape=jinja2.select_autoescape(("mjml",)),
                undefined=StrictUndefined,
                finalize=_finalize,
                trim_blocks=True,
                lstrip_blocks=True,
                keep_trailing_newline=True,
                auto_reload=False,
                bytecode_cache=COMPILED,
                extensions=["jinja2.ext.i18n"],
            )
            environment.install_gettext_callables(  # type: ignore[attr-defined]  # the extension adds it
                spoken.wording.gettext, spoken.wording.ngettext, newstyle=True
            )
            environment.globals["theme"] = self.theme
            environment.filters |= {
                "html": markup.to_html,
                "link": markup.link,
                "hosted": markup.hosted,
                "picture_width": picture.width,
                "opening": lambda text: text[:1].upper() + text[1:],
                "plain": plain.to_text,
                "wrap": plain.wrap,
                "readable_on": colour.readable,
                "ink_on": colour.ink_on,
                "lit": colour.lit,
            }
            self._environments[spoken.tag] = environment
        return self._environments[spoken.tag]


def _finalize(value: object) -> object:
    """Every value that a template prints, without the characters that the layout engine cannot hold."""
    if isinstance(value, Markup):
        return Markup(markup.legal(value))  # noqa: S704  # it was markup before
    return markup.legal(value) if isinstance(value, str) else value
