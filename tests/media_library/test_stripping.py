"""An original is stripped of what it says of itself, and shows the same."""

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image, PngImagePlugin
from PIL.ExifTags import GPS, IFD, Base

from media_library import images, stripping
from media_library.stripping import CannotStrip, stripped

SECRET = b"Hidden Beach"


def noisy(size: tuple[int, int] = (64, 48), mode: str = "RGB") -> Image.Image:
    rng = np.random.default_rng(3)
    shape = (size[1], size[0], len(mode))
    return Image.fromarray(rng.integers(0, 255, shape, dtype=np.uint8), mode)


def exif(orientation: int = 1) -> Image.Exif:
    made = Image.Exif()
    made[Base.Orientation] = orientation
    made[Base.Artist] = made[Base.ImageDescription] = SECRET.decode()
    made.get_ifd(IFD.GPSInfo).update({GPS.GPSLatitudeRef: "N", GPS.GPSLatitude: (48.0, 51.0, 24.0)})
    return made


def saved(picture: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def original(kind: str, orientation: int = 1) -> bytes:
    options: dict[str, Any] = {"exif": exif(orientation)}
    if kind == "JPEG":
        options |= {"comment": SECRET, "progressive": True, "xmp": b"<x>" + SECRET + b"</x>"}
    elif kind == "PNG":
        options["pnginfo"] = info = PngImagePlugin.PngInfo()
        info.add_text("Comment", SECRET.decode())
        info.add_itxt("XML:com.adobe.xmp", SECRET.decode())
    else:
        options |= {"xmp": SECRET, "lossless": True}
    return saved(noisy(), kind, **options)


def pixels(data: bytes) -> Any:
    with Image.open(io.BytesIO(data)) as picture:
        return np.asarray(picture.convert("RGB"))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_nothing_of_where_and_by_whom_is_left_and_no_pixel_differs(kind: str) -> None:
    data = original(kind)
    assert SECRET in data
    clean = stripped(data, kind.lower())
    assert SECRET not in clean
    assert b"GPS" not in clean
    with Image.open(io.BytesIO(clean)) as picture:
        assert dict(picture.getexif()) == {}
        assert not {"exif", "xmp", "comment", "Comment"} & picture.info.keys()
    assert (pixels(clean) == pixels(data)).all()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", [2, 6, 8])
def test_what_lies_on_its_side_still_stands_upright(kind: str, orientation: int) -> None:
    clean = stripped(original(kind, orientation), kind.lower(), orientation)
    header = images.inspect(io.BytesIO(clean))
    assert header.orientation == orientation
    with Image.open(io.BytesIO(clean)) as picture:
        assert dict(picture.getexif()) == {Base.Orientation: orientation}
        assert dict(picture.getexif().get_ifd(IFD.GPSInfo)) == {}


def test_what_stands_behind_the_picture_is_cut_off() -> None:
    """Phones put a second picture or a film there, with a place of its own."""
    data = original("JPEG")
    assert stripped(data + data + SECRET, "jpeg") == stripped(data, "jpeg")
    png = original("PNG")
    assert stripped(png + SECRET, "png") == stripped(png, "png")


def test_the_colour_profile_stays() -> None:
    from PIL import ImageCms

    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for kind in ("JPEG", "PNG", "WEBP"):
        clean = stripped(saved(noisy(), kind, icc_profile=profile, exif=exif()), kind.lower())
        with Image.open(io.BytesIO(clean)) as picture:
            assert picture.info["icc_profile"] == profile


def test_cmyk_and_restart_markers_stay_readable() -> None:
    cmyk = saved(noisy(mode="CMYK"), "JPEG", exif=exif())
    restarts = saved(noisy((200, 200)), "JPEG", exif=exif(), restart_marker_blocks=4)
    for data in (cmyk, restarts):
        assert (pixels(stripped(data, "jpeg")) == pixels(data)).all()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_what_is_broken_anywhere_is_refused_or_readable(kind: str) -> None:
    data = original(kind)
    for end in range(0, len(data) - 1, max(1, len(data) // 200)):
        try:
            stripped(data[:end], kind.lower())
        except CannotStrip:
            continue
        assert kind == "WEBP"  # whose parts may be whole although the file is not


@pytest.mark.parametrize("format_", sorted(set(images.FORMATS) - stripping.FORMATS))
def test_other_kinds_are_refused(format_: str) -> None:
    with pytest.raises(CannotStrip):
        stripped(b"anything", format_)
