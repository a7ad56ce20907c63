"""A small drawing surface over Pillow: supersampled, so that edges are smooth, with gradients, glows and ridges.

Coordinates are fractions: x from 0 (left) to 1.5 (right), y from 0 (top) to 1 (bottom), so a unit is as long across
as it is down and circles are round.
"""

from collections.abc import Callable, Sequence
from math import cos, pi, sin
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

WIDTH, HEIGHT = 900, 600
RIGHT = WIDTH / HEIGHT
SCALE = 2

Color = str | tuple[int, int, int]
Point = tuple[float, float]
Shape = Callable[[ImageDraw.ImageDraw, Any, Any], None]  # draws at these pixels with this fill


def rgb(color: Color) -> tuple[int, int, int]:
    if isinstance(color, tuple):
        return color
    value = color.lstrip("#")
    return int(value[0:2], 16), int(value[2:4], 16), int(value[4:6], 16)


def mix(one: Color, other: Color, share: float) -> tuple[int, int, int]:
    """`one` at 0, `other` at 1."""
    a, b = rgb(one), rgb(other)
    return tuple(round(x + (y - x) * share) for x, y in zip(a, b, strict=True))  # type: ignore[return-value]


class Canvas:
    def __init__(self, background: Color = "#ffffff", seed: int = 0) -> None:
        self.size = (WIDTH * SCALE, HEIGHT * SCALE)
        self.unit = HEIGHT * SCALE
        self.image = Image.new("RGB", self.size, rgb(background))
        self.random = np.random.default_rng(seed)

    def uniform(self, low: float, high: float) -> float:
        return float(self.random.uniform(low, high))

    def choose(self, colors: Sequence[Color]) -> Color:
        return colors[int(self.random.integers(len(colors)))]

    # --- areas of colour ----------------------------------------------------------------------------------

    def gradient(self, stops: Sequence[tuple[float, Color]], top: float = 0.0, bottom: float = 1.0) -> None:
        """Fill from `top` to `bottom` through the stops, which are (share of the way, colour)."""
        first, last = round(top * self.unit), round(bottom * self.unit)
        where = np.linspace(0, 1, max(1, last - first))
        places = [stop for stop, _color in stops]
        bands = [np.interp(where, places, [rgb(color)[i] for _stop, color in stops]) for i in range(3)]
        column = np.stack(bands, axis=1)[:, None, :]
        strip = Image.fromarray(column.round().astype(np.uint8)).resize((self.size[0], max(1, last - first)))
        self.image.paste(strip, (0, first))

    def glow(self, center: Point, radius: float, color: Color, strength: float = 1.0) -> None:
        """Light that fades away from `center`."""
        x, y = center[0] * self.unit, center[1] * self.unit
        reach = radius * self.unit
        left, upper = max(0, int(x - reach)), max(0, int(y - reach))
        right, lower = min(self.size[0], int(x + reach)), min(self.size[1], int(y + reach))
        if right <= left or lower <= upper:
            return
        across, down = np.arange(left, right) - x, np.arange(upper, lower) - y
        distance = np.sqrt(across[None, :] ** 2 + down[:, None] ** 2) / reach
        light = (np.clip(1 - distance, 0, 1) ** 2 * strength * 255).clip(0, 255).astype(np.uint8)
        self.image.paste(rgb(color), (left, upper, right, lower), Image.fromarray(light))

    def polygon(self, points: Sequence[Point], color: Color, opacity: float = 1.0, blur: float = 0.0) -> None:
        self._paint(points, lambda draw, at, fill: draw.polygon(at, fill=fill), color, opacity, blur)

    def ellipse(
        self,
        center: Point,
        width: float,
        height: float | None = None,
        *,
        color: Color,
        opacity: float = 1.0,
        blur: float = 0.0,
    ) -> None:
        """An ellipse of these radii; a circle without `height`."""
        (x, y), tall = center, width if height is None else height
        corners = [(x - width, y - tall), (x + width, y + tall)]
        self._paint(corners, lambda draw, at, fill: draw.ellipse(at, fill=fill), color, opacity, blur)

    def rectangle(
        self, corner: Point, opposite: Point, color: Color, opacity: float = 1.0, radius: float = 0.0
    ) -> None:
        round_by = radius * self.unit
        self._paint(
            [corner, opposite],
            lambda draw, at, fill: draw.rounded_rectangle(at, round_by, fill=fill),
            color,
            opacity,
        )

    def line(self, points: Sequence[Point], color: Color, width: float, opacity: float = 1.0) -> None:
        thick = max(1, round(width * self.unit))
        self._paint(
            points,
            lambda draw, at, fill: draw.line(at, fill=fill, width=thick, joint="curve"),
            color,
            opacity,
            margin=thick,
        )
        if thick > 4 and opacity >= 1:
            for end in (points[0], points[-1]):
                self.ellipse(end, width / 2, color=color)

    def _paint(
        self,
        points: Sequence[Point],
        shape: Shape,
        color: Color,
        opacity: float = 1.0,
        blur: float = 0.0,
        margin: int = 2,
    ) -> None:
        at = [(x * self.unit, y * self.unit) for x, y in points]
        if opacity >= 1 and not blur:
            shape(ImageDraw.Draw(self.image), at, rgb(color))
            return
        margin += round(blur * 3 * self.unit)
        across, down = [x for x, _y in at], [y for _x, y in at]
        left, upper = max(0, int(min(across)) - margin), max(0, int(min(down)) - margin)
        right = min(self.size[0], int(max(across)) + margin)
        lower = min(self.size[1], int(max(down)) + margin)
        if right <= left or lower <= upper:
            return
        mask = Image.new("L", (right - left, lower - upper))
        shape(ImageDraw.Draw(mask), [(x - left, y - upper) for x, y in at], 255)
        if blur:
            mask = mask.filter(ImageFilter.GaussianBlur(blur * self.unit))
        if opacity < 1:
            mask = mask.point(lambda value: int(value * opacity))
        self.image.paste(rgb(color), (left, upper, right, lower), mask)

    # --- nature -------------------------------------------------------------------------------------------

    def ridge(self, height: float, roughness: float, detail: float = 2.0) -> "NDArray[np.float64]":
        """The y of a mountain ridge or dune at every pixel column: waves that get smaller as they get shorter."""
        x = np.linspace(0, 1, self.size[0])
        line = np.zeros_like(x)
        for octave in range(8):
            frequency = detail * 2**octave
            line += np.sin(2 * pi * (frequency * x + self.random.random())) * 0.5**octave * self.uniform(0.5, 1)
        return height + line * roughness

    def land(self, ridge: "NDArray[np.float64]", color: Color, opacity: float = 1.0) -> None:
        """Everything below a ridge."""
        columns = range(0, self.size[0], 2)
        points = [(column / self.unit, float(ridge[column])) for column in columns]
        self.polygon([(0, 1.01), *points, (RIGHT, float(ridge[-1])), (RIGHT, 1.01)], color, opacity)

    def stars(self, count: int, bottom: float = 1.0) -> None:
        for _ in range(count):
            place = (self.uniform(0, RIGHT), self.uniform(0, bottom))
            brightness = self.uniform(0.3, 1)
            self.ellipse(place, self.uniform(0.0008, 0.0026), color=mix("#30406a", "#ffffff", brightness))

    def cloud(self, center: Point, size: float, color: Color = "#ffffff", opacity: float = 0.9) -> None:
        wide, tall = round(size * 2 * self.unit), round(size * self.unit)
        mask = Image.new("L", (wide, tall))
        draw = ImageDraw.Draw(mask)
        for place, radius in ((-1.0, 0.38), (-0.5, 0.6), (0.05, 0.78), (0.6, 0.58), (1.05, 0.36)):
            reach = radius * 0.5 * tall
            x, y = wide / 2 + place * 0.55 * tall, tall * 0.86 - reach * 0.55
            draw.ellipse((x - reach, y - reach, x + reach, y + reach), fill=255)
        draw.rectangle((0, round(tall * 0.9), wide, tall), fill=0)
        soft = mask.filter(ImageFilter.GaussianBlur(0.025 * tall)).point(lambda value: int(value * opacity))
        corner = (round(center[0] * self.unit - wide / 2), round(center[1] * self.unit - tall * 0.86))
        self.image.paste(rgb(color), corner, soft)

    def pine(self, foot: Point, height: float, color: Color) -> None:
        x, y = foot
        width = height * 0.24
        self.rectangle((x - height * 0.02, y - height * 0.12), (x + height * 0.02, y), mix(color, "#2b1a10", 0.6))
        for step in range(5):
            low, high = y - height * (0.08 + step * 0.17), y - height * min(1.0, 0.42 + step * 0.17)
            half = width * (1 - step * 0.17)
            shade = mix(color, "#ffffff", 0.03 * step)
            self.polygon([(x - half, low), (x, high), (x + half, low), (x, low - height * 0.04)], shade)

    def tree(self, foot: Point, height: float, leaves: Sequence[Color], trunk: Color = "#5b3a22") -> None:
        x, y = foot
        self.polygon(
            [
                (x - height * 0.05, y),
                (x - height * 0.025, y - height * 0.55),
                (x + height * 0.025, y - height * 0.55),
                (x + height * 0.05, y),
            ],
            trunk,
        )
        for side in (-1, 1):
            self.line([(x, y - height * 0.4), (x + side * height * 0.17, y - height * 0.62)], trunk, height * 0.03)
        if not leaves:
            return
        crown = (x, y - height * 0.72)
        for dx, dy, size in ((0, 0, 0.27), (-0.17, 0.05, 0.18), (0.17, 0.05, 0.18), (0, -0.11, 0.2)):
            place = (x + dx * height, crown[1] + dy * height)
            self.ellipse(place, size * height, size * height * 0.88, color=mix(leaves[0], "#000000", 0.22))
        for number in range(240):
            angle, far = self.uniform(0, 2 * pi), self.uniform(0, 1) ** 0.5
            place = (x + cos(angle) * far * height * 0.34, crown[1] + sin(angle) * far * height * 0.27)
            light = 0.5 - 0.5 * (place[1] - crown[1]) / (height * 0.3) - 0.25 * (place[0] - x) / (height * 0.34)
            shade = mix(mix(self.choose(leaves), "#000000", 0.18), "#ffffff", max(0.0, 0.3 * light))
            self.ellipse(place, self.uniform(0.022, 0.045) * height, color=shade, opacity=0.85 if number % 2 else 1)

    # --- figures ------------------------------------------------------------------------------------------

    def star(self, center: Point, radius: float, color: Color, points: int = 5, inner: float = 0.4) -> None:
        x, y = center
        corners = []
        for number in range(points * 2):
            reach = radius if number % 2 == 0 else radius * inner
            angle = pi * number / points - pi / 2
            corners.append((x + cos(angle) * reach, y + sin(angle) * reach))
        self.polygon(corners, color)

    def regular(self, center: Point, radius: float, sides: int, color: Color, turn: float = 0.0) -> None:
        x, y = center
        angles = [2 * pi * number / sides - pi / 2 + turn for number in range(sides)]
        self.polygon([(x + cos(angle) * radius, y + sin(angle) * radius) for angle in angles], color)

    def heart(self, center: Point, size: float, color: Color) -> None:
        x, y = center
        points = []
        for step in range(120):
            t = 2 * pi * step / 120
            across = 16 * sin(t) ** 3
            up = 13 * cos(t) - 5 * cos(2 * t) - 2 * cos(3 * t) - cos(4 * t)
            points.append((x + across * size / 17, y - up * size / 17))
        self.polygon(points, color)

    def ball(self, center: Point, radius: float, color: Color) -> None:
        """A lit sphere with a shade below and a highlight."""
        x, y = center
        self.ellipse(center, radius, color=mix(color, "#000000", 0.25))
        self.ellipse((x - radius * 0.06, y - radius * 0.07), radius * 0.93, color=color, blur=radius * 0.05)
        self.glow((x - radius * 0.3, y - radius * 0.35), radius * 0.75, mix(color, "#ffffff", 0.7), 0.9)

    def finish(self, grain: float = 2.0) -> Image.Image:
        """The picture at its size, with a trace of grain that keeps gradients from banding."""
        small = self.image.resize((WIDTH, HEIGHT), Image.Resampling.BOX)
        noise = self.random.normal(0, grain, (HEIGHT, WIDTH, 1))
        return Image.fromarray((np.asarray(small) + noise).clip(0, 255).astype(np.uint8))
