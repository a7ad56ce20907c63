"""What the pixels of a picture say about it: how sharp, light and colourful it is, and which colours it shows.

Pure functions on the upright thumbnail, so that a backfill needs no originals. `Facts` are measures; `traits` are the
verdicts that filters and facets use. The thresholds come from `make eval-facts`.
"""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from media_library import colours, pixels

Floats = NDArray[np.float32]

SHARPNESS_SIDE = 256
TONES_SIDE = 40
TILE = 16
TEXTURE = 25  # squared difference over two pixels, of 255 levels, from which a tile has edges to judge
NEAR_STRONGEST = 0.2  # and of the strongest tile's: what is weaker is noise, or gives no evidence
OPAQUE = 128

BLURRY_BELOW = 0.25
DARK_BELOW = 0.5
BRIGHT_ABOVE = 0.8
BURNT_OUT = 250
GREY_BELOW = 0.02
TRANSPARENT_FROM = 0.005
COLOR_FROM = 0.1

SQUARE_WITHIN = 1.05  # the longer side over the shorter
SIZES = {"small": 0.3, "medium": 2.0, "large": 12.0, "huge": float("inf")}  # below so many megapixels
ORIENTATIONS = ("landscape", "portrait", "square")
ISSUES = ("blurry", "dark", "bright")


@dataclass(frozen=True)
class Facts:
    """`lightness` (mean) and `highlights` (a tenth is lighter) are OKLab lightness, 0 to 1; `chroma` is that of the
    most colourful hundredth, 0 to about 0.3; `sharpness` see `sharpness()`; `transparency` is a share of all pixels,
    and `burnt_out` (nearly white in all channels) and `colors` are shares of those that are not transparent."""

    sharpness: float | None
    lightness: float
    highlights: float
    burnt_out: float
    chroma: float
    transparency: float
    colors: dict[str, float]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def measure(picture: Image.Image) -> Facts:
    """The facts of an upright picture, RGB or RGBA."""
    rgba = np.asarray(_reduced(picture, TONES_SIDE).convert("RGBA")).reshape(-1, 4)
    opaque = rgba[rgba[:, 3] >= OPAQUE][:, :3]
    transparency = 1 - len(opaque) / len(rgba)
    if not len(opaque):
        return Facts(None, 0, 0, 0, 0, 1, {})
    lab = colours.oklab(opaque)
    return Facts(
        sharpness=sharpness(picture),
        lightness=_rounded(lab[:, 0].mean()),
        highlights=_rounded(np.percentile(lab[:, 0], 90)),
        burnt_out=_rounded((opaque.min(axis=1) >= BURNT_OUT).mean()),
        chroma=_rounded(np.percentile(np.hypot(lab[:, 1], lab[:, 2]), 99)),
        transparency=_rounded(transparency),
        colors={name: _rounded(share) for name, share in colours.shares(lab).items() if share >= 0.005},
    )


def sharpness(picture: Image.Image) -> float | None:
    """The spatial frequency of the picture's finest edges as a share of the highest that its pixels can hold, 0 to 1,
    in the direction in which it is lowest. None where nothing has edges that could be judged.

    Across a pattern of frequency w (radians a pixel) the second difference a - 2c + b and the central difference a - b
    have energies in the ratio tan(w/2)^2, whatever its contrast. Each tile with edges gives that ratio; the sharpest
    tenth decides, because a picture with one sharp part is not blurred. Directions are taken apart because motion blurs
    one of them only. The variance of the Laplacian, the usual measure, depends on contrast and content as well.
    """
    small = _reduced(pixels.on_white(picture).convert("L"), SHARPNESS_SIDE)
    grey = np.asarray(small).astype(np.float32)
    if min(grey.shape) < TILE + 2:
        return None
    ratios = [ratio for ratio in map(_sharpest, *_energies(grey)) if ratio is not None]
    return _rounded(2 / np.pi * np.arctan(np.sqrt(min(ratios)))) if ratios else None


def _reduced(picture: Image.Image, side: int) -> Image.Image:
    """About that long, by whole numbers of pixels made one: several times cheaper than `pixels.fit`."""
    return picture.reduce(max(round(max(picture.size) / side), 1))


def _energies(grey: Floats) -> tuple[list[Floats], list[Floats]]:
    """By tile, the mean squares of second and of central differences in four directions."""
    height, width = ((side - 2) // TILE * TILE for side in grey.shape)

    def moved(down: int, right: int) -> Floats:
        return grey[1 + down : 1 + down + height, 1 + right : 1 + right + width]

    def by_tile(differences: Floats) -> Floats:
        rows = np.square(differences).reshape(-1, TILE, width).sum(1)  # along whole rows first: twice as fast
        return rows.reshape(-1, TILE).sum(1) / TILE**2

    twice = 2 * moved(0, 0)
    pairs = [(moved(*step), moved(-step[0], -step[1])) for step in ((0, 1), (1, 0), (1, 1), (1, -1))]
    return [by_tile(one + other - twice) for one, other in pairs], [by_tile(one - other) for one, other in pairs]


def _sharpest(second: Floats, central: Floats) -> float | None:
    """The ratio that the sharpest tenth of the tiles with edges reaches."""
    edges = central > max(TEXTURE, NEAR_STRONGEST * central.max())
    return float(np.percentile(second[edges] / central[edges], 90)) if edges.sum() >= 2 else None


def traits(facts: Facts | None, width: int, height: int) -> list[str]:
    """What the picture counts as: `orientation:…`, `size:…`, and by its facts `color:…`, `issue:…`, `grey` and
    `transparent`. Sizes are pixels of the upright original."""
    found = [f"orientation:{orientation(width, height)}", f"size:{size(width, height)}"]
    if facts is None:
        return found
    found += [f"color:{name}" for name, share in facts.colors.items() if share >= COLOR_FROM]
    found += [f"issue:{name}" for name in issues(facts)]
    if facts.colors and facts.chroma < GREY_BELOW:
        found.append("grey")
    return found + (["transparent"] if facts.transparency >= TRANSPARENT_FROM else [])


def described(measures: dict[str, Any], of: list[str]) -> dict[str, Any]:
    """The stored measures and traits as one object."""
    named = dict(trait.split(":") for trait in of if trait.startswith(("orientation:", "size:")))
    wrong = [name for name in ISSUES if f"issue:{name}" in of]
    return {**measures, **named, "issues": wrong, "grey": "grey" in of, "transparent": "transparent" in of}


def issues(facts: Facts) -> list[str]:
    if not facts.colors:
        return []  # there is nothing to see
    found = {
        "blurry": facts.sharpness is not None and facts.sharpness < BLURRY_BELOW,
        "dark": facts.highlights < DARK_BELOW,
        "bright": facts.lightness + facts.burnt_out > BRIGHT_ABOVE,
    }
    return [name for name in ISSUES if found[name]]


def orientation(width: int, height: int) -> str:
    if max(width, height) <= SQUARE_WITHIN * min(width, height):
        return "square"
    return "landscape" if width > height else "portrait"


def size(width: int, height: int) -> str:
    return next(name for name, below in SIZES.items() if width * height < below * 1e6)


def _rounded(value: float | np.floating[Any]) -> float:
    return round(float(value), 3)
