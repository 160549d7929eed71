"""What other systems' exports say: whose header a line is, and what each row says of a person."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.core import exports
from digest.core.exports import FORMATS

HEADERS = {
    "Mailchimp": "Email Address,First Name,Last Name,MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,CONFIRM_IP,"
    "LATITUDE,LONGITUDE,GMTOFF,DSTOFF,TIMEZONE,CC,REGION,LAST_CHANGED,LEID,EUID,NOTES,TAGS",
    "listmonk": "uuid,email,name,attributes,status,created_at,updated_at",
    "Action Network": "first_name,last_name,email,zip_code,can2_user_city,can2_user_tags,can2_subscription_status",
    "Buttondown": "id,email_address,notes,type,referrer_url,creation_date,subscription_date,unsubscription_date,tags",
    "Ghost": "id,email,name,note,subscribed_to_emails,complimentary_plan,stripe_customer_id,created_at,deleted_at,labels,tiers",
}
BY_NAME = {each.name: each for each in FORMATS}


def columns(header):
    return header.lower().split(",")


@pytest.mark.parametrize("name", BY_NAME)
def test_a_header_line_is_known_in_any_order_and_only_as_its_own(name):
    found = exports.recognise(columns(HEADERS[name])[::-1])
    assert found is BY_NAME[name]


def test_the_old_columns_of_buttondown_are_known_too():
    header = columns("id,secondary_id,email,notes,subscriber_type,referrer_url,creation_date,subscription_date")
    assert exports.recognise(header) is BY_NAME["Buttondown"]


@pytest.mark.parametrize(
    "header", ["email", "email,name,language,topics,consent_at,consent_source,state", "email,status,created_at", ""]
)
def test_other_lists_are_nobody_elses(header):
    assert exports.recognise(columns(header)) is None


ROWS = [
    (
        "Mailchimp",
        {
            "email address": "a@b.example",
            "first name": "Ana",
            "last name": "Ruiz",
            "optin_time": "2024-06-25 09:26:27",
            "confirm_time": "2024-06-25 09:30:00",
            "tags": '"Housing, rent","VIP"',
        },
        {"name": "Ana Ruiz", "consent_at": "2024-06-25 09:30:00", "state": "active", "tags": "Housing, rent;VIP"},
    ),
    (
        "Mailchimp",
        {
            "email address": "a@b.example",
            "name": "Ana Ruiz",
            "optin_time": "2024-06-25 09:26:27",
            "confirm_time": "",
            "unsub_time": "2025-01-02 03:04:05",
            "unsub_reason": "NORMAL",
        },
        {
            "name": "Ana Ruiz",
            "consent_at": "2024-06-25 09:26:27",
            "state": "unsubscribed",
            "left_at": "2025-01-02 03:04:05",
            "reason": "unsubscribed at Mailchimp",
        },
    ),
    (
        "Mailchimp",
        {"email address": "a@b.example", "clean_time": ""},
        {"state": "suppressed", "reason": "bounced at Mailchimp"},
    ),
    (
        "Mailchimp",
        {"email address": "a@b.example", "unsub_time": "", "clean_time": "2025-01-02"},
        {"reason": "bounced at Mailchimp", "left_at": "2025-01-02"},
    ),
    (
        "listmonk",
        {"email": "a@b.example", "status": "enabled", "created_at": "2024-02-06 12:43:10.123456 +0000 UTC"},
        {"state": "active", "consent_at": "2024-02-06 12:43:10.123456+0000", "tags": ""},
    ),
    ("listmonk", {"email": "a@b.example", "status": "disabled"}, {"state": "paused", "reason": ""}),
    (
        "listmonk",
        {"email": "a@b.example", "status": "blocklisted"},
        {"state": "suppressed", "reason": "blocked at listmonk"},
    ),
    (
        "Action Network",
        {"email": "a@b.example", "can2_subscription_status": "subscribed", "can2_user_tags": "housing, Phone_Bank"},
        {"state": "active", "tags": "housing;Phone_Bank"},
    ),
    (
        "Action Network",
        {"email": "a@b.example", "can2_subscription_status": "Previous Spam Complaint"},
        {"state": "suppressed", "reason": "complained at Action Network"},
    ),
    (
        "Buttondown",
        {
            "email_address": "a@b.example",
            "type": "regular",
            "creation_date": "2024-01-01T00:00:00Z",
            "tags": '["a","b"]',
            "subscription_date": "2024-01-05T00:00:00Z",
            "unsubscription_date": "2023-01-01T00:00:00Z",
        },
        {"state": "active", "consent_at": "2024-01-05T00:00:00Z", "left_at": "", "tags": "a;b"},
    ),
    (
        "Buttondown",
        {"email": "a@b.example", "subscriber_type": "unactivated"},
        {"email": "a@b.example", "state": "pending"},
    ),
    (
        "Buttondown",
        {"email": "a@b.example", "subscriber_type": "undeliverable", "undeliverability_date": "2024-03-01"},
        {"state": "suppressed", "reason": "bounced at Buttondown", "left_at": "2024-03-01"},
    ),
    (
        "Ghost",
        {"email": "a@b.example", "subscribed_to_emails": "true", "labels": "news, events"},
        {"state": "active", "tags": "news;events"},
    ),
    (
        "Ghost",
        {"email": "a@b.example", "subscribed_to_emails": "false"},
        {"state": "unsubscribed", "reason": "unsubscribed at Ghost"},
    ),
]


@pytest.mark.parametrize(("name", "row", "said"), ROWS)
def test_a_row_in_our_columns(name, row, said):
    translated = BY_NAME[name].translate(row, None)
    assert translated["email"] == "a@b.example"
    assert translated["consent_source"] == name
    assert {column: translated[column] for column in said} == said


@pytest.mark.parametrize(
    ("name", "column"), [("listmonk", "status"), ("Buttondown", "type"), ("Ghost", "subscribed_to_emails")]
)
@pytest.mark.parametrize("word", ["", "no idea"])
def test_a_standing_that_nobody_knows_is_not_taken_for_active(name, column, word):
    with pytest.raises(ValueError, match="is not a standing"):
        BY_NAME[name].translate({"email": "a@b.example", column: word}, None)


@given(
    form=st.sampled_from(FORMATS),
    row=st.dictionaries(st.text(), st.text()),
    everyone=st.sampled_from(exports.STANDINGS),
)
def test_whoever_a_file_is_said_to_be_of_is_never_active(form, row, everyone):
    assert form.translate(row, everyone)["state"] not in ("active", "paused")


@pytest.mark.parametrize(
    ("written", "tags"),
    [
        ("", []),
        ("a, b ,c", ["a", "b", "c"]),
        ('"a, b","c"', ["a, b", "c"]),
        ("['a', 'b']", ["a", "b"]),
        ("[]", []),
        ("a; b", ["a, b"]),
        ('"', []),
    ],
)
def test_tags_in_one_cell(written, tags):
    assert exports.split_tags(written) == tags
