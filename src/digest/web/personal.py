"""The page behind the link in every mail: what somebody gets, how often, not for a while, or again after all; their data."""

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from digest.core.address import parse
from digest.core.item import Kind
from digest.core.subscriber import SubscriberState
from digest.pipeline import preferences, signup
from digest.pipeline.consent import READERS
from digest.pipeline.erasure import erase_own
from digest.pipeline.farewell import Leaver
from digest.pipeline.preferences import Choice, Preferences
from digest.pipeline.receive import Keys
from digest.pipeline.signup import Consent
from digest.store.database import Database
from digest.web.forms import came_from_us, posted
from digest.web.limiter import network_of
from digest.web.pages import LOOK, Pages, accepted, known

HEADERS = {"referrer-policy": "same-origin"}
"""With none at all browsers would not say where a form comes from either."""
MOVING = "I want to get %(publication)s at this address instead."


def router(
    database: Database,
    keys: Keys,
    pages: Pages,
    public_url: str | None,
    clear: Callable[[str], None],
    clock: Callable[[], datetime],
) -> APIRouter:
    routes = APIRouter()

    async def ours(request: Request) -> None:
        # A silent browser is believed: whoever forges a form knows the token in its address, and could post it themselves.
        if not came_from_us(request, public_url, silent=True):
            raise HTTPException(403)

    def read(token: str) -> Preferences:
        return known(preferences.preferences(database, token, keys, clock()))

    def page(token: str, said: str = "", status: int = 200) -> Response:
        theirs = read(token)
        done = said if theirs.state in (SubscriberState.ACTIVE, SubscriberState.PAUSED) else ""
        return pages.page(
            "preferences.html", theirs.language, status, headers=HEADERS, token=token, theirs=theirs, said=done,
            languages=pages.languages(theirs.language), moves=public_url is not None,
        )  # fmt: skip

    @routes.api_route("/preferences/{token}", methods=LOOK)
    def look(token: str) -> Response:
        return page(token)

    @routes.api_route("/preferences/{token}/data.json", methods=LOOK)
    def take_along(token: str) -> Response:
        data = known(preferences.own_data(database, token, keys, clock()))
        return JSONResponse(data, headers={"content-disposition": 'attachment; filename="digest.json"'})

    @routes.post("/preferences/{token}", dependencies=[Depends(ours)])
    def act(token: str, fields: Annotated[list[tuple[bytes, bytes]], Depends(posted)]) -> Response:
        try:
            form = [(name.decode(), value.decode()) for name, value in fields]
            _act(database, token, keys, form, pages.languages(""), clock())
        except ValueError:
            raise HTTPException(400) from None
        return page(token, dict(form)["do"])

    @routes.post("/preferences/{token}/move", dependencies=[Depends(ours)])
    def move(token: str, request: Request, fields: Annotated[list[tuple[bytes, bytes]], Depends(posted)]) -> Response:
        if public_url is None:  # no letter could hold the link that confirms it
            raise HTTPException(403)
        theirs = read(token)
        wording = pages.say(theirs.language, MOVING, publication=pages.publication.name)
        consent = Consent(wording, f"{public_url}/preferences", network_of(request.scope) or "")
        try:
            wanted = parse(dict(fields).get(b"email", b"").decode())
        except ValueError:
            return page(token, "mistyped", 400)
        signup.ask_to_move(database, token, wanted, consent, keys, clock())
        return page(token, "move")

    @routes.post("/preferences/{token}/erase", dependencies=[Depends(ours)])
    def erase(token: str, request: Request, fields: Annotated[list[tuple[bytes, bytes]], Depends(posted)]) -> Response:
        if (b"sure", b"yes") not in fields:
            raise HTTPException(400)
        if not erase_own(database, token, keys, clear, clock()):
            raise HTTPException(404)
        language = accepted(request)
        return pages.page("goodbye.html", language, leaver=Leaver(None, language, gets_mail=False))

    return routes


def _act(
    database: Database, token: str, keys: Keys, form: list[tuple[str, str]], languages: Collection[str], now: datetime
) -> None:
    """ValueError for what no page of ours posts."""
    one = dict(form)
    match one.get("do"):
        case "choose":
            choice = Choice(
                frozenset(value for name, value in form if name == "topic"),
                frozenset(Kind(value) for name, value in form if name == "kind"),
                one.get("language", ""),
                one.get("frequency", ""),
                READERS["name"](one["name"]) if "name" in one else None,
            )
            preferences.choose(database, token, keys, choice, languages, now)
        case "pause":
            preferences.pause(database, token, keys, int(one.get("weeks", "")), now)
        case "resume":
            preferences.resume(database, token, keys, now)
        case "undo":
            preferences.undo(database, token, keys, now)
        case _:
            raise ValueError
