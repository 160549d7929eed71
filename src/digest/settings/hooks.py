"""Providers that post what comes back to the public pages."""

from pydantic import BaseModel, SecretStr, field_validator

from digest.core.hooks import sns
from digest.settings.forms import SHORTEST_SECRET


class Hooks(BaseModel):
    postmark_secret: SecretStr | None = None
    ses_topic: str | None = None

    @field_validator("postmark_secret")
    @classmethod
    def _long(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value()) < SHORTEST_SECRET:
            raise ValueError("anybody can try it; write 32 random letters and digits")
        return value

    @field_validator("ses_topic")
    @classmethod
    def _topic(cls, value: str | None) -> str | None:
        if value is not None:
            sns.host(value)
        return value
