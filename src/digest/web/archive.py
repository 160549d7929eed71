"""The archive as pages and as an Atom feed (RFC 4287): the same for everybody, and kept for a while by whoever asks."""

import hashlib
from collections.abc import Callable
from datetime import datetime
from email.utils import format_datetime, parsedate_to_datetime

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from digest.pipeline import archive
from digest.store.database import Database
from digest.web.pages import LOOK, Pages, accepted, known

FRESH = "public, max-age=300"
"""So that what was taken back is gone after five minutes."""


def router(database: Database, pages: Pages, domain: str, clock: Callable[[], datetime]) -> APIRouter:
    """`domain`: the publication's own, which names its feed and editions for ever (RFC 4151)."""
    routes = APIRouter()

    def shelf(request: Request, year: int | None) -> Response:
        found = known(archive.shelf(database, year, accepted(request)))
        return kept(request, pages.page("archive.html", accepted(request), shelf=found, newest=year is None))

    @routes.api_route("/archive", methods=LOOK)
    def newest(request: Request) -> Response:
        return shelf(request, None)

    @routes.api_route("/archive/{name}", methods=LOOK)
    def edition(request: Request, name: str) -> Response:
        if name.isdecimal() and len(name) == 4:
            return shelf(request, int(name))
        found = known(archive.issue(database, name, accepted(request), clock()))
        return kept(request, pages.page("edition.html", accepted(request), issue=found))

    @routes.api_route("/archive/past/{name}", methods=LOOK)
    def past(request: Request, name: str) -> Response:
        found = known(archive.past_issue(database, _number(name), accepted(request)))
        if f"past/{name}" != found.cover.path:
            return RedirectResponse(f"{pages.root}/archive/{found.cover.path}", 301)
        return kept(request, pages.page("past.html", accepted(request), issue=found))

    @routes.api_route("/items/{name}", methods=LOOK)
    def item(request: Request, name: str) -> Response:
        found = known(archive.told(database, _number(name), accepted(request), clock()))
        if name != found.story.path:
            return RedirectResponse(f"{pages.root}/items/{found.story.path}", 301)
        return kept(request, pages.page("item.html", accepted(request), told=found))

    @routes.api_route("/feed.atom", methods=LOOK)
    def feed(request: Request, language: str = "") -> Response:
        tag = language or accepted(request)
        issues = archive.feed(database, tag)
        updated = max((each.cover.updated for each in issues), default=clock())
        words = pages.render("feed.atom", tag, issues=issues, updated=updated, authority=domain)
        answer = Response(words, media_type="application/atom+xml; charset=utf-8")
        return kept(request, answer, updated.replace(microsecond=0))

    return routes


def _number(name: str) -> int:
    """With which the last part of an address begins. 404 if with none."""
    number = name.partition("-")[0]
    return int(known(number if number.isascii() and number.isdecimal() and len(number) < 10 else None))


def kept(request: Request, answer: Response, modified: datetime | None = None) -> Response:
    """`answer` with what tells its version; 304 to who has that one already (RFC 9110 §13.2.2)."""
    tag = f'"{hashlib.sha256(answer.body).hexdigest()[:32]}"'
    answer.headers.update({"etag": tag, "cache-control": FRESH, "vary": "accept-language"})
    if modified:
        answer.headers["last-modified"] = format_datetime(modified, usegmt=True)
    if _has(request, tag, modified):
        names = ("etag", "cache-control", "vary", "last-modified", "content-language")
        return Response(None, 304, {name: answer.headers[name] for name in names if name in answer.headers})
    return answer


def _has(request: Request, tag: str, modified: datetime | None) -> bool:
    if (known := request.headers.get("if-none-match")) is not None:
        return known.strip() == "*" or tag in (each.strip().removeprefix("W/") for each in known.split(","))
    try:
        since = parsedate_to_datetime(request.headers["if-modified-since"])
    except (KeyError, ValueError):
        return False
    return modified is not None and since.tzinfo is not None and modified <= since
