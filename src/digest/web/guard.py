"""What every answer of a page server has: strict headers, and one sentence where something broke."""

from collections.abc import Callable, Mapping

from starlette.datastructures import MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from digest import logs

HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "cache-control": "no-store",
}

log = logs.get("web")


class Guard:
    """ASGI middleware. `policy` is the Content-Security-Policy of answers that bring none of their own.

    An exception that nobody foresaw is logged by its kind and place, since its words might hold an address, and answered by
    `broken()`.
    """

    def __init__(self, app: ASGIApp, policy: str, broken: Callable[[], Response]) -> None:
        self._app, self._broken = app, broken
        self._headers: Mapping[str, str] = HEADERS | {"content-security-policy": policy}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = False

        async def guarded(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            await self._app(scope, receive, guarded)
        except Exception as error:
            log.error("a page broke", error=type(error).__name__, place=_place(error))  # noqa: TRY400  as said above
            if not begun:
                await self._broken()(scope, receive, guarded)


def _place(error: BaseException) -> str:
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else "?"
