"""What other people's checkers say: the reference MJML, HTML by the standard, and what mail programs are known to support."""

from collections.abc import Callable, Mapping
from fnmatch import fnmatch
from pathlib import Path

import editions
import pytest
import yaml

from digest.pipeline.preview import Sheet

pytestmark = pytest.mark.slow

Check = Callable[[str, Mapping[str, str]], dict[str, list[str]]]


@pytest.fixture(scope="module")
def mails(edition: Callable[[str], Sheet], letters: dict[str, str]) -> dict[str, str]:
    return {name: edition(name).html for name in editions.EDITIONS} | letters


def test_the_reference_mjml_finds_no_error(check: Check, sources: dict[str, str], mails: dict[str, str]) -> None:
    assert len(sources) >= len(mails)
    assert {name: errors for name, errors in check("mjml", sources).items() if errors} == {}


def test_the_reference_mjml_would_find_one(check: Check) -> None:
    source = "<mjml><mj-body><mj-section colour='red'><mj-column /></mj-section></mj-body></mjml>"
    assert "Attribute colour is illegal" in check("mjml", {"wrong": source})["wrong"][0]


def test_browsers_and_outlook_read_valid_html(check: Check, mails: dict[str, str]) -> None:
    assert {name: faults for name, faults in check("html", mails).items() if faults} == {}


def test_an_unbalanced_branch_for_outlook_would_be_found(check: Check, mails: dict[str, str]) -> None:
    broken = mails["one item"].replace("</tr></table><![endif]-->", "</tr><![endif]-->", 1)
    assert [fault[:10] for fault in check("html", {"wrong": broken})["wrong"]][:1] == ["in Outlook"]


def test_every_feature_that_a_mail_program_lacks_is_one_that_the_mail_can_do_without(
    check: Check, checkers: Path, mails: dict[str, str]
) -> None:
    allowed = yaml.safe_load((checkers / "allowed.yaml").read_text("utf-8"))
    found = {finding for findings in check("clients", mails).values() for finding in findings}
    unexpected = []
    for finding in sorted(found):
        feature, client, level = finding.split(" | ")
        if not any(fnmatch(client, pattern) for pattern in allowed.get(feature, {}).get(level, [])):
            unexpected.append(finding)
    assert unexpected == []
    assert [feature for feature in allowed if not any(f.startswith(f"{feature} |") for f in found)] == []
    assert [feature for feature, entry in allowed.items() if not entry["why"].strip()] == []
