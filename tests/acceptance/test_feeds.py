"""Items from the web: look first, import, follow; a page that is no feed, a file with a mistake, a feed that is down."""

from collections.abc import Iterator
from functools import partial
from unittest import mock

import pytest

from digest.net.client import Client
from scripted_web import Web, reply

from .conftest import BEFORE, Terminal
from .test_json import keys, listed

ENTRY = """<item><title>{0}</title><link>https://union.example/{0}</link><guid>{0}</guid>
<pubDate>Tue, 10 Mar 2026 10:00:00 GMT</pubDate><description>{1}</description></item>"""
RSS = """<rss version="2.0"><channel><title>Harbour Union</title><language>en</language>{}</channel></rss>"""
PAGE = '<html><head><link rel="alternate" type="application/rss+xml" href="/feed"></head></html>'


@pytest.fixture
def web() -> Iterator[Web]:
    """A server on this machine, which digest asks in these tests alone."""
    here = partial(Client, guard=lambda address: address.is_loopback)
    pages = {"/feed": reply(RSS.format(ENTRY.format("Ferry", "The ferry is back.")))}
    with Web(pages) as web, mock.patch("digest.net.client.Client", here):
        yield web


def test_import_a_feed_by_hand(digest: Terminal, web: Web) -> None:
    web.pages["/"] = reply(PAGE, content_type="text/html")
    looked = digest("items", "import", web.url("/"), "--dry-run", "--json", "--now", BEFORE)
    assert [(each["title"], each["organisation"], each["body_markdown"]) for each in looked.json["items"]] == [
        ("Ferry", "Harbour Union", "The ferry is back.")
    ]
    assert keys(looked.json) <= listed("items import")
    digest("init")
    assert "Drafts: 1 added" in digest("items", "import", web.url("/feed"), "--now", BEFORE).err
    assert "0 added, 0 updated, 1 left" in digest("items", "import", web.url("/feed"), "--now", BEFORE).err
    [item] = digest("items", "list", "--json").json["items"]
    assert (item["title"], item["status"], item["missing"]) == ("Ferry", "draft", [])
    assert web.asked[0].headers["user-agent"].startswith("digest/")


def test_what_cannot_be_imported_is_said_in_a_sentence(digest: Terminal, web: Web) -> None:
    web.pages["/page"] = reply("<html>Hello</html>", content_type="text/html")
    said = digest("items", "import", web.url("/page"), "--dry-run", code=1).err
    assert said == f"{web.url('/page')} is a web page, and no feed (RSS, Atom or JSON Feed).\n"
    assert "answered 404 (not found)" in digest("items", "import", web.url("/none"), "--dry-run", code=1).err
    assert "is for newsletters" in digest("items", "import", web.url("/"), "--title", "1", code=2).err.replace(
        "are", "is"
    )


def test_nothing_inside_is_fetched_for_anybody(digest: Terminal) -> None:
    said = digest("items", "import", "http://localhost:8025/feed", "--dry-run", code=1).err
    assert said == (
        "http://localhost:8025/feed cannot be fetched: it is inside the network, and only what is public is fetched.\n"
    )


@pytest.mark.usefixtures("inbox")
def test_feeds_that_are_followed(digest: Terminal, web: Web) -> None:
    follows = (
        f'[[feed]]\nurl = "{web.url("/feed")}"\nkind = "news"\nstatus = "ready"\n[feed.rules]\nboats = ["ferr*"]\n'
    )
    digest.env["FEEDS"] = str(digest.write("feeds.toml", follows))
    digest("init")
    digest("tick", "--now", BEFORE)
    [item] = digest("items", "list", "--json").json["items"]
    assert (item["kind"], item["status"], item["topics"]) == ("news", "ready", ["boats"])
    digest("tick", "--now", BEFORE)
    assert len(web.asked) == 1
    del web.pages["/feed"]
    assert "404" in digest("items", "fetch", "--now", BEFORE, code=1).err
    findings = digest("doctor", "--json", "--now", BEFORE).json["findings"]
    assert [(each["ok"], each["said"]) for each in findings if each["what"] == "feeds"] == [
        (None, f"{web.url('/feed')} cannot be fetched: the server answered 404 (not found). Failures in a row: 1.")
    ]


def test_a_mistake_in_the_file_of_feeds(digest: Terminal) -> None:
    digest.env["FEEDS"] = str(digest.write("feeds.toml", "[[feed]]\nurl = 'x'\n"))
    said = digest("items", "fetch", code=2).err
    assert "feeds.toml, line 1: “url” must be a web address" in said
    digest.write("feeds.toml", b"\xff")
    assert "is not UTF-8" in digest("items", "fetch", code=2).err
    digest.env["FEEDS"] = "nowhere.toml"
    assert digest("items", "list", code=2).err == "DIGEST_FEEDS: there is no file nowhere.toml\n"
    del digest.env["FEEDS"]
    assert "docs/feeds.md shows how" in digest("items", "fetch", code=2).err
