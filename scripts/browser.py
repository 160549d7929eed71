"""Chromium without a window, spoken to over a pipe in its own protocol: one start for any number of pages.

https://chromedevtools.github.io/devtools-protocol/

Playwright would take the place of this file and of no line in the tests, was no faster here with the same Chromium, and weighs
165 MB with a Node.js of its own, for which `make test` would not set up everywhere any more. So this stays while it is so small.
"""

import base64
import json
import select
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Self

CHROMIUM = (
    "chromium",
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--remote-debugging-pipe",
)
# It reads commands from file descriptor 3 and answers on 4.
SHELL = 'exec "$@" 3<&0 4>&1 </dev/null >/dev/null'
HEIGHT = 800
TALLEST = 16_000
"""Pixels: what is further down would not be painted."""
PATIENCE = 60
"""Seconds."""


class Broken(Exception):
    """The browser ended, or could not do what it was asked for."""


class Browser:
    """A context manager: the browser starts and ends with it."""

    def __enter__(self) -> Self:
        with ExitStack() as room:
            self._folder = Path(room.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
            command = [*CHROMIUM, f"--user-data-dir={self._folder}/profile"]
            self._process = subprocess.Popen(  # noqa: S603  # ours
                ["/bin/sh", "-c", SHELL, "sh", *command],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                bufsize=0,
            )
            self._commands, self._answers = self._process.stdin, self._process.stdout
            room.callback(self._end)
            self._number, self._rest = 0, b""
            self.events: list[dict[str, Any]] = []
            self._room = room.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._room.close()

    def _end(self) -> None:
        self._process.terminate()
        self._process.communicate(timeout=PATIENCE)

    @contextmanager
    def page(self, what: str, width: int, *, dark: bool = False, height: int = HEIGHT) -> "Iterator[Page]":
        """The page at an address, or of an HTML document, loaded in a view `width` × `height` px."""
        target = self.tell("Target.createTarget", url="about:blank")["targetId"]
        page = Page(self, self.tell("Target.attachToTarget", targetId=target, flatten=True)["sessionId"])
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        page.tell("Emulation.setEmulatedMedia", features=[scheme])
        page.resize(width, height)
        page.load(what if what.startswith("http://") else self._file(what))
        yield page
        self.tell("Target.closeTarget", targetId=target)

    def tell(self, method: str, session: str | None = None, **values: object) -> dict[str, Any]:
        """The answer to a command; events that come before it are kept. Broken if there is none, or an error."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": values}
        whole = json.dumps(message | ({"sessionId": session} if session else {})).encode() + b"\0"
        while whole:
            whole = whole[self._commands.write(whole) :]
        while (heard := self.hear()).get("id") != self._number:
            self.events.append(heard)
        if "error" in heard:
            raise Broken(f"{method}: {heard['error']['message']}")
        answer: dict[str, Any] = heard["result"]
        return answer

    def hear(self) -> dict[str, Any]:
        """The next message."""
        while b"\0" not in self._rest:
            if not select.select([self._answers], [], [], PATIENCE)[0]:
                raise Broken(f"the browser said nothing for {PATIENCE} seconds")
            piece = self._answers.read(1 << 20)
            if not piece:
                raise Broken("the browser ended")
            self._rest += piece
        message, _, self._rest = self._rest.partition(b"\0")
        heard: dict[str, Any] = json.loads(message)
        return heard

    def _file(self, html: str) -> str:
        file = self._folder / "page.html"
        file.write_text(html, "utf-8")
        return file.as_uri()


class Page:
    """A page in a view of its own. `asked` holds the address of everything that it wanted to load."""

    def __init__(self, browser: Browser, session: str) -> None:
        self._browser, self._session = browser, session
        self.asked: list[str] = []

    def tell(self, method: str, **values: object) -> dict[str, Any]:
        return self._browser.tell(method, self._session, **values)

    def resize(self, width: int, height: int) -> None:
        """A view of so many px."""
        self.tell("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def load(self, url: str) -> None:
        """Go there, and wait until all of it is loaded."""
        self._browser.events.clear()
        self.tell("Page.enable")
        self.tell("Network.enable")
        if error := self.tell("Page.navigate", url=url).get("errorText"):
            raise Broken(f"{url}: {error}")
        self._wait()

    def press(self, selector: str) -> None:
        """Click what the CSS selector finds first, and wait for the page that it leads to."""
        self._browser.events.clear()
        self.run(f"document.querySelector({json.dumps(selector)}).click()")
        self._wait()

    def _wait(self) -> None:
        events = self._browser.events
        while "Page.loadEventFired" not in [each.get("method") for each in events]:
            events.append(self._browser.hear())
        self.asked = [e["params"]["request"]["url"] for e in events if e.get("method") == "Network.requestWillBeSent"]

    def run(self, script: str) -> Any:
        """What the JavaScript expression `script` comes to; a promise is waited for."""
        done = self.tell("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in done:
            raise Broken(done["exceptionDetails"]["exception"].get("description", "the script failed"))
        return done["result"].get("value")

    def photograph(self, path: Path, height: int | None = None) -> None:
        """A PNG of the whole page, however long, or of its first `height` px."""
        width, whole = self.run("[innerWidth, document.documentElement.scrollHeight]")
        self.resize(width, min(height or whole, TALLEST))
        path.write_bytes(base64.b64decode(self.tell("Page.captureScreenshot", format="png")["data"]))
