"""The order of items in an edition, and the moves between an edition's states."""

from dataclasses import replace

from digest.core.edition import MOVES, SECTIONS, EditionItem, EditionState, Translation, in_order, in_sections, rank
from digest.core.item import Item, Kind
from digest.core.when import When

ITEM = Item(Kind.ACTION, "A title", "A body")


def order(*items: Item) -> list[str]:
    return [item.title for item in sorted(items, key=rank)]


def test_every_kind_has_a_section_and_actions_come_first():
    assert sorted(SECTIONS) == sorted(Kind)
    assert order(*(replace(ITEM, kind=kind, title=kind) for kind in Kind))[0] == "action"


def test_what_everybody_must_see_comes_first_in_a_section_of_its_own():
    news = replace(ITEM, kind=Kind.NEWS, title="news")
    items = in_order(EditionItem(0, 0, each, "") for each in (news, ITEM, replace(news, title="must", must_see=True)))
    assert [(section, [e.item.title for e in held]) for section, held in in_sections(items)] == [
        ("first", ["must"]), ("action", ["A title"]), ("news", ["news"]),
    ]  # fmt: skip


def test_the_must_see_then_what_closes_first_then_priority_then_the_newest():
    assert order(
        replace(ITEM, title="old", published=When.parse("2024-06-01")),
        replace(ITEM, title="new", published=When.parse("2024-06-20")),
        replace(ITEM, title="weighty", priority=5),
        replace(ITEM, title="later", deadline=When.parse("2024-07-09")),
        replace(ITEM, title="sooner", deadline=When.parse("2024-07-02"), priority=-5),
        replace(ITEM, title="must", must_see=True),
    ) == ["must", "sooner", "later", "weighty", "new", "old"]


def test_what_no_date_orders_stands_with_its_topic_where_the_best_of_it_stands():
    news = replace(ITEM, kind=Kind.NEWS)
    entries = [
        EditionItem(number, number, item, "")
        for number, item in enumerate(
            [
                replace(news, title="weak", topics=("water",)),
                replace(news, title="best", topics=("housing", "water"), priority=9),
                replace(news, title="middle", topics=("water",), priority=5),
                replace(news, title="akin", topics=("housing",), priority=-9),
                replace(news, title="dated", topics=("water",), deadline=When.parse("2024-07-02")),
                replace(news, title="must", topics=("water",), must_see=True),
            ]
        )
    ]
    assert [e.item.title for e in in_order(entries)] == ["must", "dated", "middle", "weak", "best", "akin"]


def test_sent_cancelled_and_missed_editions_are_not_sent_again_and_nothing_leads_back_to_draft_but_reopening():
    leads = {(origin, target) for froms, target in MOVES.values() for origin in froms}
    assert not [target for origin, target in leads if origin in (EditionState.CANCELLED, EditionState.MISSED)]
    assert {name for name, (froms, _) in MOVES.items() if EditionState.SENT in froms} == {"resend"}
    assert [name for name, (_, target) in MOVES.items() if target is EditionState.DRAFT] == ["reopen"]
    assert (EditionState.DRAFT, EditionState.SENDING) not in leads


def test_an_item_is_read_in_ones_own_language_a_form_of_it_or_as_it_was_written():
    original = replace(
        ITEM, language="pt-BR", url="https://a.example", deadline=When.parse("2024-07-02"), topics=("water",)
    )
    said = [
        replace(ITEM, title=tag, language=tag, deadline=When.parse("2024-08-02")) for tag in ("es", "es-MX", "pt-PT")
    ]
    entry = EditionItem(3, 1, original, "<p>", tuple(Translation(each, each.title) for each in said))
    read = {tag: entry.in_language(tag) for tag in ("pt-BR", "pt", "pt-PT", "es", "es-MX", "es-AR", "de")}
    assert {tag: each.item.language for tag, each in read.items()} == {
        "pt-BR": "pt-BR", "pt": "pt-BR", "pt-PT": "pt-PT", "es": "es", "es-MX": "es-MX", "es-AR": "es", "de": "pt-BR",
    }  # fmt: skip
    spanish = read["es"]
    assert (spanish.id, spanish.item.title, spanish.html) == (3, "es", "es")
    assert (spanish.item.url, spanish.item.deadline, spanish.item.topics) == (
        original.url, original.deadline, original.topics,
    ), "what the translation does not say, and all facts, are the original's"  # fmt: skip
    assert entry.languages == ["pt-BR", "es", "es-MX", "pt-PT"]
