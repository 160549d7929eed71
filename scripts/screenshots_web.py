"""Photograph the public pages and the preview, filled with the sample week: phone and desktop, light and dark.

python scripts/screenshots_web.py [FOLDER [PART-OF-A-NAME]]        (default: var/screenshots/web; needs Chromium)
"""

import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from browser import Browser, Page
from starlette.types import ASGIApp

from digest.app import Installation, bundled
from digest.core.address import parse
from digest.core.edition import EditionState
from digest.core.token import Purpose
from digest.pipeline import assemble, confirm, consent, intake, lists, past, signup
from digest.pipeline.compile import store_blocks
from digest.pipeline.fan_out import fan_out
from digest.settings import Settings
from digest.store import editions
from digest.web import serve

NOW = datetime(2026, 3, 14, 9, tzinfo=UTC)
WIDTHS, HEIGHT = (375, 1280), 900
PAST = Path(__file__).parents[1] / "tests" / "data" / "past"


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


def sent(here: Installation) -> Installation:
    """On its way, and some of what is in it closed since."""
    drafted(here)
    with here.database.write() as session:
        edition_id = editions.listing(session)[0].identity
        editions.set_values(session, edition_id, state=EditionState.SENDING)
    store_blocks(here.database, here.press, edition_id, "shots", NOW)
    fan_out(here.database, here.press, here.sender, edition_id, NOW)
    past.import_past(here.database, [PAST / "mailchimp", PAST / "mail"], now=NOW)
    here.clock = lambda: NOW + timedelta(days=8)
    return here


def asked(here: Installation) -> list[str]:
    """Tokens of what waits to be confirmed: for who may still, a new address, what is done, and what is too old."""
    consent_to = signup.Consent("Yes.", "https://news.harbour.example/subscribe", "")
    week_ago = NOW - timedelta(days=8)
    for email, topics, language, at in (
        ("nadia@example.org", ["housing", "schools"], "en", NOW),
        ("pilar@example.org", [], "es", NOW),
        ("late@example.org", [], "en", week_ago),
    ):
        signup.ask(here.database, signup.wish(email, topics, language, "weekly"), consent_to, here.keys, at)
    page = here.keyring.issue(Purpose.PREFERENCES, 1)
    signup.ask_to_move(here.database, page, parse("new@example.org"), consent_to, here.keys, NOW)
    tokens = [here.keyring.issue(Purpose.CONFIRM, number) for number in (1, 2, 3, 4)]
    confirm.confirm(here.database, tokens[1], here.keys, NOW)
    return tokens


def broken(folder: Path) -> Path:
    """Templates of our own with an error in one."""
    (folder / "digest").mkdir(parents=True)
    (folder / "digest" / "body.mjml").write_text("<mjml>\n{% for each in %}\n</mjml>\n")
    return folder


@asynccontextmanager
async def served(app: ASGIApp) -> AsyncIterator[str]:
    stop, started = asyncio.Event(), asyncio.Event()
    with serve.listening("127.0.0.1", 0, "") as listener:
        serving = asyncio.create_task(serve.serve(app, listener, stop, started))
        await started.wait()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        stop.set()
        await serving


async def photograph(browser: Browser, app: ASGIApp, shots: Mapping[str, str], folder: Path, part: str) -> None:
    """Every one of `shots` (name → path) at each width, light and dark; `&menu=` opens what it selects."""
    async with served(app) as base:
        for name, path in shots.items():
            for width in WIDTHS if part in name else ():
                for scheme in ("light", "dark"):
                    target = folder / f"{name}-{width}-{scheme}.png"
                    await asyncio.to_thread(shoot, browser, base + path, width, scheme == "dark", target)


def shoot(browser: Browser, url: str, width: int, dark: bool, target: Path) -> None:
    with opened(browser, url, width, dark=dark) as page:
        page.photograph(target, HEIGHT)


@contextmanager
def opened(browser: Browser, url: str, width: int, *, dark: bool) -> Iterator[Page]:
    """The page at `url`, what its `&menu=` selects opened."""
    url, _, menu = url.partition("&menu=")
    with browser.page(url, width, dark=dark, height=HEIGHT) as page:
        if menu:
            page.run(f"document.querySelector({menu!r}).open = true")
        yield page


def every_page(rooms: Path) -> list[tuple[ASGIApp, dict[str, str]]]:
    """Applications, with what there is to see in each: name → path, as `photograph` takes it."""
    week = fill(rooms / "week")
    draft = drafted(fill(rooms / "draft"))
    out = sent(fill(rooms / "sent", public_url="https://news.harbour.example", archive="public"))
    joining = fill(rooms / "joining", public_url="https://news.harbour.example")
    waiting, done, late, moving = asked(joining)
    empty = fill(rooms / "empty", empty=True)
    mistaken = fill(rooms / "broken", templates=broken(rooms / "templates"))
    token = {number: week.keyring.issue(Purpose.UNSUBSCRIBE, number) for number in (1, 6)}
    left = draft.keyring.issue(Purpose.UNSUBSCRIBE, 9)
    ana = "to=amelia.hart@example.org"
    return [
        (
            serve.public_pages(week),
            {
                "home": "/",
                "privacy": "/privacy",
                "unsubscribe": f"/unsubscribe/{token[1]}",
                "unsubscribe-es": f"/unsubscribe/{token[6]}",
                "preferences": f"/preferences/{week.keyring.issue(Purpose.PREFERENCES, 1)}",
                "preferences-es": f"/preferences/{week.keyring.issue(Purpose.PREFERENCES, 6)}",
                "absent": "/unsubscribe/forged",
            },
        ),
        (
            serve.public_pages(joining),
            {
                "subscribe": "/subscribe",
                "subscribe-es": "/subscribe?language=es",
                "preferences-address": f"/preferences/{joining.keyring.issue(Purpose.PREFERENCES, 1)}",
                "confirm": f"/confirm/{waiting}",
                "confirm-done": f"/confirm/{done}",
                "confirm-late": f"/confirm/{late}",
                "confirm-address": f"/confirm/{moving}",
            },
        ),
        (serve.public_pages(draft), {"goodbye": f"/unsubscribe/{left}"}),
        (
            serve.public_pages(out),
            {
                **{f"view-{number}": f"/view/{out.keyring.issue(Purpose.VIEW, number)}" for number in (1, 6)},
                "archive": "/archive",
                "edition": "/archive/2026-W11",
                **{f"item-{number}": f"/items/{number}" for number in (1, 5, 9)},
                "past": "/archive/past/1",
                "past-es": "/archive/past/6",
                "archive-past": "/archive/2025",
            },
        ),
        (
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
        ),
        (
            serve.preview_pages(draft),
            {"preview-draft": "/?to=leaving.soon@example.org", "preview-editions": "/?to=es&menu=details"},
        ),
        (serve.preview_pages(empty), {"preview-empty": "/"}),
        (serve.preview_pages(mistaken), {"preview-broken": "/"}),
    ]


async def main() -> None:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "var/screenshots/web")
    part = sys.argv[2] if len(sys.argv) > 2 else ""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as rooms, Browser() as browser:
        for app, shots in every_page(Path(rooms)):
            await photograph(browser, app, shots, folder, part)


if __name__ == "__main__":
    asyncio.run(main())
