"""Pictures made fit for mail: checked by what they are rather than by what they say, upright, small, and told of nothing else.

What comes out is a JPEG, or a PNG where that is no larger (drawings, logos, screenshots). The first image of an animation stands
for it, since Outlook shows no other. What is see-through gets a white ground: dark letters would be lost in dark mode.
"""

import hashlib
import warnings
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from digest.core.picture import LARGEST, Unusable, named

MOST_PIXELS = 50_000_000
"""Of what is given: 150 MB of memory, and more than any phone's camera makes by itself."""
WIDEST, HIGHEST = 1200, 1600
"""Pixels: twice the mail's width, for sharp screens, and twice what fits on one."""
SMALLEST = 32
"""Pixels either way. Below are the marks of trackers, rules and dots."""
FORMATS = ("JPEG", "PNG", "GIF", "WEBP")
QUALITY = 82

_SRGB = ImageCms.createProfile("sRGB")
Image.MAX_IMAGE_PIXELS = MOST_PIXELS  # Pillow counts them when it has read no more than the header
warnings.simplefilter("error", Image.DecompressionBombWarning)


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as it is hosted."""

    name: str
    content: bytes


def prepare(raw: bytes) -> Picture:
    """The same bytes give the same picture. Unusable for what is none, or too large or too small to be shown."""
    if len(raw) > LARGEST:
        raise Unusable(f"it is larger than {LARGEST // 1_000_000} MB")
    try:
        with Image.open(BytesIO(raw), formats=FORMATS) as opened:
            return _prepared(opened)
    except UnidentifiedImageError:
        raise Unusable("it is no JPEG, PNG, GIF or WebP picture; save it as one of them") from None
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise Unusable(f"it has more than {MOST_PIXELS // 1_000_000} million pixels") from None
    except Unusable:
        raise
    except Exception:  # decoders raise whatever they stumble over
        raise Unusable("it is damaged or cut off") from None


def _prepared(opened: Image.Image) -> Picture:
    if min(opened.size) < SMALLEST:
        raise Unusable(f"it has {opened.width} × {opened.height} pixels, and the least is {SMALLEST} × {SMALLEST}")
    opened.draft(None, (WIDEST, WIDEST))  # a JPEG need not be unpacked to its full size
    image = _in_srgb(_opaque(ImageOps.exif_transpose(opened)))
    image.thumbnail((WIDEST, HIGHEST), Image.Resampling.LANCZOS)
    image.info.clear()  # where it was taken, by whom, with what
    jpeg = _encoded(image, "JPEG", quality=QUALITY, optimize=True, progressive=True)
    png = None if opened.format == "JPEG" else _encoded(image, "PNG")
    suffix, content = ("jpg", jpeg) if png is None or len(png) > len(jpeg) else ("png", png)
    return Picture(named(hashlib.sha256(content).hexdigest(), *image.size, suffix), content)


def _opaque(image: Image.Image) -> Image.Image:
    if not image.has_transparency_data:
        return image
    return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image.convert("RGBA"))


def _in_srgb(image: Image.Image) -> Image.Image:
    """The colours as browsers take them where no profile goes with a picture."""
    profile = image.info.get("icc_profile")
    image = image if image.mode == "CMYK" else image.convert("RGB")
    if profile:
        try:
            meant = ImageCms.ImageCmsProfile(BytesIO(profile))
            return ImageCms.profileToProfile(image, meant, _SRGB, outputMode="RGB") or image
        except (ImageCms.PyCMSError, OSError):
            pass  # a profile that does not fit its picture tells nothing
    return image.convert("RGB")


def _encoded(image: Image.Image, format_: str, **options: Any) -> bytes:
    out = BytesIO()
    image.save(out, format_, **options)
    return out.getvalue()
