"""Links of an edition are tried against servers of every sort; what cannot be reached never blocks."""

import asyncio
import os
from datetime import UTC, datetime, timedelta

import pytest

from digest.core.errors import Refused
from digest.core.finding import Severity
from digest.core.links import Answered, judge
from digest.mailbox import spam
from digest.mailbox.spam import Verdict
from digest.net.client import Client
from digest.pipeline import links
from digest.pipeline.links import Links
from scripted_web import Web, reply

NOW = datetime(2026, 3, 15, 9, tzinfo=UTC)


@pytest.fixture
def web():
    with Web() as web:
        yield web


@pytest.fixture
def checker():
    client = Client("digest/test", lambda address: address.is_loopback)
    return Links(lambda url, method: client.fetch(url, method, largest=0), lambda: NOW)


def test_each_sort_of_answer_and_what_is_made_of_it(web, checker):
    web.pages |= {
        "/good": reply("here"),
        "/moved": reply(status=302, location="/elsewhere"),
        "/elsewhere": reply("here"),
        "/slash": reply(status=301, location="/slash/"),
        "/slash/": reply("here"),
        "/shy": reply(status=403),
        "/gone": reply(status=410),
        "/broken": reply(status=503),
        "/head": lambda asked: reply(status=405 if asked.method == "HEAD" else 200),
        "/rude": b"what?",
    }
    found = checker.check([(web.url(path), path) for path in (*web.pages, "/never")])
    said = {each.where: (each.severity, each.what) for each in found}
    assert said == {
        "/moved": ("warning", f"{web.url('/moved')} leads on to {web.url('/elsewhere')}."),
        "/gone": ("blocking", f"{web.url('/gone')} is a dead link: the server answers 410."),
        "/never": ("blocking", f"{web.url('/never')} is a dead link: the server answers 404."),
        "/broken": ("warning", f"{web.url('/broken')} does not work now: the server answers 503."),
        "/rude": (
            "warning",
            f"The link could not be checked. {web.url('/rude')} cannot be fetched: the server does not answer as a web server "
            "does.",
        ),
    }
    assert {asked.method for asked in web.asked if asked.path == "/good"} == {"HEAD"}
    asked = len(web.asked)
    checker.check([(web.url("/good"), "a"), (web.url("/gone"), "b")])
    assert [each.path for each in web.asked[asked:]] == ["/gone", "/gone"]


def test_a_good_answer_holds_for_an_hour(web):
    client, now = Client("digest/test", lambda address: address.is_loopback), [NOW]
    checker = Links(lambda url, method: client.fetch(url, method, largest=0), lambda: now[0])
    web.pages["/good"] = reply("here")
    for minutes in (0, 59, 61):
        now[0] = NOW + timedelta(minutes=minutes)
        assert checker.check([(web.url("/good"), "a")]) == []
    assert len(web.asked) == 2


def test_without_a_network_there_is_one_warning():
    async def fetch(url, method):
        raise Refused(f"{url} cannot be fetched: there is no host “a.example”.")

    [finding] = Links(fetch, lambda: NOW).check([("https://a.example/", "a"), ("https://b.example/", "b")])
    assert (finding.severity, finding.where) == (Severity.WARNING, "links")
    assert (
        finding.what == "No link could be checked. https://a.example/ cannot be fetched: there is no host “a.example”."
    )
    assert Links(fetch, lambda: NOW).check([]) == []


def test_what_does_not_answer_in_time_is_left_and_a_link_that_breaks_the_client_harms_nothing(monkeypatch):
    monkeypatch.setattr(links, "SECONDS", 0.05)

    async def fetch(url, method):
        if "slow" in url:
            await asyncio.Event().wait()
        if "odd" in url:
            raise RuntimeError("unheard of")
        return Answered(200, url)

    found = Links(fetch, lambda: NOW).check([(f"https://{name}.example/", name) for name in ("slow", "odd", "good")])
    assert [(each.where, each.severity, each.what) for each in found] == [
        (name, "warning", "The link could not be checked. There was no answer in time.") for name in ("slow", "odd")
    ]


@pytest.mark.parametrize(
    ("url", "ended"),
    [
        ("http://a.example/b", "https://www.a.example/b/"),
        ("https://a.example", "https://a.example/"),
        ("https://A.example/b?c=d", "https://a.example/b?c=d"),
    ],
)
def test_what_is_the_same_page_is_no_redirect(url, ended):
    assert judge(url, "a", Answered(200, ended)) is None


@pytest.fixture
def assassin(tmp_path, monkeypatch):
    def install(script):
        path = tmp_path / "spamassassin"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")

    return install


def test_the_verdict_of_a_spam_filter(assassin):
    assassin(
        "cat >/dev/null; printf 'X-Spam-Status: Yes, score=6.1 required=5.0 tests=HTML_MESSAGE,\\n"
        "\\tMISSING_DATE,NO_RELAYS autolearn=no autolearn_force=no version=4.0.0\\nSubject: a\\n\\nb\\n'"
    )
    assert spam.judge(b"Subject: a\r\n\r\nb\r\n") == Verdict(6.1, 5.0, ("HTML_MESSAGE", "MISSING_DATE", "NO_RELAYS"))


@pytest.mark.parametrize("script", ["exit 1", "cat", "echo 'X-Spam-Status: what?'; echo"])
def test_a_filter_that_does_not_answer_says_nothing(assassin, script):
    assassin(script)
    assert spam.judge(b"Subject: a\r\n\r\nb\r\n") is None


def test_without_a_filter_nothing_is_asked(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert spam.judge(b"Subject: a\r\n\r\nb\r\n") is None
