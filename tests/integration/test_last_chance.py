"""Edition after edition: nobody gets an item twice, but once more what closes before the next edition."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import update
from sqlmodel import col

from digest.core.address import parse
from digest.core.edition import EditionState
from digest.core.headers import Sender
from digest.core.item import Item, Kind, Status
from digest.core.slot import Schedule
from digest.core.token import Keyring
from digest.core.when import When
from digest.pipeline import assemble, report
from digest.pipeline.compose import Copy
from digest.pipeline.fan_out import fan_out
from digest.store import deliveries, editions, items, subscribers
from digest.store.subscribers import New
from digest.store.tables import DeliveryRow

START = datetime(2026, 3, 1, 9, tzinfo=UTC)
WEEK = timedelta(weeks=1)
PLAN = assemble.Plan(Schedule.parse("sun 09:00", "UTC"), timedelta(hours=24), timedelta(hours=6), 4, False)
SENDER = Sender("Weekly", "Weekly", "weekly@harbour.example", None, None, None, Keyring("a secret"))
WORDS = SimpleNamespace(greeting=lambda *_: "Hello,", why=lambda *_: "why")
PRESS = SimpleNamespace(compiler=WORDS, limit=3)


@pytest.fixture
def weeks(sqlite):
    """Edition after edition of one list: what is assembled, and what each person's copy holds, by title."""
    titles = {}

    def put(title, day=None, kind=Kind.ACTION, now=START, **fields):
        deadline = When.parse(day) if day else None
        item = Item(kind, title, "b", url="https://example.org", deadline=deadline, **fields)
        with sqlite.write() as session:
            number = items.put(
                session, item, status=Status.READY, source="t", uid=title, html="", content_hash=title, now=now
            )  # fmt: skip
        titles[number] = title

    def join(name, topics=(), now=START):
        with sqlite.write() as session:
            subscribers.add_many(
                session, [New(parse(f"{name}@example.net"), name, "en", dict.fromkeys(topics, 1))], now
            )

    def edition(week, period=None):
        now = START + week * WEEK
        period = assemble.assemble(sqlite, PLAN, period=period, now=now, words=assemble.Words(), languages=())
        with sqlite.write() as session:
            row = editions.find(session, period)
            froms = [EditionState.DRAFT]
            editions.move(session, row.id, froms, EditionState.SENDING, expires_at=now + timedelta(days=3))
            frozen = editions.items(session, row.id)
        fan_out(sqlite, PRESS, SENDER, row.id, now)
        with sqlite.write() as session:
            editions.set_values(session, row.id, state=EditionState.SENT)
            rows = deliveries.page(session, row.id)
        copies = {each.address.partition("@")[0]: Copy.from_json(each.selection) for each in rows}
        got = {name: [titles[item] + "!" * (item in copy.last) for item in copy.items] for name, copy in copies.items()}
        return [titles[each.id] for each in frozen], got

    def why(period, name, week):
        told = report.why(sqlite, PRESS, period, f"{name}@example.net", START + week * WEEK)
        return {each.title: (each.included, each.reasons) for each in told}

    return SimpleNamespace(put=put, join=join, edition=edition, why=why, db=sqlite)


def test_an_action_comes_once_and_once_more_in_the_week_it_closes(weeks):
    weeks.join("ana")
    weeks.put("Long", "2026-03-20")
    weeks.put("Short", "2026-03-05")
    weeks.put("News", kind=Kind.NEWS)
    assert weeks.edition(0) == (["Short", "Long", "News"], {"ana": ["Short!", "Long", "News"]})
    weeks.join("new", now=START + WEEK)
    weeks.put("Other", kind=Kind.NEWS, now=START + WEEK)
    assert weeks.edition(1) == (["Other"], {"ana": ["Other"], "new": ["Other"]})
    assert weeks.edition(2) == (["Long"], {"ana": ["Long!"], "new": ["Long!"]})
    assert weeks.edition(3) == ([], {"ana": [], "new": []})
    assert weeks.why("2026-W11", "ana", 3) == {
        "Long": (True, (
            "they had it before, and get it once more because it closes before the next edition",
            "they have not chosen topics, so they get the week's most important items",
        ))
    }  # fmt: skip
    assert weeks.why("2026-W11", "new", 3)["Long"][1][0].startswith("it closes before the next edition")
    assert weeks.why("2026-W09", "ana", 3)["Long"] == (
        True, ("they have not chosen topics, so they get the week's most important items",)
    ), "an edition does not know of later ones"  # fmt: skip


def test_what_was_marked_as_the_last_chance_does_not_come_again_in_a_special_edition(weeks):
    weeks.join("ana")
    weeks.put("Short", "2026-03-05")
    assert weeks.edition(0)[1] == {"ana": ["Short!"]}
    weeks.join("new")
    weeks.put("Extra", kind=Kind.NEWS)
    held, got = weeks.edition(1 / 7, "2026-W09-s1")
    assert held == ["Short", "Extra"]
    assert got == {"ana": ["Extra"], "new": ["Short!", "Extra"]}
    assert weeks.why("2026-W09-s1", "ana", 0)["Short"] == (False, ("they had it before",))


def test_a_delivery_that_failed_was_not_had_and_an_old_row_says_nothing_of_last_chances(weeks):
    weeks.join("ana")
    weeks.join("ben")
    weeks.put("Long", "2026-03-12")
    weeks.edition(0)
    with weeks.db.write() as session:
        stated = update(DeliveryRow).where(col(DeliveryRow.address) == "ana@example.net")
        session.execute(stated.values(state="failed"))
    _, got = weeks.edition(1)
    assert got == {"ana": ["Long!"], "ben": ["Long!"]}
    assert weeks.why("2026-W10", "ana", 1)["Long"][1][0].startswith("it closes")
    assert weeks.why("2026-W10", "ben", 1)["Long"][1][0].startswith("they had it before, and get it once more")


def test_who_was_reached_by_an_edition_that_was_cancelled_does_not_get_its_items_again(weeks):
    weeks.join("ana")
    weeks.join("ben")
    weeks.put("News", kind=Kind.NEWS)
    weeks.edition(0)
    with weeks.db.write() as session:
        editions.set_values(session, editions.find(session, "2026-W09").id, state=EditionState.CANCELLED)
        for name, state in (("ana", "accepted"), ("ben", "skipped")):
            theirs = update(DeliveryRow).where(col(DeliveryRow.address) == f"{name}@example.net")
            session.execute(theirs.values(state=state))
    assert weeks.edition(1) == (["News"], {"ana": [], "ben": ["News"]})


@pytest.mark.parametrize(
    "text", ['{"items":[3,1],"greeting":"Hi","why":"w"}', '{"items":[],"greeting":"","why":"é\\n"}']
)
def test_a_row_of_before_is_still_read_and_written_the_same(text):
    copy = Copy.from_json(text)
    assert (copy.last, copy.more) == ((), ())
    assert copy.to_json() == text
    more = Copy(copy.items, copy.greeting, copy.why, (3,), (5, 7))
    assert Copy.from_json(more.to_json()) == more
