"""A listener for LMTP (RFC 2033), by which a mail server hands over what comes back: an answer for each recipient."""

import asyncio
import contextlib
import logging
import os
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from socket import socket

from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import Envelope, Session

from digest.core.dsn import MAX_BYTES
from digest.core.errors import Refused

AGAIN = "451 4.3.0 Not now; try again"
LARGEST = 10_240_000
"""Bytes of a message, as many as Postfix lets in of itself: who leaves may attach what they like. What is too long is cut."""

Bind = Path | tuple[str, int]
"""A socket in the file system, or a host and a port."""


@dataclass(frozen=True, slots=True)
class Door:
    """`expects`: whether there can be such a recipient. `take`: one message for one recipient; Refused: to come again."""

    expects: Callable[[str], bool]
    take: Callable[[bytes, str], object]

    async def handle_EHLO(  # noqa: N802  aiosmtpd's name
        self, _server: LMTP, session: Session, _envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        return [*responses[:-1], "250-PIPELINING", responses[-1]]  # RFC 2033 §5

    async def handle_RCPT(  # noqa: N802  as above
        self, _server: LMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if not self.expects(address):
            return "550 5.1.1 There is no such address here"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, _server: LMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802  as above
        """A reply for each recipient, in their order (RFC 2033 §4.2)."""
        message = (envelope.original_content or b"")[: MAX_BYTES + 1]
        return "\r\n".join([await asyncio.to_thread(self._reply, message, each) for each in envelope.rcpt_tos])

    def _reply(self, message: bytes, recipient: str) -> str:
        try:
            self.take(message, recipient)
        except Refused:
            return AGAIN
        except Exception:  # our own trouble: no reason to refuse the message for good
            logging.getLogger(__name__).exception("a message was not taken in")
            return AGAIN
        return "250 2.0.0 Taken in"


class _Lmtp(LMTP):
    line_length_limit = MAX_BYTES
    """Some bounces have longer lines than mail may have."""


@contextlib.asynccontextmanager
async def listening(bind: Bind, door: Door) -> AsyncIterator[socket]:
    """Listen while the block runs, at the socket it is given. Refused, with what to do, where that cannot be."""
    loop = asyncio.get_running_loop()

    def session() -> LMTP:
        return _Lmtp(
            door, hostname="localhost", ident="digest", data_size_limit=LARGEST, enable_SMTPUTF8=True, loop=loop
        )

    try:
        if isinstance(bind, Path):
            server = await loop.create_unix_server(session, bind)
            bind.chmod(0o660)
        else:
            server = await loop.create_server(session, *bind)
    except OSError as error:
        where = str(bind) if isinstance(bind, Path) else f"{bind[0]}:{bind[1]}"
        why = os.strerror(error.errno or 0).lower()  # asyncio's own word names the address twice
        raise Refused(f"DIGEST_LMTP_BIND: nothing can listen at {where}: {why}; choose another place.") from None
    try:
        yield server.sockets[0]
    finally:
        server.close()  # and no waiting: mail servers keep connections open for minutes
