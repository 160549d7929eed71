"""The kind of an article, by what it asks, invites to, celebrates, declares or tells, in four languages."""

import re
from datetime import date
from pathlib import Path

import pytest

from digest.core.newsletter import read_article

WRITTEN = (Path(__file__).parent / "articles.txt").read_text(encoding="utf-8")
ARTICLES = re.findall(r"^== (\w+): (.+)\n((?:(?!== ).*\n)+)", WRITTEN, re.MULTILINE)


def test_the_articles_are_of_every_kind():
    assert len(ARTICLES) == WRITTEN.count("== ") >= 50
    assert len({kind for kind, _, _ in ARTICLES}) == 6


@pytest.mark.parametrize(("kind", "title", "body"), ARTICLES, ids=[title for _, title, _ in ARTICLES])
def test_the_kind_of_an_article(kind: str, title: str, body: str):
    found = read_article(title, body, date(2025, 3, 5))
    assert found
    assert found.kind == kind, found.evidence["kind"]
