"""What a backup is: a ZIP file of the database, the secrets that belong to it and the pictures, with a manifest of them all."""

import json
import re
from dataclasses import asdict, dataclass
from datetime import datetime

from digest.core import picture

FORMAT = 1
MANIFEST, DATABASE, MEDIA = "manifest.json", "digest.db", "media/"
SECRETS = ("pepper", "secret")


@dataclass(frozen=True, slots=True)
class Member:
    """A file in a backup. `size` in bytes; `sha256` in hex."""

    name: str
    size: int
    sha256: str

    def __post_init__(self) -> None:
        known = self.name in (DATABASE, *SECRETS) or picture.size(self.name.removeprefix(MEDIA))
        if not (known and self.size >= 0 and re.fullmatch("[0-9a-f]{64}", self.sha256)):
            raise ValueError(f"“{self.name}” does not belong into a backup")


@dataclass(frozen=True, slots=True)
class Manifest:
    """`made_at`: the instant (UTC) of which the database is; `program`: the version of digest that made it."""

    made_at: datetime
    program: str
    members: tuple[Member, ...]

    def __post_init__(self) -> None:
        names = [each.name for each in self.members]
        if self.made_at.tzinfo is None or DATABASE not in names or len(set(names)) < len(names):
            raise ValueError("it names no time, no database, or a file twice")

    def dumps(self) -> str:
        members = [asdict(each) for each in self.members]
        document = {"digest_backup": FORMAT, "made_at": self.made_at.isoformat(), "program": self.program}
        return json.dumps(document | {"members": members}, indent=1) + "\n"

    @classmethod
    def loads(cls, text: str | bytes) -> "Manifest":
        """ValueError, with what is wrong, for what is no manifest of a backup that this program can read."""
        try:
            document = json.loads(text)
            found = document["digest_backup"]
        except (ValueError, KeyError, TypeError):
            raise ValueError("it has no manifest of one") from None
        if found != FORMAT:
            raise ValueError(f"it has the form {found}, and this program knows form {FORMAT}; use the one that made it")
        try:
            made_at = datetime.fromisoformat(document["made_at"])
            members = tuple(Member(each["name"], int(each["size"]), each["sha256"]) for each in document["members"])
            return cls(made_at, str(document["program"]), members)
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"its manifest is damaged ({error})") from None
