"""A built-in SMTP inbox for the demo: it takes all mail, keeps it as files, and can bounce like a real server."""

import asyncio
import html
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass(frozen=True, slots=True)
class Mail:
    """A message as it arrived, with its envelope."""

    sender: str
    recipient: str
    content: bytes
    path: Path

    @property
    def message(self) -> EmailMessage:
        return message_from_bytes(self.content, policy=policy.default)


class Inbox:
    """Listens on a free port of 127.0.0.1 while the block runs; `mails` in order of arrival, each in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.mails, self.port = folder, list[Mail](), 0

    async def __aenter__(self) -> "Inbox":
        self.folder.mkdir(parents=True)
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: SMTP(self, enable_SMTPUTF8=True), "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802  aiosmtpd's name
        recipient, content = envelope.rcpt_tos[0], envelope.original_content or b""
        name = "".join(c if c.isalnum() or c in ".-@+" else "_" for c in recipient)
        path = self.folder / f"{len(self.mails) + 1:02d}-{name}.eml"
        path.write_bytes(content)
        self.mails.append(Mail(envelope.mail_from or "", recipient, content, path))
        return f"250 2.0.0 kept as {len(self.mails)}"

    def of(self, recipient: str) -> Mail:
        return next(mail for mail in self.mails if mail.recipient == recipient)

    def write_index(self, title: str) -> Path:
        """A page that lists the mail, each with its HTML beside it."""
        rows = []
        for mail in self.mails:
            message, page = mail.message, mail.path.with_suffix(".html")
            body = message.get_body(("html",))
            page.write_text(str(body.get_content()) if body else "", "utf-8")
            reader = html.escape(mail.recipient).replace("@", "<wbr>@")
            rows.append(
                f"<li><a class=reader href='{html.escape(page.name)}'>{reader}</a>"
                f"<span class=subject>{html.escape(str(message['Subject']))}</span>"
                f"<span class=size>{len(mail.content) // 1000} KB · <a href='{html.escape(mail.path.name)}'>.eml</a></span></li>"
            )
        index = self.folder / "index.html"
        index.write_text(_PAGE.format(title=html.escape(title), count=len(rows), rows="\n".join(rows)), "utf-8")
        return index


def bounce(mail: Mail, reporter: str) -> bytes:
    """The delivery status notification (RFC 3464) that a server sends when it finds the mailbox gone."""
    outer = EmailMessage(policy=policy.SMTP)
    outer["From"], outer["To"], outer["Subject"] = (
        f"postmaster@{reporter}",
        mail.sender,
        "Undelivered Mail Returned to Sender",
    )
    outer["Auto-Submitted"] = "auto-replied"
    head = mail.content.partition(b"\r\n\r\n")[0].decode("utf-8", "replace")
    status = (
        f"Reporting-MTA: dns; {reporter}\r\n\r\nFinal-Recipient: rfc822; {mail.recipient}\r\nAction: failed\r\n"
        "Status: 5.1.1\r\nDiagnostic-Code: smtp; 550 5.1.1 No such user here\r\n"
    )
    parts = (
        ("text/plain; charset=us-ascii", "This mailbox does not exist any more.\r\n"),
        ("message/delivery-status", status),
        ("text/rfc822-headers; charset=utf-8", head + "\r\n"),
    )
    boundary = "=_report"
    body = (
        "".join(f"--{boundary}\r\nContent-Type: {kind}\r\n\r\n{text}\r\n" for kind, text in parts)
        + f"--{boundary}--\r\n"
    )
    kind = f'Content-Type: multipart/report; report-type=delivery-status; boundary="{boundary}"\r\nMIME-Version: 1.0\r\n\r\n'
    return outer.as_bytes().partition(b"\r\n\r\n")[0] + b"\r\n" + kind.encode() + body.encode()


_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark }}
:root {{ --ink: #1c2b2d; --soft: #586869; --line: #dde5e5; --page: #f4f7f7; --card: #fff; --link: #0f5e66 }}
@media (prefers-color-scheme: dark) {{
  :root {{ --ink: #e4ecec; --soft: #9db0b1; --line: #2c3b3d; --page: #101819; --card: #182324; --link: #7fd0d8 }}
}}
body {{ margin: 0 auto; max-width: 56rem; padding: 2.5rem 1rem; font: 16px/1.45 system-ui, sans-serif }}
body {{ background: var(--page); color: var(--ink) }}
h1 {{ margin: 0; font: 700 2rem/1.2 Georgia, serif; text-wrap: balance }}
p, .subject, .size {{ color: var(--soft) }}
ol {{ margin: 1.5rem 0 0; padding: 0; list-style: none; border: 1px solid var(--line); border-radius: .75rem }}
ol {{ background: var(--card); overflow: hidden; border-top: 4px solid var(--link) }}
li {{ display: grid; grid-template-columns: 1fr auto; gap: .1rem 1rem; padding: .8rem 1.1rem; position: relative }}
li + li {{ border-top: 1px solid var(--line) }}
li:hover {{ background: var(--page) }}
a {{ color: var(--link) }}
.reader {{ font-weight: 600; text-decoration: none; overflow-wrap: break-word; min-width: 0 }}
.reader::after {{ content: ""; position: absolute; inset: 0 }}
.subject {{ grid-row: 2; grid-column: 1 / -1 }}
.size {{ white-space: nowrap; font-variant-numeric: tabular-nums }}
.size a {{ position: relative; padding: .4rem 0 }}
@media (max-width: 30rem) {{ body {{ padding-top: 1.5rem }} li {{ column-gap: 0 }} .size {{ grid-row: 3 }} }}
</style>
<h1>{title}</h1>
<p>{count} messages, as the built-in inbox received them. Each opens as its reader sees it; .eml is the message itself.</p>
<ol>
{rows}
</ol>
</html>
"""
