"""What providers post is counted as the bounce mail that says the same, and nobody else's post is."""

import base64
import json
from datetime import timedelta
from types import SimpleNamespace

import pytest
import test_receive
from cryptography.hazmat.primitives.serialization import Encoding
from httpx import ASGITransport, AsyncClient
from returned import HARD, KEYS, STAYS

from digest.app import Installation
from digest.core.errors import Refused, TryAgain
from digest.core.headers import Sender
from digest.core.token import Keyring, Purpose
from digest.net.client import Answer
from digest.pipeline import hooks as pipeline
from digest.pipeline.hooks import Topic
from digest.rendering.compiler import Publication
from digest.settings import Settings
from digest.web import hooks, public
from providers import CERTIFICATE, CERTIFICATE_URL, MAIL, NOW, TOPIC, UNKNOWN, bounced, changed, message, posted

SECRET = "a long secret for Postmark"
SENDER = Sender("Tide", "Tide", "news@example.org", None, None, "https://news.example.org", KEYS.ring, postmark=True)
KNOWN_BY_MAIL = base64.b64encode(f"digest:{SECRET}".encode()).decode()
LOGIN = {"authorization": f"Basic {KNOWN_BY_MAIL}"}

ana = test_receive.ana


@pytest.fixture
async def pages(ana):
    """The public pages, to which both providers may post; `asked` holds what they fetched."""
    asked = []

    def fetch(url):
        asked.append(url)
        if url != CERTIFICATE_URL and "ConfirmSubscription" not in url:
            raise TryAgain("The server cannot be reached.")
        return CERTIFICATE.public_bytes(Encoding.PEM)

    app = public.application(
        ana.db, KEYS, Publication("Tide", "1 Quay", None), SENDER, None, lambda: NOW, lambda _: None
    )
    app.include_router(hooks.router(ana.db, KEYS, lambda: NOW, SECRET, Topic(TOPIC, fetch)))
    async with AsyncClient(transport=ASGITransport(app), base_url=SENDER.public_url) as client:
        yield SimpleNamespace(client=client, asked=asked)


async def to_postmark(pages, said, headers=LOGIN):
    content = said if isinstance(said, bytes) else json.dumps(said).encode()
    return (await pages.client.post("/hooks/postmark", content=content, headers=headers)).status_code


async def to_ses(pages, said):
    content = said if isinstance(said, bytes) else json.dumps(said).encode()
    return (await pages.client.post("/hooks/ses", content=content, headers={"content-type": "text/plain"})).status_code


def metadata(ana):
    return {"Metadata": {"delivery": SENDER.envelope(ana.delivery)[1]}}


def of(ana, said):
    """A notification of SES about the message to Ana."""
    mail = MAIL | {"source": f"bounce+{ana.bounce_token()}@bounces.example"}
    return message(Message=json.dumps(said | {"mail": mail}))


def test_what_is_not_in_the_settings_is_not_there(ana):
    assert hooks.router(ana.db, KEYS, lambda: NOW, None, None).routes == []


def test_what_leads_to_another_host_is_not_taken_for_sns(sqlite, monkeypatch):
    here = Installation(Settings(_env_file=None, database_url=str(sqlite.url), ses_topic=TOPIC))

    async def fetch(url):
        return Answer("https://x.example/" if "elsewhere" in url else url, 200, {}, b"found")

    monkeypatch.setattr(here.client, "fetch", fetch)
    assert here.topic._fetch(CERTIFICATE_URL) == b"found"
    with pytest.raises(Refused, match="leads elsewhere"):
        here.topic._fetch(f"{CERTIFICATE_URL}?elsewhere")


async def test_a_hard_bounce_that_postmark_tells_of_is_one_by_mail(ana, pages):
    for _ in range(2):
        assert await to_postmark(pages, posted(**metadata(ana))) == 200
    assert ana.stands() == ("suppressed", ["hard bounce"])
    assert "known already" in ana.come_back(HARD, now=NOW).effect
    assert ana.events() == {"bounce": 1}


async def test_who_leaves_by_postmarks_own_link_has_left(ana, pages):
    assert await to_postmark(pages, changed(**metadata(ana))) == 200
    assert ana.stands() == ("unsubscribed", ["unsubscribed"])


async def test_without_our_token_nobody_is_touched(ana, pages):
    value = Keyring("another").issue(Purpose.BOUNCE, ana.delivery)
    for said in (posted(), posted(Metadata={"delivery": value}), posted(Metadata=None, Email="ana@example.net")):
        assert await to_postmark(pages, said) == 200
    assert ana.stands() == STAYS


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": "Basic"},
        {"authorization": "Basic ***"},
        {"authorization": f"Bearer {KNOWN_BY_MAIL}"},
        {"authorization": f"Basic {KNOWN_BY_MAIL[:-4]}"},
        {"authorization": "Basic " + base64.b64encode(b"digest:").decode()},
        {"authorization": "Basic " + base64.b64encode(b"digest:\xff").decode()},
    ],
)
async def test_who_does_not_know_the_secret_is_sent_away(ana, pages, headers):
    assert await to_postmark(pages, posted(**metadata(ana)), headers) == 401
    assert ana.stands() == STAYS


@pytest.mark.parametrize(
    ("said", "status"),
    [(b"", 400), (b"[]", 400), (b"{", 400), (b"[" * 100_000, 400), (b"x" * 1_000_001, 413), (b"{}", 200)],
    ids=["empty", "list", "broken", "deep", "long", "nothing"],
)
async def test_what_is_no_report_changes_nothing(ana, pages, said, status):
    assert await to_postmark(pages, said) == status
    assert await to_ses(pages, said) == (403 if status == 200 else status)
    assert (await pages.client.get("/hooks/ses")).status_code == 405
    assert (ana.stands(), ana.events()) == (STAYS, {})


async def test_a_hard_bounce_that_ses_tells_of_is_one_by_mail(ana, pages):
    for _ in range(2):
        assert await to_ses(pages, of(ana, bounced("Permanent", "General", **UNKNOWN))) == 200
    assert ana.stands() == ("suppressed", ["hard bounce"])
    assert ana.events() == {"bounce": 1}
    assert pages.asked == [CERTIFICATE_URL], "once"


async def test_what_sns_did_not_sign_for_our_topic_is_refused(ana, pages):
    good = of(ana, bounced("Permanent", "General", **UNKNOWN))
    host = "https://sns.eu-west-1.amazonaws.com"
    for changes in (
        {"Message": good["Message"].replace("NoEmail", "x") + " "},
        {"TopicArn": TOPIC + "2"},
        {"Timestamp": "2026-03-13T08:00:00Z"},
        {"SignatureVersion": "3"},
        {"Signature": "AAAA"},
        {"SigningCertURL": "https://x.example/SimpleNotificationService-0123456789abcdef.pem"},
        {"Type": "SubscriptionConfirmation", "SubscribeURL": f"{host}/?Action=ConfirmSubscription&TopicArn={TOPIC}"},
        {"MessageId": ["x"]},
    ):
        assert await to_ses(pages, good | changes) == 403, changes
    assert (ana.stands(), ana.events()) == (STAYS, {})
    assert pages.asked == [CERTIFICATE_URL]


async def test_a_subscription_is_confirmed_where_sns_is_and_nowhere_else(pages):
    for there, status in (("https://sns.eu-west-1.amazonaws.com", 200), ("https://x.example", 403)):
        url = f"{there}/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token=abc"
        said = message(Type="SubscriptionConfirmation", Token="abc", SubscribeURL=url)
        assert await to_ses(pages, said) == status
    assert pages.asked[1:] == [
        f"https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token=abc"
    ]


async def test_a_certificate_that_cannot_be_had_is_not_asked_for_again_at_once(pages, ana):
    other = CERTIFICATE_URL.replace("0123", "4567")
    for _ in range(2):
        assert await to_ses(pages, of(ana, bounced("Permanent", "NoEmail")) | {"SigningCertURL": other}) == 503
    assert pages.asked == [other]
    assert ana.stands() == STAYS


def test_what_is_no_certificate_is_asked_for_again_later(ana):
    given = iter([b"<html>", CERTIFICATE.public_bytes(Encoding.PEM)])
    topic = Topic(TOPIC, lambda _: next(given))
    body = json.dumps(of(ana, bounced("Permanent", "NoEmail"))).encode()
    for now in (NOW, NOW + timedelta(seconds=59)):
        with pytest.raises(TryAgain):
            topic.take(ana.db, body, KEYS, now)
    topic.take(ana.db, body, KEYS, NOW + pipeline.PAUSE)
    assert ana.stands()[0] == "suppressed"
