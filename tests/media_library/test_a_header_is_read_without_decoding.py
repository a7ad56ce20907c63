"""`images.inspect` accepts what can be kept, and says what it is from the bytes."""

import io
from typing import BinaryIO

import pytest
from PIL import Image, ImageFile

from media_library import images
from tests.media_library import drawn

FORMATS = {
    "jpeg": "JPEG",
    "png": "PNG",
    "webp": "WEBP",
    "gif": "GIF",
    "tiff": "TIFF",
    "bmp": "BMP",
    "heif": "HEIF",
    "avif": "AVIF",
    "jpeg2000": "JPEG2000",
}


@pytest.mark.parametrize("ours", FORMATS)
def test_every_format_is_recognised_by_its_bytes(ours: str) -> None:
    header = images.inspect(drawn.encoded(drawn.quarters(64, 48), FORMATS[ours]))
    assert (header.format, header.width, header.height, header.frames) == (ours, 64, 48, 1)
    assert header.mime_type == images.MIME_TYPES[ours]


def test_a_multi_picture_jpeg_counts_as_one_jpeg() -> None:
    file = drawn.encoded(drawn.quarters(), "MPO", save_all=True, append_images=[drawn.quarters()])
    header = images.inspect(file, "stereo.mpo")
    assert (header.format, header.frames) == ("jpeg", 1)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP", "AVIF", "TIFF", "HEIF"])
def test_sides_are_those_of_the_upright_picture(orientation: int, format_: str) -> None:
    header = images.inspect(drawn.turned(orientation, format_))
    assert (header.width, header.height) == (60, 40)


def test_an_orientation_behind_the_pixels_of_a_png_counts_too() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    data = drawn.encoded(drawn.quarters(), "PNG").getvalue()
    end = data.index(b"IEND") - 4
    late = data[:end] + drawn.png_chunk(b"eXIf", exif.tobytes()[6:]) + data[end:]
    assert images.inspect(io.BytesIO(late)).width == 40


@pytest.mark.parametrize(("format_", "ours"), [("GIF", "gif"), ("PNG", "png"), ("WEBP", "webp"), ("TIFF", "tiff")])
def test_frames_are_counted(format_: str, ours: str) -> None:
    header = images.inspect(drawn.animation(7, format_))
    assert (header.format, header.frames) == (ours, 7)


def test_no_pixel_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    files = [drawn.encoded(drawn.quarters(), format_) for format_ in FORMATS.values()]

    def refuse(self: object, *args: object) -> None:
        raise AssertionError("decoded")

    for plugin in (Image.Image, ImageFile.ImageFile, *ImageFile.ImageFile.__subclasses__()):
        monkeypatch.setattr(plugin, "load", refuse)
    assert [images.inspect(file).format for file in files] == list(FORMATS)


def test_the_file_is_left_at_its_beginning() -> None:
    file = drawn.jpeg()
    file.seek(5)
    images.inspect(file)
    assert file.tell() == 0


@pytest.mark.parametrize(
    "name",
    [
        "",
        "photo",
        "photo.jpg",
        "photo.JPEG",
        "a.jpe",
        "b.jfif",
        "sunset.final",
        "10.15.32",
        ".jpg",
        "nul\0.jpg",
        "a.b/c.jpg",
    ],
)
def test_names_that_do_not_contradict_a_jpeg(name: str) -> None:
    assert images.inspect(drawn.jpeg(), name).format == "jpeg"


@pytest.mark.parametrize("name", ["x.heic", "x.HEIF", "x.hif"])
def test_heif_has_several_extensions(name: str) -> None:
    assert images.inspect(drawn.encoded(drawn.quarters(), "HEIF"), name).format == "heif"


def test_bytes_after_the_end_of_a_jpeg_do_no_harm() -> None:
    assert images.inspect(io.BytesIO(drawn.jpeg().getvalue() + b"motion photo" * 999)).format == "jpeg"


def test_a_gif_without_its_trailer_is_accepted() -> None:
    whole: BinaryIO = drawn.animation(2, "GIF")
    assert images.inspect(io.BytesIO(whole.read()[:-1])).frames == 2


@pytest.mark.parametrize("value", [0, 9, 77])
def test_a_nonsensical_orientation_is_ignored(value: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = value
    assert images.inspect(drawn.jpeg(exif=exif)).width == 60
