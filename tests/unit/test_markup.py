import re
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from lxml import html as lxml_html

from digest.rendering import markup
from digest.rendering.markup import link, to_html
from digest.rendering.plain import WIDTH, to_text

MARKDOWN = st.text(
    st.sampled_from("ab \n\t*_`~#>-+.1)([]!<>&\\\"'{}:/=|\x00\x0b\u202e\ufffeé漢🎉") | st.characters(), max_size=300
)
HOSTILE = {
    "a script": "<script>alert(1)</script>",
    "a handler": '<img src=x onerror="alert(1)">',
    "a script link": "[x](javascript:alert(1)) [y](JaVaScRiPt:alert(1)) [z](data:text/html,hi)",
    "layout tags": "</mj-text><mj-include path='/etc/passwd' /><mj-raw>",
    "a cut": "<!--k3y:foot-->",
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
def test_what_could_run_or_break_out_comes_out_as_text(body):
    tags = set(re.findall(r"<(\w+|!)", to_html(body)))
    assert tags <= {"p"}


def test_headings_go_below_the_title_of_the_item():
    assert to_html("# One\n\n## Two\n\n###### Six") == "<h4>One</h4>\n<h5>Two</h5>\n<h6>Six</h6>\n"
    assert to_html("## Only") == "<h4>Only</h4>\n"
    assert to_html("### Low\n\n# High\n\n### Low") == "<h4>Low</h4>\n<h4>High</h4>\n<h5>Low</h5>\n"


def test_an_image_gives_way_to_its_alternative_text():
    assert to_html("![a *heron* at dawn](https://x.example/h.png)") == "<p>a heron at dawn</p>\n"


def test_links_keep_web_and_mail_and_say_nothing_of_where_they_were_clicked():
    body = to_html("[a](https://x.example/ñ?q=1&r=2) <b@x.example>")
    assert 'href="https://x.example/%C3%B1?q=1&amp;r=2"' in body
    assert 'href="mailto:b@x.example"' in body
    assert body.count('rel="noopener noreferrer"') == 2


def test_no_nesting_gets_through_that_could_kill_the_layout_engine():
    for body in (">" * 10_000 + " x", "- " * 10_000 + "x", "*_" * 5_000 + "x" + "_*" * 5_000):
        assert markup.depth(to_html(body)) <= markup.DEPTH


def test_nesting_past_the_cap_is_flattened(monkeypatch):
    monkeypatch.setattr(markup, "DEPTH", 2)
    assert to_html("> > deep") == "\n\n<p>deep</p>\n\n\n"


def test_a_book_is_cut_at_a_line_end():
    line = "word " * 20
    body = to_html((line + "\n") * (markup.LENGTH // 50))
    assert body.endswith("word</p>\n<p>…</p>\n")
    assert len(body) <= markup.LENGTH + 100


@given(MARKDOWN)
def test_any_body_becomes_well_formed_and_allowed_html_and_text(body):
    html = to_html(body)
    assert set(re.findall(r"<(\w+)", html)) <= markup._TAGS
    assert markup.legal(html) == html
    lxml_html.fragment_fromstring(html, create_parent="div")
    to_text(html)


@given(
    st.lists(st.text("abcdé*_-", min_size=1, max_size=30), min_size=1), st.sampled_from(["", "> ", "- ", "1. ", "- > "])
)
def test_text_keeps_to_its_width(words, hung):
    assert all(len(line) <= WIDTH for line in to_text(to_html(hung + " ".join(words))).splitlines())


@given(st.text(st.sampled_from("[]:/@%?#.a0\ud800ñ ") | st.characters()))
@example("HTTP")
def test_a_link_is_plain_ascii_to_web_or_mail_or_nothing(url):
    for given_url in (url, f"https://{url}", f"mailto:{url}"):
        assert link(given_url) == "" or re.fullmatch(r"(?i)(https?|mailto):[!-~]*", link(given_url))


def test_links_in_every_script_become_ascii():
    assert link("https://bücher.example/ä b") == "https://xn--bcher-kva.example/%C3%A4%20b"
    assert link("javascript:alert(1)") == link(None) == link("ftp://x.example/") == ""


def test_text_hangs_lists_and_quotes_and_lists_links_once():
    body = """\
Para *em* **strong** [one](https://a.example/) and <https://b.example/c>, <a@b.example>.

- one
- two
  1. nested
  2. again

> quoted
>
> more [two](https://c.example/), [one again](https://a.example/)

```
code   here
```

Hard\\
break

---

7. seven
8. eight
"""
    assert (
        to_text(to_html(body))
        == """\
Para _em_ *strong* one [1] and https://b.example/c, a@b.example.

- one
- two
  1. nested
  2. again

> quoted
>
> more two [2], one again [1]

code   here

Hard
break

* * *

7. seven
8. eight

[1] https://a.example/
[2] https://c.example/"""
    )


def test_text_never_breaks_a_url():
    url = "https://x.example/" + "long-path-" * 20
    assert url in to_text(to_html(f"See [this]({url}) and <{url}> now"))


@pytest.mark.parametrize(
    ("body", "target", "after"),
    [
        ("Sign: https://x.example/letter", "https://x.example/letter", ""),
        ("Go to https://x.example/a_b_c, now", "https://x.example/a_b_c", ", now"),
        ("(see https://x.example/a_(b).)", "https://x.example/a_(b)", ".)"),
        ("*HTTP://x.example/*", "HTTP://x.example/", ""),
    ],
)
def test_an_address_by_itself_is_a_link_without_what_ends_the_sentence(body, target, after):
    found = lxml_html.fromstring(to_html(body)).find(".//a")
    assert found.text == target
    assert found.get("href").lower() == target.lower()
    assert (found.tail or "") == after
    assert to_text(to_html(body)).count("x.example") == 1  # and no footnote that says it again


@pytest.mark.parametrize("body", ["https://", "xhttps://x.example", "`https://x.example`", "http://."])
def test_what_is_no_address_by_itself_stays_text(body):
    assert "<a" not in to_html(body)


def test_a_link_holds_no_other_link():
    assert to_html("[https://a.example](https://b.example)").count("<a ") == 1
    assert to_html("<https://a.example>").count("<a ") == 1


@pytest.mark.parametrize("word", ["&", "a@", "12:30 ", "<br>", "http:", "://", "[", "http://a"])
def test_long_bodies_take_no_time_by_the_square(word):
    begun = time.process_time()
    to_html((word * markup.LENGTH)[: markup.LENGTH])
    assert time.process_time() - begun < 8  # it was a minute
