"""How people would say it: several phrasings of a class, a colour, a drawing."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from training.text import encode_cached

PHRASINGS = (
    "{}", "a photo of a {}", "a {}", "{} photo", "a picture of a {}", "photo of {}", "the {}", "a close-up of a {}",
    "a small {}", "{} in the picture",
)  # fmt: skip
PLAIN = 6
"""How many of a bank's variants are the bare name: the query that people type most."""

COLOURS = ("red", "orange", "yellow", "green", "blue", "purple", "pink", "brown", "black", "white", "gray")
COLOUR_PHRASINGS = ("{}", "{} colour", "mostly {}", "a {} picture", "something {}", "the color {}")
SHAPES = ("circle", "square", "triangle", "star", "rectangle", "heart", "cross", "ring", "diamond")
PATTERNS = (
    "stripes", "checkerboard", "polka dots", "grid", "gradient", "noise", "waves", "concentric rings", "zigzag",
)  # fmt: skip
NUMBERS = ("one", "two", "three", "four", "five", "six")
LIGHT = ("dark", "bright")
LIGHT_PHRASINGS = ("{}", "a {} picture", "a very {} photo", "{} image")
SCENES = (
    "green meadow under a blue sky", "sunset over the sea", "night sky with stars", "snowy mountains",
    "sandy beach by the sea", "desert with sand dunes", "forest of green trees", "room with a window",
    "city skyline at night", "house with a red roof", "rainbow in the sky", "full moon at night", "road to the horizon",
    "sun in a blue sky",
)  # fmt: skip
OUTDOOR_INDOOR = ("outdoors", "indoors")


@dataclass(frozen=True)
class Bank:
    """Vectors of n meanings in k variants: (n, k, 384), unit length."""

    names: list[str]
    vectors: torch.Tensor

    def sample(self, generator: np.random.Generator) -> torch.Tensor:
        """One variant of all meanings, so that no name wins by its phrasing: (n, 384)."""
        return self.vectors[:, int(generator.integers(self.vectors.shape[1]))]

    def plain(self) -> torch.Tensor:
        """The bare names: (n, 384)."""
        return self.vectors[:, 0]


def make_bank(meanings: Sequence[Sequence[str]], phrasings: Sequence[str], cache: Path, variants: int = 16) -> Bank:
    """A bank in which each meaning has its first name `PLAIN` times, then its other names in other phrasings."""
    texts: list[str] = []
    for names in meanings:
        plain = [names[0]] * (PLAIN - len(names[1:3])) + list(names[1:3])
        others = [phrasings[i % len(phrasings)].format(names[(i // 2) % len(names)]) for i in range(1, variants)]
        texts += (plain + others)[:variants]
    distinct = list(dict.fromkeys(texts))
    vectors = encode_cached(distinct, cache)
    where = {text: i for i, text in enumerate(distinct)}
    rows = vectors[[where[text] for text in texts]].reshape(len(meanings), variants, -1)
    return Bank([names[0] for names in meanings], torch.from_numpy(rows.copy()))


def article(words: str) -> str:
    """'an orange star', 'a red star'."""
    return f"{'an' if words[0] in 'aeiou' else 'a'} {words}"


def drawing_captions() -> dict[str, list[list[str]]]:
    """All captions of drawn pictures by family; each caption is a list of phrasings, the usual one first."""
    families: dict[str, list[list[str]]] = {
        "colour": [[p.format(c) for p in COLOUR_PHRASINGS] for c in COLOURS],
        "plain": [[f"plain {c}", f"a plain {c} background", f"solid {c}", f"{c} wall"] for c in COLOURS],
        "shape": [[s, article(s), f"{s} shape", f"a drawing of {article(s)}"] for s in SHAPES],
        "pattern": [[p, f"{p} pattern", f"a pattern of {p}", f"{p} texture"] for p in PATTERNS],
        "light": [[p.format(word) for p in LIGHT_PHRASINGS] for word in LIGHT],
        "scene": [[s, f"a {s}", f"a drawing of a {s}", f"{s} landscape"] for s in SCENES],
        "place": [[p, f"{p} scene", f"a picture taken {p}", f"a photo {p}"] for p in OUTDOOR_INDOOR],
    }
    families["coloured shape"] = [
        [article(f"{c} {s}"), f"{c} {s}", f"a drawing of {article(f'{c} {s}')}", f"one {c} {s}"]
        for c in COLOURS for s in SHAPES
    ]  # fmt: skip
    families["shape on background"] = [
        [f"{article(f'{c} {s}')} on {article(b)} background", f"{c} {s} on {b}", f"{c} {s}, {b} background",
         f"{article(f'{c} {s}')} on {b}"]
        for c in COLOURS for s in SHAPES for b in COLOURS if b != c
    ]  # fmt: skip
    families["coloured pattern"] = [
        [f"{c} and {b} {p}", f"{b} and {c} {p}", f"{c} {p} on {b}", f"{p} in {c} and {b}"]
        for p in PATTERNS[:5] for i, c in enumerate(COLOURS) for b in COLOURS[:i]
    ]  # fmt: skip
    families["count"] = [
        [f"{n} {s}{'' if n == 'one' else 'es' if s == 'cross' else 's'}", f"{n} {s} shapes", f"a picture of {n} {s}s"]
        for n in NUMBERS for s in SHAPES
    ]  # fmt: skip
    return families
