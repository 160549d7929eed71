"""What mail providers post: believed, read, and counted as the bounce mail that says the same."""

import json
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from cryptography import x509

from digest.core.errors import Refused, TryAgain
from digest.core.hooks import postmark, ses, sns
from digest.pipeline.receive import Keys, Received, reported
from digest.store.database import Database

PAUSE = timedelta(minutes=1)
"""After a certificate that could not be had: forged messages must not have us ask again and again."""


class Malformed(Refused):
    """It is not what the provider's documentation says."""


class Forged(Refused):
    """It is not of the provider, or not meant for us."""


def from_postmark(db: Database, body: bytes, keys: Keys, now: datetime) -> Received | None:
    """Count what Postmark says; None for what counts for nothing. Malformed if it is no JSON object."""
    report = postmark.read(_object(body))
    return reported(db, report, body, keys, now) if report else None


class Topic:
    """An SNS topic to which SES reports. `fetch`: what is at a web address, Refused if it cannot be had."""

    def __init__(self, arn: str, fetch: Callable[[str], bytes]) -> None:
        self.arn, self._fetch = arn, fetch
        self._turn = threading.Lock()
        self._known: tuple[str, x509.Certificate] | None = None
        self._failed: datetime | None = None

    def take(self, db: Database, body: bytes, keys: Keys, now: datetime) -> Received | None:
        """Count what SES says, or confirm the subscription; None for what counts for nothing.

        Forged for what SNS did not sign for this topic, and for old copies. TryAgain if the certificate cannot be had.
        """
        message = {name: value for name, value in _object(body).items() if isinstance(value, str)}
        url = sns.certificate_url(message, self.arn)
        if url is None or not sns.current(message, now) or not sns.signed(message, self._certificate(url, now), now):
            raise Forged("What was posted as a message of SNS is not of the topic in DIGEST_SES_TOPIC.")
        if message["Type"] == "SubscriptionConfirmation":
            answer = sns.subscribe_url(message, self.arn)
            if answer is None:
                raise Forged("A confirmation of DIGEST_SES_TOPIC leads elsewhere than to SNS.")
            self._fetch(answer)
        if message["Type"] != "Notification":
            return None
        report = ses.read(_object(message.get("Message", "").encode()))
        return reported(db, report, message["Message"].encode(), keys, now) if report else None

    def _certificate(self, url: str, now: datetime) -> x509.Certificate:
        with self._turn:
            if self._known and self._known[0] == url:
                return self._known[1]
            if self._failed and abs(now - self._failed) < PAUSE:
                raise TryAgain("The certificate of SNS could not be fetched a moment ago.")
            self._failed = now
            try:
                found = x509.load_pem_x509_certificate(self._fetch(url))
            except ValueError:
                raise TryAgain("What SNS gives as its certificate is none.") from None
            self._known, self._failed = (url, found), None
            return found


def _object(body: bytes) -> dict[str, Any]:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict):
        raise Malformed("What was posted is no JSON object.")
    return said
