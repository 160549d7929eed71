"""Past mails as other systems export them, each described: how an entry is known, what its keys mean, what is no mail to all.

Where the names come from:

- Ghost: the JSON of `Settings → Export`, whose tables are those of its exporter (`table-lists.js`); a post that was mailed has
  a `newsletter_id` since 5.0, and before that an `email_recipient_filter` other than `none` (its migrations say so).
- listmonk: https://listmonk.app/docs/apis/campaigns/
- Buttondown: https://docs.buttondown.com/data-exports-email (columns; how files are named is not documented).
- Mailchimp: https://mailchimp.com/help/export-and-back-up-account-data/ names `campaigns_content` and “a CSV of all your
  campaigns”; its columns are taken to be those of the report on all campaigns, which people publish.
- Substack: `posts.csv` and `posts/ID.html`, as people publish theirs.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from typing import Any

from digest.core.past import Form, LeftOut, PastMail, instant, language
from digest.core.slug import slugify

Entry = Mapping[str, str]
"""Keys in lower case, with spaces for underscores; what is unknown is ""."""

FORMS: Mapping[str, Form] = {"html": "html", "htm": "html", "md": "markdown", "txt": "plain"}
"""How the name of a file ends → what is in it, the best first."""
_CONTENT_TYPES: Mapping[str, Form] = {"markdown": "markdown", "plain": "plain"}


@dataclass(frozen=True, slots=True)
class Rule:
    """An entry whose `key` is not as it has to be is left out, because `reason`. One without that key is not asked."""

    key: str
    good: Callable[[str], object]
    reason: str


@dataclass(frozen=True, slots=True)
class Export:
    """How a system writes its past mails. Of several keys the first that is filled counts.

    `marks`: patterns, each of which some key of an entry matches · `body`: where it is in the entry · `files`: else, the keys
    after whose values its file is named.
    """

    name: str
    marks: tuple[str, ...]
    uid: tuple[str, ...]
    subject: tuple[str, ...]
    sent: tuple[str, ...]
    body: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = ()

    def knows(self, keys: Iterable[str]) -> bool:
        return all(any(fnmatch(key, mark) for key in keys) for mark in self.marks)

    def check(self, entry: Entry) -> None:
        """LeftOut for what is no mail to everybody."""
        for rule in self.rules:
            if rule.key in entry and not rule.good(entry[rule.key]):
                raise LeftOut(rule.reason)

    def mail(self, entry: Entry, body: str | None = None, form: Form | None = None) -> PastMail:
        """The entry as a mail, its body from a file if one is given. ValueError with a sentence if it cannot be one."""
        sent = _first(entry, self.sent)
        if not sent:
            raise ValueError(f"it does not say when it was sent (“{self.sent[0]}”)")
        subject, content_type = _first(entry, self.subject), entry.get("content type", "")
        return PastMail(
            self.name.lower(),
            _first(entry, self.uid) or f"{sent} {subject}"[:200],
            subject,
            instant(sent),
            _first(entry, self.body) if body is None else body,
            form or _CONTENT_TYPES.get(content_type, "html"),
            language(entry.get("locale")),
        )

    def named(self, entry: Entry) -> str:
        """What people call it."""
        return _first(entry, self.subject) or _first(entry, self.uid)

    def files_of(self, entry: Entry, names: Sequence[str]) -> list[str]:
        """Those of `names` that may hold its body, all in the best form that there is."""
        called = {slugify(entry.get(key, "")) for key in self.files} - {""}
        stems = {name: slugify(name.rpartition("/")[2].rpartition(".")[0]) for name in names if form_of(name)}
        found = [name for name, stem in stems.items() if stem in called]
        found = found or [
            name
            for name, stem in stems.items()
            if any(stem.startswith(f"{each}-") or stem.endswith(f"-{each}") for each in called)
        ]
        best = next((suffix for suffix in FORMS if any(_suffix(name) == suffix for name in found)), "")
        return [name for name in found if _suffix(name) == best]


def form_of(name: str) -> Form | None:
    """What a file holds, by how its name ends; None for what is no text of a mail."""
    return FORMS.get(_suffix(name))


GHOST = Export(
    "Ghost", ("title", "html", "status", "published at"), uid=("id", "uuid"), subject=("email subject", "title"),
    sent=("published at",), body=("html",),
    rules=(
        Rule("type", {"post"}.__contains__, "it is a page"),
        Rule("status", {"published", "sent"}.__contains__, "it has not gone out"),
        Rule("visibility", {"public"}.__contains__, "it was for some readers only"),
        Rule("email recipient filter", lambda said: said != "none", "it was never mailed"),
        Rule("newsletter id", bool, "it was never mailed"),
    ),
)  # fmt: skip
LISTMONK = Export(
    "listmonk", ("uuid", "subject", "body", "content type", "status"), uid=("uuid", "id"), subject=("subject", "name"),
    sent=("started at", "send at"), body=("body",),
    rules=(
        Rule("type", {"regular"}.__contains__, "it is no newsletter"),
        Rule("status", {"finished"}.__contains__, "it has not gone out to everybody"),
    ),
)  # fmt: skip
CATALOGUES = (
    Export(
        "Buttondown", ("id", "subject", "publish date", "email type"), uid=("id",), subject=("subject",),
        sent=("publish date",), files=("slug", "id"),
        rules=(
            Rule("email type", {"public"}.__contains__, "it was for some readers only"),
            Rule("publish date", bool, "it has not gone out"),
        ),
    ),
    Export(
        "Substack", ("post id", "post date", "is published", "title"), uid=("post id",), subject=("title",),
        sent=("email sent at", "post date"), files=("post id",),
        rules=(
            Rule("is published", {"true"}.__contains__, "it has not gone out"),
            Rule("type", {"newsletter", "podcast"}.__contains__, "it is no newsletter"),
            Rule("audience", {"everyone"}.__contains__, "it was for some readers only"),
        ),
    ),
    Export(
        "Mailchimp", ("title", "subject*", "send*"), uid=("unique id", "campaign id"),
        subject=("subject", "subject line"), sent=("send date", "send time"), files=("unique id", "title", "subject"),
        rules=(
            Rule("status", {"sent"}.__contains__, "it has not gone out"),
            Rule("send date", bool, "it has not gone out"),
        ),
    ),
)  # fmt: skip
"""Exports that are a CSV file with a row for each mail, and the mails beside it."""


def catalogue(header: Sequence[str]) -> Export | None:
    """The system whose list of mails has this header line, in our keys."""
    return next((each for each in CATALOGUES if each.knows(header)), None)


def key(name: str) -> str:
    return name.strip().lower().replace("_", " ")


def entries(document: Any) -> tuple[Export, list[Entry]] | None:
    """What is in the JSON of Ghost or listmonk; None for any other."""
    data = _at(document, "db", 0, "data") or _at(document, "data")
    if isinstance(_at(data, "posts"), list):
        more = {_at(each, "post_id"): each for each in _rows(data, "posts_meta")}
        locale = next((_at(each, "value") for each in _rows(data, "settings") if _at(each, "key") == "locale"), None)
        found = [
            more.get(post.get("id"), {}) | post | {"locale": post.get("locale") or locale}
            for post in _rows(data, "posts")
        ]
        return GHOST, [_entry(each) for each in found]
    results = _rows(data, "results") or ([data] if isinstance(data, dict) else [])
    if results and all(LISTMONK.knows(_entry(each)) for each in results):
        return LISTMONK, [_entry(each) for each in results]
    return None


def _at(value: Any, *path: str | int) -> Any:
    for step in path:
        try:
            value = value[step]
        except (TypeError, KeyError, IndexError):
            return None
    return value


def _rows(value: Any, name: str) -> list[dict[str, Any]]:
    rows = _at(value, name)
    return [each for each in rows if isinstance(each, dict)] if isinstance(rows, list) else []


def _entry(row: Mapping[str, Any]) -> Entry:
    return {key(name): "" if value is None else str(value) for name, value in row.items()}


def _first(entry: Entry, keys: Sequence[str]) -> str:
    return next((value for each in keys if (value := entry.get(each, "").strip())), "")


def _suffix(name: str) -> str:
    return name.rpartition(".")[2].lower()
