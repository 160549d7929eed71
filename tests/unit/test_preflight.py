"""Each check of the preflight finds what it is for, says where and what to do, and keeps silent otherwise."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from digest.core import preflight
from digest.core.edition import EditionItem, Translation
from digest.core.finding import Severity, blocking
from digest.core.item import Item, Kind
from digest.core.preflight import Facts, Page, Volume
from digest.core.when import When

MOMENT = datetime(2026, 3, 15, 9, tzinfo=UTC)
OUT = "https://news.example/unsubscribe/token?a=1&b=2"
HTML = (
    '<!DOCTYPE html><html lang="en"><h1>News</h1><h2>Actions</h2><h3>Write</h3><img src="a.png" alt=""><p>Hello</p>'
    '<a href="https://news.example/unsubscribe/token?a=1&amp;b=2">Unsubscribe</a></html>'
)
PAGE = Page("en", "A week in town", "What matters to you", HTML, f"Hello\n{OUT}\nHarbour House,\n3 Quay Street", OUT)
ITEM = EditionItem(4, 1, Item(Kind.NEWS, "Rents rise", "They do.", url="https://a.example/"), "<p>They do.</p>")
FACTS = Facts(
    moment=MOMENT,
    items=(ITEM,),
    pages=(PAGE,),
    readers={4: 3},
    followers={"repairs": 3},
    empty=0,
    unspoken={},
    faint=(),
    postal_address="Harbour House, 3 Quay Street\nCabo Manso",
    from_domain="harbour.example",
    dkim_domains=("mail.harbour.example",),
    volume=Volume(100, 12, 40_000),
    before=Volume(104, 10, 36_000),
)


def page(**changes):
    return replace(FACTS, pages=(replace(PAGE, **changes),))


def item(**changes):
    return replace(FACTS, items=(replace(ITEM, item=replace(ITEM.item, **changes)),))


def said(*, stale=False, **changes):
    """The item with a translation into Spanish, after an item that was written in it."""
    spanish = replace(ITEM.item, title="Suben los alquileres", language="es")
    translation = Translation(replace(spanish, **changes), "<p>Sí.</p>", stale)
    items = (replace(ITEM, id=5, item=spanish), replace(ITEM, translations=(translation,)))
    return replace(FACTS, items=items, readers={4: 3, 5: 3})


def test_there_is_nothing_to_say_against_a_good_edition():
    assert preflight.examine(FACTS) == preflight.examine(page(preheader="")) == []


LONG = HTML.replace("Hello", "é" * 45_000)
FOUND = [
    (said(stale=True), "warning", "item 4, “Rents rise”", "changed after its translation into “es”"),
    (said(deadline=When.parse("2026-04-01")), "warning", "item 4, “Rents rise”", "2026-04-01 for “deadline”"),
    (said(body="Hola *|FNAME|*"), "blocking", "item 4, “Suben los alquileres”", "“*|FNAME|*”"),
    (said(url="http://a.example/es"), "warning", "item 4, “Suben los alquileres”", "not encrypted"),
    (
        replace(said(), items=(*said().items, replace(ITEM, id=6)), readers={4: 3, 5: 3, 6: 3}),
        "warning",
        "item 6, “Rents rise”",
        "not in “es”, as most",
    ),
    (page(html=LONG), "warning", "mail (en)", "90 KB"),
    (page(html=LONG.replace("é", "éx")), "blocking", "mail (en)", "135 KB"),
    (page(subject="  "), "blocking", "subject (en)", "no subject"),
    (page(subject="x" * 79), "warning", "subject (en)", "79 characters"),
    (page(preheader="x" * 151), "warning", "preheader (en)", "151 characters"),
    (page(subject="Hello {{ name }}"), "blocking", "subject (en)", "“{{ name }}”"),
    (page(text=PAGE.text + "*|FNAME|*"), "blocking", "mail (en)", "“*|FNAME|*”"),
    (item(body="Dear {% if name %}"), "blocking", "item 4, “Rents rise”", "“{% if name %}”"),
    (page(html=HTML.replace("unsubscribe", "un")), "blocking", "mail (en)", "HTML part has no way"),
    (page(text=PAGE.text.replace("unsubscribe", "un")), "blocking", "mail (en)", "text part has no way"),
    (replace(FACTS, postal_address=None), "warning", "footer", "no postal address"),
    (replace(FACTS, postal_address="Elsewhere 1"), "warning", "mail (en)", "not in the text part"),
    (page(html=HTML.replace(' lang="en"', "")), "warning", "mail (en)", "which language"),
    (page(html=HTML.replace("h1", "p")), "warning", "mail (en)", "0 headings of the first level"),
    (page(html=HTML.replace("h2", "p")), "warning", "mail (en)", "h3 follows on h1"),
    (page(html=HTML.replace(' alt=""', "")), "warning", "mail (en)", "without alternative text: 1"),
    (replace(FACTS, faint=(("muted", "tint", 3.14159),)), "warning", "theme", "contrast of 3.1"),
    (item(deadline=When.parse("2026-03-14")), "warning", "item 4, “Rents rise”", "It is over"),
    (item(deadline=When.parse("2026-03-15T12:00")), "warning", "item 4, “Rents rise”", "closes 3 h after"),
    (item(image="a.png"), "warning", "item 4, “Rents rise”", "lacks alt"),
    (item(url="http://a.example/"), "warning", "item 4, “Rents rise”", "http://a.example/ is not encrypted"),
    (replace(FACTS, readers={}), "warning", "item 4, “Rents rise”", "Nobody gets it"),
    (replace(FACTS, empty=2), "warning", "subscribers", "2 of 100 subscribers get nothing"),
    (replace(FACTS, unspoken={"de": 7}), "warning", "subscribers", "speaks “de”; its readers (7)"),
    (
        replace(FACTS, volume=Volume(0, 12, 40_000), before=None, readers={}),
        "warning",
        "subscribers",
        "no active subscriber",
    ),
    (replace(FACTS, volume=Volume(200, 12, 40_000)), "warning", "edition", "200 subscribers; the last one had 104"),
    (replace(FACTS, volume=Volume(100, 21, 40_000)), "warning", "edition", "21 items"),
    (replace(FACTS, volume=Volume(100, 12, 99_000)), "warning", "edition", "99,000 bytes of HTML"),
    (replace(FACTS, dkim_domains=("provider.example",)), "warning", "DKIM", "signed for provider.example"),
]


@pytest.mark.parametrize(("facts", "severity", "where", "what"), FOUND)
def test_what_is_wrong_is_found_once_and_by_its_place(facts, severity, where, what):
    [finding] = preflight.examine(facts)
    assert (finding.severity, finding.where) == (severity, where)
    assert what in finding.what
    assert finding.do


@pytest.mark.parametrize(
    "facts",
    [
        replace(FACTS, before=None),
        replace(FACTS, volume=Volume(4, 1, 400), before=Volume(2, 3, 500)),  # few people, and few bytes
        replace(FACTS, dkim_domains=()),  # the provider signs
        replace(FACTS, dkim_domains=("provider.example", "harbour.example")),
        item(deadline=When.parse("2026-03-20")),
        item(body="Braces { like } these, 50 % and {these}."),
        page(html=HTML.replace("<p>", "<style>a{b:c}}</style><p>")),
    ],
)
def test_what_is_no_fault(facts):
    assert preflight.examine(facts) == []


def test_what_blocks_comes_first():
    found = preflight.examine(replace(page(subject=""), postal_address=None, empty=1))
    assert [each.severity for each in found] == [Severity.BLOCKING, Severity.WARNING, Severity.WARNING]
    assert blocking(found) == found[:1]


def test_what_others_wrote_stays_short_and_on_one_line():
    [finding] = preflight.examine(item(title="x" * 300, body="Dear {{ first\n\x07name }}"))
    assert finding.where == f"item 4, “{'x' * 69}…”"
    assert finding.what == "“{{ first  name }}” is a token that nothing replaces."


def test_links_are_each_named_once_with_the_item_that_has_them_first():
    body = (
        '<p><a href="https://a.example/">a</a> <a href="mailto:x@a.example">m</a> <a href="HTTP://B.example">b</a></p>'
    )
    second = replace(ITEM, id=5, item=replace(ITEM.item, title="Two", url=None), html=body)
    assert preflight.links((ITEM, second)) == [
        ("https://a.example/", "item 4, “Rents rise”"),
        ("HTTP://B.example", "item 5, “Two”"),
    ]


def test_a_topic_that_nobody_follows_and_that_looks_like_one_that_people_do():
    [finding] = preflight.examine(item(topics=("repair", "harbour", "repairs")))
    assert finding.what == "Nobody follows its topic “repair”; there is “repairs”, which people follow."
    assert "digest topics remove repair --into repairs" in finding.do
