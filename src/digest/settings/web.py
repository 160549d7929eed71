"""The public pages: where readers reach them, and where they listen."""

import re
from ipaddress import ip_network
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, field_validator, model_validator

from digest.settings.forms import LOOPBACK, host_and_port, listed


class Web(BaseModel):
    public_url: str | None = None
    web_bind: str | None = None
    trusted_proxies: str = "127.0.0.0/8, ::1/128"
    archive: Literal["none", "public"] = "none"
    signup: Literal["open", "closed"] = "open"

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

    @field_validator("web_bind")
    @classmethod
    def _bind(cls, value: str | None) -> str | None:
        match = re.fullmatch(r"\[?[\w.:-]+\]?:([0-9]{1,5})", value or "")
        if value is not None and not (match and 1 <= int(match[1]) <= 65535):
            raise ValueError("write a host and a port like 127.0.0.1:8000")
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, value: str) -> str:
        try:
            return ", ".join(str(ip_network(each)) for each in listed(value))
        except ValueError:
            raise ValueError(f"“{value}” is no list of networks; write one like 10.0.0.0/8, 2001:db8::1") from None

    @model_validator(mode="after")
    def _archive_has_an_address(self) -> Self:
        if self.archive == "public" and not self.public_url:
            raise ValueError("DIGEST_ARCHIVE: a public one needs DIGEST_PUBLIC_URL, where readers reach it")
        return self

    @property
    def bind(self) -> tuple[str, int]:
        """Where the public pages listen: `web_bind`, else the host and port of a loopback `public_url`, else port 8000."""
        if self.web_bind:
            return host_and_port(self.web_bind)
        if self.public_url and (parts := urlsplit(self.public_url)).scheme == "http":
            return parts.hostname or "127.0.0.1", parts.port or 80
        return "127.0.0.1", 8000
