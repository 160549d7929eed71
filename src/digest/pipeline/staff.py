"""A word to staff by mail, when something waits for them or went wrong."""

from collections.abc import Sequence

from markupsafe import escape

from digest.core.envelope import Parcel
from digest.core.errors import Refused
from digest.core.headers import Note
from digest.core.reply import Accepted
from digest.pipeline.dispatch import Office
from digest.pipeline.letters import BOUNDARY, on_the_wire
from digest.rendering.language import ENGLISH
from digest.rendering.letters import Alert, Written, write


async def tell(office: Office, addresses: Sequence[str], subject: str, text: str) -> None:
    """One mail each. Refused if the mail server would not take it."""
    sender, written = office.sender, _written(office, subject, text)
    for address in addresses:
        message_id = f"<{office.random_key()}@{sender.domain}>"
        note = Note(address, written.subject, office.clock(), message_id, ENGLISH, BOUNDARY)
        connection = await office.route.connect()
        try:
            wire = on_the_wire(sender, note, written)
            outcome = await connection.offer(Parcel(sender.address, address, wire)) or await connection.dot()
        finally:
            await connection.close()
        if not isinstance(outcome, Accepted):
            raise Refused("The mail server did not take a message to staff.")


def _written(office: Office, subject: str, text: str) -> Written:
    """As the templates have it, or plain where they are what is wrong."""
    try:
        press = office.press()
        return write(press.compiler.templates, Alert(subject, text), ENGLISH, press.publication)
    except Refused:
        return Written(f"[{office.sender.publication}] {subject}", text + "\n", f"<p>{escape(text)}</p>")
