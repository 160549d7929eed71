"""The mails about one thing: confirm, welcome, goodbye, alert."""

import re
from dataclasses import replace
from datetime import date
from html import unescape
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.rendering.compiler import Publication
from digest.rendering.letters import Alert, Confirm, Goodbye, Move, Moved, Subscribed, Welcome, write
from digest.rendering.templates import TemplateError, Templates

BUNDLED = Path(__file__).resolve().parents[2] / "templates/email"
PUBLICATION = Publication("The Tidewater Weekly", "12 Lantern Lane\nPort Ashby", None)
LETTERS = (
    Confirm("Ana", ("Housing", "Water"), "https://x.example/confirm/a?b&c", 7),
    Welcome("Ana", ("Housing", "Water"), date(2026, 3, 15), "mailto:unsub+abc@x.example?subject=unsubscribe", None),
    Subscribed("Ana", "https://x.example/preferences/a"),
    Move("", "https://x.example/confirm/a?b&c", 7),
    Moved("Ana", "a•••@y.example"),
    Goodbye("", "https://x.example/"),
    Alert("2026-W12 is waiting", "Nobody has approved it.\nSee `digest edition approve 2026-W12`."),
)


@pytest.fixture(scope="module")
def templates():
    return Templates(BUNDLED)


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("letter", LETTERS, ids=lambda letter: letter.kind)
def test_a_letter_is_complete_in_both_parts_and_asks_for_nothing_from_elsewhere(templates, letter, language):
    written = write(templates, letter, language, PUBLICATION)
    assert written.html.startswith(f'<!DOCTYPE html>\n<html lang="{language}" dir="ltr"')
    assert len(re.findall("<h1", written.html)) == 1
    assert not re.search(r"@import|<link|<img|<script|url\(|src=|\{\{|\{%|%\(|mj-(text|section)", written.html)
    links = {unescape(href) for href in re.findall(r'href="([^"]+)"', written.html)}
    assert all(f"\n{link}\n" in written.text for link in links)
    assert all(len(line) <= 72 for line in written.text.splitlines() if "://" not in line and "mailto:" not in line)
    assert "\n-- \n" in written.text
    assert "\n\n\n\n" not in written.text
    for part in (written.text, written.html):
        assert "12 Lantern Lane, Port Ashby" in part


def test_what_the_letters_say(templates):
    confirm, welcome, subscribed, _, moved, goodbye, alert = (
        write(templates, letter, "en", PUBLICATION) for letter in LETTERS
    )
    assert confirm.subject == "Please confirm: The Tidewater Weekly by mail"
    assert "\nYes, send it to me:\nhttps://x.example/confirm/a?b&c\n\nThe link works for 7 days." in confirm.text
    assert "You would follow Housing and Water." in confirm.text
    assert "Your first digest comes on Sunday, March 15, 2026." in " ".join(welcome.text.split())
    assert "Change what you get" not in welcome.text + welcome.html
    at_home = write(templates, replace(LETTERS[1], preferences="https://x.example/preferences/a"), "en", PUBLICATION)
    assert "\nChange what you get:\nhttps://x.example/preferences/a\n\nUnsubscribe:\n" in at_home.text
    assert "\nYour page:\nhttps://x.example/preferences/a\n" in subscribed.text
    assert "goes to a•••@y.example from now on" in " ".join(moved.text.split())
    assert goodbye.text.startswith("Hello,\n")
    assert alert.subject == "[The Tidewater Weekly] 2026-W12 is waiting"
    assert "\nSee `digest edition approve 2026-W12`.\n" in alert.text
    assert ">digest edition approve 2026-W12</code>" in alert.html
    spanish = write(templates, LETTERS[0], "es", PUBLICATION)
    assert "El enlace funciona durante 7 días." in spanish.text
    assert "Seguirías Housing y Water." in spanish.html


def test_a_right_to_left_letter_runs_so(tmp_path):
    (tmp_path / "locale").mkdir()
    header = 'msgid ""\nmsgstr ""\n"Language: he\\n"\n"Content-Type: text/plain; charset=utf-8\\n"\n\n'
    (tmp_path / "locale/he.po").write_text(header + 'msgid "Hello,"\nmsgstr "שלום,"\n', "utf-8")
    html = write(Templates(BUNDLED, tmp_path), Goodbye("", None), "he", PUBLICATION).html
    assert '<html lang="he" dir="rtl"' in html
    assert "שלום," in html
    assert "direction:ltr" not in html


VALUE = st.text(st.sampled_from("<>&\"'{}%#[]()*_`!- \n\t\x00é漢א🎉") | st.characters(), max_size=60)


@given(VALUE, VALUE)
@settings(max_examples=15, deadline=None)
def test_no_value_breaks_a_letter(templates, one, other):
    for letter in (Confirm(one, (other,), "https://x.example/", 1), Alert(one, other)):
        written = write(templates, letter, "en", Publication(other, one, None))
        assert "<script" not in written.html
        assert len(re.findall("<h1", written.html)) == 1
        assert "\n" not in written.subject
        (written.html + written.text).encode()


def test_a_broken_letter_is_named_with_file_and_line(tmp_path):
    file = tmp_path / "alert/body.txt"
    file.parent.mkdir()
    file.write_text('{% extends "house/letter.txt" %}\n{% block words %}\n{{ nobody }}\n{% endblock %}\n')
    with pytest.raises(TemplateError, match=r"alert/body\.txt, line 3: 'nobody' is undefined"):
        write(Templates(BUNDLED, tmp_path), LETTERS[-1], "en", PUBLICATION)
