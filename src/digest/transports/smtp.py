"""SMTP to a smarthost, over connections that stay open (RFC 5321).

The final dot is written by a call of its own, so that the sender always knows whether it was: a connection lost before it has
delivered nothing, one lost after it leaves the delivery in doubt. `aiosmtplib` opens the connection, secures it and logs in; then
transports/dialogue.py takes over its transport, and ready wire bytes are written as they are.

Where the server pipelines, the envelope of the next message goes out with the dot of the one before (RFC 2920 §3.1): a message
then costs one round trip, in which the content of the one and the envelope of the other are answered.
"""

import asyncio
import socket
import ssl
from dataclasses import dataclass, field
from functools import partial
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

from digest.core import envelope
from digest.core.envelope import Parcel
from digest.core.errors import Refused, TryAgain
from digest.core.reply import Accepted, Lost, Rejected, Reply, Stage, Unknown
from digest.transports.access_token import access_token
from digest.transports.dialogue import Broken, Dialogue

COMMAND_SECONDS = 300.0  # RFC 5321 §4.5.3.2: five minutes for MAIL and RCPT
DOT_SECONDS = 600.0  # and ten after the dot, or a slow server's 250 is missed and the mail doubled
CONNECT_SECONDS = 60.0
GOODBYE_SECONDS = 5.0
_NO_KNOWN_ISSUER = (18, 19, 20, 21)  # X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT and its neighbours
_ANSWERS = ((Stage.MAIL, (250,)), (Stage.RCPT, (250, 251)), (Stage.DATA, (354,)))


class ServerRefuses(Refused):
    """The server answered 5xx to the connection or the login: the sender's trouble, and no recipient's."""


class ServerBusy(TryAgain):
    """The server answered 4xx to the connection or the login: it wants to be left alone for a while."""


@dataclass(frozen=True, slots=True)
class Smarthost:
    """Where mail goes out. `security`: `none` (loopback only), `starttls` or `tls`, both with verified certificates.

    A `username` logs in with the `password` (PLAIN, LOGIN or CRAM-MD5), or by XOAUTH2 with what `token_command` prints.
    """

    host: str
    port: int
    security: Literal["none", "starttls", "tls"]
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    ca_file: Path | None = None
    token_command: str | None = field(default=None, repr=False)

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


class Connection:
    """One conversation with the smarthost. After a `Lost` or `Unknown` it is closed; open another."""

    def __init__(self, dialogue: Dialogue, *, pipelining: bool, utf8: bool, dsn: bool) -> None:
        self._dialogue, self._pipelining, self._utf8, self._dsn = dialogue, pipelining, utf8, dsn
        self._in_message = False
        self._announced: Parcel | None = None

    @classmethod
    async def open(cls, smarthost: Smarthost) -> Self:
        """Connect, secure and log in. ServerRefuses or TryAgain with a sentence if that fails."""
        where = f"The mail server {smarthost}"
        client = aiosmtplib.SMTP(
            hostname=smarthost.host,
            port=smarthost.port,
            use_tls=smarthost.security == "tls",
            start_tls=smarthost.security == "starttls",
            username=smarthost.username,
            password=smarthost.password,
            oauth_token_generator=partial(access_token, smarthost.token_command) if smarthost.token_command else None,
            cert_bundle=str(smarthost.ca_file) if smarthost.ca_file else None,
            local_hostname=_own_name(),
            timeout=CONNECT_SECONDS,
        )
        try:
            await client.connect()
            if client.is_ehlo_or_helo_needed:
                await client.ehlo()
        except (ssl.SSLError, SMTPException, OSError) as error:
            client.close()  # a refused EHLO leaves it open
            raise _cannot_connect(error, where, "_TOKEN_COMMAND" if smarthost.token_command else "_PASSWORD") from None
        except BaseException:
            client.close()
            raise
        if client.transport is None:
            raise TryAgain(f"{where} closed the connection; check DIGEST_SMTP_PORT and DIGEST_SMTP_SECURITY.")
        return cls(
            Dialogue(cast(asyncio.Transport, client.transport)),
            pipelining=client.supports_extension("pipelining"),
            utf8=client.supports_extension("smtputf8"),
            dsn=client.supports_extension("dsn"),
        )

    async def offer(self, parcel: Parcel) -> Rejected | Lost | None:
        """MAIL, RCPT, DATA and the message, up to the final dot; None when only the dot is missing.

        After a Rejected the connection is ready for the next message, or closed.
        """
        announced, self._announced = self._announced, None
        if announced not in (None, parcel):
            raise AssertionError("another message was announced")
        if announced is None and not self._takes(parcel):
            whose, stage = ("this sender's", Stage.MAIL) if parcel.recipient.isascii() else ("any", Stage.RCPT)
            return Rejected(Reply(553, f"5.6.7 the mail server does not take {whose} addresses beyond ASCII"), stage)
        commands = self._commands(parcel) if announced is None else ()
        said = self._dialogue
        try:
            if self._pipelining and announced is None:
                said.ask(b"".join(commands))
            for at, (stage, wanted) in enumerate(_ANSWERS):
                if not self._pipelining:
                    said.ask(commands[at])
                reply = await said.reply(COMMAND_SECONDS)
                if reply.code not in wanted:
                    return await self._refused(reply, stage, len(_ANSWERS) - 1 - at if self._pipelining else 0)
            self._in_message = True
            said.write(parcel.wire)
            await said.drained(COMMAND_SECONDS)
        except Broken as error:
            self.abort()
            return Lost(str(error))
        except BaseException:
            self.abort()  # a cancelled dialogue would pair the next command with this one's reply
            raise
        return None

    def _takes(self, parcel: Parcel) -> bool:
        return self._utf8 or not parcel.utf8

    def _commands(self, parcel: Parcel) -> tuple[bytes, bytes, bytes]:
        mail = envelope.mail(parcel.sender, parcel.envelope_id, dsn=self._dsn, utf8=parcel.utf8)
        return mail, envelope.rcpt(parcel.recipient, dsn=self._dsn), b"DATA\r\n"

    async def _refused(self, reply: Reply, stage: Stage, unread: int) -> Rejected | Lost:
        """What a refusal means; afterwards the connection is ready for the next message, or closed.

        The answers to what was pipelined behind it say nothing of the message. But one may be 354 (RFC 2920 §3.1): the server
        waits for a message that has nobody to go to, and only hanging up ends that without sending one. And 503 behind a MAIL
        that was taken says that the dialogue is out of step, which is no recipient's fault.
        """
        out_of_step = reply.code == 503 and stage is not Stage.MAIL
        if not 400 <= reply.code < 600 or reply.code == 421 or out_of_step:
            self.abort()
            return Lost(str(reply))
        try:
            rest = {(await self._dialogue.reply(COMMAND_SECONDS)).code for _ in range(unread)}
            ready = rest.isdisjoint((354, 421)) and await self._reset()
        except Broken:
            ready = False
        if not ready:
            self.abort()
        return Rejected(reply, stage)

    async def _reset(self) -> bool:
        """Forget the message: or the next MAIL would be refused as nested."""
        self._dialogue.ask(b"RSET\r\n")
        return (await self._dialogue.reply(COMMAND_SECONDS)).code == 250

    async def dot(self, following: Parcel | None = None) -> Accepted | Rejected | Lost | Unknown:
        """Write the final dot, announce what follows, and say what came of the dot."""
        said = self._dialogue
        if following is not None and self._pipelining and self._takes(following):
            self._announced = following
        try:
            said.ask(b".\r\n" + b"".join(self._commands(self._announced) if self._announced else ()))
        except Broken:
            self.abort()
            return Lost("the connection was lost before the message was complete")
        try:
            reply = await said.reply(DOT_SECONDS)
            ahead = self._announced is not None and reply.code != 421  # behind which there is no answer
            out_of_step = ahead and await said.early(354, 3, COMMAND_SECONDS)
        except Broken as error:
            self.abort()
            return Unknown(str(error))
        except BaseException:
            self.abort()
            raise
        self._in_message = False
        if out_of_step:  # one answer is missing, and it may be the dot's
            self.abort()
            return Unknown(f"the server answered out of step: {reply}")
        if 200 <= reply.code < 300:
            return Accepted(reply)
        if reply.code == 421 or reply.code < 400:
            self.abort()
        return Rejected(reply, Stage.DOT) if reply.code >= 400 else Unknown(str(reply))

    @property
    def alive(self) -> bool:
        return self._dialogue.alive

    def abort(self) -> None:
        """Drop the connection at once: an unfinished message is then no message."""
        self._dialogue.abort()

    async def close(self) -> None:
        """Say goodbye, or just go when a message is unfinished: QUIT would be a line of it."""
        if self._in_message or self._announced or not self.alive:
            self.abort()
            return
        try:
            self._dialogue.ask(b"QUIT\r\n")
            await self._dialogue.reply(GOODBYE_SECONDS)
            self._dialogue.close()
        except Broken:
            self.abort()
        except BaseException:
            self.abort()
            raise


def _own_name() -> str:
    """What EHLO says: this machine's name where it is one that servers take, else an address literal (RFC 5321 §4.1.4)."""
    name = socket.gethostname()
    return name if "." in name.strip(".") else "[127.0.0.1]"


def _cannot_connect(error: Exception, where: str, secret: str) -> Refused:
    """The sentence for whatever kept a connection from opening; ServerRefuses only for a 5xx that the server gave.

    `secret`: the end of the setting that the login's secret comes from.
    """
    cause = error.__cause__ or error
    if isinstance(cause, ssl.SSLCertVerificationError):
        hint = " If it is your own authority's, name its file in DIGEST_SMTP_CA_FILE."
        return Refused(
            f"{where} has a certificate that cannot be trusted ({cause.verify_message.rstrip('.')}); nothing was sent."
            f"{hint if cause.verify_code in _NO_KNOWN_ISSUER else ''}"
        )
    if isinstance(cause, ssl.SSLError):
        return Refused(f"{where} does not speak TLS as asked; check DIGEST_SMTP_PORT and DIGEST_SMTP_SECURITY.")
    if isinstance(error, SMTPResponseException) and error.code > 0:
        kind = ServerRefuses if error.code >= 500 else ServerBusy
        reply = str(Reply(error.code, error.message)).rstrip(".")
        if isinstance(error, SMTPAuthenticationError):
            return kind(f"{where} refuses the login ({reply}); check DIGEST_SMTP_USERNAME and {secret}.")
        return kind(f"{where} does not let us in ({reply}).")
    if isinstance(error, SMTPTimeoutError | TimeoutError):
        return TryAgain(f"{where} did not answer in {CONNECT_SECONDS:g} seconds; check DIGEST_SMTP_HOST and _PORT.")
    if isinstance(cause, socket.gaierror):
        return TryAgain(f"{where} cannot be found: its name does not resolve; check DIGEST_SMTP_HOST.")
    if isinstance(cause, SMTPServerDisconnected):
        return TryAgain(f"{where} closed the connection; check DIGEST_SMTP_PORT and DIGEST_SMTP_SECURITY.")
    if isinstance(cause, OSError):
        return TryAgain(f"{where} cannot be reached ({_why(cause)}); check DIGEST_SMTP_HOST and _PORT.")
    if "XOAUTH2" in str(error):
        return Refused(f"{where} does not offer XOAUTH2 here; check DIGEST_SMTP_PORT, _SECURITY and _TOKEN_COMMAND.")
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
