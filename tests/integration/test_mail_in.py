"""Mail that comes back, from whichever way: taken in, or kept where people find it; hostile mail has no effect."""

import random
import re
import time
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy import func, select, update
from sqlmodel import col

from digest.core.address import parse
from digest.core.delivery import State
from digest.core.edition import EditionState
from digest.core.errors import Refused, TryAgain
from digest.core.token import Keyring, Purpose
from digest.mailbox import files, reader
from digest.mailbox.quarantine import Quarantine
from digest.mailbox.reader import Reader
from digest.pipeline import inbound, notices
from digest.pipeline.inbound import Inbound
from digest.pipeline.receive import Keys
from digest.store import deliveries, editions, subscribers
from digest.store.subscribers import New
from digest.store.tables import EventRow, SubscriberRow, SuppressionRow

NOW = datetime(2026, 3, 15, 9, tzinfo=UTC)
KEYS = Keys(Keyring("a secret"), "a pepper")
FORGED = Keyring("another secret")
SAMPLES = [path.read_bytes() for path in sorted((Path(__file__).parents[1] / "unit/dsn").glob("*.eml"))]
GONE = (Path(__file__).parents[1] / "unit/dsn/postfix-unknown.eml").read_bytes()
DAEMON = b"From: MAILER-DAEMON@relay.example\nSubject: Undelivered Mail Returned to Sender\n"


@pytest.fixture
def post(sqlite, tmp_path):
    """The way in, and Ana, who got an edition."""
    with sqlite.write() as session:
        [ana] = subscribers.add_many(session, [New(parse("ana@example.net"), "Ana", "en", {})], NOW)
        edition = editions.create(session, "2026-W11", NOW, "UTC", EditionState.SENT)
        [delivery] = deliveries.numbers(session, 1)
        row = {
            "id": delivery, "edition_id": edition.id, "subscriber_id": ana, "address": "ana@example.net", "language": "en",
            "domain": "example.net", "selection": "{}", "state": State.ACCEPTED, "attempts": 1, "accepted_at": NOW,
        }  # fmt: skip
        deliveries.insert_new(session, [row])
    reading = Reader()

    def state():
        with sqlite.read() as session:
            return (
                subscribers.by_id(session, ana).state,
                deliveries.get(session, delivery).bounced_at,
                session.scalar(select(func.count()).select_from(SuppressionRow)),
            )

    def events():
        with sqlite.read() as session:
            return session.scalar(
                select(func.count()).select_from(EventRow).where(col(EventRow.delivery_id) == delivery)
            )

    yield SimpleNamespace(
        inbound=Inbound(sqlite, KEYS, reading.read, Quarantine(tmp_path / "quarantine"), lambda: NOW),
        state=state, events=events, reader=reading, database=sqlite, ana=ana,
        bounce=lambda ring=KEYS.ring: f"bounce+{ring.issue(Purpose.BOUNCE, delivery)}@bounces.example",
        unsub=lambda ring=KEYS.ring: f"unsub+{ring.issue(Purpose.UNSUBSCRIBE, ana)}@bounces.example",
    )  # fmt: skip
    reading.close()


UNTOUCHED = ("active", None, 0)


def test_a_bounce_is_counted_once_however_often_it_is_run_again(post):
    assert "suppressed" in post.inbound.take(GONE, post.bounce()).effect
    before = post.state(), post.events()
    kept = f"Delivered-To: {post.bounce()}\n".encode() + GONE
    assert "known already" in post.inbound.again(kept).effect
    assert (post.state(), post.events()) == before


def test_an_old_goodbye_run_again_takes_nobody_out_who_came_back(post):
    goodbye = b"Message-ID: <1@phone.example>\nSubject: unsubscribe\n\n"
    assert post.inbound.take(goodbye, post.unsub()).effect == "unsubscribed"
    with post.database.write() as session:
        session.execute(update(SubscriberRow).values(state="active"))
    kept = f"Return-Path: <>\nDelivered-To: {post.unsub()}\n".encode() + goodbye
    assert "known already" in post.inbound.again(kept).effect
    assert post.state()[0] == "active"
    assert post.inbound.take(goodbye.replace(b"<1@", b"<2@"), post.unsub()).effect == "unsubscribed"


@pytest.mark.parametrize("to", ["bounce", "unsub"])
def test_what_breaks_a_limit_is_kept_and_changes_nothing_even_with_a_good_token(post, to):
    taken = post.inbound.take(nested(1000), getattr(post, to)())
    assert (taken.unread, taken.rule) == (True, "refused: parts nested over 20 deep")
    assert post.state() == UNTOUCHED
    [kept] = post.inbound.quarantine.folder.glob("*.eml")
    assert kept.read_bytes().endswith(nested(1000))
    assert post.inbound.again(kept.read_bytes()).unread
    assert post.inbound.quarantine.count() == 1


FILM = b"\r\n\r\n" + b"film" * 300_000


@pytest.mark.parametrize(
    "head", [b"Subject: unsubscribe", b"From: ana@example.net\r\nContent-Type: multipart/mixed; boundary=b"]
)
def test_a_goodbye_is_heard_whatever_is_attached_to_it(post, head):
    assert post.inbound.take(head + FILM, post.unsub()).effect == "unsubscribed"
    assert post.state()[0] == "unsubscribed"
    assert post.inbound.quarantine.count() == 0


@pytest.mark.parametrize(
    "head",
    [b"Auto-Submitted: auto-replied", b"Content-Type: multipart/report; report-type=delivery-status", b"Subject: x"],
)
def test_a_machine_that_says_too_much_takes_nobody_out(post, head):
    post.inbound.take(head + FILM, post.unsub() if head != b"Subject: x" else post.unsub(FORGED))
    assert post.state() == UNTOUCHED


def test_staff_hear_once_a_day_that_something_is_in_quarantine(post):
    for message in (nested(1000), nested(1001)):
        post.inbound.take(message, post.bounce())
    told = []
    for _ in range(2):
        notices.tell(post.database, NOW, lambda *notice: told.append(notice))
    [(subject, text)] = told
    assert subject == "A message is in quarantine"
    assert "parts nested over 20 deep" in text
    assert str(post.inbound.quarantine.folder) in text


def test_what_fails_here_again_and_again_is_kept(post, monkeypatch):
    monkeypatch.setattr(inbound, "receive", lambda *_: 1 / 0)
    assert post.inbound.take(GONE, post.bounce()).rule == "refused: ZeroDivisionError on taking it in"
    assert (post.state(), post.inbound.quarantine.count()) == (UNTOUCHED, 1)


def test_what_the_database_does_not_take_has_to_come_again(post, monkeypatch):
    def busy(*_):
        raise TryAgain("The database is locked.")

    monkeypatch.setattr(inbound, "receive", busy)
    with pytest.raises(TryAgain):
        post.inbound.take(GONE, post.bounce())
    assert not post.inbound.quarantine.folder.exists()


def test_only_an_address_that_never_was_is_not_expected(post):
    for expected in (
        post.bounce(), post.unsub().upper(), f"prvs=1234={post.bounce()}", f"srs0=ab=cd=harbour.example={post.unsub()}",
        post.bounce().replace("bounce+", "weekly+bounce+"), "abuse@harbour.example",
        "internationalnewsletters@harbour.example", "bounce@x",
    ):  # fmt: skip
        assert post.inbound.expects(expected)
    for never in (
        post.bounce(FORGED),
        post.unsub(FORGED),
        post.bounce().replace("bounce+", "bounce+a")[:31] + "@bounces.example",
    ):
        assert not post.inbound.expects(never)


def test_an_mbox_is_told_from_a_message_that_was_in_one(tmp_path):
    line, message = b"From MAILER-DAEMON Thu Apr 29 23:34:45 2015\n", b"Subject: x\n\nA text.\n\n"
    (tmp_path / "a.txt").write_bytes(line + message)
    (tmp_path / "b.txt").write_bytes(2 * (line + message))
    (tmp_path / "c.eml").write_bytes(2 * (line + message))
    found = {where.removeprefix(f"{tmp_path}/"): content for where, content in files.messages(tmp_path)}
    assert list(found) == ["a.txt", "b.txt no. 1", "b.txt no. 2", "c.eml"]
    assert {found["a.txt"].strip(), found["b.txt no. 2"].strip()} == {message.strip()}
    assert found["c.eml"] == 2 * (line + message)


@pytest.fixture
def spool(tmp_path):
    for name in ("tmp", "new", "cur"):
        (tmp_path / "Maildir" / name).mkdir(parents=True)
    return tmp_path / "Maildir"


def lies(spool):
    return [[path.name for path in sorted((spool / name).iterdir())] for name in ("new", "cur")]


def test_a_maildir_is_emptied_into_cur_and_hostile_mail_holds_up_nothing(post, spool):
    (spool / "new/1.host").write_bytes(nested(1000))
    delivered = f"Delivered-To: digest@harbour.example\nX-Original-To: {post.bounce()}\n".encode() + GONE
    (spool / "new/2.host").write_bytes(delivered)
    assert [got.unread for got in post.inbound.collect(spool)] == [True, False]
    assert (post.state()[0], post.inbound.quarantine.count()) == ("suppressed", 1)
    assert lies(spool) == [[], ["1.host:2,S", "2.host:2,S"]]


def test_what_cannot_be_taken_in_now_waits_in_new(post, spool, monkeypatch):
    (spool / "new/1.host").write_bytes(b"To: " + post.bounce().encode() + b"\n" + GONE)

    def busy(*_):
        raise TryAgain("The database is locked.")

    with monkeypatch.context() as patched:
        patched.setattr(inbound, "receive", busy)
        with pytest.raises(TryAgain):
            list(post.inbound.collect(spool))
    assert lies(spool) == [["1.host"], []]
    assert len(list(post.inbound.collect(spool))) == 1
    assert post.state()[0] == "suppressed"


def test_what_cannot_be_opened_holds_up_nothing_and_is_told(post, spool):
    (spool / "new/1.host").mkdir()
    (spool / "new/2.host").write_bytes(f"To: {post.bounce()}\n".encode() + GONE)
    taken = post.inbound.collect(spool)
    assert next(taken).delivery_id
    with pytest.raises(
        Refused, match=r"DIGEST_MAILDIR: mail waits on, since .*1\.host cannot be read or moved: is a directory"
    ):
        next(taken)
    assert lies(spool) == [["1.host"], ["2.host:2,S"]]


@pytest.mark.parametrize("header", ["To: <{}>", "To:\r\n Somebody\r\n\t<{}>", "DELIVERED-TO: {}", "Envelope-To: {}"])
def test_the_token_is_found_in_any_header_of_delivery(post, header):
    said = header.format(post.bounce())
    post.inbound.again(f"X-First: x\r\nTo: nobody@harbour.example\r\n{said}\r\n".encode() + GONE)
    assert post.state()[0] == "suppressed"


def nested(depth):
    return DAEMON + b"".join(b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (n, n) for n in range(depth))


BOMBS = [
    b"To: " + b"," * 97_000 + b"\n" + DAEMON + b"\ntext",
    b"Subject: " + b"=?utf-8?q?x?= " * 18_000 + b"\n\ntext",
    b"Subject: " + b"x" * 253_000 + b"\n\ntext",
    nested(1000),
    DAEMON + b"Content-Type: message/rfc822\n\n" * 10_000,
    DAEMON
    + b"Content-Type: message/delivery-status\n\n"
    + b"Action: failed\nFinal-Recipient: rfc822; a@b.example\n\n" * 15_000,
    b"x" * 1_000_001,
]


def mutations(count):
    """Samples with spans cut, doubled, turned to noise, or swapped for a span of another; the same every time."""
    dice = random.Random(7)
    for _ in range(count):
        message = bytearray(dice.choice(SAMPLES))
        for _ in range(dice.randint(1, 6)):
            start = dice.randrange(len(message) + 1)
            end = min(len(message), start + dice.randrange(200))
            other = dice.choice(SAMPLES)
            cut = dice.randrange(len(other))
            message[start:end] = dice.choice(
                [
                    b"",
                    dice.randbytes(40),
                    bytes(message[start:end]) * 3,
                    other[cut : cut + 300],
                    b"\n\n",
                    b"\x00",
                    b"\xff\xfe",
                ]
            )
        yield bytes(message)


def test_1200_mutations_and_the_bombs_have_no_effect_and_take_little(post):
    slowest, process = 0.0, None
    for number, message in enumerate([*mutations(1200), *BOMBS]):
        start = time.perf_counter()
        post.inbound.take(message, (post.bounce, post.unsub)[number % 2](FORGED))
        slowest = max(slowest, time.perf_counter() - start)
        assert process in (None, post.reader._process.pid), "one process read all of them"
        process = post.reader._process.pid
    status = Path(f"/proc/{process}/status")  # its own peak: that of all children would be that of any other test's
    peak = re.search(r"VmHWM:\s+(\d+) kB", status.read_text()) if status.exists() else None
    post.reader.close()
    assert (post.state(), post.events()) == (UNTOUCHED, 0)
    assert slowest < reader.SECONDS
    assert peak is None or int(peak[1]) < 300 * 1024
