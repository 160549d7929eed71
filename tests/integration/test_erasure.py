"""Erased is erased: afterwards no file of the installation holds the address or the name, and every balance still adds up."""

from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import select, update
from sqlmodel import SQLModel
from tide import NOW, nothing

from digest.core.address import parse
from digest.core.delivery import Balance, State
from digest.core.edition import EditionState
from digest.core.envelope import Parcel
from digest.core.errors import Refused, TryAgain
from digest.core.token import address_hmac
from digest.mailbox.quarantine import Quarantine
from digest.pipeline import consent, erasure, lists
from digest.pipeline.compose import Copy
from digest.store import consents, deliveries, editions, events, subscribers, suppressions
from digest.store.database import Database
from digest.store.tables import DeliveryRow, EditionRow, EventRow, PacingRow
from digest.transports import outbox

EMAIL, NAME = "Zenobia.Quill@Example.org", "Zenobia"
STATES = [State.ACCEPTED, State.FAILED, State.SKIPPED, State.UNCERTAIN, State.PENDING, State.CLAIMED]


@pytest.fixture
def zenobia(sqlite: Database) -> int:
    return put(sqlite)


def put(database: Database) -> int:
    """Somebody with a delivery in every state, whose address servers repeated wherever they could. Their number."""
    person = subscribers.New(parse(EMAIL), NAME, "en", {"water": 2})
    other = subscribers.New(parse("ben@example.net"), "Ben", "en", {})
    said = f"550 5.1.1 <{EMAIL.lower()}> is full"
    with database.write() as session:
        number, ben = subscribers.add_many(session, [person, other], NOW)
        hmac = address_hmac("pepper", parse(EMAIL).key)
        consents.record(session, hmac, "imported", NOW, source=f"a mail of {EMAIL}")
        for week, state in enumerate(STATES):
            edition = editions.create(session, f"2026-W{week + 10}", NOW, "UTC", EditionState.SENDING)
            edition_id = edition.identity  # type: ignore[union-attr]
            rows = [
                {
                    "id": delivery, "edition_id": edition_id, "subscriber_id": whose, "address": email,
                    "domain": "example.org", "language": "en", "state": state, "attempts": 0,
                    "selection": Copy((1, 2), f"Hello {name},", f"You follow what {name} follows.").to_json(),
                    "message_id": f"<m{delivery}@tide.example>", "last_reply": said, "owner": "o" if state == "claimed" else None,
                }
                for delivery, whose, email, name in (
                    (2 * week + 1, number, EMAIL, NAME), (2 * week + 2, ben, "ben@example.net", "Ben"),
                )
            ]  # fmt: skip
            deliveries.insert_new(session, rows)
            events.record(
                session, "bounce", source="inbound", source_event_id=f"bounce/{2 * week + 1}", now=NOW,
                delivery_id=2 * week + 1, subscriber_id=number if week else None,
                payload={"verdict": "soft", "rule": said, "text": EMAIL},
            )  # fmt: skip
        events.record(
            session, "alarm", source="alarm", source_event_id="1", now=NOW, payload={"text": f"{EMAIL} refused"}
        )
        session.add(PacingRow(domain="example.org", why=said))
        session.execute(update(EditionRow).values(held_reason=f"the last with: {said}"))
    return number


def holding(folder: Path, *words: str) -> list[str]:
    """The files with one of the words in them, in any case."""
    files = [each for each in folder.rglob("*") if each.is_file()]
    return sorted(
        each.name for each in files if any(word.lower().encode() in each.read_bytes().lower() for word in words)
    )


def balances(db: Database) -> list[Balance]:
    with db.read() as session:
        return [deliveries.balance(session, number) for number in range(1, len(STATES) + 1)]


async def filled(folder: Path) -> Path:
    for name, recipient in (("a", EMAIL), ("b", "ben@example.net"), ("c", EMAIL)):
        connection = await outbox.Connection.open(folder)
        wire = f"To: {recipient}\r\nMessage-ID: <{name}@tide.example>\r\n\r\nHello\r\n".encode()
        await connection.offer(Parcel("bounce@tide.example", recipient, wire))
        if name != "c":
            await connection.dot()
    return folder


async def test_no_file_holds_the_address_or_the_name(sqlite: Database, zenobia: int, tmp_path: Path) -> None:
    assert sqlite.file
    folder = await filled(sqlite.file.parent / "outbox")
    with sqlite.write() as session:  # what an update leaves behind in a page counts too
        session.execute(update(DeliveryRow).where(DeliveryRow.id == 1).values(last_reply=f"{EMAIL} " * 50))  # type: ignore[arg-type]
    assert len(holding(sqlite.file.parent, EMAIL)) >= 3
    quarantine = Quarantine(sqlite.file.parent / "quarantine")
    quarantine.keep(b"Subject: bounce\n\n", EMAIL.lower(), "too deep")
    quarantine.keep(b"Subject: bounce\n\n", "ben@example.net", "too deep")

    def clear(email: str) -> None:
        outbox.remove(folder, email)
        quarantine.remove(email)

    before = balances(sqlite)
    assert erasure.erase(sqlite, EMAIL, pepper="pepper", clear=clear, now=NOW)
    assert holding(sqlite.file.parent, EMAIL, NAME, "quill") == []
    assert [each.name for each in folder.iterdir()] == ["b.eml"]
    assert quarantine.count() == 1
    assert len([*quarantine.folder.iterdir()]) == 2
    assert [each.eligible for each in balances(sqlite)] == [each.eligible for each in before] == [2] * len(STATES)
    after = balances(sqlite)
    assert after[:3] == before[:3]
    assert (after[3].failed, after[3].uncertain) == (1, 1), "in doubt: let be, for there is nobody to ask"
    assert [(each.skipped, each.pending) for each in after[4:]] == [(1, 1)] * 2
    with sqlite.read() as session:
        theirs = session.get_one(DeliveryRow, 1)
        assert (theirs.subscriber_id, theirs.address, theirs.message_id) == (None, None, "<m1@tide.example>")
        assert Copy.from_json(theirs.selection) == Copy((1, 2), "", "")
        bens = session.get_one(DeliveryRow, 2)
        assert (bens.address, bens.last_reply) == ("ben@example.net", "erased"), "it named her"
        event = session.get_one(EventRow, 2)
        assert (event.subscriber_id, event.delivery_id, event.payload) == (None, 3, {"verdict": "soft"})


def test_on_a_server_no_row_holds_the_address_or_the_name(postgres: Database) -> None:
    put(postgres)

    def naming() -> list[str]:
        with postgres.read() as session:
            rows = [str(row) for table in SQLModel.metadata.sorted_tables for row in session.execute(select(table))]
        return [row for row in rows if any(word in row.lower() for word in (EMAIL.lower(), NAME.lower()))]

    before = balances(postgres)
    assert len(naming()) > 10
    assert erasure.erase(postgres, EMAIL, pepper="pepper", clear=nothing, now=NOW)
    assert naming() == []
    assert [each.eligible for each in balances(postgres)] == [each.eligible for each in before]


def test_no_list_brings_them_back(sqlite: Database, zenobia: int, tmp_path: Path) -> None:
    erasure.erase(sqlite, EMAIL, pepper="pepper", clear=nothing, now=NOW)
    path = tmp_path / "list.csv"
    path.write_text(f"email\n{EMAIL}\n")
    assert lists.import_list(sqlite, path, pepper="pepper", now=NOW).suppressed == 1
    with pytest.raises(Refused, match="is not a subscriber"):
        erasure.erase(sqlite, EMAIL, pepper="pepper", clear=nothing, now=NOW)
    with pytest.raises(Refused, match="left or bounced"):
        consent.add(sqlite, EMAIL, name=None, language=None, topics=None, pepper="pepper", now=NOW, source="x")


def test_why_they_were_kept_out_before_stays(sqlite: Database, zenobia: int) -> None:
    with sqlite.write() as session:
        person = subscribers.by_id(session, zenobia)
        assert person
        consent.leave(session, person, pepper="pepper", now=NOW, reason="complaint", state="suppressed")
    erasure.erase(sqlite, EMAIL, pepper="pepper", clear=nothing, now=NOW)
    with sqlite.read() as session:
        kept = suppressions.of(session, address_hmac("pepper", parse(EMAIL).key))
        assert [each.reason for each in kept] == ["complaint"]


def test_while_a_message_is_on_the_wire_nothing_is_erased(sqlite: Database, zenobia: int) -> None:
    with sqlite.write() as session:
        session.execute(update(DeliveryRow).where(DeliveryRow.id == 1).values(state=State.TRANSMITTING))  # type: ignore[arg-type]
    with pytest.raises(TryAgain, match="being sent at this moment"):
        erasure.erase(sqlite, EMAIL, pepper="pepper", clear=nothing, now=NOW)
    assert consent.find(sqlite, EMAIL).interests == {"water": 2}


def test_an_outbox_that_cannot_be_cleared_erases_nothing(
    sqlite: Database, zenobia: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "outbox").mkdir()
    (tmp_path / "outbox" / "a.eml").write_text(f"X-Envelope-From: b@tide.example\nX-Envelope-To: {EMAIL}\n")

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "unlink", refuse)
    with pytest.raises(Refused, match="cannot be cleared of their mail: permission denied"):
        erasure.erase(sqlite, EMAIL, pepper="pepper", clear=partial(outbox.remove, tmp_path / "outbox"), now=NOW)
    assert consent.find(sqlite, EMAIL).name == NAME
