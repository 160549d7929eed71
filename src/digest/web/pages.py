"""Pages from templates, in the reader's language, in the colours of the mail."""

import base64
import hashlib
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache, partial
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import jinja2
from babel.dates import format_date
from markupsafe import Markup
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse

from digest.core import colour, picture
from digest.rendering import language
from digest.rendering.compiler import Publication, foreign_in
from digest.rendering.dates import Dates
from digest.rendering.language import Language
from digest.rendering.markup import legal, link

T = TypeVar("T")
HERE = Path(__file__).parent
LOOK = ["GET", "HEAD"]
"""Methods of a page that is only looked at: neither ever changes anything."""


def environment() -> jinja2.Environment:
    templates = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters |= {
        "legal": legal,
        "link": link,
        "picture_size": picture.size,
        "opening": lambda text: text[:1].upper() + text[1:],
        "raised": raised,
        "readable_on": colour.readable,
        "ink_on": colour.ink_on,
        "lit": colour.lit,
    }
    return templates


class Pages:
    """The public pages of a publication. `contact` is a bare address.

    The stylesheet is within each page, allowed by its hash: a page is one answer, whatever path a proxy puts it under. `root` is
    that path, with which the addresses of what anybody may see begin.
    """

    def __init__(self, publication: Publication, contact: str, *, signs_up: bool = False) -> None:
        self.publication = publication
        self._templates = environment()
        self.root = urlsplit(publication.public_url or "").path
        self._templates.globals |= {
            "publication": publication,
            "contact": contact,
            "signs_up": signs_up,
            "root": self.root,
        }
        style = self._templates.get_template("public/page.css").render()
        self._templates.globals["style"] = Markup(style)  # noqa: S704  ours alone; the accent is a checked colour
        self.style_hash = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()

    def page(
        self, name: str, tag: str, status: int = 200, headers: Mapping[str, str] | None = None, **values: object
    ) -> HTMLResponse:
        """The page `name` in the language of `tag`, or in English where no catalogue speaks it."""
        words = self.render(name, tag, status=status, **values)
        return HTMLResponse(words, status, {**(headers or {}), "content-language": _spoken(tag).tag})

    def render(self, name: str, tag: str, **values: object) -> str:
        """The HTML alone."""
        spoken = _spoken(tag)
        return self._templates.get_template(f"public/{name}").render(
            language=spoken, _=_words(spoken), day=partial(_day, spoken), dates=partial(Dates, spoken.locale),
            foreign=foreign_in(spoken), **values,
        )  # fmt: skip

    @staticmethod
    def say(tag: str, words: str, **values: object) -> str:
        """Words of the catalogues in the language of `tag`, their places filled."""
        return _words(_spoken(tag))(words, **values)

    def spoken(self, wanted: str) -> str:
        """The one of the languages that the pages speak for who wants `wanted`: that, else the publication's, else English."""
        known = self.languages("")
        tags = (form for tag in (wanted, self.publication.language) for form in (tag, tag.lower().partition("-")[0]))
        return next((tag for tag in tags if tag in known), language.ENGLISH)

    @staticmethod
    def languages(besides: str) -> dict[str, str]:
        """Tag → its own name of each language that the pages speak, and of the one `besides`."""
        tags = [language.ENGLISH, *sorted(each.stem for each in (HERE / "locale").glob("*.po"))]
        known = {tag: language.locale_of(tag) for tag in [*tags, *([besides] if besides not in tags else [])]}
        return {tag: (locale.display_name or tag).capitalize() for tag, locale in known.items() if locale}


def known(found: T | None) -> T:
    """What there is; 404 where there is nothing."""
    if found is None:
        raise HTTPException(404)
    return found


def picture_answer(path: Path) -> FileResponse:
    """A hosted picture: the same for ever under its name, and shown by web mail wherever that is."""
    headers = {"cache-control": "public, max-age=31536000, immutable", "cross-origin-resource-policy": "cross-origin"}
    return FileResponse(path, headers=headers, media_type=picture.media_type(path.name))


def raised(html: str) -> str:
    """A body whose headings begin below a title (h4) as one below the name of its page (h2)."""
    return re.sub(r"(</?h)([4-6])", lambda tag: f"{tag[1]}{int(tag[2]) - 2}", html)


def accepted(request: Request) -> str:
    """The language that a browser asks for first."""
    return request.headers.get("accept-language", "")[:35].partition(",")[0].partition(";")[0].strip()


def _words(spoken: Language) -> Callable[..., str]:
    def gettext(words: str, **values: object) -> str:
        said = spoken.wording.gettext(words)
        return said % values if values else said

    return gettext


def _day(spoken: Language, at: datetime) -> str:
    return format_date(at, "long", locale=spoken.locale)


@lru_cache(maxsize=64)
def _spoken(tag: str) -> Language:
    return language.find(tag, [HERE / "locale"])
