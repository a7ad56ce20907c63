"""The pictures and sentences that an exported network has to agree on with torch."""

import numpy as np
from PIL import Image, ImageDraw

SENTENCES = [
    "a photo of two dogs that run along the beach",
    "sunset",
    "Rote Äpfel, grüne Birnen & ein Café — 5 € das Stück!",
    "people's shoes: they've walked 1,234.5 km (it's true)",
    "夕焼けの海と富士山",
    "собака на снегу 🐕‍🦺❄️",
    "<b>R&amp;D</b> &quot;quoted&quot; &lt;tag&gt; snake_case_name",
    "  spaces \t and\nnew lines  ",
    "fﬁne ligatures, ﬀ, ①②③, ½, ™, à (decomposed), schÃ¶n",
    "what a pity'LL it'S supercalifragilisticexpialidocious #hashtag @someone https://example.org/?q=1",
    "",
    "very " * 150 + "long",
]
SIZES = [(224, 224), (512, 384), (300, 451), (97, 64), (40, 500), (33, 31), (640, 427), (1, 1)]


def pictures() -> list[Image.Image]:
    """Of several shapes, with the detail of photographs: noise of several scales over a gradient, and things on it."""
    random = np.random.default_rng(5)
    return [_picture(size, random) for size in SIZES]


def _picture(size: tuple[int, int], random: np.random.Generator) -> Image.Image:
    picture = Image.linear_gradient("L").resize(size).convert("RGB")
    for scale in (4, 16, 64):
        noise = Image.fromarray(random.integers(0, 255, (scale, scale, 3), dtype=np.uint8))
        picture = Image.blend(picture, noise.resize(size, Image.Resampling.BICUBIC), 0.4)
    draw = ImageDraw.Draw(picture)
    for _ in range(4):
        left, top = random.uniform(0, 0.7, 2) * size
        box = (left, top, left + 0.3 * size[0], top + 0.3 * size[1])
        draw.ellipse(box, fill=tuple(random.integers(0, 255, 3).tolist()))
    return picture
