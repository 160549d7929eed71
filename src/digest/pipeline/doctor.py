"""A look at everything that sending needs, before it is needed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path

from digest.core.dkim import aligned
from digest.core.edition import SECTIONS, Edition, EditionItem, EditionText
from digest.core.errors import Refused
from digest.core.headers import Sender
from digest.core.item import Item, Kind
from digest.core.source import Source
from digest.core.subscriber import SubscriberState
from digest.core.when import When
from digest.mailbox import imap
from digest.mailbox.quarantine import Quarantine
from digest.pipeline.compile import Press
from digest.pipeline.deliver import Route
from digest.rendering.letters import Alert, Confirm, Goodbye, Move, Moved, Subscribed, Welcome, write
from digest.store import feeds, letters, subscribers
from digest.store.database import Database

LETTERS = (
    Confirm("Somebody", ("a", "b"), "https://example.org", 7),
    Welcome("Somebody", ("a", "b"), date(2000, 1, 1), "https://example.org", "https://example.org"),
    Subscribed("Somebody", "https://example.org"),
    Move("", "https://example.org", 7),
    Moved("Somebody", "s•••@example.org"),
    Goodbye("Somebody", "https://example.org"),
    Alert("Something", "A text."),
)
"""One of each kind, with all there may be in it."""
LATE = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Looked:
    """One thing that was looked at. `ok` is None for what works but could be better."""

    what: str
    ok: bool | None
    said: str


def look(what: str, ask: Callable[[], str]) -> Looked:
    """What a check found that answers with a sentence or is refused with one."""
    try:
        return Looked(what, True, ask())
    except Refused as error:
        return Looked(what, False, str(error))


def database(db: Database) -> str:
    with db.read() as session:
        return (
            f"Active subscribers: {subscribers.count(session, SubscriberState.ACTIVE)} of {subscribers.count(session)}."
        )


def templates(press: Press, now: datetime) -> str:
    """Compiles an invented item of every kind, and writes a letter of each, in every language. Refused by what is wrong."""
    edition = Edition("2000-W01", 1, now, "UTC")
    items = tuple(EditionItem(at, at, _sample(kind, now), "<p>A text.</p>") for at, kind in enumerate(SECTIONS, 1))
    for language in press.compiler.languages():
        subject = press.compiler.subject(language, edition, items, press.publication)
        text = EditionText(language, subject, "", "A word before.")
        press.compiler.compile(edition, text, items, press.publication, {}, "sample")
        press.compiler.greeting(language, "")
        press.compiler.why(language, ["a", "b"], fallback=False)
        for letter in LETTERS:
            write(press.compiler.templates, letter, language, press.publication)
    return f"They speak {', '.join(press.compiler.languages())}."


def following(db: Database, sources: Callable[[], Sequence[Source]]) -> list[Looked]:
    """The feeds that are followed. One that fails keeps nothing from being sent, and is a hint."""
    try:
        urls = [each.url for each in sources()]
        with db.read() as session:
            failing = [row for row in feeds.known(session, urls).values() if row.failures]
    except Refused as error:
        return [Looked("feeds", False, str(error))]
    if not failing:
        return [Looked("feeds", True, f"Followed: {len(urls)}. None fails.")]
    return [Looked("feeds", None, f"{row.problem} Failures in a row: {row.failures}.") for row in failing]


def mailbox(account: Callable[[], imap.Account | None]) -> list[Looked]:
    """Whether the mailbox on a server lets us in, where one is looked into."""
    try:
        if (found := account()) is None:
            return []
        with imap.opened(found) as opened:
            return [Looked("mailbox", True, f"It lets us in. Messages that wait there: {len(opened.waiting())}.")]
    except Refused as error:
        return [Looked("mailbox", False, str(error))]


def sign_up(db: Database, public_url: str | None, now: datetime, *, open_to_all: bool) -> list[Looked]:
    """Whether anybody can sign up, and a hint where letters wait that should be out."""
    found = []
    if public_url and open_to_all:
        said = f"Anybody can sign up at {public_url}/subscribe, and confirms it by mail (DIGEST_SIGNUP)."
        found.append(Looked("sign-up", True, said))
    with db.read() as session:
        late = len(letters.due(session, now - LATE, 1000))
    if late:
        said = f"Letters that wait for over an hour: {late}. `digest run` sends them, and `digest tick` each time."
        found.append(Looked("letters", None, said))
    return found


def posts(public_url: str | None, providers: Sequence[str]) -> list[Looked]:
    """Where the providers that are set post what came back; a hint where they cannot."""
    if not providers:
        return []
    if public_url is None:
        said = f"DIGEST_PUBLIC_URL is not set; {' and '.join(providers)} cannot post here what came back."
        return [Looked("webhooks", None, said)]
    places = ", ".join(f"{public_url}/hooks/{name.lower()}" for name in providers)
    return [Looked("webhooks", True, f"What came back is posted to {places}.")]


def set_aside(quarantine: Callable[[], Quarantine]) -> list[Looked]:
    """A hint, where mail lies that could not be read, or where there is no place for any."""
    try:
        kept = quarantine()
    except Refused as error:
        return [Looked("quarantine", None, str(error))]
    if not (count := kept.count()):
        return []
    said = f"Messages that could not be read: {count}. Look at them in {kept.folder}, and delete what you have seen."
    return [Looked("quarantine", None, said)]


def _sample(kind: Kind, now: datetime) -> Item:
    """An item with every field, so that no branch of a template is passed by."""
    later = When(now.date() + timedelta(days=1), time(18))
    return Item(
        kind, "A title", "A text.", url="https://example.org", organisation="Somebody", byline="Somebody", published=later,
        deadline=later, starts=later, ends=later, venue="Somewhere", image="https://example.org/a.png", alt="A picture",
    )  # fmt: skip


def overrides(folder: Path, bundled: Path) -> Sequence[Looked]:
    """A hint, where the folder of DIGEST_TEMPLATES neither replaces a file of the bundled one nor adds a language."""
    files = [path.relative_to(folder) for path in folder.rglob("*") if path.is_file()]
    if any((bundled / file).is_file() or file.match("locale/*.po") for file in files):
        return ()
    said = f"Nothing in {folder} replaces a template; put files at {folder / 'digest' / 'body.mjml'} and the like."
    return [Looked("templates", None, said)]


async def way_out(route: Route, outbox: Path | None) -> Looked:
    """Whether a connection can be opened. An outbox is a hint: somebody may have forgotten it there after a trial."""
    what = "outbox" if outbox else "mail server"
    try:
        connection = await route.connect()
    except Refused as error:
        return Looked(what, False, str(error))
    await connection.close()
    if outbox:
        return Looked(what, None, f"Mail becomes files in {outbox} (DIGEST_OUTBOX); nobody gets it by that alone.")
    return Looked(what, True, "It lets us in.")


def identity(sender: Sender, postal_address: str | None) -> Sequence[Looked]:
    """What the mail says of its sender, and what receivers will miss."""
    found = [
        Looked("sender", True, f"Mail comes from {sender.address}; bounces go to {sender.returns('bounce', 'TOKEN')}.")
    ]
    if not postal_address:
        found.append(
            Looked("postal address", None, "DIGEST_POSTAL_ADDRESS is not set; many laws want one in every mail.")
        )
    if sender.public_url is None:
        found.append(Looked("one-click", None, "DIGEST_PUBLIC_URL is not set; people can unsubscribe by mail only."))
    if not sender.dkim:
        found.append(
            Looked("DKIM", None, "Nothing signs the mail here; see `digest dkim new`, unless your provider signs it.")
        )
    elif not any(aligned(key.domain, sender.domain) for key in sender.dkim):
        domains = ", ".join(dict.fromkeys(key.domain for key in sender.dkim))
        said = f"The mail is signed for {domains} and is from {sender.domain}, so no signature is aligned with From."
        found.append(Looked("DKIM", None, f"{said} See DIGEST_DKIM_DOMAIN."))
    return found
