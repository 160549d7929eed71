"""A clean HTML body as text for readers: wrapped, lists and quotes hung, links as footnotes that start again at 1."""

import re
import textwrap
from collections.abc import Iterator
from html.parser import HTMLParser

WIDTH = 72  # columns (RFC 3676 §4.2 asks for 78 or fewer)

_PARAGRAPHS = {"p", "h4", "h5", "h6", "blockquote", "pre", "hr"}
_SPACES = re.compile("[ \t\n]+")
_EMPHASIS = {"strong": "*", "em": "_"}


def wrap(text: str, first: str = "", rest: str | None = None) -> str:
    """`text` in lines of at most `WIDTH` columns, never inside a word or URL; `first` and `rest` begin the lines."""
    return textwrap.fill(
        text,
        WIDTH,
        initial_indent=first,
        subsequent_indent=first if rest is None else rest,
        break_long_words=False,
        break_on_hyphens=False,
    )


def to_text(html: str) -> str:
    """The body (what `markup.to_html` makes) as text without an end of line, its links listed below it."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return "\n".join(reader.finish())


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: list[str] = []
        self.words: list[str] = []
        self.indents: list[str] = []
        self.counters: list[int | None] = []
        self.links: dict[str, int] = {}
        self.href: str | None = None
        self.link_from = 0
        self.bullet = ""
        self.gap = False
        self.preformatted = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self._open_block(tag)
        match tag:
            case "ul":
                self.counters.append(None)
            case "ol":
                self.counters.append(int(given.get("start") or 1))
            case "li":
                self.bullet = next(self._bullets())
                self.indents.append(" " * len(self.bullet))
            case "blockquote":
                self.indents.append("> ")
            case "pre":
                self.preformatted = True
            case "hr":
                self.words.append("* * *")
                self._flush()
                self.gap = True
            case "br":
                self.words.append("\n")
            case "a":
                self.href, self.link_from = given.get("href"), len(self.words)
            case "strong" | "em":
                self.words.append(_EMPHASIS[tag])

    def handle_endtag(self, tag: str) -> None:
        match tag:
            case "strong" | "em":
                self.words.append(_EMPHASIS[tag])
            case "a":
                self._footnote()
        self._open_block(tag)
        match tag:
            case "ul" | "ol":
                self.counters.pop()
            case "li" | "blockquote":
                self.indents.pop()
                self.bullet = ""
            case "pre":
                self.preformatted = False

    def handle_data(self, data: str) -> None:
        self.words.append(data if self.preformatted else _SPACES.sub(" ", data))

    def finish(self) -> Iterator[str]:
        self._flush()
        yield from self.lines
        if self.links:
            yield ""
        yield from (f"[{number}] {url}" for url, number in self.links.items())

    def _bullets(self) -> Iterator[str]:
        number = self.counters[-1] if self.counters else None
        if number is None:
            yield "- "
        else:
            self.counters[-1] = number + 1
            yield f"{number}. "

    def _open_block(self, tag: str) -> None:
        """What precedes a block's edge is a paragraph of its own; a blank line sets off all but the lines of a list."""
        outer_list = tag in ("ul", "ol") and not self.indents
        if tag in _PARAGRAPHS or tag in ("ul", "ol", "li"):
            self._flush()
            self.gap = self.gap or tag in _PARAGRAPHS or outer_list

    def _footnote(self) -> None:
        label = "".join(self.words[self.link_from :]).strip()
        if self.href and self.href.removeprefix("mailto:") != label:
            self.words.append(f" [{self.links.setdefault(self.href, len(self.links) + 1)}]")
        self.href = None

    def _flush(self) -> None:
        text = "".join(self.words).strip("\n" if self.preformatted else None)
        self.words.clear()
        if not text:
            return
        if self.lines and self.gap:
            self.lines.append("".join(i for i in self.indents if i == "> ").rstrip())
        self.gap = False
        rest = "".join(self.indents)
        first = rest[: len(rest) - len(self.bullet)] + self.bullet
        self.bullet = ""
        for line in text.split("\n"):
            self.lines.extend(
                [rest + line.rstrip()] if self.preformatted else wrap(line.strip(), first, rest).split("\n")
            )
            first = rest
