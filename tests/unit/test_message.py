"""Splicing: a join of encoded blocks is the message that the blocks say, for every selection there can be."""

import email
import email.policy
import html

from hypothesis import example, given
from hypothesis import strategies as st

from digest.core.message import Block, Composer, chosen, join

BOUNDARY = "=_digest_2026-W11_1"
SECTIONS = {"action": (1, 2), "news": (3,), "statement": (4, 5, 6)}
SLOTS = {"greeting": "Dear <Ana> & co.,", "why": "You follow “Häuser”.\n", "unsubscribe": "https://a.example/u?x=1&y=2"}


def blocks(part):
    yield Block(part, "head", ("Hello.\n", "greeting", "\n.dot\n"))
    yield Block(part, "contents", ("In this issue:\n",))
    yield from (
        Block(part, f"contents:{item}", (f"* contents {item}\n",)) for items in SECTIONS.values() for item in items
    )
    yield Block(part, "contents/", ("\n",))
    for section, items in SECTIONS.items():
        yield Block(part, f"heading:{section}", (f"<h2>{section}</h2>\n",))
        yield from (Block(part, f"item:{item}", (f"item {item} " + "é" * 100,)) for item in items)
    yield Block(part, "foot", ("", "why", "Leave: ", "unsubscribe", ""))


ALL = [*blocks("html"), *blocks("text")]
selections = st.sets(st.integers(0, 8))


@given(selections, st.booleans())
def test_a_heading_is_there_only_where_an_item_of_its_section_follows(selection, listed):
    keys = [block.key for block in chosen(blocks("html"), selection, {"contents"} if listed else ())]
    for section, items in SECTIONS.items():
        wanted = [f"item:{item}" for item in items if item in selection]
        heading = f"heading:{section}"
        assert keys.count(heading) == bool(wanted)
        if wanted:
            at = keys.index(heading)
            assert keys[at + 1 : at + 1 + len(wanted)] == wanted
    lines = [f"contents:{item}" for items in SECTIONS.values() for item in items if item in selection]
    assert [key for key in keys if "contents" in key] == (["contents", *lines, "contents/"] if listed else [])
    assert (keys[0], keys[-1]) == ("head", "foot")


@given(selections)
def test_the_bytes_say_what_the_join_says(selection):
    body = Composer(ALL, BOUNDARY).body(selection, SLOTS, {"contents"})
    head = f'MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary="{BOUNDARY}"\r\n\r\n'.encode()
    message = email.message_from_bytes(head + body, policy=email.policy.default)
    text, rich = message.iter_parts()
    assert not message.defects
    assert (text.get_content_type(), rich.get_content_type()) == ("text/plain", "text/html")
    for part, name in ((text, "text"), (rich, "html")):
        joined = join(ALL, name, selection, SLOTS, {"contents"})
        assert part.get_content().replace("\r\n", "\n").rstrip("\n") == joined.rstrip("\n")


@given(st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\r")))
@example(f"--{BOUNDARY}--")
@example("\n--" + BOUNDARY + "\n<script>")
def test_what_a_person_calls_themselves_is_neither_markup_nor_structure(name):
    slots = {**SLOTS, "greeting": name}
    assert html.escape(name) in join(ALL, "html", {1}, slots)
    assert name in join(ALL, "text", {1}, slots)
    assert Composer(ALL, BOUNDARY).body({1}, slots).count(b"--" + BOUNDARY.encode()) == 3


def test_the_same_message_is_the_same_bytes():
    assert Composer(ALL, BOUNDARY).body({1, 3}, SLOTS) == Composer(ALL, BOUNDARY).body([3, 1], SLOTS)
