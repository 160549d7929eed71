"""Colours that can be read: contrast by WCAG 2.1, and what to do about an accent that lacks it."""

import colorsys
import re

HEX = re.compile("#[0-9a-fA-F]{6}")
"""How a colour is written."""
AA = 4.5  # WCAG 2.1 §1.4.3, text of normal size


def luminance(colour: str) -> float:
    """Relative luminance of `#rrggbb`, 0 to 1 (WCAG 2.1, “relative luminance”)."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours, 1 to 21."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def mixed(colour: str, other: str, share: float) -> str:
    """`colour` with `share` (0 to 1) of `other` in it."""
    pairs = ((int(colour[at : at + 2], 16), int(other[at : at + 2], 16)) for at in (1, 3, 5))
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def lit(colour: str) -> str:
    """`colour` as it may stand on a dark ground: of the same hue, light enough to be seen there, and less of it."""
    hue, light, saturation = colorsys.rgb_to_hls(*(int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)))
    return "#" + "".join(f"{round(c * 255):02x}" for c in colorsys.hls_to_rgb(hue, max(light, 0.64), saturation * 0.7))


def ink_on(background: str) -> str:
    """Black or white, whichever reads better on `background`."""
    return max("#000000", "#ffffff", key=lambda ink: contrast(ink, background))


def readable(colour: str, background: str) -> str:
    """`colour`, darkened or lightened just so far that it can be read on `background`."""
    ink = ink_on(background)
    steps = (mixed(colour, ink, step / 20) for step in range(21))
    return next(shade for shade in steps if contrast(shade, background) >= AA or shade == ink)
