"""Lists of people as other systems export them, each described: how its header is known, what its columns and words mean.

`translate` says a row of any of them in the columns of our own list. Where the names come from:

- Mailchimp: https://mailchimp.com/help/about-cleaned-contacts (“cleaned” is bounced); a file for each standing, told by its
  name and columns. The columns are those of exports of 2016 to 2026.
- listmonk: https://listmonk.app/docs/apis/subscribers/ and the header that its `ExportSubscribers` writes. It does not say
  who left a list (https://github.com/knadh/listmonk/issues/2855).
- Action Network: https://actionnetwork.org/docs/v2/people (the words of a subscription), and its reports (`can2_…`).
- Buttondown: https://docs.buttondown.com/api-subscribers-introduction and /api-subscribers-type; before 2024 `email` and
  `subscriber_type`, since then `email_address` and `type`.
- Ghost: https://ghost.org/help/import-members/ and the header that its members service writes.
"""

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatch

from digest.core.subscriber import SubscriberState

KEPT_OUT = {
    "unsubscribed": SubscriberState.UNSUBSCRIBED,
    **dict.fromkeys(("bounced", "complained", "blocked"), SubscriberState.SUPPRESSED),
}
"""What a system may say of somebody who gets no mail any more → the state here."""
STANDINGS = (SubscriberState.PENDING, *KEPT_OUT)
"""What a whole file can be said to hold, where it does not say it itself. Nobody becomes active by being told so."""
NEVER = "never"
"""People whom the system knows and who never agreed to get mail."""

_ZONE = re.compile(r"\s*(UTC|[+-]\d\d:?\d\d)(\s+\S+)?$")


@dataclass(frozen=True, slots=True)
class Format:
    """How a system writes a list. Columns in lower case; of several the first that is filled counts.

    `marks`: patterns, each of which some column of its header matches · `standing`: where each row says whether they are
    subscribed, in `words` → `active`, `paused` or one of STANDINGS · `left`: column → what they are who have it · `files`: how
    the name of a file begins → what everyone in it is, or NEVER · `caution`: what the export keeps silent.
    """

    name: str
    marks: tuple[str, ...]
    email: tuple[str, ...] = ("email",)
    names: tuple[str, ...] = ("first_name", "last_name")
    whole_name: tuple[str, ...] = ("name",)
    tags: tuple[str, ...] = ()
    agreed: tuple[str, ...] = ()
    standing: tuple[str, ...] = ()
    words: Mapping[str, str] = field(default_factory=dict)
    left: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    caution: str | None = None

    @property
    def columns(self) -> frozenset[str]:
        """Every column that is read."""
        read = (self.email, self.names, self.whole_name, self.tags, self.agreed, self.standing, self.left)
        return frozenset(column for group in read for column in group)

    def called(self, column: str) -> str:
        """The column of this format that a column of ours is read from."""
        named = {"email": self.email, "name": self.names, "consent_at": self.agreed, "state": self.standing}
        return next(iter(named.get(column, ())), column)

    def translate(self, row: Mapping[str, str], everyone: str | None) -> dict[str, str]:
        """The row in our columns, and `tags` separated by semicolons, `left_at`, and `reason` for who is to get no mail.

        `everyone`: what all in the file are, whatever the row says. ValueError with a sentence for a word that is not known.
        """
        standing = everyone or self._standing(row)
        reason = f"{standing} at {self.name}" if standing in KEPT_OUT else ""
        return {
            "email": _first(row, self.email),
            "name": " ".join(filter(None, (row.get(each, "").strip() for each in self.names)))
            or _first(row, self.whole_name),
            "tags": ";".join(split_tags(_first(row, self.tags))),
            "consent_at": iso(_first(row, self.agreed)),
            "consent_source": self.name,
            "state": KEPT_OUT.get(standing, standing),
            "left_at": iso(_first(row, [column for column, word in self.left.items() if word == standing])),
            "reason": reason,
        }

    def _standing(self, row: Mapping[str, str]) -> str:
        if self.standing:
            written = _first(row, self.standing)
            if written.lower() not in self.words:
                raise ValueError(f"“{written[:40]}” is not a standing that a {self.name} export is known to have")
            return self.words[written.lower()]
        there = [column for column in self.left if column in row]
        filled = [column for column in there if row[column].strip()]
        return self.left[(filled or there)[0]] if there else "active"


FORMATS = (
    Format(
        "Mailchimp", ("email address", "optin_time"), email=("email address",), names=("first name", "last name"),
        tags=("tags",), agreed=("confirm_time", "optin_time"), left={"unsub_time": "unsubscribed", "clean_time": "bounced"},
        files={"unsubscribed": "unsubscribed", "cleaned": "bounced", "nonsubscribed": NEVER},
    ),
    Format(
        "listmonk", ("uuid", "email", "attributes", "status"), agreed=("created_at",), standing=("status",),
        words={"enabled": "active", "disabled": "paused", "blocklisted": "blocked"},
        caution="A listmonk export does not say who left a list: export those under “unsubscribed” as well, and import "
        "that file with --as unsubscribed.",
    ),
    Format(
        "Action Network", ("email", "can2_*"), tags=("can2_user_tags",), agreed=("can2_subscription_date",),
        standing=("can2_subscription_status",),
        words={
            "subscribed": "active", "unsubscribed": "unsubscribed", "bouncing": "bounced", "previous bounce": "bounced",
            "spam complaint": "complained", "previous spam complaint": "complained",
        },
    ),
    Format(
        "Buttondown", ("email*", "*type", "creation_date"), email=("email_address", "email"), tags=("tags",),
        agreed=("subscription_date", "creation_date"), standing=("type", "subscriber_type"),
        left={"unsubscription_date": "unsubscribed", "undeliverability_date": "bounced"},
        words={
            **dict.fromkeys(("regular", "premium", "gifted", "trialed", "unpaid", "past_due", "paused"), "active"),
            **dict.fromkeys(("churning", "churned"), "active"),
            "unactivated": "pending", "unsubscribed": "unsubscribed", "undeliverable": "bounced", "complained": "complained",
            **dict.fromkeys(("blocked", "removed", "spammy", "disabled"), "blocked"),
        },
    ),
    Format(
        "Ghost", ("email", "subscribed_to_emails", "created_at"), tags=("labels",), agreed=("created_at",),
        standing=("subscribed_to_emails",), words={"true": "active", "false": "unsubscribed"},
    ),
)  # fmt: skip


def recognise(header: Sequence[str]) -> Format | None:
    """The format whose header line this is; None for one of ours. Columns in lower case."""
    return next((each for each in FORMATS if all(any(fnmatch(c, mark) for c in header) for mark in each.marks)), None)


def split_tags(written: str) -> list[str]:
    """`a, b` · `"a, b","c"` · `["a", "b"]`: the tags in one cell, in any of the ways in which systems write them."""
    cells = next(csv.reader([written.strip().strip("[]")], skipinitialspace=True), [])
    return [tag for cell in cells if (tag := cell.strip(" '\"").replace(";", ","))]


def _first(row: Mapping[str, str], columns: Sequence[str]) -> str:
    return next((value for column in columns if (value := row.get(column, "").strip())), "")


def iso(written: str) -> str:
    """`2024-02-06 12:43:10.5 +0000 UTC`, as Go and Ruby write an instant, as ISO 8601 has it."""
    return _ZONE.sub(lambda zone: "Z" if zone[1] == "UTC" else zone[1], written)
