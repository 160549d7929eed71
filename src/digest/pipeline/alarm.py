"""A word to staff by mail, when something waits for them or went wrong."""

from collections.abc import Sequence
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from digest.core.errors import Refused
from digest.core.reply import Accepted
from digest.pipeline.dispatch import Office
from digest.rendering.language import ENGLISH
from digest.rendering.letters import Alert, Written, write

POLICY = SMTP.clone(max_line_length=76)  # of quoted-printable too (RFC 2045 §6.7)


async def send(office: Office, staff: Sequence[str], subject: str, text: str) -> None:
    """One mail each. Refused if the mail server would not take it."""
    now, sender, written = office.clock(), office.sender, _written(office, subject, text)
    for address in staff:
        message = EmailMessage(policy=POLICY)
        message["From"] = Address(sender.name, addr_spec=sender.address)
        message["To"] = address
        message["Subject"] = written.subject
        message["Date"] = format_datetime(now)
        message["Message-ID"] = f"<{office.random_key()}@{sender.domain}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(written.text, cte="quoted-printable")
        if written.html:
            message.add_alternative(written.html, subtype="html", cte="quoted-printable")
        wire = message.as_bytes().replace(b"\r\n.", b"\r\n..")
        connection = await office.route.connect()
        try:
            outcome = await connection.offer(sender.address, address, wire) or await connection.dot()
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
        return Written(f"[{office.sender.publication}] {subject}", text + "\n", "")
