"""Somebody moves their list from another system."""

from .conftest import BEFORE, Terminal

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
