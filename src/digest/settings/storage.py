"""The database, and the secrets that belong to it."""

from datetime import timedelta

from pydantic import BaseModel, SecretStr, field_validator

from digest.settings.forms import span


class Storage(BaseModel):
    database_url: str = "sqlite:///var/digest.db"
    secret: SecretStr | None = None
    secrets_retired: SecretStr | None = None
    pepper: SecretStr | None = None
    retention: str | None = None

    @field_validator("retention")
    @classmethod
    def _span(cls, value: str | None) -> str | None:
        if value is not None and span(value) < timedelta(days=30):
            raise ValueError("for 30 days people may take back that they left; write at least 30d")
        return value

    @property
    def kept_after_leaving(self) -> timedelta | None:
        return span(self.retention) if self.retention else None
