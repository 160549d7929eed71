"""The main job as its users tell it, through the command line alone."""

import re
from email import message_from_bytes, policy

from digest.mailbox.inbox import Mail, bounce

from .conftest import BEFORE, LIST, SLOT, WEEK, Terminal


def test_a_week_goes_out_and_is_accounted_for(week: Terminal, inbox: list[Mail]) -> None:
    shown = week("edition", "show", "latest", "--json").json
    assert shown["state"] == "draft"
    assert len(shown["items"]) == 14
    reasons = {each["title"]: each["reason"] for each in shown["left_out"]}
    assert reasons == {
        "Write to the council before Friday to keep the 23:40 bus": "its deadline was 13 March 2026",
        "Order your Easter basket from the co-op": "it is a draft; it lacks url",
    }

    balance = week("edition", "send", "latest", "--json", "--now", SLOT).json
    assert balance == {
        "edition": "2026-W11", "eligible": 25, "accepted": 25, "failed": 0, "skipped": 0, "uncertain": 0, "pending": 0,
    }  # fmt: skip
    assert len(inbox) == len({mail.recipient for mail in inbox}) == 25
    assert week("edition", "list", "--json").json["editions"] == [{"period": "2026-W11", "number": 1, "state": "sent"}]

    again = week("edition", "send", "latest", "--json", "--now", SLOT).json
    assert again == balance
    assert len(inbox) == 25


def test_every_message_says_how_to_leave_and_whose_it_is(week: Terminal, inbox: list[Mail]) -> None:
    week.env["PUBLIC_URL"] = "https://news.harbour.example"
    week("edition", "send", "latest", "--now", SLOT)
    assert len({mail.sender for mail in inbox}) == 25
    for mail in inbox:
        message = message_from_bytes(mail.content, policy=policy.default)
        assert not message.defects
        https, mailto = re.fullmatch(r"<([^>]+)>, <([^>]+)>", message["List-Unsubscribe"]).groups()  # type: ignore[union-attr]
        assert https.startswith("https://news.harbour.example/unsubscribe/")
        assert re.fullmatch(r"mailto:unsub\+[a-z2-7]{24}@bounces\.harbour\.example\?subject=unsubscribe", mailto)
        assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert message["List-Id"] == "Harbour Weekly <harbour-weekly.harbour.example>"
        assert re.fullmatch(r"bounce\+[a-z2-7]{24}@bounces\.harbour\.example", mail.sender)
        assert message["Auto-Submitted"] == "auto-generated"
        assert re.search(r":dg[0-9a-f]{10}$", message["Feedback-ID"])
        assert message["Message-ID"].endswith("@harbour.example>")
        html, text = (message.get_body((kind,)).get_content() for kind in ("html", "plain"))  # type: ignore[union-attr]
        for part in (html, text):
            assert https in part
            assert "Harbour House, 3 Quay Street, Cabo Manso" in " ".join(part.split())
        assert all(len(line) <= 998 for line in mail.content.split(b"\r\n"))
        assert "{{" not in html + text


def test_a_digest_follows_what_its_reader_follows(week: Terminal) -> None:
    for line in LIST.read_text().splitlines()[1:6]:
        email = line.split(",")[0]
        told = week("edition", "why", "latest", email, "--json", "--now", SLOT).json
        text = week("edition", "render", "latest", "--for", email, "--format", "text", "--now", SLOT).out
        flat = " ".join(text.split())
        for each in told["included"]:
            assert each["title"] in flat
            assert each["reasons"]
        for each in told["excluded"]:
            assert each["title"] not in flat
    spanish = week("edition", "render", "latest", "--for", "leaving.soon@example.org", "--format", "html").out
    assert 'lang="en"' in spanish.partition(">")[0] + spanish[:200]


def test_a_bounce_and_an_unsubscribe_count_and_no_import_brings_them_back(week: Terminal, inbox: list[Mail]) -> None:
    week("edition", "send", "latest", "--now", SLOT)
    gone = next(mail for mail in inbox if mail.recipient == "closed.mailbox@example.net")
    came = week(
        "inbound", "--recipient", gone.sender, "--json", "--now", SLOT, stdin=bounce(gone, "mx.example.net")
    ).json
    assert (came["kind"], came["verdict"]) == ("bounce", "hard")
    assert week(
        "inbound", "--recipient", gone.sender, "--now", SLOT, stdin=bounce(gone, "mx.example.net")
    ).out.endswith("known already; nothing changed.\n")
    story = week("subscribers", "show", "closed.mailbox@example.net", "--json").json
    assert story["state"] == "suppressed"
    assert [each["reason"] for each in story["suppressions"]] == ["hard bounce"]
    assert [each["type"] for each in story["events"]] == ["bounce"]

    leaving = message_from_bytes(
        next(m for m in inbox if m.recipient == "leaving.soon@example.org").content, policy=policy.default
    )
    address = re.search(r"mailto:(unsub\+[^?>]+)", leaving["List-Unsubscribe"])[1]  # type: ignore[index]
    week("inbound", "--recipient", address, stdin=b"From: leaving.soon@example.org\r\nSubject: unsubscribe\r\n\r\n\r\n")
    states = {each["email"]: each["state"] for each in week("subscribers", "list", "--json").json["subscribers"]}
    assert states["leaving.soon@example.org"] == "unsubscribed"

    report = week("subscribers", "import", LIST, "--json").json
    assert report["suppressed"] == 2
    assert (report["added"], report["unchanged"]) == (0, 23)
    shown = week("edition", "show", "latest", "--json").json
    assert shown["came_back"] == {"bounce": 1, "unsubscribe": 1}


def test_editing_is_show_edit_add(digest: Terminal) -> None:
    digest("init")
    digest("items", "add", WEEK, "--now", BEFORE)
    again = digest("items", "add", WEEK, "--now", BEFORE, "--json").json
    assert (len(again["added"]), len(again["updated"]), len(again["unchanged"])) == (0, 0, 17)
    [draft] = [each for each in digest("items", "list", "--json").json["items"] if each["status"] == "draft"]
    assert draft["missing"] == ["url"]
    digest("items", "ready", draft["id"], code=1)

    file = digest("items", "show", draft["id"], "--format", "md").out
    path = digest.write("basket.md", file.replace("status: draft", "url: https://coop.example/easter"))
    changed = digest("items", "add", path, "--json").json
    assert [(each["id"], each["status"]) for each in changed["updated"]] == [(draft["id"], "ready")]
    assert len(digest("items", "list", "--json").json["items"]) == 17


def test_approval_is_a_gate(week: Terminal, inbox: list[Mail]) -> None:
    week.env["APPROVAL"] = "required"
    refused = week("edition", "send", "latest", "--now", SLOT, code=1)
    assert "digest edition approve 2026-W11" in refused.err
    week("edition", "approve", "latest", "--now", SLOT)
    assert "reopen it first" in week("edition", "assemble", "--period", "2026-W11", "--now", SLOT, code=1).err
    week("edition", "reopen", "latest")
    week("edition", "assemble", "--now", SLOT, "--subject", "Read this first")
    week("edition", "approve", "latest", "--now", SLOT)
    assert week("edition", "send", "latest", "--json", "--now", SLOT).json["accepted"] == 25
    assert {message_from_bytes(mail.content, policy=policy.default)["Subject"] for mail in inbox} == {"Read this first"}


def test_a_test_copy_is_counted_nowhere(week: Terminal, inbox: list[Mail]) -> None:
    week("edition", "send", "latest", "--test", "staff@harbour.example", "--now", SLOT)
    assert [mail.recipient for mail in inbox] == ["staff@harbour.example"]
    assert week("edition", "show", "latest", "--json").json["state"] == "draft"


def test_the_scheduler_does_it_alone(week: Terminal, inbox: list[Mail]) -> None:
    assert week("tick", "--now", BEFORE, "--json").json == {"sent": []}
    sent = week("tick", "--now", SLOT, "--json").json["sent"]
    assert [(each["edition"], each["accepted"]) for each in sent] == [("2026-W11", 25)]
    assert week("tick", "--now", SLOT, "--json").json == {"sent": []}
    assert len(inbox) == 25
    late = week("tick", "--now", "2026-04-01T09:00Z", "--json").json
    assert late == {"sent": []}
    states = [each["state"] for each in week("edition", "list", "--json").json["editions"]]
    assert states == ["sent", "missed", "missed"]


def test_an_item_waits_in_one_draft_at_a_time(week: Terminal) -> None:
    other = week("edition", "assemble", "--period", "2026-W12", "--now", BEFORE, "--json").json
    assert other["items"] == []
    assert "it is in 2026-W11, which is still a draft" in {each["reason"] for each in other["left_out"]}
    week("edition", "cancel", "2026-W11")
    again = week("edition", "assemble", "--period", "2026-W12", "--now", BEFORE, "--json").json
    assert len(again["items"]) > 5


def test_the_week_after_an_early_edition_is_next(week: Terminal, inbox: list[Mail]) -> None:
    week("edition", "send", "latest", "--now", BEFORE)
    assert week("edition", "assemble", "--now", BEFORE, "--json").json["period"] == "2026-W12"
    assert week("edition", "assemble", "--now", SLOT, "--json").json["period"] == "2026-W12"


def test_a_lost_pepper_is_asked_back_and_not_made_anew(digest: Terminal) -> None:
    del digest.env["PEPPER"]
    digest("init")
    path = digest.folder / "var" / "digest.db.pepper"
    kept = path.read_text()
    path.unlink()
    for command in (("subscribers", "list"), ("init",)):
        assert "digest.db.pepper is not there; restore it" in digest(*command, code=2).err
    assert not path.exists()
    path.write_text(kept)
    digest("subscribers", "list")


def test_an_exported_list_imports_again(week: Terminal) -> None:
    week("subscribers", "unsubscribe", "leaving.soon@example.org")
    path = week.write("exported.csv", week("subscribers", "export").out)
    again = week("subscribers", "import", path, "--json").json
    assert (again["added"], again["updated"], again["unchanged"], again["suppressed"]) == (0, 0, 24, 1)
