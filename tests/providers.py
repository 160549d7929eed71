"""What Postmark, SES and SNS post, in the shapes of their documentation (core/hooks names the pages), signed by a key of ours."""

import base64
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

NOW = datetime(2026, 3, 15, 9, tzinfo=UTC)
TOPIC = "arn:aws:sns:eu-west-1:123456789012:bounces"


def posted(**fields):
    return {
        "RecordType": "Bounce", "MessageStream": "broadcast", "ID": 42, "Type": "HardBounce", "TypeCode": 1,
        "MessageID": "7d5c0b8e-0000-4000-8000-2f1d3a5b6c7d", "Metadata": {"delivery": "d.TOKEN"}, "Tag": "",
        "Description": "The server was unable to deliver your message (ex: unknown user, mailbox not found).",
        "Details": "smtp;550 5.1.1 The email account that you tried to reach does not exist", "Email": "ana@example.net",
        "From": "weekly@harbour.example", "BouncedAt": "2026-03-15T09:10:11Z", "Inactive": True, "Subject": "The week",
    } | fields  # fmt: skip


def changed(**fields):
    return {
        "RecordType": "SubscriptionChange", "MessageID": None, "MessageStream": "broadcast", "Recipient": "ana@example.net",
        "ChangedAt": "2026-03-15T09:10:11Z", "Origin": "Recipient", "SuppressSending": True, "Tag": None,
        "SuppressionReason": "ManualSuppression", "Metadata": {"delivery": "d.TOKEN"},
    } | fields  # fmt: skip


MAIL = {
    "timestamp": "2026-03-15T09:00:00.000Z", "messageId": "0102018e00000000-1-000000", "source": "bounce+TOKEN@b.example",
    "destination": ["ana@example.net"], "headersTruncated": False, "headers": [
        {"name": "Message-ID", "value": "<TOKEN@harbour.example>"}, {"name": "X-Digest-Delivery", "value": "MESSAGE"},
    ],
}  # fmt: skip


def bounced(type_, subtype, **recipient):
    recipients = [{"emailAddress": "ana@example.net", **recipient}]
    return {
        "notificationType": "Bounce", "mail": MAIL,
        "bounce": {
            "bounceType": type_, "bounceSubType": subtype, "bouncedRecipients": recipients, "feedbackId": "1",
            "timestamp": "2026-03-15T09:00:05.000Z", "reportingMTA": "dsn; a1.smtp-out.example",
        },
    }  # fmt: skip


def complained(name, **complaint):
    return {name: "Complaint", "mail": MAIL, "complaint": complaint}


SPAM = {"status": "5.7.1", "diagnosticCode": "smtp; 554 5.7.1 listed as spam"}
UNKNOWN = {"action": "failed", "status": "5.1.1", "diagnosticCode": "smtp; 550 5.1.1 user unknown"}


KEY = rsa.generate_private_key(65537, 2048)


def certificate(key=KEY, begins=NOW - timedelta(days=1)):
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(begins).not_valid_after(begins + timedelta(days=2))
    return made.sign(key, hashes.SHA256())


CERTIFICATE, OTHER = certificate(), certificate(rsa.generate_private_key(65537, 2048))
CERTIFICATE_URL = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem"


def message(version="2", key=KEY, **fields):
    """A message of SNS, signed; `fields` are changed before it is."""
    made = {
        "Type": "Notification", "MessageId": "22b80b92", "TopicArn": TOPIC, "Message": '{"a": "\\u00f1\\n"}',
        "Timestamp": "2026-03-15T08:59:58.123Z", "SignatureVersion": version, "SigningCertURL": CERTIFICATE_URL,
    } | fields  # fmt: skip
    names = ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"]
    if made["Type"] != "Notification":
        names = ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"]
    text = "".join(f"{name}\n{made[name]}\n" for name in names if name in made).encode()
    hash_ = hashes.SHA1() if version == "1" else hashes.SHA256()
    return made | {"Signature": base64.b64encode(key.sign(text, padding.PKCS1v15(), hash_)).decode()}
