"""Every line with words is in exactly one place, whatever the text."""

import re
from collections import Counter
from datetime import date
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from digest.core.newsletter import places, read_newsletter
from digest.core.newsletter.lines import read_lines

TODAY = date(2024, 6, 30)
ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared/data/newsletter-2024-06.txt"
TEXTS = [
    *sorted((ROOT / "tests/data/newsletters").glob("*.txt")),
    *sorted((ROOT / "tests/unit/newsletters").glob("*.txt")),
]
PIECES = (
    "SAVE THE LIBRARY",
    "Harvest supper : Parish",
    "1. Budget meeting",
    "* bring a chair",
    "• tell a friend",
    "## Noticias",
    "EVENTS",
    "-----",
    "# # #",
    "",
    "",
    "For Immediate Release: June 5, 2024\\",
    "National Network for Bread",
    "In solidarity,",
    "Ana Ruiz, Coordinator",
    "When: July 12–14",
    "Please write to the mayor by July 1st, and bring the answer to the next meeting of the council.",
    "the words that went over the edge of the line above",
    "In this issue",
    "You are receiving this because you asked. Unsubscribe",
    "\u00a0 \ufeffle 1er juillet à 19 h\u00a0",
    "¡Sí se puede!",
    "- - ->>> !",
    "ACTION ALERT: Keep the buses",
    "> 2. Park gates",
    "3- CUENTAS DEL MES",
    "🌳 Trees wanted 🌳",
    "18 June 2024",
    "From: The Clerk",
    "Subject: RE: night buses",
    "Read more",
    "By Ana Ruiz, Coordinator",
    "N E W S   A N D   V I E W S",
    "ii) Spring walk",
    "1) Fees",
    "2) The roof is mended at last. The slater came on Monday and was gone by Tuesday evening.",
    "3) Lost and found",
    "A1 Budget",
    "PRESS RELEASE: The baths are to close for good",
    "Signed: Weir Trust; Lock Keepers",
    "and by Friday to the clerk, or by the end of July",
)
texts = st.lists(st.sampled_from(PIECES), max_size=40).map("\n".join)


def words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", text)


def account(text: str) -> None:
    """Each line with words has one place, and what is placed in bodies is what the bodies hold, no more and no less."""
    placed = places(text, TODAY)
    lines = [line.text for line in read_lines(text)]
    assert {number for number, line in enumerate(lines, start=1) if words(line)} <= placed.keys()
    found = read_newsletter(text, TODAY)
    bodies = Counter(word for number, place in placed.items() if "body" in place for word in words(lines[number - 1]))
    run_in = {number for number, place in placed.items() if place == "title and body"}
    bodies -= Counter(word for each in found if each.line in run_in for word in words(each.title))
    bullets = re.compile(r"^(?:o|\(?(?:\d{1,2}|[IVX]{1,4})(?:\.\d{1,2})*[.)]?)$")
    held = Counter(word for each in found for word in words(each.body_markdown))
    assert held - bodies == Counter()
    assert [word for word in (bodies - held) if not bullets.match(word)] == []


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.stem)
def test_no_line_of_a_newsletter_is_lost_or_doubled(path: Path):
    account(path.read_text(encoding="utf-8"))


@pytest.mark.skipif(not SHARED.exists(), reason="the shared newsletter is not beside this checkout")
def test_no_line_of_the_shared_newsletter_is_lost_or_doubled():
    text = SHARED.read_text(encoding="utf-8")
    account(text)
    assert "furniture" not in places(text, TODAY).values()


@given(texts)
@example("\n".join([PIECES[0], PIECES[2], PIECES[1], PIECES[2], "-----", "Unsubscribe", PIECES[1]]))  # a tag below
def test_no_line_of_any_mixture_is_lost_or_doubled(text: str):
    account(text)


@given(st.text(alphabet=st.sampled_from("aB .:;-*#=>\n\r\t\u00a0[]()1/—“é✊"), max_size=200))
def test_any_text_can_be_read(text: str):
    placed = places(text, TODAY)
    assert sum("title" in place for place in placed.values()) >= len(read_newsletter(text, TODAY))
