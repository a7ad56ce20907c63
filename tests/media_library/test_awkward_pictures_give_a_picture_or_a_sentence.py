"""Every odd file is either rendered or refused with BadImage: those drawn here, and those in ../shared/data/awkward
where the repository lies beside that folder."""

import csv
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from media_library import images, renditions
from media_library.images import BadImage
from tests.media_library import drawn

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "data" / "awkward"
EXPECTED = list(csv.DictReader((FOLDER / "expected.csv").open())) if FOLDER.is_dir() else []

RAMP = np.tile(np.linspace(0, 1, 64), (64, 1))
DRAWN = {
    "cmyk.jpg": drawn.encoded(drawn.quarters(mode="CMYK"), "JPEG"),
    "grey.jpg": drawn.encoded(drawn.quarters(mode="L"), "JPEG"),
    "16 bits.png": drawn.encoded(Image.fromarray((RAMP * 65535).astype(np.uint16)), "PNG"),
    "16 bits.tif": drawn.encoded(Image.fromarray((RAMP * 65535).astype(np.uint16)), "TIFF"),
    "32 bits.tif": drawn.encoded(Image.fromarray((RAMP * 1e9 - 5e8).astype(np.int32)), "TIFF"),
    "float.tif": drawn.encoded(Image.fromarray(RAMP.astype(np.float32)), "TIFF"),
    "not numbers.tif": drawn.encoded(Image.fromarray(np.full((8, 8), np.nan, np.float32)), "TIFF"),
    "lab.tif": drawn.encoded(Image.new("LAB", (20, 20), (128, 100, 100)), "TIFF"),
    "one bit.tif": drawn.encoded(drawn.quarters(mode="1"), "TIFF"),
    "palette.png": drawn.encoded(drawn.quarters(mode="P"), "PNG"),
    "transparent palette.png": drawn.encoded(drawn.quarters(mode="P"), "PNG", transparency=0),
    "grey and alpha.png": drawn.encoded(drawn.quarters(mode="LA"), "PNG"),
    "alpha.webp": drawn.encoded(Image.new("RGBA", (30, 30), (255, 0, 0, 40)), "WEBP"),
    "animated.gif": drawn.animation(9, "GIF"),
    "animated.png": drawn.animation(9, "PNG"),
    "animated.webp": drawn.animation(9, "WEBP"),
    "one pixel.png": drawn.encoded(Image.new("RGB", (1, 1)), "PNG"),
    "thread.png": drawn.encoded(Image.new("RGB", (1, 5000)), "PNG"),
    "bad profile.jpg": drawn.jpeg(icc_profile=b"nonsense"),
    "profile of grey.jpg": drawn.jpeg(icc_profile=b"\0" * 200),
    "cut.jpg": io.BytesIO(drawn.jpeg(400, 400).getvalue()[:3000]),
    "cut.tif": io.BytesIO(drawn.encoded(drawn.quarters(200, 200), "TIFF").getvalue()[:500]),
    "cut.bmp": io.BytesIO(drawn.encoded(drawn.quarters(200, 200), "BMP").getvalue()[:500]),
    "cut.jp2": io.BytesIO(drawn.encoded(drawn.quarters(200, 200), "JPEG2000").getvalue()[:150]),
    "empty data.png": drawn.bomb_png(5, 5),
    **{f"bomb {kind}": file for kind, file in drawn.BOMBS.items()},
    **{f"turned {turn}.jpg": drawn.turned(turn) for turn in range(1, 9)},
}
BROKEN = {name for name in DRAWN if name.startswith(("cut", "bomb", "empty"))}


def rendered(data: bytes, name: str = "") -> renditions.Rendered:
    images.inspect(io.BytesIO(data), name)
    return renditions.render(io.BytesIO(data))


@pytest.mark.parametrize("name", sorted(DRAWN.keys() - BROKEN))
def test_an_odd_picture_is_rendered(name: str) -> None:
    done = rendered(DRAWN[name].getvalue())
    for picture in (done.thumb, done.preview):
        opened = Image.open(io.BytesIO(picture.data))
        assert (opened.format, opened.size) == ("WEBP", (picture.width, picture.height))
    assert len(done.phash) == 16


@pytest.mark.parametrize("name", sorted(BROKEN))
def test_a_broken_picture_is_refused(name: str) -> None:
    with pytest.raises(BadImage) as caught:
        rendered(DRAWN[name].getvalue())
    assert caught.value.status == 422


def test_the_collected_files_give_what_is_known_of_them() -> None:
    for row in EXPECTED:
        try:
            done = rendered((FOLDER / row["file"]).read_bytes(), row["file"])
        except BadImage as error:
            assert row["pillow"] != "decodes", (row["file"], error.code)
        else:
            known = (row["upright_width"], row["upright_height"])
            assert (str(done.width), str(done.height)) == known, row["file"]


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "HEIF", "AVIF", "JPEG2000"])
def test_garbled_bytes_give_a_picture_or_a_refusal(format_: str) -> None:
    whole = drawn.encoded(drawn.quarters(30, 20), format_).getvalue()
    outcomes = set()
    for at in range(0, len(whole), max(len(whole) // 60, 1)):
        garbled = whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :]
        try:
            outcomes.add(rendered(garbled).thumb.width > 0)
        except BadImage as error:
            outcomes.add(error.code)
    assert outcomes <= {True, "truncated", "undecodable", "not_an_image", "too_many_pixels"}
