"""How mail leaves: over which server or into which folder, and how fast."""

import re
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, Field, SecretStr, field_validator, model_validator

from digest.core.pacing import Limit, Limits
from digest.settings.forms import LOOPBACK, Authorities, Command, Host

_A_DAY = re.compile(r"([1-9]\d{0,8})\s*/\s*day")


class Mail(BaseModel):
    outbox: Path | None = None
    smtp_host: Host = "127.0.0.1"
    smtp_port: int = Field(default=25, ge=1, le=65535)
    smtp_username: str | None = None
    smtp_password: SecretStr | None = None
    smtp_token_command: Command | None = None
    smtp_security: Literal["none", "starttls", "tls"] | None = None
    smtp_connections: int = Field(default=4, ge=1, le=100)
    smtp_processes: int = Field(default=1, ge=1, le=16)
    smtp_ca_file: Authorities | None = None
    rate: int | None = Field(default=None, ge=1, le=1_000_000)
    domain_rate: int | None = Field(default=None, ge=1, le=1_000_000)
    warm_up: str | None = None

    @field_validator("warm_up")
    @classmethod
    def _a_day(cls, value: str | None) -> str | None:
        if value is not None and not _A_DAY.fullmatch(value.strip().lower()):
            raise ValueError(f"“{value}” is no start of a warm-up; write the messages of the first day like 50/day")
        return value

    @model_validator(mode="after")
    def _login(self) -> Self:
        if self.smtp_username and not (self.smtp_password or self.smtp_token_command):
            raise ValueError("DIGEST_SMTP_PASSWORD: DIGEST_SMTP_USERNAME needs it, or DIGEST_SMTP_TOKEN_COMMAND")
        if self.smtp_token_command and (self.smtp_password or not self.smtp_username):
            raise ValueError(
                "DIGEST_SMTP_TOKEN_COMMAND: it needs DIGEST_SMTP_USERNAME, and takes the place of DIGEST_SMTP_PASSWORD"
            )
        if self.security == "none" and self.smtp_host not in LOOPBACK:
            raise ValueError("DIGEST_SMTP_SECURITY: “none” is for a server on this machine; write starttls or tls")
        return self

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
