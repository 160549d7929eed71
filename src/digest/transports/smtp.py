"""SMTP to a smarthost, over connections that stay open (RFC 5321).

The final dot is written by a call of its own, so that the sender always knows whether it was: a connection lost before it has
delivered nothing, one lost after it leaves the delivery in doubt. `aiosmtplib` speaks; this writes ready wire bytes through it,
which leans on its protocol object (pinned in pyproject.toml, held by tests/integration/test_smtp.py).
"""

import asyncio
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self, cast

import aiosmtplib
from aiosmtplib import (
    SMTPAuthenticationError,
    SMTPException,
    SMTPResponseException,
    SMTPServerDisconnected,
    SMTPTimeoutError,
)

from digest.core.errors import Refused, TryAgain
from digest.core.reply import Accepted, Lost, Rejected, Reply, Stage, Unknown

COMMAND_SECONDS = 300.0  # RFC 5321 §4.5.3.2: five minutes for MAIL and RCPT
DOT_SECONDS = 600.0  # and ten after the dot, or a slow server's 250 is missed and the mail doubled
CONNECT_SECONDS = 60.0
GOODBYE_SECONDS = 5.0


class ServerRefuses(Refused):
    """The server answered 5xx to the connection or the login: the sender's trouble, and no recipient's."""


class ServerBusy(TryAgain):
    """The server answered 4xx to the connection or the login: it wants to be left alone for a while."""


@dataclass(frozen=True, slots=True)
class Smarthost:
    """Where mail goes out. `security`: `none` (loopback only), `starttls` or `tls`, both with verified certificates."""

    host: str
    port: int
    security: Literal["none", "starttls", "tls"]
    username: str | None = None
    password: str | None = None
    ca_file: Path | None = None

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


class Connection:
    """One conversation with the smarthost. After a `Lost` or `Unknown` it is closed; open another."""

    def __init__(self, client: aiosmtplib.SMTP) -> None:
        self._client = client
        self._in_message = False

    @classmethod
    async def open(cls, smarthost: Smarthost) -> Self:
        """Connect, secure and log in. ServerRefuses or TryAgain with a sentence if that fails."""
        where = f"The mail server {smarthost}"
        try:
            client = aiosmtplib.SMTP(
                hostname=smarthost.host,
                port=smarthost.port,
                use_tls=smarthost.security == "tls",
                start_tls=smarthost.security == "starttls",
                username=smarthost.username,
                password=smarthost.password,
                cert_bundle=str(smarthost.ca_file) if smarthost.ca_file else None,
                local_hostname=socket.gethostname() or "localhost",
                timeout=CONNECT_SECONDS,
            )
            await client.connect()
            if client.is_ehlo_or_helo_needed:
                await client.ehlo()
        except (ssl.SSLError, SMTPException, OSError) as error:
            raise _cannot_connect(error, where) from None
        transport = cast(asyncio.WriteTransport, client.transport)
        transport.set_write_buffer_limits(high=0)  # so that a drained buffer is an empty one
        return cls(client)

    async def offer(self, sender: str, recipient: str, wire: bytes) -> Rejected | Lost | None:
        """MAIL, RCPT, DATA and the message, up to the final dot; None when only the dot is missing.

        `wire`: CRLF line ends, dots stuffed. After a Rejected the connection is ready for the next message.
        """
        utf8 = not (sender + recipient).isascii()
        if utf8 and not self._client.supports_extension("smtputf8"):
            return Rejected(Reply(553, "5.6.7 the mail server does not take addresses that are not ASCII"), Stage.RCPT)
        options = b" SMTPUTF8" if utf8 else b""
        dialogue = (
            (Stage.MAIL, b"MAIL FROM:<%s>%s" % (sender.encode(), options), (250,)),
            (Stage.RCPT, b"RCPT TO:<%s>" % recipient.encode(), (250, 251)),
            (Stage.DATA, b"DATA", (354,)),
        )
        try:
            for stage, command, wanted in dialogue:
                reply = await self._command(command)
                if reply.code in wanted:
                    continue
                if not 400 <= reply.code < 600 or reply.code == 421:
                    self.abort()
                    return Lost(str(reply))
                if (await self._command(b"RSET")).code != 250:
                    self.abort()  # or the next MAIL would be refused as nested
                return Rejected(reply, stage)
            self._in_message = True
            self._protocol.write(wire)
            if self._protocol._paused:
                await asyncio.wait_for(self._protocol._drain_helper(), COMMAND_SECONDS)
        except (SMTPException, OSError) as error:
            self.abort()
            return Lost(_said(error))
        except BaseException:
            self.abort()  # a cancelled dialogue would pair the next command with this one's reply
            raise
        return None

    async def dot(self) -> Accepted | Rejected | Lost | Unknown:
        """Write the final dot and say what came of it."""
        if not self.alive or self._answered_early():
            self.abort()
            return Lost("the connection was lost before the message was complete")
        try:
            self._protocol.write(b".\r\n")
            response = await self._protocol.read_response(timeout=DOT_SECONDS)
        except (SMTPException, OSError) as error:
            self.abort()
            return Unknown(_said(error))
        except BaseException:
            self.abort()
            raise
        self._in_message = False
        reply = Reply(response.code, response.message)
        if 200 <= reply.code < 300:
            return Accepted(reply)
        if 400 <= reply.code < 600:
            if reply.code == 421:
                self.abort()
            return Rejected(reply, Stage.DOT)
        self.abort()
        return Unknown(str(reply))

    @property
    def alive(self) -> bool:
        return self._client.is_connected and self._protocol.is_connected

    def abort(self) -> None:
        """Drop the connection at once: an unfinished message is then no message."""
        if self._client.transport is not None:
            cast(asyncio.WriteTransport, self._client.transport).abort()
        self._client.close()

    async def close(self) -> None:
        """Say goodbye, or just go when a message is unfinished: QUIT would be a line of it."""
        if self._in_message or not self.alive:
            self.abort()
            return
        try:
            await self._client.quit(timeout=GOODBYE_SECONDS)
        except (SMTPException, OSError):
            self.abort()
        except BaseException:
            self.abort()
            raise

    @property
    def _protocol(self) -> aiosmtplib.protocol.SMTPProtocol:
        if self._client.protocol is None:
            raise SMTPServerDisconnected("the connection is closed")
        return self._client.protocol

    def _answered_early(self) -> bool:
        """More replies than questions: the next would be taken for the answer to something else."""
        return bool(self._protocol._buffer)

    async def _command(self, line: bytes) -> Reply:
        if self._answered_early():
            raise SMTPServerDisconnected("the server answered out of turn")
        response = await self._protocol.execute_command(line, timeout=COMMAND_SECONDS)
        return Reply(response.code, response.message)


def _said(error: Exception) -> str:
    """What happened to a connection, in words."""
    if isinstance(error, SMTPResponseException):
        reply = Reply(error.code, error.message)
        return str(reply) if reply.code > 0 else f"the answer was none: {reply.text.partition(': ')[2] or reply.text}"
    return "the server did not answer in time" if isinstance(error, TimeoutError) else str(error) or "it was lost"


def _cannot_connect(error: Exception, where: str) -> Refused:
    """The sentence for whatever kept a connection from opening; ServerRefuses only for a 5xx that the server gave."""
    cause = error.__cause__ or error
    if isinstance(cause, ssl.SSLCertVerificationError):
        return Refused(
            f"{where} has a certificate that cannot be trusted ({cause.verify_message.rstrip('.')}); nothing was sent. "
            "If it is your own authority's, name its file in DIGEST_SMTP_CA_FILE."
        )
    if isinstance(cause, ssl.SSLError):
        return Refused(f"{where} does not speak TLS as asked; check DIGEST_SMTP_PORT and DIGEST_SMTP_SECURITY.")
    if isinstance(error, SMTPResponseException) and error.code > 0:
        kind = ServerRefuses if error.code >= 500 else ServerBusy
        reply = str(Reply(error.code, error.message)).rstrip(".")
        if isinstance(error, SMTPAuthenticationError):
            return kind(f"{where} refuses the login ({reply}); check DIGEST_SMTP_USERNAME and _PASSWORD.")
        return kind(f"{where} does not let us in ({reply}).")
    if isinstance(error, SMTPTimeoutError | TimeoutError):
        return TryAgain(f"{where} did not answer in {CONNECT_SECONDS:g} seconds; check DIGEST_SMTP_HOST and _PORT.")
    if isinstance(cause, socket.gaierror):
        return TryAgain(f"{where} cannot be found: its name does not resolve; check DIGEST_SMTP_HOST.")
    if isinstance(cause, SMTPServerDisconnected):
        return TryAgain(f"{where} closed the connection; check DIGEST_SMTP_PORT and DIGEST_SMTP_SECURITY.")
    if isinstance(cause, OSError):
        return TryAgain(f"{where} cannot be reached ({_why(cause)}); check DIGEST_SMTP_HOST and _PORT.")
    if "AUTH" in str(error):
        return Refused(f"{where} takes no login here; check DIGEST_SMTP_PORT, _SECURITY and _USERNAME.")
    if "STARTTLS" in str(error):
        return Refused(
            f"{where} does not offer STARTTLS, and nothing is sent in clear text; "
            "check DIGEST_SMTP_PORT and DIGEST_SMTP_SECURITY."
        )
    return Refused(f"{where} does not answer as a mail server does; check DIGEST_SMTP_PORT and DIGEST_SMTP_SECURITY.")


def _why(error: OSError) -> str:
    return "nothing listens there" if isinstance(error, ConnectionRefusedError) else (error.strerror or "no connection")
