"""Photograph the public pages and the preview, filled with the sample week: phone and desktop, light and dark.

python scripts/screenshots_web.py [FOLDER [PART-OF-A-NAME]]        (default: var/screenshots/web; needs Chromium)
"""

import asyncio
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from urllib.parse import parse_qs, urlencode

from screenshots import CHROMIUM
from starlette.responses import HTMLResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from digest.app import Installation, bundled
from digest.core.token import Purpose
from digest.pipeline import assemble, consent, intake, lists
from digest.settings import Settings
from digest.web import serve

NOW = datetime(2026, 3, 14, 9, tzinfo=UTC)
WIDTHS, HEIGHT = (375, 1280), 900
# As in screenshots.py, a frame is as narrow as a phone, which a window cannot be.
FRAME = """<!DOCTYPE html><meta charset="utf-8"><meta name="color-scheme" content="light dark">
<style>body {{ margin: 0 }} iframe {{ border: 0; width: {width}px; height: {height}px; display: block }}</style>
<iframe src="{path}"></iframe>
<script>
onload = () => document.querySelector("iframe").contentDocument.querySelector("{menu}")?.setAttribute("open", "")
</script>"""


class Framed:
    """The application, which may be framed here, and `/frame`, which does so."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/frame":
            asked = {name: values[0] for name, values in parse_qs(scope["query_string"].decode()).items()}
            await HTMLResponse(FRAME.format(**{name: escape(value) for name, value in asked.items()}))(
                scope, receive, send
            )
            return

        async def open_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [h for h in message["headers"] if h[0] != b"content-security-policy"]
            await send(message)

        await self._app(scope, receive, open_send)


def fill(folder: Path, *, empty: bool = False, **settings: object) -> Installation:
    """The sample week and its subscribers in a new database."""
    values = {
        "database_url": f"sqlite:///{folder}/digest.db",
        "DIGEST_FROM": "news@harbour.example",
        "publication": "The Harbour Weekly",
        "postal_address": "3 Quay Street\nCabo Manso",
        "timezone": "Europe/Lisbon",
    }
    folder.mkdir()
    here = Installation(Settings(_env_file=None, **(values | settings)), NOW)  # type: ignore[call-arg,arg-type]
    here.init()
    if not empty:
        intake.add(here.database, [bundled("examples", "week")], timezone="UTC", now=NOW)
        lists.import_list(here.database, bundled("subscribers", "example.csv"), pepper=here.pepper, now=NOW)
    return here


def drafted(here: Installation) -> Installation:
    """With a stored draft from which the store has moved on since."""
    assemble.assemble(
        here.database,
        here.plan,
        period=None,
        now=NOW,
        words=assemble.Words(),
        languages=here.press.compiler.languages(),
    )
    intake.archive(here.database, [9], NOW)
    consent.unsubscribe(here.database, "leaving.soon@example.org", pepper=here.pepper, now=NOW)
    return here


def broken(folder: Path) -> Path:
    """Templates of our own with an error in one."""
    (folder / "digest").mkdir(parents=True)
    (folder / "digest" / "body.mjml").write_text("<mjml>\n{% for each in %}\n</mjml>\n")
    return folder


@asynccontextmanager
async def served(app: ASGIApp) -> AsyncIterator[str]:
    stop, started = asyncio.Event(), asyncio.Event()
    with serve.listening("127.0.0.1", 0, "") as listener:
        serving = asyncio.create_task(serve.serve(Framed(app), listener, stop, started))
        await started.wait()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        stop.set()
        await serving


async def photograph(app: ASGIApp, shots: Mapping[str, str], folder: Path, part: str) -> None:
    """Every one of `shots` (name → path) at each width, light and dark; `&menu=` opens what it selects."""
    async with served(app) as base:
        for name, what in shots.items():
            path, _, menu = what.partition("&menu=")
            for width in WIDTHS if part in name else ():
                for dark in (False, True):
                    query = urlencode({"width": width, "height": HEIGHT, "path": path, "menu": menu or "none"})
                    target = folder / f"{name}-{width}-{'dark' if dark else 'light'}.png"
                    await asyncio.to_thread(shoot, f"{base}/frame?{query}", width, dark, target)


def shoot(url: str, width: int, dark: bool, target: Path) -> None:
    with tempfile.TemporaryDirectory() as profile:
        scheme = f"--blink-settings=preferredColorScheme={0 if dark else 1}"
        options = [f"--user-data-dir={profile}", scheme, f"--window-size={width},{HEIGHT}", f"--screenshot={target}"]
        options += ["--virtual-time-budget=3000"]
        subprocess.run([*CHROMIUM, *options, url], check=True, capture_output=True, timeout=60)  # noqa: S603  # ours


async def main() -> None:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "var/screenshots/web")
    part = sys.argv[2] if len(sys.argv) > 2 else ""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as rooms:
        week = fill(Path(rooms, "week"))
        draft = drafted(fill(Path(rooms, "draft")))
        token = {n: week.keyring.issue(Purpose.UNSUBSCRIBE, n) for n in (1, 6)}
        left = draft.keyring.issue(Purpose.UNSUBSCRIBE, 9)
        await photograph(
            serve.public_pages(week),
            {
                "home": "/",
                "unsubscribe": f"/unsubscribe/{token[1]}",
                "unsubscribe-es": f"/unsubscribe/{token[6]}",
                "absent": "/unsubscribe/forged",
            },
            folder,
            part,
        )
        await photograph(serve.public_pages(draft), {"goodbye": f"/unsubscribe/{left}"}, folder, part)
        ana = "to=amelia.hart@example.org"
        await photograph(
            serve.preview_pages(week),
            {
                "preview": "/",
                "preview-dark-mail": f"/?{ana}&scheme=dark",
                "preview-reader": f"/?{ana}&menu=details.reader",
                "preview-items": f"/?{ana}#items",
                "preview-text": f"/?{ana}&view=text",
                "preview-headers": "/?to=lucia.ferrer@example.org&view=header",
                "preview-source": f"/?{ana}&view=source",
                "preview-nobody": "/?to=nobody@example.org",
            },
            folder,
            part,
        )
        await photograph(
            serve.preview_pages(draft),
            {"preview-draft": "/?to=leaving.soon@example.org", "preview-editions": "/?to=es&menu=details"},
            folder,
            part,
        )
        await photograph(
            serve.preview_pages(fill(Path(rooms, "empty"), empty=True)), {"preview-empty": "/"}, folder, part
        )
        mistaken = fill(Path(rooms, "broken"), templates=broken(Path(rooms, "templates")))
        await photograph(serve.preview_pages(mistaken), {"preview-broken": "/"}, folder, part)


if __name__ == "__main__":
    asyncio.run(main())
