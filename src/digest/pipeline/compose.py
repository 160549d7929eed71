"""One person's message: which items are still open, their slots filled, the header written. No templates here."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import unescape
from itertools import islice

from sqlmodel import Session

from digest.core.dkim import Unsigned, prepare
from digest.core.edition import EditionItem
from digest.core.headers import Message, Sender, header, serialise
from digest.core.item import closes_at
from digest.core.message import Block, Composer, Part, join, teasers
from digest.store import editions
from digest.store.deliveries import Claimed
from digest.store.tables import EditionRow

LISTED = 3
"""From how many items on a digest begins with a list of them."""
TEASED = 3
"""How many items a preheader names at most: mail lists have no room for more."""

_json = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Copy:
    """One person's digest: the items chosen for them, the greeting, and the sentence that says why they get it.

    `last`: those of `items` that close before the next edition. `more`: what is for them too and had no place, in edition
    order. A row says neither where there is none.
    """

    items: tuple[int, ...]
    greeting: str
    why: str
    last: tuple[int, ...] = ()
    more: tuple[int, ...] = ()

    def to_json(self) -> str:
        values = {"items": self.items, "greeting": self.greeting, "why": self.why}
        if self.last:
            values["last"] = self.last
        if self.more:
            values["more"] = self.more
        return _json.encode(values)

    @classmethod
    def from_json(cls, text: str) -> "Copy":
        values = json.loads(text)
        last, more = values.get("last", ()), values.get("more", ())
        return cls(tuple(values["items"]), values["greeting"], values["why"], tuple(last), tuple(more))


def served(wanted: str, languages: Collection[str]) -> str:
    """The one of `languages` for a reader of `wanted`: itself, its base, English, or the first. Capitals make no difference."""
    known = {each.lower(): each for each in languages}
    tags = (wanted.lower(), _base(wanted), "en")
    return next((known[tag] for tag in tags if tag in known), next(iter(languages)))


def speaks(languages: Collection[str], tag: str) -> bool:
    """Whether a reader of `tag` is served in their language."""
    return _base(served(tag, languages)) == _base(tag)


def _base(tag: str) -> str:
    return tag.partition("-")[0].lower()


@dataclass(frozen=True, slots=True)
class Draft:
    """A message but for its signatures: `before` stays above them and is not signed, `fields` and `body` are."""

    before: list[tuple[str, str]]
    signatures: list[Unsigned]
    fields: list[tuple[str, str]]
    body: bytes

    def wire(self) -> bytes:
        """The signed message as it goes over the wire."""
        return serialise([*self.before, *[each.sign() for each in self.signatures], *self.fields]) + self.body


class Mailroom:
    """Everything that the messages of one edition share, encoded once.

    `subjects` and `blocks` by language; who reads another language gets English, or the first one of `blocks`.
    """

    def __init__(
        self,
        sender: Sender,
        period: str,
        subjects: Mapping[str, str],
        blocks: Mapping[str, Sequence[Block]],
        items: Sequence[EditionItem],
        boundary: str,
    ) -> None:
        self.sender, self.period = sender, period
        self.blocks = blocks
        self._subjects = subjects
        self._composers = {language: Composer(each, boundary) for language, each in blocks.items()}
        self._teasers = {language: teasers(each) for language, each in blocks.items()}
        self._closes = {each.id: closes_at(each.item) for each in items}
        self._boundary = boundary

    @property
    def signs_slowly(self) -> bool:
        """Whether a signature takes longer than all the rest of a message."""
        return any(key.algorithm == "rsa-sha256" for key in self.sender.dkim)

    def language(self, wanted: str) -> str:
        """The compiled language that serves a reader of `wanted`."""
        return served(wanted, self.blocks)

    def open_items(self, copy: Copy, now: datetime) -> frozenset[int]:
        """What of a copy has not closed by now: an item that did is dropped, never replaced."""
        return frozenset(each for each in copy.items if (closes := self._closes[each]) is None or closes > now)

    def compose(self, claimed: Claimed, now: datetime) -> bytes | None:
        """The message as it goes over the wire, or None when nothing in it is open any more."""
        draft = self.draft(claimed, now)
        return draft.wire() if draft else None

    def draft(self, claimed: Claimed, now: datetime) -> Draft | None:
        """The same, still to be signed."""
        copy = Copy.from_json(claimed.selection)
        chosen = self.open_items(copy, now)
        if not chosen:
            return None
        language = self.language(claimed.language)
        message = Message(
            to=claimed.address,
            subject=self._subjects[language],
            date=now,
            message_id=claimed.message_id,
            subscriber_id=claimed.subscriber_id,
            campaign=self.period.lower(),
            language=language,
            boundary=self._boundary,
        )
        slots = self.slots(claimed, copy)
        asked = extras(copy, chosen, slots, self._teasers[language])
        body = self._composers[language].body(chosen, slots, asked)
        fields = header(self.sender, message)
        unsigned = self.sender.metadata(self.sender.envelope(claimed.id)[1])
        return Draft(unsigned, prepare(fields, body, self.sender.dkim, now), fields, body)

    def part(self, part: Part, claimed: Claimed, now: datetime) -> str:
        """One part of the message as text: for previews and `edition render`."""
        copy = Copy.from_json(claimed.selection)
        language = self.language(claimed.language)
        chosen, slots = self.open_items(copy, now), self.slots(claimed, copy)
        asked = extras(copy, chosen, slots, self._teasers[language])
        return join(self.blocks[language], part, chosen, slots, asked)

    def preheader(self, claimed: Claimed, now: datetime) -> str:
        """What a mail list shows after the subject where staff wrote nothing for it: what this reader gets."""
        language = self.language(claimed.language)
        named = _preheader(self._teasers[language], self.open_items(Copy.from_json(claimed.selection), now))
        words = "".join(block.pieces[0] for block in self.blocks[language] if block.key in named)
        return " ".join(unescape(words).split())

    def slots(self, claimed: Claimed, copy: Copy) -> dict[str, str]:
        return {
            "greeting": copy.greeting,
            "why": copy.why,
            "unsubscribe": self.sender.unsubscribe_url(claimed.subscriber_id),
            "address": claimed.address,
            "more": str(len(copy.more)),
            "view": self.sender.view_url(claimed.id) or "",
            "preferences": self.sender.preferences_url(claimed.subscriber_id) or "",
        }


def extras(
    copy: Copy, chosen: Collection[int], slots: Mapping[str, str], teasers: Sequence[int] = ()
) -> frozenset[str]:
    """What this copy asks for: a list of what is in it, marks of a last chance, what leads to the web where there is a page.

    And a preheader of those of `teasers` that are in it.
    """
    contents = ("contents",) if len(chosen) >= LISTED else ()
    web = (("view", "more") if copy.more else ("view",)) if slots["view"] else ()
    last = (f"last:{each}" for each in copy.last if each in chosen)
    return frozenset((*_preheader(teasers, chosen), *contents, *last, *web))


def _preheader(teasers: Sequence[int], chosen: Collection[int]) -> list[str]:
    return [f"preheader:{each}" for each in islice(filter(chosen.__contains__, teasers), TEASED)]


def boundary(row: EditionRow) -> str:
    """Between the parts of an edition's messages: the same in all of them, so that a repeated one is the same bytes."""
    return f"=_digest_{row.period}_{row.number}"


def mailroom(session: Session, edition_id: int, sender: Sender) -> Mailroom:
    """The mailroom of a compiled edition."""
    row = editions.get(session, edition_id)
    texts = editions.texts(session, edition_id)
    return Mailroom(
        sender,
        row.period,
        {language: text.subject for language, text in texts.items()},
        editions.blocks(session, edition_id),
        editions.items(session, edition_id),
        boundary(row),
    )
