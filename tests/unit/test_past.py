"""Past mail: exports are known by their keys, and give what went out to everybody."""

import json
import re
from pathlib import Path

import pytest

from digest.core.past import LeftOut, PastMail, exports, instant, language, message
from digest.pipeline.bundle import opened
from digest.pipeline.past_files import entries
from digest.rendering.past import page_of

PAST = Path(__file__).parents[1] / "data" / "past"
ANA = "ana@example.org"


def read(name: str) -> tuple[dict[str, PastMail], dict[str, str]]:
    """Subject → mail of what is taken; name → reason of what is left out."""
    taken, left = {}, {}
    with opened(PAST / name) as bundle:
        for each in entries(bundle):
            try:
                mail = each.read()
                taken[mail.subject] = mail
            except LeftOut as reason:
                left[each.called] = str(reason)
    return taken, left


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2024-03-20T08:00:00.000Z", "2024-03-20T08:00:00+00:00"),
        ("2020-03-14T17:36:41.29451+01:00", "2020-03-14T16:36:41.294510+00:00"),
        ("2024-03-13 00:16:05.343246+00:00", "2024-03-13T00:16:05.343246+00:00"),
        ("Jun 09, 2018 09:30 pm", "2018-06-09T21:30:00+00:00"),
        ("2024-02-06 12:43:10 +0000 UTC", "2024-02-06T12:43:10+00:00"),
        ("1283780649000", "2010-09-06T13:44:09+00:00"),
        ("2024-03-15", "2024-03-15T00:00:00+00:00"),
    ],
)
def test_a_date_is_read_as_each_system_writes_it(written: str, meant: str) -> None:
    assert instant(written).isoformat() == meant


@pytest.mark.parametrize("written", ["", "soon", "0000-00-00", "9" * 20, "Jun 99, 2018 09:30 pm"])
def test_what_is_no_date_is_named(written: str) -> None:
    with pytest.raises(ValueError, match="is not a date"):
        instant(written)


def test_a_language_is_a_tag_or_nothing() -> None:
    assert [language(each) for each in ("es_MX", "en", "", None, "English!", "x" * 50)] == [
        "es-MX", "en", None, None, None, None,
    ]  # fmt: skip


def test_ghost_gives_what_was_mailed_to_everybody() -> None:
    taken, left = read("ghost.json")
    [mail] = taken.values()
    assert (mail.source, mail.uid, mail.subject, mail.language) == (
        "ghost", "6401a0b1c2d3e4f500000001", "Spring, by mail", "en",
    )  # fmt: skip
    assert mail.sent_at.isoformat() == "2023-03-20T08:00:00+00:00"
    assert left == {
        "Only on the web": "it was never mailed",
        "For members": "it was for some readers only",
        "A draft": "it has not gone out",
        "About": "it is a page",
    }


def test_ghost_before_5_says_by_a_word_what_was_never_mailed() -> None:
    post = {"title": "T", "html": "<p>x</p>", "status": "published", "published_at": "2021-03-20T08:00:00.000Z"}
    found = exports.entries({"data": {"posts": [post | {"email_recipient_filter": word} for word in ("none", "all")]}})
    assert found
    export, (never, mailed) = found
    export.check(mailed)
    with pytest.raises(LeftOut, match="never mailed"):
        export.check(never)


def test_listmonk_gives_what_went_out_whole() -> None:
    taken, left = read("listmonk.json")
    first, second = taken.values()
    assert (first.uid, first.form, second.form) == ("57702beb-6fae-4355-a324-c2fd5b59a549", "html", "markdown")
    assert first.sent_at.isoformat() == "2020-03-15T16:36:42.294510+00:00"
    assert left == {"A draft": "it has not gone out to everybody", "Confirm": "it is no newsletter"}
    shown = page_of(first)
    assert shown.subject == "Welcome to the quay"
    assert re.findall('href="([^"]*)"', shown.html) == ["https://quay.example/crane", "https://quay.example/hall"]


def test_one_campaign_of_listmonk_alone_is_read_too() -> None:
    [campaign, *_] = json.loads((PAST / "listmonk.json").read_text())["data"]["results"]
    found = exports.entries({"data": campaign})
    assert found
    assert found[0].name == "listmonk"


@pytest.mark.parametrize("document", [{}, [], None, 3, {"data": {}}, {"data": {"posts": None}}, {"db": [{"data": 1}]}])
def test_other_json_is_nobodys(document: object) -> None:
    assert exports.entries(document) is None


def test_mailchimp_ties_each_row_to_its_page_also_where_two_have_one_title() -> None:
    taken, left = read("mailchimp")
    assert {subject: re.findall("<p>([^<]*)</p>", mail.body)[-1] for subject, mail in taken.items()} | {
        "The quay in March, and a clean-up": ""
    } == {
        "The quay in March, and a clean-up": "",
        "April on the quay": "It rained, and then it did not.",
        "May on the quay": "The crane was painted red.",
    }
    assert left == {"8c3d4e5f60": "it has not gone out"}


def test_of_a_mailchimp_mail_all_that_is_for_everybody_stays() -> None:
    shown = page_of(read("mailchimp")[0]["The quay in March, and a clean-up"])
    assert "Hi,\n" in shown.text
    for kept in (
        "A heron on the slipway",
        "<h4>The quay in March</h4>",
        "<li>",
        "<blockquote>",
        "Come along",
        "<strong>kind",
    ):
        assert kept in shown.html
    assert re.findall('href="([^"]*)"', shown.html) == ["https://quay.example/slipway?mc_cid=5f0a1b2c3d"]
    for gone in (
        "*|",
        "unsubscribe",
        "preferences",
        "browser",
        "list-manage",
        "mc_eid",
        "tracker",
        "What the preview says",
    ):
        assert gone not in shown.html


def test_buttondown_and_substack_are_lists_with_files_beside_them() -> None:
    taken, left = read("buttondown")
    shown = page_of(taken["Amazing newsletter title"])
    assert left == {"For friends": "it was for some readers only"}
    assert "<h4>Hello</h4>\n<p>Dear, the <em>market hall</em>" in shown.html
    assert "The hall by night" in shown.html
    assert "Leave" not in shown.html
    assert "{" not in shown.html
    taken, left = read("substack")
    assert [mail.uid for mail in taken.values()] == ["111.first-post"]
    assert set(left.values()) == {"it was for some readers only", "it has not gone out", "it is no newsletter"}


def test_a_message_tells_nothing_of_who_got_it() -> None:
    taken, _ = read("mail")
    mail = taken["Las mareas de marzo y una asamblea"]
    assert (mail.uid, mail.language, mail.sent_at.isoformat()) == (
        "20250316.1@quay.example", "es", "2025-03-16T08:00:00+00:00",
    )  # fmt: skip
    shown = page_of(mail)
    assert ANA not in shown.html.lower()
    assert "7f3a9c" not in shown.html
    assert "El mercado al amanecer" in shown.html
    assert '<a href="https://quay.example/asamblea"' in shown.html


def test_an_mbox_is_each_of_its_messages() -> None:
    taken, _ = read("mail")
    first = page_of(taken["February"])
    assert "From here on it is warmer" in first.text
    assert "https://quay.example/feb" in first.text
    assert "unsubscribe" not in first.text
    assert "The second one" in page_of(taken["Second of February"]).text


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "no message, or does not say when"),
        (b"Date: soon\n\nx", "no message, or does not say when"),
        (b"Date: Fri, 31 Dec 9999 23:59:59 -1400\n\nx", "no message, or does not say when"),
        (b"Date: Sun, 02 Feb 2025 09:00:00 +0000\n" + b"X: y\n" * 100_000 + b"\nx", "headers over 256 KB"),
        (b"x" * (message.LARGEST + 1), "over 25 MB"),
    ],
)
def test_what_is_no_message_is_named(content: bytes, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        message.message(content)


def test_a_page_is_sent_on_the_day_in_its_name() -> None:
    html = "<html lang=es><head><title>Uno &amp; dos</title></head><body>x</body></html>"
    mail = message.page("2019/2019-05-04-uno.html", html)
    assert (mail.subject, mail.language, mail.sent_at.isoformat()) == ("Uno & dos", "es", "2019-05-04T00:00:00+00:00")
    with pytest.raises(ValueError, match="begin its name with the day"):
        message.page("uno.html", html)
