"""Pictures: judged by their bytes, upright, small, without a word of where they were taken; what is hostile is refused early."""

import hashlib
import io
import struct
import tracemalloc
import zlib
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, PngImagePlugin

from digest.core import picture
from digest.core.errors import Refused
from digest.core.picture import LARGEST, Unusable
from digest.rendering.pictures import MOST_PIXELS, prepare


def encoded(image, format_="PNG", **options):
    out = io.BytesIO()
    image.save(out, format_, **options)
    return out.getvalue()


def photo(width=1500, height=300):
    """Grey noise over a gradient: nothing that a PNG packs well."""
    return Image.blend(Image.effect_noise((width, height), 60), Image.linear_gradient("L").resize((width, height)), 0.5)


def opened(raw):
    made = prepare(raw)
    image = Image.open(io.BytesIO(made.content))
    image.load()
    return made, image


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP", "GIF"])
def test_a_photograph_becomes_a_jpeg_of_the_mails_width(format_):
    made, image = opened(encoded(photo().convert("RGB"), format_))
    assert (image.format, image.size, image.mode) == ("JPEG", (1200, 240), "RGB")
    assert made.name == f"{hashlib.sha256(made.content).hexdigest()}-1200x240.jpg"
    assert picture.size(made.name) == image.size
    assert picture.media_type(made.name) == "image/jpeg"


def test_a_drawing_stays_sharp():
    drawing = Image.new("RGB", (600, 300), "white")
    drawing.paste("navy", (100, 100, 300, 200))
    made, image = opened(encoded(drawing))
    assert made.name.endswith("-600x300.png")
    assert image.tobytes() == drawing.tobytes()


@pytest.mark.parametrize(
    ("given", "shown"), [((300, 200), (300, 200)), ((500, 4000), (200, 1600)), ((4000, 50), (1200, 15))]
)
def test_it_is_made_smaller_and_never_larger(given, shown):
    assert opened(encoded(Image.new("RGB", given)))[1].size == shown


@pytest.mark.parametrize(
    ("given", "shown"), [((1200, 800), 544), ((300, 200), 300), ((600, 900), 362), ((300, 1400), 116), ((1, 9999), 1)]
)
def test_the_mail_shows_it_no_wider_and_no_higher_than_itself_is_wide(given, shown):
    assert picture.width(picture.named("0" * 64, *given, "png"), 544) == shown


def test_the_same_file_is_the_same_picture():
    raw = encoded(photo(), "JPEG")
    assert prepare(raw) == prepare(raw)


def test_it_stands_upright_whatever_the_camera_thought():
    image = Image.new("RGB", (400, 200), "white")
    image.paste("red", (0, 0, 400, 100))
    exif = Image.Exif()
    exif[0x0112] = 6  # turn it clockwise
    _, upright = opened(encoded(image, "JPEG", exif=exif))
    assert upright.size == (200, 400)
    left, right = upright.getpixel((10, 200)), upright.getpixel((190, 200))
    assert (left[2] > 200, right[2] < 60) == (True, True), "what was on top is at the right"


def test_nothing_is_told_of_place_camera_or_author():
    exif = Image.Exif()
    exif[0x010F] = "CameraMaker"
    exif.get_ifd(0x8825)[2] = (43.0, 22.0, 0.0)
    exif.get_ifd(0x8825)[1] = "NORTH-OF-HERE"
    info = PngImagePlugin.PngInfo()
    info.add_text("Author", "Ana Pérez")
    info.add_itxt("XML:com.adobe.xmp", "<x>Ana Pérez</x>")
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    drawing, grey = Image.new("RGB", (90, 90), "white"), photo(90, 90).convert("RGB")
    for raw in (
        encoded(grey, "JPEG", exif=exif, comment=b"Ana", icc_profile=srgb, xmp=b"<x>Ana</x>"),
        encoded(drawing, "PNG", pnginfo=info, exif=exif, icc_profile=srgb),
        encoded(grey, "WEBP", exif=exif, xmp=b"<x>Ana</x>", icc_profile=srgb),
    ):
        made, image = opened(raw)
        assert b"Ana" in raw or b"CameraMaker" in raw
        for secret in (b"Ana", b"CameraMaker", b"NORTH", b"xmp", b"Exif", b"ICC_PROFILE", b"iCCP"):
            assert secret not in made.content
        assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density", "progressive", "progression"}


def test_what_is_see_through_gets_a_white_ground():
    for see_through in (Image.new("RGBA", (60, 60), (0, 0, 0, 0)), Image.new("LA", (60, 60), (0, 0))):
        _, image = opened(encoded(see_through))
        assert image.convert("RGB").getpixel((5, 5)) == (255, 255, 255)
    palette = Image.new("P", (60, 60), 3)
    assert opened(encoded(palette, "GIF", transparency=3))[1].convert("RGB").getpixel((5, 5)) == (255, 255, 255)


def test_an_animation_is_its_first_image():
    frames = [Image.new("RGB", (60, 60), colour) for colour in ("red", "blue")]
    _, image = opened(encoded(frames[0], "GIF", save_all=True, append_images=frames[1:]))
    assert getattr(image, "n_frames", 1) == 1
    assert image.convert("RGB").getpixel((5, 5)) == (255, 0, 0)


def test_colours_of_print_and_of_phones_are_those_of_the_web():
    red, green, blue = opened(encoded(Image.new("CMYK", (60, 60), (0, 255, 255, 0)), "JPEG"))[1].getpixel((5, 5))
    assert (red > 200, green < 60, blue < 60) == (True, True, True)
    broken = encoded(Image.new("RGB", (60, 60), "red"), "JPEG", icc_profile=b"no profile at all")
    assert opened(broken)[1].getpixel((5, 5))[0] > 250
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    assert opened(encoded(Image.new("RGB", (60, 60), "red"), "JPEG", icc_profile=lab))[1].getpixel((5, 5))[0] > 250


def png(width, height, *chunks):
    """A PNG by its chunks (ISO/IEC 15948 §5), of 1 bit grey."""

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(chunk(*each) for each in chunks) + chunk(b"IEND", b"")


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HOSTILE = {
    "a bomb of pixels": (png(60_000, 60_000, (b"IDAT", zlib.compress(bytes(60_000_000)))), "50 million pixels"),
    "just too many pixels": (png(10_000, MOST_PIXELS // 10_000 + 1), "50 million pixels"),
    "a bomb of text": (png(90, 90, (b"zTXt", b"k\0\0" + zlib.compress(bytes(200_000_000)))), "damaged"),
    "a bomb of a profile": (png(90, 90, (b"iCCP", b"k\0\0" + zlib.compress(bytes(200_000_000)))), "damaged"),
    "a drawing that runs": (SVG, "no JPEG, PNG, GIF or WebP"),
    "another format": (encoded(Image.new("RGB", (90, 90)), "BMP"), "no JPEG, PNG, GIF or WebP"),
    "postscript": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 90 90\n(id) run\n", "no JPEG, PNG, GIF or WebP"),
    "a page": (b"<!DOCTYPE html><title>Not found</title>", "no JPEG, PNG, GIF or WebP"),
    "nothing": (b"", "no JPEG, PNG, GIF or WebP"),
    "a mark of trackers": (encoded(Image.new("RGB", (1, 1)), "GIF"), "1 × 1 pixels"),
    "half a photograph": (encoded(photo(), "JPEG")[:20_000], "damaged"),
    "too long": (b"\xff\xd8" + bytes(LARGEST), "larger than 20 MB"),
}


@pytest.mark.parametrize(("raw", "reason"), HOSTILE.values(), ids=HOSTILE)
def test_what_is_no_picture_is_said_and_costs_little(raw, reason):
    tracemalloc.start()
    with pytest.raises(Unusable, match=reason):
        prepare(raw)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20_000_000


@settings(max_examples=60)
@given(
    at=st.integers(0), junk=st.binary(min_size=1, max_size=40), format_=st.sampled_from(["JPEG", "PNG", "GIF", "WEBP"])
)
def test_whatever_is_damaged_is_shown_or_refused(at, junk, format_):
    raw = bytearray(SOUND[format_])
    at %= len(raw)
    raw[at : at + len(junk)] = junk
    with suppress(Refused):
        Image.open(io.BytesIO(prepare(bytes(raw)).content)).load()


SOUND = {each: encoded(photo(80, 60).convert("RGB"), each) for each in ("JPEG", "PNG", "GIF", "WEBP")}


@pytest.mark.parametrize(
    "name",
    [
        None,
        "",
        "a.jpg",
        "../" + "a" * 64 + "-1x1.jpg",
        "a" * 64 + "-0x10.jpg",
        "a" * 64 + "-10x10.svg",
        "A" * 64 + "-1x1.png",
    ],
)
def test_what_is_no_name_of_a_hosted_picture(name):
    assert picture.size(name) is None
