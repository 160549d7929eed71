"""MJML source to the HTML of a mail: laid out in tables, then the house style inlined into item bodies."""

import logging
import re
from html.parser import HTMLParser

import mjml
from premailer import Premailer

_DOCTYPE = "<!DOCTYPE html>"  # exactly so, or the inliner drops it and browsers fall into quirks mode
_ELEMENTS = set(  # of the reference MJML, includes apart
    re.findall(
        r"[\w-]+",
        "accordion accordion-element accordion-text accordion-title all attributes body breakpoint button carousel "
        "carousel-image class column divider font group head hero image navbar navbar-link preview raw section social "
        "social-element spacer style table text title wrapper",
    )
)
_JINJA = re.compile(r"\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}", re.DOTALL)
_STRAY = re.compile(r"<(?![a-zA-Z/!])")


class LayoutError(Exception):
    """The source is not MJML that can be laid out. It does not know the line: `fault` finds it in a template."""


def lay_out(source: str, css: str) -> str:
    """The HTML document for MJML `source`, with `css` inlined where its selectors match."""
    unknown = {name for name in re.findall(r"<mj-([\w-]+)", source) if name not in _ELEMENTS}
    if unknown:
        raise LayoutError(f"there is no element <mj-{min(unknown)}>")
    try:
        html: str = mjml.mjml2html(source, fonts={})
    except BaseException as error:  # a panic of the engine is no Exception
        if isinstance(error, KeyboardInterrupt | SystemExit):
            raise
        raise LayoutError("its MJML cannot be laid out") from error
    html = _DOCTYPE + html.partition(">")[2]
    inlined = Premailer(
        html.replace("<style", '<style data-premailer="ignore"'),
        css_text=css,
        keep_style_tags=True,
        strip_important=False,
        remove_classes=False,
        disable_validation=True,
        allow_network=False,
        allow_loading_external_files=False,
        disable_leftover_css=True,
        align_floating_images=False,
        disable_basic_attributes=["align", "bgcolor", "width", "height", "valign", "abbr"],
        cssutils_logging_level=logging.CRITICAL,
    ).transform(pretty_print=False)
    html = str(inlined).replace(' data-premailer="ignore"', "")
    return html.replace(' height="auto"', "")  # of pictures: the engine's, and no HTML; their style says so too


def fault(template: str) -> tuple[int, str] | None:
    """The line of a template at which its MJML goes wrong, and what is wrong there; None if nothing can be seen."""
    markup = _JINJA.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), template)
    reader = _Reader()
    reader.feed(markup)
    if reader.fault is None and reader.rawdata:
        return reader.getpos()[0], "this tag does not end"
    stray = _STRAY.search(markup)
    if reader.fault is None and stray:
        return markup.count("\n", 0, stray.start()) + 1, "a “<” that begins no tag; write &lt;"
    if reader.fault is None and reader.open:
        line, tag = reader.open[-1]
        return line, f"<{tag}> is never closed"
    return reader.fault


class _Reader(HTMLParser):
    """Checks that MJML's own elements exist and that each is closed in its turn."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[tuple[int, str]] = []
        self.fault: tuple[int, str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_startendtag(tag, attrs)
        if tag.startswith("mj"):
            self.open.append((self.getpos()[0], tag))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002  the interface
        if tag.startswith("mj-") and tag.removeprefix("mj-") not in _ELEMENTS:
            self._report(f"there is no element <{tag}>")

    def handle_endtag(self, tag: str) -> None:
        if not tag.startswith("mj"):
            return
        if self.open and self.open[-1][1] == tag:
            self.open.pop()
        elif self.open:
            self._report(f"</{tag}> closes <{self.open[-1][1]}> of line {self.open[-1][0]}")
        else:
            self._report(f"</{tag}> closes nothing")

    def _report(self, what: str) -> None:
        self.fault = self.fault or (self.getpos()[0], what)
