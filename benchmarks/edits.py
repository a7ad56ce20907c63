"""What people do to pictures: single edits, and every two of them one after the other."""

import io
from collections.abc import Callable
from itertools import combinations

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFont

Generator = np.random.Generator
Edit = Callable[[Image.Image, Generator], Image.Image]


def crop(picture: Image.Image, generator: Generator) -> Image.Image:
    """90 % of the area or, half of the time, of each side, anywhere."""
    share = 0.9 if generator.random() < 0.5 else 0.9**0.5
    width, height = round(picture.width * share), round(picture.height * share)
    left = int(generator.integers(0, picture.width - width + 1))
    upper = int(generator.integers(0, picture.height - height + 1))
    return picture.crop((left, upper, left + width, upper + height))


def resize(picture: Image.Image, generator: Generator) -> Image.Image:
    """To 30 to 80 % of its sides."""
    scale = generator.uniform(0.3, 0.8)
    return picture.resize((max(round(picture.width * scale), 1), max(round(picture.height * scale), 1)))


def recompress(picture: Image.Image, generator: Generator) -> Image.Image:
    """As a JPEG of quality 20 to 60."""
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=int(generator.integers(20, 61)))
    return Image.open(file).convert("RGB")


def brightness(picture: Image.Image, generator: Generator) -> Image.Image:
    """10 to 35 % darker or brighter."""
    change = generator.uniform(0.1, 0.35) * generator.choice([-1, 1])
    return ImageEnhance.Brightness(picture).enhance(1 + change)


def watermark(picture: Image.Image, generator: Generator) -> Image.Image:
    """Letters of a seventh of the shorter side across most of the picture, 60 % opaque, white or black."""
    layer = Image.new("RGBA", picture.size, (0, 0, 0, 0))
    font = ImageFont.load_default(max(8, round(min(picture.size) * 0.14)))
    place = (generator.uniform(0.02, 0.4) * picture.width, generator.uniform(0.1, 0.8) * picture.height)
    ink = 255 if generator.random() < 0.5 else 0
    ImageDraw.Draw(layer).text(place, "© Example Studio", font=font, fill=(ink, ink, ink, 150))
    return Image.alpha_composite(picture.convert("RGBA"), layer).convert("RGB")


def rotate(picture: Image.Image, generator: Generator) -> Image.Image:
    """By 90°, either way."""
    return picture.transpose(Image.Transpose.ROTATE_90 if generator.random() < 0.5 else Image.Transpose.ROTATE_270)


def flip(picture: Image.Image, _generator: Generator) -> Image.Image:
    return picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)


EDITS: list[Edit] = [crop, resize, recompress, brightness, watermark, rotate, flip]
KINDS: list[tuple[Edit, ...]] = [*((edit,) for edit in EDITS), *combinations(EDITS, 2)]


def name(kind: tuple[Edit, ...]) -> str:
    return ", ".join(edit.__name__ for edit in kind)


def edited(picture: Image.Image, kind: tuple[Edit, ...], generator: Generator) -> Image.Image:
    for edit in kind:
        picture = edit(picture, generator)
    return picture
