"""Settings: from the environment and `.env`, each checked and named. `.env.example` documents them all."""

import difflib
import re
import shlex
from datetime import timedelta
from email.utils import getaddresses, parseaddr
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, DotEnvSettingsSource, EnvSettingsSource, SettingsConfigDict

from digest.core import address
from digest.core.errors import Misconfigured
from digest.core.pacing import Limit, Limits
from digest.core.slot import Schedule
from digest.core.when import zone

OTHERS = ("DIGEST_TEST_", "DIGEST_REQUIRE_")
"""Names that are no settings and yet nobody's mistake: they are for the tests."""
SHORTEST_SECRET = 16
"""Characters."""
LOOPBACK = ("127.0.0.1", "localhost", "::1")
_SPAN = re.compile(r"(\d{1,5})\s*(m|h|d|w)")
_A_DAY = re.compile(r"([1-9]\d{0,8})\s*/\s*day")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def listed(text: str) -> list[str]:
    """The parts of a setting that may hold several, separated by commas."""
    return [each.strip() for each in text.split(",") if each.strip()]


def span(text: str) -> timedelta:
    """`90m`, `24h`, `2d`, `1w`."""
    match = _SPAN.fullmatch(text.strip().lower())
    if not match:
        raise ValueError(f"“{text}” is not a length of time; write one like 90m, 24h or 2d")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


class Settings(BaseSettings):
    """Every setting is `DIGEST_` and the field's name in capitals."""

    model_config = SettingsConfigDict(
        env_prefix="DIGEST_", env_file=".env", env_file_encoding="utf-8", env_ignore_empty=True, extra="ignore"
    )

    database_url: str = "sqlite:///var/digest.db"
    secret: SecretStr | None = None
    secrets_retired: SecretStr | None = None
    pepper: SecretStr | None = None
    publication: str = "Digest"
    from_: str | None = Field(default=None, alias="DIGEST_FROM")
    reply_to: str | None = None
    staff: str = ""
    postal_address: str | None = None
    accent: str | None = None
    public_url: str | None = None
    bounce_domain: str | None = None
    outbox: Path | None = None
    smtp_host: str = "127.0.0.1"
    smtp_port: int = Field(default=25, ge=1, le=65535)
    smtp_username: str | None = None
    smtp_password: SecretStr | None = None
    smtp_token_command: SecretStr | None = None
    smtp_security: Literal["none", "starttls", "tls"] | None = None
    smtp_connections: int = Field(default=4, ge=1, le=100)
    smtp_processes: int = Field(default=1, ge=1, le=16)
    smtp_ca_file: Path | None = None
    rate: int | None = Field(default=None, ge=1, le=1_000_000)
    domain_rate: int | None = Field(default=None, ge=1, le=1_000_000)
    warm_up: str | None = None
    dkim_selector: str | None = None
    dkim_domain: str | None = None
    dkim_key_file: str | None = None
    dkim_key: SecretStr | None = None
    timezone: str = "UTC"
    schedule: str = "sun 09:00"
    lead: str = "24h"
    approval: Literal["automatic", "required"] = "automatic"
    late_limit: str = "6h"
    item_weeks: int = Field(default=4, ge=1, le=520)
    max_items: int = Field(default=12, ge=1, le=100)
    feeds: Path | None = None
    templates: Path | None = None
    media: Path | None = None
    web_bind: str | None = None
    quarantine: Path | None = None
    maildir: Path | None = None
    lmtp_bind: str | None = None

    @field_validator("publication")
    @classmethod
    def _one_line(cls, value: str) -> str:
        if not value.strip() or not value.isprintable():
            raise ValueError("it must be one line of text")
        return value.strip()

    @field_validator("accent")
    @classmethod
    def _colour(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch("#[0-9a-fA-F]{6}", value):
            raise ValueError(f"“{value}” is not a colour; write one like #0f5e66")
        return value

    @field_validator("from_", "reply_to")
    @classmethod
    def _mailbox(cls, value: str | None) -> str | None:
        if value is not None:
            if not value.isprintable():
                raise ValueError("it has a line break in it")
            if len(getaddresses([value])) != 1:
                raise ValueError("write one address; a name with a comma in it goes between double quotes")
            address.parse(parseaddr(value)[1] or value)
        return value

    @field_validator("staff")
    @classmethod
    def _addresses(cls, value: str) -> str:
        return ", ".join(address.parse(each).email for each in listed(value))

    @field_validator("timezone")
    @classmethod
    def _zone(cls, value: str) -> str:
        zone(value)
        return value

    @field_validator("schedule")
    @classmethod
    def _weekly(cls, value: str) -> str:
        Schedule.parse(value, "UTC")
        return value

    @field_validator("lead", "late_limit")
    @classmethod
    def _span(cls, value: str) -> str:
        span(value)
        return value

    @field_validator("late_limit")
    @classmethod
    def _longer_than_a_tick(cls, value: str) -> str:
        if span(value) < timedelta(minutes=1):
            raise ValueError("every edition would come too late; write at least 1m")
        return value

    @field_validator("warm_up")
    @classmethod
    def _a_day(cls, value: str | None) -> str | None:
        if value is not None and not _A_DAY.fullmatch(value.strip().lower()):
            raise ValueError(f"“{value}” is no start of a warm-up; write the messages of the first day like 50/day")
        return value

    @field_validator("dkim_selector")
    @classmethod
    def _selectors(cls, value: str | None) -> str | None:
        if value is not None and not all(
            re.fullmatch(r"[A-Za-z0-9](?:[\w.-]{0,61}[A-Za-z0-9])?", each) for each in listed(value)
        ):
            raise ValueError(f"“{value}” is not a selector; write letters and digits like news2026")
        return value

    @field_validator("bounce_domain")
    @classmethod
    def _domain(cls, value: str | None) -> str | None:
        return address.parse(f"bounce@{value}").domain if value else None

    @field_validator("dkim_domain")
    @classmethod
    def _domains(cls, value: str | None) -> str | None:
        return ", ".join(address.parse(f"bounce@{each}").domain for each in listed(value or "")) or None

    @field_validator("public_url")
    @classmethod
    def _web_address(cls, value: str | None) -> str | None:
        if value is None:
            return None
        try:
            parts = urlsplit(value)
            odd = " " in value or not value.isprintable() or parts.query or parts.fragment or parts.port == 0
        except ValueError:
            odd = True
        if odd or parts.scheme not in ("https", "http") or not parts.hostname:
            raise ValueError(f"“{value}” is not a web address; write one like https://news.example.org")
        if parts.scheme == "http" and parts.hostname not in LOOPBACK:
            raise ValueError("it must begin with https:// (plain http is for this machine alone)")
        return value.rstrip("/")

    @field_validator("templates")
    @classmethod
    def _folder(cls, value: Path | None) -> Path | None:
        if value is not None and not value.is_dir():
            raise ValueError(f"there is no folder {value}")
        return value

    @field_validator("smtp_ca_file", "feeds")
    @classmethod
    def _file(cls, value: Path | None) -> Path | None:
        if value is not None and not value.is_file():
            raise ValueError(f"there is no file {value}")
        return value

    @field_validator("lmtp_bind")
    @classmethod
    def _on_this_machine(cls, value: str | None) -> str | None:
        host, _, port = (value or "").rpartition(":")
        here = host.strip("[]") in LOOPBACK and port.isdecimal() and 1 <= int(port) <= 65535
        if value is not None and not value.startswith("/") and not here:
            raise ValueError(
                "LMTP has no login; write a port of this machine like 127.0.0.1:2424, or a path of a socket"
            )
        return value

    @field_validator("maildir")
    @classmethod
    def _maildir(cls, value: Path | None) -> Path | None:
        if value is not None and not all((value / name).is_dir() for name in ("new", "cur")):
            raise ValueError(f"{value} is no Maildir; name a folder with the folders new and cur in it")
        return value

    @field_validator("smtp_token_command")
    @classmethod
    def _command(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            try:
                words = shlex.split(value.get_secret_value())
            except ValueError:
                words = []
            if not words:
                raise ValueError("it is no command; a quotation mark that opens has to close")
        return value

    @field_validator("web_bind")
    @classmethod
    def _bind(cls, value: str | None) -> str | None:
        match = re.fullmatch(r"\[?[\w.:-]+\]?:([0-9]{1,5})", value or "")
        if value is not None and not (match and 1 <= int(match[1]) <= 65535):
            raise ValueError("write a host and a port like 127.0.0.1:8000")
        return value

    @model_validator(mode="after")
    def _together(self) -> Self:
        self._check_dkim()
        if self.smtp_username and not (self.smtp_password or self.smtp_token_command):
            raise ValueError("DIGEST_SMTP_PASSWORD: DIGEST_SMTP_USERNAME needs it, or DIGEST_SMTP_TOKEN_COMMAND")
        if self.smtp_token_command and (self.smtp_password or not self.smtp_username):
            raise ValueError(
                "DIGEST_SMTP_TOKEN_COMMAND: it needs DIGEST_SMTP_USERNAME, and takes the place of DIGEST_SMTP_PASSWORD"
            )
        if self.security == "none" and self.smtp_host not in LOOPBACK:
            raise ValueError("DIGEST_SMTP_SECURITY: “none” is for a server on this machine; write starttls or tls")
        return self

    def _check_dkim(self) -> None:
        selectors, domains = listed(self.dkim_selector or ""), listed(self.dkim_domain or "")
        inline = listed(self.dkim_key.get_secret_value()) if self.dkim_key else []
        if inline and self.dkim_files:
            raise ValueError("DIGEST_DKIM_KEY: it takes the place of DIGEST_DKIM_KEY_FILE; set one of the two")
        if len(selectors) != len(inline or self.dkim_files):
            name = "KEY" if inline else "KEY_FILE"
            raise ValueError(
                f"DIGEST_DKIM_{name}: each selector in DIGEST_DKIM_SELECTOR needs its key, in the same order"
            )
        if len(domains) > 1 and len(domains) != len(selectors):
            raise ValueError(
                "DIGEST_DKIM_DOMAIN: write one domain for all selectors, or one for each in the same order"
            )
        if len(set(self.dkim_names(""))) < len(selectors):
            raise ValueError("DIGEST_DKIM_SELECTOR: a selector is there twice, and can be published once in a domain")

    @property
    def dkim_files(self) -> list[str]:
        return listed(self.dkim_key_file or "")

    def dkim_names(self, sender: str) -> list[tuple[str, str]]:
        """(selector, domain) of each key; the domain is the one of the `sender` where none is set."""
        selectors, domains = listed(self.dkim_selector or ""), listed(self.dkim_domain or "") or [sender]
        return list(zip(selectors, domains if len(domains) > 1 else domains * len(selectors), strict=True))

    @property
    def security(self) -> Literal["none", "starttls", "tls"]:
        """Unset: nothing on loopback, TLS on port 465, STARTTLS elsewhere."""
        if self.smtp_security:
            return self.smtp_security
        if self.smtp_host in LOOPBACK:
            return "none"
        return "tls" if self.smtp_port == 465 else "starttls"

    @property
    def limits(self) -> Limits:
        """How fast mail may leave: all of it, and to each recipient domain."""
        start = _A_DAY.fullmatch((self.warm_up or "").strip().lower())
        return Limits(Limit(self.rate, int(start[1]) if start else None), Limit(self.domain_rate))

    @cached_property
    def weekly(self) -> Schedule:
        return Schedule.parse(self.schedule, self.timezone)

    @property
    def from_mailbox(self) -> tuple[str, str]:
        """Display name and bare address. Misconfigured if there is none."""
        if not self.from_:
            raise Misconfigured("DIGEST_FROM is not set; write the address that the digest is sent from in .env.")
        name, bare = parseaddr(self.from_)
        parsed = address.parse(bare or self.from_)
        return name or self.publication, parsed.email

    @property
    def bind(self) -> tuple[str, int]:
        """Where the public pages listen: `web_bind`, else the host and port of a loopback `public_url`, else port 8000."""
        if self.web_bind:
            host, _, port = self.web_bind.rpartition(":")
            return host.strip("[]"), int(port)
        if self.public_url and (parts := urlsplit(self.public_url)).scheme == "http":
            return parts.hostname or "127.0.0.1", parts.port or 80
        return "127.0.0.1", 8000

    @property
    def lmtp(self) -> Path | tuple[str, int] | None:
        """Where LMTP listens: a socket in the file system, or a host and a port."""
        if not self.lmtp_bind or self.lmtp_bind.startswith("/"):
            return Path(self.lmtp_bind) if self.lmtp_bind else None
        host, _, port = self.lmtp_bind.rpartition(":")
        return host.strip("[]"), int(port)


def load() -> Settings:
    """The settings of this process. Misconfigured, naming each bad one, if any is."""
    try:
        return Settings()
    except ValidationError as error:
        raise Misconfigured("\n".join(_sentence(each) for each in error.errors())) from None
    except UnicodeDecodeError:
        raise Misconfigured("The file .env is not UTF-8; save it as UTF-8.") from None


def remarks(settings: Settings) -> list[str]:
    """What is likely a mistake and harms nothing by itself: names that are no settings, secrets that are easy to guess.

    They are not refused: a newer program's settings, or what a cluster puts in the environment, may look the same.
    """
    weak = [
        f"DIGEST_{name.upper()} has fewer than {SHORTEST_SECRET} characters; write 32 random ones."
        for name in ("secret", "pepper")
        if (secret := getattr(settings, name)) is not None and len(secret.get_secret_value()) < SHORTEST_SECRET
    ]
    return [*_unknown(), *weak]


def _unknown() -> list[str]:
    """A sentence for every name in the environment or in .env that looks like a setting and is none."""
    known = [name.upper().rstrip("_") for name in Settings.model_fields]
    given = {*EnvSettingsSource(Settings).env_vars, *DotEnvSettingsSource(Settings).env_vars}
    said = []
    for name in sorted(each.upper() for each in given):
        if name.startswith("DIGEST_") and name.removeprefix("DIGEST_") not in known and not name.startswith(OTHERS):
            near = difflib.get_close_matches(name.removeprefix("DIGEST_"), known, 1)
            said.append(
                f"{name} is not a setting; " + (f"did you mean DIGEST_{near[0]}?" if near else "see .env.example.")
            )
    return said


def _sentence(error: Any) -> str:
    """What is wrong with one setting; `error` as the validation describes it."""
    field, given = str((*error["loc"], "")[0]), error["input"]
    if error["type"].startswith(("int_", "greater_", "less_")):
        known = Settings.model_fields[field]
        low, high = (getattr(bound, "ge", None) or bound.le for bound in known.metadata)
        said = f"“{given}” is not a whole number from {low} to {high}; write one like {known.default or 60}"
    elif error["type"] == "literal_error":
        said = f"“{given}” is not one of its values; write {error['ctx']['expected'].replace(chr(39), '')}"
    else:
        said = error["msg"].removeprefix("Value error, ")
    if not field:
        return said
    name = field.upper()
    return f"{name if name.startswith('DIGEST_') else 'DIGEST_' + name}: {said}"
