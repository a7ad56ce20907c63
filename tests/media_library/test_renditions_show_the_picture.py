"""What `renditions.render` and `renditions.query_picture` make of pixels."""

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms

from media_library import images, renditions
from media_library.images import BadImage
from media_library.renditions import Box, Picture
from tests.media_library import drawn

COLOURS = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0)]


def opened(picture: Picture) -> Image.Image:
    return Image.open(io.BytesIO(picture.data))


def corners(picture: Picture) -> list[Any]:
    image = opened(picture).convert("RGB")
    right, lower = image.width * 3 // 4, image.height * 3 // 4
    return [image.getpixel((x, y)) for y in (image.height // 4, lower) for x in (image.width // 4, right)]


def close(seen: list[Any], wanted: list[Any], tolerance: int = 12) -> bool:
    return bool(np.abs(np.array(seen, int) - np.array(wanted, int)).max() <= tolerance)


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP", "AVIF", "TIFF", "HEIF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_renditions_are_upright(orientation: int, format_: str) -> None:
    done = renditions.render(drawn.turned(orientation, format_))
    assert (done.width, done.height) == (done.thumb.width, done.thumb.height) == (60, 40)
    assert close(corners(done.thumb), COLOURS, 40)
    assert close(corners(done.preview), COLOURS, 40)


@pytest.mark.parametrize(
    ("size", "thumb", "preview"),
    [
        ((300, 200), (300, 200), (300, 200)),
        ((1000, 500), (512, 256), (1000, 500)),
        ((3000, 1500), (512, 256), (2048, 1024)),
        ((4000, 3000), (512, 384), (2000, 1500)),
        ((100, 6400), (8, 512), (25, 1600)),
    ],
)
def test_sizes_of_jpegs(size: tuple[int, int], thumb: tuple[int, int], preview: tuple[int, int]) -> None:
    done = renditions.render(drawn.jpeg(*size))
    assert (done.width, done.height) == size
    assert (done.thumb.width, done.thumb.height) == thumb
    assert (done.preview.width, done.preview.height) == preview


def test_other_formats_are_shrunk_to_the_limit() -> None:
    done = renditions.render(drawn.encoded(drawn.quarters(4000, 1000), "PNG"))
    assert (done.preview.width, done.preview.height) == (2048, 512)
    assert close(corners(done.thumb), COLOURS)


def test_a_large_jpeg_is_not_decoded_at_full_size(monkeypatch: pytest.MonkeyPatch) -> None:
    file, sizes = drawn.jpeg(4000, 3000), []
    load = Image.Image.load
    monkeypatch.setattr(Image.Image, "load", lambda self: sizes.append(self.size) or load(self))  # type: ignore[func-returns-value]
    renditions.render(file)
    assert (2000, 1500) in sizes
    assert (4000, 3000) not in sizes


def test_deep_greys_are_scaled_and_not_clipped() -> None:
    ramp = np.tile(np.linspace(0, 65535, 256).astype(np.uint16), (64, 1))
    for format_ in ("PNG", "TIFF"):
        row = np.asarray(opened(renditions.render(drawn.encoded(Image.fromarray(ramp), format_)).thumb).convert("L"))[
            32
        ]
        assert np.abs(row.astype(int) - np.arange(256)).max() < 12


def test_12_bits_in_16_are_shown_bright() -> None:
    image = Image.fromarray(np.full((32, 32), 4000, np.uint16))
    shown = opened(renditions.render(drawn.encoded(image, "TIFF")).thumb).convert("L")
    assert shown.getpixel((16, 16)) == pytest.approx(250, abs=3)


def test_cmyk_becomes_rgb() -> None:
    done = renditions.render(drawn.encoded(drawn.quarters(mode="CMYK"), "JPEG", quality=95, subsampling=0))
    assert close(corners(done.thumb), COLOURS, 20)


def test_lab_becomes_rgb() -> None:
    lab = drawn.quarters().convert("LAB")
    assert close(corners(renditions.render(drawn.encoded(lab, "TIFF")).thumb), COLOURS, 30)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_transparency_is_kept(mode: str) -> None:
    image = Image.new("RGBA", (40, 40), (200, 30, 30, 0))
    image.paste((10, 200, 10, 255), (20, 0, 40, 40))
    done = renditions.render(drawn.encoded(image.convert(mode), "PNG"))
    shown = opened(done.thumb)
    assert shown.mode == "RGBA"
    assert shown.getpixel((5, 20))[3] < 5
    assert shown.getpixel((35, 20))[3] > 250


def test_an_alpha_channel_that_hides_nothing_is_dropped() -> None:
    assert opened(renditions.render(drawn.encoded(drawn.quarters(mode="RGBA"), "PNG")).thumb).mode == "RGB"


@pytest.mark.parametrize("format_", ["GIF", "PNG", "WEBP"])
def test_an_animation_shows_its_first_frame(format_: str) -> None:
    picture = opened(renditions.render(drawn.animation(5, format_)).thumb)
    assert picture.n_frames == 1
    assert close([picture.convert("RGB").getpixel((10, 5))], [(0, 200, 255)])


def test_colours_are_converted_to_srgb() -> None:
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    red, green = profile.index(b"rXYZ") + 4, profile.index(b"gXYZ") + 4  # swap where the two primaries are kept
    profile[red : red + 8], profile[green : green + 8] = profile[green : green + 8], profile[red : red + 8]
    renamed = profile.replace("sRGB built-in".encode("utf-16-be"), "odd display!!".encode("utf-16-be"))
    done = renditions.render(drawn.jpeg(icc_profile=bytes(renamed)))
    assert close(corners(done.thumb)[:2], [COLOURS[1], COLOURS[0]])


@pytest.mark.parametrize("profile", [b"nonsense", b"\0" * 500])
def test_a_broken_profile_is_ignored(profile: bytes) -> None:
    assert close(corners(renditions.render(drawn.jpeg(icc_profile=profile)).thumb), COLOURS)


def test_no_metadata_is_left_in_a_rendition() -> None:
    exif = Image.Exif()
    exif[0x010F] = "Secret Camera"
    done = renditions.render(drawn.jpeg(exif=exif, comment=b"Secret comment", icc_profile=b"Secret profile"))
    for picture in (done.thumb, done.preview):
        assert b"Secret" not in picture.data
        assert not {"exif", "xmp", "icc_profile"} & opened(picture).info.keys()


def test_the_dominant_colours() -> None:
    image = Image.new("RGB", (100, 100), "red")
    image.paste((0, 0, 255), (0, 0, 100, 25))
    colors = renditions.render(drawn.encoded(image, "PNG")).colors
    assert [name for name, _ in colors[:2]] == ["#ff0000", "#0000ff"]
    assert [share for _, share in colors[:2]] == pytest.approx([0.75, 0.25], abs=0.05)


def test_what_is_transparent_has_no_colour() -> None:
    assert renditions.render(drawn.encoded(Image.new("RGBA", (20, 20), (9, 9, 9, 0)), "PNG")).colors == []


def test_the_perceptual_hash_of_a_smaller_copy_is_near() -> None:
    scene = Image.radial_gradient("L").resize((900, 600))
    scene.paste(40, (100, 300, 400, 500))
    copies = [scene, scene.resize((90, 60))]
    hashes = [renditions.render(drawn.encoded(copy, "JPEG")).phash for copy in copies]
    assert bin(int(hashes[0], 16) ^ int(hashes[1], 16)).count("1") <= 6


@pytest.mark.parametrize("size", [(300, 200), (1500, 1000), (4000, 3000)])
def test_a_query_picture_is_the_same_as_the_thumb(size: tuple[int, int]) -> None:
    file = drawn.jpeg(*size)
    thumb = renditions.render(file).thumb
    assert renditions.query_picture(file).thumb == thumb
    assert renditions.query_picture(file, Box(0, 0, 1, 1)).thumb == thumb


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_box_is_cut_from_the_upright_picture(orientation: int) -> None:
    part = renditions.query_picture(drawn.turned(orientation), Box(0.5, 0.5, 0.5, 0.5)).thumb
    assert (part.width, part.height) == (30, 20)
    assert close(corners(part), [COLOURS[3]] * 4, 40)


def test_a_box_is_cut_at_the_resolution_it_needs() -> None:
    part = renditions.query_picture(drawn.jpeg(4000, 3000), Box(0.25, 0.25, 0.125, 0.125)).thumb
    assert (part.width, part.height) == (500, 375)


@pytest.mark.parametrize(("size", "larger"), [((400, 300), None), ((800, 600), 800), ((3000, 2000), 1024)])
def test_a_query_picture_keeps_what_a_box_of_it_is_cut_from(size: tuple[int, int], larger: int | None) -> None:
    kept = renditions.query_picture(drawn.jpeg(*size)).larger
    assert (kept and kept.width) == larger


def test_a_box_may_be_too_small() -> None:
    file = drawn.jpeg(600, 400)
    assert renditions.query_picture(file, Box(0, 0, 16 / 600, 16 / 400)).thumb.width == 16
    with pytest.raises(BadImage) as caught:
        renditions.query_picture(file, Box(0, 0, 15 / 600, 0.5))
    assert (caught.value.code, caught.value.status) == ("box_too_small", 400)


def test_too_little_memory_is_told_as_too_big_a_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    def exhausted(*args: object, **options: object) -> None:
        raise MemoryError

    for name in ("fit", "decode"):
        monkeypatch.setattr(renditions.pixels, name, exhausted)
        with pytest.raises(BadImage) as caught:
            renditions.render(drawn.jpeg())
        assert caught.value.code == "too_many_pixels"


def test_a_header_that_lies_about_the_size_is_checked_again_before_the_decode() -> None:
    with pytest.raises(BadImage, match="too big"):
        renditions.render(drawn.BOMBS["png"])


def test_pixels_that_cannot_be_decoded() -> None:
    data = drawn.encoded(drawn.quarters(), "PNG").getvalue()
    at = data.index(b"IDAT") + 4
    file = io.BytesIO(data[:at] + b"\xff" * 8 + data[at + 8 :])
    assert images.inspect(file).width == 60
    with pytest.raises(BadImage) as caught:
        renditions.render(file)
    assert caught.value.code in {"undecodable", "truncated"}
