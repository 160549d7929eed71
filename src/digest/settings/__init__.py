"""Settings: from the environment and `.env`, each checked and named. `.env.example` documents them all.

A file a subject, in the order of `.env.example`. A new setting goes into the subject that it belongs to; a new subject is a
file of its own and one more base of `Settings`. All names are in one space, since the environment's are.
"""

import difflib
from io import StringIO
from pathlib import Path
from typing import Any

from dotenv.parser import parse_stream
from pydantic import ValidationError
from pydantic_settings import BaseSettings, DotEnvSettingsSource, EnvSettingsSource, SettingsConfigDict

from digest.core.errors import Misconfigured, because
from digest.settings.contents import Contents
from digest.settings.dkim import Dkim
from digest.settings.forms import SHORTEST_SECRET
from digest.settings.hooks import Hooks
from digest.settings.imap import Imap
from digest.settings.inbound import Inbound
from digest.settings.mail import Mail
from digest.settings.publication import Publication
from digest.settings.storage import Storage
from digest.settings.timing import Timing
from digest.settings.web import Web

FILE = Path(".env")
OTHERS = ("DIGEST_TEST_", "DIGEST_REQUIRE_")
"""Names that are no settings and yet nobody's mistake: they are for the tests."""


class Settings(Publication, Timing, Contents, Mail, Dkim, Inbound, Imap, Hooks, Web, Storage, BaseSettings):
    """Every setting is `DIGEST_` and the field's name in capitals."""

    model_config = SettingsConfigDict(
        env_prefix="DIGEST_", env_file=FILE, env_file_encoding="utf-8", env_ignore_empty=True, extra="ignore"
    )


def load() -> Settings:
    """The settings of this process. Misconfigured, naming each bad one, if any is."""
    _require_file()
    try:
        return Settings()
    except ValidationError as error:
        raise Misconfigured("\n".join(_sentence(each) for each in error.errors())) from None


def _require_file() -> None:
    """Misconfigured if `.env` is there and cannot be read whole: what a line of it says would be left out without a word."""
    try:
        text = FILE.read_text("utf-8")
    except FileNotFoundError:
        return
    except UnicodeDecodeError:
        raise Misconfigured(f"The file {FILE} is not UTF-8; save it as UTF-8.") from None
    except OSError as error:
        raise Misconfigured(f"The file {FILE} cannot be read: {because(error)}.") from None
    if bad := next((each.original.line for each in parse_stream(StringIO(text)) if each.error), None):
        raise Misconfigured(f"{FILE}, line {bad}: write NAME=value, with the quote closed if the value is in quotes.")


def remarks(settings: Settings) -> list[str]:
    """What is likely a mistake and harms nothing by itself: names that are no settings, secrets that are easy to guess.

    They are not refused: a newer program's settings, or what a cluster puts in the environment, may look the same.
    """
    weak = [
        f"DIGEST_{name.upper()} has fewer than {SHORTEST_SECRET} characters; write 32 random ones."
        for name in ("secret", "pepper")
        if (secret := getattr(settings, name)) is not None and len(secret.get_secret_value()) < SHORTEST_SECRET
    ]
    return [*_unknown(), *weak]


def _unknown() -> list[str]:
    """A sentence for every name in the environment or in .env that looks like a setting and is none."""
    known = [name.upper().rstrip("_") for name in Settings.model_fields]
    given = {*EnvSettingsSource(Settings).env_vars, *DotEnvSettingsSource(Settings).env_vars}
    said = []
    for name in sorted(each.upper() for each in given):
        if name.startswith("DIGEST_") and name.removeprefix("DIGEST_") not in known and not name.startswith(OTHERS):
            near = difflib.get_close_matches(name.removeprefix("DIGEST_"), known, 1)
            said.append(
                f"{name} is not a setting; " + (f"did you mean DIGEST_{near[0]}?" if near else "see .env.example.")
            )
    return said


def _sentence(error: Any) -> str:
    """What is wrong with one setting; `error` as the validation describes it."""
    field, given = str((*error["loc"], "")[0]), error["input"]
    if error["type"].startswith(("int_", "greater_", "less_")):
        known = Settings.model_fields[field]
        low, high = (getattr(bound, "ge", None) or bound.le for bound in known.metadata)
        said = f"“{given}” is not a whole number from {low} to {high}; write one like {known.default or 60}"
    elif error["type"] == "literal_error":
        said = f"“{given}” is not one of its values; write {error['ctx']['expected'].replace(chr(39), '')}"
    else:
        said = error["msg"].removeprefix("Value error, ")
    if not field:
        return said
    name = field.upper()
    return f"{name if name.startswith('DIGEST_') else 'DIGEST_' + name}: {said}"
