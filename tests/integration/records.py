"""What the tests of the store put into it: an item with every field, people, an edition and its deliveries."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlmodel import col

from digest.core.address import parse
from digest.core.delivery import State
from digest.core.edition import EditionState
from digest.core.item import Item, Kind, Status
from digest.core.when import When
from digest.store import deliveries, editions, items, subscribers
from digest.store.subscribers import New
from digest.store.tables import DeliveryRow

NOW = datetime(2026, 3, 15, 9, tzinfo=UTC)
D = DeliveryRow
ITEM = Item(
    Kind.EVENT, "Título «uno»: <b>", "Body\n\n- a", ("housing", "water"), "https://a.example", "Org", "By", "es",
    When.parse("2026-03-01"), "Europe/Madrid", When.parse("2026-03-20"), When.parse("2026-03-21T18:00"),
    When.parse("2026-03-22T01:30:15"), "The hall", "https://a.example/i.png", "alt", True, -3,
)  # fmt: skip


def put_item(session, item=ITEM, *, uid="u", previous=None, status=Status.READY, now=NOW):
    return items.put(
        session,
        item,
        status=status,
        source="file:a.md",
        uid=uid,
        html="<p>",
        content_hash=uid,
        now=now,
        previous=previous,
    )


def edition(session, period="2026-W11", state=EditionState.SENDING):
    row = editions.create(session, period, NOW, "UTC", state)
    editions.set_values(session, row.id, expires_at=NOW + timedelta(days=3))
    return row.id


def people(session, count=3):
    new = [New(parse(f"p{number}@example.net"), f"P{number}", "en", {"housing": 1}) for number in range(count)]
    return subscribers.add_many(session, new, NOW)


def rows(edition_id, ids, **values):
    common = {"domain": "example.net", "language": "en", "selection": "{}", "state": State.PENDING, "attempts": 0}
    return [
        {"edition_id": edition_id, "subscriber_id": each, "address": f"p{each}@example.net", **common, **values}
        for each in ids
    ]


def states(database):
    with database.read() as session:
        return [State(state) for state in session.scalars(select(col(D.state)).order_by(col(D.id)))]


def sending(database, count):
    """An edition that is sending, and the numbers of so many deliveries of it."""
    with database.write() as session:
        edition_id = edition(session)
        new = rows(edition_id, people(session, count))
        ids = list(deliveries.numbers(session, len(new)))
        deliveries.insert_new(session, [row | {"id": number} for row, number in zip(new, ids, strict=True)])
    return edition_id, ids
