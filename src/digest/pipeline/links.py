"""Links are tried before readers try them: by HEAD, and by GET where a server does not like that; a few at a time."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Literal, Protocol

from digest.core.errors import Refused
from digest.core.finding import Finding, Severity
from digest.core.links import Answered, judge

AT_ONCE = 8
MOST = 200
"""Links of one edition that are tried."""
SECONDS = 20.0
"""For all of them; what has not answered by then is not waited for."""
FRESH = timedelta(hours=1)
"""How long a good answer holds. A bad one is asked for again: somebody may have mended it."""


class Answer(Protocol):
    """What a server said in the end, after redirects."""

    @property
    def url(self) -> str: ...
    @property
    def status(self) -> int: ...


Fetch = Callable[[str, Literal["GET", "HEAD"]], Awaitable[Answer]]
"""Asks for a URL without reading what it holds. Refused, with a sentence, if there is no answer."""


class Links:
    """Tries links, and remembers the good ones for a while. `clock` is wall time."""

    def __init__(self, fetch: Fetch, clock: Callable[[], datetime]) -> None:
        self._fetch, self._clock = fetch, clock
        self._good: dict[str, tuple[datetime, Answered]] = {}

    def check(self, links: Sequence[tuple[str, str]]) -> list[Finding]:
        """What is to be said of (url, where) pairs. Without a network that is one warning, and nothing blocks."""
        answers = asyncio.run(self._try([url for url, _ in links[:MOST]]))
        if answers and all(each.trouble for each in answers.values()):
            example = next(iter(answers.values())).trouble
            do = "Try the links in a browser, or check again from a place with a network."
            return [Finding(Severity.WARNING, f"No link could be checked. {example}", "links", do)]
        found = [judge(url, where, answers[url]) for url, where in links[:MOST]]
        return [finding for finding in found if finding]

    async def _try(self, urls: Sequence[str]) -> dict[str, Answered]:
        """Every answer that came in time."""
        answers: dict[str, Answered] = {}
        gate = asyncio.Semaphore(AT_ONCE)

        async def one(url: str) -> None:
            async with gate:
                answers[url] = await self._answer(url)

        tasks = [asyncio.create_task(one(url)) for url in urls]
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        return {url: answers.get(url, Answered(trouble="There was no answer in time.")) for url in urls}

    async def _answer(self, url: str) -> Answered:
        asked, known = self._good.get(url, (None, None))
        if asked and known and self._clock() - asked < FRESH:
            return known
        try:
            answer = await self._fetch(url, "HEAD")
            if answer.status >= 400:
                answer = await self._fetch(url, "GET")
        except Refused as error:
            return Answered(trouble=str(error))
        found = Answered(answer.status, answer.url)
        if answer.status < 400:
            self._good[url] = self._clock(), found
        return found
