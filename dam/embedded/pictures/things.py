"""Single things in clear colours."""

from collections.abc import Sequence
from math import cos, pi, sin

import numpy as np
from PIL import Image

from dam.embedded.pictures.canvas import RIGHT, Canvas, Color, mix
from dam.embedded.pictures.drawing import drawing


def table(wall: Color, top: Color, seed: int) -> Canvas:
    """A surface before a wall, lit from the upper left."""
    art = Canvas(seed=seed)
    art.gradient([(0, mix(wall, "#ffffff", 0.25)), (1, mix(wall, "#000000", 0.08))], 0, 0.66)
    art.gradient([(0, mix(top, "#ffffff", 0.1)), (1, mix(top, "#000000", 0.18))], 0.66, 1)
    art.glow((0.4, 0.25), 0.8, "#ffffff", 0.35)
    return art


def shadow(art: Canvas, x: float, y: float, wide: float) -> None:
    art.ellipse((x + wide * 0.15, y), wide, wide * 0.16, color="#000000", opacity=0.38, blur=0.014)


def apples(paint: Color, seed: int, wall: Color = "#f2e3cf") -> Image.Image:
    art = table(wall, "#c99a66", seed)
    for x, y, size in ((0.47, 0.6, 0.15), (1.08, 0.61, 0.14), (0.78, 0.66, 0.17)):
        shadow(art, x, y + size * 0.9, size)
        for side in (-1, 1):
            art.ellipse((x + side * size * 0.36, y), size * 0.66, size * 0.9, color=mix(paint, "#000000", 0.18))
        for side in (-1, 1):
            art.ellipse((x + side * size * 0.34, y - size * 0.03), size * 0.62, size * 0.84, color=paint, blur=0.012)
        art.ellipse((x, y - size * 0.74), size * 0.3, size * 0.1, color=mix(paint, "#2b1208", 0.5), blur=0.01)
        art.line([(x, y - size * 0.72), (x + size * 0.08, y - size * 1.12)], "#5a3a1e", size * 0.07)
        art.polygon(
            [
                (x + size * 0.08, y - size * 0.98),
                (x + size * 0.3, y - size * 1.2),
                (x + size * 0.6, y - size * 1.12),
                (x + size * 0.36, y - size * 0.94),
            ],
            "#4a9a3a",
        )
        art.glow((x - size * 0.4, y - size * 0.35), size * 0.5, "#ffffff", 0.75)
    return art.finish()


def citrus(paint: Color, flesh: Color, seed: int) -> Image.Image:
    art = table("#d9ebf2", "#8fb0bd", seed)
    for x, y, size in ((0.5, 0.58, 0.17), (0.98, 0.6, 0.15)):
        shadow(art, x, y + size * 0.92, size)
        art.ball((x, y), size, paint)
        for _ in range(60):
            angle, far = art.uniform(0, 2 * pi), art.uniform(0, 0.9) ** 0.5 * size
            art.ellipse(
                (x + cos(angle) * far, y + sin(angle) * far), 0.0025, color=mix(paint, "#7a3a00", 0.3), opacity=0.5
            )
    x, y, size = 0.78, 0.76, 0.15
    shadow(art, x, y + size * 0.95, size)
    art.ellipse((x, y), size, color=paint)
    art.ellipse((x, y), size * 0.92, color="#fff4de")
    for number in range(9):
        middle = 2 * pi * number / 9
        arc = [
            (x + cos(middle + a) * size * 0.84, y + sin(middle + a) * size * 0.84) for a in np.linspace(-0.29, 0.29, 8)
        ]
        art.polygon([(x + cos(middle) * size * 0.1, y + sin(middle) * size * 0.1), *arc], flesh)
    return art.finish()


def watermelon(seed: int) -> Image.Image:
    art = table("#fbe7d3", "#d8b48a", seed)
    for x, y, size, turn in ((0.55, 0.5, 0.33, 0.12), (1.05, 0.58, 0.27, -0.2)):
        shadow(art, x, y + size * 0.95, size * 0.8)
        for share, color in ((1.0, "#2f7d32"), (0.95, "#8fce6a"), (0.9, "#f4f4d8"), (0.85, "#ec3a4a")):
            arc = [(x + cos(a + turn) * size * share, y + sin(a + turn) * size * share) for a in np.linspace(0, pi, 60)]
            art.polygon(arc, color)
        for _ in range(26):
            angle, far = art.uniform(0.2, pi - 0.2), art.uniform(0.25, 0.75) * size
            place = (x + cos(angle + turn) * far, y + sin(angle + turn) * far)
            art.ellipse(place, 0.006, 0.01, color="#2b1414")
    return art.finish()


def grapes(paint: Color, seed: int) -> Image.Image:
    art = table("#ece6f2", "#b59a80", seed)
    shadow(art, 0.78, 0.83, 0.34)
    art.line([(0.75, 0.34), (0.73, 0.2)], "#6b4a26", 0.016)
    for row in range(7):
        for number in range(7 - row):
            x = 0.75 + (number - (6 - row) / 2) * 0.085 + art.uniform(-0.01, 0.01)
            art.ball((x, 0.36 + row * 0.07), 0.05, mix(paint, "#ffffff", art.uniform(0, 0.15)))
    for turn in (-0.6, 0.35):
        leaf = [
            (0.75 + cos(a + turn) * (0.13 + 0.035 * sin(5 * a)), 0.28 + sin(a + turn) * 0.075)
            for a in np.linspace(0, 2 * pi, 60)
        ]
        art.polygon([(x + (0.12 if turn > 0 else -0.12), y - 0.02) for x, y in leaf], "#4f9a42")
    return art.finish()


def cherries(seed: int) -> Image.Image:
    art = table("#f7eff0", "#d6b8a0", seed)
    for x, y in ((0.58, 0.64), (0.9, 0.68), (1.1, 0.6)):
        shadow(art, x, y + 0.115, 0.12)
        art.line([(0.85, 0.2), ((0.85 + x) / 2 - 0.02, 0.36), (x, y - 0.1)], "#4f8a3a", 0.012)
    for x, y in ((0.58, 0.64), (1.1, 0.6), (0.9, 0.68)):
        art.ball((x, y), 0.125, "#c3142e")
    art.polygon([(0.85, 0.2), (0.98, 0.12), (1.17, 0.14), (1.24, 0.22), (1.06, 0.27)], "#3f9640")
    art.line([(0.86, 0.2), (1.2, 0.21)], "#2c7031", 0.006)
    return art.finish()


def cup(paint: Color, seed: int) -> Image.Image:
    art = table("#e9dccd", "#8a6242", seed)
    shadow(art, 0.78, 0.83, 0.36)
    art.ellipse((0.75, 0.8), 0.36, 0.06, color=mix(paint, "#000000", 0.2))
    art.ellipse((0.75, 0.79), 0.35, 0.055, color=mix(paint, "#ffffff", 0.25))
    for a in np.linspace(-1.5, 1.5, 40):
        art.ellipse((1.0 + cos(a) * 0.12, 0.6 + sin(a) * 0.11), 0.022, color=mix(paint, "#000000", 0.12))
    body = [(0.5, 0.44), (1.0, 0.44), (0.96, 0.66), (0.88, 0.78), (0.62, 0.78), (0.54, 0.66)]
    art.polygon(body, paint)
    art.polygon([(0.86, 0.44), (1.0, 0.44), (0.96, 0.66), (0.88, 0.78), (0.8, 0.78)], "#000000", 0.12)
    art.polygon([(0.53, 0.46), (0.58, 0.46), (0.61, 0.66), (0.58, 0.7)], "#ffffff", 0.4, 0.006)
    art.ellipse((0.75, 0.44), 0.25, 0.05, color=mix(paint, "#ffffff", 0.3))
    art.ellipse((0.75, 0.445), 0.225, 0.04, color="#4a2a16")
    art.ellipse((0.73, 0.443), 0.13, 0.02, color="#8a5a34", opacity=0.8)
    for number in range(3):
        x = 0.66 + number * 0.09
        steam = [(x + 0.02 * sin(t * 5 + number), 0.38 - t * 0.26) for t in np.linspace(0, 1, 24)]
        art.line(steam, "#ffffff", 0.013, 0.4)
    return art.finish()


def party_balloons(colors: Sequence[Color], seed: int) -> Image.Image:
    art = Canvas(seed=seed)
    art.gradient([(0, "#8fd0f5"), (1, "#eef9ff")])
    art.cloud((0.3, 0.85), 0.3)
    art.cloud((1.2, 0.78), 0.24)
    places = ((0.45, 0.36), (1.05, 0.34), (0.62, 0.2), (0.9, 0.18), (0.6, 0.48), (0.93, 0.48), (0.76, 0.34))
    for x, y in places:
        art.line([(x, y + 0.15), (x * 0.4 + 0.46, 0.75), (0.77, 1.0)], "#7d8894", 0.003)
    for (x, y), color in zip(places, colors, strict=False):
        art.ellipse((x, y), 0.105, 0.13, color=mix(color, "#000000", 0.12))
        art.ellipse((x - 0.006, y - 0.007), 0.098, 0.122, color=color, blur=0.006)
        art.polygon([(x, y + 0.122), (x - 0.018, y + 0.152), (x + 0.018, y + 0.152)], mix(color, "#000000", 0.15))
        art.glow((x - 0.035, y - 0.05), 0.06, "#ffffff", 0.85)
    return art.finish()


def umbrella(colors: Sequence[Color], seed: int) -> Image.Image:
    art = Canvas(seed=seed)
    art.gradient([(0, "#8496a8"), (1, "#c3ced8")])
    for _ in range(150):
        x, y = art.uniform(0, RIGHT + 0.1), art.uniform(-0.1, 1)
        art.line([(x, y), (x - 0.016, y + 0.05)], "#e6eef5", 0.0025, 0.7)
    art.line([(0.75, 0.2), (0.75, 0.84)], "#5a4030", 0.016)
    art.line([(0.75 + cos(a) * 0.05 - 0.05, 0.84 + sin(a) * 0.06) for a in np.linspace(0, pi, 20)], "#5a4030", 0.018)
    for number in range(6):
        left, right = -1 + number / 3, -1 + (number + 1) / 3
        edge = [(0.75 + 0.46 * left * sin(t), 0.55 - 0.4 * cos(t)) for t in np.linspace(0, pi / 2, 24)]
        back = [(0.75 + 0.46 * right * sin(t), 0.55 - 0.4 * cos(t)) for t in np.linspace(0, pi / 2, 24)]
        middle = 0.75 + 0.46 * (left + right) / 2
        scallop = [(middle + 0.0767 * cos(a), 0.55 - 0.035 * sin(a)) for a in np.linspace(pi, 0, 12)]
        art.polygon([*edge, *scallop, *back[::-1]], mix(colors[number % len(colors)], "#000000", 0.05 * number))
    art.line([(0.75, 0.15), (0.75, 0.1)], "#5a4030", 0.014)
    return art.finish()


def butterfly(wing: Color, edge: Color, seed: int) -> Image.Image:
    art = Canvas(seed=seed)
    art.gradient([(0, "#d6f0c8"), (1, "#8cc97a")])
    for _ in range(24):
        art.ellipse(
            (art.uniform(0, RIGHT), art.uniform(0, 1)),
            art.uniform(0.02, 0.07),
            color="#ffffff",
            opacity=0.25,
            blur=0.008,
        )
    for side in (-1, 1):
        for size, color in ((1.0, edge), (0.84, wing), (0.42, mix(wing, "#ffffff", 0.45))):
            art.ellipse((0.75 + side * 0.235, 0.38), 0.22 * size, 0.23 * size, color=color)
            art.ellipse((0.75 + side * 0.19, 0.65), 0.16 * size, 0.17 * size, color=color)
        for number in range(4):
            angle = -0.9 + number * 0.5
            art.ellipse((0.75 + side * (0.235 + cos(angle) * 0.2), 0.38 + sin(angle) * 0.21), 0.012, color="#ffffff")
        art.line([(0.75, 0.3), (0.75 + side * 0.05, 0.2), (0.75 + side * 0.1, 0.13)], "#2b2018", 0.007)
        art.ellipse((0.75 + side * 0.1, 0.13), 0.013, color="#2b2018")
    art.ellipse((0.75, 0.52), 0.03, 0.24, color="#2b2018")
    art.ellipse((0.75, 0.29), 0.038, color="#2b2018")
    return art.finish()


def fish(colors: Sequence[Color], seed: int) -> Image.Image:
    art = Canvas(seed=seed)
    art.gradient([(0, "#3fb3e0"), (0.6, "#1a78b8"), (1, "#0d4a80")])
    for number in range(6):
        x = 0.1 + number * 0.28
        art.polygon([(x, 0), (x + 0.09, 0), (x - 0.12, 0.9), (x - 0.3, 0.9)], "#d6f4ff", 0.13, 0.012)
    art.land(art.ridge(0.9, 0.015, 1), "#e2c890")
    for number in range(16):
        x = number * 0.1 + art.uniform(-0.03, 0.03)
        weed = [(x + 0.02 * sin(t * 6 + number), 0.93 - t * art.uniform(0.1, 0.28)) for t in np.linspace(0, 1, 10)]
        art.line(weed, art.choose(("#2f9a5a", "#57b86a", "#c94f7a")), 0.015)
    for number, (x, y, size) in enumerate(
        ((0.62, 0.42, 0.2), (1.15, 0.26, 0.1), (1.2, 0.64, 0.13), (0.25, 0.68, 0.09))
    ):
        color = colors[number % len(colors)]
        art.polygon(
            [
                (x + size * 0.8, y),
                (x + size * 1.5, y - size * 0.5),
                (x + size * 1.35, y),
                (x + size * 1.5, y + size * 0.5),
            ],
            mix(color, "#000000", 0.12),
        )
        art.polygon(
            [(x - size * 0.3, y - size * 0.45), (x + size * 0.2, y - size * 0.95), (x + size * 0.6, y - size * 0.35)],
            mix(color, "#000000", 0.12),
        )
        art.ellipse((x, y), size, size * 0.6, color=color)
        for stripe in (-0.25, 0.2, 0.58):
            tall = (1 - stripe**2) ** 0.5 * 0.58
            art.ellipse((x + stripe * size, y), size * 0.085, size * tall, color="#ffffff")
        art.glow((x - size * 0.1, y - size * 0.4), size * 0.5, "#ffffff", 0.4)
        art.ellipse((x - size * 0.65, y - size * 0.12), size * 0.13, color="#ffffff")
        art.ellipse((x - size * 0.67, y - size * 0.12), size * 0.07, color="#14202b")
    for _ in range(34):
        art.ellipse(
            (art.uniform(0, RIGHT), art.uniform(0, 0.85)), art.uniform(0.004, 0.014), color="#e6faff", opacity=0.45
        )
    return art.finish()


def snowman(seed: int) -> Image.Image:
    art = Canvas(seed=seed)
    art.gradient([(0, "#7fb2de"), (1, "#dcecf7")], 0, 0.8)
    art.land(art.ridge(0.72, 0.02, 0.8), "#dfeaf4")
    for x in (0.15, 0.32, 1.2, 1.38):
        art.pine((x, 0.8), art.uniform(0.25, 0.4), "#3a6f5a")
    art.land(art.ridge(0.82, 0.01, 0.6), "#f7fbff")
    shadow(art, 0.78, 0.93, 0.26)
    for y, size in ((0.76, 0.19), (0.5, 0.14), (0.3, 0.1)):
        art.ellipse((0.75, y), size, color="#cddcea")
        art.ellipse((0.74, y - size * 0.05), size * 0.93, color="#ffffff", blur=0.01)
    art.rectangle((0.62, 0.205), (0.88, 0.225), "#22262e", radius=0.008)
    art.rectangle((0.67, 0.08), (0.83, 0.215), "#22262e", radius=0.008)
    art.rectangle((0.67, 0.175), (0.83, 0.2), "#d3302c")
    for x in (0.715, 0.785):
        art.ellipse((x, 0.28), 0.013, color="#1c2027")
    art.polygon([(0.75, 0.3), (0.75, 0.33), (0.64, 0.335)], "#f08a24")
    art.rectangle((0.655, 0.375), (0.845, 0.415), "#d3302c", radius=0.02)
    art.rectangle((0.8, 0.39), (0.84, 0.53), "#b8251f", radius=0.012)
    for y in (0.46, 0.52, 0.58):
        art.ellipse((0.74, y), 0.012, color="#1c2027")
    for side in (-1, 1):
        art.line([(0.75 + side * 0.12, 0.48), (0.75 + side * 0.32, 0.38)], "#6b4a2c", 0.012)
        art.line([(0.75 + side * 0.27, 0.405), (0.75 + side * 0.31, 0.44)], "#6b4a2c", 0.008)
    for _ in range(170):
        art.ellipse((art.uniform(0, RIGHT), art.uniform(0, 1)), art.uniform(0.002, 0.006), color="#ffffff")
    return art.finish()


def gift(paper: Color, ribbon: Color, seed: int) -> Image.Image:
    art = table("#f3ecf7", "#d2c2b0", seed)
    shadow(art, 0.78, 0.87, 0.36)
    art.rectangle((0.47, 0.44), (1.03, 0.86), paper)
    art.rectangle((0.85, 0.44), (1.03, 0.86), "#000000", 0.1)
    for row in range(4):
        for number in range(5):
            art.ellipse((0.53 + number * 0.11, 0.52 + row * 0.1), 0.014, color=mix(paper, "#ffffff", 0.45))
    art.rectangle((0.44, 0.36), (1.06, 0.47), mix(paper, "#ffffff", 0.12))
    art.rectangle((0.7, 0.36), (0.8, 0.86), ribbon)
    for side in (-1, 1):
        art.ellipse((0.75 + side * 0.11, 0.29), 0.1, 0.065, color=ribbon)
        art.ellipse((0.75 + side * 0.11, 0.295), 0.055, 0.03, color=mix(ribbon, "#000000", 0.35))
        art.polygon([(0.75, 0.31), (0.75 + side * 0.13, 0.42), (0.75 + side * 0.2, 0.38)], mix(ribbon, "#000000", 0.1))
    art.ellipse((0.75, 0.31), 0.04, color=mix(ribbon, "#ffffff", 0.2))
    return art.finish()


def smiling_sun(seed: int) -> Image.Image:
    art = Canvas(seed=seed)
    art.gradient([(0, "#3fa0ea"), (1, "#c9ebfc")])
    for number in range(16):
        angle, half = 2 * pi * number / 16, 0.085
        reach = 0.4 if number % 2 else 0.35
        art.polygon(
            [
                (0.75 + cos(angle - half) * 0.25, 0.48 + sin(angle - half) * 0.25),
                (0.75 + cos(angle) * reach, 0.48 + sin(angle) * reach),
                (0.75 + cos(angle + half) * 0.25, 0.48 + sin(angle + half) * 0.25),
            ],
            "#ffb81f",
        )
    art.ball((0.75, 0.48), 0.23, "#ffd52e")
    for side in (-1, 1):
        art.ellipse((0.75 + side * 0.08, 0.43), 0.02, 0.03, color="#5a3a0a")
        art.ellipse((0.75 + side * 0.13, 0.53), 0.035, 0.024, color="#ff9a5a", opacity=0.7, blur=0.006)
    art.line([(0.75 + cos(a) * 0.1, 0.5 + sin(a) * 0.08) for a in np.linspace(0.35, pi - 0.35, 30)], "#5a3a0a", 0.012)
    art.cloud((0.25, 0.82), 0.3)
    art.cloud((1.28, 0.86), 0.34)
    return art.finish()


THINGS = [
    drawing("Red apples", "Three red apples on a wooden table.", "fruit apple red food", apples, paint="#d0232b",
            seed=51),
    drawing("Green apples", "Three green apples on a wooden table.", "fruit apple green food", apples,
            paint="#7fbf3a",
            seed=51, wall="#e6eef2"),
    drawing("Oranges", "Two oranges and half of one.", "fruit orange food", citrus, paint="#f5901e", flesh="#ffab3d",
            seed=52),
    drawing("Lemons", "Two lemons and half of one.", "fruit lemon yellow food", citrus, paint="#f7d52a",
            flesh="#fbe67a",
            seed=53),
    drawing("Limes", "Two limes and half of one.", "fruit lime green food", citrus, paint="#6db33a", flesh="#b9de7a",
            seed=54),
    drawing("Watermelon", "Two slices of watermelon.", "fruit watermelon red green food", watermelon, seed=55),
    drawing("Blue grapes", "A bunch of blue grapes.", "fruit grapes purple food", grapes, paint="#5a3a9a", seed=56),
    drawing("White grapes", "A bunch of green grapes.", "fruit grapes green food", grapes, paint="#a9cc5a", seed=56),
    drawing("Cherries", "Three red cherries with a leaf.", "fruit cherries red food", cherries, seed=57),
    drawing("Cup of coffee", "A blue cup of hot coffee.", "coffee cup blue drink", cup, paint="#3f7fc4", seed=58),
    drawing("Red cup", "A red cup of hot coffee.", "coffee cup red drink", cup, paint="#d23a34", seed=58),
    drawing("Party balloons", "Balloons in many colours on strings.", "balloons party colorful", party_balloons,
            seed=59,
            colors=("#e8372e", "#2f7fe0", "#ffd02b", "#3fae55", "#f0782a", "#8a4fd0", "#ee6ab0")),
    drawing("Blue balloons", "Blue balloons on strings.", "balloons party blue", party_balloons, seed=60,
            colors=("#2f7fe0", "#1a56b0", "#5aa5f0", "#2f7fe0", "#8cc4f7", "#1a56b0", "#3f8fe8")),
    drawing("Umbrella in the rain", "A red and white umbrella on a rainy day.", "umbrella rain red", umbrella,
            colors=("#d8262c", "#f7f3ee"), seed=61),
    drawing("Rainbow umbrella", "An umbrella in the colours of the rainbow, in the rain.", "umbrella rain colorful",
            umbrella, colors=("#e8403a", "#f58b2e", "#f9dd3c", "#4cb950", "#3a8ee0", "#8a4fb5"), seed=62),
    drawing("Orange butterfly", "An orange butterfly with a black edge.", "butterfly animal orange", butterfly,
            wing="#f58a1f", edge="#2b1a12", seed=63),
    drawing("Blue butterfly", "A blue butterfly before green.", "butterfly animal blue", butterfly, wing="#3f8ff0",
            edge="#14264a", seed=64),
    drawing("Orange fish", "Orange and white fish under water.", "fish animal underwater orange", fish,
            colors=("#f5781e", "#f78f2a"), seed=65),
    drawing("Colourful fish", "Yellow, pink and green fish under water.", "fish animal underwater colorful", fish,
            colors=("#f7ce2a", "#ee5a9a", "#3fbf7a", "#f0583a"), seed=66),
    drawing("Snowman", "A snowman with a black hat and a red scarf.", "snowman winter snow", snowman, seed=67),
    drawing("Blue present", "A present in blue paper with a golden ribbon.", "gift blue gold", gift, paper="#2f6fd0",
            ribbon="#f5c13a", seed=68),
    drawing("Pink present", "A present in pink paper with a white ribbon.", "gift pink white", gift, paper="#ee7ab0",
            ribbon="#ffffff", seed=69),
    drawing("Smiling sun", "A yellow sun with a smile in a blue sky.", "sun yellow sky summer", smiling_sun, seed=70),
]  # fmt: skip
