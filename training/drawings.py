"""Pictures that the recipe draws itself, each with the captions that are true of it."""

import colorsys
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from training.captions import COLOURS, NUMBERS, PATTERNS, article

_CANVAS = 160

_HSV = {  # hue in degrees, saturation, value: lowest and highest
    "red": ((-10, 10), (0.75, 1), (0.6, 1)), "orange": ((22, 38), (0.8, 1), (0.85, 1)),
    "yellow": ((48, 62), (0.75, 1), (0.85, 1)), "green": ((90, 150), (0.55, 1), (0.35, 0.9)),
    "blue": ((205, 245), (0.6, 1), (0.45, 1)), "purple": ((268, 292), (0.5, 1), (0.4, 0.9)),
    "pink": ((315, 345), (0.3, 0.75), (0.85, 1)), "brown": ((14, 30), (0.5, 0.85), (0.25, 0.52)),
    "black": ((0, 360), (0, 0.3), (0, 0.1)), "white": ((0, 360), (0, 0.04), (0.94, 1)),
    "gray": ((0, 360), (0, 0.08), (0.35, 0.68)),
}  # fmt: skip

Rgb = tuple[int, int, int]


@dataclass(frozen=True)
class Drawing:
    """A picture, the caption that says most about it, and further (family, caption) pairs that are true."""

    picture: Image.Image
    caption: str
    true: tuple[tuple[str, str], ...]


def colour(name: str, generator: np.random.Generator) -> Rgb:
    """Some shade of a named colour."""
    hue, saturation, value = (generator.uniform(low, high) for low, high in _HSV[name])
    red, green, blue = colorsys.hsv_to_rgb(hue % 360 / 360, saturation, value)
    return round(red * 255), round(green * 255), round(blue * 255)


def shape_points(shape: str, x: float, y: float, radius: float, turn: float) -> list[tuple[float, float]]:
    """Corners of a shape round (x, y), turned by `turn` radians."""
    if shape == "star":
        polar = [(radius * (1 if i % 2 == 0 else 0.42), i * math.pi / 5 - math.pi / 2) for i in range(10)]
    elif shape == "triangle":
        polar = [(radius, i * math.tau / 3 - math.pi / 2) for i in range(3)]
    elif shape == "square":
        polar = [(radius, i * math.tau / 4 + math.pi / 4) for i in range(4)]
    elif shape == "rectangle":
        polar = [(radius, a) for a in (0.42, math.pi - 0.42, math.pi + 0.42, -0.42)]
    elif shape == "diamond":
        polar = [(radius * (1 if i % 2 else 0.62), i * math.tau / 4) for i in range(4)]
    elif shape == "cross":
        t = radius * 0.3
        corners = [(t, radius), (t, t), (radius, t), (radius, -t), (t, -t), (t, -radius)]
        corners += [(-a, -b) for a, b in corners]
        polar = [(math.hypot(a, b), math.atan2(b, a)) for a, b in corners]
    else:
        polar = _heart(radius)
    return [(x + r * math.cos(a + turn), y + r * math.sin(a + turn)) for r, a in polar]


def _heart(radius: float) -> list[tuple[float, float]]:
    points = []
    for i in range(40):
        t = i * math.tau / 40
        a = 16 * math.sin(t) ** 3
        b = -(13 * math.cos(t) - 5 * math.cos(2 * t) - 2 * math.cos(3 * t) - math.cos(4 * t))
        points.append((math.hypot(a, b) * radius / 17, math.atan2(b, a)))
    return points


def draw_shape(draw: ImageDraw.ImageDraw, shape: str, x: float, y: float, radius: float, turn: float, ink: Rgb) -> None:
    """One filled shape (a ring is hollow)."""
    box = (x - radius, y - radius, x + radius, y + radius)
    if shape == "circle":
        draw.ellipse(box, fill=ink)
    elif shape == "ring":
        draw.ellipse(box, outline=ink, width=max(3, int(radius * 0.28)))
    else:
        draw.polygon(shape_points(shape, x, y, radius, turn), fill=ink)


def _turn(shape: str, generator: np.random.Generator) -> float:
    limit = 0.12 if shape in ("square", "diamond", "rectangle", "cross", "heart") else 0.4
    return float(generator.uniform(-limit, limit))


def draw_one_shape(generator: np.random.Generator, ink: str, shape: str, ground: str) -> Drawing:
    """'a red circle on a white background'."""
    picture = Image.new("RGB", (_CANVAS, _CANVAS), colour(ground, generator))
    radius = generator.uniform(0.2, 0.42) * _CANVAS
    x, y = generator.uniform(radius * 0.9, _CANVAS - radius * 0.9, 2)
    draw_shape(ImageDraw.Draw(picture), shape, x, y, radius, _turn(shape, generator), colour(ink, generator))
    caption = f"{article(f'{ink} {shape}')} on {article(ground)} background"
    true = (("coloured shape", article(f"{ink} {shape}")), ("shape", shape), ("count", f"one {shape}"))
    return Drawing(picture, caption, (("shape on background", caption), *true))


def draw_count(generator: np.random.Generator, number: int, shape: str) -> Drawing:
    """'three stars', apart from each other on a grid of cells."""
    ink, ground = generator.choice(COLOURS, 2, replace=False)
    picture = Image.new("RGB", (_CANVAS, _CANVAS), colour(ground, generator))
    draw = ImageDraw.Draw(picture)
    cells = 2 if number <= 4 and generator.random() < 0.6 else 3
    cell = _CANVAS / cells
    shade, radius = colour(ink, generator), cell * generator.uniform(0.3, 0.44)
    for place in generator.choice(cells * cells, number, replace=False):
        x, y = (place % cells + 0.5) * cell, (place // cells + 0.5) * cell
        shift = generator.uniform(-0.05, 0.05, 2) * cell
        draw_shape(draw, shape, x + shift[0], y + shift[1], radius, _turn(shape, generator), shade)
    name = f"{NUMBERS[number - 1]} {shape}{'' if number == 1 else 'es' if shape == 'cross' else 's'}"
    return Drawing(picture, name, (("count", name), ("shape", shape)))


def draw_plain(generator: np.random.Generator, ink: str) -> Drawing:
    """'plain blue': one shade with a little light falloff and grain."""
    base = np.array(colour(ink, generator), np.float32)
    ramp = np.linspace(-1, 1, _CANVAS, dtype=np.float32) * generator.uniform(0, 10)
    grain = generator.normal(0, generator.uniform(0, 3), (_CANVAS, _CANVAS, 1))
    picture = _image(base + ramp[:, None, None] + grain)
    true: tuple[tuple[str, str], ...] = (("plain", f"plain {ink}"), ("colour", ink))
    return Drawing(picture, f"plain {ink}", true)


def _pattern_mask(pattern: str, generator: np.random.Generator) -> NDArray[np.float32]:
    """How much of the second colour each pixel has, 0..1: (160, 160)."""
    y, x = np.mgrid[0:_CANVAS, 0:_CANVAS].astype(np.float32)
    period = generator.uniform(14, 44)
    angle = generator.choice([0, math.pi / 2, math.pi / 4, -math.pi / 4]) + generator.uniform(-0.1, 0.1)
    u, w = x * math.cos(angle) + y * math.sin(angle), -x * math.sin(angle) + y * math.cos(angle)
    if pattern == "stripes":
        return (u / period % 1 < generator.uniform(0.35, 0.65)).astype(np.float32)
    if pattern == "checkerboard":
        return ((x // period + y // period) % 2).astype(np.float32)
    if pattern == "polka dots":
        return (np.hypot(x % period - period / 2, y % period - period / 2) < period * 0.3).astype(np.float32)
    if pattern == "grid":
        line = generator.uniform(2, 4)
        return ((x % period < line) | (y % period < line)).astype(np.float32)
    if pattern == "gradient":
        return (u - u.min()) / (u.max() - u.min())
    if pattern == "noise":
        cells = int(generator.choice([160, 80, 53]))
        coarse = generator.random((cells, cells)).astype(np.float32)
        return np.asarray(Image.fromarray(coarse).resize((_CANVAS, _CANVAS), Image.Resampling.NEAREST))
    if pattern == "waves":
        return ((u + period * 0.35 * np.sin(w / period * 2.2)) / period % 1 < 0.5).astype(np.float32)
    if pattern == "concentric rings":
        centre = generator.uniform(0.35, 0.65, 2) * _CANVAS
        return (np.hypot(x - centre[0], y - centre[1]) / period * 1.3 % 1 < 0.5).astype(np.float32)
    return ((u + np.abs(w % period - period / 2)) / period % 1 < 0.5).astype(np.float32)


def draw_pattern(generator: np.random.Generator, pattern: str) -> Drawing:
    """'stripes', 'red and white stripes'."""
    first, second = sorted(generator.choice(len(COLOURS), 2, replace=False), reverse=True)
    mask = _pattern_mask(pattern, generator)[..., None]
    one, two = (np.array(colour(COLOURS[i], generator), np.float32) for i in (first, second))
    if generator.random() < 0.5:
        mask = 1 - mask
    true: tuple[tuple[str, str], ...] = (("pattern", pattern),)
    if pattern in PATTERNS[:5]:
        true += (("coloured pattern", f"{COLOURS[first]} and {COLOURS[second]} {pattern}"),)
    return Drawing(_image(one * mask + two * (1 - mask)), pattern, true)


def draw_light(generator: np.random.Generator, word: str) -> Drawing:
    """'dark' or 'bright': soft blobs of which hardly any detail is seen."""
    coarse = generator.random((int(generator.integers(2, 7)), int(generator.integers(2, 7)), 3)) * 255
    soft = np.asarray(_image(coarse).resize((_CANVAS, _CANVAS), Image.Resampling.BICUBIC), np.float32)
    level = generator.uniform(0.05, 0.2)
    picture = soft * level if word == "dark" else 255 - (255 - soft) * level
    return Drawing(_image(picture), word, (("light", word),))


def _image(pixels: NDArray[np.floating]) -> Image.Image:
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
