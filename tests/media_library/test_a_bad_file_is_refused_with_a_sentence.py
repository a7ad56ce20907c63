"""`images.inspect` refuses with a code, a status and a sentence, in a fixed order, at a bounded cost."""

import io
import pickle
import struct

import pytest
from pytest_django import Settings

from media_library import images, structure
from media_library.images import BadImage
from tests.media_library import drawn


def refusal(file: io.BytesIO, name: str = "") -> BadImage:
    with pytest.raises(BadImage) as caught:
        images.inspect(file, name)
    assert str(caught.value.message).endswith(".")
    assert file.tell() == 0
    return caught.value


def test_an_empty_file() -> None:
    error = refusal(io.BytesIO(), "photo.jpg")
    assert (error.code, error.status) == ("empty", 400)


def test_a_file_over_the_limit(settings: Settings) -> None:
    file = drawn.jpeg()
    settings.MAX_UPLOAD_BYTES = len(file.getvalue()) - 1
    error = refusal(file)
    assert (error.code, error.status) == ("too_large", 413)


def test_a_file_at_the_limit_passes(settings: Settings) -> None:
    file = drawn.jpeg()
    settings.MAX_UPLOAD_BYTES = len(file.getvalue())
    assert images.inspect(file).format == "jpeg"


@pytest.mark.parametrize(
    "head",
    [
        b"hello",
        b"%PDF-1.7\n",
        b"<?xml version='1.0'?><svg/>",
        b"\0\0\x01\0\x01\0",
        b"%!PS-Adobe-3.0 EPSF-3.0",
        b"8BPS\0\x01",
        b"\0\0\0\x18ftypmp42\0\0\0\0isommp42",
        b"BM, said the fox, is a picture",
        b"P6 1 1 255 abc",
        b"\xff\xd8",
    ],
)
def test_what_is_not_a_picture(head: bytes) -> None:
    error = refusal(io.BytesIO(head.ljust(300, b" ")))
    assert (error.code, error.status) == ("not_an_image", 415)


@pytest.mark.parametrize("name", ["a.png", "a.txt", "a.pdf", "a.heic", "a.exe", "a.svg", "a.jpg.html", "A.PNG "])
def test_an_extension_that_contradicts_the_content(name: str) -> None:
    error = refusal(drawn.jpeg(), name)
    assert (error.code, error.status) == ("wrong_extension", 415)


def test_the_sentence_says_how_to_rename() -> None:
    error = refusal(drawn.encoded(drawn.quarters(), "PNG"), "photo.jpg")
    assert error.message == ("This file is named .jpg but holds a PNG image. Rename it to .png and upload it again.")


def test_a_camera_raw_file_is_not_taken_for_a_tiff() -> None:
    assert refusal(drawn.encoded(drawn.quarters(), "TIFF"), "IMG_1.DNG").code == "not_an_image"


@pytest.mark.parametrize("kind", drawn.BOMBS)
def test_a_pixel_bomb(kind: str) -> None:
    error = refusal(drawn.BOMBS[kind])
    assert (error.code, error.status) == ("too_many_pixels", 422)


def test_frames_count_as_pixels(settings: Settings) -> None:
    file = drawn.animation(7, "GIF")
    settings.MAX_PIXELS = 20 * 10 * 7
    assert images.inspect(file).frames == 7
    settings.MAX_PIXELS -= 1
    assert refusal(file).code == "too_many_pixels"


@pytest.mark.parametrize("file", [drawn.bomb_png(0, 5), drawn.bomb_jpeg(0, 0)])
def test_a_picture_without_pixels(file: io.BytesIO) -> None:
    assert refusal(file).code == "too_many_pixels"


@pytest.mark.parametrize(
    "file", [drawn.bomb_gif(1, 1, frames=1_000_000), io.BytesIO(b"\xff\xd8\xff" + b"\xff" * 10**6)]
)
def test_counting_is_given_up_early(file: io.BytesIO, monkeypatch: pytest.MonkeyPatch) -> None:
    cursor = structure.Cursor(file)
    with pytest.raises(structure.TooManyBlocks):
        (structure._gif if file.getvalue().startswith(b"GIF") else structure._jpeg)(cursor, structure.Structure())
    assert cursor.position < 3 * structure.MAX_BLOCKS * 5
    assert refusal(file).code == "too_many_pixels"


def test_a_jpeg_with_hundreds_of_exif_blocks_is_not_handed_to_the_decoder() -> None:
    data = drawn.jpeg().getvalue()
    block = b"\xff\xe1\xff\xffExif\0\0" + b"\0" * 65527
    assert refusal(io.BytesIO(data[:2] + block * 100 + data[2:])).code == "too_many_pixels"


def test_a_tiff_whose_pages_form_a_ring_is_counted_once() -> None:
    data = bytearray(drawn.encoded(drawn.quarters(), "TIFF").getvalue())
    (first,) = struct.unpack_from("<I", data, 4)
    (entries,) = struct.unpack_from("<H", data, first)
    struct.pack_into("<I", data, first + 2 + 12 * entries, first)
    assert images.inspect(io.BytesIO(bytes(data))).frames == 1


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP", "GIF", "HEIF", "AVIF"])
@pytest.mark.parametrize("share", [0.5, 0.9, 0.99])
def test_a_truncated_file(format_: str, share: float) -> None:
    data = drawn.encoded(drawn.quarters(600, 400), format_).getvalue()
    error = refusal(io.BytesIO(data[: int(len(data) * share)]))
    assert (error.code, error.status) == ("truncated", 422)


def test_the_thumbnail_in_a_truncated_jpeg_does_not_make_it_whole() -> None:
    data = drawn.jpeg().getvalue()
    thumbnail = b"Exif\0\0" + data
    segment = b"\xff\xe1" + struct.pack(">H", len(thumbnail) + 2) + thumbnail
    assert refusal(io.BytesIO(data[:2] + segment + data[2:-2])).code == "truncated"


def test_a_bomb_that_is_truncated_is_called_a_bomb() -> None:
    assert refusal(io.BytesIO(drawn.bomb_png(50_000, 50_000).getvalue()[:40])).code == "too_many_pixels"


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "HEIF", "AVIF", "JPEG2000"])
def test_garbled_bytes_never_raise_anything_else(format_: str) -> None:
    whole = drawn.encoded(drawn.quarters(), format_).getvalue()
    for at in range(0, min(len(whole), 400)):
        garbled = whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :]
        try:
            assert images.inspect(io.BytesIO(garbled)).width
        except BadImage as error:
            assert error.status in {415, 422}


def test_a_refusal_survives_the_way_between_processes() -> None:
    error = pickle.loads(pickle.dumps(refusal(drawn.jpeg(), "a.png")))  # noqa: S301
    assert (error.code, error.status) == ("wrong_extension", 415)
