"""A mail on the web: the page behind the link in it, joined from the blocks that the mail itself was joined from."""

from dataclasses import dataclass
from datetime import datetime

from digest.core.headers import Sender
from digest.core.item import Item, is_over
from digest.core.message import Block, chosen, fill
from digest.core.token import Purpose
from digest.pipeline.compose import Copy, served
from digest.pipeline.farewell import masked
from digest.store import deliveries, editions, subscribers
from digest.store.database import Database


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of the page. `closed` is the item that it tells of, where that can be of no more use."""

    html: str
    closed: Item | None


@dataclass(frozen=True, slots=True)
class WebView:
    """A mail as a page: the pieces of its HTML in order, whose words are of `language`."""

    language: str
    pieces: tuple[Piece, ...]


def web_view(db: Database, sender: Sender, token: str, now: datetime) -> WebView | None:
    """The mail that a link belongs to, and what was for its reader and had no place in it. None if it belongs to none.

    A link may be passed on: the page masks the address, and cannot unsubscribe its reader as the mail can.
    """
    delivery_id = sender.keyring.verify(Purpose.VIEW, token)
    with db.read() as session:
        delivery = deliveries.get(session, delivery_id) if delivery_id else None
        person = subscribers.by_id(session, delivery.subscriber_id) if delivery and delivery.subscriber_id else None
        if delivery is None or person is None:
            return None
        items = editions.items(session, delivery.edition_id)
        language = served(delivery.language, editions.languages(session, delivery.edition_id))
        blocks = editions.blocks(session, delivery.edition_id, language)[language]
    copy = Copy.from_json(delivery.selection)
    closed = {each.id: each.item for each in items if is_over(each.item, now)}
    slots = {
        "greeting": copy.greeting,
        "why": copy.why,
        "unsubscribe": f"{sender.public_url or ''}/",
        "address": masked(person.email),
    }
    last = {f"last:{each}" for each in copy.last if each not in closed}
    html = chosen((block for block in blocks if block.part == "html"), {*copy.items, *copy.more}, last)
    return WebView(language, tuple(Piece(fill(block, slots), _marked(block, closed)) for block in html))


def _marked(block: Block, closed: dict[int, Item]) -> Item | None:
    return closed.get(block.item) if block.wants_heading and block.item else None
