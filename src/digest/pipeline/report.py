"""What staff ask: what is in an edition, who got what and why, how it stands."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from digest.core.delivery import Balance, State
from digest.core.edition import EditionItem, EditionState, EditionText
from digest.core.selection import Decision, Reason, explain
from digest.pipeline import consent
from digest.pipeline.assemble import find
from digest.pipeline.compile import Clerk, Press, pool, text_of
from digest.pipeline.compose import Copy, served
from digest.pipeline.history import history
from digest.store import deliveries, editions, events, pacing
from digest.store.database import Database
from digest.store.subscribers import Subscriber
from digest.store.tables import EditionRow
from digest.store.topics import topic_names


@dataclass(frozen=True, slots=True)
class Shown:
    """An edition as staff see it."""

    row: EditionRow
    text: EditionText
    items: tuple[EditionItem, ...]
    balance: Balance
    came_back: dict[str, int]
    held_back: list[tuple[str, datetime, str]]


def show(db: Database, press: Press, reference: str, now: datetime) -> Shown:
    """`held_back`: (domain, until, why) of the domains that its mail waits for or that much of it came back from."""
    with db.read() as session:
        row = find(session, reference)
        edition_id = row.identity
        frozen = editions.items(session, edition_id)
        language = served(press.publication.language, press.compiler.languages())
        text = text_of(press, row, frozen, editions.texts(session, edition_id).get(language), language)
        balance, came_back = deliveries.balance(session, edition_id), events.counts(session, edition_id)
        held_back = pacing.held_back(session.connection(), edition_id, now)
        return Shown(row, text, frozen, balance, came_back, held_back)


def find_row(db: Database, reference: str) -> EditionRow:
    """The edition meant by a period, a number or `latest`."""
    with db.read() as session:
        return find(session, reference)


def states(db: Database, periods: Collection[str]) -> dict[str, EditionState]:
    """Period → how its edition stands, of those that have one."""
    with db.read() as session:
        return editions.states(session, periods)


def listing(db: Database) -> list[tuple[EditionRow, Balance]]:
    with db.read() as session:
        return [(row, deliveries.balance(session, row.identity)) for row in editions.listing(session)]


@dataclass(frozen=True, slots=True)
class Explained:
    """One item's fate for one person, in words."""

    id: int
    title: str
    included: bool
    reasons: tuple[str, ...]


def why(db: Database, press: Press, reference: str, email: str, now: datetime) -> list[Explained]:
    """Why each item of an edition is or is not in somebody's digest.

    Of a fanned-out edition the selection that was frozen for them decides; before that, what they would get now.
    """
    with db.read() as session:
        row, person = find(session, reference), consent.person(session, email)
        edition_id = row.identity
        frozen = editions.items(session, edition_id)
        clerk = Clerk(press.compiler, topic_names(session))
        candidates = pool(press, row, frozen, row.fanned_out_at or max(now, row.slot))
        decisions = explain(candidates, person, history(session, row, candidates.open).of(session, person.id))
        sent = deliveries.to(session, edition_id, person.id)
    got = set(Copy.from_json(sent.selection).items) if sent else None
    titles = {each.id: each.item.title for each in frozen}
    explained = []
    for each in decisions:
        included = each.included if got is None else each.id in got
        reasons = in_words(each, person, clerk, press, included=included)
        explained.append(Explained(each.id, titles[each.id], included, reasons))
    return explained


def in_words(decision: Decision, person: Subscriber, clerk: Clerk, press: Press, *, included: bool) -> tuple[str, ...]:
    """Why an item is in somebody's digest or not. `included`: whether it is, as was decided when the edition was sent."""
    if included != decision.included:
        return (f"it was {'in' if included else 'left out'} when the edition was sent; today it would not be so",)

    def followed(slug: str) -> str:
        weight = person.interests[slug]
        return clerk.topic(slug, press.publication.language) + (f" (weight {weight})" if weight > 1 else "")

    words = {
        Reason.MUST_SEE: "everyone gets it (must see)",
        Reason.INTEREST: f"they follow {' and '.join(followed(slug) for slug in decision.topics)}",
        Reason.NO_INTERESTS: "they have not chosen topics, so they get the week's most important items",
        Reason.FILL: "little in this edition matches their topics, so they get its most important items too",
        Reason.SOON: "it closes before the next edition, so it is marked as the last chance",
        Reason.AGAIN: "they had it before, and get it once more because it closes before the next edition",
        Reason.OVER: "it is over when the edition goes out",
        Reason.HAD: "they had it before",
        Reason.OTHER_KINDS: f"they want only {' and '.join(each.replace('_', ' ') for each in sorted(person.kinds))} items",
        Reason.OTHER_TOPICS: "they follow none of its topics",
        Reason.LIMIT: f"{press.limit} items matter more to them, and that is the limit",
    }
    return tuple(words[each] for each in decision.reasons)


@dataclass(frozen=True, slots=True)
class Delivery:
    """A row of the ledger. `email`: None of who was erased; `reply`: what the server said last, or why nothing was sent."""

    email: str | None
    state: str
    message_id: str | None
    attempts: int
    reply: str | None


def ledger(db: Database, reference: str, state: State | None = None) -> list[Delivery]:
    """Every delivery of an edition (in that state), read in keyset pages."""
    rows: list[Delivery] = []
    with db.read() as session:
        edition_id = find(session, reference).identity
        after = 0
        while page := deliveries.page(session, edition_id, state=state, after=after):
            rows += [Delivery(row.address, row.state, row.message_id, row.attempts, row.last_reply) for row in page]
            after = page[-1].identity
            session.expunge_all()
    return rows
