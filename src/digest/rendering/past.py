"""Past mail made fit for the archive: what everybody may read of it, in the tags of our own items.

It goes through the door of all foreign HTML (`to_markdown`, `to_html`): no style, script, form, frame or picture gets through,
tables of a layout become the paragraphs in their cells. Before that goes what is one reader's alone.
"""

import html as escapes
import re
from dataclasses import dataclass
from html.parser import HTMLParser

import nh3
from markdown_it import MarkdownIt

from digest.core.past import Form, LeftOut, PastMail
from digest.core.past.personal import says_leaving, target, untracked, without_personal
from digest.rendering.markdown import BLOCKS, DROPPED, INLINE, to_markdown
from digest.rendering.markup import SCHEMES, depth, legal, to_html
from digest.rendering.plain import to_text

TAGS = 20_000
"""Of a mail, which is many times what newsletters have; nested ones cost the cleaner time by their square."""
DEPTH = 1_000
LENGTH = 5_000_000
"""Characters of a mail with its tags and styles."""
WORDS = 200_000
"""Characters of what is left."""

REST = 40
"""Characters that are left of a line, at most, which had a way to leave and goes with it: “You get this at. or .”"""

_VOID = {"br", "hr", "img"}
_KEPT = BLOCKS | INLINE | {"font", "small", "span", "sub", "sup", "u"}
_ATTRIBUTES = {"*": {"hidden", "style"}, "a": {"href"}, "img": {"alt"}, "ol": {"start"}}
_HIDDEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all|max-height\s*:\s*0(?:px)?\s*(?:;|$)", re.I
)
_TAG_AS_LINK = re.compile(r"\]\(\s*(\{\{[^{}<>]{0,300}\}\})\s*\)")  # spaces end an address, but not in angle brackets
_commonmark = MarkdownIt("commonmark", {"html": True}).enable("table")


@dataclass(frozen=True, slots=True)
class Page:
    """A past mail as everybody may read it. `html`: as that of items; `text`: the same for who reads no HTML."""

    subject: str
    html: str
    text: str


def page_of(mail: PastMail) -> Page:
    """ValueError with a sentence for what is too large to be a mail; LeftOut for one without a word."""
    if len(mail.body) > LENGTH or (mail.form == "markdown" and len(mail.body) > WORDS):
        raise ValueError(f"it has {len(mail.body)} characters, more than a mail has")
    raw = legal(_as_html(untracked(mail.body), mail.form))
    if (tags := raw.count("<")) > TAGS:
        raise ValueError(f"it has {tags} tags, and {TAGS} are the limit")
    clean = nh3.clean(
        raw, tags=_KEPT, clean_content_tags=DROPPED, attributes=_ATTRIBUTES, url_schemes=SCHEMES, link_rel=None
    )
    if depth(clean) > DEPTH:
        raise ValueError(f"its tags are nested more than {DEPTH} deep")
    sieve = _Sieve(mail.hides)
    sieve.feed(clean)
    sieve.close()
    markdown = to_markdown("".join(sieve.kept), "", length=LENGTH, tags=TAGS).markdown
    if len(markdown) > WORDS:
        raise ValueError(f"it has {len(markdown)} characters, and {WORDS} are the limit")
    html = to_html(markdown, WORDS)
    text = to_text(html)
    if not text.strip():
        raise LeftOut("it has no words")
    return Page(without_personal(mail.subject, mail.hides).strip(" ,"), html, text)


def _as_html(body: str, form: Form) -> str:
    if form == "markdown":
        return str(_commonmark.render(_TAG_AS_LINK.sub(r"](<\1>)", body)))
    if form == "plain":
        paragraphs = re.split(r"\n[ \t]*\n", body.replace("\r\n", "\n"))
        return "".join("<p>" + escapes.escape(each).replace("\n", "<br>") + "</p>" for each in paragraphs)
    return body


class _Sieve(HTMLParser):
    """Reads well-formed HTML, and keeps what is for everybody and was to be seen; a picture gives way to its description."""

    def __init__(self, hides: frozenset[str]) -> None:
        super().__init__(convert_charrefs=True)
        self.kept: list[str] = []
        self._hides = hides
        self._dropped = 0  # elements that are open and go, with all in them
        self._link = 0  # where the open one begins
        self._line = 0  # where the open one begins
        self._poorer = False  # it had a way to leave

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        gone = self._dropped or "hidden" in given or _HIDDEN.search(given.get("style", ""))
        href = target(given.get("href", ""), self._hides) if tag == "a" else ""
        if tag == "img":
            alt = "" if gone else " ".join(without_personal(given.get("alt", ""), self._hides).split())
            self.kept.append(f"<em>{escapes.escape(alt)}</em>" if alt else "")
        elif gone or href is None:
            self._dropped += tag not in _VOID
            self._poorer = self._poorer or href is None
        elif tag == "a":
            self._link = len(self.kept)
            self.kept.append(f'<a href="{escapes.escape(href)}">' if href else "<a>")
        else:
            start = given.get("start", "") if tag == "ol" else ""
            self._keep(tag, f'<ol start="{escapes.escape(start)}">' if start else f"<{tag}>")

    def handle_endtag(self, tag: str) -> None:
        if self._dropped:
            self._dropped -= 1
            return
        self._keep(tag, f"</{tag}>")
        if tag == "a" and says_leaving(self._words(self._link)):
            del self.kept[self._link :]
            self._poorer = True

    def handle_data(self, data: str) -> None:
        if not self._dropped:
            said = without_personal(data, self._hides)
            self._poorer = self._poorer or said.count("://") < data.count("://")
            self.kept.append(escapes.escape(said))

    def _keep(self, tag: str, written: str) -> None:
        """Its tag; and if that ends a line which had a way to leave, the line only if more than a rest of it is there."""
        edge = tag in BLOCKS or tag == "br"
        if edge and self._poorer and len(self._words(self._line)) <= REST:
            del self.kept[self._line :]
        self.kept.append(written)
        if edge:
            self._line, self._poorer = len(self.kept), False

    def _words(self, begin: int) -> str:
        return " ".join(re.sub("<[^<>]*>", " ", "".join(self.kept[begin:])).split())
