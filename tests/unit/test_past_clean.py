"""Of past mail nothing gets through that is one reader's alone, or runs, or is fetched."""

import time
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.core.past import Form, LeftOut, PastMail
from digest.core.past.personal import says_leaving, target, without_merge_tags, without_personal
from digest.rendering.past import TAGS, Page, page_of

ANA = "ana@example.org"


def page(body: str, form: Form = "html") -> Page:
    return page_of(PastMail("test", "1", "News", datetime(2024, 1, 1, tzinfo=UTC), body, form))


TAG = st.sampled_from(
    [
        "*|FNAME|*",
        "*|IF:X|*",
        "{{ UnsubscribeURL }}",
        "{{unsubscribe_url}}",
        '{first_name, "there"}',
        "%%{uuid}%%",
        "{% if x %}",
    ]
)
WORDS = st.text("ab ,.!*|{}% \n", max_size=20)


@given(st.lists(WORDS | TAG, max_size=12).map("".join))
def test_no_merge_tag_is_left_whole(text: str) -> None:
    left = without_merge_tags(text)
    for tag in ("*|FNAME|*", "{{ UnsubscribeURL }}", "{{unsubscribe_url}}", "%%{uuid}%%", "{% if x %}"):
        assert tag not in left


@pytest.mark.parametrize(
    "href",
    [
        "*|UNSUB|*",
        "{{ UnsubscribeURL }}",
        "{{unsubscribe_url}}",
        "%7B%7B%20manage_subscription_url%20%7D%7D",
        "https://x.us4.list-manage.com/unsubscribe?u=1&id=2&e=3",
        "https://x.us4.list-manage.com/profile?u=1&id=2&e=3",
        "https://news.example/subscription/57702beb-6fae-4355-a324-c2fd5b59a549/0a1b2c3d-6fae-4355-a324-c2fd5b59a549",
        "https://news.example/campaign/57702beb-6fae-4355-a324-c2fd5b59a549/0a1b2c3d-6fae-4355-a324-c2fd5b59a549",
        "https://buttondown.com/unsubscribe/abc",
        "https://actionnetwork.org/unsubscribe/abc",
        "https://x.substack.com/action/disable_email?token=abc",
        "https://x.example/#/portal/account",
        "mailto:list@x.example?subject=unsubscribe",
        "mailto:leave@x.example?subject=UNSUBSCRIBE",
    ],
)
def test_a_link_by_which_one_leaves_goes_with_its_words(href: str) -> None:
    assert target(href, ()) is None


@pytest.mark.parametrize(
    "href",
    [
        "https://x.list-manage.com/track/click?u=1&id=2&e=3",
        "https://u1.ct.sendgrid.net/ls/click?upn=abc",
        "https://news.example/link/57702beb-6fae-4355-a324-c2fd5b59a549/57702beb/57702beb",
        "https://substack.com/redirect/abc?j=def",
        "https://click.convertkit-mail.com/abc/def",
        "https://x.example/vote?email=ana%40example.org",
        "https://x.example/vote/ana@example.org",
        "https://x.example/?token=abc",
    ],
)
def test_of_a_link_that_counts_or_names_its_reader_the_words_stay(href: str) -> None:
    assert target(href, {ANA}) == ""


@pytest.mark.parametrize(
    "href",
    [
        "https://x.example/a?b=1&c=2",
        "https://x.example/track/a-song",
        "mailto:office@x.example",
        "https://youtu.be/watch?v=e1",
    ],
)
def test_any_other_link_stays_as_it_is(href: str) -> None:
    assert target(href, {ANA}) == href


def test_marks_of_a_reader_are_taken_out_of_a_link() -> None:
    assert target("https://x.example/a?b=1&mc_eid=9f&c=2", ()) == "https://x.example/a?b=1&c=2"
    assert target("https://x.example/a?mc_eid=9f", ()) == "https://x.example/a"
    assert target("https://x.example/a?b=*|EMAIL_UID|*", ()) == "https://x.example/a?b="


def test_a_short_link_may_say_leaving_in_other_languages() -> None:
    for words in (
        "Unsubscribe",
        "update your preferences",
        "View this email in your browser",
        "Darse de baja",
        "abmelden",
    ):
        assert says_leaving(words), words
    assert not says_leaving("How a thousand people managed to unsubscribe from the junk mail of their own bank at last")
    assert not says_leaving("Read the article")


def test_a_reader_is_not_named() -> None:
    assert without_personal("To Ana@Example.org, at https://x.example/u/ana@example.org now", {ANA}) == "To , at  now"


HOSTILE = {
    "script": "<script>alert(1)</script><p>x</p>",
    "script in an attribute": '<p onclick="alert(1)" style="x:expression(alert(1))">x</p>',
    "an address that runs": '<a href="javascript:alert(1)">x</a><a href="data:text/html,x">y</a>',
    "an address that hides it": '<a href=" java&#10;script:alert(1)">z</a>',
    "svg": '<svg onload="alert(1)"><script>1</script><a xlink:href="javascript:1"><text>x</text></a></svg><p>x</p>',
    "math": "<math><mi//xlink:href='data:x,<script>alert(1)</script>'></math><p>x</p>",
    "a form": '<form action="https://evil.example"><input name="q" autofocus onfocus="1"><button>go</button></form><p>x</p>',
    "refresh": '<meta http-equiv="refresh" content="0;url=https://evil.example"><p>x</p>',
    "base": '<base href="https://evil.example/"><a href="/x">x</a>',
    "css": "<style>@import url(//evil.example)</style><link rel=stylesheet href=//evil.example><p>x</p>",
    "css in an attribute": '<p style="background:url(https://evil.example)">x</p>',
    "frames": '<iframe src="https://evil.example"></iframe><object data="//evil.example"></object><p>x</p>',
    "pictures": '<img src="https://evil.example/x.gif"><picture><source srcset="//evil.example"></picture><p>x</p>',
    "a film": "<video poster=//evil.example></video><embed src=//evil.example><p>x</p>",
    "a comment": "<!--[if mso]><img src=https://evil.example><![endif]--><p>x</p>",
    "a cut tag": '<p>x</p><a href="https://evil.example',
    "a template": "<template><p>y</p></template><noscript><img src=https://evil.example></noscript><p>x</p>",
    "text that unfolds": "<p>x &lt;script&gt;alert(1)&lt;/script&gt;</p>",
    "markdown in html": "<p>[x](javascript:alert(1)) ![y](https://evil.example/y.png) &lt;img src=https://evil.example&gt;</p>",
}
ALLOWED = {"a", "blockquote", "br", "code", "em", "h4", "h5", "h6", "hr", "li", "ol", "p", "pre", "strong", "ul"}


class Reader(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_comment(self, data: str) -> None:  # noqa: ARG002  the interface
        self.tags.append(("!", {}))


def harmless(html: str) -> None:
    for tag, attributes in Reader(html).tags:
        assert tag in ALLOWED
        assert set(attributes) <= {"href", "rel", "title", "start"}
        href = attributes.get("href")
        assert href is None or href.startswith(("https://", "http://", "mailto:"))


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("form", ["html", "markdown", "plain"])
def test_nothing_runs_and_nothing_is_fetched(body: str, form: str) -> None:
    harmless(page(body, form).html)


PIECES = st.sampled_from(
    [*HOSTILE.values(), "<p>", "</p>", "<a href='https://x.example'>", "</a>", "<td>", "</table>", "<ul><li>", "words "]
)


@given(st.lists(PIECES | st.text("<>&\"'/ =abp!-[]()`*", max_size=12), max_size=8).map("".join))
def test_nor_does_any_mixture(body: str) -> None:
    try:
        shown = page(body + "<p>words</p>").html
    except LeftOut:
        return
    harmless(shown)


def test_what_was_not_to_be_seen_is_not() -> None:
    for style in ("display: none", "DISPLAY:NONE;color:red", "mso-hide:all", "visibility:hidden", "max-height:0px;"):
        assert page(f'<div style="{style}">secret <b>more</b><br></div><p>seen</p>').text.strip() == "seen"
    assert page("<p hidden>secret</p><p>seen</p>").text.strip() == "seen"


def test_what_is_left_of_a_line_by_which_one_left_goes_too() -> None:
    footer = 'You get this at *|EMAIL|*. <a href="*|UNSUB|*">Leave</a> or <a href="*|UPDATE_PROFILE|*">change it</a>.'
    for around in (
        "<p>News</p><p>{}</p>",
        "<p>News<br>{}</p>",
        "<table><tr><td>News</td><td>{}<p>More</p></td></tr></table>",
    ):
        assert page(around.format(footer)).text.split() in (["News"], ["News", "More"]), around
    assert (
        "and two more lines" in page(f"<p>This is a long paragraph with a story and two more lines. {footer}</p>").text
    )


def test_cells_do_not_run_together() -> None:
    assert page("<table><tr><td>one</td><td>two</td></tr></table>").text.split() == ["one", "two"]


@pytest.mark.parametrize("nest", ["<table><tr><td>", "<div>", "<ul><li>", "<blockquote>", "<b>"])
def test_five_megabytes_of_nested_tags_are_refused_at_once(nest: str) -> None:
    begun = time.monotonic()
    with pytest.raises(ValueError, match="tags"):
        page(nest * (5_000_000 // len(nest)))
    assert time.monotonic() - begun < 5


def test_nesting_that_could_be_read_is_refused_too() -> None:
    with pytest.raises(ValueError, match="nested more than 1000 deep"):
        page("<div>" * 2_000 + "x")
    with pytest.raises(ValueError, match=f"and {TAGS} are the limit"):
        page("<p>x</p>" * TAGS)


def test_a_mail_without_a_word_is_left_out() -> None:
    with pytest.raises(LeftOut, match="no words"):
        page('<img src="https://x.example/a.png" alt=""><style>p{}</style>')


def test_a_book_is_no_mail() -> None:
    for body in ("word " * 50_000, "<p>" + "x" * 6_000_000):
        with pytest.raises(ValueError, match="characters"):
            page(body)
