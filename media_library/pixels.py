"""Decoded pixels made plain: upright, 8 bits, sRGB, RGB or RGBA, and no larger than asked."""

import io
from functools import lru_cache
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageCms

from media_library.images import Header, decoder_failures, open_lazily

TRANSPOSE = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


MAX_PROFILE_BYTES = 4 * 1024 * 1024  # those of printing presses take up to 3


def decode(file: BinaryIO, header: Header, *, scale: int = 1) -> Image.Image:
    """The first frame, decoded, with its metadata still on it and not yet upright.

    A JPEG is decoded at 1/`scale` (1, 2, 4 or 8) of its size, which is far cheaper than decoding and shrinking.
    """
    with decoder_failures(header.format):
        image = open_lazily(file, header.format)
        if header.format == "jpeg" and scale > 1:
            image.draft(image.mode, (max(image.width // scale, 1), max(image.height // scale, 1)))
        image.load()
    return image


def plain(image: Image.Image, header: Header, longest: int) -> Image.Image:
    """Upright sRGB pixels, RGB or RGBA, with the longest side at most `longest`. Never enlarges."""
    profile = image.info.get("icc_profile")
    grey = image.mode in {"L", "LA", "La"}
    with decoder_failures(header.format):
        pixels = _resizable(image)
    pixels = fit(pixels, longest)  # the costly steps below see few pixels
    pixels = _to_srgb(pixels, profile, grey=grey)
    if header.orientation in TRANSPOSE:
        pixels = pixels.transpose(TRANSPOSE[header.orientation])
    if pixels.mode == "RGBA" and pixels.getchannel("A").getextrema() == (255, 255):
        pixels = pixels.convert("RGB")
    pixels.info = {}
    return pixels


def fit(image: Image.Image, longest: int) -> Image.Image:
    """Shrink to at most `longest` pixels on the longest side; smaller pictures stay as they are."""
    scale = longest / max(image.size)
    if scale >= 1:
        return image
    size = (max(round(image.width * scale), 1), max(round(image.height * scale), 1))
    return image.resize(size, Image.Resampling.BICUBIC, reducing_gap=1.5)


def on_white(image: Image.Image) -> Image.Image:
    """Without its transparency."""
    if image.mode != "RGBA":
        return image
    white = Image.new("RGBA", image.size, "white")
    return Image.alpha_composite(white, image).convert("RGB")


def _resizable(image: Image.Image) -> Image.Image:
    """One of the modes L, RGB, RGBA, CMYK and LAB, which are resized as they are."""
    if image.mode.startswith("I;16") or image.mode in {"I", "F"}:
        image = _to_8_bits(image)
    if image.has_transparency_data:
        return image.convert("RGBA")
    return image if image.mode in {"L", "RGB", "CMYK", "LAB"} else image.convert("RGB")


def _to_8_bits(image: Image.Image) -> Image.Image:
    """Deep greys. Whole numbers of 16 bits use them all, but for what cameras of laboratories write as TIFF: 12 bits or
    less in 16. Other whole numbers are shifted by the depth that they use (8 to 16 bits), the rest is stretched."""
    values = np.asarray(image)
    if not values.size:
        return image.convert("L")
    finite = values if values.dtype.kind in "ui" else np.nan_to_num(values, posinf=0, neginf=0)
    low, high = finite.min(), finite.max()
    if values.dtype.kind in "ui" and low >= 0 and high < 65536:
        depth = max(int(high).bit_length(), 8)
        if image.mode.startswith("I;16") and (image.format != "TIFF" or depth > 12):
            depth = 16
        grey = finite >> (depth - 8)
    elif low >= 0 and high <= 1:
        grey = finite * 255
    elif low >= 0 and high <= 255:
        grey = finite
    else:
        grey = (finite - float(low)) * (255 / max(float(high) - float(low), 1e-30))
    return Image.fromarray(grey.astype(np.uint8))


def _to_srgb(image: Image.Image, profile: bytes | None, *, grey: bool) -> Image.Image:
    """`grey`: that is what it was, with a profile of greys; those know nothing of transparency."""
    mode = "RGBA" if image.mode == "RGBA" else "RGB"
    if profile and len(profile) <= MAX_PROFILE_BYTES:
        if transform := _transform(profile, image.mode, mode):
            return transform.apply(image)
        if grey and mode == "RGBA" and (transform := _transform(profile, "L", "RGB")):
            opaque = transform.apply(image.getchannel("R"))
            opaque.putalpha(image.getchannel("A"))
            return opaque
    return image if image.mode == mode else image.convert(mode)


@lru_cache(maxsize=16)
def _transform(profile: bytes, mode: str, target: str) -> ImageCms.ImageCmsTransform | None:
    """None for a profile that changes nothing, is broken, or made for another kind of pixels."""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        transform = ImageCms.buildTransform(source, _SRGB, mode, target)
        if mode in {"RGB", "RGBA"} and _changes_little(transform, mode):
            return None
        return transform
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None


def _changes_little(transform: ImageCms.ImageCmsTransform, mode: str) -> bool:
    """As those of sRGB do, which half of all pictures have. Their names tell nothing: there is a "linear sRGB"."""
    before = Image.fromarray(_SAMPLES).convert(mode)
    return int(np.abs(np.asarray(transform.apply(before), int) - np.asarray(before, int)).max()) <= 2


_SAMPLES = np.stack(np.meshgrid(*[np.arange(0, 256, 51, dtype=np.uint8)] * 3), axis=-1).reshape(6, -1, 3)
_SRGB = ImageCms.createProfile("sRGB")
