"""What the mail links to: itself on the web, its events as files for a calendar, its pictures."""

from collections.abc import Callable
from datetime import datetime

from fastapi import APIRouter
from starlette.responses import Response

from digest.core.headers import Sender
from digest.pipeline.calendar import calendar_of
from digest.pipeline.web_view import web_view
from digest.store.database import Database
from digest.store.media import Media
from digest.web.pages import LOOK, Pages, known, picture_answer

MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
"""Of the page that is a mail: its styles are within its elements, as mail programs want them."""


def router(
    database: Database, pages: Pages, sender: Sender, media: Media | None, clock: Callable[[], datetime]
) -> APIRouter:
    routes = APIRouter()

    @routes.api_route("/view/{token}", methods=LOOK)
    def view(token: str) -> Response:
        headers = {"content-security-policy": MAIL_POLICY, "x-robots-tag": "noindex"}
        shown = known(web_view(database, sender, token, clock()))
        return pages.page("view.html", shown.language, headers=headers, pieces=shown.pieces)

    @routes.api_route("/events/{number}.ics", methods=LOOK)
    def event(number: str) -> Response:
        sound = number.isdecimal() and len(number) < 10
        calendar = known(calendar_of(database, int(number), sender.domain) if sound else None)
        return Response(calendar, headers={"cache-control": "public, max-age=3600"}, media_type="text/calendar")

    @routes.api_route("/media/{name}", methods=LOOK)
    def picture(name: str) -> Response:
        return picture_answer(known(media.path(name) if media else None))

    return routes
