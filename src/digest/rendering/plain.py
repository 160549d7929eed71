"""A clean HTML body as text for readers: wrapped, lists and quotes hung, links as footnotes that start again at 1."""

import re
import textwrap
from html.parser import HTMLParser

WIDTH = 72  # columns (RFC 3676 §4.2 asks for 78 or fewer)

_QUOTE = "> "
_EMPHASIS = {"strong": "*", "em": "_"}
_LISTS = {"ol", "ul"}
_PARAGRAPHS = {"blockquote", "h4", "h5", "h6", "hr", "p", "pre"}
_SPACES = re.compile("[ \t\n]+")  # not the no-break space


def wrap(text: str, first: str = "", rest: str | None = None, width: int = WIDTH) -> str:
    """`text` in lines of at most `width` columns, never inside a word or URL; `first` and `rest` begin the lines."""
    return textwrap.fill(
        text,
        width,
        initial_indent=first,
        subsequent_indent=first if rest is None else rest,
        break_long_words=False,
        break_on_hyphens=False,
    )


def to_text(html: str, width: int = WIDTH) -> str:
    """The body (what `markup.to_html` makes) as text without an end of line, its links listed below it."""
    reader = _Reader(width)
    reader.feed(html)
    reader.close()
    reader.end_paragraph()
    notes = [f"[{number}] {url}" for url, number in reader.links.items()]
    return "\n".join([*reader.lines, "", *notes] if notes else reader.lines)


class _Reader(HTMLParser):
    def __init__(self, width: int) -> None:
        super().__init__(convert_charrefs=True)
        self._width = width
        self.lines: list[str] = []
        self.links: dict[str, int] = {}
        self._words: list[str] = []
        self._indents: list[str] = []  # one for every open quote and list item
        self._above: list[str] = []  # those of the paragraph above
        self._numbers: list[int | None] = []  # one for every open list: the next number, None for bullets
        self._bullet = ""  # still to be printed
        self._link: tuple[str, int] | None = None  # target, and the word at which its label begins
        self._gap = False  # a blank line is due
        self._preformatted = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self._edge(tag)
        match tag:
            case "ul":
                self._numbers.append(None)
            case "ol":
                self._numbers.append(int(given.get("start") or 1))
            case "li":
                self._begin_item()
            case "blockquote":
                self._indents.append(_QUOTE)
            case "pre":
                self._preformatted = True
            case "hr":
                self._words.append("* * *")
                self._edge(tag)
            case "br":
                self._words.append("\n")
            case "a":
                self._link = given.get("href") or "", len(self._words)
            case "strong" | "em":
                self._words.append(_EMPHASIS[tag])

    def handle_endtag(self, tag: str) -> None:
        match tag:
            case "strong" | "em":
                self._words.append(_EMPHASIS[tag])
            case "a":
                self._footnote()
        self._edge(tag)
        match tag:
            case "ul" | "ol":
                self._numbers.pop()
            case "li" | "blockquote":
                self._indents.pop()
                self._bullet = ""
            case "pre":
                self._preformatted = False

    def handle_data(self, data: str) -> None:
        self._words.append(data if self._preformatted else _SPACES.sub(" ", data))

    def end_paragraph(self) -> None:
        text = "".join(self._words).strip("\n" if self._preformatted else None)
        self._words.clear()
        if not text:
            return
        if self.lines and self._gap:
            shared = zip(self._indents, self._above, strict=False)
            self.lines.append("".join(_QUOTE for here, above in shared if here == above == _QUOTE).rstrip())
        rest = "".join(self._indents)
        first = rest.removesuffix(" " * len(self._bullet)) + self._bullet
        for line in text.split("\n"):
            shown = rest + line.rstrip() if self._preformatted else wrap(line.strip(), first, rest, self._width)
            self.lines.extend(shown.split("\n"))
            first = rest
        self._above, self._bullet, self._gap = list(self._indents), "", False

    def _edge(self, tag: str) -> None:
        """At the edge of a block a paragraph ends; a blank line sets off all but the items of a list."""
        if tag in _PARAGRAPHS or tag in _LISTS or tag == "li":
            self.end_paragraph()
            self._gap = self._gap or tag in _PARAGRAPHS or (tag in _LISTS and not self._indents)

    def _begin_item(self) -> None:
        number = self._numbers[-1]
        self._bullet = "- " if number is None else f"{number}. "
        self._numbers[-1] = None if number is None else number + 1
        self._indents.append(" " * len(self._bullet))

    def _footnote(self) -> None:
        """A link's target goes below the body, unless its label shows it already."""
        if self._link is None:
            return
        target, begin = self._link
        label = "".join(self._words[begin:]).strip()
        if target and target.removeprefix("mailto:") != label:
            self._words.append(f" [{self.links.setdefault(target, len(self.links) + 1)}]")
        self._link = None
