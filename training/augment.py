"""Two differently changed crops of each photograph, and what colours they show."""

import io
import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from training.captions import COLOURS

Pixels = NDArray[np.uint8]
_FILTERS = (Image.Resampling.BILINEAR, Image.Resampling.BICUBIC)


def random_box(
    width: int, height: int, least_area: float, generator: np.random.Generator
) -> tuple[float, float, float, float]:
    """A box of `least_area`..1 of the picture's area and an aspect ratio of 3:4..4:3 times its own."""
    area = generator.uniform(least_area, 1)
    stretch = math.exp(generator.uniform(math.log(3 / 4), math.log(4 / 3)))
    short = min(width, height)
    base_w, base_h = (width, height) if generator.random() < 0.5 else (short, short)
    w = min(width, base_w * math.sqrt(area * stretch))
    h = min(height, base_h * math.sqrt(area / stretch))
    left, top = generator.uniform(0, width - w), generator.uniform(0, height - h)
    return left, top, left + w, top + h


def change(picture: Image.Image, size: int, least_area: float, jpeg: float, generator: np.random.Generator) -> Pixels:
    """One random crop at size x size, mirrored half of the time, as a poor JPEG with probability `jpeg`."""
    box = random_box(*picture.size, least_area, generator)
    resample = _FILTERS[int(generator.integers(2))]
    if generator.random() < jpeg:
        middle = int(generator.integers(max(40, size // 2), 2 * size))
        buffer = io.BytesIO()
        picture.resize((middle, middle), resample, box=box).save(
            buffer, "JPEG", quality=int(generator.integers(25, 85))
        )
        picture, box = Image.open(buffer), None
    crop = picture.resize((size, size), resample, box=box)
    if generator.random() < 0.5:
        crop = crop.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    return np.asarray(crop)


def change_light(pixels: Pixels, generator: np.random.Generator, strength: float = 0.35) -> Pixels:
    """Brightness, contrast and saturation of (n, h, w, 3) pictures, one in 25 made gray."""
    n = len(pixels)
    x = pixels.astype(np.float32)
    saturation = generator.uniform(1 - strength, 1 + strength, (n, 1, 1, 1)).astype(np.float32)
    saturation[generator.random(n) < 0.04] = 0
    gray = x.mean(axis=3, keepdims=True)
    x = gray + (x - gray) * saturation
    contrast = generator.uniform(1 - strength, 1 + strength, (n, 1, 1, 1)).astype(np.float32)
    bright = generator.uniform(1 - strength, 1 + strength, (n, 1, 1, 1)).astype(np.float32)
    middle = x.mean(axis=(1, 2, 3), keepdims=True)
    x = ((x - middle) * contrast + middle) * bright
    return np.clip(x, 0, 255).astype(np.uint8)


def colour_shares(pixels: Pixels) -> NDArray[np.float32]:
    """Share of each of `captions.COLOURS` in (n, h, w, 3) pictures by hue, saturation and value: (n, 11)."""
    n, h, w, _ = pixels.shape
    x = pixels[:, h // 12 :: max(1, h // 12), w // 12 :: max(1, w // 12)].astype(np.float32) / 255
    high, low = x.max(-1), x.min(-1)
    span = np.maximum(high - low, 1e-6)
    saturation = span / np.maximum(high, 1e-6)
    r, g, b = x[..., 0], x[..., 1], x[..., 2]
    hue = np.where(high == r, (g - b) / span % 6, np.where(high == g, (b - r) / span + 2, (r - g) / span + 4)) * 60
    warm = (hue >= 12) & (hue < 45)
    red = (hue < 12) | (hue >= 340)
    pale = (saturation < 0.55) & (high > 0.7)
    conditions = [
        high < 0.2,
        (saturation < 0.14) & (high > 0.82),
        saturation < 0.18,
        ((hue >= 300) & (hue < 340)) | (red & pale),
        red,
        warm & (high > 0.65) & (saturation > 0.5),
        warm,
        (hue >= 45) & (hue < 68),
        (hue >= 68) & (hue < 170),
        (hue >= 170) & (hue < 258),
    ]
    names = ("black", "white", "gray", "pink", "red", "orange", "brown", "yellow", "green", "blue")
    index = np.select(conditions, [COLOURS.index(name) for name in names], COLOURS.index("purple")).reshape(n, -1)
    return np.stack([(index == i).mean(axis=1) for i in range(len(COLOURS))], axis=1).astype(np.float32)


def brightness(pixels: Pixels) -> NDArray[np.float32]:
    """Mean of (n, h, w, 3) pictures, 0..1."""
    return pixels[:, ::4, ::4].mean(axis=(1, 2, 3)).astype(np.float32) / 255
