"""Scenes out of doors."""

from collections.abc import Sequence
from math import cos, pi, sin

import numpy as np
from PIL import Image

from dam.embedded.pictures.canvas import RIGHT, Canvas, Color, mix
from dam.embedded.pictures.drawing import drawing


def sunset(sky: Sequence[Color], sun: Color, sea: Color, seed: int) -> Image.Image:
    art = Canvas(seed=seed)
    horizon, x = 0.6, art.uniform(0.55, 0.95)
    art.gradient([(0, sky[0]), (0.5, sky[1]), (0.85, sky[2]), (1, sky[3])], 0, horizon)
    for _ in range(5):
        place = (art.uniform(0, RIGHT), art.uniform(0.1, 0.38))
        art.ellipse(place, art.uniform(0.15, 0.4), 0.012, color=mix(sky[3], sky[1], 0.4), opacity=0.55, blur=0.012)
    art.glow((x, horizon - 0.09), 0.55, mix(sun, "#ffffff", 0.3), 0.8)
    art.ellipse((x, horizon - 0.09), 0.085, color=mix(sun, "#ffffff", 0.55))
    art.gradient([(0, mix(sea, sky[3], 0.55)), (0.25, sea), (1, mix(sea, "#000010", 0.55))], horizon, 1)
    for row in range(46):
        y = horizon + 0.006 + (row / 46) ** 1.5 * 0.38
        spread = 0.05 + row * 0.0032
        for _ in range(3):
            middle = x + art.uniform(-spread, spread)
            art.ellipse(
                (middle, y),
                art.uniform(0.01, 0.05) + row * 0.0006,
                0.0016 + row * 0.00006,
                color=mix(sun, "#ffffff", 0.4),
                opacity=0.75,
            )
    boat = (x - 0.45, horizon + 0.05)
    art.polygon(
        [
            (boat[0] - 0.07, boat[1]),
            (boat[0] + 0.08, boat[1]),
            (boat[0] + 0.05, boat[1] + 0.03),
            (boat[0] - 0.05, boat[1] + 0.03),
        ],
        "#1b1422",
    )
    art.polygon([(boat[0], boat[1] - 0.01), (boat[0], boat[1] - 0.19), (boat[0] + 0.075, boat[1] - 0.01)], "#2a1f33")
    art.polygon(
        [(boat[0] - 0.008, boat[1] - 0.01), (boat[0] - 0.008, boat[1] - 0.16), (boat[0] - 0.055, boat[1] - 0.01)],
        "#342640",
    )
    for _ in range(6):
        bird(art, art.uniform(0.15, 1.35), art.uniform(0.1, 0.35), art.uniform(0.012, 0.022))
    return art.finish()


def bird(art: Canvas, x: float, y: float, size: float) -> None:
    art.line([(x - size, y - size * 0.5), (x - size * 0.4, y - size * 0.55), (x, y)], "#241a2e", 0.003)
    art.line([(x, y), (x + size * 0.4, y - size * 0.55), (x + size, y - size * 0.5)], "#241a2e", 0.003)


def mountains(sky: Sequence[Color], rock: Color, snow: Color, seed: int, *, lake: bool = True) -> Image.Image:
    art = Canvas(seed=seed)
    shore = 0.68 if lake else 0.86
    art.gradient([(0, sky[0]), (1, sky[1])], 0, shore)
    for _ in range(3):
        art.cloud((art.uniform(0.1, 1.4), art.uniform(0.1, 0.25)), art.uniform(0.15, 0.28), opacity=0.75)
    art.land(art.ridge(shore - 0.2, 0.05), mix(rock, sky[1], 0.65))
    for x, top, half in ((0.3, 0.24, 0.42), (1.22, 0.28, 0.4), (0.76, 0.13, 0.5)):
        peak(art, x, top, half, shore, rock, snow)
    art.land(art.ridge(shore - 0.05, 0.02, 3), mix("#2e5b3c", sky[1], 0.15))
    for number in range(46):
        x = RIGHT * number / 45
        art.pine((x, shore + 0.005), art.uniform(0.05, 0.11), mix("#1d4a34", "#2f6b45", art.uniform(0, 1)))
    if lake:
        upper = art.image.crop((0, 0, art.size[0], round(shore * art.unit))).transpose(Image.Transpose.FLIP_TOP_BOTTOM)
        reflection = upper.resize((art.size[0], art.size[1] - round(shore * art.unit)))
        art.image.paste(reflection, (0, round(shore * art.unit)))
        art.rectangle((0, shore), (RIGHT, 1), mix(sky[0], "#0d3550", 0.5), opacity=0.32)
        for _ in range(40):
            y = art.uniform(shore + 0.02, 1)
            art.ellipse((art.uniform(0, RIGHT), y), art.uniform(0.04, 0.16), 0.0015, color="#ffffff", opacity=0.3)
    else:
        art.land(art.ridge(shore, 0.012, 1), "#eef4fb")
    return art.finish()


def peak(art: Canvas, x: float, top: float, half: float, foot: float, rock: Color, snow: Color) -> None:
    """A mountain with a lit and a shaded side, and snow down to a jagged line."""
    ragged = [art.uniform(-0.02, 0.02) for _ in range(9)]
    art.polygon([(x - half, foot), (x, top), (x + half, foot)], rock)
    art.polygon(
        [(x, top), (x + half, foot), (x + half * 0.12, foot), (x - half * 0.04, (top + foot) / 2)],
        mix(rock, "#0a1020", 0.35),
    )
    line, depth = [], (foot - top) * 0.42
    for number in range(9):
        share = number / 8
        side = x - half * 0.42 + share * half * 0.84
        reach = depth * (1 if number % 2 else 0.72) + ragged[number]
        edge = abs(share - 0.5) * 2
        line.append((side, top + max(depth * edge, min(reach, depth))))
    art.polygon([(x, top), (x + half * 0.42, top + depth), *line[::-1], (x - half * 0.42, top + depth)], snow)
    art.polygon(
        [(x, top), (x + half * 0.42, top + depth), *line[:4:-1], (x - half * 0.03, top + depth * 0.6)],
        mix(snow, "#6d86b0", 0.35),
    )


def forest(far: Color, near: Color, mist: Color, seed: int) -> Image.Image:
    art = Canvas(seed=seed)
    art.gradient([(0, mix(mist, "#ffffff", 0.55)), (1, mist)])
    art.glow((0.4, 0.16), 0.6, "#fff6d8", 0.9)
    for layer in range(5):
        share = layer / 4
        color = mix(mix(far, mist, 0.65 * (1 - share)), near, share)
        ground = 0.46 + layer * 0.13
        art.land(art.ridge(ground, 0.03, 1.2), mix(color, "#ffffff", 0.05))
        for number in range(int(34 - layer * 5)):
            x = RIGHT * (number + art.uniform(-0.4, 0.4)) / (33 - layer * 5)
            art.pine((x, ground + art.uniform(0, 0.06)), art.uniform(0.16, 0.25) * (0.7 + share), color)
        if layer < 4:
            art.ellipse((art.uniform(0.3, 1.2), ground + 0.08), 0.9, 0.05, color=mist, opacity=0.45, blur=0.03)
    return art.finish()


def desert(sky: Sequence[Color], sand: Color, seed: int, *, cactus: bool = True) -> Image.Image:
    art = Canvas(seed=seed)
    art.gradient([(0, sky[0]), (1, sky[1])], 0, 0.62)
    art.glow((1.12, 0.2), 0.5, "#fff2b8", 0.9)
    art.ellipse((1.12, 0.2), 0.075, color="#fff7d6")
    for layer in range(4):
        shade = mix(mix(sand, sky[1], 0.45), mix(sand, "#7a3410", 0.3), layer / 3)
        ridge = art.ridge(0.52 + layer * 0.12, 0.045, 0.7)
        art.land(ridge, shade)
        art.land(ridge + 0.035 + 0.03 * np.sin(np.linspace(0, 7 + layer, ridge.size)), mix(shade, "#5a2408", 0.16), 0.6)
    if cactus:
        for x, y, height in ((0.3, 0.9, 0.42), (0.62, 0.8, 0.2), (1.3, 0.86, 0.26)):
            saguaro(art, x, y, height)
    return art.finish()


def saguaro(art: Canvas, x: float, y: float, height: float) -> None:
    green, width = "#2f6d3a", height * 0.2
    art.ellipse((x + height * 0.3, y), height * 0.45, height * 0.035, color="#4a2208", opacity=0.35, blur=0.006)
    art.line([(x, y), (x, y - height)], green, width)
    for side, low, high in ((-1, 0.42, 0.78), (1, 0.3, 0.62)):
        elbow = x + side * height * 0.3
        art.line([(x, y - height * low), (elbow, y - height * low), (elbow, y - height * high)], green, width * 0.7)
    for offset in (-0.05, 0.0, 0.05):
        art.line(
            [(x + offset * height, y), (x + offset * height, y - height * 0.97)],
            mix(green, "#b6dd8a", 0.35),
            0.0035,
            0.7,
        )


def beach(seed: int) -> Image.Image:
    art = Canvas(seed=seed)
    art.gradient([(0, "#3aa5e6"), (1, "#bfe9fb")], 0, 0.5)
    art.cloud((0.35, 0.2), 0.24)
    art.cloud((1.15, 0.14), 0.18)
    art.gradient([(0, "#1f86bd"), (0.6, "#2cb5c9"), (1, "#9be8dc")], 0.5, 0.76)
    for row in range(7):
        y = 0.535 + row * 0.03
        for _ in range(5):
            art.ellipse((art.uniform(0, RIGHT), y), art.uniform(0.03, 0.1), 0.002, color="#ffffff", opacity=0.5)
    shore = art.ridge(0.75, 0.012, 1)
    art.land(shore - 0.012, "#ffffff", 0.8)
    art.land(shore, "#f4dca6")
    art.land(shore + 0.1, "#eccb8b", 0.5)
    palm(art, 0.28, 0.93)
    for number in range(6):
        left = -0.16 + number * 0.32 / 6
        shade = "#e23b3b" if number % 2 else "#ffffff"
        art.polygon([(1.0, 0.58), (1.0 + left, 0.7), (1.0 + left + 0.32 / 6, 0.7)], shade)
    art.line([(1.0, 0.6), (1.03, 0.92)], "#7c5a3a", 0.009)
    art.polygon([(1.08, 0.92), (1.3, 0.88), (1.34, 0.93), (1.12, 0.97)], "#2f7fd0")
    art.polygon([(1.08, 0.92), (1.3, 0.88), (1.308, 0.89), (1.088, 0.93)], "#ffffff")
    art.ball((0.78, 0.93), 0.035, "#ffb62e")
    return art.finish()


def palm(art: Canvas, x: float, y: float) -> None:
    for step in range(26):
        share = step / 25
        middle = (x + 0.1 * share**2, y - 0.55 * share)
        art.ellipse(middle, 0.022 - 0.008 * share, 0.014, color="#8a6238" if step % 2 else "#9b7145")
    top = (x + 0.1, y - 0.56)
    for angle in (-2.9, -2.4, -1.9, -1.3, -0.8, -0.3, 0.15, 3.2):
        points, back = [], []
        for step in range(12):
            share = step / 11
            px = top[0] + cos(angle) * share * 0.27
            py = top[1] + sin(angle) * share * 0.15 + share**2 * 0.13
            wide = 0.026 * sin(pi * min(1, share * 0.95 + 0.05))
            points.append((px, py - wide))
            back.append((px, py + wide))
        art.polygon([*points, *back[::-1]], mix("#1e7a3d", "#3fae55", art.uniform(0, 1)))
    for dx, dy in ((-0.018, 0.012), (0.016, 0.014), (0.0, 0.026)):
        art.ball((top[0] + dx, top[1] + dy), 0.016, "#6b4423")


def night_sky(seed: int) -> Image.Image:
    art = Canvas(seed=seed)
    art.gradient([(0, "#050a22"), (0.7, "#102a4c"), (1, "#1d4a5c")], 0, 0.85)
    art.stars(320, 0.8)
    for color, base in (("#8a5cff", 0.36), ("#35e0c8", 0.52), ("#3dff9a", 0.6)):
        wave = art.ridge(base, 0.05, 0.8)
        for column in range(0, art.size[0], 8):
            x = column / art.unit
            y = float(wave[column])
            height = 0.24 + 0.08 * sin(column / 61)
            for part in range(5):
                low = y - height * part * 0.2
                art.line([(x, low), (x + 0.004, low - height * 0.24)], color, 0.012, 0.2 - part * 0.038)
    art.land(art.ridge(0.78, 0.04), "#0b1a26")
    for number in range(40):
        art.pine((RIGHT * number / 39, art.uniform(0.84, 0.9)), art.uniform(0.08, 0.2), "#06121b")
    art.rectangle((0, 0.88), (RIGHT, 1), "#06121b")
    return art.finish()


def rainbow(seed: int) -> Image.Image:
    art = Canvas(seed=seed)
    art.gradient([(0, "#5fa9e0"), (1, "#d9f0fb")], 0, 0.75)
    bands = ("#e8403a", "#f58b2e", "#f9dd3c", "#4cb950", "#3a8ee0", "#4b53b8", "#8a4fb5")
    for number, color in enumerate(bands):
        radius = 0.62 - number * 0.022
        points = [(0.75 + cos(a) * radius, 0.8 + sin(a) * radius) for a in np.linspace(pi, 2 * pi, 90)]
        art.line(points, color, 0.0235, 0.75)
    art.cloud((0.2, 0.72), 0.3)
    art.cloud((1.32, 0.7), 0.28)
    for layer, color in enumerate(("#8cc96b", "#63b04f", "#3f9140")):
        art.land(art.ridge(0.72 + layer * 0.09, 0.03, 0.8), color)
    for _ in range(9):
        x = art.uniform(0.05, 1.45)
        art.tree((x, art.uniform(0.86, 0.97)), art.uniform(0.1, 0.16), ["#2f7d36", "#4a9a44", "#256b30"])
    return art.finish()


def flower_field(sky: Sequence[Color], petals: Sequence[Color], heart: Color, seed: int) -> Image.Image:
    art = Canvas(seed=seed)
    art.gradient([(0, sky[0]), (1, sky[1])], 0, 0.45)
    art.cloud((0.45, 0.2), 0.26)
    art.cloud((1.2, 0.26), 0.2)
    art.land(art.ridge(0.38, 0.025, 0.8), "#6a9f6a")
    art.gradient([(0, "#79b356"), (1, "#2f6b2a")], 0.44, 1)
    for row in range(22):
        share = row / 21
        y, size = 0.46 + 0.54 * share**1.6, 0.006 + 0.034 * share**1.5
        for number in range(int(46 - 32 * share)):
            x = RIGHT * (number + art.uniform(-0.5, 0.5)) / (45 - 32 * share)
            flower(art, x, y + art.uniform(-1, 1) * size, size, art.choose(petals), heart)
    return art.finish()


def flower(art: Canvas, x: float, y: float, size: float, petal: Color, heart: Color) -> None:
    if size > 0.016:
        art.line([(x, y), (x + size * 0.2, y + size * 2.4)], "#2c6a2a", size * 0.16)
    leaves = 5 if size < 0.016 else 8
    for number in range(leaves):
        angle = 2 * pi * number / leaves
        place = (x + cos(angle) * size * 0.62, y + sin(angle) * size * 0.55)
        art.ellipse(place, size * 0.46, size * 0.42, color=mix(petal, "#ffffff", 0.12 * (number % 2)))
    art.ellipse((x, y), size * 0.36, size * 0.33, color=heart)


def lone_tree(sky: Sequence[Color], ground: Color, leaves: Sequence[Color], seed: int) -> Image.Image:
    art = Canvas(seed=seed)
    art.gradient([(0, sky[0]), (1, sky[1])], 0, 0.8)
    art.cloud((0.3, 0.24), 0.26, opacity=0.8)
    art.cloud((1.25, 0.17), 0.2, opacity=0.8)
    art.land(art.ridge(0.7, 0.02, 0.6), mix(ground, sky[1], 0.45))
    art.land(art.ridge(0.78, 0.015, 0.5), ground)
    art.ellipse((0.8, 0.87), 0.32, 0.028, color="#000000", opacity=0.25, blur=0.012)
    art.tree((0.75, 0.87), 0.72, leaves)
    for _ in range(60 if leaves else 0):
        place = (art.uniform(0.4, 1.15), art.uniform(0.84, 0.93))
        art.ellipse(place, 0.008, 0.005, color=art.choose(leaves))
    if not leaves:
        for angle in np.linspace(-2.7, -0.4, 9):
            end = (0.75 + cos(float(angle)) * 0.27, 0.42 + sin(float(angle)) * 0.25)
            art.line([(0.75, 0.5), end], "#5b3a22", 0.012)
            for twist in (-0.35, 0.35):
                tip = (end[0] + cos(float(angle) + twist) * 0.08, end[1] + sin(float(angle) + twist) * 0.08)
                art.line([(0.75 + (end[0] - 0.75) * 0.6, 0.5 + (end[1] - 0.5) * 0.6), tip], "#5b3a22", 0.006)
        for _ in range(160):
            art.ellipse((art.uniform(0, RIGHT), art.uniform(0, 1)), art.uniform(0.002, 0.006), color="#ffffff")
    return art.finish()


LANDSCAPES = [
    drawing("Sunset over the sea", "An orange sun goes down behind the sea, with a sailing boat and birds.",
            "sunset sea orange boat", sunset, sky=("#2b2458", "#a83e6c", "#f0743c", "#ffb55a"), sun="#ffb347",
            sea="#4a3b6b", seed=1),
    drawing("Pink evening at the coast", "A pink and violet evening sky over calm water.", "sunset sea pink boat",
            sunset, sky=("#46337e", "#b15aa8", "#f58fa8", "#ffd0c4"), sun="#ffd1b8", sea="#6a5a9a", seed=2),
    drawing("Golden hour on the water", "A low golden sun and its path of light on the sea.", "sunset sea gold boat",
            sunset, sky=("#5a7fb0", "#d9a75e", "#f7c65c", "#ffe9a0"), sun="#fff0a8", sea="#5d6e70", seed=3),
    drawing("Red dusk", "The sky burns dark red over a black sea.", "sunset sea red boat", sunset,
            sky=("#14060c", "#5a0f1c", "#b0231f", "#f0642a"), sun="#ff7a3c", sea="#3a1018", seed=4),
    drawing("Snowy mountains with a lake", "White peaks mirrored in a blue mountain lake.",
            "mountains snow lake blue", mountains, sky=("#3f8fd6", "#cfe8f7"), rock="#6b7488", snow="#f7fbff",
            seed=5),
    drawing("Alpenglow", "Pink light on snow-covered summits in the evening.", "mountains snow lake pink", mountains,
            sky=("#5a5fa8", "#f7c1b4"), rock="#6a5a72", snow="#ffd9d2", seed=6),
    drawing("Winter mountains", "Snow everywhere: grey rock, white slopes, dark firs.", "mountains snow winter white",
            mountains, sky=("#9fb8cf", "#e9f0f5"), rock="#5b6878", snow="#ffffff", seed=7, lake=False),
    drawing("Misty pine forest", "Green pines, one row behind the other, in the morning mist.",
            "forest trees green mist", forest, far="#4f8a6a", near="#0f3d2a", mist="#cfe3d8", seed=8),
    drawing("Autumn forest", "A forest in orange and brown.", "forest trees autumn orange", forest, far="#e0994a",
            near="#7a3512", mist="#f5e2c4", seed=9),
    drawing("Blue forest at dawn", "A cold blue morning in the woods.", "forest trees blue mist", forest,
            far="#6d94b8", near="#12304d", mist="#d3e2ee", seed=10),
    drawing("Desert with cacti", "Saguaro cacti on yellow dunes under a hot sun.", "desert sand cactus yellow sun",
            desert, sky=("#4aa7e0", "#fbe6b4"), sand="#eeb45c", seed=11),
    drawing("Red dunes", "Empty red sand dunes under a pale sky.", "desert sand dunes red", desert,
            sky=("#e8a27a", "#fbe0c0"), sand="#d9683a", seed=12, cactus=False),
    drawing("Beach with a palm tree", "A sandy beach with a palm tree, a parasol and a beach ball.",
            "beach sea palm summer sand", beach, seed=13),
    drawing("Northern lights", "Green and violet aurora above a dark forest at night.",
            "night aurora stars green forest", night_sky, seed=14),
    drawing("Rainbow over green hills", "A rainbow above a green valley with trees.", "rainbow hills green trees",
            rainbow, seed=15),
    drawing("Poppy field", "Red poppies up to the horizon.", "flowers field red poppies", flower_field,
            sky=("#4fa3e0", "#d6effa"), petals=("#e0261f", "#f04a32", "#c81a1a"), heart="#2b1a1a", seed=16),
    drawing("Sunflower field", "Yellow sunflowers under a blue sky.", "flowers field yellow sunflowers", flower_field,
            sky=("#3b95e6", "#cbe9fb"), petals=("#ffc61a", "#ffd84a", "#f5ae0a"), heart="#5a3312", seed=17),
    drawing("Lavender field", "Rows of violet lavender.", "flowers field purple lavender", flower_field,
            sky=("#8fb7e6", "#f3e6ee"), petals=("#8a5cc9", "#a67be0", "#7446b0"), heart="#5d3a94", seed=18),
    drawing("Tree in spring", "A blossoming pink tree on a meadow.", "tree spring pink blossom", lone_tree,
            sky=("#7cc0ee", "#e6f5fc"), ground="#7cbf5a", leaves=("#f7a8c4", "#fbc6d8", "#ee86ae"), seed=19),
    drawing("Tree in summer", "A green tree on a meadow.", "tree summer green", lone_tree,
            sky=("#3f9be6", "#cfeafc"), ground="#5aa53f", leaves=("#2f8a35", "#4fa846", "#237029"), seed=19),
    drawing("Tree in autumn", "A tree with orange and red leaves.", "tree autumn orange leaves", lone_tree,
            sky=("#8fb4cf", "#f5e8d2"), ground="#b59a4a", leaves=("#e8741e", "#f5a02a", "#c9401a"), seed=19),
    drawing("Tree in winter", "A bare tree in the snow.", "tree winter snow white", lone_tree,
            sky=("#9db3c9", "#e6edf3"), ground="#f4f8fc", leaves=(), seed=19),
]  # fmt: skip
