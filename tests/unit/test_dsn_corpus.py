"""The targets for real bounces, on a public development set that is kept beside the repository, not in it.

Its labels say hard or soft only; what they leave open (both) counts as right either way. A few notices that only warn
(“will try again”) are labelled bounces there: they count as missed, because a warning must not count.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from digest.core.dsn import as_json, classify
from digest.mailbox import files

CORPUS = Path(__file__).parents[3] / "shared/data/bounces"
pytestmark = pytest.mark.skipif(
    not CORPUS.is_dir(), reason="the development set of real bounces is not beside the repository"
)

Case = tuple[dict[str, Any], dict[str, Any]]


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    """Each expectation with what `inbound classify` answers for its file."""
    answered = []
    for expected in json.loads((CORPUS / "expectations.json").read_text()):
        path = CORPUS / "messages" / expected["path"]
        [(where, message)] = files.messages(path)
        assert where == str(path)
        answered.append((expected, as_json(expected["path"], classify(message))))
    return answered


def share(values: list[bool]) -> float:
    assert values
    return sum(values) / len(values)


def bounces(cases: list[Case]) -> list[Case]:
    return [(e, got) for e, got in cases if "bounce" in e["kind"]]


def labelled(cases: list[Case], permanence: str) -> list[Case]:
    return [(e, got) for e, got in bounces(cases) if e["permanence"] == [permanence]]


def test_bounces_are_detected(cases):
    assert share([got["kind"] == "bounce" for _, got in bounces(cases)]) >= 0.96


def test_recipients_are_exactly_right(cases):
    def exact(wanted: list[list[str]], got: set[str]) -> bool:
        return all(set(one) & got for one in wanted) and got <= {a for one in wanted for a in one}

    assert share([exact(e["recipients"], set(got["recipients"])) for e, got in bounces(cases)]) >= 0.94


def test_hard_and_soft_agree(cases):
    judged = [(e, got) for e, got in bounces(cases) if e["permanence"]]
    assert share([got["permanence"] in e["permanence"] for e, got in judged]) >= 0.90


def test_soft_is_not_called_hard(cases):
    assert share([got["permanence"] == "hard" for _, got in labelled(cases, "soft")]) <= 0.02


def test_hard_is_found(cases):
    assert share([got["permanence"] == "hard" for _, got in labelled(cases, "hard")]) >= 0.90


def test_delays_count_for_nothing(cases):
    assert share([got["kind"] == "delay" for e, got in cases if e["kind"] == ["delay"]]) == 1


def test_complaints_are_found(cases):
    assert share([got["kind"] == "complaint" for e, got in cases if e["kind"] == ["complaint"]]) == 1


def test_what_is_no_bounce_is_not_called_one(cases):
    assert [got for e, got in cases if e["path"].startswith("neg/") and got["kind"] in {"bounce", "complaint"}] == []
