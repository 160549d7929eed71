"""Feeds come in: RSS, Atom and JSON Feed, hostile ones too, each entry once, and never over what staff wrote or decided."""

import asyncio
import contextlib
import io
import json
import ssl
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from PIL import Image

from digest.core.errors import Refused
from digest.core.item import Kind, Status
from digest.core.source import Source
from digest.net import apart
from digest.net import feed as net_feed
from digest.net.client import Client
from digest.net.feed import NoFeed, alternate
from digest.pipeline import feeds, intake
from digest.pipeline.entries import ENTRIES, read
from digest.pipeline.pictures import Gallery
from digest.store.media import Media
from scripted_web import Web, reply

NOW = datetime(2026, 3, 12, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
URL = "https://union.example/feed"
TLS = ssl.create_default_context()

RSS = """<?xml version="1.0"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel>
<title>Harbour &amp;amp; Pier Union</title><link>https://union.example/</link><language>en-gb</language>{}</channel></rss>"""
ITEM = "<item><title>{0}</title><link>https://union.example/{1}</link><guid>{1}</guid><description>{2}</description></item>"
FULL = RSS.format("""
<item><title>The ferry &amp;amp; the &lt;i&gt;pier&lt;/i&gt;</title><link>/ferry</link><guid isPermaLink="false">7</guid>
<pubDate>Tue, 10 Mar 2026 22:30:00 GMT</pubDate><author>ana@union.example (Ana Lee)</author><category>Public transport</category>
<description>An excerpt [&amp;hellip;]</description>
<content:encoded><![CDATA[<p>The <b>ferry</b> came <a href="back">back</a>.</p><script>x()</script><img src="/f.jpg"
alt="The ferry"><p>The post <a href="x">The ferry</a> appeared first on <a href="y">Union</a>.</p>]]></content:encoded></item>""")
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="es" xml:base="https://union.example/b/"><title>Unión</title>
<entry><id>tag:union.example,2026:1</id><title type="html">Uno &amp;lt; &lt;b&gt;dos&lt;/b&gt;</title><link href="uno"/>
<updated>2026-03-10T23:30:00+01:00</updated><author><name>Ana</name><email>ana@union.example</email></author>
<category term="water"/><content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>El <a href="mar">mar</a>.</p></div>
</content></entry></feed>"""
JSON = {
    "version": "https://jsonfeed.org/version/1.1", "title": "Union", "language": "pt-br",
    "items": [
        {"id": 5, "url": "five", "title": "Five", "content_html": "<p>F <a href='x'>x</a></p>", "tags": ["Water", 3],
         "date_published": "2026-03-10T22:30:00Z", "authors": [{"name": "Ana"}]},
        {"id": "6", "content_text": "A note & no title.\n\nMore.", "author": {"name": "Old"}}, "no item", {"url": []},
    ],
}  # fmt: skip


def look(text, source=None, content_type="", now=NOW, **kwargs):
    """What of a feed's text may become an item."""
    content = text if isinstance(text, bytes) else text.encode()
    feed = net_feed.read(content, URL, {"content-type": content_type})
    return read(
        feed, source or Source(URL, Kind.NEWS), timezone="Europe/Lisbon", language="nl", weeks=4, now=now, **kwargs
    )


def one(text, source=None):
    [proposal] = look(text, source).proposals
    return proposal.item


# Formats.


def test_rss():
    item = one(FULL)
    assert (item.title, item.url) == ("The ferry & the pier", "https://union.example/ferry")
    assert item.body == "The **ferry** came [back](https://union.example/back)."
    assert (item.organisation, item.byline, item.language) == ("Harbour & Pier Union", "Ana Lee", "en-GB")
    assert item.published.isoformat() == "2026-03-10T22:30"
    assert (item.image, item.alt) == ("https://union.example/f.jpg", "The ferry")


@pytest.mark.parametrize(
    ("said", "tag"), [("", "nl"), ("<language>no language!</language>", "nl"), ("<language>pt-br</language>", "pt-BR")]
)
def test_who_names_no_language_means_the_publications(said, tag):
    assert one(FULL.replace("<language>en-gb</language>", said)).language == tag


def test_atom():
    item = one(ATOM)
    assert (item.title, item.url, item.language) == ("Uno < dos", "https://union.example/b/uno", "es")
    assert item.body == "El [mar](https://union.example/b/mar)."
    assert (item.organisation, item.byline, item.published.isoformat()) == ("Unión", "Ana", "2026-03-10T22:30")


def test_json_feed():
    reading = look(json.dumps(JSON))
    five, note = (each.item for each in reading.proposals)
    assert (five.title, five.url, five.body) == ("Five", "https://union.example/five", "F [x](https://union.example/x)")
    assert (five.organisation, five.byline, five.language) == ("Union", "Ana", "pt-BR")
    assert (note.title, note.body, note.byline) == ("A note & no title. More.", "A note & no title.\n\nMore.", "Old")
    assert [each.reason for each in reading.left_out] == ["it has neither a title nor a text"]


def test_what_the_source_says_wins_and_rules_make_topics():
    source = Source(
        URL, Kind.STATEMENT, language="fr", organisation="Us", topics=("union",), words=2,
        rules={"ferries": ("ferry",), "transport": ("public transport",), "rent": ("rent",)},
    )  # fmt: skip
    item = one(FULL.replace("</p><script>", "</p><p>Second.</p>"), source)
    assert (item.kind, item.language, item.organisation) == (Kind.STATEMENT, "fr", "Us")
    assert item.topics == ("union", "ferries", "transport")
    assert item.body == "The **ferry** came [back](https://union.example/back).\n\n…"


def test_the_words_tell_the_kind_and_the_dates_where_the_source_does_not():
    where = "Join us on Saturday 21 March 2026 at 6 pm&lt;br&gt;Harbour House, 3 Quay Street"
    meeting = ITEM.format("Public meeting on rents", 1, where)
    item = one(RSS.format(meeting), Source(URL))
    assert (item.kind, item.starts.isoformat(), item.venue) == (
        Kind.EVENT,
        "2026-03-21T18:00",
        "Harbour House, 3 Quay Street",
    )
    petition = one(RSS.format(ITEM.format("Sign the petition by 20 March 2026", 1, "Sign now.")), Source(URL))
    assert (petition.kind, petition.deadline.isoformat()) == (Kind.ACTION, "2026-03-20")
    assert one(RSS.format(meeting), Source(URL, Kind.NEWS)).starts is None


def test_history_is_left_out_and_nothing_comes_from_the_future():
    dated = "<item><title>{0}</title><guid>{0}</guid><pubDate>{1}</pubDate></item>"
    text = RSS.format(
        dated.format("old", "Tue, 10 Feb 2026 10:00:00 GMT") + dated.format("new", "Tue, 17 Feb 2026 10:00:00 GMT")
        + dated.format("wrong", "Tue, 10 Mar 2037 10:00:00 GMT") + dated.format("odd", "the other day")
    )  # fmt: skip
    reading = look(text)
    assert [(each.title, each.reason) for each in reading.left_out] == [("old", "it is more than 4 weeks old")]
    assert [each.item.published is not None for each in reading.proposals] == [True, False, False]


def test_what_ties_an_entry_to_its_feed():
    """Its id, else its link, else all that it says; and the feed, since ids of several may be the same."""
    with_link = ITEM.replace("<guid>{1}</guid>", "")
    bare = "<item><title>{}</title><description>{}</description></item>"
    before = look(RSS.format(ITEM.format("a", 1, "x") + with_link.format("b", 2, "x") + bare.format("c", "x")))
    after = look(RSS.format(ITEM.format("a2", 1, "y") + with_link.format("b2", 2, "y") + bare.format("c", "x")))
    assert [each.uid for each in before.proposals] == [each.uid for each in after.proposals]
    other = look(RSS.format(ITEM.format("a", 1, "x")), Source("https://other.example/feed"))
    assert other.proposals[0].uid != before.proposals[0].uid
    twice = look(RSS.format(ITEM.format("a", 1, "x") * 2))
    assert ([each.reason for each in twice.left_out], len(twice.proposals)) == (["the feed has it twice"], 1)


# Hostile and broken.

LOL = "<!DOCTYPE x [<!ENTITY a0 'lol'>" + "".join(f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 10)) + "]>"


@pytest.mark.parametrize(
    "text",
    [
        RSS.replace('?>', '?>' + LOL).format(ITEM.format("&a9;", 1, "x")),
        RSS.replace('?>', f"?><!DOCTYPE x [<!ENTITY a '{'a' * 100_000}'>]>").format(ITEM.format("&a;" * 1000, 1, "x") * 20),
        RSS.format(ITEM.format("x", 1, "<![CDATA[" + "<div>" * 20_000)),
        RSS.format("<a>" * 5_000),
        RSS.format(ITEM.format("x", 1, "x"))[:-60],
        RSS.format(ITEM.format("\x00\x0b\ufffe & < >", 1, "x")),
        '{"version": "https://jsonfeed.org/version/1", "items": ' + "[" * 40_000 + "]" * 50_000 + "}",
        '{"version": "https://jsonfeed.org/version/1", "items": [{"id": ' + "9" * 5000 + "}]}",
        '{"version": "https://jsonfeed.org/version/1", "title": [], "items": {}}',
        RSS.format(ITEM.format("x", 1, "a@" * 25_000)),
        RSS.format(ITEM.format("x", 1, "&amp;" * 50_000)),
        RSS.format(ITEM.format("x", 1, "[" * 40_000)),
    ],
)  # fmt: skip
def test_hostile_feeds_give_little_and_take_little(text):
    begun = time.process_time()
    with contextlib.suppress(NoFeed):
        items = [each.item for each in look(text).proposals]
        assert sum(len(each.title) + len(each.body) for each in items) < 100_000
    assert time.process_time() - begun < 10


def test_a_feed_with_too_many_tags_is_not_parsed():
    with pytest.raises(NoFeed, match="it has more than 100000 tags"):
        look(RSS.format("<a>" * 900_000))


def test_a_feed_on_which_the_parser_never_ends_is_a_problem_of_that_feed_alone(sqlite, web, monkeypatch):
    monkeypatch.setattr(apart, "SECONDS", 2)  # a regular expression of the parser would look for an address for a day
    endless = ITEM.format("x", 1, "x").replace("<title>", f"<author>{'1' * 2_000_000}</author><title>")
    web.pages |= {"/a": reply(RSS.format(endless)), "/b": reply(FULL)}
    bad, good = Desk(sqlite, Source(web.url("/a")), Source(web.url("/b"))).collect()
    assert bad.problem.endswith("/a cannot be read as a feed: it takes more than 2 seconds or 1024 MB to read.")
    assert len(good.intake.added) == 1


def test_json_of_countless_entries_is_not_read():
    with pytest.raises(NoFeed, match="it has more than 100000 tags or objects"):
        look('{"version": "https://jsonfeed.org/version/1", "items": [' + "{}," * 900_000 + "{}]}")


def test_files_of_this_machine_are_not_in_reach():
    text = RSS.replace("?>", '?><!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]>').format(
        ITEM.format("a &f;", 1, "&f;")
    )
    assert "root" not in str(look(text))


def test_what_no_mail_may_link_to():
    text = RSS.format(ITEM.format("x", 1, "&lt;a href='javascript:alert(1)'&gt;x&lt;/a&gt;")).replace(
        "https://union.example/1", "javascript:alert(1)"
    )
    assert (one(text).url, one(text).body) == (None, "x")
    assert one(text.replace("javascript:alert(1)<", "https://" + "u" * 3000 + "<")).url is None


@pytest.mark.parametrize(
    ("text", "content_type"),
    [
        ('<?xml version="1.0" encoding="iso-8859-1"?>' + RSS[21:].format(ITEM.format("Año “1”", 1, "x")), ""),
        (RSS.format(ITEM.format("Año “1”", 1, "x")), "application/rss+xml; charset=windows-1252"),
        (RSS.format(ITEM.format("Año “1”", 1, "x")), "text/xml"),
    ],
)
def test_encodings_that_are_declared_falsely(text, content_type):
    assert one_title(text.encode("cp1252"), content_type) == "Año “1”"


def one_title(content, content_type):
    [proposal] = look(content, content_type=content_type).proposals
    return proposal.item.title


def test_thousands_of_entries_are_cut_to_the_first():
    begun = time.process_time()
    reading = look(RSS.format("".join(ITEM.format(f"Title {n}", n, "Words of it.") for n in range(2_000))), Source(URL))
    assert len(reading.proposals) == ENTRIES
    assert reading.left_out[-1].reason == f"the feed has 2000 entries, and the first {ENTRIES} are looked at"
    assert time.process_time() - begun < 10


@pytest.mark.parametrize(
    ("content", "content_type", "what"),
    [
        (b"<!DOCTYPE html><html><title>x</title></html>", "text/html; charset=utf-8", "a web page"),
        (b"%PDF-1.7", "application/pdf", "“application/pdf”"),
        (b"\x89PNG", "", "something else"),
        (b"", "text/plain", "“text/plain”"),
        (b'{"a": 1}', "application/json", "JSON"),
    ],
)
def test_what_is_no_feed_is_named(content, content_type, what):
    with pytest.raises(NoFeed, match=rf"^https://union.example/feed is {what}, and no feed"):
        look(content, content_type=content_type)


def test_a_web_page_names_its_feed():
    page = b'<link rel="stylesheet" href="a"><link rel=alternate>'
    page += b'<LINK REL="x alternate" type="application/atom+xml" href="/atom">'
    assert alternate(page, URL) == "https://union.example/atom"
    assert alternate(b"<link rel=alternate type=text/html href=x>", URL) is None


@pytest.mark.parametrize("start", [b"<![", b"<", b"<a ", b"<!-- "])
def test_a_hostile_page_names_no_feed(start):
    begun = time.process_time()
    assert alternate(start * 100_000, URL) is None
    assert time.process_time() - begun < 3


# In the store.


def keep(db, text, source=None, now=NOW):
    source = source or Source(URL, Kind.NEWS)
    return feeds.store(db, look(text, source, now=now), source, now)


def stored(db):
    return {each.item.title: each.status for each in intake.listing(db)}


def test_again_and_again_doubles_nothing(database):
    assert len(keep(database, FULL).added) == 1
    again = keep(database, FULL)
    assert (len(again.unchanged), again.added, again.updated) == (1, [], [])


def test_a_change_in_the_feed_reaches_only_drafts_that_nobody_touched(sqlite, tmp_path):
    names = ("plain", "edited", "readied", "away")
    keep(sqlite, RSS.format("".join(ITEM.format(name, name, "before") for name in names)))
    by_title = {each.item.title: each for each in intake.listing(sqlite)}
    (tmp_path / "e.md").write_text(intake.as_file(by_title["edited"]).replace("before", "mine"))
    intake.add(sqlite, [tmp_path / "e.md"], timezone="UTC", now=NOW)
    intake.ready(sqlite, [by_title["readied"].id], NOW)
    intake.archive(sqlite, [by_title["away"].id], NOW)
    result = keep(sqlite, RSS.format("".join(ITEM.format(name, name, "after") for name in names)))
    assert ([each.item.title for each in result.updated], len(result.unchanged)) == (["plain"], 3)
    assert {each.item.title: each.item.body for each in intake.listing(sqlite)} == {
        "plain": "after", "edited": "mine", "readied": "before", "away": "before",
    }  # fmt: skip


def test_a_source_that_is_trusted_gives_ready_items_and_may_correct_them(sqlite):
    source = Source(URL, Kind.NEWS, Status.READY)
    keep(sqlite, RSS.format(ITEM.format("a", 1, "before") + ITEM.format("b", 2, "")), source)
    assert stored(sqlite) == {"a": Status.READY, "b": Status.DRAFT}
    [updated] = keep(sqlite, RSS.format(ITEM.format("a", 1, "after")), source).updated
    assert (updated.item.body, updated.status, updated.ready_at) == ("after", Status.READY, NOW)
    assert (
        len(keep(sqlite, RSS.format(ITEM.format("a", 1, "later")), replace(source, status=Status.DRAFT)).unchanged) == 1
    )


def test_the_same_page_from_elsewhere_is_the_same_item(sqlite, tmp_path):
    (tmp_path / "a.md").write_text("---\nkind: action\ntitle: Mine\nurl: https://union.example/1\n---\n\nBody.\n")
    intake.add(sqlite, [tmp_path / "a.md"], timezone="UTC", now=NOW)
    text = RSS.format(
        ITEM.format("a", 1, "x") + ITEM.format("b", 2, "x") + ITEM.format("c", 2, "y").replace("guid>2", "guid>3")
    )
    result = keep(sqlite, text)
    assert ([each.item.title for each in result.unchanged], len(result.added)) == (["Mine"], 2)


# Pictures.


def picture(colour):
    out = io.BytesIO()
    Image.new("RGB", (64, 48), colour).save(out, "PNG")
    return out.getvalue()


class Wall:
    """A gallery whose web is a dictionary; what was asked of it."""

    def __init__(self, folder, **pages):
        self.pages, self.asked = pages, []
        self.gallery = Gallery(Media(folder), self.fetch)

    def fetch(self, url):
        self.asked.append(url)
        if url not in self.pages:
            raise Refused(f"{url} cannot be fetched: there is no host “union.example”.")
        return self.pages[url]


def hang(db, text, wall, source):
    return feeds.store(db, look(text, source), source, NOW, wall.gallery)


def test_a_picture_is_fetched_once_and_hosted(sqlite, tmp_path):
    wall = Wall(tmp_path / "media", **{"https://union.example/f.jpg": picture("red")})
    source = Source(URL, Kind.NEWS, Status.READY)
    for _ in range(2):
        hang(sqlite, FULL, wall, source)
    [stored] = intake.listing(sqlite)
    assert wall.gallery.holds(stored.item.image)
    assert (stored.item.alt, stored.status, len(wall.asked)) == ("The ferry", Status.READY, 1)
    intake.archive(sqlite, [stored.id], NOW)
    hang(sqlite, FULL.replace("came", "went"), wall, source)
    assert len(wall.asked) == 1


@pytest.mark.parametrize("pages", [{}, {"https://union.example/f.jpg": b"<svg/>"}])
def test_a_picture_that_cannot_be_used_keeps_nothing_out(sqlite, tmp_path, pages):
    wall = Wall(tmp_path / "media", **pages)
    source = Source(URL, Kind.NEWS, Status.READY)
    [lost] = hang(sqlite, FULL, wall, source).without_picture
    assert lost.path == "The ferry & the pier"
    [stored] = intake.listing(sqlite)
    assert (stored.item.image, stored.item.alt, stored.status) == (None, None, Status.READY)
    assert len(hang(sqlite, FULL, wall, source).unchanged) == 1
    assert len(wall.asked) == 1


def test_no_feed_has_hundreds_of_pictures_fetched(sqlite, tmp_path):
    text = RSS.format("".join(ITEM.format(n, n, f"&lt;img src='/{n}.png' alt='x'&gt;") for n in range(30)))
    wall = Wall(tmp_path / "media", **{f"https://union.example/{n}.png": picture((n, 0, 0)) for n in range(30)})
    result = hang(sqlite, text, wall, Source(URL, Kind.NEWS))
    assert (len(wall.asked), len(result.without_picture), len(result.added)) == (feeds.PICTURES, 10, 30)


# Over the wire, by the clock.


@pytest.fixture
def web():
    with Web() as web:
        yield web


class Desk:
    """What is followed, a clock in hand, and what staff heard."""

    def __init__(self, db, *sources):
        self.db, self.sources, self.now, self.told = db, sources, NOW, []
        self.client = Client("digest/test", lambda address: address.is_loopback, TLS)

    def collect(self, **options):
        options = {"notify": lambda *letter: self.told.append(letter)} | options
        return asyncio.run(
            feeds.collect(
                self.db, self.client, self.sources, timezone="UTC", language="en", weeks=4, now=self.now, **options
            )
        )


def test_a_feed_is_asked_once_an_hour_and_only_for_what_is_new(database, web):
    web.pages["/feed"] = lambda asked: (
        reply(status=304)
        if asked.headers.get("if-none-match") == '"1"'
        else reply(FULL, ETag='"1"', Last_Modified="Tuesday")
    )
    desk = Desk(database, Source(web.url("/feed"), Kind.NEWS))
    [first] = desk.collect()
    assert (len(first.intake.added), first.problem) == (1, None)
    desk.now += HOUR - timedelta(seconds=1)
    assert desk.collect() == []
    desk.now += timedelta(seconds=1)
    [second] = desk.collect()
    assert (second.intake.added, second.intake.unchanged, second.problem) == ([], [], None)
    asked = web.asked[-1].headers
    assert (asked["if-none-match"], asked["if-modified-since"]) == ('"1"', "Tuesday")
    desk.now -= 5 * HOUR  # the clock was set back
    assert len(desk.collect()) == 1
    [by_hand] = desk.collect(notify=None)
    assert len(by_hand.intake.unchanged) == 1
    assert "if-none-match" not in web.asked[-1].headers


def test_a_feed_that_fails_is_left_alone_longer_and_longer_and_staff_hear_of_it_once(sqlite, web):
    web.pages["/good"] = reply(FULL)
    desk = Desk(sqlite, Source(web.url("/bad")), Source(web.url("/good")))
    asked = []
    for hour in range(32):
        done = {each.source.url: each for each in desk.collect()}
        assert done[web.url("/good")].problem is None
        if bad := done.get(web.url("/bad")):
            assert bad.problem.endswith("/bad cannot be fetched: the server answered 404 (not found).")
            asked.append(hour)
        desk.now += HOUR
    assert asked == [0, 2, 6, 14, 30]
    [(subject, text)] = desk.told
    assert subject == "A feed cannot be read"
    assert "404 (not found). That was the 4th time in a row." in text
    web.pages["/bad"] = reply(RSS.format(ITEM.format("b", 2, "x")))
    desk.now += 24 * HOUR
    assert [each.problem for each in desk.collect()] == [None, None]
    desk.now += HOUR
    assert len(desk.collect()) == 2


def test_two_schedulers_do_not_ask_twice(database, web):
    web.pages["/feed"] = reply(FULL)
    desk = Desk(database, Source(web.url("/feed")))
    desk.collect()
    assert Desk(database, *desk.sources).collect() == []


def test_a_header_that_cannot_be_sent_back_is_forgotten(sqlite, web):
    web.pages["/feed"] = reply(FULL, ETag="caf\xe9")
    desk = Desk(sqlite, Source(web.url("/feed")))
    for _ in range(2):
        assert desk.collect()[0].problem is None
        desk.now += HOUR
    assert "if-none-match" not in web.asked[-1].headers


def test_a_fault_of_ours_is_a_problem_of_that_feed_alone(sqlite, web, monkeypatch):
    web.pages |= {"/a": reply(RSS.format(ITEM.format("bad", 1, "x"))), "/b": reply(FULL)}

    def faulty(feed, *arguments, **options):
        if feed.entries[0].title == "bad":
            raise ZeroDivisionError
        return read(feed, *arguments, **options)

    monkeypatch.setattr(feeds, "read", faulty)
    bad, good = Desk(sqlite, Source(web.url("/a")), Source(web.url("/b"))).collect()
    assert "it brings about a fault (ZeroDivisionError)" in bad.problem
    assert len(good.intake.added) == 1
