"""How long somebody may stand in the door of the pages without asking for anything, and how many at once.

Each connection takes a file of the process, and so do the database and what is sent: without an end, a thousand silent
strangers would keep both from theirs.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

SECONDS = 20
"""In which a request's header has to be there, whole."""
MOST = 500
"""Connections at once: half of the files that a process may have where nobody says more."""


class Door(H11Protocol):
    """One connection. What comes beyond is hung up on, and so is who says nothing for SECONDS, or nothing whole."""

    _watch: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        if len(self.connections) > MOST:
            transport.abort()
        else:
            self._look(object())

    def connection_lost(self, exc: Exception | None) -> None:
        if self._watch:
            self._watch.cancel()
        super().connection_lost(exc)

    def _look(self, before: Any) -> None:
        """`before`: the request that was the last one when this was looked at before."""
        waiting = self.cycle is None or self.cycle.response_complete
        if waiting and self.cycle is before:
            self.transport.abort()
        else:
            self._watch = self.loop.call_later(SECONDS, self._look, self.cycle)
