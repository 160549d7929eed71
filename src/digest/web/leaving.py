"""Unsubscribing: the page behind the link, and the one click of mail programs (RFC 8058).

GET and HEAD never change anything, since scanners follow every link; the page's button posts what a mail program would.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException
from starlette.responses import Response

from digest.pipeline.farewell import Leaver, leave, whose
from digest.pipeline.receive import Keys
from digest.store.database import Database
from digest.web.forms import posted
from digest.web.pages import LOOK, Pages, known
from digest.web.together import Together

ONE_CLICK = (b"List-Unsubscribe", b"One-Click")


def router(database: Database, keys: Keys, pages: Pages, clock: Callable[[], datetime]) -> APIRouter:
    routes = APIRouter()

    @routes.api_route("/unsubscribe/{token}", methods=LOOK)
    def ask(token: str) -> Response:
        leaver = known(whose(database, token, keys, clock()))
        return pages.page("unsubscribe.html" if leaver.gets_mail else "goodbye.html", leaver.language, leaver=leaver)

    leaving = Together[str, Leaver | None](lambda tokens: leave(database, tokens, keys, clock()))

    @routes.post("/unsubscribe/{token}")
    async def one_click(token: str, fields: Annotated[list[tuple[bytes, bytes]], Depends(posted)]) -> Response:
        if ONE_CLICK not in fields:
            raise HTTPException(400)
        leaver = known(await leaving(token))
        return pages.page("goodbye.html", leaver.language, leaver=leaver)

    return routes
