"""What a compiled edition must satisfy, in eight points: each edition is made as real ones are, and judged by others."""

import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from email import message_from_string, policy
from functools import cache
from html import unescape
from multiprocessing import get_context
from pathlib import Path
from random import Random

import dkim
import editions
import pytest
import screenshots
from browser import Browser

from digest.core.dkim import Key
from digest.core.edition import EditionText
from digest.core.item import Item, Kind
from digest.pipeline.preview import NEXT, Sheet

pytestmark = pytest.mark.slow

# One function of document and window: everything that is asked of the page, at once.
AUDIT = """(page, view) => {
  const numbers = colour => colour.match(/[\\d.]+/g).map(Number)
  const luminance = ([r, g, b]) => [r, g, b].map(c => c / 255)
    .map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, at) => sum + c * [0.2126, 0.7152, 0.0722][at], 0)
  const ground = element => {
    for (let up = element; up; up = up.parentElement) {
      const [r, g, b, alpha = 1] = numbers(view.getComputedStyle(up).backgroundColor)
      if (alpha) return [r, g, b]
    }
    return [255, 255, 255]
  }
  const faint = []
  const walker = page.createTreeWalker(page.body, 4)
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement
    if (!walker.currentNode.data.trim() || !element.getClientRects().length) continue
    const pair = [numbers(view.getComputedStyle(element).color), ground(element)].map(luminance).sort((a, b) => a - b)
    const ratio = (pair[1] + 0.05) / (pair[0] + 0.05)
    if (ratio < 4.5) faint.push([walker.currentNode.data.trim().slice(0, 40), Math.round(ratio * 100) / 100])
  }
  const boxes = selector => [...page.querySelectorAll(selector)].map(e => e.getBoundingClientRect())
  return {
    mode: page.compatMode,
    scheme: view.matchMedia("(prefers-color-scheme: dark)").matches,
    ground: ground(page.body).join(),
    overflow: page.documentElement.scrollWidth - view.innerWidth,
    widest: Math.max(...boxes(".paper, .ground").map(box => box.width)),
    beyond: boxes("h1, h2, h3, p, li, a, td").filter(b => b.right > view.innerWidth + 0.5 || b.left < -0.5).length,
    buttons: boxes(".button a").map(box => box.height),
    small: boxes("a:not(.prose a, h3 a)").filter(box => box.height < 44).length,
    faint,
    headings: [...page.querySelectorAll("h1, h2, h3, h4, h5, h6")].map(e => Number(e.tagName[1])),
    lang: page.documentElement.lang, dir: page.documentElement.dir,
    unlabelled: [...page.querySelectorAll("img:not([alt])")].length,
    dead: [...page.querySelectorAll("a[href^='#']")].filter(a => !page.getElementById(a.hash.slice(1))).length,
  }
}"""


@pytest.fixture(params=editions.EDITIONS)
def name(request: pytest.FixtureRequest) -> str:
    chosen: str = request.param
    return chosen


@pytest.fixture
def mail(edition: Callable[[str], Sheet], name: str) -> Sheet:
    return edition(name)


def test_1_html_of_at_most_100_000_bytes_and_no_line_over_998_octets(mail: Sheet) -> None:
    assert mail.html_bytes == len(mail.html.encode()) <= 100_000
    assert max(len(line) for line in mail.source.encode().split(b"\r\n")) <= 998


def test_2_a_standards_document_that_asks_for_nothing_and_has_nothing_left_over(
    browser: Browser, mail: Sheet, name: str
) -> None:
    with browser.page(mail.html, 800) as page:
        assert page.run("document.compatMode") == "CSS1Compat"
        assert [url for url in page.asked if not url.startswith(("file:", editions.PUBLIC_URL))] == []
    assert not re.search(r"@import|<link|<script|<iframe|<object|<form|url\(", mail.html)
    if name != "hostile values":  # they are made of it
        assert not re.search(r"\{\{|\{%|\{#|%\(|mj-(text|section|raw)|data-premailer", mail.html + mail.text)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_3_and_4_every_width_in_light_and_dark_for_eyes_fingers_and_ears(
    browser: Browser, axe: Callable[..., list[str]], mail: Sheet, name: str, dark: bool
) -> None:
    language = {"in Spanish": "es", "hostile values": "es", "right to left": "ar"}.get(name, "en")
    with browser.page(mail.html, 800, dark=dark) as page:
        for width in (1280, 800, 600, 375, 320):
            page.resize(width, 800)
            seen = page.run(f"({AUDIT})(document, window)")
            assert seen["scheme"] is dark
            assert seen["overflow"] <= 0
            assert seen["beyond"] == 0
            assert seen["widest"] == min(width, 600)
            assert min(seen["buttons"], default=44) >= 44
            assert seen["small"] == 0
            assert seen["faint"] == []
            assert seen["headings"].count(1) == 1
            assert all(below <= above + 1 for above, below in zip(seen["headings"], seen["headings"][1:], strict=False))
            assert (seen["lang"], seen["dir"]) == (language, "rtl" if language == "ar" else "ltr")
            assert seen["unlabelled"] == seen["dead"] == 0
        assert axe(page, mail=True) == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_3_and_4_hold_for_the_letters_too(
    browser: Browser, axe: Callable[..., list[str]], letters: dict[str, str], dark: bool
) -> None:
    for html in letters.values():
        with browser.page(html, 800, dark=dark) as page:
            for width in (600, 320):
                page.resize(width, 800)
                seen = page.run(f"({AUDIT})(document, window)")
                assert seen["overflow"] <= 0
                assert seen["widest"] == width
                assert min(seen["buttons"], default=44) >= 44
                assert seen["small"] == 0
                assert seen["faint"] == []
                assert seen["headings"] == [1]
            assert axe(page, mail=True) == []


@pytest.mark.parametrize("name", ["the sample week", "in Spanish", "right to left"])
def test_5_spamassassin_has_nothing_against_it(require: Callable[[str], str], mail: Sheet, tmp_path: Path) -> None:
    command = [require("spamassassin"), "--local", "--nocreate-prefs", f"--prefspath={tmp_path}/prefs"]
    home = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(command, input=mail.source.encode(), env=home, stdout=subprocess.PIPE, check=True, timeout=60)
    verdict = message_from_string(done.stdout.decode(), policy=policy.default)["X-Spam-Status"]
    assert float(re.search(r"score=(-?[\d.]+)", verdict)[1]) <= 0, verdict
    assert not re.search(r"MPART_ALT_DIFF|MIME_HTML_ONLY|MISSING_", verdict)


@pytest.mark.parametrize("items", [screenshots.ITEMS, editions.HOSTILE_VALUES], ids=["sample", "hostile"])
@pytest.mark.parametrize("language", ["en", "es"])
def test_6_spliced_exactly_as_rendered_directly(tmp_path: Path, items: Sequence[Item], language: str) -> None:
    topics = [("housing",) if at % 2 else ("library",) for at in range(len(items))]
    here = editions.published(tmp_path / "it", [replace(item, topics=t) for item, t in zip(items, topics, strict=True)])
    desk = editions.desk(here)
    reader = replace(desk.reader("amelia.hart@example.org"), language=language)
    words = {each: EditionText(each, "Subject", "Preheader", "Intro") for each in desk.press().compiler.languages()}
    whole = replace(desk.lay_out(NEXT), own=words)
    spliced = desk.sheet(whole, reader)
    chosen = tuple(placed.item for placed in spliced.included)
    assert 0 < len(chosen) < len(whole.items)
    direct = desk.sheet(replace(whole, items=chosen), reader)
    here.close()
    assert (spliced.html, spliced.text) == (direct.html, direct.text)


def test_6_what_arrives_is_what_was_joined_and_every_signature_verifies(mail: Sheet, dkim_keys: Sequence[Key]) -> None:
    published = {f"{key.name}.".encode(): key.record.encode() for key in dkim_keys}
    signed = dkim.DKIM(mail.source.encode())
    assert [signed.verify(at, dnsfunc=lambda asked, **_: published.get(asked)) for at in (0, 1)] == [True, True]
    text, html = [each.get_content() for each in message_from_string(mail.source, policy=policy.default).iter_parts()]
    assert text.replace("\r\n", "\n").rstrip("\n") == mail.text.rstrip("\n")
    assert html.replace("\r\n", "\n").rstrip("\n") == mail.html.rstrip("\n")


PIECES = (
    *"<>&\"'*_`#[](){}%\\|~=.-+!\n\t \x00\x0b\x1b\x7f\x85\u2028\u202e\ufeff\uffff\ud800é漢א🎉",
    *(
        "\n\n",
        "    ",
        "\n- ",
        "\n1. ",
        "\n> ",
        "\n# ",
        "\n---\n",
        "```\n",
        "~~~\n",
        "**",
        "![",
        "](",
        "[^1]: ",
        "\n.\n",
    ),
    *(
        "<script>",
        "</td>",
        "<style>@import url(https://x.example)",
        "<mj-text>",
        "</mj-text>",
        "<mj-include path='x'/>",
    ),
    *("<!--", "-->", "<![endif]-->", "<!--[if mso]>", "<![CDATA[", "]]>", "&#0;", "&#xfffe;", "&lt;", "{{", "}}", "{%"),
    *("https://x.example/?a=1&b=é", "javascript:alert(1)", "data:text/html,x", "mailto:a@b.example", editions.LONG),
)


def render(seed: int, bodies: int) -> int:
    """Lays out mail of so many random bodies, without a socket, and says how many it was."""

    def refuse(event: str, _: tuple[object, ...]) -> None:
        if event.startswith("socket."):
            raise AssertionError(f"rendering opens a socket: {event}")

    sys.addaudithook(refuse)
    screenshots.Compiler = cache(screenshots.Compiler)  # templates are read once
    random, done = Random(seed), 0
    while done < bodies:
        texts = ["".join(random.choices(PIECES, k=random.randrange(120))) for _ in range(99)]
        texts.append(random.choice(PIECES) * 3000)
        items = [Item(random.choice(list(Kind)), text[:60] or "x", text, url=text[-40:] or None) for text in texts]
        html, text = screenshots.sample("en", items)
        assert len(re.findall("<h3", html)) == len(items)
        assert "<script" not in html
        done += len(items)
        (html + text).encode()
    return done


def test_7_3000_random_bodies_raise_nothing_kill_nobody_and_open_no_socket() -> None:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as workers:
        assert workers.submit(render, 2026, 3000).result(300) == 3000


def test_8_every_link_of_the_html_is_in_the_text(mail: Sheet) -> None:
    links = {unescape(href) for href in re.findall(r'href="(?!#)([^"]+)"', mail.html)}
    assert links
    assert [link for link in links if link.removeprefix("mailto:") not in mail.text] == []
