"""Whether two pictures are the same one, changed: turned, mirrored, cropped, scaled, recompressed, brightened, marked.

Perceptual hashes and vectors only propose candidates. Here two small grey tiles are laid over each other: first all
eight ways of turning and mirroring and a grid of crops at 16 x 16, by correlation; then the best of them is aligned at
full size (Gauss-Newton over scale and shift of both axes, as in Lucas and Kanade 1981); last the tiles are compared
block by block, because two different photographs of one thing agree in the large and not in detail, while a watermark
spoils only some of the blocks.
"""

from dataclasses import dataclass
from functools import cached_property

import imagehash
import numpy as np
from numpy.typing import NDArray
from PIL import Image

SIDE = 48  # of the grey tile, whatever the picture's shape
COLOR = 16  # of the two tiles of colour
COARSE = 16
BLOCKS = 6  # a side

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Sketch:
    """A picture as a grey tile (SIDE, SIDE) and its two colour differences (2, COLOR, COLOR), each 0 to 255."""

    grey: Floats
    color: Floats

    @classmethod
    def of(cls, picture: Image.Image) -> "Sketch":
        light, blue, red = on_white(picture).convert("YCbCr").split()
        return cls(shrunk(light, SIDE), np.stack([shrunk(blue, COLOR), shrunk(red, COLOR)]))

    @classmethod
    def from_bytes(cls, tile: bytes) -> "Sketch":
        values = np.frombuffer(tile, np.uint8).astype(np.float32)
        return cls(values[: SIDE * SIDE].reshape(SIDE, SIDE), values[SIDE * SIDE :].reshape(2, COLOR, COLOR))

    def to_bytes(self) -> bytes:
        return self.grey.astype(np.uint8).tobytes() + self.color.astype(np.uint8).tobytes()

    @property
    def phashes(self) -> list[str]:
        """The perceptual hashes (64 digits 0 or 1) of the picture turned and mirrored, itself first."""
        return [bits(np.ascontiguousarray(turned)) for turned in turns(self.grey.astype(np.uint8))]

    @property
    def is_flat(self) -> bool:
        """There is too little in it to tell it from others like it: a blank page, a plain colour."""
        return int((in_blocks(self.grey).std(axis=1) > NOISE).sum()) < FEWEST

    @cached_property
    def crops(self) -> Floats:
        """Each of the crops of CROPS, reduced to COARSE x COARSE and normalised: (len(CROPS) ** 2, COARSE ** 2)."""
        reduce = REDUCE.reshape(-1, SIDE)
        every = np.asarray(reduce @ self.grey @ reduce.T, np.float32).reshape(len(CROPS), COARSE, len(CROPS), COARSE)
        return normalised(every.swapaxes(1, 2).reshape(-1, COARSE * COARSE))

    @cached_property
    def wholes(self) -> Floats:
        """The whole picture in its eight turns, reduced and normalised: (8, COARSE ** 2)."""
        whole = REDUCE[0] @ self.grey @ REDUCE[0].T
        return normalised(np.stack(turns(whole)).reshape(8, -1))


COARSE_AGREEMENT = 0.9  # correlation at COARSE x COARSE, below which a closer look is not worth it
AGREES = 0.8  # correlation from which a block agrees
SHARE = 0.82  # of the blocks that has to agree: chosen on one half of the photographs of benchmarks/duplicates.py
NOISE = 4.0  # grey levels: what varies less within a block shows nothing
FEWEST = 6  # blocks that show something, below which nothing can be said
COLOR_SHIFT = 35.0  # distance in the plane of colour differences from which a cell has another colour
RECOLOURED = 0.02  # share of the cells that may have another colour


def resemblance(one: Sketch, other: Sketch, *, least: float = SHARE) -> float:
    """The share of blocks in which the two pictures agree once aligned, 0 to 1; 0 if they are not the same picture."""
    a, b = one.crops @ other.wholes.T, other.crops @ one.wholes.T
    if max(a.max(), b.max()) < COARSE_AGREEMENT:
        return 0.0
    cropped, whole, scores = (one, other, a) if a.max() >= b.max() else (other, one, b)
    crop, turn = np.unravel_index(int(scores.argmax()), scores.shape)
    still = turns(whole.grey)[turn]
    place = align(cropped.grey, still, np.array([*CROPS[crop // len(CROPS)], *CROPS[crop % len(CROPS)]]))
    share = agreement(cropped.grey, still, place)
    if share < least or recoloured(cropped.color, turns(whole.color)[turn], place) > RECOLOURED:
        return 0.0
    return share


def agreement(cropped: Floats, whole: Floats, place: NDArray[np.float64]) -> float:
    """The share of blocks that agree; `place`: shift and scale of the rows, then of the columns, of `cropped`."""
    warped, inside = warp(cropped, place)
    a, b = in_blocks(warped), in_blocks(whole)
    a, b = a - a.mean(axis=1, keepdims=True), b - b.mean(axis=1, keepdims=True)
    spread_a, spread_b = a.std(axis=1), b.std(axis=1)
    shows = (np.maximum(spread_a, spread_b) > NOISE) & (in_blocks(inside.astype(np.float32)).mean(axis=1) > 0.9)
    if shows.sum() < FEWEST:
        return 0.0
    correlation = (a * b).mean(axis=1) / np.maximum(spread_a * spread_b, 1e-6)
    return float((correlation[shows] > AGREES).mean())


def recoloured(cropped: Floats, whole: Floats, place: NDArray[np.float64]) -> float:
    """The share of cells that have another colour, light aside: the same cut in red and in blue are two products."""
    warped = np.stack([warp(channel, place)[0] for channel in cropped])
    return float((np.linalg.norm(warped - whole, axis=0) > COLOR_SHIFT).mean())


def align(moving: Floats, still: Floats, start: NDArray[np.float64], steps: int = 6) -> NDArray[np.float64]:
    """Shift and scale of both axes that make `moving` most like `still`, light and contrast aside."""
    best, place, found = -2.0, start.astype(np.float64), start
    for _step in range(steps):
        warped, inside = warp(moving, place)
        here, there = centred(warped, inside), centred(still, inside)
        correlation = float(here @ there)
        if correlation <= best:
            break
        best, found = correlation, place
        slopes = np.stack(
            [(centred(warp(moving, place + step)[0], inside) - here) / step.sum() for step in PROBES], axis=1
        )
        move = np.linalg.solve(slopes.T @ slopes + 1e-3 * np.eye(4), slopes.T @ (there - here))
        place = place + np.clip(move, -0.05, 0.05)
        place[[1, 3]] = np.clip(place[[1, 3]], 0.8, 1.25)
    return found


def warp(grey: Floats, place: NDArray[np.float64]) -> tuple[Floats, NDArray[np.bool_]]:
    """The square tile resampled linearly at `place`, and which of its points lie inside the tile."""
    rows, rows_inside = resampler(place[0], place[1], len(grey))
    columns, columns_inside = resampler(place[2], place[3], len(grey))
    return np.asarray(rows @ grey @ columns.T, np.float32), np.outer(rows_inside, columns_inside)


def resampler(shift: float, scale: float, side: int) -> tuple[Floats, NDArray[np.bool_]]:
    """A (side, side) matrix that samples an axis at `shift + scale * t` for t from 0 to 1."""
    at = (shift + scale * (np.arange(side) + 0.5) / side) * side - 0.5
    inside = (at > -0.5) & (at < side - 0.5)
    at = np.clip(at, 0, side - 1.001)
    lower = at.astype(int)
    matrix = np.zeros((side, side), np.float32)
    rows = np.arange(side)
    matrix[rows, lower] = 1 - (at - lower)
    matrix[rows, lower + 1] = at - lower
    return matrix, inside


def reducer(shift: float, scale: float) -> Floats:
    """A (COARSE, SIDE) matrix of the means of COARSE equal parts of an axis from `shift` to `shift + scale`."""
    edges = (shift + scale * np.arange(COARSE + 1) / COARSE) * SIDE
    points = np.arange(SIDE)
    overlap = np.minimum(edges[1:, None], points + 1) - np.maximum(edges[:-1, None], points)
    weights = np.clip(overlap, 0, None)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True), np.float32)


def turns(tile: NDArray[np.generic]) -> list[NDArray]:
    """The eight ways to turn and mirror the last two axes, unchanged first."""
    return [np.rot90(side, times, axes=(-2, -1)) for side in (tile, tile[..., ::-1]) for times in range(4)]


def in_blocks(tile: Floats) -> Floats:
    """(BLOCKS ** 2, pixels of a block)."""
    side = SIDE // BLOCKS
    return tile.reshape(BLOCKS, side, BLOCKS, side).swapaxes(1, 2).reshape(BLOCKS * BLOCKS, side * side)


def normalised(rows: Floats) -> Floats:
    """Mean 0 and length 1, so that a product of two rows is their correlation."""
    rows = rows - rows.mean(axis=1, keepdims=True)
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-6), np.float32)


def centred(tile: Floats, inside: NDArray[np.bool_]) -> Floats:
    return normalised(tile[inside][None])[0]


def bits(grey: NDArray[np.uint8]) -> str:
    return "".join("1" if bit else "0" for bit in imagehash.phash(Image.fromarray(grey)).hash.ravel())


def shrunk(channel: Image.Image, side: int) -> Floats:
    return np.asarray(channel.resize((side, side), Image.Resampling.BICUBIC, reducing_gap=2.0), np.float32)


def on_white(picture: Image.Image) -> Image.Image:
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    upper = picture.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", upper.size, "white"), upper).convert("RGB")


# Shift and scale of an axis: the whole, and crops of 95, 90 and 85 % at steps that a coarse picture cannot tell apart.
CROPS = [(0.0, 1.0)] + [
    (float(shift), scale)
    for scale, count in ((0.95, 3), (0.9, 4), (0.85, 4))
    for shift in np.linspace(0, 1 - scale, count)
]
REDUCE = np.stack([reducer(shift, scale) for shift, scale in CROPS])
PROBES = np.diag([0.005, 0.01, 0.005, 0.01])
