"""Colours as they have to be by the formulas of the colour spaces.

Of a photograph in about 65 encodings (orientations, depths, palettes, transparency, profiles, compressions), libvips
8.18 gave the same pixels, within 1.4 of 255 on average. Inks differ by 5 with a profile and by 14 without one, for
which libvips has its own; and so do floats of TIFF files, which it takes for 0 to 255.
"""

import io
import struct
from typing import Any

import numpy as np
import pytest
from PIL import Image

from media_library import pixels, renditions
from tests.media_library import drawn, profiles

COLOURS = [(200, 60, 30), (30, 180, 60), (40, 60, 220), (128, 128, 128), (250, 240, 20)]


def shown(file: io.BytesIO) -> Any:
    """What is in the middle of its preview, as numbers 0 to 255."""
    done = renditions.render(file)
    picture = Image.open(io.BytesIO(done.preview.data))
    return np.array(picture.getpixel((picture.width // 2, picture.height // 2)), int)


def plain(mode: str, colour: Any, format_: str, **options: Any) -> io.BytesIO:
    return drawn.encoded(Image.new(mode, (32, 32), colour), format_, **options)


def close(seen: Any, wanted: Any, tolerance: int = 3) -> bool:
    return bool(np.abs(seen - np.array(wanted)).max() <= tolerance)


@pytest.mark.parametrize(
    ("matrix", "curve"),
    [(profiles.DISPLAY_P3, profiles.srgb_curve), (profiles.ADOBE_RGB, 2.19921875), (profiles.PROPHOTO, 1.8)],
    ids=["Display P3", "Adobe RGB", "ProPhoto"],
)
def test_wide_gamuts_become_srgb(matrix: profiles.Matrix, curve: profiles.Curve) -> None:
    profile = profiles.rgb(matrix, curve)
    for colour in COLOURS:
        assert close(shown(plain("RGB", colour, "PNG", icc_profile=profile)), profiles.in_srgb(matrix, curve, colour))


@pytest.mark.parametrize("format_", ["JPEG", "WEBP", "TIFF", "AVIF", "HEIF"])
def test_profiles_are_read_from_every_format(format_: str) -> None:
    profile = profiles.rgb(profiles.DISPLAY_P3, profiles.srgb_curve)
    wanted = profiles.in_srgb(profiles.DISPLAY_P3, profiles.srgb_curve, COLOURS[0])
    assert close(shown(plain("RGB", COLOURS[0], format_, icc_profile=profile)), wanted, 6)


def test_a_profile_is_known_by_what_it_does_and_not_by_its_name() -> None:
    linear = profiles.rgb(profiles.SRGB, 1.0, name="sRGB built-in, linear")
    assert close(shown(plain("RGB", (55, 55, 55), "PNG", icc_profile=linear)), [128] * 3)
    same = profiles.rgb(profiles.SRGB, profiles.srgb_curve, name="something else")
    assert pixels._transform(same, "RGB", "RGB") is None


def test_profiles_of_greys() -> None:
    profile = profiles.grey(1.0)
    assert close(shown(plain("L", 55, "PNG", icc_profile=profile)), [128] * 3)
    assert close(shown(plain("LA", (55, 90), "PNG", icc_profile=profile)), [128, 128, 128, 90])
    assert close(shown(plain("RGBA", (55, 55, 55, 90), "PNG", icc_profile=profile)), [55, 55, 55, 90])


def test_a_profile_for_other_pixels_or_of_no_sane_size_is_ignored() -> None:
    other = profiles.grey(1.0)
    assert close(shown(plain("RGB", COLOURS[0], "JPEG", quality=95, subsampling=0, icc_profile=other)), COLOURS[0])
    large = profiles.rgb(profiles.ADOBE_RGB, 2.2).ljust(2 * 2**20, b"\0")
    assert not close(shown(plain("RGB", COLOURS[0], "TIFF", icc_profile=large)), COLOURS[0], 10)
    huge = large.ljust(5 * 2**20, b"\0")
    assert close(shown(plain("RGB", COLOURS[0], "TIFF", icc_profile=huge)), COLOURS[0])


@pytest.mark.parametrize("format_", ["PNG", "TIFF", "JPEG2000"])
@pytest.mark.parametrize("level", [5_000, 20_000, 60_000])
def test_deep_greys_keep_their_lightness(format_: str, level: int) -> None:
    picture = Image.fromarray(np.full((32, 32), level, np.uint16))
    assert close(shown(drawn.encoded(picture, format_)), [level / 257] * 3)


def deep_png(colour_type: int, samples: tuple[int, ...]) -> io.BytesIO:
    import zlib

    header = struct.pack(">IIBBBBB", 8, 8, 16, colour_type, 0, 0, 0)
    row = b"\0" + struct.pack(f">{len(samples)}H", *samples) * 8
    chunks = drawn.png_chunk(b"IHDR", header) + drawn.png_chunk(b"IDAT", zlib.compress(row * 8))
    return io.BytesIO(b"\x89PNG\r\n\x1a\n" + chunks + drawn.png_chunk(b"IEND", b""))


def deep_tiff(order: str) -> io.BytesIO:
    """16 bits of red, green and blue, without compression."""
    samples, bits = struct.pack(order + "3H", 51_400, 15_420, 7_710) * 64, struct.pack(order + "3H", 16, 16, 16)
    entries = [(256, 3, 1, 8), (257, 3, 1, 8), (258, 3, 3, 8), (259, 3, 1, 1), (262, 3, 1, 2), (273, 4, 1, 14)]
    entries += [(277, 3, 1, 3), (278, 3, 1, 8), (279, 4, 1, len(samples))]
    body = struct.pack(order + "H", len(entries))
    for tag, kind, count, value in entries:
        whole = kind == 4 or count > 1
        packed = struct.pack(order + "I", value) if whole else struct.pack(order + "HH", value, 0)
        body += struct.pack(order + "HHI", tag, kind, count) + packed
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 14 + len(samples))
    return io.BytesIO(head + bits + samples + body + b"\0" * 4)


def test_deep_colours_are_neither_clipped_nor_dark() -> None:
    assert close(shown(deep_png(2, (51_400, 15_420, 7_710))), COLOURS[0])
    assert close(shown(deep_png(6, (51_400, 15_420, 7_710, 25_700))), [*COLOURS[0], 100])
    assert close(shown(deep_png(4, (51_400, 25_700))), [200, 200, 200, 100])
    for order in "<>":
        assert close(shown(deep_tiff(order)), COLOURS[0])


@pytest.mark.parametrize(
    ("inks", "wanted"),
    [
        ((255, 0, 0, 0), (0, 255, 255)),
        ((0, 255, 255, 0), (255, 0, 0)),
        ((0, 0, 0, 255), (0, 0, 0)),
        ((0, 0, 0, 0), (255, 255, 255)),
        ((100, 50, 0, 20), (144, 189, 235)),
    ],
)
def test_inks_become_colours_with_and_without_adobes_marker(inks: Any, wanted: Any) -> None:
    with_marker = plain("CMYK", inks, "JPEG", quality=95, subsampling=0)
    data = with_marker.getvalue()
    at = data.index(b"\xff\xee")
    without = io.BytesIO(data[:at] + data[at + 16 :])
    for file in (with_marker, without, plain("CMYK", inks, "TIFF")):
        assert close(shown(file), wanted)


def test_inks_written_as_luminance_and_colour() -> None:
    data = bytearray(plain("CMYK", (127, 127, 127, 0), "JPEG", quality=95).getvalue())
    at = data.index(b"Adobe") + 11
    assert data[at] == 0
    data[at] = 2  # YCCK: what stands there is luminance 128, no colour, no black
    assert close(shown(io.BytesIO(bytes(data))), [128] * 3)


def test_one_bit_either_way_round() -> None:
    for format_ in ("PNG", "TIFF", "BMP"):
        assert close(shown(plain("1", 1, format_)), [255] * 3)
    data = bytearray(plain("1", 1, "TIFF").getvalue())
    at = data.index(struct.pack("<HHIH", 262, 3, 1, 1)) + 8
    data[at] = 0  # white is zero
    assert close(shown(io.BytesIO(bytes(data))), [0] * 3)


def test_numbers_with_a_point() -> None:
    assert close(shown(drawn.encoded(Image.fromarray(np.full((8, 8), 0.25, np.float32)), "TIFF")), [64] * 3)


def test_a_frame_that_is_smaller_than_its_canvas_shows_what_is_behind_it() -> None:
    frame = b",\4\0\4\0\1\0\1\0\0\x02\x02D\x01\0"  # one pixel of 9 x 9
    colours = b"\xff\0\0\0\0\xff"
    file = io.BytesIO(b"GIF89a" + struct.pack("<HHBBB", 9, 9, 0x80, 1, 0) + colours + frame + b";")
    done = renditions.render(file)
    assert (done.width, done.height) == (9, 9)
    assert close(np.array(Image.open(io.BytesIO(done.preview.data)).convert("RGB").getpixel((4, 4))), [255, 0, 0], 90)


@pytest.mark.parametrize("format_", ["PNG", "WEBP", "TIFF"])
def test_colours_under_transparency_do_not_bleed(format_: str) -> None:
    picture = Image.new("RGBA", (1200, 800), (0, 255, 0, 0))  # invisible green
    picture.paste((255, 0, 0, 255), (0, 0, 601, 800))
    edge = Image.open(io.BytesIO(renditions.render(drawn.encoded(picture, format_)).thumb.data)).convert("RGBA")
    assert all(green < 60 for _red, green, _blue, alpha in [edge.getpixel((x, 100)) for x in range(512)] if alpha > 100)
