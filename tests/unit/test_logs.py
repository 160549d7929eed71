"""Logs: one line a happening on standard error, without addresses or tokens, whoever speaks."""

import logging
import time

import pytest

from digest import logs
from digest.core.token import Keyring, Purpose

TOKEN = Keyring("a secret").issue(Purpose.UNSUBSCRIBE, 7)
PRIVATE = ("ana@example.net", "ana.ruiz+x@mail.example.org", "ana@localhost", TOKEN, TOKEN.upper())


@pytest.fixture(autouse=True)
def as_they_were():
    """Logging as it was before the test, for the rest of them."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level


class Trouble(Exception):
    """A library's error, which is no string."""


def fail(secret):
    raise Trouble(secret)


@pytest.mark.parametrize("secret", PRIVATE)
def test_no_address_and_no_token_reach_standard_error(capsys, secret):
    logs.configure()
    log = logs.Log("tests")
    log.warning(
        f"a word on {secret}", to=secret, error=Trouble(f"550 <{secret}> unknown"), many=[secret], map={secret: 1}
    )
    try:
        fail(secret)
    except Trouble:
        logging.getLogger("library").exception("sending to %s", secret)
    said = capsys.readouterr().err
    assert secret not in said
    assert said.count("Trouble") >= 2
    assert "address" in said or "token" in said


def test_a_line_is_logfmt_and_what_is_no_text_stays(capsys):
    logs.configure()
    logs.Log("tests").info("sent", period="2026-W11", accepted=25, held=False, reason=None)
    [line] = capsys.readouterr().err.splitlines()
    assert " level=info event=sent " in line
    assert "period=2026-W11 accepted=25 held=false reason=" in line.replace("logger=tests ", "")


@pytest.mark.parametrize(
    "harmless", ["2026-W11", "see http://127.0.0.1:8000/unsubscribe", "a @ b", "x" * 40, 7, None, True]
)
def test_what_is_neither_stays_as_it_is(harmless):
    assert logs.redact(harmless) == harmless


@pytest.mark.parametrize("word", ["a", "a.", "a-", "é=", "a@b.c!", "@"])
def test_words_of_strangers_take_no_longer_for_being_long(word):
    begun = time.process_time()
    logs.redact(word * 100_000)
    assert time.process_time() - begun < 2  # with the square of their length it was a minute, in which nothing was sent


def test_addresses_that_stand_wall_to_wall_are_all_gone():
    assert "@" not in logs.redact("ana@example.net!bo@example.net,c=d@example.net")


def test_a_link_loses_its_token_alone():
    assert logs.redact(f"POST /unsubscribe/{TOKEN} 200") == "POST /unsubscribe/[token] 200"
