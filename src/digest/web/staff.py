"""The staff preview: one page, on this machine alone, of an edition as any reader would get it."""

from datetime import datetime
from typing import Annotated, Any
from urllib.parse import urlencode

from babel.dates import format_datetime
from fastapi import Depends, FastAPI
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, PlainTextResponse, Response

from digest import logs
from digest.core.errors import Refused
from digest.core.when import zone
from digest.pipeline.compose import served
from digest.pipeline.preview import NEXT, Desk, in_scheme
from digest.rendering.compiler import Publication
from digest.rendering.language import locale_of
from digest.store.media import Media
from digest.web.guard import Guard
from digest.web.pages import HERE, environment, known, picture_answer

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; frame-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; sandbox allow-popups allow-popups-to-escape-sandbox; "
    "frame-ancestors 'self'"
)
HOSTS = ("127.0.0.1", "localhost", "::1", "[::1]")
VIEWS = {"html": "Mail", "text": "Plain text", "header": "Headers", "source": "Source"}
SCHEMES = ("light", "dark")
STATIC = ("css", "js", "svg")

log = logs.Log("web")


class Look:
    """What a page is to show, as its address says it."""

    def __init__(self, edition: str = "", to: str = "", view: str = "html", scheme: str = "light", q: str = "") -> None:
        self.edition, self.to, self.q = edition, to, q
        self.view = view if view in VIEWS else "html"
        self.scheme = scheme if scheme in SCHEMES else "light"

    def address(self, path: str = "", **changes: str) -> str:
        """The address of this look with some things changed."""
        return f"{path}?{urlencode(vars(self) | {'q': ''} | changes)}"


def application(desk: Desk, publication: Publication, media: Media | None) -> FastAPI:
    """The preview of a desk's editions. Other hosts than loopback's are refused, so that no web site can read along (DNS
    rebinding)."""
    templates = environment()
    templates.filters |= {"day": _day, "language": _language}
    templates.globals |= {"publication": publication, "views": VIEWS, "schemes": SCHEMES, "from": desk.sender.name}
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=list(HOSTS), www_redirect=False)
    app.add_middleware(
        Guard, policy=POLICY, notice=lambda status: PlainTextResponse("This page broke; the log says where.", status)
    )

    def looked(look: Annotated[Look, Depends()]) -> Look:
        look.to = look.to or served(publication.language, desk.press().compiler.languages())
        return look

    def draw(name: str, status: int = 200, **values: Any) -> Response:
        return HTMLResponse(templates.get_template(f"staff/{name}").render(values), status)

    @app.get("/")
    def page(look: Annotated[Look, Depends(looked)]) -> Response:
        choices = desk.choices()
        look.edition = look.edition or choices[0].reference
        languages, people = desk.press().compiler.languages(), desk.people(look.q)
        shown = _laid_out(desk, look)
        return draw("page.html", look=look, choices=choices, languages=languages, people=people, **shown)

    @app.get("/mail")
    def mail(look: Annotated[Look, Depends(looked)]) -> Response:
        proof, person = desk.lay_out(look.edition or NEXT), desk.reader(look.to)
        html = in_scheme(desk.sheet(proof, person).html, look.scheme)
        if publication.public_url:  # the public pages may not run yet
            html = html.replace(f'src="{publication.public_url}/media/', 'src="/media/')
        return HTMLResponse(html, headers={"content-security-policy": MAIL_POLICY})

    @app.get("/media/{name}")
    def picture(name: str) -> Response:
        return picture_answer(known(media.path(name) if media else None))

    @app.get("/people")
    def people(look: Annotated[Look, Depends(looked)]) -> Response:
        return draw("people.html", look=look, people=desk.people(look.q))

    @app.get("/version")
    def version(look: Annotated[Look, Depends(looked)]) -> Response:
        return PlainTextResponse(
            desk.version(desk.lay_out(look.edition or desk.choices()[0].reference), desk.reader(look.to))
        )

    @app.get("/preview.{kind}")
    def file(kind: str) -> Response:
        return FileResponse(HERE / "static" / f"preview.{known(kind if kind in STATIC else None)}")

    @app.exception_handler(Refused)
    def refused(request: Request, error: Refused) -> Response:  # noqa: ARG001  as Starlette calls it
        return PlainTextResponse(str(error), 409)

    return app


def _laid_out(desk: Desk, look: Look) -> dict[str, Any]:
    """What the page shows of an edition and its reader: as far as it goes, and the problem that ended it."""
    shown: dict[str, Any] = {"proof": None, "person": None, "sheet": None, "problem": None, "version": "", "found": []}
    try:
        shown["proof"] = proof = desk.lay_out(look.edition)
        shown["person"] = person = desk.reader(look.to)
        shown["version"] = desk.version(proof, person)
        if proof.items:
            shown |= {"sheet": desk.sheet(proof, person), "found": desk.findings(proof)}
    except Refused as error:
        shown |= {"problem": str(error), "version": shown["version"] or str(error)}
    return shown


def _day(moment: datetime, timezone: str, pattern: str = "EEE d MMM y, HH:mm") -> str:
    return format_datetime(moment.astimezone(zone(timezone)), pattern, locale="en")


def _language(tag: str) -> str:
    locale = locale_of(tag)
    return (locale and locale.get_display_name("en")) or tag
