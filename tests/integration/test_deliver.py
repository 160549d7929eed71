"""The sender on a real database and a mail server that misbehaves: nothing is lost, nothing goes twice, the balance closes."""

import asyncio
import dataclasses
import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dkim as verifier
import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from scripted_smtp import OFFERS, Act, Script, Server, Turn, at
from sqlalchemy import Connection as Db
from sqlalchemy import Engine, event

from digest.app import Installation
from digest.core.address import parse
from digest.core.delivery import Balance, State
from digest.core.dkim import Key
from digest.core.errors import Refused
from digest.core.pacing import FREE, Limits
from digest.pipeline import ahead, assemble, deliver, dispatch, intake, ledger, receive, report
from digest.pipeline.account import uptime
from digest.pipeline.compose import Mailroom
from digest.pipeline.dispatch import Office, Watch
from digest.pipeline.story import story
from digest.settings import Settings
from digest.store import deliveries, events, subscribers
from digest.store.subscribers import New
from digest.transports.smtp import Connection, ServerRefuses, Smarthost
from rfc5322 import objections

WEEK = Path(__file__).parents[2] / "examples" / "week"
NOW = datetime(2026, 3, 15, 9, tzinfo=UTC)
ED = 1
SIGNING = {
    "rsa": Key("harbour.example", "r1", rsa.generate_private_key(65537, 2048)),
    "ed25519": Key("harbour.example", "e1", ed25519.Ed25519PrivateKey.generate()),
}


def installed(folder: Path) -> Installation:
    settings = Settings(
        database_url=f"sqlite:///{folder / 'digest.db'}", secret="a secret for tests", pepper="a pepper for tests",
        postal_address="3 Quay Street", timezone="Europe/Lisbon",
        DIGEST_FROM="Harbour Weekly <weekly@harbour.example>", _env_file=None,
    )  # fmt: skip
    return Installation(settings, NOW)


@pytest.fixture(scope="session")
def approved(tmp_path_factory) -> Path:
    """A database with the sample week compiled and approved, and nobody to send it to."""
    here = installed(tmp_path_factory.mktemp("approved"))
    here.init()
    before = NOW - timedelta(days=1)
    intake.add(here.database, [WEEK], timezone="Europe/Lisbon", now=before)
    words = assemble.Words(None, None, None)
    assemble.assemble(
        here.database, here.plan, period=None, now=before, words=words, languages=here.compiler.languages()
    )
    dispatch.approve(here.office, ED, "staff")
    here.office.database.dispose()
    here.database.dispose()
    return here.database.file


@dataclass
class Post:
    """An office with readers, to send from as often as one likes."""

    office: Office
    file: Path
    passed: timedelta = timedelta(0)

    async def send(
        self, server: Server, *, connections: int = 2, stop: asyncio.Event | None = None, limits: Limits = FREE
    ) -> Balance:
        """The balance, which has to be right whatever happened. Raises Refused after checking it."""
        host = Smarthost("127.0.0.1", server.port, "none")
        route = deliver.Route(lambda: Connection.open(host), connections, limits)
        office = dataclasses.replace(self.office, route=route, clock=self.now)
        try:
            return await dispatch.send(office, ED, approval_required=False, stop=stop or asyncio.Event(), watch=Watch())
        finally:
            with self.office.database.read() as session:
                balance = deliveries.balance(session, ED)
            fields = dataclasses.asdict(balance)
            assert fields.pop("eligible") == sum(fields.values()) == len(self.rows())

    def rows(self) -> dict[str, deliveries.D]:
        with self.office.database.read() as session:
            return {row.address: row for row in deliveries.page(session, ED)}

    def states(self) -> Counter[str]:
        return Counter(row.state for row in self.rows().values())

    def change(self, statement: str) -> None:
        """As another program would."""
        other = sqlite3.connect(self.file, isolation_level=None)
        other.execute(statement)
        other.close()

    def edition(self):
        return dispatch.get(self.office.database, ED)

    def later(self, by: timedelta) -> None:
        self.passed += by

    def now(self) -> datetime:
        return NOW + self.passed


@pytest.fixture(params=[False, True], ids=["one by one", "ahead"])
def written_ahead(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Messages are put together in a thread, as they are when signing is slow."""
    monkeypatch.setattr(Mailroom, "signs_slowly", request.param)


@pytest.fixture
def post(approved: Path, tmp_path: Path):
    made: list[Post] = []

    def make(readers: int) -> Post:
        file = Path(shutil.copy(approved, tmp_path / "digest.db"))
        office = installed(tmp_path).office
        with office.database.write() as session:
            people = [New(parse(f"reader{n}@example.net"), "", "en", {}) for n in range(readers)]
            subscribers.add_many(session, people, NOW)
        made.append(Post(office, file))
        return made[-1]

    yield make
    for each in made:
        each.office.database.dispose()


def once_each(server: Server, post: Post) -> None:
    """What the server took is mail, is what the ledger says was accepted, each under its own Message-ID, and nobody twice."""
    assert not [said for each in server.taken for said in objections(each.content)]
    taken = Counter((each.recipient, each.message_id) for each in server.taken)
    assert set(taken.values()) <= {1}
    rows = post.rows()
    assert set(taken) == {(row.address, row.message_id) for row in rows.values() if row.state == State.ACCEPTED}


# What the server says.


async def test_all_is_well(post):
    letters = post(25)
    async with Server() as server:
        balance = await letters.send(server, connections=3)
    assert balance == Balance(eligible=25, accepted=25, failed=0, skipped=0, uncertain=0, pending=0)
    assert balance.settled
    assert server.sessions == 3
    assert letters.edition().state == "sent"
    once_each(server, letters)
    row = letters.rows()["reader0@example.net"]
    assert row.attempts == 1
    assert row.last_reply.startswith("250 2.0.0 queued as ")
    assert row.owner is None


@pytest.mark.parametrize("stage", ["rcpt", "data", "dot"])
async def test_not_now_waits_and_is_counted(post, stage):
    letters = post(3)
    async with Server(at(stage, Act("451 4.3.0 later"))) as server:
        balance = await letters.send(server, connections=1)
        assert (balance.accepted, balance.pending) == (2, 1)
        (waiting,) = [row for row in letters.rows().values() if row.state == State.PENDING]
        assert waiting.attempts == 1
        assert waiting.last_reply == "451 4.3.0 later"
        assert timedelta(minutes=3) < waiting.not_before - letters.now() < timedelta(minutes=8)
        assert (await letters.send(server)).pending == 1  # not due yet
        letters.later(timedelta(minutes=10))
        assert (await letters.send(server)).settled
    once_each(server, letters)
    assert letters.rows()[waiting.address].attempts == 2


async def test_every_reply_is_kept_in_order(post):
    letters = post(1)
    replies = [
        ("rcpt", Act("450 4.2.0 <reader0@example.net> greylisted")), ("data", Act("421 4.3.2 closing", drop=True)),
        ("mail", Act("451 4.3.0 not now")), ("dot", Act("452 4.3.1 full")), ("dot", Act(drop=True)),
    ]  # fmt: skip
    coming = iter(replies)
    following = [next(coming)]

    def script(turn: Turn) -> Act | None:
        stage, act = following[0]
        if turn.stage != stage:
            return None
        following[0] = next(coming, ("never", act))
        return act

    async with Server(script, offers=()) as server:  # with PIPELINING it is asked all three at once
        while not (await letters.send(server)).uncertain:
            letters.later(timedelta(hours=1))
        dispatch.resolve_uncertain(letters.office.database, "latest", resend=True, now=letters.now())
        assert (await letters.send(server)).accepted == 1
    told = story(letters.office.database, "reader0@example.net", letters.office.keys.pepper, letters.now())
    assert [each["reply"].partition(": ")[2] or each["reply"] for each in told["events"]] == [
        "450 4.2.0 <reader0@example.net> greylisted", "421 4.3.2 closing", "451 4.3.0 not now", "452 4.3.1 full",
        "the server closed the connection",
    ]  # fmt: skip
    assert told["events"][0]["said"] == "attempt of 2026-W11; 450 4.2.0 <reader0@example.net> greylisted"
    assert told["deliveries"][0]["reply"].startswith("250 2.0.0 queued")
    assert report.show(letters.office.database, None, "latest", letters.now()).came_back == {}


async def test_greylisting_for_ever_ends_when_the_edition_expires(post):
    letters = post(1)
    async with Server(at("rcpt", Act("450 4.2.0 greylisted"), times=10_000)) as server:
        for _ in range(60):
            if not (await letters.send(server)).pending:
                break
            letters.later(timedelta(hours=4))
    (row,) = letters.rows().values()
    assert row.state == State.FAILED
    assert row.last_reply == "given up after 3 days: 450 4.2.0 greylisted"
    assert letters.edition().state == "sent"
    assert 15 < server.messages < 40


@pytest.mark.parametrize("stage", ["rcpt", "data", "dot"])
async def test_refused_for_good_fails_and_a_dead_address_is_suppressed(post, stage):
    letters = post(3)
    async with Server(at(stage, Act("550 5.1.1 no such user"))) as server:
        balance = await letters.send(server, connections=1)
    assert (balance.accepted, balance.failed) == (2, 1)
    (failed,) = [row for row in letters.rows().values() if row.state == State.FAILED]
    assert failed.bounced_at is not None
    with letters.office.database.read() as session:
        person = subscribers.by_id(session, failed.subscriber_id)
        came_back = [row.type for row in events.of(session, failed.subscriber_id)]
    assert person.state == "suppressed"
    assert came_back.count("bounce") == 1
    once_each(server, letters)


async def test_a_full_mailbox_stays_a_subscriber(post):
    letters = post(1)
    async with Server(at("rcpt", Act("552 5.2.2 mailbox full"))) as server:
        await letters.send(server)
    (row,) = letters.rows().values()
    with letters.office.database.read() as session:
        assert subscribers.by_id(session, row.subscriber_id).state == "active"
    assert row.state == State.FAILED


@pytest.mark.parametrize(
    ("stage", "said"),
    [("mail", "550 5.7.1 not from you"), ("rcpt", "550 5.1.8 Sender address rejected: Domain not found"),
     ("rcpt", "530 Authentication required"), ("dot", "554 5.1.7 no such sender")],
)  # fmt: skip
async def test_a_sender_refused_three_times_pauses_the_edition_and_nobodys_delivery_fails(post, stage, said):
    letters = post(30)
    async with Server(at(stage, Act(said), times=10_000)) as server:
        with pytest.raises(Refused) as told:
            await letters.send(server, connections=2)
        assert str(told.value) == (
            f"Sending is paused: the mail server refuses this sender: {said}. "
            "When that is mended, use `digest edition resume 2026-W11`, then send."
        )
        assert told.value.exit_code == 1
        assert server.stages().count(stage) <= 4
        assert letters.states() == {"pending": 30}
        assert letters.edition().state == "paused"
        assert letters.edition().held_reason == f"the mail server refuses this sender: {said}"
    async with Server() as mended:
        with pytest.raises(Refused, match="is paused"):
            await letters.send(mended)
        dispatch.change(letters.office.database, ED, "resume", held_reason=None)
        assert (await letters.send(mended)).accepted == 30
    once_each(mended, letters)


async def test_two_refusals_at_mail_and_then_not_are_forgotten(post):
    letters = post(9)
    refusals = iter([True, True, False] * 100)
    no = Act("550 5.7.1 not now")
    async with Server(lambda turn: no if turn.stage == "mail" and next(refusals) else None) as server:
        assert (await letters.send(server, connections=1)).accepted == 9


@pytest.mark.parametrize("said", ["550 5.7.1 spam, says the filter", "552 5.3.4 larger than 1000 bytes"])
async def test_a_long_run_of_refusals_for_policy_or_for_what_is_sent_pauses(post, said):
    letters = post(60)
    async with Server(at("dot", Act(said), times=10_000)) as server:
        with pytest.raises(Refused, match=rf"20 messages in a row were refused, and not for want of .* {said}"):
            await letters.send(server, connections=1)
    assert letters.states() == {"failed": 20, "pending": 40}
    with letters.office.database.read() as session:
        assert subscribers.count(session, "active") == 60


@pytest.mark.parametrize(
    "script", [at("connect", Act("554 5.7.1 no"), times=99), at("ehlo", Act("554 5.7.1 no"), times=99)]
)
async def test_a_door_that_stays_shut_is_tried_once_and_loses_nothing(post, script):
    letters = post(5)
    async with Server(script) as server:
        with pytest.raises(ServerRefuses, match="does not let us in"):
            await letters.send(server, connections=3)
        assert server.sessions == 1
    assert letters.states() == {"pending": 5}
    assert {row.owner for row in letters.rows().values()} == {None}
    async with Server() as server:
        assert (await letters.send(server)).settled


async def test_a_server_that_goes_away_half_way_leaves_the_rest_pending(post, monkeypatch):
    monkeypatch.setattr(deliver, "RECONNECT_PAUSES", (0.0, 0.0))
    letters = post(10)

    def script(turn: Turn) -> Act | None:
        gone = turn.message > 4 or (turn.stage == "connect" and turn.session > 1)
        return Act(drop=True) if gone else None

    async with Server(script) as server:
        with pytest.raises(Refused, match="closed the connection"):
            await letters.send(server, connections=1)
    assert letters.states() == {"accepted": 4, "pending": 6}
    once_each(server, letters)


# What the connection does.


@pytest.mark.parametrize(
    "script",
    [
        at("mail", Act(drop=True)), at("rcpt", Act("421 4.3.2 closing", drop=True)), at("data", Act("354 go on", drop=True)),
        at("data", Act("354 go on\r\n250 2.0.0 queued")), at("content", Act(drop=True)), at("rcpt", Act("what?")),
    ],
)  # fmt: skip
async def test_lost_before_the_dot_goes_out_once_in_the_same_run(post, script):
    letters = post(6)
    async with Server(script) as server:
        balance = await letters.send(server, connections=1)
    if balance.uncertain:  # the hang-up was not heard of before the dot was written: in doubt, and rightly
        assert "content" in server.stages()
        assert balance.accepted == 5
    else:
        assert balance.accepted == 6
    once_each(server, letters)


@pytest.mark.parametrize("take", [True, False])
async def test_lost_after_the_dot_is_in_doubt_until_staff_decide(post, take):
    letters = post(6)
    async with Server(at("dot", Act(drop=True, take=take))) as server:
        balance = await letters.send(server, connections=2)
        assert (balance.accepted, balance.uncertain, balance.pending) == (5, 1, 0)
        assert not balance.settled
        assert len(server.taken) == 5 + take
        (doubtful,) = [row for row in letters.rows().values() if row.state == State.UNCERTAIN]
        assert (await letters.send(server)).uncertain == 1  # never by itself

        assert dispatch.resolve_uncertain(letters.office.database, "latest", resend=True, now=NOW) == 1
        assert (await letters.send(server)).settled
    counted = Counter((each.recipient, each.message_id) for each in server.taken)
    assert counted.pop((doubtful.address, doubtful.message_id)) == 1 + take
    assert set(counted.values()) == {1}


async def test_in_doubt_can_be_let_be(post):
    letters = post(2)
    async with Server(at("dot", Act("2OO queued", take=True))) as server:
        assert (await letters.send(server)).uncertain == 1
        assert dispatch.resolve_uncertain(letters.office.database, "latest", resend=False, now=NOW) == 1
        balance = await letters.send(server)
    assert (balance.accepted, balance.failed) == (1, 1)
    assert len(server.taken) == 2


# What people do meanwhile: the change is made at 354, when only the dot is missing.


def at_354(change: Callable[[], object], times: int = 1) -> Script:
    left = [times]

    def script(turn: Turn) -> None:
        if turn.stage == "data" and left[0]:
            left[0] -= 1
            change()

    return script


@pytest.mark.parametrize("state", ["unsubscribed", "paused", "suppressed"])
async def test_who_leaves_between_claim_and_dot_gets_no_mail(post, state):
    letters = post(3)
    leave = at_354(lambda: letters.change(f"UPDATE subscriber SET state = '{state}' WHERE email LIKE 'reader0@%'"))
    async with Server(leave) as server:
        balance = await letters.send(server, connections=1)
    assert (balance.accepted, balance.skipped) == (2, 1)
    assert "reader0@example.net" not in {each.recipient for each in server.taken}
    assert letters.rows()["reader0@example.net"].last_reply == state
    once_each(server, letters)


async def test_a_pause_between_claim_and_dot_stops_at_once(post):
    letters = post(8)
    async with Server(
        at_354(lambda: dispatch.change(letters.office.database, ED, "pause", held_reason="by staff"))
    ) as server:
        with pytest.raises(Refused, match=r"^Sending is paused: by staff\. When that is mended"):
            await letters.send(server, connections=1)
        assert not server.taken
        assert letters.states() == {"pending": 8}
        dispatch.change(letters.office.database, ED, "resume", held_reason=None)
        assert (await letters.send(server)).accepted == 8
    once_each(server, letters)


async def test_a_cancellation_between_claim_and_dot_skips_all_that_is_left(post):
    letters = post(8)

    def cancel() -> None:
        dispatch.change(letters.office.database, ED, "pause", held_reason="by staff")
        dispatch.change(letters.office.database, ED, "cancel")

    async with Server(lambda turn: at_354(cancel)(turn) if turn.message == 3 else None) as server:
        with pytest.raises(Refused, match="2026-W11 is cancelled; the rest of it is not sent"):
            await letters.send(server, connections=1)
    assert letters.states() == {"accepted": 2, "skipped": 6}
    once_each(server, letters)


async def test_an_edition_that_expires_between_claim_and_dot_is_skipped(post):
    letters = post(3)
    async with Server(at_354(lambda: letters.later(timedelta(days=4)))) as server:
        balance = await letters.send(server, connections=1)
    assert balance.skipped == 3
    assert {row.last_reply for row in letters.rows().values()} <= {
        "the edition expired",
        "nothing to say: all of it is over",
    }
    assert not server.taken


async def test_items_that_close_while_sending_are_dropped_at_composing(post):
    letters = post(3)
    title = b"This afternoon: soup"
    async with Server(lambda turn: letters.later(timedelta(hours=12)) if turn.stage == "dot" else None) as server:
        assert (await letters.send(server, connections=1)).accepted == 3
    first, announced, third = (each.content for each in server.taken)
    assert title in first
    assert title in announced, "written before the dot with which it was announced"
    assert title not in third


# Signed.


@pytest.mark.parametrize("kinds", [("rsa",), ("ed25519",), ("rsa", "ed25519")], ids="+".join)
async def test_every_message_that_arrives_verifies(post, kinds):
    letters = post(30)
    keys = tuple(SIGNING[kind] for kind in kinds)
    letters.office = dataclasses.replace(letters.office, sender=dataclasses.replace(letters.office.sender, dkim=keys))
    async with Server() as server:
        assert (await letters.send(server, connections=3)).settled
    records = {f"{key.name}.".encode(): key.record.encode() for key in keys}
    for each in server.taken:
        for index in range(len(keys)):
            assert verifier.DKIM(each.content).verify(index, dnsfunc=lambda name, **_: records[name])
    once_each(server, letters)


# Claims ahead.


async def test_the_next_are_claimed_while_the_last_are_being_sent_and_never_many(post, monkeypatch):
    monkeypatch.setattr(ahead, "CLAIM_AHEAD", 8)
    letters = post(40)
    claimed: list[int] = []
    async with Server(
        lambda turn: claimed.append(letters.states()["claimed"]) if turn.stage == "dot" else None
    ) as server:
        assert (await letters.send(server, connections=1)).settled
    assert min(claimed[:30]) > 0
    assert max(claimed) <= 8 + 4
    once_each(server, letters)


@pytest.mark.parametrize("message", range(2, 8))
async def test_what_is_claimed_ahead_is_given_back_when_somebody_stops(post, monkeypatch, message):
    monkeypatch.setattr(ahead, "CLAIM_AHEAD", 8)
    letters, stop = post(40), asyncio.Event()
    async with Server(lambda turn: stop.set() if turn.message == message else None) as server:
        await letters.send(server, connections=2, stop=stop)
    assert letters.states().keys() == {"accepted", "pending"}
    assert {row.owner for row in letters.rows().values()} == {None}
    once_each(server, letters)


# Two at once, and stopping.


async def test_a_process_that_slept_between_mark_and_dot_writes_no_dot(post, monkeypatch):
    letters = post(3)
    slept = iter([60.0])
    monkeypatch.setattr(deliver, "uptime", lambda: uptime() + next(slept, 0.0))
    async with Server() as server:
        balance = await letters.send(server, connections=1)
    assert (balance.accepted, balance.uncertain) == (3, 0)
    once_each(server, letters)
    assert server.stages(1).count("dot") == 0, "the connection of the old mark is closed"
    assert server.sessions == 2


async def test_what_a_living_sender_holds_is_nobody_elses_to_settle(post):
    letters = post(3)
    doubtful: list[int] = []

    def script(turn: Turn) -> None:
        if turn.stage == "dot":
            doubtful.append(deliver.rescue(letters.office.database))

    async with Server(script) as server:
        assert (await letters.send(server, connections=1)).accepted == 3
    assert doubtful == [0, 0, 0]
    once_each(server, letters)


async def test_who_stops_a_run_does_not_wait_for_a_server_that_says_nothing(post):
    letters = post(4)
    stop = asyncio.Event()

    def script(turn: Turn) -> Act | None:
        if turn.stage != "connect":
            return None
        stop.set()
        return Act(stall=True)

    async with Server(script) as server:
        balance = await asyncio.wait_for(letters.send(server, stop=stop), 30)
    assert (balance.accepted, balance.pending) == (0, 4)
    assert letters.states() == {"pending": 4}


async def test_two_senders_at_once_send_everything_once(post):
    letters = post(120)
    async with Server() as server:
        balances = await asyncio.gather(*(letters.send(server) for _ in range(2)))
    assert max(balance.accepted for balance in balances) == 120
    assert letters.edition().state == "sent"
    once_each(server, letters)


async def test_stopping_finishes_what_is_in_flight_and_the_rest_goes_out_later(post, written_ahead):
    letters = post(40)
    stop = asyncio.Event()

    def script(turn: Turn) -> None:
        if turn.stage == "rcpt" and turn.message == 9:
            stop.set()

    async with Server(script) as server:
        balance = await letters.send(server, connections=3, stop=stop)
        assert 6 <= balance.accepted <= 9, "what was announced with a dot and not begun waits for the next run"
        assert balance.accepted + balance.pending == 40
        assert letters.states().keys() == {"accepted", "pending"}
        assert (await letters.send(server)).settled
    once_each(server, letters)


async def test_a_cancelled_sender_loses_and_doubles_nothing(post, written_ahead):
    letters = post(40)
    reached = asyncio.Event()
    async with Server(lambda turn: reached.set() if turn.message == 9 else None) as server:
        sending = asyncio.create_task(letters.send(server, connections=3))
        await reached.wait()
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        balance = await letters.send(server)
        assert balance.uncertain <= 3
        assert not balance.pending
    counted = Counter(each.recipient for each in server.taken)
    assert set(counted.values()) == {1}
    assert set(counted) >= {row.address for row in letters.rows().values() if row.state == State.ACCEPTED}


async def test_a_fault_of_our_own_in_one_line_lets_the_others_finish(post, written_ahead, monkeypatch):
    letters = post(40)
    draft = Mailroom.draft
    monkeypatch.setattr(
        Mailroom,
        "draft",
        lambda room, claimed, now: 1 / 0 if claimed.id == 9 else draft(room, claimed, now),
    )
    async with Server() as server:
        with pytest.raises(ZeroDivisionError):
            await letters.send(server, connections=3)
        assert letters.states().keys() <= {"accepted", "pending"}
        monkeypatch.undo()
        assert (await letters.send(server)).settled
    once_each(server, letters)


# The database in the way.


def impatient(engine: Engine) -> None:
    """So that a lock is an error at once: only the ledger waits."""
    engine.dispose()
    event.listen(engine, "connect", lambda connection, _record: connection.execute("PRAGMA busy_timeout = 0"))


async def test_a_database_locked_for_a_while_only_delays(post, monkeypatch):
    monkeypatch.setattr(ledger, "PATIENCE", (0.05,) * 100)
    letters = post(10)
    impatient(letters.office.database.engine)
    hold = sqlite3.connect(letters.file, check_same_thread=False, isolation_level=None)

    async def script(turn: Turn) -> None:
        if turn.stage == "data" and turn.message == 4:
            hold.execute("BEGIN IMMEDIATE")
            asyncio.get_running_loop().call_later(0.3, hold.execute, "ROLLBACK")

    async with Server(script) as server:
        assert (await letters.send(server)).settled
    hold.close()
    once_each(server, letters)


@pytest.mark.parametrize("trouble", ["locked", "full"])
async def test_a_database_that_stays_locked_or_full_stops_the_sender_before_the_dot(post, monkeypatch, trouble):
    monkeypatch.setattr(ledger, "PATIENCE", (0.0, 0.01))
    letters = post(60)
    engine = letters.office.database.engine
    impatient(engine)
    hold = sqlite3.connect(letters.file, isolation_level=None)
    long = Act("250 2.0.0 " + "queued " * 60, take=True)  # recorded, it needs pages

    def fill(connection: Db) -> None:
        driver = connection.connection.dbapi_connection
        pages = driver.execute("PRAGMA page_count").fetchone()[0]
        driver.execute(f"PRAGMA max_page_count = {pages}")

    def script(turn: Turn) -> Act | None:
        if turn.stage == "data" and turn.message == 7:
            if trouble == "locked":
                hold.execute("BEGIN IMMEDIATE")
            else:
                event.listen(engine, "begin", fill)
        return long if turn.stage == "dot" else None

    async with Server(script) as server:
        with pytest.raises(Refused, match=trouble):
            await letters.send(server, connections=2)
        if trouble == "locked":
            hold.execute("ROLLBACK")
        else:
            event.remove(engine, "begin", fill)
            engine.dispose()
        assert 4 <= len(server.taken) < 60
        balance = await letters.send(server)
    hold.close()
    assert balance.uncertain <= 2
    assert not balance.pending
    counted = Counter((each.recipient, each.message_id) for each in server.taken)
    assert set(counted.values()) == {1}
    recorded = {(row.address, row.message_id): row.state for row in letters.rows().values()}
    assert {each for each, state in recorded.items() if state == State.ACCEPTED} <= set(counted)
    assert {state for each, state in recorded.items() if each not in counted} <= {State.UNCERTAIN}


async def test_a_bounce_that_names_only_the_envelope_identifier_finds_its_delivery(post):
    """As it comes back where a smarthost put a sender of its own in place of ours (RFC 3464 §2.2.1)."""
    office = post(1)
    async with Server(offers=(*OFFERS, "DSN")) as server:
        await office.send(server)
    [said] = [line for line in server.heard if line.startswith(b"MAIL")]
    envelope_id = said.partition(b" ENVID=")[2].strip().decode()
    report = (
        "From: MAILER-DAEMON@relay.example\nTo: relay@relay.example\nSubject: Undelivered Mail\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n--b\n\nIt failed.\n--b\n'
        f"Content-Type: message/delivery-status\n\nReporting-MTA: dns; relay.example\nOriginal-Envelope-Id: {envelope_id}\n\n"
        "Final-Recipient: rfc822; reader0@example.net\nAction: failed\nStatus: 5.1.1\n"
        "Diagnostic-Code: smtp; 550 5.1.1 user unknown\n\n--b--\n"
    )
    received = receive.receive(
        office.office.database, report.encode(), "relay@relay.example", office.office.keys, office.now()
    )
    [row] = office.rows().values()
    assert received.delivery_id == row.id
    assert row.bounced_at is not None
