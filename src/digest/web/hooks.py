"""Where mail providers post what came back (docs/inbound.md). Each address is there only where the settings have its provider."""

import base64
import binascii
import hmac
from collections.abc import Callable
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException
from starlette.requests import Request
from starlette.responses import Response

from digest import logs
from digest.core.dsn import MAX_BYTES
from digest.pipeline.hooks import Forged, Malformed, Topic, from_postmark
from digest.pipeline.receive import Keys, Received
from digest.store.database import Database
from digest.web.forms import body_of

log = logs.Log("web")


def router(
    database: Database, keys: Keys, clock: Callable[[], datetime], postmark: str | None, topic: Topic | None
) -> APIRouter:
    """`postmark`: the password that Postmark knows; `topic`: the one that SES reports to."""
    routes = APIRouter()
    if postmark:

        def let_in(request: Request) -> None:
            if not hmac.compare_digest(_password(request), postmark.encode()):
                raise HTTPException(401, headers={"www-authenticate": "Basic"})

        @routes.post("/hooks/postmark", dependencies=[Depends(let_in)])
        def by_postmark(body: Annotated[bytes, Depends(_body)]) -> Response:
            return _answer(lambda: from_postmark(database, body, keys, clock()))

    if topic:

        @routes.post("/hooks/ses")
        def by_ses(body: Annotated[bytes, Depends(_body)]) -> Response:
            return _answer(lambda: topic.take(database, body, keys, clock()))

    return routes


async def _body(request: Request) -> bytes:
    return await body_of(request, MAX_BYTES)


def _answer(take: Callable[[], Received | None]) -> Response:
    """200 when it is counted and on the disk; whatever is refused for now, the provider posts again (503)."""
    try:
        got = take()
    except Malformed:
        raise HTTPException(400) from None
    except Forged as error:
        log.warning("a post was refused", reason=str(error))
        raise HTTPException(403) from None
    if got:
        log.info("mail", kind=got.kind, rule=got.rule, effect=got.effect)
    return Response()


def _password(request: Request) -> bytes:
    """Of the basic login (RFC 7617); b"" where there is none."""
    scheme, _, login = request.headers.get("authorization", "").partition(" ")
    try:
        return base64.b64decode(login, validate=True).partition(b":")[2] if scheme.lower() == "basic" else b""
    except (binascii.Error, ValueError):
        return b""
