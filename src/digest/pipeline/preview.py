"""The preview: the next edition as it would be now, or a stored one, as any reader would get it. Nothing is written."""

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from threading import Lock

from sqlmodel import Session

from digest.core.edition import WAITING, EditionItem, EditionState, EditionText
from digest.core.finding import Finding
from digest.core.headers import Sender
from digest.core.preflight import examine
from digest.core.selection import explain, select
from digest.core.subscriber import SubscriberState
from digest.pipeline import consent
from digest.pipeline.assemble import LeftOut, Plan, choose, find, upcoming
from digest.pipeline.compile import Clerk, Press, pool, text_of
from digest.pipeline.compose import Copy, Mailroom, mailroom
from digest.pipeline.history import history
from digest.pipeline.outdated import words
from digest.pipeline.preflight import gather
from digest.pipeline.report import in_words
from digest.pipeline.specimen import anybody, delivery_to, draft_room, eml
from digest.store import editions, search, subscribers
from digest.store.database import Database
from digest.store.subscribers import Subscriber
from digest.store.tables import EditionRow
from digest.store.topics import topic_names

NEXT = "next"
"""The reference of the edition that is not stored: the next one, as it would be assembled now."""

OFFERED = 12
"""Subscribers that a search offers at once."""
FEW = 10_000
"""Subscribers up to which the preflight is looked up while somebody waits for the page."""


@dataclass(frozen=True, slots=True)
class Choice:
    """An edition that can be shown."""

    reference: str
    period: str
    state: str
    slot: datetime
    timezone: str


@dataclass(frozen=True, slots=True)
class Proof:
    """An edition laid out for looking at. `drift`: what assembling it anew would change, as (what, title)."""

    row: EditionRow
    live: bool
    items: tuple[EditionItem, ...]
    left_out: tuple[LeftOut, ...]
    own: Mapping[str, EditionText]
    topics: Mapping[str, Mapping[str, str]]
    drift: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Placed:
    """An item of the edition, and in words why a reader gets it or not."""

    item: EditionItem
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """What one reader gets. `header` decoded, `source` as it goes over the wire, `html_bytes` before encoding."""

    date: datetime
    subject: str
    preheader: str
    html: str
    text: str
    header: tuple[tuple[str, str], ...]
    source: str
    html_bytes: int
    included: tuple[Placed, ...]
    excluded: tuple[Placed, ...]


class Desk:
    """Where staff look at editions.

    `make_press` is called anew when a template has changed; `key` makes the random letters that cuts are marked with. A reader
    is a subscriber's address, or a language for somebody in it who has chosen no topics.
    """

    def __init__(
        self,
        database: Database,
        make_press: Callable[[], Press],
        sender: Sender,
        plan: Plan,
        clock: Callable[[], datetime],
        key: Callable[[], str],
    ) -> None:
        self._db, self._make_press, self.sender = database, make_press, sender
        self._plan, self._clock, self._key = plan, clock, key
        self._press, self._changed = make_press(), 0.0
        self._room: tuple[str, Mailroom] | None = None
        self._found: tuple[str, list[Finding]] | None = None
        self._lock = Lock()

    def press(self) -> Press:
        """The press with the templates as they are now."""
        changed = self._press.compiler.newest_change()
        if changed != self._changed:
            self._press, self._changed = self._make_press(), changed
        return self._press

    def choices(self) -> tuple[Choice, ...]:
        """What can be shown, first what most needs a look: what waits to go out, the next one as it would be now, the past."""
        with self._db.read() as session:
            stored = sorted(editions.listing(session), key=lambda row: row.slot, reverse=True)
            coming = _upcoming(session, self._plan, self._clock())
        waiting = [row for row in stored if row.state in WAITING]
        past = [row for row in stored if row.state not in WAITING]
        return (
            *(_choice(row, row.period) for row in waiting),
            Choice(NEXT, coming.period, NEXT, coming.slot, coming.timezone),
            *(_choice(row, row.period) for row in past),
        )

    def lay_out(self, reference: str) -> Proof:
        """The edition of a choice, or of anything that names one. Refused if there is none."""
        with self._db.read() as session:
            topics = topic_names(session)
            if reference == NEXT:
                row = _upcoming(session, self._plan, self._clock())
                chosen, left = self._choose(session, row)
                return Proof(row, True, chosen, left, _own(session, row), topics)
            row = find(session, reference)
            frozen = editions.items(session, row.identity)
            left = tuple(LeftOut(each["id"], each["title"], each["reason"]) for each in row.left_out)
            drift = _drift(frozen, self._choose(session, row)[0]) if row.state == EditionState.DRAFT else ()
            return Proof(row, False, frozen, left, _own(session, row), topics, drift)

    def reader(self, reader: str) -> Subscriber:
        """Refused if there is no such subscriber."""
        if "@" not in reader:
            return anybody(self.sender, reader)
        return consent.find(self._db, reader)

    def people(self, piece: str) -> list[Subscriber]:
        """The first few whose address or name has that piece in it."""
        with self._db.read() as session:
            return search.subscribers(session, piece.strip(), OFFERED)

    def version(self, proof: Proof, person: Subscriber) -> str:
        """A hash of all that a page is made of: it is another one as soon as the page would be."""
        return _hash(self.press().compiler.newest_change(), proof, person)

    def sheet(self, proof: Proof, person: Subscriber) -> Sheet:
        """What `person` gets of a proof that has items. Refused for a bad template, or if all is over by then."""
        press = self.press()
        room = self._compiled(press, proof)
        moment = max(self._clock(), proof.row.slot) if proof.live or proof.row.state in WAITING else proof.row.slot
        clerk = Clerk(press.compiler, proof.topics)
        candidates = pool(press, proof.row, proof.items, moment)
        with self._db.read() as session:
            had = history(session, proof.row, candidates.open).of(session, person.id)
            claimed = delivery_to(session, proof.row, person, room, lambda: select(candidates, person, had), clerk)
        got = Copy.from_json(claimed.selection).items
        language = room.language(person.language)
        text = text_of(press, proof.row, proof.items, proof.own.get(language), language)
        wire, html = eml(room, claimed, moment), room.part("html", claimed, moment)
        by_id = {each.id: each.in_language(language) for each in proof.items}
        included: list[Placed] = []
        excluded: list[Placed] = []
        for each in explain(candidates, person, had):
            reasons = in_words(each, person, clerk, press, included=each.id in got)
            (included if each.id in got else excluded).append(Placed(by_id[each.id], reasons))
        return Sheet(
            moment,
            text.subject,
            text.preheader or room.preheader(claimed, moment),
            html,
            room.part("text", claimed, moment),
            (("Envelope sender", self.sender.envelope_sender(claimed.id)), *_decoded(wire)),
            wire.decode(),
            len(html.encode()),
            tuple(included),
            tuple(excluded),
        )

    def findings(self, proof: Proof) -> list[Finding]:
        """What the preflight says of a proof that has items and waits to go out, but for its links; none for a long list.

        Looked up at most once a minute, since every subscriber's selection counts.
        """
        if not proof.live and proof.row.state not in WAITING:
            return []
        press, now = self.press(), self._clock()
        with self._db.read() as session:
            people = subscribers.count(session, SubscriberState.ACTIVE)
            version = _hash(self._changed, proof, people, f"{now:%H:%M}")
            if people > FEW:
                return []
            if self._found is None or self._found[0] != version:
                room, moment = self._compiled(press, proof), max(now, proof.row.slot)
                facts, _ = gather(session, press, room, proof.row, proof.items, proof.own, moment)
                self._found = version, examine(facts)
            return self._found[1]

    def _choose(self, session: Session, row: EditionRow) -> tuple[tuple[EditionItem, ...], tuple[LeftOut, ...]]:
        return choose(session, row, now=self._clock(), weeks=self._plan.weeks)

    def _compiled(self, press: Press, proof: Proof) -> Mailroom:
        """The room of a proof, compiled once for all readers and kept until it, or a template, changes."""
        with self._lock:
            version = _hash(self._changed, proof)
            if self._room is None or self._room[0] != version:
                self._room = version, self._compile(press, proof)
            return self._room[1]

    def _compile(self, press: Press, proof: Proof) -> Mailroom:
        if proof.row.compiled_at and not proof.live:
            with self._db.read() as session:
                return mailroom(session, proof.row.identity, self.sender)
        return draft_room(press, self.sender, proof.row, proof.items, dict(proof.own), proof.topics, self._key())


def in_scheme(html: str, scheme: str) -> str:
    """HTML that looks as it does on a device in that scheme (`light`, `dark`), whatever this one prefers.

    Links open outside the frame.
    """
    html = re.sub(
        r"\(\s*prefers-color-scheme\s*:\s*(light|dark)\s*\)",
        lambda asked: "(min-width: 0)" if asked[1] == scheme else "(max-width: 0)",
        html,
    )
    html = re.sub(r"(color-scheme(?:\" content=\"|\s*:\s*))light dark", rf"\g<1>{scheme}", html)
    return html.replace("<head>", '<head><base target="_blank">', 1)


def _upcoming(session: Session, plan: Plan, now: datetime) -> EditionRow:
    """The edition that is assembled next, kept nowhere unless it is a draft already."""
    slot, draft = upcoming(session, plan, now)
    return draft or EditionRow(
        period=plan.schedule.period(slot), slot=slot, timezone=plan.schedule.timezone,
        number=editions.next_number(session), state=NEXT, left_out=[],
    )  # fmt: skip


def _choice(row: EditionRow, reference: str) -> Choice:
    return Choice(reference, row.period, row.state, row.slot, row.timezone)


def _own(session: Session, row: EditionRow) -> dict[str, EditionText]:
    return editions.texts(session, row.id) if row.id else {}


def _drift(frozen: tuple[EditionItem, ...], now: tuple[EditionItem, ...]) -> tuple[tuple[str, str], ...]:
    before, after = ({each.id: each for each in each_items} for each_items in (frozen, now))
    return (
        *(("new", each.item.title) for each in now if each.id not in before),
        *(("changed", each.item.title) for each in now if each.id in before and words(before[each.id]) != words(each)),
        *(("gone", each.item.title) for each in frozen if each.id not in after),
    )


def _decoded(wire: bytes) -> list[tuple[str, str]]:
    head = wire.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
    return [(name, str(value)) for name, value in message_from_bytes(head, policy=policy.default).items()]


def _hash(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode("utf-8", "surrogateescape")).hexdigest()[:20]
