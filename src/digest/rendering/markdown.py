"""HTML that came from outside as the Markdown that an editor would have written, so that it goes the way of all items."""

import itertools
import re
from dataclasses import dataclass
from html.parser import HTMLParser
from urllib.parse import urljoin

import nh3
from markdown_it import MarkdownIt

from digest.rendering.markup import legal, link

LENGTH = 50_000
"""Characters of HTML that are looked at."""
TAGS = 5_000
"""And tags: nested ones cost the cleaner time by their square."""
LONGEST_URL = 2_000
"""Of a picture; what is longer carries something else."""
DEPTH = 20
"""Nested quotes and lists; what is deeper stands at this depth."""

BLOCKS = {
    "address", "article", "aside", "blockquote", "center", "dd", "details", "div", "dl", "dt", "figure", "footer",
    "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "p", "pre", "section",
    "summary", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul",
}  # fmt: skip
INLINE = {"a", "b", "br", "em", "i", "img", "strong"}
DROPPED = {"button", "canvas", "figcaption", "iframe", "noscript", "object", "script", "select", "style", "svg"}
DROPPED |= {"template", "textarea", "title", "video", "audio"}
_ATTRIBUTES = {"a": {"href"}, "img": {"src", "alt"}, "ol": {"start"}}

# While a paragraph is collected, its marks are characters that no text has: private ones, taken out of what comes in.
_STRONG, _END_STRONG, _EM, _END_EM, _BREAK = "\ue000\ue001\ue002\ue003\ue004"
_MARKS = re.compile("[\ue000-\ue004]")
_EMPHASIS = {"strong": (_STRONG, _END_STRONG), "b": (_STRONG, _END_STRONG), "em": (_EM, _END_EM), "i": (_EM, _END_EM)}
_WRITTEN = {_STRONG: "**", _END_STRONG: "**", _EM: "*", _END_EM: "*"}
_OPENS = {_END_STRONG: _STRONG, _END_EM: _EM}

_SPECIAL = re.compile(r"[\\`*\[\]]|(?<!\w)_|_(?!\w)|<(?=[A-Za-z/!?])|&(?=#?\w+;)")
_FIRST = re.compile(r"^(?:[#>+\-=~]|\d{1,9}(?=[.)](?:\s|$)))")
_CLOSING = re.compile(r"(?<!\S)#+$")  # of a heading (CommonMark §4.2)
_commonmark = MarkdownIt("commonmark", {"html": False})


@dataclass(frozen=True, slots=True)
class Text:
    """`plain` is what `markdown` says to a reader, lines as they were broken by hand.

    `image`: the first that has a description, as (address, description).
    """

    markdown: str
    plain: str
    image: tuple[str, str] | None


def to_markdown(html: str, base: str, words: int | None = None, *, length: int = LENGTH, tags: int = TAGS) -> Text:
    """Paragraphs, headings, lists, quotes, preformatted text, emphasis and links; all other tags give their text alone.

    `base` is what links are relative to. With `words`, it ends with the paragraph in which there are so many, and “…”.
    """
    end = next((each.start() for each in itertools.islice(re.finditer("<", html), tags, None)), length)
    html = _MARKS.sub("", legal(html[: min(end, length)]))
    clean = nh3.clean(html, tags=BLOCKS | INLINE, clean_content_tags=DROPPED, attributes=_ATTRIBUTES, link_rel=None)
    writer = _Writer(base)
    writer.feed(clean)
    writer.close()
    writer.end_block()
    blocks: list[str] = []
    plain: list[str] = []
    said = 0
    for separator, block in writer.blocks:
        if words and said >= words:
            blocks += ["\n\n", "…"]
            break
        blocks += [separator, block] if blocks else [block]
        plain.append(_says(block))
        said += len(plain[-1].split())
    return Text("".join(blocks), "\n\n".join(plain), writer.image)


class _Container:
    """A quote or list item around what follows: how its first line begins, and all others."""

    def __init__(self, first: str, rest: str) -> None:
        self.first, self.rest, self.begun = first, rest, False


class _Writer(HTMLParser):
    """Reads well-formed HTML. `blocks`: what separates each from the one before, and its text."""

    def __init__(self, base: str) -> None:
        super().__init__(convert_charrefs=True)
        self.blocks: list[tuple[str, str]] = []
        self.image: tuple[str, str] | None = None
        self._base = base
        self._pieces: list[str] = []
        self._containers: list[_Container] = []
        self._numbers: list[int | None] = []  # one for every open list: the next number, None for bullets
        self._link: tuple[str, int] | None = None  # target, and the piece at which its label begins
        self._heading = ""
        self._preformatted = False
        self._in_list = False  # the block above
        self._tight = True  # an item may begin on the next line

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag in BLOCKS:
            self.end_block()
        match tag:
            case "blockquote":
                self._containers.append(_Container("> ", "> "))
            case "ul":
                self._numbers.append(None)
                self._tight = self._tight or self._begun()
            case "ol":
                start = given.get("start", "")
                self._numbers.append(int(start) if re.fullmatch("[0-9]{1,6}", start) else 1)
                interrupts = self._numbers[-1] == 1  # a paragraph; no other number can (CommonMark §5.3)
                self._tight = interrupts and (self._tight or self._begun())
            case "li":
                self._item()
            case "h1" | "h2" | "h3" | "h4" | "h5" | "h6":
                self._heading = "#" * int(tag[1]) + " "
            case "pre":
                self._preformatted = True
            case "br":
                self._pieces.append("\n" if self._preformatted else _BREAK)
            case "a":
                self._link = (self._absolute(given.get("href")), len(self._pieces))
            case "img":
                address, alt = self._absolute(given.get("src")), " ".join(given.get("alt", "").split())
                if self.image is None and alt and address.startswith("http") and len(address) <= LONGEST_URL:
                    self.image = (address, alt)
            case _ if tag in _EMPHASIS:
                self._pieces.append(_EMPHASIS[tag][0])

    def handle_endtag(self, tag: str) -> None:
        if tag in BLOCKS:
            self.end_block()
        match tag:
            case "blockquote" | "li":
                self._containers.pop()
                self._tight = True
            case "ul" | "ol":
                self._numbers.pop()
                self._in_list = self._in_list and bool(self._containers)
            case "pre":
                self._preformatted = False
            case "a":
                self._end_link()
            case _ if tag in _EMPHASIS:
                self._pieces.append(_EMPHASIS[tag][1])
        self._heading = "" if tag in BLOCKS else self._heading

    def handle_data(self, data: str) -> None:
        self._pieces.append(data if self._preformatted else _SPECIAL.sub(r"\\\g<0>", data))

    def end_block(self) -> None:
        """What was collected since the last edge is a block, if it has a word."""
        reopened = self._link and self._link[0]
        self._end_link()
        text = "".join(self._pieces)
        self._pieces = []
        block = _fenced(text) if self._preformatted else _paragraph(text, self._heading)
        if block:
            self._write(block)
        self._link = (reopened, 0) if reopened else None

    def _begun(self) -> bool:
        """False where a list opens within an item that has no line yet: they begin on the same one."""
        return not self._containers or self._containers[-1].begun

    def _item(self) -> None:
        number = self._numbers[-1] if self._numbers else None
        marker = "- " if number is None else f"{number}. "
        if number is not None:
            self._numbers[-1] = number + 1
        self._containers.append(_Container(marker, " " * len(marker)))

    def _write(self, block: str) -> None:
        containers = self._containers[:DEPTH]
        kept = "".join(each.rest for each in containers if each.begun)
        first = "".join(each.rest if each.begun else each.first for each in containers)
        rest = "".join(each.rest for each in containers)
        begins = bool(containers) and not containers[-1].begun and containers[-1].first != "> "
        separator = "\n" if begins and self._in_list and self._tight else "\n" + kept.rstrip() + "\n"
        for each in containers:
            each.begun = True
        lines = block.split("\n")
        written = [first + lines[0], *((rest + line).rstrip() for line in lines[1:])]
        self.blocks.append((separator, "\n".join(written)))
        self._in_list = any(each.first != "> " for each in containers)

    def _end_link(self) -> None:
        if self._link is None:
            return
        (target, start), self._link = self._link, None
        label = "".join(self._pieces[start:])
        if target and _MARKS.sub("", label).strip() and not self._preformatted:
            written = f"<{target}>" if re.search(r"[()\s]", target) else target
            lead, tail = label[: len(label) - len(label.lstrip())], label[len(label.rstrip()) :]
            self._pieces[start:] = [f"{lead}[{label.strip()}]({written}){tail}"]

    def _absolute(self, target: str | None) -> str:
        try:
            return link(urljoin(self._base, target.strip())) if target else ""
        except ValueError:
            return ""


def _fenced(text: str) -> str:
    text = _MARKS.sub("", text).strip("\n")
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}\n{text}\n{fence}" if text.strip() else ""


def _paragraph(text: str, heading: str) -> str:
    """One paragraph or heading; without its emphasis where CommonMark would not take the marks for marks (§6.2)."""
    text = re.sub(r"[ \t\n\r\f]+", " ", text)
    if not _MARKS.sub("", text).strip():
        return ""
    text = re.sub(f"([{_STRONG}{_EM}]+) ", r" \1", text)
    text = re.sub(f" ([{_END_STRONG}{_END_EM}]+)", r"\1 ", text)
    text = _paired(text)
    marked = _lines("".join(_WRITTEN.get(char, char) for char in text), heading)
    bare = _lines("".join(char for char in text if char not in _WRITTEN), heading)
    return marked if marked == bare or _says(marked) == _says(bare) else bare


def _paired(text: str) -> str:
    """Without marks that have no partner, that stand within their like, or that hold nothing."""
    chars = list(text)
    opened: list[int] = []
    for at, char in enumerate(chars):
        if char in (_STRONG, _EM):
            if any(chars[other] == char for other in opened):
                chars[at] = ""
            else:
                opened.append(at)
        elif char in _OPENS:
            if opened and chars[opened[-1]] == _OPENS[char]:
                begin = opened.pop()
                if "".join(chars[begin + 1 : at]).strip():
                    continue
                chars[begin] = ""
            chars[at] = ""
    for at in opened:
        chars[at] = ""
    return "".join(chars)


def _lines(text: str, heading: str) -> str:
    text = text.replace("![", r"\![")  # a link after an exclamation mark, and no picture
    if heading:
        return heading + _CLOSING.sub(r"\\\g<0>", re.sub(f" *{_BREAK} *", " ", text).strip())
    lines = [line.strip() for line in text.split(_BREAK)]
    lines = [_FIRST.sub(_escaped, line) for line in lines if line]
    return "\\\n".join(lines)


def _escaped(match: re.Match[str]) -> str:
    """`#` becomes a sign and `1.` a number again; the digits cannot be escaped, what follows them can."""
    return match[0] + "\\" if match[0][0].isdigit() else "\\" + match[0]


def _says(markdown: str) -> str:
    """The words that a reader sees of a block, line by line."""
    tokens = _commonmark.parse(markdown)
    children = [each for token in tokens for each in token.children or (token,) if each.type != "inline"]
    said = "".join(each.content or "\n" * each.type.endswith("break") for each in children)
    return "\n".join(" ".join(line.split()) for line in said.split("\n"))
