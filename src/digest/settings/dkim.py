"""What mail is signed with."""

import re
from typing import Self

from pydantic import BaseModel, SecretStr, field_validator, model_validator

from digest.core import address
from digest.settings.forms import listed

_SELECTOR = re.compile(r"[A-Za-z0-9](?:[\w.-]{0,61}[A-Za-z0-9])?", re.ASCII)


def selector(text: str) -> str:
    """A name for a key; ValueError with a sentence if it is none."""
    if not _SELECTOR.fullmatch(text):
        raise ValueError(f"“{text}” is not a selector; write letters and digits like news2026")
    return text


class Dkim(BaseModel):
    dkim_selector: str | None = None
    dkim_domain: str | None = None
    dkim_key_file: str | None = None
    dkim_key: SecretStr | None = None

    @field_validator("dkim_selector")
    @classmethod
    def _selectors(cls, value: str | None) -> str | None:
        for each in listed(value or ""):
            selector(each)
        return value

    @field_validator("dkim_domain")
    @classmethod
    def _domains(cls, value: str | None) -> str | None:
        return ", ".join(address.parse(f"bounce@{each}").domain for each in listed(value or "")) or None

    @model_validator(mode="after")
    def _a_key_for_each(self) -> Self:
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
        return self

    @property
    def dkim_files(self) -> list[str]:
        return listed(self.dkim_key_file or "")

    def dkim_names(self, sender: str) -> list[tuple[str, str]]:
        """(selector, domain) of each key; the domain is the one of the `sender` where none is set."""
        selectors, domains = listed(self.dkim_selector or ""), listed(self.dkim_domain or "") or [sender]
        return list(zip(selectors, domains if len(domains) > 1 else domains * len(selectors), strict=True))
