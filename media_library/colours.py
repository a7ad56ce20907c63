"""Sixteen colours by name, and which of them a pixel has.

The names are the eleven basic colour terms of English (Berlin and Kay, 1969) and the five that people who pick pictures
ask for beside them: beige, olive, teal, cyan and navy. A pixel has the name of the nearest example in OKLab (Ottosson,
2020), where distances follow what people see; a name has several examples, because dark red is as red as bright red.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

EXAMPLES = {
    "black": "000000 1c1c1c 161410",
    "grey": "484848 6e6e6e 959595 b4b4b4 cccccc 708090",
    "white": "ffffff f2f2f2 fff8f0",
    "red": "ff0000 d02020 a01818 700808 e04a40 cd5c5c",
    "orange": "ff8c00 ff7030 ffa64d e07020 d98030",
    "brown": "8b4513 5c3a1e 3c2414 a5672f 7d5a3c 9c6b4a b08070",
    "beige": "f5f5dc e8d8b8 d8bf98 c8b090 faebd7",
    "yellow": "ffff00 ffd700 f0e060 fff3a0 e0b820",
    "olive": "808000 6b6b20 94983c 55592a a8a860",
    "green": "008000 00c800 00ff00 1f4d1f 4c8c3c 7cc84c 98e898 8fbc8f 556b2f 20804c",
    "teal": "008080 0a5a5a 2aa0a0 3c7c7c",
    "cyan": "00ffff 40e0d0 80e8e8 00d8e0 e0ffff",
    "blue": "0000ff 1e60d8 3050a8 4682b4 70a8e8 a8c8f0 add8e6 00a0ff 00bfff",
    "navy": "000080 101c40 1c2f5c",
    "purple": "800080 8a2be2 5a2d82 a070d0 c8a8e8 602060 483d8b",
    "pink": "ffc0cb ff69b4 ff1493 e06090 f0a0b0 ff00ff e8b4b8",
}
NAMES = tuple(EXAMPLES)

# Ottosson, "A perceptual color space for image processing": linear sRGB to cone responses, their cube roots to Lab.
TO_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ],
    np.float32,
)
TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ],
    np.float32,
)
_LEVELS = np.arange(256, dtype=np.float32) / 255
LINEAR = np.where(_LEVELS <= 0.04045, _LEVELS / 12.92, ((_LEVELS + 0.055) / 1.055) ** 2.4).astype(np.float32)


def oklab(rgb: NDArray[np.uint8]) -> Floats:
    """Rows of 8-bit sRGB as rows of OKLab: lightness 0 to 1, a (green to red), b (blue to yellow)."""
    return _times(np.cbrt(_times(LINEAR[rgb], TO_CONES)), TO_LAB)


def _times(rows: Floats, matrix: Floats) -> Floats:
    """`rows @ matrix.T` without BLAS, whose threads cost more than they do where several workers share the cores."""
    return rows[:, :1] * matrix[:, 0] + rows[:, 1:2] * matrix[:, 1] + rows[:, 2:] * matrix[:, 2]


def shares(lab: Floats) -> dict[str, float]:
    """How much of the picture each colour covers, largest first, those that do not occur left out."""
    examples, names = _examples()
    # The nearest example is the one with the least |e|^2 - 2 p.e; |p|^2 is the same for all.
    nearest = ((examples**2).sum(1) - 2 * _times(lab, examples)).argmin(1)
    counts = np.bincount(names[nearest], minlength=len(NAMES))
    return {NAMES[at]: counts[at] / len(lab) for at in np.argsort(-counts, kind="stable") if counts[at]}


@lru_cache
def _examples() -> tuple[Floats, NDArray[np.intp]]:
    rows = [(list(bytes.fromhex(code)), at) for at, name in enumerate(NAMES) for code in EXAMPLES[name].split()]
    return oklab(np.array([rgb for rgb, _at in rows], np.uint8)), np.array([at for _rgb, at in rows])
