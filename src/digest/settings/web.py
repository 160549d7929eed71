"""The public pages: where readers reach them, and where they listen."""

import re
from urllib.parse import urlsplit

from pydantic import BaseModel, field_validator

from digest.settings.forms import LOOPBACK, host_and_port


class Web(BaseModel):
    public_url: str | None = None
    web_bind: str | None = None

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

    @property
    def bind(self) -> tuple[str, int]:
        """Where the public pages listen: `web_bind`, else the host and port of a loopback `public_url`, else port 8000."""
        if self.web_bind:
            return host_and_port(self.web_bind)
        if self.public_url and (parts := urlsplit(self.public_url)).scheme == "http":
            return parts.hostname or "127.0.0.1", parts.port or 80
        return "127.0.0.1", 8000
