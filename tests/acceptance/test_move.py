"""Somebody moves their list, and what they sent, from another system."""

from .conftest import BEFORE, ROOT, Terminal

PAST = ROOT / "tests" / "data" / "past"
HEAD = "Email Address,First Name,Last Name,MEMBER_RATING,OPTIN_TIME,CONFIRM_TIME"
ANA = 'ana@example.net,Ana,Ruiz,4,2019-01-02 03:04:05,2019-01-02 03:05:00,1,"""Housing"",""VIP"""\n'


def test_a_mailchimp_audience_moves_in(digest: Terminal) -> None:
    digest("init")
    digest("topics", "add", "Housing")
    digest.write("subscribed_email_audience_export_1.csv", f"{HEAD},LEID,TAGS\n{ANA}")
    digest.write(
        "unsubscribed_email_audience_export_1.csv",
        f"{HEAD},UNSUB_TIME,LEID,TAGS\nben@example.net,Ben,,2,,,2021-05-06,2,\n",
    )
    gone = digest("subscribers", "import", "unsubscribed_email_audience_export_1.csv", "--now", BEFORE)
    assert gone.out == (
        "Read as an export of Mailchimp.\n0 added, 0 updated, 0 unchanged, 1 suppressed and left out, 0 rejected.\n"
    )
    tried = digest("subscribers", "import", "subscribed_email_audience_export_1.csv", "--dry-run", "--now", BEFORE)
    assert "Would be: 1 added" in tried.out
    assert "Tags that are no topics here: VIP (1). `digest topics add` those that are" in tried.err
    came = digest("subscribers", "import", "subscribed_email_audience_export_1.csv", "--json", "--now", BEFORE).json
    assert (came["format"], came["added"], came["waiting"], came["no_topics"]) == ("Mailchimp", 1, 0, {"VIP": 1})
    assert digest("subscribers", "show", "ana@example.net", "--json").json["topics"] == ["housing"]
    digest("subscribers", "import", "subscribed_email_audience_export_1.csv", "--as", "bounced", "--now", BEFORE)
    story = digest("subscribers", "show", "ana@example.net", "--json").json
    assert (story["state"], story["suppressions"][0]["reason"]) == ("suppressed", "bounced at Mailchimp")


def test_past_mail_moves_in_is_looked_at_and_one_is_taken_back(digest: Terminal) -> None:
    digest("init")
    tried = digest("archive", "import", PAST / "mailchimp", PAST / "ghost.json", "--dry-run", "--now", BEFORE)
    assert tried.out == "Would be: 4 added, 0 updated, 0 unchanged, 5 left out, 0 rejected.\n"
    assert f"left out: {PAST / 'ghost.json'}, “For members”: it was for some readers only.\n" in tried.err
    came = digest("archive", "import", PAST / "mailchimp", PAST / "ghost.json", "--now", BEFORE)
    assert came.out == tried.out.removeprefix("Would be: ")
    assert "shown nowhere: DIGEST_ARCHIVE is not public" in came.err
    assert [line.split()[:2] for line in digest("archive", "list").out.splitlines()[1:]] == [
        ["3", "2025-05-11"], ["2", "2025-04-13"], ["1", "2025-03-09"], ["4", "2023-03-20"],
    ]  # fmt: skip
    shown = digest("archive", "show", "4").out
    assert shown.startswith(
        "Spring, by mail\n2023-03-20 08:00 UTC, ghost 6401a0b1c2d3e4f500000001\n\nHey,\n\n_The quay in spring_\n"
    )
    assert digest("archive", "remove", "4", "--now", BEFORE).out == "removed: 4 Spring, by mail\n"
    again = digest("archive", "import", PAST / "ghost.json", "--now", BEFORE)
    assert "“Spring, by mail”: it was removed here before." in again.err
    digest.env |= {"ARCHIVE": "public", "PUBLIC_URL": "https://news.harbour.example"}
    mails = digest("archive", "import", PAST / "mail", "--now", BEFORE)
    assert "They are on the web now" in mails.err


def test_past_mail_that_cannot_be_read_leaves_everything_as_it_was(digest: Terminal) -> None:
    digest("init")
    bad = digest.write("mails/2024-03-15-news.html", b"\xff\xfe")
    digest.write("mails/2024-03-16-news.html", "<title>Fine</title><p>Words.</p>")
    refused = digest("archive", "import", "mails", "--now", BEFORE, code=1)
    assert refused.err == (
        f"{bad.relative_to(digest.folder)}: it is not UTF-8 (perhaps Latin-1); save it as UTF-8\n"
        "Nothing was imported; mend these, or take the rest with --keep-going.\n"
    )
    assert digest("archive", "list", "--json").json == {"past": []}
    digest("archive", "import", "mails", "--keep-going", "--now", BEFORE, code=1)
    assert [each["subject"] for each in digest("archive", "list", "--json").json["past"]] == ["Fine"]
    assert digest("archive", "import", "nowhere", code=1).err == "nowhere cannot be read: no such file or directory.\n"
    assert "no past mail 7" in digest("archive", "show", "7", code=1).err
