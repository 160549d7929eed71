"""Every message is mail by somebody else's word: over editions, subjects and names of every script; and what is none is seen."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import dkim as verifier
import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from digest.core.dkim import Key
from digest.core.edition import Edition, EditionItem, EditionText
from digest.core.headers import Sender
from digest.core.item import Item, Kind
from digest.core.token import Keyring, Purpose
from digest.pipeline.compose import Copy, Mailroom
from digest.rendering.compiler import Compiler, Publication
from digest.rendering.markup import to_html
from digest.store.deliveries import Claimed
from rfc5322 import objections

NOW = datetime(2026, 3, 15, 9, tzinfo=UTC)
EDITION = Edition("2026-W11", 11, NOW, "Europe/Lisbon")
KEYS = (
    Key("harbour.example", "r1", rsa.generate_private_key(65537, 2048)),
    Key("harbour.example", "e1", ed25519.Ed25519PrivateKey.generate()),
)
RECORDS = {f"{key.name}.".encode(): key.record.encode() for key in KEYS}
TEMPLATES = Path(__file__).parents[2] / "templates" / "email"
SCRIPTS = (
    "Vivienda y mar: “sí” — ¡hoy!", "Ελληνικά και κόμμα, τελεία.", "Новости недели; выпуск № 11", "عنوان من اليمين إلى اليسار",
    "חדשות השבוע", "今週のニュース：港の話", "이번 주 소식", "ข่าวประจำสัปดาห์", "हिन्दी समाचार", "🎉 🏳️‍🌈 👩🏽‍🚒", "e\u0301 a\u0308",
    ".", "..", "--=_digest_2026-W11_11", "From here", "=?utf-8?q?no?=", "=20=\t=", '"quoted" \\ <angle> (comment), a; b',
)  # fmt: skip
anything = st.text(
    st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp"), exclude_characters="\ufffe\uffff"), max_size=120
)
words = st.one_of(st.sampled_from(SCRIPTS), anything.map(lambda text: " ".join(text.split()))).filter(str.strip)
lines = words.filter(lambda text: "\t" not in text)  # settings and `assemble` take no control character in these
bodies = st.one_of(words, st.lists(st.sampled_from(SCRIPTS), min_size=1, max_size=9).map("\n\n".join), anything)


@pytest.fixture(scope="module")
def compiler():
    return Compiler(TEMPLATES)


def wire(compiler, items, *, subject, name, language, public_url, postmark=False) -> bytes:
    """The message of somebody called `name`, from a publication of that name, with all of the items."""
    entries = [EditionItem(number, number, item, to_html(item.body)) for number, item in enumerate(items, 1)]
    text = EditionText(language, subject, subject, subject)
    blocks = compiler.compile(EDITION, text, entries, Publication(name, name, public_url), {}, "k3y7Qz")
    sender = Sender(
        name, name, "weekly@harbour.example", None, "bounces.harbour.example", public_url, Keyring("x"), KEYS,
        postmark=postmark,
    )  # fmt: skip
    room = Mailroom(sender, EDITION.period, {language: subject}, {language: blocks}, entries, "=_digest_2026-W11_11")
    copy = Copy(tuple(entry.id for entry in entries), compiler.greeting(language, name), subject)
    claimed = Claimed(7, 3, "ana@example.net", "example.net", language, copy.to_json(), sender.message_id(7), 0)
    made = room.compose(claimed, NOW)
    assert made is not None
    return made


@given(
    titles=st.lists(words, min_size=1, max_size=4), body=bodies, subject=lines, name=lines,
    language=st.sampled_from(("en", "es")), public_url=st.sampled_from((None, "https://news.harbour.example")),
)  # fmt: skip
@example(SCRIPTS[:8], "x" * 3000, "é" * 400, "ł" * 200, "es", None)
@example(SCRIPTS[8:], ".\n..\n.\n", "a" * 900, "b" * 900, "en", "https://news.harbour.example")
@settings(max_examples=40, suppress_health_check=list(HealthCheck))
def test_of_every_script_it_is_mail_and_verifies(compiler, titles, body, subject, name, language, public_url):
    kinds = list(Kind)
    items = [Item(kinds[at % len(kinds)], title, body or ".", language=language) for at, title in enumerate(titles)]
    content = wire(compiler, items, subject=subject, name=name, language=language, public_url=public_url)
    assert not objections(content)
    assert b"\r\n." not in content, "a dot would have to be stuffed"
    for index in range(len(KEYS)):
        assert verifier.DKIM(content).verify(index, dnsfunc=lambda asked, **_: RECORDS[asked])


def test_what_only_postmark_is_told_can_be_taken_out_of_the_message(compiler):
    """It takes the field out, which must break no signature."""
    items = [replace(Item(Kind.NEWS, "A title", "Words."), language="en")]
    plain, noted = (
        wire(compiler, items, subject="Hello", name="Ana", language="en", public_url=None, postmark=postmark)
        for postmark in (False, True)
    )
    field, _, rest = noted.partition(b"\r\n")
    name, _, token = field.decode().partition(": ")
    assert (name, Keyring("x").find(Purpose.BOUNCE, token), rest) == ("X-PM-Metadata-delivery", 7, plain)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda mail: mail.replace(b"\r\n", b"\n", 1), "bare"),
        (lambda mail: mail + b"x" * 999 + b"\r\n", "a line of 999"),
        (lambda mail: b"Subject: again\r\n" + mail, "Subject 2 times"),
        (lambda mail: b"List-Id: <again.example>\r\n" + mail, "List-Id 2 times"),
        (lambda mail: mail.replace(b"Date: ", b"Dated: "), "Date 0 times"),
        (lambda mail: mail.replace(b"Date: ", b"Date: never, "), "Date"),
        (lambda mail: mail.replace(b"List-Unsubscribe-Post", b"List-Unsubscribed"), "belong together"),
        (lambda mail: mail.replace(b"MIME-Version: 1.0\r\n", b"MIME-Version: 1.0\r\n \r\n"), "nothing but white space"),
        (lambda mail: mail.replace(b"Subject: ", b"Sub ject: "), "no field"),
        (lambda mail: mail.replace(b"11_11--\r\n", b"11_11\r\n"), "CloseBoundaryNotFoundDefect"),
        (lambda mail: mail.replace(b"\r\n\r\n", b"\r\n", 1), "MissingHeaderBodySeparatorDefect"),
        (lambda mail: mail.replace(b"text/html", b"text/plain"), "not a text and then its HTML"),
    ],
)  # fmt: skip
def test_what_is_no_mail_is_seen(compiler, change, said):
    item = replace(Item(Kind.NEWS, "A title", "Words."), language="en")
    mail = wire(compiler, [item], subject="Hello", name="Ana", language="en", public_url="https://news.harbour.example")
    assert not objections(mail)
    assert any(said in each for each in objections(change(mail))), objections(change(mail))
