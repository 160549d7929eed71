import re
from dataclasses import replace
from datetime import UTC, datetime
from html import unescape
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.core.edition import SECTIONS, Edition, EditionItem, EditionText
from digest.core.errors import Refused
from digest.core.item import Item, Kind, closes_at
from digest.core.message import join, teasers
from digest.core.when import When
from digest.rendering import layout
from digest.rendering.compiler import Compiler, Publication, TemplateError
from digest.rendering.markup import link, to_html

ROOT = Path(__file__).resolve().parents[2]
BUNDLED = ROOT / "templates/email"
KEY = "k3y7Qz"
EDITION = Edition("2024-W26", 26, datetime(2024, 6, 30, 14, tzinfo=UTC), "America/Chicago")
PUBLICATION = Publication("The Tidewater Weekly", "12 Lantern Lane\nPort Ashby", None)
SLOTS = {
    "greeting": "Hello Ana & <Bo>,",
    "why": "You get this because you follow “Housing”.",
    "unsubscribe": "https://mail.example/u?t=a&x='1'",
    "address": "ana@example.net",
    "more": "7",
    "view": "https://mail.example/view/abc",
    "preferences": "https://mail.example/preferences/abc",
}
TOPICS = {"housing": "Housing & <homes>", "water": "Water"}
HOSTILE = (
    '{{7*7}} {% raw %} <script>alert(1)</script> </mj-text><mj-raw> <b>"’&=% \u202eאב🎉 <!--k3y7Qz:foot--> \x00\x0b'
)

BASE = Item(
    Kind.NEWS,
    "A title that says what it is",
    "Some *words* with [a link](https://example.org/body?a=1&b=2).\n\n- one\n- two",
    url="https://example.org/item?x=1&y=é",
    organisation="The Organisation",
    byline="Ana Pérez",
    timezone="America/Chicago",
    published=When.parse("2024-06-26"),
    topics=("housing", "unnamed"),
)
FULL = {
    "deadline": When.parse("2024-07-01"),
    "starts": When.parse("2024-06-29T09:00"),
    "ends": When.parse("2024-06-29T13:00"),
    "venue": "Fountain Square",
}


def entries(items):
    return [EditionItem(number, number, item, to_html(item.body)) for number, item in enumerate(items, 1)]


POOL = entries(
    [
        *(replace(BASE, kind=kind, **FULL) for kind in SECTIONS),
        *(Item(kind, f"Only a title and a body: {kind}", "Words.") for kind in SECTIONS),
        replace(BASE, language="ar", title="عنوان", body="نص قصير"),
        replace(BASE, kind=Kind.EVENT, language="es", title=HOSTILE, byline=HOSTILE, body=HOSTILE, **FULL),
    ]
)


EXTRAS = [
    *("contents", "more", "view"),
    *(f"preheader:{entry.id}" for entry in POOL),
    *(f"last:{entry.id}" for entry in POOL if closes_at(entry.item)),
]


@pytest.fixture(scope="module")
def override(tmp_path_factory):
    """A folder that adds a right-to-left language, in one file."""
    folder = tmp_path_factory.mktemp("override")
    (folder / "locale").mkdir()
    header = 'msgid ""\nmsgstr ""\n"Language: ar\\n"\n"Content-Type: text/plain; charset=utf-8\\n"\n\n'
    (folder / "locale/ar.po").write_text(header + 'msgid "In this digest"\nmsgstr "في هذا العدد"\n', "utf-8")
    return folder


@pytest.fixture(scope="module")
def compiler(override):
    return Compiler(BUNDLED, override)


def words(language="en", preheader="A preheader"):
    return EditionText(language, "A subject", preheader, "An intro.\n\nIn two paragraphs.")


def document(compiler, items, part, language="en", extras=("contents", "more", "view"), preheader="A preheader"):
    blocks = compiler.compile(EDITION, words(language, preheader), items, PUBLICATION, TOPICS, KEY)
    return join(blocks, part, {entry.id for entry in items}, SLOTS, extras)


def made_whole(compiler):
    """Every template of the digest, used."""
    compiler.subject("en", EDITION, entries([BASE]), PUBLICATION)
    return document(compiler, entries([BASE]), "html", preheader="")


def links(html):
    return {unescape(href) for href in re.findall(r'href="(?!#)([^"]+)"', html)}


def test_blocks_come_in_the_order_of_the_document_in_both_parts(compiler):
    items = entries([replace(BASE, kind=Kind.NEWS), replace(BASE, kind=Kind.ACTION, deadline=FULL["deadline"])])
    blocks = compiler.compile(EDITION, words(), items, PUBLICATION, TOPICS, KEY)
    action = ["heading:action", "item:2", "last:2", "rest:2"]
    entry = ["contents:2", "contents:1", "contents/", *action, "heading:news", "item:1"]
    order = ["contents", *entry, "more", "foot", "view", "foot/"]
    html, text = ["head", "preheader/", *order], ["head", *order]
    assert [(b.part, b.key) for b in blocks] == [("html", k) for k in html] + [("text", k) for k in text]
    assert {slot for block in blocks for slot in block.pieces[1::2]} == set(SLOTS)


@pytest.mark.parametrize("language", ["en", "es", "ar"])
@given(st.sets(st.sampled_from([entry.id for entry in POOL])), st.sets(st.sampled_from(EXTRAS)))
@settings(max_examples=15, deadline=None)
def test_a_joined_selection_is_what_compiling_it_alone_gives(compiler, language, selection, extras):
    blocks = compiler.compile(EDITION, words(language, ""), POOL, PUBLICATION, TOPICS, KEY)
    chosen = [entry for entry in POOL if entry.id in selection]
    for part in ("html", "text"):
        joined = join(blocks, part, selection, SLOTS, extras)
        assert joined == document(compiler, chosen, part, language, extras, "")
        last = [f"last:{entry.id}" for entry in chosen]
        mark = {"es": "Última oportunidad", "ar": "Last chance"}.get(language, "Last chance")
        assert joined.count(mark if part == "html" else mark.upper()) == len(extras.intersection(last))


def test_what_has_no_deadline_is_no_last_chance(compiler):
    event = entries([replace(BASE, kind=Kind.EVENT, starts=FULL["starts"], venue="Here")])
    for part, mark in (("html", "This week"), ("text", "*** THIS WEEK ***")):
        marked = document(compiler, event, part, extras=("last:1",))
        assert mark in marked
        assert "last chance" not in marked.lower()


@pytest.mark.parametrize("language", ["en", "es", "ar"])
def test_every_link_of_the_html_is_in_the_text(compiler, language):
    html, text = (document(compiler, POOL, part, language) for part in ("html", "text"))
    assert {"https://example.org/item?x=1&y=%C3%A9", "https://example.org/body?a=1&b=2", SLOTS["unsubscribe"]} <= links(
        html
    )
    assert all(url in text for url in links(html))


@pytest.mark.parametrize("kind", SECTIONS)
def test_hostile_values_come_out_as_text(compiler, kind):
    item = replace(BASE, kind=kind, title=HOSTILE, byline=HOSTILE, organisation=HOSTILE, body=HOSTILE, **FULL)
    item = replace(item, venue=HOSTILE)
    html, text = (document(compiler, entries([item]), part) for part in ("html", "text"))
    assert "{{7*7}}" in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "<script" not in html
    assert "mj-raw>" not in html.replace("&lt;mj-raw&gt;", "")
    assert "<!--k3y7Qz" not in html
    assert "\u202eאב🎉" in html
    assert "{{7*7}} {% raw %} <script>" in text
    assert not re.search("[\x00\x0b]", html + text)


def test_very_long_values_come_through_whole(compiler):
    title = "Donaudampfschifffahrt" * 500
    assert title in document(compiler, entries([replace(BASE, title=title)]), "html")
    assert title in document(compiler, entries([replace(BASE, title=title)]), "text")


def test_nothing_of_the_template_or_of_the_compiler_is_left(compiler):
    items = [entry for entry in POOL if HOSTILE not in entry.item.title]
    for part in ("html", "text"):
        for language in ("en", "es"):
            whole = document(compiler, items, part, language)
            assert not re.search(r"\{\{|\{%|%\(|mj-(text|section|raw)|data-premailer|" + KEY, whole)


def test_the_html_is_a_standards_document_that_asks_for_nothing_from_elsewhere(compiler):
    html = document(compiler, POOL, "html")
    assert html.startswith('<!DOCTYPE html>\n<html lang="en" dir="ltr"')
    assert not re.search(r"@import|<link|<img|<script|url\(|src=", html)
    assert len(re.findall("<h1", html)) == 1
    assert "!important" in html
    assert html.count("<!--[if") == html.count("<![endif]")
    assert "<![endif]--><!--[if mso | IE]>" not in html


def test_twenty_five_items_stay_below_the_clipping_limit(compiler):
    body = "The council votes on Tuesday, and nobody has said what becomes of the reading room. " * 5
    items = entries([replace(BASE, kind=SECTIONS[n % 6], body=f"{body}\n\n{BASE.body}", **FULL) for n in range(25)])
    assert len(document(compiler, items, "html").encode()) <= 100_000


def test_text_is_72_columns_and_signed_off(compiler):
    text = document(compiler, POOL[:12], "text")
    assert all(len(line) <= 72 or "://" in line for line in text.splitlines())
    assert "\n-- \n" in text
    for slot in set(SLOTS) - {"more"}:
        assert f"\n{SLOTS[slot]}\n" in text
    assert "Also for you, on the web (7):\nhttps://" in text


def test_foreign_items_are_marked_with_language_and_direction(compiler):
    html = document(compiler, POOL, "html")
    assert 'lang="ar" dir="rtl" align="right"' in html
    assert "In Arabic" in html
    assert 'lang="es" dir="ltr"' in html
    assert "En inglés" in document(compiler, POOL, "text", "es")
    assert not re.search('<(h3|a|p|div class="prose")[^>]* lang="en"', html)


def test_a_right_to_left_digest_runs_so(compiler):
    html = document(compiler, [POOL[12]], "html", "ar")
    assert '<html lang="ar" dir="rtl"' in html
    assert "في هذا العدد" in html
    assert "direction:ltr" not in html
    assert "text-align:left" not in re.sub(r"font-size:0px;text-align:left;direction:rtl", "", html)


def test_a_language_nobody_wrote_is_english(compiler):
    for unknown in ("xx", "tlh", "de", "", "../es"):
        html = document(compiler, POOL[:1], "html", unknown)
        assert '<html lang="en"' in html
        assert "In this digest" in html
    assert "En este boletín" in document(compiler, POOL[:1], "html", "es-MX")


def test_spanish_says_all_that_english_says():
    methods = [("**.py", "python"), ("**.mjml", "jinja2"), ("**.txt", "jinja2")]
    options = {"**.mjml": {"trim_blocks": "true"}}
    found = {
        message
        for folder in (BUNDLED, ROOT / "src/digest/rendering")
        for _, _, message, _, _ in extract_from_dir(folder, methods, options)
    }
    with (BUNDLED / "locale/es.po").open("rb") as file:
        catalogue = read_po(file, abort_invalid=True)
    translated = {message.id for message in catalogue if message.id and message.string}
    assert found == translated


VALUE = st.text(st.sampled_from("<>&\"'{}%#/[]()*_`!- \n\t\x00\x1b\ud800\u2028é漢🎉") | st.characters(), max_size=80)
ITEM = st.builds(
    Item, st.sampled_from(SECTIONS), VALUE, VALUE, url=VALUE | VALUE.map("https://x.example/".__add__),
    organisation=VALUE, byline=VALUE, venue=VALUE, language=VALUE | st.sampled_from(["es", "he"]),
    deadline=st.dates().map(When), starts=st.dates().map(When), ends=st.dates().map(When), published=st.dates().map(When),
    timezone=st.sampled_from(["UTC", "Asia/Kathmandu", "Europe/Madrid"]),
)  # fmt: skip


@given(st.lists(ITEM, min_size=20, max_size=20), VALUE)
@settings(max_examples=15, deadline=None)
def test_no_value_breaks_the_document(compiler, items, name):
    text = EditionText("en", name, name, name)
    blocks = compiler.compile(EDITION, text, entries(items), Publication(name, name, "https://x.example"), TOPICS, KEY)
    html, plain = (join(blocks, part, range(1, 21), SLOTS) for part in ("html", "text"))
    assert "<script" not in html
    assert len(re.findall("<h3", html)) == 20
    assert all(url in plain for url in links(html))
    (html + plain).encode()


def test_an_accent_that_is_no_colour_is_refused():
    with pytest.raises(Refused, match="“red” is not a colour"):
        Publication("x", None, None, "red")


def test_greeting_and_reason(compiler):
    assert compiler.greeting("en", "Ana") == "Hello Ana,"
    assert compiler.greeting("en", " ") == "Hello,"
    assert compiler.greeting("es", "Ana\r\nBcc: x") == "Hola, Ana Bcc: x:"
    assert compiler.why("en", ["Housing", "Libraries", "Water"], False).endswith(
        "follow Housing, Libraries, and Water."
    )
    assert compiler.why("es", ["Vivienda", "Agua"], False).endswith("sigues Vivienda y Agua.")
    assert "not chosen topics yet" in compiler.why("en", ["Housing"], True)
    assert compiler.why("en", [], False) == "You get this because you subscribed to it."


def test_the_subject_where_staff_wrote_none(compiler):
    must = [replace(BASE, title=title, must_see=True) for title in ("First\nof all", "Second", "Third", "Fourth")]
    plain, urgent = entries([BASE]), entries([BASE, *must])
    assert compiler.subject("en", EDITION, urgent, PUBLICATION) == "First of all"
    assert compiler.subject("en", EDITION, plain, PUBLICATION) == "The Tidewater Weekly: Sunday, June 30"
    assert compiler.subject("es", EDITION, plain, PUBLICATION) == "The Tidewater Weekly: domingo, 30 de junio"


def test_the_preheader_where_staff_wrote_none_has_a_word_of_each_item_and_last_what_the_subject_says(compiler):
    titles = ("A subject", "<b>&amp;?", "Third")
    items = entries([Item(Kind.NEWS, title, f"It says so of *{title}*. " + "And more. " * 20) for title in titles])
    blocks = compiler.compile(EDITION, words(preheader=""), items, PUBLICATION, TOPICS, KEY)
    said = [(b.key, b.pieces[0].strip()) for b in blocks if b.part == "html" and b.key.startswith("preheader:")]
    assert said[:2] == [("preheader:2", "&lt;b&gt;&amp;amp;?"), ("preheader:3", "Third.")]
    assert re.fullmatch(r"It says so of A subject\. (And more\. )+And…", said[2][1])
    assert len(said) == 3
    assert teasers(blocks) == (2, 3, 1)


def test_a_slot_key_that_could_be_guessed_or_forged_is_refused(compiler):
    with pytest.raises(ValueError, match="slot key"):
        compiler.compile(EDITION, words(), POOL, PUBLICATION, TOPICS, "a.*")


BROKEN = {
    "an unknown name": ("digest/item/news.mjml", "<mj-section>\n{{ itm.title }}</mj-section>", 2, "'itm' is undefined"),
    "a block left open": ("digest/body.txt", "x\n\n{% for a in b %}", 3, "Unexpected end of template"),
    "a filter nobody has": ("digest/subject.txt", "\n{{ 1 | nofilter }}", 2, "No filter named 'nofilter'"),
    "a failing expression": ("digest/preheader.mjml", "{{ 1 / 0 }}", 1, "division by zero"),
    "an element left open": (
        "digest/item/news.mjml",
        "<mj-section>\n<mj-column>\n</mj-section>",
        3,
        "</mj-section> closes <mj-column> of line 2",
    ),
    "an element never closed": ("digest/item/news.mjml", "\n<mj-section>", 2, "<mj-section> is never closed"),
    "an element too many": ("digest/item/news.mjml", "\n</mj-section>", 2, "</mj-section> closes nothing"),
    "an element misspelt": (
        "digest/item/news.mjml",
        "<mj-section>\n<mj-colum /></mj-section>",
        2,
        "there is no element <mj-colum>",
    ),
    "a stray bracket": (
        "digest/item/news.mjml",
        "<mj-section><mj-column><mj-text>1\n< 2</mj-text></mj-column></mj-section>",
        2,
        "begins no tag",
    ),
    "a quote left open": ("digest/item/news.mjml", '\n<mj-section padding="0>\n</mj-section>', 2, "does not end"),
    "an include": ("digest/item/news.mjml", "\n<mj-include path='x' />", 2, "there is no element <mj-include>"),
}


@pytest.mark.parametrize(("name", "source", "line", "what"), BROKEN.values(), ids=BROKEN)
def test_a_broken_template_is_named_with_file_and_line(tmp_path, name, source, line, what):
    file = tmp_path / name
    file.parent.mkdir(parents=True)
    file.write_text(source)
    with pytest.raises(TemplateError) as caught:
        made_whole(Compiler(BUNDLED, tmp_path))
    assert str(caught.value).startswith(f"{file}, line {line}: ")
    assert what in str(caught.value)
    assert str(caught.value).endswith("correct it there, or remove the file to use the bundled one")
    assert isinstance(caught.value, Refused)


def test_a_template_in_another_encoding_is_named_with_its_line(tmp_path):
    file = tmp_path / "digest/item/news.txt"
    file.parent.mkdir(parents=True)
    file.write_bytes("one\ntwo ñ".encode("latin-1"))
    with pytest.raises(TemplateError, match=r"digest/item/news\.txt, line 2: this is not UTF-8"):
        document(Compiler(BUNDLED, tmp_path), entries([BASE]), "text")


def test_a_template_without_its_cuts_says_which(tmp_path):
    (tmp_path / "digest").mkdir()
    bundled = (BUNDLED / "digest/body.txt").read_text("utf-8")
    (tmp_path / "digest/body.txt").write_text(bundled.replace('{{ cut("contents/") }}', ""), "utf-8")
    with pytest.raises(TemplateError, match=r"digest/body\.txt.*go wrong at “heading:news”"):
        document(Compiler(BUNDLED, tmp_path), entries([BASE]), "text")


def test_a_template_that_is_nowhere_is_named(tmp_path):
    with pytest.raises(TemplateError, match=r"There is no template “house/palette\.j2”"):
        document(Compiler(tmp_path), entries([BASE]), "text")


CATALOGUES = {
    "a quote left open": (b'msgid "a"\nmsgstr "b"\n\nmsgid "x\n', 4),
    "a word that is none": (b'msgid "a"\nmsgstr "b"\n\nmsgidd "x"\n', 4),
    "another placeholder": (b'\n\nmsgid "Hello %(name)s,"\nmsgstr "Hola, %(nombre)s:"\n', 3),
    "a bare percent sign": (b'\n\nmsgid "Hello,"\nmsgstr "100 % hola"\n', 3),
    "not UTF-8": ('msgid "a"\nmsgstr "ñ"\n'.encode("latin-1"), 1),
}


@pytest.mark.parametrize(("source", "line"), CATALOGUES.values(), ids=CATALOGUES)
def test_a_broken_catalogue_is_named_with_its_line(tmp_path, source, line):
    (tmp_path / "locale").mkdir()
    (tmp_path / "locale/es.po").write_bytes(source)
    with pytest.raises(TemplateError, match=rf"es\.po, line {line}: .*; correct the catalogue there"):
        Compiler(BUNDLED, tmp_path).greeting("es", "Ana")


def test_a_panic_of_the_layout_engine_is_an_error_like_any_other(monkeypatch):
    class Panic(BaseException):
        pass

    def panic(source, fonts):
        raise Panic(source, fonts)

    monkeypatch.setattr(layout.mjml, "mjml2html", panic)
    with pytest.raises(TemplateError, match="its MJML cannot be laid out"):
        document(Compiler(BUNDLED), entries([BASE]), "html")


def test_an_override_wins_file_by_file_and_a_change_is_noticed(tmp_path):
    compiler = Compiler(BUNDLED, tmp_path)
    before = compiler.newest_change()
    (tmp_path / "digest").mkdir()
    (tmp_path / "digest/section.txt").write_text("Our very own heading")
    assert compiler.newest_change() > before
    html = document(compiler, entries([BASE]), "html")
    assert "Our very own heading" in html
    assert "Read the article" in html


def test_a_link_that_no_mail_should_have_is_left_out(compiler):
    item = replace(BASE, kind=Kind.ACTION, url="javascript:alert(1)", **FULL)
    assert link(item.url) == ""
    assert "javascript" not in document(compiler, entries([item]), "html") + document(compiler, entries([item]), "text")


@pytest.mark.parametrize(("size", "shown"), [("200x100", "200"), ("1200x800", "544")])
def test_a_picture_that_we_host_is_shown_no_larger_than_it_is(compiler, size, shown):
    name = f"{'0123456789abcdef' * 4}-{size}.jpg"
    there = replace(PUBLICATION, public_url="https://news.example")
    items = entries([replace(BASE, image=name, alt="A hive on a roof")])
    html = join(compiler.compile(EDITION, words(), items, there, TOPICS, KEY), "html", {1}, SLOTS)
    [picture] = re.findall(r"<img[^>]+>", html)
    assert f'src="https://news.example/media/{name}"' in picture
    assert 'alt="A hive on a roof"' in picture
    assert f'width="{shown}"' in picture
    assert "<img" not in document(compiler, items, "html"), "without public pages there is no picture"


def test_no_picture_of_strangers_is_asked_for(compiler):
    there = replace(PUBLICATION, public_url="https://news.example")
    for image in ("https://tracker.example/p.gif", "photo.jpg", "../" + "0" * 64 + "-90x90.png"):
        items = entries([replace(BASE, image=image, alt="A hive on a roof")])
        assert "<img" not in join(compiler.compile(EDITION, words(), items, there, TOPICS, KEY), "html", {1}, SLOTS)
