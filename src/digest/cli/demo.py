"""`digest demo`: the main job, end to end, on this machine alone."""

import asyncio
import csv
import shutil
import socket
import urllib.request
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import typer

from digest import logs
from digest.app import Installation, bundled
from digest.cli.edition.sending import sending
from digest.cli.edition.shown import print_balance
from digest.cli.shared import say
from digest.core.errors import Refused
from digest.core.subscriber import SubscriberState
from digest.mailbox.inbox import Inbox, bounce
from digest.pipeline import assemble, consent, intake, lists, receive, report, topics
from digest.pipeline.report import Explained
from digest.settings import Settings

app = typer.Typer()

FOLDER = Path("var/demo")
MARK = ".made-by-digest-demo"
NOW = datetime(2026, 3, 15, 9, 0, tzinfo=ZoneInfo("Europe/Lisbon"))
GONE = "closed.mailbox@example.net"
LEAVING = "leaving.soon@example.org"


@app.command()
def demo() -> None:
    """The main job on an embedded default: sample week, sample subscribers, embedded SMTP inbox."""
    logs.configure()
    asyncio.run(_demo())


async def _demo() -> None:
    _clear()
    async with Inbox(FOLDER / "inbox") as inbox:
        here = Installation(_settings(inbox.port, _free_port()), NOW, running=True)
        say(f"It is {NOW:%A, %d %B %Y, %H:%M} in {NOW.tzinfo}: the week's digest is due.\n")
        here.init()
        period = _fill(here)
        shown = report.show(here.database, here.press, period, here.clock())
        say(f"Edition {period}: {len(shown.items)} items. Left out:")
        for left in shown.row.left_out:
            say(f"  {left['title']}: {left['reason']}.")
        balance = await sending(here, shown.row.identity, asyncio.Event())
        say()
        print_balance(period, balance)
        await _come_back(here, inbox)
        index = inbox.write_index(f"{here.settings.publication}, {period}")
        final = report.show(here.database, here.press, period, here.clock())
        say(f"Came back: {', '.join(f'{count} {kind}' for kind, count in final.came_back.items())}.\n")
        for email in _two_people(here):
            _explain(here, period, email)
        here.close()
    say("Where to look:")
    say(f"  {index}   the inbox, every message as people see it (and as .eml)")
    say(f"  {FOLDER / 'digest.db'}   the database: items, subscribers, a row for every delivery")
    say("  digest preview   the next edition in a browser, once you have an installation of your own (see README)")


def _clear() -> None:
    if FOLDER.exists() and not (FOLDER / MARK).exists():
        raise Refused(f"{FOLDER} exists and was not made by the demo; move it away.")
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    (FOLDER / MARK).touch()


def _settings(smtp_port: int, web_port: int) -> Settings:
    return Settings(
        _env_file=None,
        database_url=f"sqlite:///{FOLDER}/digest.db",
        publication="Harbour Weekly",
        DIGEST_FROM="Harbour Weekly <weekly@harbour.example>",
        reply_to="editors@harbour.example",
        postal_address="Harbour House, 3 Quay Street, Cabo Manso",
        public_url=f"http://127.0.0.1:{web_port}",
        web_bind=f"127.0.0.1:{web_port}",
        bounce_domain="bounces.harbour.example",
        outbox=None,
        smtp_host="127.0.0.1",
        smtp_port=smtp_port,
        smtp_username=None,
        smtp_password=None,
        smtp_token_command=None,
        smtp_security="none",
        language="en",
        timezone="Europe/Lisbon",
        schedule="sun 09:00",
        approval="automatic",
        templates=None,
        media=None,
        staff="",
    )


def _fill(here: Installation) -> str:
    """The sample week and its subscribers; the period that is assembled from them."""
    database, now = here.database, here.clock()
    added = intake.add(
        database, [bundled("examples", "week")], timezone=here.settings.timezone, now=now, gallery=here.gallery
    )
    with bundled("examples", "topics.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            topics.add(database, row["topic"], row["language"], row["name"])
    people = lists.import_list(database, bundled("subscribers", "example.csv"), pepper=here.pepper, now=now)
    say(f"{len(added.added)} items stored, {people.added} subscribers imported.")
    return assemble.assemble(
        database, here.plan, period=None, now=now, words=assemble.Words(), languages=here.compiler.languages()
    )  # fmt: skip


async def _come_back(here: Installation, inbox: Inbox) -> None:
    """A bounce, as the recipient's server would send it, and a one-click unsubscribe, as a mail program does it."""
    from digest.web import serve  # noqa: PLC0415  the web server is loaded only for what needs it

    returned = inbox.of(GONE)
    got = receive.receive(here.database, bounce(returned, "mx.example.net"), returned.sender, here.keys, here.clock())
    say(f"\nA bounce came back for {GONE}: {got.effect}.")
    stop, started = asyncio.Event(), asyncio.Event()
    pages = asyncio.create_task(serve.public(here, stop, started))
    waiting = asyncio.create_task(started.wait())
    await asyncio.wait([pages, waiting], return_when=asyncio.FIRST_COMPLETED)
    url = str(inbox.of(LEAVING).message["List-Unsubscribe"]).partition("<")[2].partition(">")[0]
    status = await asyncio.to_thread(_one_click, url)
    stop.set()
    await pages
    waiting.cancel()
    person = consent.find(here.database, LEAVING)
    say(f"A one-click unsubscribe came from {LEAVING}: answered {status}, and they are {person.state}.")


def _one_click(url: str) -> int:
    request = urllib.request.Request(url, b"List-Unsubscribe=One-Click", method="POST")  # noqa: S310  our own URL
    with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310  as above
        return int(response.status)


def _two_people(here: Installation) -> list[str]:
    """Somebody who follows topics, and somebody who reads Spanish."""
    people = [
        each for each in consent.everyone(here.database) if each.state == SubscriberState.ACTIVE and each.interests
    ]
    english = next(each.email for each in people if each.language == "en")
    return [english, next(each.email for each in people if each.language == "es")]


def _explain(here: Installation, period: str, email: str) -> None:
    person = consent.find(here.database, email)
    say(f"{person.name or email} follows {', '.join(sorted(person.interests))}, reads {person.language}, and got:")
    explained = report.why(here.database, here.press, period, email, here.clock())
    for each in explained:
        if each.included:
            say(f"  + {_line(each)}")
    out = [each for each in explained if not each.included]
    say(f"  and not {len(out)} others, such as {_line(out[0])}.\n" if out else "")


def _line(each: Explained) -> str:
    return f"{each.title} ({'; '.join(each.reasons)})"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
