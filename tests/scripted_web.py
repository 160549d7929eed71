"""A web server on loopback that says exactly what a test wants, also what no web server should."""

import socketserver
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self

Send = Callable[[bytes], None]


@dataclass(frozen=True)
class Asked:
    """A request: its first line's parts, and its headers by lower-case name."""

    method: str
    path: str
    headers: dict[str, str]


Page = bytes | Callable[[Asked], bytes] | Callable[[Asked, Send], None]


def reply(content: bytes | str = b"", status: int = 200, **headers: str) -> bytes:
    """An answer as it goes over the wire; `content_type="text/html"` is the header Content-Type."""
    content = content.encode() if isinstance(content, str) else content
    lines = [f"HTTP/1.1 {status} Said", f"Content-Length: {len(content)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + content


@dataclass
class Web:
    """`pages`: path → the whole answer as bytes, a function of the request to it, or one that sends as it likes."""

    pages: dict[str, Page] = field(default_factory=dict)
    tls: ssl.SSLContext | None = None
    asked: list[Asked] = field(default_factory=list)
    stopping: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        web = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                web.answer(self.rfile.readline, self.wfile.write)

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True

            def get_request(self):
                connection, address = super().get_request()
                return (web.tls.wrap_socket(connection, server_side=True) if web.tls else connection), address

            def handle_error(self, request, client_address):
                """A client that hangs up is what many tests are about."""

        self.server = Server(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=lambda: self.server.serve_forever(0.01), daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    @property
    def port(self) -> int:
        return self.server.server_address[1]

    def url(self, path: str = "/", host: str = "127.0.0.1") -> str:
        return f"http{'s' if self.tls else ''}://{host}:{self.port}{path}"

    def answer(self, line: Callable[[], bytes], send: Send) -> None:
        method, path, _ = line().decode().split(" ", 2)
        headers = {}
        while read := line().strip():
            name, _, value = read.decode("latin-1").partition(":")
            headers[name.lower()] = value.strip()
        asked = Asked(method, path, headers)
        self.asked.append(asked)
        page = self.pages.get(path.partition("?")[0], reply(b"nothing here", 404))
        if isinstance(page, bytes):
            send(page)
        elif page.__code__.co_argcount == 1:
            send(page(asked))
        else:
            page(asked, send)
