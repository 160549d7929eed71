"""Item bodies: Markdown as editors write it, to a small, clean HTML that any mail client can show."""

import re
from collections.abc import Sequence

import nh3
from markdown_it import MarkdownIt
from markdown_it.common.normalize_url import normalizeLink
from markdown_it.renderer import RendererHTML
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

from digest.core import picture

LENGTH = 40_000  # characters of Markdown; a mail clipped at 100 KB has no use for more
DEPTH = 100  # nested elements; the layout engine dies of some thousands
SCHEMES = {"http", "https", "mailto"}

_TITLE_LEVEL = 3  # h1 is the publication, h2 a section, h3 the item's title
_TAGS = {"a", "blockquote", "br", "code", "em", "h4", "h5", "h6", "hr", "li", "ol", "p", "pre", "strong", "ul"}
_ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}}
# What XML 1.0 (§2.2) cannot hold, and so neither the layout engine nor the inliner: controls, surrogates, noncharacters.
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_SCHEME = re.compile(r"(?<!\w)https?$", re.IGNORECASE)
_BEFORE = len(" https")
_REST = re.compile(r"://[^\s<>]+")
_AFTER = ".,:;!?*_~'\"’”»…"
_VOID = {"br", "hr"}
_TAG = re.compile(r"<(/?)(\w+)")


class _Renderer(RendererHTML):
    """Images give way to their alternative text: the mail carries none that are not hosted by the publication."""

    def image(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return self.renderInlineAsText(tokens[idx].children or (), options, env)


def _bare_address(state: StateInline, silent: bool) -> bool:
    """`https://…` as people write it, a link to itself; the full stop after it is none of it (GFM §6.9)."""
    rest = _REST.match(state.src, state.pos)
    scheme = rest and _SCHEME.search(state.pending[-_BEFORE:])
    if silent or state.linkLevel or not scheme or not rest:
        return False
    address = rest[0].rstrip(_AFTER)
    while address.endswith(")") and address.count(")") > address.count("("):
        address = address[:-1].rstrip(_AFTER)
    if len(address) <= len("://"):
        return False
    state.pending = state.pending.removesuffix(scheme[0])
    state.push("link_open", "a", 1).attrs = {"href": normalizeLink(scheme[0] + address)}
    state.push("text", "", 0).content = scheme[0] + address
    state.push("link_close", "a", -1)
    state.pos += len(address)
    return True


_commonmark = MarkdownIt("commonmark", {"html": False}, renderer_cls=_Renderer)
_commonmark.inline.ruler.after("text", "bare_address", _bare_address)


def legal(text: str) -> str:
    """`text` without the characters that XML forbids or discourages."""
    return _ILLEGAL.sub("", text)


def link(url: str | None) -> str:
    """`url` in ASCII (host in Punycode, path percent-encoded), or "" if a mail should not link there."""
    scheme, colon, _ = (url or "").partition(":")
    if not url or not colon or scheme.lower() not in SCHEMES:
        return ""
    return normalizeLink(legal(url).strip())


def hosted(image: str | None, public_url: str | None) -> str:
    """The address of an image that the publication hosts itself, or "" for any other: a mail asks nothing of strangers."""
    return f"{public_url}/media/{image}" if public_url and picture.size(image) else ""


def to_html(markdown: str, length: int = LENGTH) -> str:
    """CommonMark without raw HTML as clean HTML: a few tags, links to the web or a mailbox, headings from h4 down.

    An address that stands in the text by itself is a link too.

    Longer text than `length` is cut at a line end and closed by an ellipsis.
    """
    markdown = legal(markdown)
    if len(markdown) > length:
        markdown = markdown[:length].rsplit("\n", 1)[0] + "\n\n…"
    tokens = _commonmark.parse(markdown)
    _lower_headings(tokens)
    html = _commonmark.renderer.render(tokens, _commonmark.options, {})
    clean = nh3.clean(html, tags=_TAGS, attributes=_ATTRIBUTES, url_schemes=SCHEMES)
    return clean if depth(clean) <= DEPTH else nh3.clean(html, tags={"p", "br"}, attributes={})


def _lower_headings(tokens: Sequence[Token]) -> None:
    """Puts headings below the title, with no level left out, as a reader by ear needs them."""
    headings = [token for token in tokens if token.type in ("heading_open", "heading_close")]
    used = sorted({token.tag for token in headings})
    above = _TITLE_LEVEL
    for token in headings:
        above = min(_TITLE_LEVEL + 1 + used.index(token.tag), above + (token.nesting > 0), 6)
        token.tag = f"h{above}"


def depth(html: str) -> int:
    """How many elements of well-formed `html` are open at once, at most."""
    deepest = level = 0
    for closing, name in _TAG.findall(html):
        if name not in _VOID:
            level += -1 if closing else 1
            deepest = max(deepest, level)
    return deepest
