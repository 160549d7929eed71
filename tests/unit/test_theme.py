"""Themes: a folder says what differs, and is told file and line of what cannot be used."""

from pathlib import Path

import pytest

from digest.core import colour
from digest.rendering import theme
from digest.rendering.compiler import Publication
from digest.rendering.letters import Goodbye, write
from digest.rendering.templates import TemplateError, Templates

BUNDLED = Path(__file__).resolve().parents[2] / "templates/email"


def written(folder, **publication):
    templates = Templates(BUNDLED, folder)
    return write(templates, Goodbye("", None), "en", Publication("Tide", None, "https://x.example", **publication))


def test_the_bundled_theme_can_be_read_in_light_and_dark():
    whole = theme.load([BUNDLED])
    assert (whole.logo, whole.banner) == (None, None)
    for scheme in (whole.light, whole.dark):
        for ground in ("page", "paper", "tint"):
            assert min(colour.contrast(scheme[text], scheme[ground]) for text in ("ink", "muted")) >= colour.AA


def test_a_theme_says_what_differs(tmp_path):
    (tmp_path / "logo.png").write_bytes(b"any")
    (tmp_path / "theme.toml").write_text(
        'accent = "#8a1c1c"\nlogo = "logo.png"\n[light]\npaper = "#fffdf0"\n'
        "[fonts]\ntitles = \"Palatino, 'Book Antiqua', serif\"\n"
    )
    whole = theme.load([tmp_path, BUNDLED])
    assert (whole.accent, whole.logo, whole.banner) == ("#8a1c1c", tmp_path / "logo.png", None)
    assert (whole.light["paper"], whole.light["page"]) == ("#fffdf0", theme.load([BUNDLED]).light["page"])
    html = written(tmp_path).html
    assert "#fffdf0" in html
    assert "Palatino" in html


def test_logo_and_banner_are_shown_where_they_are_hosted():
    name = f"{'a' * 64}-400x100.png"
    html = written(None, logo=name, banner=name).html
    assert html.count(f'src="https://x.example/media/{name}"') == 2
    assert 'alt=""' in html
    assert 'height="auto"' not in html
    assert "<img" not in written(None, logo="logo.png").html


BROKEN = {
    "no TOML": ("accent =\n", 1, "nvalid value"),
    "a quote left open": ('\n\naccent = "#8a1c1c\n', 3, ""),
    "no colour": ('\naccent = "#c00"\n', 2, "“#c00” is not a colour; write it like #0f5e66"),
    "no text": ("[light]\npage = 3\n", 2, "“page” is a text between quotes"),
    "a key misspelt": ('# ours\nacent = "#8a1c1c"\n', 2, "a theme has no “acent” here; did you mean “accent”?"),
    "a table misspelt": ('[ligth]\npage = "#ffffff"\n', 2, "a theme has no “page” here"),
    "no such picture": ('logo = "logo.svg"\n', 1, "there is no file “logo.svg” in the folder"),
    "fonts with more in them": ('[fonts]\ntext = "Arial; } body { x"\n', 2, "no list of fonts"),
    "faint": (
        '[light]\nink = "#222222"\nmuted = "#bbbbbb"\n',
        3,
        "“muted” has a contrast of 1.7 on “page”, and readers need 4.5",
    ),
    "a ground that makes it faint": ('[dark]\npaper = "#e8e6e1"\n', 1, "“ink” has a contrast of 1.0 on “paper”"),
}


@pytest.mark.parametrize(("source", "line", "what"), BROKEN.values(), ids=BROKEN)
def test_a_theme_that_cannot_be_used_is_named_with_its_line(tmp_path, source, line, what):
    (tmp_path / "theme.toml").write_text(source)
    with pytest.raises(TemplateError) as caught:
        written(tmp_path)
    assert str(caught.value).startswith(f"{tmp_path}/theme.toml, line {line}: ")
    assert what in str(caught.value)
    assert str(caught.value).endswith("; correct the theme there")


def test_a_catalogue_says_what_differs_and_the_rest_falls_back(tmp_path):
    (tmp_path / "locale").mkdir()
    header = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n\n'
    (tmp_path / "locale/es.po").write_text(header + 'msgid "You have left"\nmsgstr "Hasta pronto"\n', "utf-8")
    (tmp_path / "locale/es-MX.po").write_text(header + 'msgid "Hello,"\nmsgstr "Qué tal:"\n', "utf-8")
    (tmp_path / "locale/en.po").write_text(header + 'msgid "You have left"\nmsgstr "So long"\n', "utf-8")
    templates, publication = Templates(BUNDLED, tmp_path), Publication("Tide", None, None)
    html = {tag: write(templates, Goodbye("", None), tag, publication).html for tag in ("en", "es", "es-MX")}
    assert "So long" in html["en"]
    assert "Hasta pronto" in html["es"]
    assert "Hola:" in html["es"]
    assert "Qué tal:" in html["es-MX"]
    assert "Este es el último correo" in html["es-MX"]
