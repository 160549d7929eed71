"""The page behind the link in every mail: what somebody gets, how often, not for a while, or again after all; their data."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from digest.core.item import Kind
from digest.pipeline import preferences
from digest.pipeline.erasure import erase_own
from digest.pipeline.farewell import Leaver
from digest.pipeline.preferences import Choice
from digest.pipeline.receive import Keys
from digest.store.database import Database
from digest.web.forms import came_from_us, posted
from digest.web.pages import Pages, accepted

HEADERS = {"referrer-policy": "same-origin"}
"""With none at all browsers would not say where a form comes from either."""


def router(
    database: Database,
    keys: Keys,
    pages: Pages,
    public_url: str | None,
    clear: Callable[[str], None],
    clock: Callable[[], datetime],
) -> APIRouter:
    routes = APIRouter()

    def page(token: str, said: str = "") -> Response:
        theirs = preferences.preferences(database, token, keys, clock())
        if theirs is None:
            raise HTTPException(404)
        done = said if theirs.state in ("active", "paused") else ""
        return pages.page(
            "preferences.html", theirs.language, headers=HEADERS, token=token, theirs=theirs, said=done,
            languages=pages.languages(theirs.language),
        )  # fmt: skip

    @routes.api_route("/preferences/{token}", methods=["GET", "HEAD"])
    def look(token: str) -> Response:
        return page(token)

    @routes.api_route("/preferences/{token}/data.json", methods=["GET", "HEAD"])
    def take_along(token: str) -> Response:
        data = preferences.own_data(database, token, keys)
        if data is None:
            raise HTTPException(404)
        return JSONResponse(data, headers={"content-disposition": 'attachment; filename="digest.json"'})

    @routes.post("/preferences/{token}")
    def act(token: str, request: Request, fields: Annotated[list[tuple[bytes, bytes]], Depends(posted)]) -> Response:
        if not came_from_us(request, public_url):
            raise HTTPException(403)
        try:
            form = [(name.decode(), value.decode()) for name, value in fields]
            _act(token, dict(form).get("do", ""), form)
        except ValueError:
            raise HTTPException(400) from None
        return page(token, dict(form)["do"])

    @routes.post("/preferences/{token}/erase")
    def erase(token: str, request: Request, fields: Annotated[list[tuple[bytes, bytes]], Depends(posted)]) -> Response:
        if not came_from_us(request, public_url):
            raise HTTPException(403)
        if (b"sure", b"yes") not in fields:
            raise HTTPException(400)
        if not erase_own(database, token, keys, clear, clock()):
            raise HTTPException(404)
        language = accepted(request)
        return pages.page("goodbye.html", language, leaver=Leaver(None, language, gets_mail=False))

    def _act(token: str, what: str, form: list[tuple[str, str]]) -> None:
        """ValueError for what no page of ours posts."""
        one, now = dict(form), clock()
        match what:
            case "choose":
                choice = Choice(
                    frozenset(value for name, value in form if name == "topic"),
                    frozenset(Kind(value) for name, value in form if name == "kind"),
                    one.get("language", ""),
                    one.get("frequency", ""),
                )
                preferences.choose(database, token, keys, choice, pages.languages(""), now)
            case "pause":
                preferences.pause(database, token, keys, int(one.get("weeks", "")), now)
            case "resume":
                preferences.resume(database, token, keys, now)
            case "undo":
                preferences.undo(database, token, keys, now)
            case _:
                raise ValueError

    return routes
