"""Plain shapes and patterns in named colours."""

from collections.abc import Sequence
from math import cos, pi, sin

import numpy as np
from PIL import Image

from dam.embedded.pictures.canvas import RIGHT, Canvas, Color, mix
from dam.embedded.pictures.drawing import drawing


def stripes(colors: Sequence[Color], count: int, *, vertical: bool = False, slope: float = 0.0) -> Image.Image:
    art = Canvas(seed=1)
    length = RIGHT if vertical else 1.0
    for number in range(-count, count * 2):
        low, high = length * number / count, length * (number + 1) / count
        color = colors[number % len(colors)]
        if vertical or slope:
            art.polygon([(low, 0), (high, 0), (high + slope, 1), (low + slope, 1)], color)
        else:
            art.rectangle((0, low), (RIGHT, high), color)
    return art.finish(1)


def dots(background: Color, color: Color, size: float) -> Image.Image:
    art = Canvas(background, seed=2)
    for row in range(int(1 / size) + 2):
        for number in range(int(RIGHT / size) + 2):
            art.ellipse(((number + (row % 2) * 0.5) * size, row * size * 0.87), size * 0.27, color=color)
    return art.finish(1)


def checks(one: Color, other: Color, count: int) -> Image.Image:
    art = Canvas(one, seed=3)
    side = 1 / count
    for row in range(count):
        for number in range(row % 2, int(RIGHT * count) + 1, 2):
            art.rectangle((number * side, row * side), ((number + 1) * side, (row + 1) * side), other)
    return art.finish(1)


def figure(kind: str, color: Color, background: Sequence[Color]) -> Image.Image:
    art = Canvas(seed=4)
    art.gradient([(0, background[0]), (1, background[1])])
    middle = (RIGHT / 2, 0.5)
    art.ellipse((RIGHT / 2 + 0.02, 0.535), 0.31, color="#000000", opacity=0.22, blur=0.05)
    if kind == "circle":
        art.ellipse(middle, 0.34, color=color)
    elif kind == "square":
        art.rectangle((RIGHT / 2 - 0.32, 0.18), (RIGHT / 2 + 0.32, 0.82), color)
    elif kind == "triangle":
        art.regular((RIGHT / 2, 0.57), 0.42, 3, color)
    elif kind == "star":
        art.star(middle, 0.42, color)
    elif kind == "heart":
        art.heart(middle, 0.36, color)
    elif kind == "hexagon":
        art.regular(middle, 0.38, 6, color)
    return art.finish(1)


def rings(colors: Sequence[Color]) -> Image.Image:
    art = Canvas(colors[-1], seed=5)
    for number in range(12, 0, -1):
        art.ellipse((RIGHT / 2, 0.5), number * 0.075, color=colors[number % len(colors)])
    return art.finish(1)


def many(kind: str, colors: Sequence[Color], background: Color, seed: int, count: int = 46) -> Image.Image:
    art = Canvas(background, seed=seed)
    for _ in range(count):
        place, size = (art.uniform(0, RIGHT), art.uniform(0, 1)), art.uniform(0.025, 0.095)
        color = art.choose(colors)
        if kind == "circles":
            art.ellipse(place, size, color=color, opacity=0.85)
        elif kind == "stars":
            art.star(place, size, color)
        elif kind == "hearts":
            art.heart(place, size, color)
        elif kind == "triangles":
            art.regular(place, size * 1.2, 3, color, art.uniform(0, 2))
        else:
            art.rectangle((place[0] - size, place[1] - size), (place[0] + size, place[1] + size), color, opacity=0.9)
    return art.finish(1)


def sunburst(one: Color, other: Color) -> Image.Image:
    art = Canvas(one, seed=6)
    for number in range(0, 36, 2):
        a, b = 2 * pi * number / 36, 2 * pi * (number + 1) / 36
        art.polygon(
            [
                (RIGHT / 2, 0.5),
                (RIGHT / 2 + 2 * cos(a), 0.5 + 2 * sin(a)),
                (RIGHT / 2 + 2 * cos(b), 0.5 + 2 * sin(b)),
            ],
            other,
        )
    art.glow((RIGHT / 2, 0.5), 0.5, "#ffffff", 0.5)
    return art.finish(1)


def honeycomb(colors: Sequence[Color], line: Color) -> Image.Image:
    art = Canvas(line, seed=7)
    size = 0.085
    for row in range(10):
        for number in range(13):
            place = (number * size * 1.732 + (row % 2) * size * 0.866, row * size * 1.5)
            art.regular(place, size * 0.92, 6, art.choose(colors))
    return art.finish(1)


def spiral(color: Color, background: Color) -> Image.Image:
    art = Canvas(background, seed=8)
    points = [(RIGHT / 2 + cos(a) * a * 0.0135, 0.5 + sin(a) * a * 0.0135) for a in np.linspace(0, 20 * pi, 900)]
    art.line(points, color, 0.034)
    return art.finish(1)


def waves(colors: Sequence[Color]) -> Image.Image:
    art = Canvas(colors[0], seed=9)
    for number in range(12):
        y = number * 0.09
        edge = [(x, y + 0.035 * sin(x * 9 + number * 0.9)) for x in np.linspace(0, RIGHT, 160)]
        art.polygon([(0, 1.1), *edge, (RIGHT, 1.1)], colors[number % len(colors)])
    return art.finish(1)


def mosaic(colors: Sequence[Color], seed: int) -> Image.Image:
    art = Canvas("#f3efe6", seed=seed)
    for row in range(15):
        for number in range(22):
            x, y, size = number * 0.0685, row * 0.0675, 0.0615
            shade = mix(art.choose(colors), "#ffffff", art.uniform(0, 0.3))
            art.rectangle((x + 0.004, y + 0.004), (x + size, y + size), shade, radius=0.008)
    return art.finish(1)


def wheel() -> Image.Image:
    art = Canvas("#f7f7f5", seed=10)
    colors = (
        "#e8302a",
        "#f2722a",
        "#f9b52a",
        "#f5e63a",
        "#a8d03a",
        "#3fae4a",
        "#2aa89a",
        "#2a8fd8",
        "#2f55c8",
        "#5a3fb5",
        "#9a3fa8",
        "#d82f7a",
    )
    for number, color in enumerate(colors):
        angles = np.linspace(2 * pi * number / 12, 2 * pi * (number + 1) / 12, 20)
        art.polygon([(RIGHT / 2, 0.5), *[(RIGHT / 2 + cos(a) * 0.43, 0.5 + sin(a) * 0.43) for a in angles]], color)
    art.ellipse((RIGHT / 2, 0.5), 0.14, color="#f7f7f5")
    return art.finish(1)


SHAPES = [
    drawing("Red circle", "A red circle on white.", "circle red shape", figure, kind="circle", color="#d8262c",
            background=("#ffffff", "#eceff1")),
    drawing("Blue square", "A blue square on pale grey.", "square blue shape", figure, kind="square", color="#2457c5",
            background=("#f7f7f7", "#dfe4ea")),
    drawing("Green triangle", "A green triangle on cream.", "triangle green shape", figure, kind="triangle",
            color="#2f9a4a", background=("#fbf6e6", "#efe4c4")),
    drawing("Yellow star", "A yellow star on dark blue.", "star yellow blue shape", figure, kind="star",
            color="#ffd02b",
            background=("#1a2a6b", "#0c1540")),
    drawing("Pink heart", "A pink heart on a light ground.", "heart pink shape", figure, kind="heart",
            color="#ee4f8c",
            background=("#fff2f6", "#fbd6e2")),
    drawing("Orange hexagon", "An orange hexagon on teal.", "hexagon orange teal shape", figure, kind="hexagon",
            color="#f58a1f", background=("#2f9a9a", "#1c6b70")),
    drawing("Red and white stripes", "Horizontal stripes in red and white.", "stripes red white pattern", stripes,
            colors=("#d8262c", "#ffffff"), count=11),
    drawing("Black and white stripes", "Slanted stripes in black and white.", "stripes black white pattern", stripes,
            colors=("#17181c", "#f7f7f5"), count=14, vertical=True, slope=0.35),
    drawing("Rainbow stripes", "Stripes in the colours of the rainbow.", "stripes rainbow colorful pattern", stripes,
            colors=("#e8403a", "#f58b2e", "#f9dd3c", "#4cb950", "#3a8ee0", "#4b53b8", "#8a4fb5"), count=7),
    drawing("Blue, white and red banner", "Three upright bands: blue, white, red.", "stripes banner blue white red",
            stripes, colors=("#2a4b9b", "#ffffff", "#d8262c"), count=3, vertical=True),
    drawing("Green, white and orange banner", "Three upright bands: green, white, orange.",
            "stripes banner green white orange", stripes, colors=("#2f9a5a", "#ffffff", "#f58a2a"), count=3,
            vertical=True),
    drawing("Blue polka dots", "White dots on blue.", "dots blue white pattern", dots, background="#2f6fd0",
            color="#ffffff", size=0.13),
    drawing("Red polka dots", "Red dots on cream.", "dots red pattern", dots, background="#fbf3e0", color="#d8262c",
            size=0.16),
    drawing("Chessboard", "Black and white squares.", "checks black white pattern", checks, one="#f4f1ea",
            other="#1c1d21",
            count=8),
    drawing("Pink checks", "Squares in pink and white.", "checks pink white pattern", checks, one="#ffffff",
            other="#f28ab5", count=6),
    drawing("Target", "Concentric rings in red and white.", "circle rings red white pattern", rings,
            colors=("#d8262c", "#ffffff")),
    drawing("Rings in blue and green", "Concentric rings in blue, green and white.",
            "circle rings blue green pattern",
            rings, colors=("#1f5fb0", "#3fae7a", "#e9f5ee")),
    drawing("Confetti of circles", "Circles in many colours.", "circles colorful pattern", many, kind="circles",
            colors=("#e8403a", "#f9c62b", "#3fae55", "#2f7fe0", "#8a4fd0"), background="#fbfaf5", seed=81),
    drawing("Starry pattern", "Yellow and white stars on violet.", "stars yellow purple pattern", many, kind="stars",
            colors=("#ffd02b", "#ffffff", "#f7b0d8"), background="#3a2470", seed=82),
    drawing("Hearts", "Red and pink hearts.", "hearts red pink pattern", many, kind="hearts",
            colors=("#d8262c", "#ee6a94", "#f7a8c4"), background="#fff4f2", seed=83),
    drawing("Triangles", "Triangles in orange, teal and navy.", "triangles orange teal pattern", many,
            kind="triangles",
            colors=("#f58a2a", "#2a9d8f", "#264653", "#e9c46a"), background="#fdf8ee", seed=84),
    drawing("Squares", "Overlapping squares in blue and green.", "squares blue green pattern", many, kind="squares",
            colors=("#2f6fd0", "#3fae7a", "#8fd0e8", "#1f4b7a"), background="#f2f7f9", seed=85),
    drawing("Sunburst", "Orange and yellow rays.", "rays orange yellow pattern", sunburst, one="#f9c23a",
            other="#f0742a"),
    drawing("Honeycomb", "A honeycomb in gold and amber.", "hexagon yellow pattern honey", honeycomb,
            colors=("#f5b82e", "#f7cc5a", "#e89a1a"), line="#7a4a10"),
    drawing("Purple spiral", "A purple spiral on white.", "spiral purple pattern", spiral, color="#7a3fb5",
            background="#faf7fd"),
    drawing("Blue waves", "Waves in shades of blue.", "waves blue pattern", waves,
            colors=("#d6ecf9", "#9fd0f0", "#5aa8e0", "#2f7fc8", "#1a5a9a")),
    drawing("Green mosaic", "A mosaic of green and turquoise tiles.", "mosaic green tiles pattern", mosaic,
            colors=("#2f9a5a", "#1f7a5a", "#4fbf9a", "#2a8f9a"), seed=86),
    drawing("Colour wheel", "Twelve colours in a circle.", "circle colorful colors", wheel),
]  # fmt: skip
