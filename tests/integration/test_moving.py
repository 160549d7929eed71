"""Lists from the systems that people leave: who agreed comes along, who left stays out, and nobody is made active by guessing."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select
from sqlmodel import col

from digest.core.errors import Refused
from digest.core.token import address_hmac
from digest.pipeline import consent, lists, topics
from digest.store.tables import ConsentRow, SuppressionRow

NOW = datetime(2026, 3, 15, 9, tzinfo=UTC)
MAILCHIMP = "Email Address,First Name,Last Name,MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,CONFIRM_IP"
GHOST = (
    "id,email,name,note,subscribed_to_emails,complimentary_plan,stripe_customer_id,created_at,deleted_at,labels,tiers\n"
)


@pytest.fixture
def bring(sqlite, tmp_path):
    def act(text, name="list.csv", **options):
        path = tmp_path / name
        path.write_text(text)
        return lists.import_list(sqlite, path, pepper="p", now=NOW, **options)

    return act


def people(db):
    return {each.email: each for each in consent.everyone(db)}


def suppressed(db):
    with db.read() as session:
        return {row.address_hmac: (row.reason, row.at) for row in session.scalars(select(SuppressionRow))}


def test_the_three_files_of_mailchimp(bring, sqlite):
    topics.add(sqlite, "housing", "en", "Housing & rent")
    gone = bring(
        f"{MAILCHIMP},UNSUB_TIME,UNSUB_CAMPAIGN_TITLE,UNSUB_CAMPAIGN_ID,UNSUB_REASON,UNSUB_REASON_OTHER,LEID,EUID,NOTES,TAGS\n"
        "ben@example.net,Ben,Lee,2,2020-01-01 09:00:00,,,,2021-05-06 07:08:09,May,1,NORMAL,,1,1,,\n",
        "unsubscribed_email_audience_export_3f2a.csv",
    )
    bring(
        f"{MAILCHIMP},CLEAN_TIME,CLEAN_CAMPAIGN_TITLE,CLEAN_CAMPAIGN_ID,LEID,EUID,NOTES,TAGS\n"
        "dead@example.net,,,1,2020-01-01 09:00:00,,,,2022-02-02 02:02:02,May,1,1,1,,\n"
    )
    text = (
        f"{MAILCHIMP},LAST_CHANGED,LEID,EUID,NOTES,TAGS\n"
        'ana@example.net,Ana,Ruiz,4,2019-01-02 03:04:05,192.0.2.1,2019-01-02 03:05:00,,,1,1,,"""Housing & Rent"",""VIP"""\n'
        "ben@example.net,Ben,Lee,4,2019-01-02 03:04:05,,,,,1,1,,\n"
    )
    came = bring(text, "subscribed_email_audience_export_3f2a.csv")
    assert came.format
    assert came.format.name == "Mailchimp"
    assert (gone.suppressed, came.added, came.suppressed, dict(came.no_topics)) == (1, 1, 1, {"VIP": 1})
    ana = people(sqlite)["ana@example.net"]
    assert (ana.name, ana.state, ana.interests) == ("Ana Ruiz", "active", {"housing": 1})
    assert {*people(sqlite)} == {"ana@example.net"}
    out = suppressed(sqlite)
    assert out[address_hmac("p", "ben@example.net")] == (
        "unsubscribed at Mailchimp", datetime(2021, 5, 6, 7, 8, 9, tzinfo=UTC),
    )  # fmt: skip
    assert out[address_hmac("p", "dead@example.net")][0] == "bounced at Mailchimp"
    with sqlite.read() as session:
        [word] = session.scalars(select(ConsentRow).where(col(ConsentRow.action) == "imported")).all()
    assert (word.source, word.at) == ("Mailchimp", datetime(2019, 1, 2, 3, 5, tzinfo=UTC))
    assert bring(text).unchanged == 1
    consent.change(sqlite, "ana@example.net", name=None, language=None, topics=["water"], now=NOW)
    bring(text)
    assert people(sqlite)["ana@example.net"].interests == {"water": 1, "housing": 1}


def test_who_leaves_after_the_list_came_is_out_as_well(bring, sqlite):
    head = "uuid,email,name,attributes,status,created_at,updated_at\n"
    row = '7,ana@example.net,Ana,"{""a"": 1}",enabled,2024-02-06 12:43:10.5 +0000 UTC,2024-02-06 12:43:10.5 +0000 UTC\n'
    came = bring(head + row)
    assert (came.added, people(sqlite)["ana@example.net"].state) == (1, "active")
    assert came.format
    assert "--as unsubscribed" in str(came.format.caution)
    assert bring(head + row, everyone="unsubscribed").suppressed == 1
    assert people(sqlite)["ana@example.net"].state == "unsubscribed"
    assert bring(head + row).suppressed == 1


def test_an_unconfirmed_person_waits_and_a_list_neither_stops_nor_resumes_anybody(bring, sqlite):
    first = "id,email_address,type,creation_date\n1,ana@example.net,unactivated,2024-01-01T00:00:00Z\n"
    came = bring(first)
    assert (came.added, came.waiting, people(sqlite)["ana@example.net"].state) == (1, 1, "pending")
    with sqlite.read() as session:
        assert session.scalars(select(ConsentRow)).all() == []
    assert bring(first).unchanged == 1
    assert bring(first.replace("unactivated", "regular")).updated == 1
    assert people(sqlite)["ana@example.net"].state == "active"
    assert (bring(first).unchanged, people(sqlite)["ana@example.net"].state) == (1, "active")
    bring("email,state\nben@example.net,paused\n")
    assert (bring("email\nben@example.net\n").unchanged, people(sqlite)["ben@example.net"].state) == (1, "paused")


def test_a_bad_row_is_named_by_its_own_columns(bring, sqlite):
    result = bring(
        GHOST + "1,nobody,Ana,,true,false,,2024-03-01T09:30:00.000Z,,,\n"
        "2,ben@example.net,,,perhaps,false,,2024-03-01T09:30:00.000Z,,,\n3,eve@example.net,,,true,false,,soon,,,\n"
    )
    assert [(bad.line, bad.column) for bad in result.rejected] == [
        (2, "email"), (3, "subscribed_to_emails"), (4, "created_at"),
    ]  # fmt: skip
    assert people(sqlite) == {}


def test_an_export_that_does_not_say_who_is_subscribed_is_refused(bring, sqlite):
    report = "email,first_name,last_name,can2_user_tags\nana@example.net,Ana,Ruiz,housing\n"
    with pytest.raises(Refused, match="has no column “can2_subscription_status”"):
        bring(report)
    assert bring(report, everyone="complained").suppressed == 1
    with pytest.raises(Refused, match="never subscribed"):
        bring(f"{MAILCHIMP},LEID\nben@example.net,,,1,,,,,1\n", "nonsubscribed_email_audience_export_3f2a.csv")
    assert people(sqlite) == {}


def test_a_list_of_ours_can_be_said_to_hold_those_who_left(bring, sqlite):
    bring("email\nana@example.net\n")
    assert bring("email\nana@example.net\nben@example.net\n", everyone="bounced", dry_run=True).suppressed == 2
    assert people(sqlite)["ana@example.net"].state == "active"
    bring("email\nana@example.net\n", everyone="bounced")
    assert people(sqlite)["ana@example.net"].state == "suppressed"
    assert suppressed(sqlite)[address_hmac("p", "ana@example.net")] == ("bounced in an imported list", NOW)
