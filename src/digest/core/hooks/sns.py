"""Amazon SNS as it posts to a web address: what is signed, by whom, and whether it is meant for our topic.

https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html. Certificates and confirmations are asked for at
the one host of the topic's region, whatever else a message names.
"""

import base64
import binascii
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256

if TYPE_CHECKING:  # a megabyte, and the settings ask here only what a topic looks like
    from cryptography import x509

TOPIC = re.compile(r"arn:aws(-cn|-us-gov)?:sns:([a-z0-9-]{5,30}):\d{12}:[\w-]{1,256}", re.ASCII)
BELIEVED_FOR = timedelta(hours=24)
"""What is older is a replay: SNS gives up sooner."""
AHEAD = timedelta(minutes=15)
"""By as much clocks may differ."""
_CERTIFICATE = re.compile(r"SimpleNotificationService-[0-9a-f]{16,64}\.pem")
_CONFIRMATION = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
_SIGNED = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": _CONFIRMATION,
    "UnsubscribeConfirmation": _CONFIRMATION,
}
_HASHES = {"1": SHA1, "2": SHA256}


def host(topic: str) -> str:
    """Where SNS is in the topic's region. ValueError if it is none."""
    found = TOPIC.fullmatch(topic)
    if not found:
        raise ValueError(
            f"“{topic}” is not the ARN of a topic; write one like arn:aws:sns:eu-west-1:123456789012:bounces"
        )
    return f"sns.{found[2]}.amazonaws.com{'.cn' if found[1] == '-cn' else ''}"


def certificate_url(message: Mapping[str, str], topic: str) -> str | None:
    """Where the certificate of a message for this topic is; None if it cannot be of SNS, or is for another topic."""
    url, place = message.get("SigningCertURL", ""), f"https://{host(topic)}/"
    ours = message.get("TopicArn") == topic and url.startswith(place)
    return url if ours and _CERTIFICATE.fullmatch(url, len(place)) else None


def subscribe_url(message: Mapping[str, str], topic: str) -> str | None:
    """Where a signed confirmation of the topic is answered; None if it leads anywhere else."""
    url = message.get("SubscribeURL", "")
    place, _, query = url.partition("?")
    asks = parse_qs(query)
    ours = (asks.get("Action"), asks.get("TopicArn")) == (["ConfirmSubscription"], [topic])
    return url if ours and place == f"https://{host(topic)}/" else None


def current(message: Mapping[str, str], now: datetime) -> bool:
    try:
        at = datetime.fromisoformat(message.get("Timestamp", ""))
    except ValueError:
        return False
    return at.tzinfo is not None and -AHEAD <= now - at <= BELIEVED_FOR


def signed(message: Mapping[str, str], certificate: "x509.Certificate", now: datetime) -> bool:
    """Whether the certificate's key signed it, and may still sign."""
    names, hash_ = _SIGNED.get(message.get("Type", "")), _HASHES.get(message.get("SignatureVersion", ""))
    key = certificate.public_key()
    valid = certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc
    if not (names and hash_ and valid and isinstance(key, rsa.RSAPublicKey)):
        return False
    text = "".join(f"{name}\n{message[name]}\n" for name in names if name in message)
    try:
        signature = base64.b64decode(message.get("Signature", ""), validate=True)
        key.verify(signature, text.encode(), padding.PKCS1v15(), hash_())
    except (binascii.Error, ValueError, InvalidSignature):
        return False
    return True
