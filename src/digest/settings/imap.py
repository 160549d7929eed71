"""The mailbox on a server that is looked into for what comes back."""

from typing import Literal, Self

from pydantic import BaseModel, Field, SecretStr, field_validator, model_validator

from digest.settings.forms import LOOPBACK, Authorities, Command, Host


class Imap(BaseModel):
    imap_host: Host | None = None
    imap_port: int = Field(default=993, ge=1, le=65535)
    imap_security: Literal["none", "starttls", "tls"] = "tls"
    imap_username: str | None = None
    imap_password: SecretStr | None = None
    imap_token_command: Command | None = None
    imap_folder: str = "INBOX"
    imap_ca_file: Authorities | None = None

    @field_validator("imap_username", "imap_folder")
    @classmethod
    def _printable(cls, value: str | None) -> str | None:
        if value is not None and not value.isprintable():
            raise ValueError("it must be one line of text")
        return value

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if not self.imap_host:
            return self
        if not self.imap_username or bool(self.imap_password) == bool(self.imap_token_command):
            raise ValueError(
                "DIGEST_IMAP_HOST: it needs DIGEST_IMAP_USERNAME, and DIGEST_IMAP_PASSWORD or DIGEST_IMAP_TOKEN_COMMAND"
            )
        if self.imap_security == "none" and self.imap_host not in LOOPBACK:
            raise ValueError("DIGEST_IMAP_SECURITY: “none” is for a server on this machine; write starttls or tls")
        return self
