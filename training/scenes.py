"""Simple drawn scenes with outdoor and indoor palettes."""

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw

from training.drawings import Drawing, Rgb

_SIZE = 160
_Draw = ImageDraw.ImageDraw
_Random = np.random.Generator


def _near(rgb: Rgb, generator: _Random, spread: int = 22) -> Rgb:
    red, green, blue = (int(np.clip(c + generator.integers(-spread, spread + 1), 0, 255)) for c in rgb)
    return red, green, blue


def _sky(picture: Image.Image, top: Rgb, bottom: Rgb, end: int) -> None:
    draw = ImageDraw.Draw(picture)
    for y in range(end):
        mix = y / max(1, end - 1)
        shade = tuple(round(a * (1 - mix) + b * mix) for a, b in zip(top, bottom, strict=True))
        draw.line([(0, y), (_SIZE, y)], fill=shade)


def _ground(draw: _Draw, horizon: int, rgb: Rgb, generator: _Random, hills: float = 6) -> None:
    wave = horizon + np.cumsum(generator.normal(0, hills / 4, 17)).clip(-hills, hills)
    points = [(i * 10, float(y)) for i, y in enumerate(wave)]
    draw.polygon([(0, _SIZE), *points, (_SIZE, _SIZE)], fill=rgb)


def _disc(draw: _Draw, x: float, y: float, radius: float, rgb: Rgb) -> None:
    draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=rgb)


def _day(picture: Image.Image, generator: _Random, horizon: int) -> None:
    _sky(picture, _near((70, 140, 235), generator), _near((170, 210, 250), generator), horizon + 12)


def _meadow(picture: Image.Image, draw: _Draw, generator: _Random, horizon: int) -> None:
    _day(picture, generator, horizon)
    _ground(draw, horizon, _near((70, 150, 50), generator), generator)


def _sunset(picture: Image.Image, draw: _Draw, generator: _Random, horizon: int) -> None:
    _sky(picture, _near((110, 50, 120), generator), _near((250, 140, 50), generator), horizon)
    _disc(draw, generator.uniform(40, 120), horizon - 6, generator.uniform(10, 20), _near((255, 215, 110), generator))
    draw.rectangle((0, horizon, _SIZE, _SIZE), fill=_near((70, 50, 100), generator))


def _stars(picture: Image.Image, draw: _Draw, generator: _Random, horizon: int) -> None:
    _sky(picture, _near((5, 8, 30), generator, 5), _near((20, 30, 70), generator, 10), _SIZE)
    for x, y in generator.uniform(0, _SIZE, (int(generator.integers(30, 90)), 2)):
        _disc(draw, x, y, generator.uniform(0.5, 1.8), (255, 255, 230))


def _mountains(picture: Image.Image, draw: _Draw, generator: _Random, horizon: int) -> None:
    _day(picture, generator, _SIZE - 12)
    for x in generator.uniform(0, _SIZE, 4):
        height, half = generator.uniform(50, 100), generator.uniform(35, 70)
        top = _SIZE - 20 - height
        draw.polygon([(x - half, _SIZE), (x, top), (x + half, _SIZE)], fill=_near((90, 95, 115), generator))
        snow, line = half * 0.4, top + height * 0.45
        draw.polygon([(x - snow, line), (x, top), (x + snow, line)], fill=(245, 248, 255))
    draw.rectangle((0, _SIZE - 25, _SIZE, _SIZE), fill=_near((235, 240, 250), generator, 8))


def _beach(picture: Image.Image, draw: _Draw, generator: _Random, horizon: int) -> None:
    _day(picture, generator, horizon)
    draw.rectangle((0, horizon, _SIZE, _SIZE), fill=_near((40, 120, 190), generator))
    _ground(draw, horizon + int(generator.integers(25, 45)), _near((230, 205, 150), generator), generator, 4)


def _desert(picture: Image.Image, draw: _Draw, generator: _Random, horizon: int) -> None:
    _day(picture, generator, horizon)
    _ground(draw, horizon, _near((215, 165, 95), generator), generator, 16)
    _ground(draw, horizon + 30, _near((195, 140, 75), generator), generator, 16)


def _forest(picture: Image.Image, draw: _Draw, generator: _Random, horizon: int) -> None:
    _day(picture, generator, horizon)
    _ground(draw, horizon, _near((60, 100, 40), generator), generator)
    for x in np.sort(generator.uniform(0, _SIZE, int(generator.integers(8, 16)))):
        foot, height = horizon + generator.uniform(5, 55), generator.uniform(50, 100)
        draw.rectangle((x - 3, foot - 20, x + 3, foot), fill=_near((90, 60, 35), generator))
        leaf = _near((35, 105, 45), generator)
        draw.polygon([(x - height / 4, foot - 15), (x, foot - height), (x + height / 4, foot - 15)], fill=leaf)


def _room(picture: Image.Image, draw: _Draw, generator: _Random, horizon: int) -> None:
    floor = int(generator.integers(100, 130))
    draw.rectangle((0, 0, _SIZE, floor), fill=_near((220, 200, 170), generator, 30))
    draw.rectangle((0, floor, _SIZE, _SIZE), fill=_near((140, 95, 60), generator, 30))
    x, y = generator.integers(10, 90), generator.integers(12, 40)
    draw.rectangle((x, y, x + 46, y + 44), fill=_near((190, 220, 250), generator), outline=(250, 250, 250), width=4)
    draw.line([(x + 23, y), (x + 23, y + 44)], fill=(250, 250, 250), width=3)
    left = generator.integers(5, 80)
    draw.rectangle((left, floor - 25, left + 60, floor + 15), fill=_near((130, 70, 60), generator, 50))


def _city(picture: Image.Image, draw: _Draw, generator: _Random, horizon: int) -> None:
    _sky(picture, _near((10, 12, 40), generator, 8), _near((50, 40, 80), generator, 15), _SIZE)
    for left in range(-5, _SIZE, 20):
        top = int(generator.integers(40, 115))
        draw.rectangle((left, top, left + 18, _SIZE), fill=_near((25, 25, 35), generator, 10))
        for x, y in generator.integers(0, [4, 12], (14, 2)):
            pane_x, pane_y = left + 2 + x * 4, top + 5 + y * 9
            if pane_y < _SIZE:
                draw.rectangle((pane_x, pane_y, pane_x + 1, pane_y + 3), fill=(255, 225, 120))


def _house(picture: Image.Image, draw: _Draw, generator: _Random, horizon: int) -> None:
    _meadow(picture, draw, generator, 105)
    x, width, wall = generator.integers(25, 65), int(generator.integers(50, 75)), int(generator.integers(70, 85))
    draw.rectangle((x, wall, x + width, 125), fill=_near((235, 225, 200), generator))
    roof = [(x - 8, wall), (x + width / 2, wall - 35), (x + width + 8, wall)]
    draw.polygon(roof, fill=_near((190, 45, 40), generator))
    draw.rectangle((x + width / 2 - 7, 100, x + width / 2 + 7, 125), fill=_near((100, 60, 40), generator))


def _rainbow(picture: Image.Image, draw: _Draw, generator: _Random, horizon: int) -> None:
    _meadow(picture, draw, generator, horizon)
    x, y, radius = generator.uniform(50, 110), horizon + 10, generator.uniform(65, 95)
    bands = ((230, 40, 40), (245, 150, 40), (250, 230, 60), (60, 180, 70), (60, 100, 220), (130, 60, 180))
    for i, rgb in enumerate(bands):
        r = radius - i * 4
        draw.arc((x - r, y - r, x + r, y + r), 180, 360, fill=rgb, width=5)


def _moon(picture: Image.Image, draw: _Draw, generator: _Random, horizon: int) -> None:
    _sky(picture, _near((6, 8, 28), generator, 5), _near((25, 30, 60), generator, 10), _SIZE)
    x, y = generator.uniform(40, 120, 2)
    _disc(draw, x, y, generator.uniform(14, 34), _near((235, 232, 210), generator, 12))


def _road(picture: Image.Image, draw: _Draw, generator: _Random, horizon: int) -> None:
    _meadow(picture, draw, generator, horizon)
    x = generator.uniform(60, 100)
    draw.polygon([(x - 3, horizon), (x + 3, horizon), (150, _SIZE), (10, _SIZE)], fill=_near((80, 80, 85), generator))
    draw.line([(x, horizon), (80, _SIZE)], fill=(240, 240, 240), width=2)


def _sun(picture: Image.Image, draw: _Draw, generator: _Random, horizon: int) -> None:
    _day(picture, generator, _SIZE - 12)
    x, y = generator.uniform(40, 120, 2)
    _disc(draw, x, y, generator.uniform(12, 28), _near((255, 225, 70), generator, 15))


_Painter = Callable[[Image.Image, _Draw, _Random, int], None]
_PAINTERS: dict[str, tuple[_Painter, str]] = {
    "green meadow under a blue sky": (_meadow, "outdoors"), "sunset over the sea": (_sunset, "outdoors"),
    "night sky with stars": (_stars, "outdoors"), "snowy mountains": (_mountains, "outdoors"),
    "sandy beach by the sea": (_beach, "outdoors"), "desert with sand dunes": (_desert, "outdoors"),
    "forest of green trees": (_forest, "outdoors"), "room with a window": (_room, "indoors"),
    "city skyline at night": (_city, "outdoors"), "house with a red roof": (_house, "outdoors"),
    "rainbow in the sky": (_rainbow, "outdoors"), "full moon at night": (_moon, "outdoors"),
    "road to the horizon": (_road, "outdoors"), "sun in a blue sky": (_sun, "outdoors"),
}  # fmt: skip


def draw_scene(generator: _Random, scene: str) -> Drawing:
    """One of `captions.SCENES`."""
    picture = Image.new("RGB", (_SIZE, _SIZE), (120, 160, 220))
    painter, place = _PAINTERS[scene]
    painter(picture, ImageDraw.Draw(picture), generator, int(generator.integers(65, 105)))
    return Drawing(picture, scene, (("scene", scene), ("place", place)))
