"""The public pages put together, with those that stand alone: home, the privacy notice, whether all is well; and errors as pages.

GET and HEAD never change anything, since scanners follow every link; the page's button posts what a mail program would.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from fastapi import Depends, FastAPI
from starlette.exceptions import HTTPException as AnyHTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from digest import logs
from digest.core.errors import Refused
from digest.core.headers import Sender
from digest.pipeline.archive import TakenBack
from digest.pipeline.receive import Keys
from digest.rendering.compiler import Publication
from digest.store.database import Database, ping
from digest.store.media import Media
from digest.web import archive, leaving, linked, personal, signup
from digest.web.guard import Guard
from digest.web.limiter import Limiter
from digest.web.pages import LOOK, Pages, accepted

POLICY = (
    "default-src 'none'; style-src 'sha256-{style}'; img-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)

log = logs.Log("web")


def application(
    database: Database,
    keys: Keys,
    publication: Publication,
    sender: Sender,
    media: Media | None,
    clock: Callable[[], datetime],
    clear: Callable[[str], None],
    *,
    open_to_all: bool = True,
    left: timedelta | None = None,
) -> FastAPI:
    """The public pages. Somebody who left by mistake can write to where answers to the sender go.

    `open_to_all`: whether anybody may sign up. `left`: how long who left is kept, for the notice. `clear` deletes the mail of
    an address that is kept in folders: who is erased is erased there too.
    """
    signs_up = open_to_all and sender.public_url is not None
    pages, limiter = Pages(publication, sender.reply_to or sender.address, signs_up=signs_up), Limiter()
    app = FastAPI(
        openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False, dependencies=[Depends(limiter)]
    )

    def notice(status: int) -> Response:
        return pages.page("notice.html", "", status)

    policy = POLICY.format(style=pages.style_hash)
    app.add_middleware(Guard, policy=policy, notice=notice, public_url=sender.public_url)

    @app.api_route("/", methods=LOOK)
    def home(request: Request) -> Response:
        return pages.page("home.html", accepted(request))

    @app.api_route("/privacy", methods=LOOK)
    def privacy(request: Request) -> Response:
        return pages.page("privacy.html", accepted(request), days=left.days if left else None)

    @app.api_route("/health", methods=LOOK)
    def health() -> Response:
        try:
            ping(database)
        except Refused:
            return JSONResponse({"status": "the database does not answer"}, 503)
        return JSONResponse({"status": "ok"})

    app.include_router(leaving.router(database, keys, pages, clock))
    app.include_router(linked.router(database, pages, sender, media, clock))
    app.include_router(personal.router(database, keys, pages, sender.public_url, clear, clock))
    if sender.public_url:  # without one, no letter could hold a link
        app.include_router(signup.confirmation(database, keys, pages, sender.public_url, clock))
    if sender.public_url and open_to_all:
        app.include_router(signup.form(database, keys, pages, sender.public_url, clock))
    if publication.archive:
        app.include_router(archive.router(database, pages, sender.domain, clock))

    _answer_errors(app, pages)
    return app


def _answer_errors(app: FastAPI, pages: Pages) -> None:
    """Whatever is raised becomes a page that says so."""

    @app.exception_handler(AnyHTTPException)
    def as_page(request: Request, error: AnyHTTPException) -> Response:
        return pages.page("notice.html", accepted(request), error.status_code, error.headers)

    @app.exception_handler(TakenBack)
    def gone(request: Request, error: TakenBack) -> Response:  # noqa: ARG001  as Starlette calls it
        return pages.page("notice.html", accepted(request), 410)

    @app.exception_handler(Refused)
    def not_now(request: Request, error: Refused) -> Response:
        log.warning("a page could not be answered", reason=str(error))
        return pages.page("notice.html", accepted(request), 503, {"retry-after": "60"})
