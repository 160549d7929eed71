"""The database, and the secrets that belong to it."""

from pydantic import BaseModel, SecretStr


class Storage(BaseModel):
    database_url: str = "sqlite:///var/digest.db"
    secret: SecretStr | None = None
    secrets_retired: SecretStr | None = None
    pepper: SecretStr | None = None
