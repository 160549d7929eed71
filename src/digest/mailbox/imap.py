"""A mailbox on an IMAP server (RFC 9051, 3501): what lies in its folder waits, and is moved to another when it is taken in.

The folder itself is the memory. A message's number (UID) is used only while the folder stays open, in which it means nothing
else (§2.3.1.1), so no UIDVALIDITY has to be kept. Messages are handed on as bytes: they are hostile until the reader has
read them, which is also why the standard library's client does, that parses none.
"""

import base64
import imaplib
import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from digest.core.dsn import MAX_BYTES
from digest.core.errors import Misconfigured, TryAgain, because

PROCESSED = "Processed"
SECONDS = 30
"""For each answer of the server."""
_PREFIX = re.compile(rb'\(\("((?:[^"\\]|\\.)*)"')
_ERRORS = (OSError, imaplib.IMAP4.error)


@dataclass(frozen=True, slots=True)
class Account:
    """`security`: tls, starttls or none. `password`: or, with `oauth`, an access token (XOAUTH2).

    `ca_file`: authorities that are trusted besides those of the system.
    """

    host: str
    port: int
    security: str
    username: str
    password: str = field(repr=False)
    folder: str
    ca_file: Path | None = None
    oauth: bool = False

    def __str__(self) -> str:
        return f"{self.host}, port {self.port}"


class Mailbox:
    """An account's folder while it is open."""

    def __init__(self, client: imaplib.IMAP4, account: Account) -> None:
        self._client, self._account = client, account
        self._offers = client.capability()[1][-1].upper().split()  # anew: after a login there are more

    def waiting(self) -> list[str]:
        """The UIDs of the messages, in the order in which they came."""
        [found] = self._asked("see what waits", "SEARCH", "UNDELETED")
        return (found or b"").decode().split()

    def read(self, uid: str) -> bytes | None:
        """A message, up to the byte with which it is too long; None if another process has moved it."""
        data = self._asked("fetch a message", "FETCH", uid, f"(BODY.PEEK[]<0.{MAX_BYTES + 1}>)")
        return next((bytes(each[1]) for each in data if isinstance(each, tuple)), None)

    def move(self, uid: str) -> None:
        """Into the folder “Processed”, which is made if it is missing.

        Without MOVE (RFC 6851) it is copied and deleted, and without UIDPLUS (RFC 4315) that deletion is only a mark: what else
        somebody has marked is not ours to remove.
        """
        if b"MOVE" in self._offers:
            self._asked(f"move a message to {PROCESSED}", "MOVE", uid, self._processed)
            return
        self._asked(f"copy a message to {PROCESSED}", "COPY", uid, self._processed)
        self._asked("delete a message", "STORE", uid, "+FLAGS.SILENT", r"(\Deleted)")
        if b"UIDPLUS" in self._offers:
            self._asked("delete a message", "EXPUNGE", uid)

    @cached_property
    def _processed(self) -> str:
        """Its name, after the prefix that this server wants of folders (RFC 2342). Now it is there."""
        prefix = None
        if b"NAMESPACE" in self._offers:
            prefix = _PREFIX.search(self._client.namespace()[1][0] or b"")
        name = _spelt((prefix[1].decode("ascii") if prefix else "") + PROCESSED)
        if self._client.create(name)[0] == "OK":
            self._client.subscribe(name)  # most mail programs show no other
        return name

    def _asked(self, what: str, *command: str) -> list[Any]:
        status, data = self._client.uid(*command)
        if status != "OK":
            raise _failed(self._account, f"refuses to {what} ({_words(data[0])})")
        return data


@contextmanager
def opened(account: Account) -> Iterator[Mailbox]:
    """The account's folder, open for the block. TryAgain, with a sentence for people, for all that keeps it from that.

    Misconfigured where the login or the folder's name is to blame.
    """
    try:
        client = _connected(account)
        try:
            _log_in(client, account)
            status, data = client.select(_spelt(account.folder))
            if status != "OK":
                raise Misconfigured(
                    f"DIGEST_IMAP_FOLDER: the mailbox at {account} has no folder “{account.folder}” ({_words(data[0])})."
                )
            yield Mailbox(client, account)
        finally:
            _end(client)
    except ssl.SSLCertVerificationError as error:
        raise _failed(account, f"has a certificate that is not to be trusted ({error.verify_message})") from None
    except _ERRORS as error:
        raise _failed(account, f"cannot be asked: {because(error)[:200]}") from None


def _connected(account: Account) -> imaplib.IMAP4:
    if account.security == "none":
        return imaplib.IMAP4(account.host, account.port, timeout=SECONDS)
    context = ssl.create_default_context()
    if account.ca_file:
        context.load_verify_locations(account.ca_file)
    if account.security == "tls":
        return imaplib.IMAP4_SSL(account.host, account.port, ssl_context=context, timeout=SECONDS)
    client = imaplib.IMAP4(account.host, account.port, timeout=SECONDS)
    try:
        client.starttls(context)
    except BaseException:
        with suppress(OSError):
            client.shutdown()
        raise
    return client


def _end(client: imaplib.IMAP4) -> None:
    try:
        client.logout()
    except _ERRORS:
        with suppress(OSError):
            client.shutdown()


def _log_in(client: imaplib.IMAP4, account: Account) -> None:
    """By an access token, or by SASL PLAIN (RFC 4616), which takes letters of any language, where the server has it."""
    bearer = f"user={account.username}\1auth=Bearer {account.password}\1\1".encode()
    try:
        if account.oauth:
            client.authenticate("XOAUTH2", lambda why_not: b"" if why_not else bearer)
        elif "AUTH=PLAIN" in client.capabilities:
            client.authenticate("PLAIN", lambda _: f"\0{account.username}\0{account.password}".encode())
        else:
            client.login(account.username, account.password)
    except imaplib.IMAP4.abort:
        raise
    except (imaplib.IMAP4.error, UnicodeEncodeError):
        raise Misconfigured(
            f"The mailbox at {account} does not take the login of DIGEST_IMAP_USERNAME; correct it or its password."
        ) from None


def _spelt(folder: str) -> str:
    """A folder's name as the protocol has it: quoted, in modified UTF-7 (RFC 3501 §5.1.3)."""

    def shifted(run: re.Match[str]) -> str:
        return "&" + base64.b64encode(run[0].encode("utf-16-be")).decode().rstrip("=").replace("/", ",") + "-"

    ascii_ = re.sub("[^ -~]+", shifted, folder.replace("&", "&-"))
    return '"' + re.sub(r'(["\\])', r"\\\1", ascii_) + '"'


def _words(said: bytes | None) -> str:
    return (said or b"no reason").decode("ascii", "replace")[:200]


def _failed(account: Account, why: str) -> TryAgain:
    return TryAgain(f"The mailbox at {account} (DIGEST_IMAP_HOST) {why.rstrip('.')}.")
