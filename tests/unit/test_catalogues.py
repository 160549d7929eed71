"""Every word of the templates is in every catalogue: a page or a mail that is half in another language is a mistake."""

import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from digest.web import signup

ROOT = Path(__file__).resolve().parents[2]
SAID = re.compile(r'\bn?(?:gettext|_)\(\s*"((?:[^"\\]|\\.)+)"')


@pytest.mark.parametrize(
    ("templates", "locale", "besides"),
    [
        ("src/digest/web/templates/public", "src/digest/web/locale", {signup.CONSENT}),
        ("templates/email", "templates/email/locale", set()),
    ],
)
def test_every_word_is_translated(templates: str, locale: str, besides: set[str]) -> None:
    files = [each for each in (ROOT / templates).rglob("*") if each.suffix in (".html", ".mjml", ".txt", ".j2")]
    said = {word for file in files for word in SAID.findall(file.read_text("utf-8"))} | besides
    assert len(said) > 20
    for catalogue in (ROOT / locale).glob("*.po"):
        with catalogue.open("rb") as file:
            words = {message.id if isinstance(message.id, str) else message.id[0]: message for message in read_po(file)}
        assert {word for word in said if word not in words or not words[word].string} == set()
