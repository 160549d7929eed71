"""How mail comes back in."""

from pathlib import Path

from pydantic import BaseModel, field_validator

from digest.core import address
from digest.mailbox import maildir
from digest.settings.forms import LOOPBACK, host_and_port


class Inbound(BaseModel):
    bounce_domain: str | None = None
    maildir: Path | None = None
    lmtp_bind: str | None = None
    quarantine: Path | None = None

    @field_validator("bounce_domain")
    @classmethod
    def _domain(cls, value: str | None) -> str | None:
        return address.parse(f"bounce@{value}").domain if value else None

    @field_validator("maildir")
    @classmethod
    def _maildir(cls, value: Path | None) -> Path | None:
        if value is not None and not maildir.is_one(value):
            raise ValueError(f"{value} is no Maildir; name a folder with the folders new and cur in it")
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

    @property
    def lmtp(self) -> Path | tuple[str, int] | None:
        """Where LMTP listens: a socket in the file system, or a host and a port."""
        if not self.lmtp_bind or self.lmtp_bind.startswith("/"):
            return Path(self.lmtp_bind) if self.lmtp_bind else None
        return host_and_port(self.lmtp_bind)
