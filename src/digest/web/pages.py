"""Pages from templates, in the reader's language, in the colours of the mail."""

import base64
import hashlib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import jinja2
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse

from digest.core.picture import media_type
from digest.rendering import colour, language
from digest.rendering.compiler import Publication
from digest.rendering.language import Language

HERE = Path(__file__).parent


def environment() -> jinja2.Environment:
    templates = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters |= {
        "readable_on": colour.readable,
        "ink_on": colour.ink_on,
        "mixed_with": colour.mixed,
    }
    return templates


class Pages:
    """The public pages of a publication. `contact` is a bare address.

    The stylesheet is within each page, allowed by its hash: a page is one answer, whatever path a proxy puts it under.
    """

    def __init__(self, publication: Publication, contact: str) -> None:
        self._templates = environment()
        self._templates.globals |= {"publication": publication, "contact": contact}
        style = self._templates.get_template("public/page.css").render()
        self._templates.globals["style"] = Markup(style)  # noqa: S704  ours alone; the accent is a checked colour
        self.style_hash = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()

    def page(
        self, name: str, tag: str, status: int = 200, headers: Mapping[str, str] | None = None, **values: object
    ) -> HTMLResponse:
        """The page `name` in the language of `tag`, or in English where no catalogue speaks it."""
        spoken = _spoken(tag)
        words = self._templates.get_template(f"public/{name}").render(
            language=spoken, _=spoken.wording.gettext, status=status, **values
        )
        return HTMLResponse(words, status, {**(headers or {}), "content-language": spoken.tag})


def picture_answer(path: Path) -> FileResponse:
    """A hosted picture: the same for ever under its name, and shown by web mail wherever that is."""
    headers = {"cache-control": "public, max-age=31536000, immutable", "cross-origin-resource-policy": "cross-origin"}
    return FileResponse(path, headers=headers, media_type=media_type(path.name))


def accepted(request: Request) -> str:
    """The language that a browser asks for first."""
    return request.headers.get("accept-language", "")[:35].partition(",")[0].partition(";")[0].strip()


@lru_cache(maxsize=64)
def _spoken(tag: str) -> Language:
    return language.find(tag, [HERE / "locale"])
