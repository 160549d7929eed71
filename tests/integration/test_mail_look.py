"""The mail in a real browser: what it looks like at every width, light and dark, measured."""

from dataclasses import replace

import pytest
import screenshots

from digest.core.item import Item, Kind

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
    small: boxes(".text > div > a, .cheer > div > a").filter(box => box.height < 44).length,
    faint,
    headings: [...page.querySelectorAll("h1, h2, h3, h4, h5, h6")].map(e => Number(e.tagName[1])),
    lang: page.documentElement.lang, dir: page.documentElement.dir,
    unlabelled: [...page.querySelectorAll("img:not([alt])")].length,
    dead: [...page.querySelectorAll("a[href^='#']")].filter(a => !page.getElementById(a.hash.slice(1))).length,
  }
}"""

LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
ACTION, EVENT = (
    next(i for i in screenshots.ITEMS if i.kind is kind and i.language == "en") for kind in (Kind.ACTION, Kind.EVENT)
)
HARD = (
    replace(ACTION, title=LONG, body=f"{LONG} `{LONG}`\n\n- {LONG}\n\n> {LONG}\n\n# {LONG}"),
    replace(EVENT, title=f"{LONG} בוקר טוב", venue=LONG, byline=LONG),
    *(Item(kind, LONG, f"[{LONG}](https://example.org/)", language="ar", url="https://x.example/") for kind in Kind),
)


@pytest.fixture(scope="module")
def mails():
    return {"sample": screenshots.sample("en")[0], "hard": screenshots.sample("es", HARD)[0]}


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [320, 375, 800, 1280])
@pytest.mark.parametrize("mail", ["sample", "hard"])
def test_the_mail_holds_at_every_width_in_light_and_dark(browser, mails, mail, width, dark):
    with browser.page(mails[mail], width, dark=dark) as page:
        seen = page.run(f"({AUDIT})(document, window)")
    assert seen["scheme"] is dark
    assert seen["mode"] == "CSS1Compat"
    assert seen["overflow"] <= 0
    assert seen["beyond"] == 0
    assert seen["widest"] == min(width, 600)
    assert seen["buttons"]
    assert min(seen["buttons"]) >= 44
    assert seen["small"] == 0
    assert seen["faint"] == []
    assert seen["headings"].count(1) == 1
    assert all(below <= above + 1 for above, below in zip(seen["headings"], seen["headings"][1:], strict=False))
    assert (seen["lang"], seen["dir"]) == ("en" if mail == "sample" else "es", "ltr")
    assert seen["unlabelled"] == seen["dead"] == 0


@pytest.mark.parametrize("accent", ["#ffe14d", "#ff5a36", "#000000", "#ffffff", "#808080"])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_any_accent_can_be_read(browser, monkeypatch, accent, dark):
    monkeypatch.setattr(screenshots, "PUBLICATION", replace(screenshots.PUBLICATION, accent=accent))
    with browser.page(screenshots.sample("en")[0], 375, dark=dark) as page:
        assert page.run(f"({AUDIT})(document, window)")["faint"] == []
