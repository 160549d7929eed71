"""What providers post, as the same verdicts that bounce mails get; and who signed it."""

from datetime import timedelta

import pytest

from digest.core.dsn import Kind, Verdict
from digest.core.hooks import postmark, ses, sns
from providers import (
    CERTIFICATE,
    CERTIFICATE_URL,
    MAIL,
    NOW,
    OTHER,
    SPAM,
    TOPIC,
    UNKNOWN,
    bounced,
    certificate,
    changed,
    complained,
    message,
    posted,
)


@pytest.mark.parametrize(
    ("fields", "kind", "verdict"),
    [
        ({}, Kind.BOUNCE, Verdict.HARD),
        ({"Details": None}, Kind.BOUNCE, Verdict.HARD),
        ({"Details": "smtp;550 5.7.1 blocked using zen.blocklist.example"}, Kind.BOUNCE, Verdict.POLICY),
        ({"Details": "smtp;552 5.2.2 mailbox full"}, Kind.BOUNCE, Verdict.SOFT),
        ({"Type": "SoftBounce"}, Kind.BOUNCE, Verdict.SOFT),
        ({"Type": "Transient", "Details": "smtp;451 4.7.1 greylisted"}, Kind.BOUNCE, Verdict.POLICY),
        ({"Type": "Blocked"}, Kind.BOUNCE, Verdict.POLICY),
        ({"Type": "DMARCPolicy"}, Kind.BOUNCE, Verdict.POLICY),
        ({"Type": "BadEmailAddress", "Details": ""}, Kind.BOUNCE, Verdict.HARD),
        ({"Type": "AutoResponder"}, Kind.NONE, Verdict.NONE),
        ({"Type": "ManuallyDeactivated"}, Kind.NONE, Verdict.NONE),
        ({"Type": "Unsubscribe"}, Kind.COMPLAINT, Verdict.OPT_OUT),
        ({"Type": ["HardBounce"]}, Kind.NONE, Verdict.NONE),
        ({"RecordType": "SpamComplaint", "Type": "SpamComplaint"}, Kind.COMPLAINT, Verdict.COMPLAINT),
    ],
)
def test_postmark_tells_of_a_bounce(fields, kind, verdict):
    report = postmark.read(posted(**fields))
    assert (report.kind, report.verdict, report.tokens.envelope_id) == (kind, verdict, "d.TOKEN")
    assert report.rule.startswith("Postmark: ")
    assert "@" not in report.rule


@pytest.mark.parametrize(
    ("fields", "verdict"),
    [
        ({}, Verdict.OPT_OUT),
        ({"Origin": "Customer"}, Verdict.NONE),
        ({"SuppressionReason": "HardBounce"}, Verdict.HARD),
        ({"SuppressionReason": "SpamComplaint"}, Verdict.COMPLAINT),
    ],
)
def test_postmark_tells_of_a_suppression(fields, verdict):
    assert postmark.read(changed(**fields)).verdict is verdict


@pytest.mark.parametrize(
    "said",
    [
        changed(SuppressSending=False, SuppressionReason=None),
        {},
        {"RecordType": "Delivery"},
        {"RecordType": ["Bounce"]},
    ],
)
def test_the_rest_of_what_postmark_tells_is_nothing_to_us(said):
    assert postmark.read(said) is None


@pytest.mark.parametrize(
    ("said", "kind", "verdict"),
    [
        (bounced("Permanent", "General", **UNKNOWN), Kind.BOUNCE, Verdict.HARD),
        (bounced("Permanent", "NoEmail"), Kind.BOUNCE, Verdict.HARD),
        (bounced("Permanent", "General", **SPAM), Kind.BOUNCE, Verdict.POLICY),
        (bounced("Permanent", "Suppressed", **UNKNOWN), Kind.BOUNCE, Verdict.SOFT),
        (bounced("Permanent", "OnAccountSuppressionList"), Kind.BOUNCE, Verdict.SOFT),
        (bounced("Permanent", "UnsubscribedRecipient"), Kind.COMPLAINT, Verdict.OPT_OUT),
        (bounced("Transient", "MailboxFull", status="5.2.2"), Kind.BOUNCE, Verdict.SOFT),
        (bounced("Transient", "ContentRejected"), Kind.BOUNCE, Verdict.POLICY),
        (bounced("Transient", "General"), Kind.NONE, Verdict.NONE),
        (bounced("Transient", "General", status="4.4.7"), Kind.BOUNCE, Verdict.SOFT),
        (bounced("Undetermined", "Undetermined"), Kind.BOUNCE, Verdict.SOFT),
        (complained("notificationType", complaintFeedbackType="abuse"), Kind.COMPLAINT, Verdict.COMPLAINT),
        (complained("eventType"), Kind.COMPLAINT, Verdict.COMPLAINT),
        (complained("eventType", complaintFeedbackType="not-spam"), Kind.NONE, Verdict.NONE),
        (
            {"eventType": "DeliveryDelay", "mail": MAIL, "deliveryDelay": {"delayType": "MailboxFull"}},
            Kind.DELAY, Verdict.DELAY,
        ),
    ],
)  # fmt: skip
def test_ses_tells_of_what_came_back(said, kind, verdict):
    report = ses.read(said)
    assert (report.kind, report.verdict) == (kind, verdict)
    assert report.tokens.envelope_id == MAIL["source"]
    assert report.tokens.digest_delivery == ("MESSAGE",)


@pytest.mark.parametrize("said", [{}, {"notificationType": "Delivery", "mail": MAIL}, {"eventType": ["Bounce"]}])
def test_the_rest_of_what_ses_tells_is_nothing_to_us(said):
    assert ses.read(said) is None


@pytest.mark.parametrize(
    "broken", [{"bounce": None}, {"bounce": {"bouncedRecipients": ["x"]}}, {"mail": [1], "bounce": {}}]
)
def test_a_bounce_in_odd_shape_is_soft(broken):
    assert ses.read(bounced("Permanent", "NoEmail") | broken).verdict is Verdict.SOFT


@pytest.mark.parametrize("version", ["1", "2"])
@pytest.mark.parametrize(
    "fields", [{}, {"Subject": "Año"}, {"Type": "SubscriptionConfirmation", "Token": "t", "SubscribeURL": "u"}]
)
def test_what_sns_signed_is_believed_and_nothing_that_was_changed(version, fields):
    good = message(version, **fields)
    assert sns.signed(good, CERTIFICATE, NOW)
    for name in good.keys() - {"SigningCertURL"}:
        assert not sns.signed(good | {name: good[name] + "x"}, CERTIFICATE, NOW), name
        assert not sns.signed(good | {name: good[name] + "\ud800"}, CERTIFICATE, NOW), name
    assert not sns.signed(good, OTHER, NOW)
    assert not sns.signed(good, CERTIFICATE, NOW + timedelta(days=3))
    assert not sns.signed(good, certificate(begins=NOW + timedelta(days=1)), NOW)


@pytest.mark.parametrize(
    "url",
    [
        "http://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem",
        "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem",
        "https://sns.eu-west-1.amazonaws.com.example/SimpleNotificationService-0123456789abcdef.pem",
        "https://sns.eu-west-1.amazonaws.com@example/SimpleNotificationService-0123456789abcdef.pem",
        "https://bucket.s3.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem",
        "https://sns.eu-west-1.amazonaws.com:8443/SimpleNotificationService-0123456789abcdef.pem",
        "https://sns.eu-west-1.amazonaws.com/bucket/SimpleNotificationService-0123456789abcdef.pem",
        "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem?x=1",
        "https://[::1",
        "",
    ],
)
def test_a_certificate_is_fetched_from_the_topics_own_region_alone(url):
    assert sns.certificate_url(message(), TOPIC) == CERTIFICATE_URL
    assert sns.certificate_url(message(SigningCertURL=url), TOPIC) is None
    assert sns.certificate_url(message(), TOPIC + "2") is None


def test_a_confirmation_is_answered_for_our_topic_alone():
    host = "https://sns.eu-west-1.amazonaws.com"
    good = f"{host}/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token=abc"
    assert sns.subscribe_url({"SubscribeURL": good}, TOPIC) == good
    for bad in (
        good + "2&TopicArn=x",
        good.replace("Confirm", "Un"),
        good.replace("https", "http"),
        good.replace(host, "https://x.example"),
        good.replace("/?", "/x?"),
        good.replace("bounces", "others"),
    ):
        assert sns.subscribe_url({"SubscribeURL": bad}, TOPIC) is None


@pytest.mark.parametrize(
    ("at", "believed"),
    [
        ("2026-03-15T08:59:58.123Z", True),
        ("2026-03-14T09:00:00Z", True),
        ("2026-03-14T08:59:59Z", False),
        ("2026-03-15T09:15:01Z", False),
        ("2026-03-15T08:59:58", False),
        ("yesterday", False),
    ],
)
def test_an_old_message_is_a_replay(at, believed):
    assert sns.current({"Timestamp": at}, NOW) is believed


@pytest.mark.parametrize(
    ("topic", "host"),
    [
        (TOPIC, "sns.eu-west-1.amazonaws.com"),
        ("arn:aws-cn:sns:cn-north-1:123456789012:b", "sns.cn-north-1.amazonaws.com.cn"),
        ("arn:aws-us-gov:sns:us-gov-west-1:123456789012:b", "sns.us-gov-west-1.amazonaws.com"),
    ],
)
def test_each_topic_has_its_host(topic, host):
    assert sns.host(topic) == host
