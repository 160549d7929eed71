"""A look at everything that sending needs, before it is needed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from digest.core.edition import Edition
from digest.core.errors import Refused
from digest.core.headers import Sender
from digest.pipeline.compile import Press
from digest.pipeline.deliver import Route
from digest.store import subscribers
from digest.store.database import Database


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `ok` is None for what works but could be better."""

    what: str
    ok: bool | None
    said: str


def look(what: str, ask: Callable[[], str]) -> Finding:
    """The finding of a check that answers with a sentence or is refused with one."""
    try:
        return Finding(what, True, ask())
    except Refused as error:
        return Finding(what, False, str(error))


def database(db: Database) -> str:
    with db.read() as session:
        return f"{subscribers.count(session, 'active')} active subscribers of {subscribers.count(session)}."


def templates(press: Press, now: datetime) -> str:
    edition = Edition("2000-W01", 1, now, "UTC")
    for language in press.compiler.languages():
        press.compiler.subject(language, edition, (), press.publication)
        press.compiler.greeting(language, "")
    return f"They speak {', '.join(press.compiler.languages())}."


async def mail_server(route: Route) -> Finding:
    try:
        connection = await route.connect()
    except Refused as error:
        return Finding("mail server", False, str(error))
    await connection.close()
    return Finding("mail server", True, "It lets us in.")


def identity(sender: Sender, postal_address: str | None) -> Sequence[Finding]:
    """What the mail says of its sender, and what receivers will miss."""
    found = [
        Finding("sender", True, f"Mail comes from {sender.address}; bounces go to {sender.returns('bounce', 'TOKEN')}.")
    ]
    if not postal_address:
        found.append(
            Finding("postal address", None, "DIGEST_POSTAL_ADDRESS is not set; many laws want one in every mail.")
        )
    if sender.public_url is None:
        found.append(Finding("one-click", None, "DIGEST_PUBLIC_URL is not set; people can unsubscribe by mail only."))
    if not sender.dkim:
        found.append(
            Finding("DKIM", None, "Nothing signs the mail here; see `digest dkim new`, unless your provider signs it.")
        )
    elif all(key.domain != sender.domain for key in sender.dkim):
        found.append(
            Finding("DKIM", None, f"No key is for {sender.domain}, so the signature is not aligned with From.")
        )
    return found
