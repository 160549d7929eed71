"""How well newsletters are read, over a folder of invented ones (and the shared one, where it is at hand).

Those measured were written by others than the reader's author, who has read them all since: the figures here guard against
going back, and those for unseen ones are in tests/data/newsletters/README.md. The samples
beside this test were set down from the reader's own answers, once looked through, and only guard against going back.
"""

import re
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from digest.core.newsletter import Found, read_newsletter

ROOT = Path(__file__).parents[2]
MEASURED = sorted((ROOT / "tests/data/newsletters").glob("*.txt"))
SHARED = ROOT.parent / "shared/data/newsletter-2024-06.txt"
TEXTS = [*MEASURED, *sorted((ROOT / "tests/unit/newsletters").glob("*.txt"))]
MOMENTS = ("published", "deadline", "starts", "ends")
NO_DAY_NAMED = date(2024, 6, 30)


def expected(path: Path) -> tuple[list[dict[str, Any]], date]:
    written = path.with_name(f"{path.stem}.expected.yaml").read_text(encoding="utf-8")
    named = re.search(r"^# today: (\S+)", written, re.MULTILINE)
    return yaml.safe_load(written), date.fromisoformat(named[1]) if named else NO_DAY_NAMED


def iso(moment: Any) -> str | None:
    """A YAML date, or a date with a time (which YAML leaves a string without seconds), in our ISO form."""
    return None if moment is None else moment if isinstance(moment, str) else moment.isoformat()


def score(path: Path) -> Counter[str]:
    wanted, today = expected(path)
    found = {each.line: each for each in read_newsletter(path.read_text(encoding="utf-8"), today)}
    counts: Counter[str] = Counter(items=len(wanted))
    for item in wanted:
        moments = {field: iso(item[field]) for field in MOMENTS if item.get(field)}
        counts["dates"] += len(moments)
        got = found.pop(item["line"], None)
        if got is None:
            continue
        counts["titles"] += (got.title, got.tag) == (item["title"], item.get("tag"))
        counts["kinds"] += got.kind in (item["kind"], *item.get("kind_ok", ()))
        counts["dates right"] += sum(moment_of(got, field) == moment for field, moment in moments.items())
        counts["dates invented"] += sum(moment_of(got, field) is not None for field in MOMENTS if field not in moments)
    counts["false"] = len(found)
    counts["false and doubtful"] = sum(each.confidence < 0.6 for each in found.values())
    return counts


def moment_of(found: Found, field: str) -> str | None:
    moment = getattr(found, field)
    return moment and moment.isoformat()


def test_titles_splits_kinds_and_dates_reach_their_targets():
    counts = sum((score(path) for path in MEASURED), Counter())
    assert counts["items"] >= 300
    assert counts["titles"] >= 0.97 * counts["items"], counts
    assert counts["false"] <= 0.03 * counts["items"], counts
    assert counts["false and doubtful"] >= 0.5 * counts["false"], counts
    assert counts["kinds"] >= 0.95 * counts["items"], counts
    assert counts["dates right"] >= 0.97 * counts["dates"], counts
    assert counts["dates invented"] <= 0.02 * counts["dates"], counts


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.stem)
def test_no_newsletter_is_read_badly(path: Path):
    counts = score(path)
    assert counts["titles"] >= 0.75 * counts["items"], counts
    assert counts["false"] <= 0.25 * counts["items"], counts


@pytest.mark.skipif(not SHARED.exists(), reason="the shared newsletter is not beside this checkout")
def test_the_shared_newsletter_is_read_as_a_person_reads_it():
    wanted, today = expected(SHARED)
    found = read_newsletter(SHARED.read_text(encoding="utf-8"), today)
    certain = [each for each in found if each.line in {item["line"] for item in wanted}]
    assert [(each.title, each.tag) for each in certain] == [(item["title"], item.get("tag")) for item in wanted]
    assert [each.confidence < 0.6 for each in found if each not in certain] in ([], [True])
    assert sum(each.kind == item["kind"] for each, item in zip(certain, wanted, strict=True)) >= 6
    for each, item in zip(certain, wanted, strict=True):
        for field in ("headline", "organisation", "byline", "venue"):
            if field in item:
                assert getattr(each, field) == item[field]
        for field in MOMENTS:
            assert moment_of(each, field) == iso(item.get(field))
        assert re.findall(r"^## (.+)$", each.body_markdown, re.MULTILINE) == item.get("subheadings", [])
    assert certain[-1].body_markdown == ""
