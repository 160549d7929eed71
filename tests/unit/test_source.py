"""feeds.toml: what it says, and each mistake with its line."""

import pytest

from digest.core.item import Kind, Status
from digest.core.source import BadSources, Source, read_sources

WHOLE = """
[[feed]]
url = "https://union.example/feed"
kind = "press_release"
status = "ready"
language = "es"
organisation = "Sindicato"
topics = ["Labour Rights"]
words = 80

[feed.rules]
housing = ["rent", "tenant*", "public  housing"]

[[feed]]
url = "http://blog.example/atom"
"""


def test_all_that_it_can_say():
    assert read_sources(WHOLE) == (
        Source(
            "https://union.example/feed", Kind.PRESS_RELEASE, Status.READY, "es", "Sindicato", ("labour-rights",),
            {"housing": ("rent", "tenant*", "public  housing")}, 80,
        ),
        Source("http://blog.example/atom"),
    )  # fmt: skip
    assert read_sources("") == ()


@pytest.mark.parametrize(
    ("text", "housing"),
    [
        ("The RENT is due", True),
        ("parents", False),
        ("tenants' union", True),
        ("subtenant", False),
        ("Public\nHousing!", True),
        ("rent*", True),
        ("(rent)", True),
        ("public house", False),
    ],
)
def test_rules_look_for_words(text, housing):
    [source, _] = read_sources(WHOLE)
    assert source.topics_of(text) == (("labour-rights", "housing") if housing else ("labour-rights",))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[feed]\n", "it cannot be read as TOML: "),
        ("url = 'https://a.example'", "“url” is not known; write [[feed]] above"),
        ("[feed]\nurl = 'https://a.example'", "write [[feed]], in two pairs of brackets"),
        ("\n[[feed]]\n", "line 2: “url” is missing."),
        ("[[feed]]\nurl = 'ftp://a.example'", "line 1: “url” must be a web address that begins with https://"),
        ("[[feed]]\nurl = 'https://me:mine@a.example'", "line 1: “url” must be a web address"),
        ("[[feed]]\nurl = 5", "line 1: “url” must be a web address"),
        ("[[feed]]\nurl = 'http://[x'", "line 1: “url” must be a web address"),
        ("[[feed]]\nurl='https://a.example'\nkinds='news'", "line 1: “kinds” is not known; did you mean “kind”?"),
        ("[[feed]]\nurl='https://a.example'\nkind='blog'", "line 1: “kind” must be one of action, event, news"),
        ("[[feed]]\nurl='https://a.example'\nkind=['news']", "line 1: “kind” must be one of"),
        ("[[feed]]\nurl='https://a.example'\nstatus='archived'", "line 1: “status” must be draft or ready"),
        ("[[feed]]\nurl='https://a.example'\nlanguage='English'", "line 1: “language” must be a tag such as"),
        ("[[feed]]\nurl='https://a.example'\norganisation='a\\tb'", None),
        ("[[feed]]\nurl='https://a.example'\norganisation=\"a\\tb\"", "line 1: “organisation” must be a name"),
        ("[[feed]]\nurl='https://a.example'\ntopics='water'", "line 1: “topics” must be a list like"),
        ("[[feed]]\nurl='https://a.example'\nwords=true", "line 1: “words” must be a number from 1 to 10000"),
        ("[[feed]]\nurl='https://a.example'\n[feed.rules]\nwater='sea'", "line 1: “rules” must be lines like"),
        ("[[feed]]\nurl='https://a.example'\n[feed.rules]\nwater=[]", "line 1: “rules” must be lines like"),
        ("[[feed]]\nurl='https://a.example'\n[[feed]]\nurl='https://a.example'", "line 3: this feed is in the file twice"),
    ],
)  # fmt: skip
def test_mistakes(text, said):
    if said is None:
        read_sources(text)
        return
    with pytest.raises(BadSources) as error:
        read_sources(text)
    assert said in str(error.value)
    assert all(line.endswith((".", "?", ")")) for line in str(error.value).split("\n"))


def test_every_mistake_is_told():
    with pytest.raises(BadSources) as error:
        read_sources("[[feed]]\nkind = 'x'\n\n[[feed]]\nurl = 'x'\n")
    assert str(error.value).count("\n") == 2
