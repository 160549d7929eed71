"""What every answer of a page server has: strict headers, and one sentence where something broke or went astray."""

from collections.abc import Callable
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
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

log = logs.Log("web")


class Guard:
    """ASGI middleware. `policy` is the Content-Security-Policy of answers that bring none of their own.

    With a `public_url` no other name is answered, for another site's name may lead here (DNS rebinding); where it is https,
    browsers are told to stay there.

    An exception that nobody foresaw is logged by its kind and place, since its words might hold an address, and answered by
    `notice(500)`.
    """

    def __init__(
        self, app: ASGIApp, policy: str, notice: Callable[[int], Response], public_url: str | None = None
    ) -> None:
        self._app, self._notice, self._name = app, notice, urlsplit(public_url or "").hostname
        self._headers = HEADERS | {"content-security-policy": policy}
        if public_url and public_url.startswith("https:"):
            self._headers["strict-transport-security"] = "max-age=31536000"

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

        if self._name and not answers_to(Headers(scope=scope).get("host", ""), self._name):
            await self._notice(421)(scope, receive, guarded)
            return
        try:
            await self._app(scope, receive, guarded)
        except Exception as error:
            log.error("a page broke", error=type(error).__name__, place=_place(error))  # noqa: TRY400  as said above
            if not begun:
                await self._notice(500)(scope, receive, guarded)


def answers_to(host: str, name: str) -> bool:
    """Whether a Host header names us: by our own name, as this machine, or by an address, which no other site can be."""
    try:
        asked = urlsplit(f"//{host}").hostname or ""
        return asked in (name, "localhost") or bool(ip_address(asked))
    except ValueError:
        return False


def _place(error: BaseException) -> str:
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else "?"
