"""Signing up: a form that tells nobody who is here, and the page behind the link in the letter that confirms.

A form on somebody else's site may post here too. That does nothing by itself: our own page comes up, filled in, and asks with
the words that the consent ledger will hold (docs/adr/0017-sign-up.md). A browser that does not say where its form comes
from is believed by the stamp that was in it.
"""

import asyncio
from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from digest.pipeline import confirm, signup
from digest.pipeline.confirm import Waiting
from digest.pipeline.receive import Keys
from digest.pipeline.signup import Consent, Wish
from digest.store.database import Database
from digest.web.forms import came_from_us, posted, stamp, stamped
from digest.web.limiter import network_of
from digest.web.pages import LOOK, Pages, accepted, known
from digest.web.personal import HEADERS

CONSENT = "I want to get %(publication)s by mail. I can leave at any time, by a link in every mail."
TRAP = "website"
"""A field that nobody sees: only programs fill it in."""
ANSWERS_AFTER = 0.3
"""Seconds: long enough for all that a form can lead to, so that its answer takes the same time for every address."""


def form(database: Database, keys: Keys, pages: Pages, public_url: str, clock: Callable[[], datetime]) -> APIRouter:
    """Where anybody may sign up."""
    routes = APIRouter()

    def consent_in(tag: str) -> str:
        return pages.say(tag, CONSENT, publication=pages.publication.name)

    def page(tag: str, filled: "Form", *, problem: bool = False) -> Response:
        return pages.page(
            "subscribe.html", tag, 400 if problem else 200, headers=HEADERS, filled=filled, problem=problem, trap=TRAP,
            stamp=stamp(keys.ring, clock()), wording=consent_in(tag), topics=signup.topics(database, tag),
            languages=pages.languages(""),
        )  # fmt: skip

    @routes.api_route("/subscribe", methods=LOOK)
    def show(request: Request, language: str = "") -> Response:
        tag = pages.spoken(language or accepted(request))
        return page(tag, Form([("language", tag)]))

    @routes.post("/subscribe")
    async def ask(request: Request, fields: Annotated[list[tuple[bytes, bytes]], Depends(posted)]) -> Response:
        now = asyncio.get_running_loop().time
        begun, filled = now(), Form.read(fields)
        tag = pages.spoken(filled.said("shown") or filled.said("language") or accepted(request))
        try:
            wished = filled.wish(pages.languages(""), tag)
        except ValueError:
            return await run_in_threadpool(page, tag, filled, problem=True)
        if not came_from_us(request, public_url, silent=stamped(keys.ring, fields, clock())):
            return await run_in_threadpool(page, tag, filled)
        if not filled.said(TRAP):
            consent = Consent(consent_in(tag), f"{public_url}/subscribe ({tag})", network_of(request.scope) or "")
            await run_in_threadpool(signup.ask, database, wished, consent, keys, clock())
        await asyncio.sleep(begun + ANSWERS_AFTER - now())
        return pages.page("asked.html", tag, email=wished.email.email)

    return routes


def confirmation(
    database: Database, keys: Keys, pages: Pages, public_url: str, clock: Callable[[], datetime]
) -> APIRouter:
    """The page behind the link in a letter."""
    routes = APIRouter()

    def page(found: Waiting) -> Response:
        shown = stamp(keys.ring, clock())
        return pages.page("confirm.html", found.language, headers=HEADERS, found=found, stamp=shown)

    @routes.api_route("/confirm/{token}", methods=LOOK)
    def look(token: str) -> Response:
        return page(known(confirm.waiting(database, token, keys, clock())))

    @routes.post("/confirm/{token}")
    def press(token: str, request: Request, fields: Annotated[list[tuple[bytes, bytes]], Depends(posted)]) -> Response:
        if not came_from_us(request, public_url, silent=stamped(keys.ring, fields, clock())):
            raise HTTPException(403)
        return page(known(confirm.confirm(database, token, keys, clock())))

    return routes


class Form:
    """A form as it was filled in."""

    def __init__(self, fields: Iterable[tuple[str, str]]) -> None:
        self._fields = list(fields)

    @classmethod
    def read(cls, fields: list[tuple[bytes, bytes]]) -> "Form":
        """HTTPException 400 for what is no text."""
        try:
            return cls([(name.decode(), value.decode()) for name, value in fields])
        except UnicodeDecodeError:
            raise HTTPException(400) from None

    def said(self, name: str) -> str:
        return next((value for each, value in self._fields if each == name), "")

    @property
    def topics(self) -> frozenset[str]:
        return frozenset(value for name, value in self._fields if name == "topic")

    def wish(self, languages: Collection[str], shown: str) -> Wish:
        """ValueError if there is no address in it. `shown`: the language of the page, where the form says none of `languages`."""
        language = self.said("language")
        wanted = language if language in languages else shown
        return signup.wish(self.said("email"), self.topics, wanted, self.said("frequency") or "weekly")
