"""Serving pages: a socket that is refused in words, and uvicorn without signals, logs of requests, or a mind of its own."""

import asyncio
import errno
import signal
import socket
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace

import uvicorn
from fastapi import FastAPI
from starlette.types import ASGIApp

from digest import logs
from digest.app import Installation, bundled, random_key
from digest.core.errors import Refused
from digest.pipeline import signup
from digest.pipeline.compile import Press
from digest.pipeline.preview import Desk
from digest.rendering.compiler import Compiler
from digest.settings.forms import listed
from digest.web import hooks
from digest.web import public as public_room
from digest.web import staff as staff_room
from digest.web.door import Door
from digest.web.pages import Pages

log = logs.Log("web")


def public_pages(here: Installation) -> FastAPI:
    publication, postmark = here.press.publication, here.settings.postmark_secret
    app = public_room.application(
        here.database, here.keys, publication, here.sender, here.media, here.clock, here.clear,
        open_to_all=here.settings.signup == "open", left=here.settings.kept_after_leaving,
    )  # fmt: skip
    secret = postmark.get_secret_value() if postmark else None
    app.include_router(hooks.router(here.database, here.keys, here.clock, secret, here.topic))
    return app


def embedded(here: Installation, language: str) -> str:
    """The HTML of a sign-up form for a site of one's own. Refused where nobody can sign up."""
    publication = here.press.publication
    if publication.public_url is None or here.settings.signup != "open":
        raise Refused("Nobody can sign up: set DIGEST_PUBLIC_URL, and DIGEST_SIGNUP to open.")
    pages = Pages(publication, here.sender.address)
    tag = pages.spoken(language)
    return pages.render("embed.html", tag, topics=signup.topics(here.database, tag))


def preview_pages(here: Installation) -> FastAPI:
    def press() -> Press:
        """With the templates as they are now: a compiler keeps those that it has read."""
        return replace(here.press, compiler=Compiler(bundled("templates", "email"), here.settings.templates))

    desk = Desk(here.database, press, here.sender, here.plan, here.clock, random_key)
    return staff_room.application(desk, here.press.publication, here.media)


async def public(here: Installation, stop: asyncio.Event, started: asyncio.Event | None = None) -> None:
    """Serve the public pages where the settings say until `stop`. Refused if the port is taken."""
    host, port = here.settings.bind
    with listening(host, port, "set DIGEST_WEB_BIND to a free one") as listener:
        proxies = listed(here.settings.trusted_proxies)
        log.info("pages", host=host, port=listener.getsockname()[1], public_url=here.settings.public_url)
        await serve(public_pages(here), listener, stop, started or asyncio.Event(), proxies)


async def preview(here: Installation, port: int) -> None:
    """Serve the staff preview on this machine alone until SIGINT or SIGTERM. Port 0 takes a free one."""
    stop, started, loop = asyncio.Event(), asyncio.Event(), asyncio.get_running_loop()
    with listening("127.0.0.1", port, "choose another one with --port") as listener:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
        serving = asyncio.create_task(serve(preview_pages(here), listener, stop, started))
        await started.wait()
        sys.stdout.write(f"The preview is at http://127.0.0.1:{listener.getsockname()[1]}/ (Ctrl-C ends it)\n")
        sys.stdout.flush()
        await serving


class _Server(uvicorn.Server):
    """Leaves signals to its caller, and says when it answers."""

    def __init__(self, config: uvicorn.Config, ready: asyncio.Event) -> None:
        super().__init__(config)
        self._ready = ready

    def capture_signals(self) -> nullcontext[None]:  # type: ignore[override]  # a context manager is all that is asked for
        return nullcontext()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready.set()


async def serve(
    app: ASGIApp, listener: socket.socket, stop: asyncio.Event, ready: asyncio.Event, proxies: Sequence[str] = ()
) -> None:
    """Until `stop`; requests in flight get five seconds. `proxies`: networks whose X-Forwarded-For says who asks."""
    config = uvicorn.Config(
        app,
        http=Door,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=bool(proxies),
        forwarded_allow_ips=list(proxies),
        server_header=False,
        timeout_graceful_shutdown=5,
    )
    server = _Server(config, ready)
    serving = asyncio.create_task(server.serve([listener]))
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait([serving, stopping], return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    server.should_exit = True
    await serving


def listening(host: str, port: int, remedy: str) -> socket.socket:
    """A listening socket; port 0 takes a free one. Refused, with what to do, where it cannot be had."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=128)
    except PermissionError:
        raise Refused(f"Port {port} on {host} is not allowed for this user; {remedy}.") from None
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise Refused(f"Port {port} on {host} is in use by another program; stop it, or {remedy}.") from None
        raise Refused(f"Pages cannot be served at {host}, port {port}: {error.strerror}; {remedy}.") from None
