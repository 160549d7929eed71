"""What other people's checkers say: the reference MJML, HTML by the standard, and what mail programs are known to support."""

from collections.abc import Callable, Mapping
from datetime import date
from fnmatch import fnmatch
from pathlib import Path

import editions
import pytest
import yaml
from browser import Browser

from digest.app import bundled
from digest.pipeline.preview import Sheet
from digest.rendering.compiler import Publication
from digest.rendering.letters import Alert, Confirm, Goodbye, Welcome, write
from digest.rendering.templates import Templates

pytestmark = pytest.mark.slow

Check = Callable[[str, Mapping[str, str]], dict[str, list[str]]]


PUBLICATION = Publication("The Harbour Weekly", "3 Quay Street\nCabo Manso", editions.PUBLIC_URL)
LETTERS = (
    Confirm("Ana", ("Housing", "The library"), f"{editions.PUBLIC_URL}/confirm/a?b&c", 7),
    Welcome("Ana", ("Housing",), date(2026, 3, 15), "mailto:unsub+abc@harbour.example?subject=unsubscribe"),
    Goodbye("Ana", f"{editions.PUBLIC_URL}/"),
    Alert("2026-W12 is waiting", f"Nobody has approved it.\nSee `digest edition approve 2026-W12`.\n\n{editions.LONG}"),
)


@pytest.fixture(scope="module")
def letters(sources: dict[str, str]) -> dict[str, str]:
    """The mails about one thing, in every language."""
    templates = Templates(bundled("templates", "email"), editions.ARABIC / "templates")
    return {
        f"{letter.kind} {language}": write(templates, letter, language, PUBLICATION).html
        for letter in LETTERS
        for language in templates.languages()
    }


@pytest.fixture(scope="module")
def mails(edition: Callable[[str], Sheet], letters: dict[str, str]) -> dict[str, str]:
    """All that digest writes."""
    return {name: edition(name).html for name in editions.EDITIONS} | letters


def test_the_reference_mjml_finds_no_error(check: Check, sources: dict[str, str], mails: dict[str, str]) -> None:
    assert len(sources) >= 2 * len(editions.EDITIONS) + 3 * len(LETTERS)
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


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_nothing_in_a_mail_about_one_thing(
    browser: Browser, axe: Callable[..., list[str]], letters: dict[str, str], dark: bool
) -> None:
    found = {}
    for name, html in letters.items():
        with browser.page(html, 375, dark=dark) as page:
            assert page.run("document.documentElement.scrollWidth") <= 375, name
            found[name] = axe(page, mail=True)
    assert {name: findings for name, findings in found.items() if findings} == {}
