"""Changed copies of photographs, as re-uploads and re-exports make them."""

import io

import numpy as np
from PIL import Image, ImageEnhance

KINDS = ("all", "crop", "JPEG", "brightness", "flip", "resize")


def changed_copy(picture: Image.Image, kind: str, generator: np.random.Generator) -> Image.Image:
    """A near-duplicate.

    crop keeps 60-90 % of the area; resize gives a shorter side of 64-128 px, since no real copy has less
    detail than the tower looks at; JPEG has quality 40; brightness is 0.7-1.3 times; flip mirrors; 'all'
    does each of them in this order, the flip in half of the cases.
    """
    if kind in ("crop", "all"):
        picture = _crop(picture, generator)
    if kind in ("resize", "all"):
        scale = generator.uniform(64, 128) / min(picture.size)
        picture = picture.resize((round(picture.width * scale), round(picture.height * scale)))
    if kind in ("brightness", "all"):
        picture = ImageEnhance.Brightness(picture).enhance(generator.uniform(0.7, 1.3))
    if kind == "flip" or (kind == "all" and generator.random() < 0.5):
        picture = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    if kind in ("JPEG", "all"):
        buffer = io.BytesIO()
        picture.save(buffer, "JPEG", quality=40)
        picture = Image.open(buffer).convert("RGB")
    return picture


def _crop(picture: Image.Image, generator: np.random.Generator) -> Image.Image:
    side = generator.uniform(0.6, 0.9) ** 0.5
    width, height = round(picture.width * side), round(picture.height * side)
    left = int(generator.integers(0, picture.width - width + 1))
    top = int(generator.integers(0, picture.height - height + 1))
    return picture.crop((left, top, left + width, top + height))
