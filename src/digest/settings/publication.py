"""Who it is from, and what it looks like."""

from email.utils import getaddresses, parseaddr

from pydantic import BaseModel, Field, field_validator

from digest.core import address, colour
from digest.core.errors import Misconfigured
from digest.core.item import LANGUAGE
from digest.settings.forms import listed


class Publication(BaseModel):
    publication: str = "Digest"
    language: str = "en"
    from_: str | None = Field(default=None, alias="DIGEST_FROM")
    reply_to: str | None = None
    postal_address: str | None = None
    accent: str | None = None
    staff: str = ""

    @field_validator("publication")
    @classmethod
    def _one_line(cls, value: str) -> str:
        if not value.strip() or not value.isprintable():
            raise ValueError("it must be one line of text")
        return value.strip()

    @field_validator("language")
    @classmethod
    def _tag(cls, value: str) -> str:
        if not LANGUAGE.fullmatch(value):
            raise ValueError(f"“{value[:40]}” is not the tag of a language; write one such as en, es or pt-BR")
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

    @field_validator("accent")
    @classmethod
    def _colour(cls, value: str | None) -> str | None:
        if value is not None and not colour.HEX.fullmatch(value):
            raise ValueError(f"“{value}” is not a colour; write one like #0f5e66")
        return value

    @field_validator("staff")
    @classmethod
    def _addresses(cls, value: str) -> str:
        return ", ".join(address.parse(each).email for each in listed(value))

    @property
    def from_mailbox(self) -> tuple[str, str]:
        """Display name and bare address. Misconfigured if there is none."""
        if not self.from_:
            raise Misconfigured("DIGEST_FROM is not set; write the address that the digest is sent from in .env.")
        name, bare = parseaddr(self.from_)
        parsed = address.parse(bare or self.from_)
        return name or self.publication, parsed.email
