"""The feed is XML whatever anybody writes; the address of an item is one segment, with its number first."""

import xml.etree.ElementTree as ET
from datetime import UTC, date, datetime
from urllib.parse import quote

from hypothesis import given
from hypothesis import strategies as st

from digest.core.edition import EditionItem
from digest.core.item import Item, Kind
from digest.pipeline.archive import Cover, Issue, Story, story
from digest.rendering.compiler import Publication
from digest.rendering.markup import legal, to_html
from digest.web.pages import Pages, raised

PAGES = Pages(Publication("Tide", "1 Quay", "https://x.example/news", archive=True), "news@x.example")
SLOT = datetime(2026, 3, 15, 9, tzinfo=UTC)
ATOM = "{http://www.w3.org/2005/Atom}"


@given(title=st.text(min_size=1), body=st.text(max_size=200), intro=st.text(max_size=50))
def test_any_words_make_a_feed(title: str, body: str, intro: str) -> None:
    story = Story(7, "7-x", Item(Kind.NEWS, title, body, organisation=title, language="ar"), to_html(body), over=False)
    cover = Cover("2026-W11", 11, date(2026, 3, 15), "en", title, (intro,), SLOT, SLOT)
    words = {"issues": [Issue(cover, ((Kind.NEWS, (story,)),))], "updated": SLOT, "authority": "x.example"}
    entry = ET.fromstring(PAGES.render("feed.atom", "en", **words).encode()).find(f"{ATOM}entry")
    assert entry is not None
    assert (entry.findtext(f"{ATOM}title") or "").split() == legal(title).split()
    assert "https://x.example/news/items/7" in (entry.findtext(f"{ATOM}content") or "")


@given(st.text())
def test_the_address_of_an_item_is_one_segment(title: str) -> None:
    path = story(EditionItem(7, 1, Item(Kind.NEWS, title), ""), "en", None).path
    assert path.partition("-")[0] == "7"
    assert not {"/", "?", "#", "%", " "} & set(path)
    assert len(quote(path)) < 1000


def test_headings_of_a_body_stand_right_below_a_title() -> None:
    assert raised("<h4>a</h4><p>h4</p><h6>b</h6>") == "<h2>a</h2><p>h4</p><h4>b</h4>"
