"""The tick: over years of sleeps and jumping clocks, each period has one edition, and staff hear of what did not go out."""

import asyncio
import random
import subprocess
import sys
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from types import SimpleNamespace

import pytest

from digest.core.edition import EditionState
from digest.core.errors import Refused
from digest.core.finding import Finding, Severity
from digest.core.item import Item, Kind, Status
from digest.core.message import Block
from digest.core.slot import Schedule
from digest.pipeline import dispatch, tick
from digest.pipeline.tick import Plan
from digest.store import editions, items
from digest.store.database import Database

NOW = datetime(2026, 3, 14, 9, tzinfo=UTC)  # a Saturday
SUNDAY = NOW + timedelta(days=1)
PLAN = Plan(Schedule(6, time(9), "UTC"), timedelta(hours=24), timedelta(hours=6), 4, approval_required=False)

# Compiling is tested elsewhere; here it costs nothing.
PRESS = SimpleNamespace(
    limit=12,
    publication=None,
    compiler=SimpleNamespace(
        languages=lambda: ("en",),
        subject=lambda *_: "Subject",
        compile=lambda *_: (Block("html", "head", ("x",)),),
    ),
)


@dataclass
class Desk:
    """A scheduler with a clock in hand, and what staff heard."""

    database: Database
    plan: Plan = PLAN
    now: datetime = NOW
    told: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    found: list[Finding] = field(default_factory=list)

    def tick(self, now=None):
        self.now = now or self.now
        office = SimpleNamespace(
            database=self.database,
            press=lambda: PRESS,
            clock=lambda: self.now,
            random_key=lambda: "key",
            sender=None,
            keys=None,
        )
        return tick.tick(office, self.plan, self.hear, lambda _: self.found)

    def hear(self, subject, text):
        self.told.append(subject)
        self.texts.append(text)

    def editions(self):
        with self.database.read() as session:
            return {row.period: row for row in editions.listing(session)}

    def state(self, period):
        row = self.editions()[period]
        return row.state, bool(row.held_reason)

    def send(self, due):
        for edition_id in due:
            for move in ("send", "finish"):
                dispatch.change(self.database, edition_id, move)


def put_item(database, title="A"):
    with database.write() as session:
        items.put(
            session, Item(Kind.NEWS, title, "B"), status=Status.READY, source="s", uid=title, html="", content_hash=title,
            now=NOW - timedelta(days=1),
        )  # fmt: skip


@pytest.fixture
def desk(sqlite):
    put_item(sqlite)
    return Desk(sqlite)


def test_a_week_that_goes_well(desk):
    assert desk.tick(SUNDAY - timedelta(hours=25)) == []
    assert desk.editions() == {}
    assert desk.tick(SUNDAY - timedelta(hours=24)) == []
    assert (desk.state("2026-W11"), desk.told) == (("draft", False), ["The draft of 2026-W11 is ready"])
    assert desk.tick(SUNDAY - timedelta(seconds=1)) == []
    [due] = desk.tick(SUNDAY)
    assert desk.tick(SUNDAY) == [due]
    assert desk.state("2026-W11") == ("approved", False)
    desk.send([due])
    assert desk.tick(SUNDAY + timedelta(minutes=1)) == []
    assert desk.told == ["The draft of 2026-W11 is ready"]


def test_what_staff_hear_is_told_in_the_zone_of_the_edition(desk):
    desk.plan = replace(PLAN, schedule=Schedule(6, time(9), "Europe/Madrid"))
    desk.tick(NOW)
    for late in (8, 24 * 7 + 8):
        desk.tick(SUNDAY + timedelta(hours=late))
    draft, held, missed = desk.texts
    assert "It goes out on Sunday 15 March 2026, 09:00 (Europe/Madrid)." in draft
    assert "The edition 2026-W11, due on Sunday 15 March 2026, 09:00 (Europe/Madrid), was not sent: its time" in held
    assert (
        "due on Sunday 22 March 2026, 09:00 (Europe/Madrid) was not made: nothing was running, and it is 9 hours l"
        in missed
    )
    assert not any("UTC" in text for text in desk.texts)


def test_what_blocks_is_told_with_the_draft_and_holds_it_at_its_time(desk):
    desk.found = [
        Finding(Severity.BLOCKING, "There is no subject.", "subject (en)", "Write one."),
        Finding(Severity.WARNING, "Nobody gets it.", "item 1, “A”", "Let it be."),
    ]
    desk.tick()
    assert desk.texts[0].endswith(
        "\n\nblocking: subject (en): There is no subject. Write one.\nwarning: item 1, “A”: Nobody gets it. Let it be."
    )
    assert desk.tick(SUNDAY) == desk.tick(SUNDAY + timedelta(minutes=1)) == []
    assert desk.state("2026-W11") == ("draft", True)
    assert desk.told == ["The draft of 2026-W11 is ready", "2026-W11 is held"]
    held = desk.texts[1]
    assert (
        "was not sent: subject (en): There is no subject. Mend it and `digest edition assemble --period 2026-W11`"
        in held
    )
    assert "Nobody gets it" not in held
    edition_id = desk.editions()["2026-W11"].id
    dispatch.approve(
        SimpleNamespace(database=desk.database, press=lambda: PRESS, clock=lambda: SUNDAY, random_key=lambda: "key"),
        edition_id,
        "staff",
    )
    assert desk.tick(SUNDAY + timedelta(hours=1)) == [edition_id]


def test_a_warning_holds_nothing(desk):
    desk.found = [Finding(Severity.WARNING, "Nobody gets it.", "item 1, “A”", "Let it be.")]
    desk.tick()
    assert len(desk.tick(SUNDAY)) == 1


def test_what_is_late_within_the_limit_is_sent(desk):
    desk.tick()
    assert len(desk.tick(SUNDAY + timedelta(hours=6))) == 1


def test_a_draft_whose_time_passed_is_held_and_staff_hear_it_once(desk):
    desk.tick()
    for hours in (7, 8, 9):
        assert desk.tick(SUNDAY + timedelta(hours=hours)) == []
    assert desk.state("2026-W11") == ("draft", True)
    assert desk.told == ["The draft of 2026-W11 is ready", "2026-W11 is held"]


def test_every_slot_that_passed_while_nothing_ran_is_recorded_as_missed(desk):
    desk.tick(SUNDAY - timedelta(days=3))
    desk.tick(SUNDAY + timedelta(days=16))
    assert {period: row.state for period, row in desk.editions().items()} == {
        "2026-W11": "missed", "2026-W12": "missed", "2026-W13": "missed",
    }  # fmt: skip
    assert desk.told == ["2026-W11 was missed", "2026-W12 was missed", "2026-W13 was missed"]


def test_of_several_that_passed_the_newest_is_sent_if_it_is_not_too_late(desk):
    desk.tick(SUNDAY - timedelta(days=2))
    due = desk.tick(SUNDAY + timedelta(days=7, hours=1))
    assert {period: row.state for period, row in desk.editions().items()} == {
        "2026-W11": "missed",
        "2026-W12": "approved",
    }
    assert len(due) == 1


def test_the_first_tick_ever_misses_nothing(desk):
    desk.tick(SUNDAY + timedelta(days=2))
    assert (desk.editions(), desk.told) == ({}, [])


def test_approval_that_is_required_is_waited_for_and_then_held(desk):
    desk.plan = replace(PLAN, approval_required=True)
    desk.tick()
    assert desk.tick(SUNDAY) == []
    assert desk.state("2026-W11") == ("draft", False)
    assert desk.tick(SUNDAY + timedelta(hours=7)) == []
    assert desk.state("2026-W11") == ("draft", True)


def test_what_staff_approved_in_time_goes_out_at_its_slot(desk):
    desk.plan = replace(PLAN, approval_required=True)
    desk.tick()
    office = SimpleNamespace(database=desk.database, press=lambda: PRESS, clock=lambda: NOW, random_key=lambda: "key")
    dispatch.approve(office, desk.editions()["2026-W11"].id, "staff")
    assert desk.tick(SUNDAY - timedelta(minutes=1)) == []
    assert len(desk.tick(SUNDAY)) == 1


@pytest.mark.parametrize("approved", [False, True])
def test_what_staff_pause_before_its_time_waits_until_they_resume_it(desk, approved):
    desk.tick()
    week = desk.editions()["2026-W11"].id
    if approved:
        office = SimpleNamespace(
            database=desk.database, press=lambda: PRESS, clock=lambda: NOW, random_key=lambda: "key"
        )
        dispatch.approve(office, week, "staff")
    dispatch.pause(desk.database, week)
    assert desk.tick(SUNDAY) == []
    assert desk.state("2026-W11") == ("approved" if approved else "draft", True)
    office = SimpleNamespace(database=desk.database)
    with pytest.raises(Refused, match="paused by staff"):
        asyncio.run(dispatch.send(office, week, approval_required=False, stop=asyncio.Event(), watch=dispatch.Watch()))
    dispatch.resume(desk.database, week, SUNDAY)
    assert desk.tick(SUNDAY + timedelta(minutes=1)) == [week]


def test_staff_neither_pause_nor_resume_what_is_held_for_a_reason_of_its_own(desk):
    desk.tick()
    desk.tick(SUNDAY + timedelta(hours=7))
    week, why = desk.editions()["2026-W11"].id, desk.editions()["2026-W11"].held_reason
    dispatch.pause(desk.database, week)
    with pytest.raises(Refused, match="to resume it, it must be paused"):
        dispatch.resume(desk.database, week, SUNDAY)
    assert desk.editions()["2026-W11"].held_reason == why


def test_what_was_approved_and_forgotten_is_held(desk):
    desk.tick()
    desk.tick(SUNDAY)
    assert desk.tick(SUNDAY + timedelta(days=1)) == []
    assert desk.state("2026-W11") == ("approved", True)
    assert desk.told[1:] == ["2026-W11 is held"]


def test_an_edition_with_nothing_in_it_is_held(sqlite):
    desk = Desk(sqlite)
    desk.tick()
    assert desk.tick(SUNDAY) == []
    assert desk.state("2026-W11") == ("draft", True)
    assert desk.told == ["The draft of 2026-W11 is ready", "2026-W11 is held"]


def test_two_editions_within_a_day_wait_for_a_person(desk):
    desk.tick()
    desk.send(desk.tick(SUNDAY))
    put_item(desk.database, "another")
    desk.plan = replace(PLAN, schedule=Schedule(0, time(8), "UTC"))
    assert desk.tick(SUNDAY + timedelta(hours=23)) == []
    assert desk.state("2026-W12") == ("draft", True)


@pytest.mark.parametrize("jump", [timedelta(days=-7), timedelta(days=11)])
def test_a_clock_that_jumped_sends_nothing_unasked(desk, jump):
    desk.tick(SUNDAY - timedelta(days=2))
    landed = SUNDAY - timedelta(hours=1) + 7 * timedelta(days=round(jump / timedelta(days=7)))
    desk.tick(landed if jump < timedelta(0) else SUNDAY + timedelta(days=14) - timedelta(hours=1))
    [held] = [row for row in desk.editions().values() if row.held_reason]
    assert "the clock" in held.held_reason
    assert desk.tick(held.slot) == []


def test_two_schedulers_that_approve_at_once_hold_nothing(desk):
    """The one that comes second finds it approved, which is no reason to keep it back."""
    desk.tick()
    barrier = threading.Barrier(2)
    real = dispatch.approve

    def approve_together(*arguments):
        barrier.wait(10)
        real(*arguments)

    desks = [desk, Desk(Database(f"{desk.database.url}"))]
    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(2) as pool:
        patch.setattr(tick, "approve", approve_together)
        due = list(pool.map(lambda each: each.tick(SUNDAY), desks))
    assert desk.state("2026-W11") == ("approved", False)
    assert {each for one in due for each in one} == {desk.editions()["2026-W11"].id}
    assert "2026-W11 is held" not in desks[0].told + desks[1].told
    desks[1].database.dispose()


RACE = """
import sys
from datetime import timedelta
sys.path[:0] = sys.argv[2:]
from test_tick import SUNDAY, Desk
from digest.store.database import Database
desk = Desk(Database(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
for minutes in range(-1441, 10, 50):
    desk.tick(SUNDAY + timedelta(minutes=minutes))
desk.tick(SUNDAY + timedelta(minutes=10))
print("|".join(desk.told), flush=True)
"""


def test_two_processes_that_race_make_one_edition(desk):
    command = [sys.executable, "-c", RACE, f"{desk.database.url}", __file__.rpartition("/")[0]]
    both = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    assert [process.stdout.readline() for process in both] == ["ready\n"] * 2
    for process in both:
        process.stdin.write("go\n")
        process.stdin.flush()
    told = [process.communicate(timeout=60)[0].strip() for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert sorted(told) == ["", "The draft of 2026-W11 is ready"]
    assert desk.state("2026-W11") == ("approved", False)
    assert len(desk.editions()) == 1


def approve_uncompiled(office, edition_id, _by):
    dispatch.change(office.database, edition_id, "approve", approved_at=office.clock())


def step(dice):
    """Minutes to ten days of sleep; now and then the clock is set back by up to two weeks."""
    if dice.random() < 0.02:
        return -timedelta(days=14) * dice.random()
    return dice.choice([timedelta(hours=4), timedelta(hours=12), timedelta(days=2), timedelta(days=10)]) * dice.random()


@pytest.mark.parametrize(
    ("zone", "at", "weekday"),
    [
        ("Africa/Cairo", time(0), 4),
        pytest.param("Europe/Berlin", time(2, 30), 6, marks=pytest.mark.slow),
        pytest.param("America/Santiago", time(0), 6, marks=pytest.mark.slow),
    ],
)
def test_two_years_of_sleeps_and_jumping_clocks(sqlite, zone, at, weekday, monkeypatch):
    """Three schedulers on one file: every slot that was passed is sent in time, or held or missed and told of once."""
    monkeypatch.setattr(tick, "freeze", lambda *_, **__: None)  # only time passes here
    monkeypatch.setattr(tick, "approve", approve_uncompiled)
    dice = random.Random(f"{zone} {at}")
    plan = replace(PLAN, schedule=Schedule(weekday, at, zone))
    desks = [Desk(sqlite, plan), *(Desk(Database(f"{sqlite.url}"), plan) for _ in range(2))]
    now = furthest = begin = datetime(2024, 1, 3, 12, tzinfo=UTC)
    sent_at = {}
    while now < begin + timedelta(days=730):
        desk = dice.choice(desks)
        for edition_id in desk.tick(now):
            assert edition_id not in sent_at
            sent_at[edition_id] = now
            desk.send([edition_id])
        furthest = max(furthest, now)
        now += step(dice)
    by_period = desks[0].editions()
    told = Counter(subject for desk in desks for subject in desk.told)
    for slot in plan.schedule.between(begin, furthest):
        row = by_period[plan.schedule.period(slot)]
        heard = (told[f"{row.period} is held"], told[f"{row.period} was missed"])
        assert row.slot == slot
        match row.state:
            case EditionState.SENT:
                assert timedelta(0) <= sent_at[row.id] - slot <= plan.late_limit
                assert heard == (0, 0)
            case EditionState.MISSED:
                assert heard == (0, 1)
            case _:
                assert row.held_reason
                assert heard == (1, 0)
    states = Counter(row.state for row in by_period.values())
    assert min(states["sent"], states["missed"], states["draft"]) > 5, states
    for desk in desks[1:]:
        desk.database.dispose()
