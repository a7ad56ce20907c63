"""Scenes with something built or flown in them."""

from collections.abc import Sequence
from math import cos, pi, sin

from PIL import Image

from dam.embedded.pictures.canvas import RIGHT, Canvas, Color, mix
from dam.embedded.pictures.drawing import drawing


def city(sky: Sequence[Color], walls: Sequence[Color], window: Color, seed: int, *, night: bool) -> Image.Image:
    art = Canvas(seed=seed)
    art.gradient([(0, sky[0]), (1, sky[1])], 0, 0.85)
    if night:
        art.stars(150, 0.45)
        art.glow((1.2, 0.18), 0.3, "#dfe6ff", 0.5)
        art.ellipse((1.2, 0.18), 0.06, color="#fdf6dc")
    else:
        art.cloud((0.4, 0.2), 0.26)
        art.cloud((1.2, 0.15), 0.2)
    for row, color in enumerate(walls):
        x = -0.03
        while x < RIGHT:
            wide, tall = art.uniform(0.07, 0.14), art.uniform(0.22, 0.52) - row * 0.06
            tower(
                art,
                x,
                0.92 - tall,
                wide,
                mix(color, "#ffffff", art.uniform(0, 0.12)),
                window,
                share=(0.5 if night else 0.9) * (0.4 + row * 0.3),
                detailed=row > 0,
            )
            x += wide + art.uniform(0.0, 0.02)
    if night:
        art.gradient([(0, "#0c1330"), (1, "#070a1c")], 0.9, 1)
        for _ in range(120):
            place = (art.uniform(0, RIGHT), art.uniform(0.91, 0.99))
            art.ellipse(place, 0.004, art.uniform(0.006, 0.02), color=window, opacity=0.35)
    else:
        art.gradient([(0, "#7d8790"), (1, "#5b646d")], 0.9, 1)
        for number in range(10):
            art.rectangle((number * 0.16, 0.946), (number * 0.16 + 0.08, 0.954), "#f4f4f0")
    return art.finish()


def tower(
    art: Canvas, x: float, top: float, wide: float, wall: Color, window: Color, *, share: float, detailed: bool
) -> None:
    art.rectangle((x, top), (x + wide, 0.93), wall)
    art.rectangle((x + wide * 0.72, top), (x + wide, 0.93), "#000000", 0.14)
    if art.uniform(0, 1) > 0.7:
        art.line([(x + wide / 2, top), (x + wide / 2, top - 0.06)], wall, 0.004)
    if not detailed:
        return
    columns = max(2, int(wide / 0.024))
    gap = wide / columns
    y = top + 0.02
    while y < 0.89:
        for number in range(columns):
            if art.uniform(0, 1) < share:
                left = x + gap * (number + 0.25)
                art.rectangle((left, y), (left + gap * 0.5, y + 0.016), mix(window, wall, art.uniform(0, 0.35)))
        y += 0.03


def car(paint: Color, seed: int, *, kind: str = "car") -> Image.Image:
    art = Canvas(seed=seed)
    art.gradient([(0, "#79c0ee"), (1, "#e9f6fd")], 0, 0.62)
    art.cloud((0.3, 0.2), 0.24)
    art.cloud((1.25, 0.26), 0.18)
    art.land(art.ridge(0.55, 0.03, 0.8), "#8cbf7a")
    art.land(art.ridge(0.62, 0.015, 0.8), "#6bab57")
    art.gradient([(0, "#70767c"), (1, "#565b61")], 0.7, 1)
    for number in range(6):
        art.rectangle((number * 0.28 - 0.05, 0.91), (number * 0.28 + 0.09, 0.922), "#f6f2dc")
    art.ellipse((0.75, 0.855), 0.5, 0.03, color="#000000", opacity=0.45, blur=0.012)
    dark = mix(paint, "#000000", 0.3)
    if kind == "bus":
        art.rectangle((0.28, 0.36), (1.24, 0.83), paint, radius=0.05)
        art.rectangle((0.28, 0.66), (1.24, 0.7), dark)
        for number in range(5):
            art.rectangle((0.33 + number * 0.178, 0.42), (0.485 + number * 0.178, 0.58), "#bfe3f5", radius=0.015)
        wheels, radius = (0.47, 1.04), 0.075
    else:
        roof = [(0.47, 0.66), (0.56, 0.5), (0.62, 0.475), (0.88, 0.475), (0.95, 0.5), (1.07, 0.66)]
        art.polygon(roof, paint)
        art.polygon([(0.51, 0.655), (0.582, 0.523), (0.735, 0.51), (0.735, 0.655)], "#c6e6f6")
        art.polygon([(0.76, 0.655), (0.76, 0.51), (0.92, 0.523), (1.01, 0.655)], "#c6e6f6")
        art.polygon([(0.54, 0.655), (0.61, 0.52), (0.65, 0.516), (0.585, 0.655)], "#ffffff", 0.5)
        art.rectangle((0.25, 0.64), (1.25, 0.82), paint, radius=0.06)
        art.rectangle((0.26, 0.645), (1.24, 0.67), mix(paint, "#ffffff", 0.35), radius=0.012)
        art.rectangle((0.25, 0.765), (1.25, 0.82), dark, radius=0.025)
        art.line([(0.747, 0.66), (0.747, 0.79)], dark, 0.004)
        art.rectangle((0.68, 0.695), (0.725, 0.707), mix(paint, "#ffffff", 0.6), radius=0.005)
        wheels, radius = (0.46, 1.04), 0.085
        if kind == "taxi":
            art.rectangle((0.68, 0.44), (0.83, 0.478), "#ffffff", radius=0.01)
            for number in range(26):
                art.rectangle(
                    (0.32 + number * 0.034, 0.715 + 0.017 * (number % 2)),
                    (0.337 + number * 0.034, 0.732 + 0.017 * (number % 2)),
                    "#20242a",
                )
    art.ellipse((1.225, 0.7), 0.022, 0.03, color="#fff3b0")
    art.ellipse((0.27, 0.7), 0.018, 0.03, color="#c8201c")
    for x in wheels:
        art.ellipse((x, 0.825), radius * 1.13, color=mix(dark, "#000000", 0.5))
        art.ellipse((x, 0.83), radius, color="#22262b")
        art.ellipse((x, 0.83), radius * 0.58, color="#c9d0d6")
        for number in range(5):
            angle = number * 2 * pi / 5
            art.line([(x, 0.83), (x + cos(angle) * radius * 0.5, 0.83 + sin(angle) * radius * 0.5)], "#7b848c", 0.01)
        art.ellipse((x, 0.83), radius * 0.16, color="#4a5157")
    return art.finish()


def balloons(colors: Sequence[tuple[Color, Color]], sky: Sequence[Color], seed: int) -> Image.Image:
    art = Canvas(seed=seed)
    art.gradient([(0, sky[0]), (1, sky[1])])
    for _ in range(4):
        art.cloud((art.uniform(0.1, 1.4), art.uniform(0.15, 0.8)), art.uniform(0.16, 0.28), opacity=0.8)
    art.land(art.ridge(0.88, 0.025, 0.8), "#7fae6b")
    art.land(art.ridge(0.94, 0.015, 0.8), "#5d9450")
    places = ((0.42, 0.34, 0.19), (1.0, 0.26, 0.13), (1.26, 0.5, 0.09), (0.78, 0.58, 0.07), (0.13, 0.6, 0.06))
    for (x, y, size), (one, other) in zip(places, colors, strict=False):
        envelope(art, x, y, size, one, other)
    return art.finish()


def envelope(art: Canvas, x: float, y: float, size: float, one: Color, other: Color) -> None:
    """A hot-air balloon: gores in two colours, ropes and a basket."""
    basket = y + size * 1.75
    for side in (-0.55, -0.2, 0.2, 0.55):
        art.line([(x + side * size * 0.5, y + size * 1.1), (x + side * size * 0.3, basket)], "#4a3520", 0.003)
    outline = []
    for step in range(101):
        t = step / 100
        if t < 0.6:
            angle = pi * (1 - t / 0.6) * 0.5
            outline.append((cos(angle), -sin(angle)))
        else:
            down = (t - 0.6) / 0.4
            outline.append((1 - 0.72 * down**1.6, 1.25 * down))
    for gore in range(8):
        left, right = -1 + gore * 0.25, -0.75 + gore * 0.25
        edge = [(x + w * sin(left * pi / 2) * size, y + h * size) for w, h in outline]
        back = [(x + w * sin(right * pi / 2) * size, y + h * size) for w, h in outline]
        shade = mix(one if gore % 2 else other, "#000000", max(0.0, (right - 0.2) * 0.3))
        art.polygon([*edge, *back[::-1]], shade)
    art.glow((x - size * 0.35, y - size * 0.3), size * 0.7, "#ffffff", 0.4)
    art.rectangle((x - size * 0.16, basket), (x + size * 0.16, basket + size * 0.24), "#8a5a2e", radius=size * 0.04)
    art.rectangle((x - size * 0.18, basket), (x + size * 0.18, basket + size * 0.06), "#6b4320", radius=size * 0.03)


def house(wall: Color, roof: Color, seed: int, *, winter: bool = False) -> Image.Image:
    art = Canvas(seed=seed)
    art.gradient([(0, "#6fb4e8"), (1, "#dff1fb")] if not winter else [(0, "#1b2a52"), (1, "#6f86b4")], 0, 0.75)
    grass = "#f2f6fb" if winter else "#6db552"
    if winter:
        art.stars(90, 0.5)
    else:
        art.glow((1.25, 0.17), 0.35, "#fff3b8", 0.9)
        art.ellipse((1.25, 0.17), 0.07, color="#ffd93b")
        art.cloud((0.35, 0.22), 0.26)
    art.land(art.ridge(0.68, 0.03, 0.7), mix(grass, "#7f9fb8", 0.35))
    art.land(art.ridge(0.78, 0.01, 0.6), grass)
    if not winter:
        art.tree((0.24, 0.86), 0.42, ["#2f8a3a", "#4ba84a", "#226e30"])
    else:
        art.pine((0.24, 0.86), 0.42, "#2a5a4a")
        art.pine((0.1, 0.9), 0.3, "#34665a")
    art.rectangle((0.92, 0.22), (1.0, 0.42), mix(roof, "#5a3020", 0.5))
    art.rectangle((0.48, 0.48), (1.14, 0.85), wall)
    art.rectangle((1.0, 0.48), (1.14, 0.85), "#000000", 0.08)
    art.polygon([(0.42, 0.5), (0.62, 0.25), (1.0, 0.25), (1.2, 0.5)], roof)
    for row in range(5):
        y = 0.3 + row * 0.045
        art.line([(0.58 - row * 0.036, y), (1.04 + row * 0.036, y)], mix(roof, "#000000", 0.2), 0.004)
    if winter:
        art.polygon(
            [(0.5, 0.4), (0.62, 0.245), (1.0, 0.245), (1.12, 0.4), (0.98, 0.33), (0.8, 0.39), (0.65, 0.32)], "#ffffff"
        )
    glass = "#ffd978" if winter else "#bfe4f7"
    for x in (0.55, 0.93):
        art.rectangle((x, 0.56), (x + 0.14, 0.7), "#ffffff", radius=0.006)
        art.rectangle((x + 0.012, 0.572), (x + 0.128, 0.688), glass)
        art.line([(x + 0.07, 0.57), (x + 0.07, 0.69)], "#ffffff", 0.007)
        art.line([(x + 0.012, 0.63), (x + 0.128, 0.63)], "#ffffff", 0.007)
    art.rectangle((0.745, 0.6), (0.87, 0.85), mix(roof, "#3a1c10", 0.35), radius=0.01)
    art.ellipse((0.85, 0.73), 0.009, color="#f5d56a")
    art.polygon([(0.745, 0.85), (0.87, 0.85), (1.02, 1.0), (0.62, 1.0)], "#d9c7a5" if not winter else "#d5deea")
    for number in range(16):
        if not winter:
            x = 0.06 + number * 0.093
            if not 0.6 < x < 1.02:
                flower_colors = ("#e8413c", "#ffd23b", "#e86ab0")
                art.ellipse((x, 0.93), 0.018, color=flower_colors[number % 3])
                art.ellipse((x, 0.93), 0.007, color="#fff3c0")
    if winter:
        for _ in range(200):
            art.ellipse((art.uniform(0, RIGHT), art.uniform(0, 1)), art.uniform(0.002, 0.005), color="#ffffff")
    return art.finish()


def lighthouse(seed: int) -> Image.Image:
    art = Canvas(seed=seed)
    art.gradient([(0, "#24386b"), (0.7, "#e08a7a"), (1, "#fbd0a0")], 0, 0.72)
    art.gradient([(0, "#6a6f94"), (1, "#22335c")], 0.7, 1)
    for _ in range(60):
        art.ellipse(
            (art.uniform(0, RIGHT), art.uniform(0.71, 1)),
            art.uniform(0.02, 0.08),
            0.0016,
            color="#ffd9b8",
            opacity=0.5,
        )
    art.polygon([(1.0, 0.24), (0.0, 0.05), (0.0, 0.33)], "#fff3b8", 0.35, 0.01)
    art.polygon([(0.62, 1.0), (0.74, 0.83), (0.9, 0.76), (1.18, 0.77), (1.4, 0.88), (RIGHT, 1.0)], "#3b3440")
    art.polygon([(0.74, 0.83), (0.9, 0.76), (1.18, 0.77), (1.1, 0.82), (0.92, 0.84)], "#5a5060")
    for number in range(6):
        top, low = 0.31 + number * 0.08, 0.39 + number * 0.08
        half, below = 0.058 + number * 0.0075, 0.058 + (number + 1) * 0.0075
        art.polygon(
            [(1.02 - half, top), (1.02 + half, top), (1.02 + below, low), (1.02 - below, low)],
            "#d8322e" if number % 2 else "#f7f3ee",
        )
        art.polygon(
            [(1.02 + half * 0.35, top), (1.02 + half, top), (1.02 + below, low), (1.02 + below * 0.35, low)],
            "#000000",
            0.16,
        )
    art.rectangle((0.945, 0.295), (1.095, 0.315), "#2b2530")
    art.rectangle((0.975, 0.2), (1.065, 0.295), "#fff0a8")
    art.glow((1.02, 0.245), 0.2, "#fff6c8", 1.0)
    for x in (0.975, 1.02, 1.065):
        art.line([(x, 0.2), (x, 0.295)], "#2b2530", 0.006)
    art.polygon([(0.955, 0.2), (1.02, 0.13), (1.085, 0.2)], "#b3261f")
    return art.finish()


def space(planet: Color, ring: Color, seed: int) -> Image.Image:
    art = Canvas("#060717", seed=seed)
    for _ in range(6):
        place = (art.uniform(0, RIGHT), art.uniform(0, 1))
        art.glow(place, art.uniform(0.3, 0.6), art.choose(("#3a1f6b", "#123a6b", "#5a1f52")), 0.5)
    art.stars(420)
    x, y, size = 0.85, 0.5, 0.24
    half = [(x + cos(a * pi / 60) * size * 1.95, y + sin(a * pi / 60) * size * 0.5) for a in range(121)]
    for width, opacity in ((0.06, 0.45), (0.024, 0.85)):
        art.line([(px, py - (px - x) * 0.25) for px, py in half[60:]], ring, width, opacity)
    art.ball((x, y), size, planet)
    for number in range(5):
        level = -0.6 + number * 0.3
        wide = (1 - level**2) ** 0.5 * size * 0.97
        art.ellipse(
            (x, y + level * size), wide, size * 0.045, color=mix(planet, "#ffffff", 0.3), opacity=0.35, blur=0.006
        )
    for width, opacity in ((0.06, 0.45), (0.024, 0.85)):
        art.line([(px, py - (px - x) * 0.25) for px, py in half[:61]], ring, width, opacity)
    art.ball((0.3, 0.25), 0.05, "#c9ccd6")
    return art.finish()


def rocket(seed: int) -> Image.Image:
    art = Canvas(seed=seed)
    art.gradient([(0, "#0a1030"), (1, "#2b3f86")])
    art.stars(260)
    art.ball((1.25, 0.22), 0.12, "#e9e3cf")
    for dx, dy, r in ((-0.03, -0.02, 0.024), (0.04, 0.03, 0.018), (0.0, 0.06, 0.014)):
        art.ellipse((1.25 + dx, 0.22 + dy), r, color="#cfc7ae")
    x = 0.65
    for size, color in ((0.16, "#ff7a1f"), (0.115, "#ffb52b"), (0.065, "#fff3b0")):
        art.polygon([(x - size * 0.45, 0.68), (x + size * 0.45, 0.68), (x, 0.68 + size * 1.9)], color, 0.95, 0.006)
    for side in (-1, 1):
        art.polygon(
            [(x + side * 0.075, 0.5), (x + side * 0.17, 0.68), (x + side * 0.16, 0.73), (x + side * 0.06, 0.66)],
            "#d32f2f",
        )
    body = [
        (x + sin(pi * min(1, t / 60) ** 0.62) ** 0.8 * 0.1 * (1 if t < 46 else 1.0), 0.12 + t * 0.0095)
        for t in range(58)
    ]
    art.polygon([*body, *[(2 * x - px, py) for px, py in body[::-1]]], "#f3f5f8")
    art.polygon([*body, *[(x + (px - x) * 0.35, py) for px, py in body[::-1]]], "#c3cad6")
    nose = body[:16]
    art.polygon([*nose, *[(2 * x - px, py) for px, py in nose[::-1]]], "#d32f2f")
    art.ellipse((x, 0.36), 0.05, color="#8c98ab")
    art.ellipse((x, 0.36), 0.038, color="#4fb3f0")
    art.glow((x - 0.012, 0.345), 0.03, "#ffffff", 0.9)
    art.rectangle((x - 0.06, 0.655), (x + 0.06, 0.69), "#5b6473", radius=0.01)
    return art.finish()


PLACES = [
    drawing("City at night", "Skyscrapers with lit windows under a full moon.", "city night buildings lights blue",
            city, sky=("#0b1033", "#3b3f86"), walls=("#20264f", "#171c3d", "#0e1230"), window="#ffd76a", seed=31,
            night=True),
    drawing("City in the evening", "A violet evening over the towers of a city.", "city evening buildings purple",
            city, sky=("#3a1f5c", "#f08a7a"), walls=("#6b3f78", "#4a2c60", "#2c1b44"), window="#ffc46a", seed=32,
            night=True),
    drawing("City by day", "Colourful office buildings under a blue sky.", "city day buildings street blue", city,
            sky=("#5db3ee", "#e3f4fd"), walls=("#a9bccb", "#d9a27a", "#8da9bf"), window="#e9f7ff", seed=33,
            night=False),
    drawing("Red car", "A red car on a country road.", "car red road", car, paint="#d8262c", seed=34),
    drawing("Blue car", "A blue car on a country road.", "car blue road", car, paint="#2364c8", seed=34),
    drawing("Green car", "A green car on a country road.", "car green road", car, paint="#2f9a4a", seed=34),
    drawing("Yellow taxi", "A yellow taxi with a chequered stripe.", "car taxi yellow road", car, paint="#f7c21e",
            seed=35, kind="taxi"),
    drawing("Red bus", "A red bus on the road.", "bus red road", car, paint="#cf2a2a", seed=36, kind="bus"),
    drawing("Orange bus", "An orange school bus on the road.", "bus orange road", car, paint="#f08c1e", seed=37,
            kind="bus"),
    drawing("Hot-air balloons", "Five colourful hot-air balloons in the morning sky.", "balloons sky colorful",
            balloons, sky=("#4aa3e8", "#fbe3c8"), seed=38,
            colors=(("#e8372e", "#ffd23b"), ("#2f7fe0", "#ffffff"), ("#8a3fc0", "#f58fc0"), ("#2fa85a", "#f5e14a"),
                    ("#f0782a", "#3a3f9a"))),
    drawing("Red and white balloons", "Hot-air balloons in red and white before a pink sky.", "balloons sky red pink",
            balloons, sky=("#8a6fc0", "#fbc4c8"), seed=39,
            colors=(("#d8262c", "#ffffff"), ("#ffffff", "#e0525a"), ("#d8262c", "#f5c0c0"), ("#a81820", "#ffffff"))),
    drawing("House with a red roof", "A white house with a red roof, a garden and a yellow sun.",
            "house garden red summer sun", house, wall="#fbf3e4", roof="#c8402f", seed=40),
    drawing("Yellow house", "A yellow house with a blue roof in a garden.", "house garden yellow blue summer", house,
            wall="#f9d86a", roof="#3a5f9a", seed=41),
    drawing("House in the snow", "A house with lit windows on a snowy night.", "house winter snow night", house,
            wall="#b5763f", roof="#6b3a2a", seed=42, winter=True),
    drawing("Lighthouse", "A red and white lighthouse shines over the sea at dusk.", "lighthouse sea dusk red",
            lighthouse,
            seed=43),
    drawing("Planet with rings", "An orange planet with rings among the stars.", "space planet stars orange", space,
            planet="#e0964a", ring="#f5dcb0", seed=44),
    drawing("Blue planet", "A blue planet with pale rings.", "space planet stars blue", space, planet="#3f7fd8",
            ring="#cfe0ff", seed=45),
    drawing("Rocket", "A white and red rocket on its way to the moon.", "space rocket moon stars", rocket, seed=46),
]  # fmt: skip
