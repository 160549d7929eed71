"""Preflight of a stored edition: the facts come from what its subscribers would really get, and are then examined."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlmodel import Session

from digest.core import preflight
from digest.core.edition import WAITING, EditionItem, EditionText
from digest.core.errors import Refused
from digest.core.finding import Finding, Severity, blocking
from digest.core.headers import Sender
from digest.core.message import Block
from digest.core.preflight import Facts, Page, Volume
from digest.core.preflight.facts import named, warn
from digest.core.selection import NOTHING, select
from digest.core.subscriber import SubscriberState
from digest.mailbox.spam import Verdict
from digest.pipeline.compile import Clerk, Press, pool, text_of
from digest.pipeline.compose import Copy, Mailroom, speaks
from digest.pipeline.history import history
from digest.pipeline.outdated import outdated, remedy
from digest.pipeline.specimen import anybody, claimed_for, room_of
from digest.store import deliveries, editions, subscribers
from digest.store.database import Database
from digest.store.deliveries import Claimed
from digest.store.subscribers import Subscriber
from digest.store.tables import EditionRow
from digest.store.topics import followers, topic_names

CHUNK = 2000
"""Subscribers at a time."""

Spam = Callable[[bytes], Verdict | None]
"""A spam filter's verdict on a whole message, where there is one."""
Links = Callable[[Sequence[tuple[str, str]]], list[Finding]]
"""Tries the (url, where) of links, and says what is wrong with them."""
SUSPICIOUS = 0.6
"""Of the points at which a filter takes a mail for spam: receivers have rules of their own on top."""


@dataclass(slots=True)
class _Longest:
    """The longest copy of a language so far, by the size of its blocks."""

    size: int
    person: Subscriber
    copy: Copy


@dataclass(slots=True)
class _Reach:
    """Who gets what of an edition, over all its active subscribers."""

    people: int = 0
    empty: int = 0
    readers: dict[int, int] = field(default_factory=dict)
    languages: dict[str, int] = field(default_factory=dict)
    longest: dict[str, _Longest] = field(default_factory=dict)


def check(
    db: Database,
    press: Press,
    sender: Sender,
    edition_id: int,
    *,
    now: datetime,
    slot_key: str,
    links: Links | None = None,
    spam: Spam | None = None,
) -> list[Finding]:
    """All that is to be said of an edition before it goes out, what blocks first. Nothing is changed.

    Links are not tried and no spam filter is asked where there is none.
    """
    with db.read() as session:
        row = editions.get(session, edition_id)
        frozen = editions.items(session, edition_id)
        if not frozen:
            do = f"Add some, and `digest edition assemble --period {row.period}` again."
            return [Finding(Severity.BLOCKING, "It has no items.", "edition", do)]
        try:
            room = room_of(session, press, sender, row, frozen, slot_key)
            moment = max(now, row.slot) if row.state in WAITING else row.slot
            facts, longest = gather(session, press, room, row, frozen, editions.texts(session, edition_id), moment)
        except Refused as error:
            return [Finding(Severity.BLOCKING, str(error), "templates", "Correct it; `digest doctor` looks again.")]
        late = outdated(session, row, frozen)
    found = preflight.examine(facts)
    found += [
        warn(
            "It was changed or put away after the edition was assembled.", named(each), f"Take that in: {remedy(row)}."
        )
        for each in late
    ]
    if links:
        found += links(preflight.links(frozen))
    if spam and (verdict := spam(room.compose(longest, moment) or b"")):
        found += _suspicion(verdict)
    return [*blocking(found), *(each for each in found if each.severity is Severity.WARNING)]


def gather(
    session: Session,
    press: Press,
    room: Mailroom,
    row: EditionRow,
    frozen: tuple[EditionItem, ...],
    own: Mapping[str, EditionText],
    moment: datetime,
) -> tuple[Facts, Claimed]:
    """The facts of an edition, stored or not, and the longest message that somebody gets. Refused for a bad template."""
    reach = _reach(session, press, room, row, frozen, moment)
    before = editions.last_sent(session, row.slot)
    longest = {
        language: claimed_for(each.person, each.copy.to_json(), room.sender) for language, each in reach.longest.items()
    }
    pages = []
    for language, claimed in longest.items():
        text = text_of(press, row, frozen, own.get(language), language)
        html, plain = room.part("html", claimed, moment), room.part("text", claimed, moment)
        way_out = room.slots(claimed, reach.longest[language].copy)["unsubscribe"]
        pages.append(Page(language, text.subject, text.preheader, html, plain, way_out))
    facts = Facts(
        moment=moment,
        items=frozen,
        pages=pages,
        readers=reach.readers,
        followers=followers(session),
        empty=reach.empty,
        unspoken={tag: count for tag, count in reach.languages.items() if not speaks(room.blocks, tag)},
        faint=press.compiler.faint(press.publication),
        postal_address=press.publication.postal_address,
        from_domain=room.sender.domain,
        dkim_domains=[key.domain for key in room.sender.dkim],
        volume=Volume(reach.people, len(frozen), _weight(room.blocks)),
        before=_volume(session, before) if before else None,
    )
    return facts, longest[max(longest, key=lambda language: reach.longest[language].size)]


def in_words(found: Sequence[Finding], most: int | None = None) -> str:
    """A line for each finding, or for the first `most`: how bad, what, where, what to do."""
    lines = [f"{each.severity}: {each.where}: {each.what} {each.do}" for each in found[:most]]
    return "\n".join(lines + _rest(len(found) - len(lines)))


def reasons(found: Sequence[Finding], most: int = 3) -> str:
    """Why an edition is held, in one sentence without its full stop."""
    first = [f"{each.where}: {each.what.rstrip('.')}" for each in found[:most]]
    return "; ".join(first + _rest(len(found) - len(first)))


def _rest(count: int) -> list[str]:
    return [f"and {count} more"] if count else []


def _reach(
    session: Session, press: Press, room: Mailroom, row: EditionRow, frozen: tuple[EditionItem, ...], moment: datetime
) -> _Reach:
    reach = _Reach()
    candidates = pool(press, row, frozen, moment)
    before = history(session, row, [each.id for each in frozen])
    clerk = Clerk(press.compiler, topic_names(session))
    sizes = {language: _sizes(room, language) for language in room.blocks}
    after = 0
    while people := subscribers.page(session, after=after, limit=CHUNK, state=SubscriberState.ACTIVE):
        had = before.had(session, [person.id for person in people])
        for person in people:
            selection = select(candidates, person, had.get(person.id, NOTHING))
            reach.empty += not selection.items
            for item in selection.items:
                reach.readers[item] = reach.readers.get(item, 0) + 1
            reach.languages[person.language] = reach.languages.get(person.language, 0) + 1
            language = room.language(person.language)
            size = sum(sizes[language].get(item, 0) for item in selection.items)
            if language not in reach.longest or size > reach.longest[language].size:
                reach.longest[language] = _Longest(size, person, clerk.copy(selection, person, language))
        reach.people, after = reach.people + len(people), people[-1].id
    if not reach.longest:  # nobody is subscribed: what a reader without interests would get
        person = anybody(room.sender, press.publication.language)
        language = room.language(person.language)
        reach.longest[language] = _Longest(0, person, clerk.copy(select(candidates, person), person, language))
    return reach


def _sizes(room: Mailroom, language: str) -> dict[int, int]:
    """Item → bytes of its HTML."""
    sizes: dict[int, int] = {}
    for block in room.blocks[language]:
        if block.part == "html" and block.item is not None:
            sizes[block.item] = sizes.get(block.item, 0) + sum(len(piece.encode()) for piece in block.pieces)
    return sizes


def _suspicion(verdict: Verdict) -> list[Finding]:
    if verdict.points < SUSPICIOUS * verdict.limit:
        return []
    rules = ", ".join(verdict.rules)
    what = f"SpamAssassin gives it {verdict.points:g} points of the {verdict.limit:g} that make spam ({rules})."
    do = "Look up the rules that gave points, and change what they see."
    return [Finding(Severity.WARNING, what, "mail", do)]


def _weight(blocks: Mapping[str, Sequence[Block]]) -> int:
    """Bytes of HTML of all blocks in the first language."""
    first = next(iter(blocks.values()), ())
    return sum(len(piece.encode()) for block in first if block.part == "html" for piece in block.pieces)


def _volume(session: Session, row: EditionRow) -> Volume:
    edition_id = row.identity
    people = deliveries.balance(session, edition_id).eligible
    return Volume(people, len(editions.items(session, edition_id)), _weight(editions.blocks(session, edition_id)))
