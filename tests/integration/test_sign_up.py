"""Signing up, from the form to the first letter: nobody is on the list before their mailbox says so, and no page tells who is."""

import asyncio
import json
import re
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest
from httpx import ASGITransport, AsyncClient
from tide import NOW, contents
from town import DAY, ELSEWHERE, MINUTE, OURS, URL, ZOE, Town, fill_in, link, text

from digest.core.envelope import Parcel
from digest.core.errors import Refused, TryAgain
from digest.core.reply import Accepted, Lost, Rejected, Reply, Stage, Unknown
from digest.core.standing import standing
from digest.core.token import Purpose, address_hmac
from digest.pipeline import consent, erasure, letters, lists, notices, signup
from digest.pipeline.hooks import from_postmark
from digest.pipeline.receive import receive
from digest.pipeline.signup import Consent
from digest.store import events, suppressions
from digest.web import serve
from providers import posted

COMPLAINT = (Path(__file__).parents[1] / "unit/dsn/arf-abuse.eml").read_bytes()


async def test_from_the_form_to_the_first_letter(town: Town, pages: AsyncClient) -> None:
    shown = (await pages.get("/subscribe", headers={"accept-language": "es-MX"})).text
    assert "Vivienda" in shown
    assert "Quiero recibir Tide por correo." in shown
    assert "<script" not in shown
    asked = await fill_in(pages, topic=["housing", "no-topic"], language="es", frequency="monthly")
    assert "Look into your mailbox." in asked.text
    assert town.state() == "pending"
    assert "before they confirm" in town.tell()["next"]
    letter = (await town.post())[ZOE]
    assert "Vivienda" in text(letter)
    assert str(letter["Auto-Submitted"]) == "auto-generated"
    assert "List-Unsubscribe" not in letter
    before = contents(town.db)
    for _ in range(3):
        assert "Vivienda" in (await pages.get(link(letter))).text
        assert (await pages.head(link(letter))).status_code == 200
    assert contents(town.db) == before
    assert town.state() == "pending"
    done = await pages.post(link(letter), headers=OURS)
    assert "bienvenida" in done.text
    found = town.tell()
    assert (found["state"], found["language"], found["frequency"], found["topics"]) == (
        "active",
        "es",
        "monthly",
        ["housing"],
    )
    [agreed] = found["consents"]
    assert agreed["action"] == "confirmed"
    assert agreed["wording"] == "I want to get Tide by mail. I can leave at any time, by a link in every mail."
    assert agreed["source"] == f"{URL}/subscribe (en)"
    assert agreed["proof"].startswith(
        "asked from a network that is not known on 2026-03-14 09:00 UTC, confirmed by the link"
    )
    welcome = (await town.post())[ZOE]
    assert "15 de marzo de 2026" in " ".join(text(welcome).split())
    assert f"<{URL}/unsubscribe/" in str(welcome["List-Unsubscribe"])
    town.now += 40 * DAY
    assert await town.post() == {}, "no reminder to who confirmed"


async def test_a_form_on_another_site_leads_to_ours_filled_in(town: Town, pages: AsyncClient) -> None:
    before = contents(town.db)
    answer = await fill_in(pages, headers=ELSEWHERE, topic="housing", frequency="monthly")
    assert answer.status_code == 200
    assert 'value="zoe@example.net"' in answer.text
    assert re.findall(r'value="(\w+)" checked', answer.text) == ["housing", "monthly"]
    assert contents(town.db) == before
    nasty = await fill_in(pages, '"><script>alert(1)</script>', headers=ELSEWHERE)
    assert "<script" not in nasty.text


@pytest.mark.parametrize("silent", [{}, {"origin": "null"}])
async def test_who_does_not_say_where_a_form_is_from_is_asked_once(
    town: Town, pages: AsyncClient, silent: dict[str, str]
) -> None:
    asked = (await fill_in(pages, headers=silent)).text
    assert "One more step" in asked
    assert town.state() == "nobody"
    stamp = stamp_in(asked)
    assert "One more step" in (await fill_in(pages, headers=ELSEWHERE, form=stamp)).text, "what a browser says counts"
    town.now += 61 * MINUTE
    again = (await fill_in(pages, headers=silent, form=stamp)).text
    assert "One more step" in again, "an old page is shown anew"
    assert "Look into your mailbox." in (await fill_in(pages, headers=silent, form=stamp_in(again))).text
    path = link((await town.post())[ZOE])
    assert (await pages.post(path, headers=silent)).status_code == 403
    confirmed = await pages.post(path, data={"form": stamp_in((await pages.get(path)).text)}, headers=silent)
    assert "Welcome." in confirmed.text
    assert town.state() == "active"


@pytest.mark.parametrize("headers", [OURS, ELSEWHERE, {}])
async def test_what_is_no_address_is_told_wherever_it_was_typed(pages: AsyncClient, headers: dict[str, str]) -> None:
    answer = await fill_in(pages, "zoe@", headers=headers)
    assert answer.status_code == 400
    assert "That is no mail address" in answer.text
    assert "One more step" not in answer.text


def stamp_in(page: str) -> str:
    [found] = re.findall(r'name="form" value="(\w+)"', page)
    return found  # type: ignore[no-any-return]


async def test_no_page_tells_who_is_here(town: Town, pages: AsyncClient) -> None:
    for email in ("active@example.org", "left@example.org", "dead@example.org"):
        consent.add(town.db, email, name=None, language=None, topics=None, pepper=town.here.pepper, now=NOW, source="x")
    consent.unsubscribe(town.db, "left@example.org", pepper=town.here.pepper, now=NOW)
    with town.db.write() as session:
        dead = consent.person(session, "dead@example.org")
        consent.leave(
            session, dead, pepper=town.here.pepper, now=NOW, reason="hard bounce", state="suppressed"
        )  # fmt: skip
    answers = {}
    for email in ("active@example.org", "left@example.org", "dead@example.org", ZOE, ZOE):
        answer = await fill_in(pages, email)
        answers[email] = (
            answer.status_code,
            answer.text.replace(email, "EMAIL"),
            dict(answer.headers) | {"content-length": ""},
        )
    assert len({str(each) for each in answers.values()}) == 1
    sent = await town.post()
    assert sent.keys() == answers.keys()
    assert str(sent["active@example.org"]["Subject"]) == "You get Tide already"
    assert "/confirm/" not in text(sent["active@example.org"])
    assert [town.state(each) for each in answers] == ["active", "unsubscribed", "suppressed", "pending"]


@pytest.mark.parametrize("reason", ["unsubscribed", "complaint", "hard bounce", "erased"])
async def test_only_a_confirmed_sign_up_brings_back_who_left(town: Town, pages: AsyncClient, reason: str) -> None:
    pepper = town.here.pepper
    consent.add(town.db, ZOE, name="Zoë", language="es", topics=["housing=3"], pepper=pepper, now=NOW - DAY, source="x")
    if reason == "erased":
        erasure.erase(town.db, ZOE, pepper=pepper, clear=town.here.clear, now=NOW)
    else:
        with town.db.write() as session:
            person = consent.person(session, ZOE)
            consent.leave(session, person, pepper=pepper, now=NOW, reason=reason, state="suppressed")
    before = town.state()
    await fill_in(pages, topic="housing")
    assert before == ("nobody" if reason == "erased" else "suppressed")
    assert town.state() == ("pending" if reason == "erased" else "suppressed")
    letter = (await town.post())[ZOE]
    await pages.post(link(letter), headers=OURS)
    found = town.tell()
    assert (found["state"], found["suppressions"]) == ("active", [])
    assert found["interests"] == {"housing": 1 if reason == "erased" else 3}
    if reason != "erased":
        assert found["events"][-1]["said"] == "they came back: they signed up again, and confirmed it"
        with town.db.read() as session:
            assert standing(events.history(session, consent.person(session, ZOE).id), town.now).state == "active"
    consent.unsubscribe(town.db, ZOE, pepper=pepper, now=town.now)
    again = contents(town.db)
    for _ in range(2):
        assert "done its work" in (await pages.post(link(letter), headers=OURS)).text
    assert contents(town.db) == again, "the link has done its work: it brings nobody back a second time"


async def test_a_goodbye_answers_a_mail_and_nothing_else(town: Town, pages: AsyncClient) -> None:
    ring = town.here.keyring
    for email in ("mails@example.org", "clicks@example.org"):
        consent.add(town.db, email, name=None, language=None, topics=None, pepper=town.here.pepper, now=NOW, source="x")
        tokens = ring.issue(Purpose.UNSUBSCRIBE, consent.find(town.db, email).id)
        if email.startswith("mails"):
            for _ in range(2):
                receive(town.db, b"Message-ID: <a@b>\n\nbye\n", f"unsub+{tokens}@example.org", town.here.keys, town.now)
        else:
            await pages.post(f"/unsubscribe/{tokens}", data={"List-Unsubscribe": "One-Click"})
    sent = await town.post()
    assert list(sent) == ["mails@example.org"]
    way_back = re.search(rf"{URL}(/preferences/\w+)", text(sent["mails@example.org"]))
    assert way_back
    assert "Send me the digest again" in (await pages.get(way_back[1])).text


async def test_who_complains_of_a_letter_is_left_alone(town: Town, pages: AsyncClient) -> None:
    await fill_in(pages)
    letter = (await town.post())[ZOE]
    assert letter["X-Envelope-From"] == f"news+letter+{str(letter['Message-ID'])[1:25]}@example.org"
    for message, expected in (
        (COMPLAINT, "a complaint ends all mail"),
        (b"Subject: thanks\n\nHello\n", "counts for nothing"),
    ):
        taken = town.here.inbound.take(message, str(letter["X-Envelope-From"]))
        assert expected in taken.effect
    assert not town.here.inbound.expects("news+letter+aaaaaaaaaaaaaaaaaaaaaaaa@example.org")
    town.now += 3 * DAY
    assert await town.post() == {}, "no reminder"
    with town.db.read() as session:
        kept = suppressions.of(session, address_hmac(town.here.pepper, ZOE))
    assert [each.reason for each in kept] == ["complaint"]
    await pages.post(link(letter), headers=OURS)
    assert town.tell()["suppressions"] == [], "and comes back by their own word"


async def test_postmark_is_told_which_letter_it_is_and_tells_of_it(
    town: Town, pages: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(vars(town.here), "sender", replace(town.here.sender, postmark=True))
    monkeypatch.delitem(vars(town.here), "office", raising=False)
    await fill_in(pages)
    letter = (await town.post())[ZOE]
    told = posted(RecordType="SpamComplaint", Metadata={"delivery": letter["X-PM-Metadata-delivery"]})
    taken = from_postmark(town.db, json.dumps(told).encode(), town.here.keys, town.now)
    assert taken
    assert "a complaint ends all mail" in taken.effect


async def test_letters_have_limits_that_outlive_the_process(town: Town, pages: AsyncClient) -> None:
    for minutes, letters_so_far in ((0, 1), (5, 1), (10, 2), (25, 3), (40, 3), (23 * 60, 3), (24 * 60, 4)):
        town.now = NOW + minutes * MINUTE
        assert (await fill_in(pages)).status_code == 200
        await town.post()
        assert len(list(town.outbox.glob("*.eml"))) == letters_so_far, minutes
    consent.add(
        town.db, "left@example.org", name=None, language=None, topics=None, pepper=town.here.pepper, now=NOW, source="x"
    )
    consent.unsubscribe(town.db, "left@example.org", pepper=town.here.pepper, now=NOW)
    for minutes in (0, 30, 60):
        town.now = NOW + 2 * DAY + minutes * MINUTE
        await fill_in(pages, "left@example.org")
    assert list(await town.post()) == ["left@example.org"]
    assert len(list(town.outbox.glob("*.eml"))) == 5, "one a day to who left"


def ask(town: Town, email: str, network: str) -> None:
    agreed = Consent("I want it.", f"{URL}/subscribe", network)
    signup.ask(town.db, signup.wish(email, [], "en", "weekly"), agreed, town.here.keys, town.now)


def test_no_network_and_no_crowd_of_them_has_us_write_without_end(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signup, "LETTERS_A_NETWORK", 3)
    monkeypatch.setattr(signup, "LETTERS_IN_ALL", 5)
    for number in range(3):
        ask(town, f"a{number}@example.org", "198.51.100.0/24")
    with pytest.raises(TryAgain):
        ask(town, "b@example.org", "198.51.100.0/24")
    for number in range(2):
        ask(town, f"c{number}@example.org", f"203.0.{number}.0/24")
    with pytest.raises(TryAgain):
        ask(town, "d@example.org", "")
    town.now += timedelta(hours=1, seconds=1)
    ask(town, "d@example.org", "")


async def test_too_many_is_said_to_everybody_alike(
    town: Town, pages: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signup, "LETTERS_IN_ALL", 0)
    answer = await fill_in(pages)
    assert answer.status_code == 503


async def test_a_program_that_fills_in_every_field_gets_the_same_page_and_nothing_else(
    town: Town, pages: AsyncClient
) -> None:
    before = contents(town.db)
    assert (await fill_in(pages, website="https://pills.example")).text == (await fill_in(pages)).text
    assert len(contents(town.db)) > len(before)
    town.now += 15 * MINUTE
    before = contents(town.db)
    await fill_in(pages, "ben@example.net", website="x")
    assert contents(town.db) == before


@pytest.mark.parametrize(
    "email", ["", "zoe", "zoe@", "zoe@example.net\r\nBcc: all@example.org", "a@example.net,b@example.net"]
)
async def test_what_is_no_address_is_said_and_kept_in_the_form(town: Town, pages: AsyncClient, email: str) -> None:
    before = contents(town.db)
    answer = await fill_in(pages, email, topic="housing")
    assert answer.status_code == 400
    assert "That is no mail address" in answer.text
    assert "housing" in re.findall(r'value="(\w+)" checked', answer.text)
    assert contents(town.db) == before


async def test_one_reminder_then_the_link_ends_then_nothing_is_left(town: Town, pages: AsyncClient) -> None:
    await fill_in(pages, "Zoe.Quill@Example.net")
    letter = (await town.post())["Zoe.Quill@example.net"]
    town.now = NOW + 3 * DAY
    reminder = (await town.post())["Zoe.Quill@example.net"]
    assert link(reminder) == link(letter)
    assert "works for 4 days" in text(reminder)
    town.now = NOW + 7 * DAY + MINUTE
    before = contents(town.db)
    assert "too old" in (await pages.post(link(letter), headers=OURS)).text
    assert contents(town.db) == before
    town.now = NOW + 30 * DAY
    assert await town.post() == {}
    assert town.state("Zoe.Quill@example.net") == "pending"
    town.now = NOW + 30 * DAY + MINUTE
    await town.post()
    assert (await pages.get(link(letter))).status_code == 404
    assert town.db.file
    left = [
        each.name for each in town.db.file.parent.rglob("*") if each.is_file() and b"quill" in each.read_bytes().lower()
    ]
    assert left == []


async def test_who_has_not_confirmed_can_be_erased_and_imported(town: Town, pages: AsyncClient, tmp_path: Path) -> None:
    await fill_in(pages)
    erasure.erase(town.db, ZOE, pepper=town.here.pepper, clear=town.here.clear, now=town.now)
    assert town.state() == "nobody"
    assert await town.post() == {}
    await fill_in(pages, "ben@example.net")
    letter = (await town.post())["ben@example.net"]
    path = tmp_path / "list.csv"
    path.write_text("email,name\nben@example.net,Ben\n")
    assert lists.import_list(town.db, path, pepper=town.here.pepper, now=town.now).added == 1
    assert town.state("ben@example.net") == "active"
    await pages.post(link(letter), headers=OURS)
    assert [each["action"] for each in town.tell("ben@example.net")["consents"]] == ["imported", "confirmed"]


class Server:
    """A mail server that answers as it is told."""

    alive = True

    def __init__(self, *answers: Any) -> None:
        self.answers, self.offered = list(answers), []

    async def offer(self, parcel: Parcel) -> Any:
        self.offered.append(parcel.wire)
        answer = self.answers.pop(0)
        if answer == "dies":
            raise ProcessLookupError
        return None if answer == "dot" else answer

    async def dot(self) -> Any:
        return Accepted(Reply(250, "ok"))

    async def close(self) -> None:
        pass


@pytest.mark.parametrize("trouble", [Rejected(Reply(450, "later"), Stage.RCPT), Lost("gone"), Unknown("gone"), "dies"])
async def test_a_letter_that_was_not_taken_comes_later_and_is_the_same_message(
    town: Town, pages: AsyncClient, monkeypatch: pytest.MonkeyPatch, trouble: Any
) -> None:
    server = Server(trouble, "dot")
    await fill_in(pages)
    monkeypatch.setattr("digest.transports.outbox.Connection.open", lambda _: asyncio.sleep(0, server))
    with suppress(ProcessLookupError):
        await town.post()
    await town.post()
    assert len(server.offered) == 1
    town.now += 10 * MINUTE
    await town.post()
    await town.post()
    assert len(server.offered) == 2
    first, second = (message_from_bytes(each) for each in server.offered)
    assert first["Message-ID"] == second["Message-ID"]


async def test_staff_hear_once_a_day_of_letters_that_were_given_up(
    town: Town, pages: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[str, str]] = []
    server = Server(*[Rejected(Reply(452, f"<{ZOE}> is full"), Stage.RCPT)] * 100)
    monkeypatch.setattr("digest.transports.outbox.Connection.open", lambda _: asyncio.sleep(0, server))
    await fill_in(pages)
    await fill_in(pages, "ben@example.net")
    begun = town.now
    while not told and town.now < begun + 3 * DAY:
        town.now += 5 * MINUTE
        await town.post()
        notices.tell(town.db, town.now, lambda *notice: told.append(notice))
    assert 1.5 * DAY < town.now - begun < 2 * DAY
    assert len(server.offered) == 2 * letters.ATTEMPTS
    [(subject, text_)] = told
    assert subject == f"A letter was given up on {town.now:%Y-%m-%d}"
    assert "“confirm” to somebody at example.net" in text_
    assert ZOE not in text_


async def test_an_address_that_does_not_exist_gets_no_reminder(
    town: Town, pages: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = Server(Rejected(Reply(550, "5.1.1 nobody"), Stage.RCPT))
    await fill_in(pages)
    monkeypatch.setattr("digest.transports.outbox.Connection.open", lambda _: asyncio.sleep(0, server))
    await town.post()
    town.now += 6 * DAY
    await town.post()
    assert len(server.offered) == 1


async def test_a_mail_server_in_the_way_costs_no_letter(
    town: Town, pages: AsyncClient, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def connect(_: Path) -> Server:
        if server.answers == ["closed"] * len(server.answers):
            server.answers.pop()
            raise Refused("The mail server does not answer.")
        return server

    server = Server(*["closed"] * 20)
    monkeypatch.setattr("digest.transports.outbox.Connection.open", connect)
    await fill_in(pages)
    for _ in range(20):
        await town.post()
    said = capsys.readouterr().err
    assert set(re.findall(r" event=(\".*?\"|\S+)", said)) == {'"letters wait"'}
    assert ZOE not in said
    server.answers = ["dot"]
    await town.post()
    assert len(server.offered) == 1


async def test_where_only_staff_bring_people_in_there_is_no_form(town: Town) -> None:
    town.here.settings.signup = "closed"
    async with AsyncClient(transport=ASGITransport(serve.public_pages(town.here)), base_url=URL) as pages:
        assert (await pages.get("/subscribe")).status_code == 404
        assert (await fill_in(pages)).status_code == 404
        assert "subscribe" not in (await pages.get("/")).text
