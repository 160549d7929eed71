"""Foreign HTML as Markdown: no word is lost or gained, and it reads as an editor would have written it."""

import html
import re
import time

import nh3
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from digest.rendering.markdown import to_markdown
from digest.rendering.markup import to_html

BASE = "https://feed.example/posts/"


@pytest.mark.parametrize(
    ("foreign", "expected"),
    [
        ("<p>One</p><p>Two</p>", "One\n\nTwo"),
        ("One<br>Two<br><br>Three", "One\\\nTwo\\\nThree"),
        ("<div><div>One</div>Two</div>", "One\n\nTwo"),
        ("<h2>Head <br>line</h2>text", "## Head line\n\ntext"),
        ("<ul><li>a<li>b<ul><li>c</ul><li>d</ul>e", "- a\n- b\n  - c\n- d\n\ne"),
        ("<ol start=9><li>a<li>b</ol>", "9. a\n10. b"),
        ("<ul><li><p>a</p><p>b</p></li></ul>", "- a\n\n  b"),
        ("<blockquote><p>a</p><p>b</p></blockquote>c", "> a\n>\n> b\n\nc"),
        ("<blockquote><ul><li>a<li>b</ul></blockquote>", "> - a\n> - b"),
        ("<pre><code>a\n  b ```\n</code></pre>", "````\na\n  b ```\n````"),
        ("<b>bold </b>and<i> it</i> <em></em>", "**bold** and *it*"),
        ("<b>“quoted”</b>bare", "“quoted”bare"),
        ('<a href="../x y">link</a>', "[link](https://feed.example/x%20y)"),
        ('<a href="/a(b)"> <b>link</b> </a>', "[**link**](<https://feed.example/a(b)>)"),
        ('<a href="javascript:alert(1)">link</a>', "link"),
        ('<a href="data:text/html,x">link</a><a href="/x"></a>', "link"),
        ('<a href="/x"><p>one</p><p>two</p></a>', "[one](https://feed.example/x)\n\n[two](https://feed.example/x)"),
        ("1. no list<p># no heading<p>- no list", "1\\. no list\n\n\\# no heading\n\n\\- no list"),
        ("*a* [b] snake_case _c_ `d` &lt;b> AT&amp;amp;T", "\\*a\\* \\[b\\] snake_case \\_c\\_ \\`d\\` \\<b> AT\\&amp;T"),
        ("<script>evil()</script><style>p{}</style><iframe>x</iframe>a<svg><text>y</text></svg>", "a"),
        ("<table><tr><td>a<td>b</table>", "a\n\nb"),
        ("a\x00\x0b\ue000b &nbsp; <!-- c -->", "ab"),
        ("", ""),
    ],
)  # fmt: skip
def test_as_an_editor_would_write_it(foreign, expected):
    assert to_markdown(foreign, BASE).markdown.strip("\xa0 ") == expected


def test_a_long_text_ends_with_the_paragraph_that_is_enough():
    text = "<p>one two three</p><p>four five</p><p>six</p>"
    assert to_markdown(text, BASE, 4).markdown == "one two three\n\nfour five\n\n…"
    assert to_markdown(text, BASE, 6).markdown == "one two three\n\nfour five\n\nsix"


def test_what_it_says_line_by_line():
    text = '<p>When: <b>noon</b><br>Where: <a href="/x">here</a></p><ul><li>1. a</li></ul><pre>c\nd</pre>'
    assert to_markdown(text, BASE).plain == "When: noon\nWhere: here\n\n1. a\n\nc\nd\n"


def test_the_picture_is_the_first_that_is_described():
    text = (
        '<img src="a.png"><img src="javascript:x" alt="x"><img src="b.png" alt=" A \n cat "><img src="c.png" alt="c">'
    )
    assert to_markdown(text, BASE).image == ("https://feed.example/posts/b.png", "A cat")
    assert to_markdown('<img src="http://[x" alt="x">', BASE).image is None


CHARS = st.text(alphabet="ab 1.)#>-+=*_`[]()!&<\\~|:\"'\n\té—", max_size=12).map(html.escape)
TAGS = st.sampled_from(["p", "b", "i", "em", "strong", "h2", "ul", "ol", "li", "blockquote", "div", "td", "pre"])
TREES = st.recursive(
    CHARS | st.just("<br>"),
    lambda inner: st.one_of(
        st.tuples(TAGS, st.lists(inner, max_size=4)).map(lambda t: f"<{t[0]}>{''.join(t[1])}</{t[0]}>"),
        inner.map(lambda text: f'<a href="https://feed.example/a(b)">{text}</a>'),
        inner.map(lambda text: f"<ol start=3><li>{text}</li></ol>"),
    ),
    max_leaves=12,
)


@settings(max_examples=150)
@given(TREES)
@example('<p>!<a href="https://feed.example/a">1</a></p>')
@example('<h2>\\!<a href="https://feed.example/a">1</a></h2>')
@example('<p>!<i></i><a href="https://feed.example/a">1</a></p>')
@example("<ol start=3><li>1<ol start=3><li><ul>1</ul></li></ol></li></ol>")
@example("<ol><li>1<ol start=3><li><ol><li>1</li></ol></li></ol></li></ol>")
def test_no_word_is_lost_or_gained_on_the_way_to_the_mail(tree):
    there_and_back = to_html(to_markdown(tree, BASE).markdown)
    assert words(there_and_back) == words(nh3.clean(tree))


def words(markup):
    return "".join(html.unescape(re.sub("<[^>]*>", " ", markup)).split())


@settings(max_examples=50)
@given(st.text(max_size=80) | st.text(alphabet="<>/abilpuq =\"'&;", max_size=80))
def test_anything_at_all_is_text(anything):
    to_html(to_markdown(anything, BASE).markdown)


@pytest.mark.parametrize("unit", ["<div>", "<ul><li>", "<a href=x>", "*"])
def test_masses_of_one_thing_take_no_longer_than_a_moment(unit):
    begun = time.process_time()
    to_html(to_markdown(unit * (1_000_000 // len(unit)), BASE).markdown)
    assert time.process_time() - begun < 5
