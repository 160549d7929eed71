"""A change of address: confirmed at the new one, told to the old one, and nobody learns who is at either."""

import pytest
from httpx import AsyncClient
from sqlalchemy import update
from test_erasure import holding
from tide import NOW, contents
from town import DAY, ELSEWHERE, MINUTE, OURS, ZOE, Town, joined, link, text

from digest.core.delivery import State
from digest.core.edition import EditionState
from digest.core.reply import Reply
from digest.pipeline import consent, erasure
from digest.pipeline.compose import Copy
from digest.pipeline.receive import rejected
from digest.store import deliveries, editions
from digest.store.tables import DeliveryRow


async def test_a_new_address_is_confirmed_there_and_the_old_one_hears_of_it(town: Town, pages: AsyncClient) -> None:
    page = joined(town, source="a mail of ana@example.org")
    number = consent.find(town.db, "ana@example.org").id
    asked = await pages.post(f"{page}/move", data={"email": ZOE}, headers=OURS)
    assert "We have written to the other address." in asked.text
    assert town.state("ana@example.org") == "active"
    sent = await town.post()
    assert list(sent) == [ZOE]
    assert "Ana" not in text(sent[ZOE]), "the address may be somebody else's"
    before = contents(town.db)
    for _ in range(3):
        assert "at this address?" in (await pages.get(link(sent[ZOE]))).text
    assert contents(town.db) == before
    assert "from now on" in (await pages.post(link(sent[ZOE]), headers=OURS)).text
    moved = consent.find(town.db, ZOE)
    assert (moved.id, moved.name, moved.interests, moved.state) == (number, "Ana", {"housing": 3}, "active")
    assert town.state("ana@example.org") == "nobody"
    assert [each["action"] for each in town.tell()["consents"]] == ["added", "confirmed"]
    assert town.tell()["consents"][1]["wording"] == "I want to get Tide at this address instead."
    note = await town.post()
    assert list(note) == ["ana@example.org"]
    assert "z•••@example.net" in text(note["ana@example.org"])
    after = contents(town.db)
    await pages.post(link(sent[ZOE]), headers=OURS)
    assert contents(town.db) == after
    await pages.post(f"{page}/move", data={"email": "third@example.com"}, headers=OURS)
    erasure.erase(town.db, ZOE, pepper=town.here.pepper, clear=town.here.clear, now=town.now)
    assert town.state() == "nobody"
    assert holding(town.outbox.parent, "ana@example.org", ZOE, "third@example.com") == []


@pytest.mark.parametrize("there", ["active", "unsubscribed", "erased", "self"])
async def test_who_is_at_the_other_address_is_told_to_nobody_and_overrun_by_nobody(
    town: Town, pages: AsyncClient, there: str
) -> None:
    page, pepper = joined(town), town.here.pepper
    wanted = "ana@example.org" if there == "self" else ZOE
    if there != "self":
        joined(town, ZOE)
    if there == "unsubscribed":
        consent.unsubscribe(town.db, ZOE, pepper=pepper, now=NOW)
    if there == "erased":
        erasure.erase(town.db, ZOE, pepper=pepper, clear=town.here.clear, now=NOW)
    answer = await pages.post(f"{page}/move", data={"email": wanted}, headers=OURS)
    assert "We have written to the other address." in answer.text
    sent = await town.post()
    subjects = {email: str(letter["Subject"]) for email, letter in sent.items()}
    assert (
        subjects
        == {
            "self": {},
            "active": {ZOE: "You get Tide already"},
            "unsubscribed": {ZOE: "Please confirm: Tide by mail"},
            "erased": {ZOE: "Please confirm: Tide at this address"},
        }[there]
    )
    if there in ("unsubscribed", "erased"):
        await pages.post(link(sent[ZOE]), headers=OURS)
        assert town.state() == "active"
        assert town.tell()["suppressions"] == []
    assert town.state("ana@example.org") == ("nobody" if there == "erased" else "active")


async def test_a_bounce_of_the_mailbox_that_they_left_does_nothing(town: Town, pages: AsyncClient) -> None:
    page = joined(town)
    number = consent.find(town.db, "ana@example.org").id
    with town.db.write() as session:
        edition = editions.create(session, "2026-W10", NOW - DAY, "UTC", EditionState.SENDING)
        assert edition
        row = {
            "id": 1, "edition_id": edition.id, "subscriber_id": number, "address": "ana@example.org",
            "domain": "example.org",
            "language": "en", "selection": Copy((1,), "", "").to_json(), "attempts": 0, "state": State.CLAIMED,
            "owner": "me", "message_id": "<1@x>",
        }  # fmt: skip
        deliveries.insert_new(session, [row])
    await pages.post(f"{page}/move", data={"email": ZOE}, headers=OURS)
    await pages.post(link((await town.post())[ZOE]), headers=OURS)
    town.now += MINUTE
    with town.db.write() as session:
        rejected(session, 1, Reply(550, "5.1.1 no such user"), town.here.keys, town.now)
    assert town.state() == "active"
    erased = contents(town.db)
    assert any("ana@example.org" in line for line in erased)
    with town.db.write() as session:
        session.execute(update(DeliveryRow).values(state=State.FAILED))
    erasure.erase(town.db, ZOE, pepper=town.here.pepper, clear=town.here.clear, now=town.now)
    assert not any("ana@example.org" in line for line in contents(town.db)), "the former address is erased too"


async def test_a_mistyped_address_changes_nothing_and_neither_does_who_left(town: Town, pages: AsyncClient) -> None:
    page = joined(town)
    before = contents(town.db)
    mistyped = await pages.post(f"{page}/move", data={"email": "nobody"}, headers=OURS)
    assert (mistyped.status_code, "That is no mail address" in mistyped.text) == (400, True)
    assert (await pages.post(f"{page}/move", data={"email": ZOE}, headers=ELSEWHERE)).status_code == 403
    assert (await pages.post("/preferences/forged/move", data={"email": ZOE}, headers=OURS)).status_code == 404
    assert contents(town.db) == before
    await pages.post(f"{page}/move", data={"email": ZOE}, headers=OURS)
    letter = (await town.post())[ZOE]
    consent.unsubscribe(town.db, "ana@example.org", pepper=town.here.pepper, now=NOW)
    before = contents(town.db)
    assert "too old" in (await pages.post(link(letter), headers=OURS)).text
    await pages.post(f"{page}/move", data={"email": "ben@example.net"}, headers=OURS)
    assert contents(town.db) == before
