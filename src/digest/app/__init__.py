"""The composition root: the only place that reads the environment and picks implementations."""

import asyncio
import hashlib
import secrets
from collections.abc import Awaitable, Callable
from functools import cached_property, partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from digest.app.premises import Premises, bundled
from digest.core import dkim
from digest.core.address import parse
from digest.core.errors import Misconfigured, Refused, because
from digest.core.finding import Finding
from digest.core.headers import Sender
from digest.core.pacing import Limits
from digest.core.picture import LARGEST, Unusable
from digest.core.source import BadSources, Source, read_sources
from digest.engines.local import Crew
from digest.mailbox.spam import judge
from digest.pipeline import dispatch
from digest.pipeline.assemble import Plan
from digest.pipeline.compile import Press
from digest.pipeline.deliver import Route
from digest.pipeline.dispatch import Office
from digest.pipeline.links import Links
from digest.pipeline.pictures import Gallery
from digest.settings.forms import listed, span
from digest.transports import Connection, outbox, smtp
from digest.transports.access_token import access_token
from digest.transports.smtp import Smarthost

if TYPE_CHECKING:
    from digest.mailbox.imap import Account
    from digest.net.client import Client
    from digest.pipeline.hooks import Topic
    from digest.pipeline.inbound import Inbound
    from digest.rendering.compiler import Compiler

__all__ = ["Installation", "bundled", "random_key"]


class Installation(Premises):
    """One publication on one database. Each part is made when it is first asked for."""

    @cached_property
    def client(self) -> "Client":
        """What fetches from the web, and says who asks."""
        from digest.net.client import Client  # noqa: PLC0415  a fifth of a second, and most commands fetch nothing

        public_url = self.settings.public_url
        return Client(f"digest/{version('digest')}{f' (+{public_url})' if public_url else ''}")

    @cached_property
    def sources(self) -> tuple[Source, ...]:
        """The feeds that are followed. Misconfigured, with the line in the file, for a mistake."""
        path = self.settings.feeds
        try:
            return read_sources(path.read_text("utf-8")) if path else ()
        except BadSources as error:
            raise Misconfigured("\n".join(f"DIGEST_FEEDS: {path}, {line}" for line in str(error).split("\n"))) from None
        except UnicodeDecodeError:
            raise Misconfigured(f"DIGEST_FEEDS: {path} is not UTF-8; save it as UTF-8.") from None
        except OSError as error:
            raise Misconfigured(f"DIGEST_FEEDS: {path} cannot be read: {because(error)}.") from None

    @cached_property
    def compiler(self) -> "Compiler":
        from digest.rendering.compiler import Compiler  # noqa: PLC0415  half a second, and most commands render nothing

        return Compiler(bundled("templates", "email"), self.settings.templates)

    @property
    def press(self) -> Press:
        from digest.rendering.compiler import Publication  # noqa: PLC0415  as above

        s, theme = self.settings, self.compiler.templates.theme
        logo, banner = (self._hosted(picture) for picture in (theme.logo, theme.banner))
        accent, archive = s.accent or theme.accent, s.archive == "public"
        publication = Publication(
            s.publication, s.postal_address, s.public_url, accent, logo, banner, archive, s.language
        )
        return Press(self.compiler, publication, s.max_items)

    def _hosted(self, picture: Path | None) -> str | None:
        """The name under which a picture of the theme is hosted; None where none can be."""
        if picture is None or self.gallery is None or self.settings.public_url is None:
            return None
        try:
            return self.gallery.hang(picture.read_bytes())
        except Unusable as error:
            raise Refused(f"{picture} cannot be shown: {error}; correct it, or take it out of theme.toml.") from None

    @property
    def inbound(self) -> "Inbound":
        """Where mail that comes back is taken in, whichever way it came."""
        from digest.pipeline.inbound import Inbound  # noqa: PLC0415  a megabyte with what is below, which no sender needs

        return Inbound(self.database, self.keys, self._reader.read, self.quarantine, self.clock)

    def account(self) -> "Account | None":
        """The mailbox on a server that is looked into, if one is; a token for it is fetched anew."""
        from digest.mailbox.imap import Account  # noqa: PLC0415  as above

        s = self.settings
        if s.imap_host is None:
            return None
        command = s.imap_token_command.get_secret_value() if s.imap_token_command else None
        password = s.imap_password.get_secret_value() if s.imap_password else ""
        if command:
            password = asyncio.run(access_token(command, "DIGEST_IMAP_TOKEN_COMMAND"))
        return Account(
            s.imap_host, s.imap_port, s.imap_security, s.imap_username or "", password, s.imap_folder, s.imap_ca_file,
            oauth=command is not None,
        )  # fmt: skip

    @property
    def gallery(self) -> Gallery | None:
        return Gallery(self.media, self._fetch) if self.media else None

    def _fetch(self, url: str) -> bytes:
        return asyncio.run(self.client.fetch(url, largest=LARGEST)).good().content

    def _fetch_there(self, url: str) -> bytes:
        """What is at that host itself. Refused if it leads to another."""
        answer = asyncio.run(self.client.fetch(url)).good()
        if urlsplit(answer.url).netloc != urlsplit(url).netloc:
            raise Refused(f"{url} leads elsewhere, and is asked for itself alone.")
        return answer.content

    @cached_property
    def topic(self) -> "Topic | None":
        """Where SES reports."""
        from digest.pipeline.hooks import Topic  # noqa: PLC0415  as above

        return Topic(self.settings.ses_topic, self._fetch_there) if self.settings.ses_topic else None

    @cached_property
    def sender(self) -> Sender:
        s = self.settings
        name, address = s.from_mailbox
        reply_to = s.reply_to and parse(s.reply_to.rpartition("<")[2].rstrip(">")).email
        return Sender(
            s.publication,
            name,
            address,
            reply_to,
            s.bounce_domain,
            s.public_url,
            self.keyring,
            self._dkim_keys(address),
            archive=s.archive == "public",
            postmark=s.postmark_secret is not None,
        )

    def _dkim_keys(self, address: str) -> tuple[dkim.Key, ...]:
        """Those that are aligned with From come first: some receivers look at the first signature alone."""
        s, sender = self.settings, address.rpartition("@")[2]
        inline = listed(s.dkim_key.get_secret_value()) if s.dkim_key else []
        keys = []
        for at, (selector, domain) in enumerate(s.dkim_names(sender)):
            try:
                if inline:
                    keys.append(dkim.loads(inline[at], domain, selector))
                else:
                    keys.append(dkim.load(Path(s.dkim_files[at]).read_bytes(), domain, selector))
            except (OSError, ValueError) as error:
                where = f"KEY: the one of {selector}" if inline else f"KEY_FILE: {s.dkim_files[at]}"
                raise Misconfigured(f"DIGEST_DKIM_{where} cannot be used: {because(error)}.") from None
        return tuple(sorted(keys, key=lambda key: not dkim.aligned(key.domain, sender)))

    @property
    def smarthost(self) -> Smarthost:
        s = self.settings
        password = s.smtp_password.get_secret_value() if s.smtp_password else None
        command = s.smtp_token_command.get_secret_value() if s.smtp_token_command else None
        return Smarthost(s.smtp_host, s.smtp_port, s.security, s.smtp_username, password, s.smtp_ca_file, command)

    @property
    def route(self) -> Route:
        """How mail leaves: as files where there is an outbox, else over SMTP."""
        s = self.settings
        connect: Callable[[], Awaitable[Connection]] = partial(smtp.Connection.open, self.smarthost)
        if s.outbox:
            connect = partial(outbox.Connection.open, s.outbox)
        return Route(connect, s.smtp_connections, self.limits)

    @property
    def limits(self) -> Limits:
        return self.settings.limits

    @cached_property
    def office(self) -> Office:
        """What sending takes. Its database connection syncs every commit to the disk."""
        self.database  # noqa: B018  refused here rather than half-way
        crew = Crew(self.settings.smtp_processes) if self.settings.smtp_processes > 1 else None
        return Office(
            self._durable, lambda: self.press, self.sender, self.keys, self.route, self.clock, random_key, crew
        )

    @cached_property
    def links(self) -> Links:
        return Links(lambda url, method: self.client.fetch(url, method, largest=0), self.clock)

    def check(self, edition_id: int, *, offline: bool = False) -> list[Finding]:
        """What is to be said of an edition before it goes out; its links are tried, and a spam filter asked if there is one."""
        return dispatch.check(self.office, edition_id, None if offline else self.links.check, judge)

    @property
    def plan(self) -> Plan:
        s = self.settings
        return Plan(
            s.weekly,
            span(s.lead),
            span(s.late_limit),
            s.item_weeks,
            s.approval == "required",
        )


def random_key() -> str:
    """Twenty random letters and digits."""
    return "k" + hashlib.sha256(secrets.token_bytes(32)).hexdigest()[:19]
