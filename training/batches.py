"""What one training step sees: views of photographs and some drawings, made ahead in a thread."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from training.augment import brightness, change, change_light, colour_shares
from training.captions import COLOURS, LIGHT, PATTERNS, SCENES, SHAPES
from training.drawings import Drawing, draw_count, draw_light, draw_one_shape, draw_pattern, draw_plain
from training.photos import Photos
from training.scenes import draw_scene


@dataclass(frozen=True)
class Batch:
    """pictures: uint8 (b + p + d, 3, s, s), a view of b photographs, another of the first p, d drawings
    rows: (b + p,) row of each view; pairs: p; colours: (b + p, 11) shares; light: (b + p,) brightness 0..1
    """

    pictures: torch.Tensor
    rows: NDArray[np.int64]
    pairs: int
    colours: torch.Tensor
    light: torch.Tensor
    drawings: list[Drawing]


class RowOrder:
    """Which photographs a step sees: an endless shuffle, half of it in foursomes of one class.

    The foursomes give the contrastive term look-alikes to tell apart. A pure function of seed and step.
    """

    def __init__(self, rows: NDArray[np.int64], classes: NDArray[np.int64], photos: int, seed: int) -> None:
        self.rows, self.classes, self.photos, self.seed = rows, classes, photos, seed
        self._epoch, self._order = -1, rows

    def at(self, step: int) -> NDArray[np.int64]:
        """The rows of one step: (photos,)."""
        steps = len(self.rows) // self.photos
        epoch, place = divmod(step, steps)
        if epoch != self._epoch:
            self._order, self._epoch = self._shuffled(epoch), epoch
        return self._order[place]

    def _shuffled(self, epoch: int) -> NDArray[np.int64]:
        generator = np.random.default_rng([self.seed, 1, epoch])
        shuffled = generator.permutation(self.rows)
        steps = len(shuffled) // self.photos
        grouped, single = np.array_split(shuffled[: steps * self.photos], 2)
        grouped = grouped[np.argsort(self.classes[grouped], kind="stable")]
        fours = grouped[: len(grouped) // 4 * 4].reshape(-1, 4)
        fours = fours[generator.permutation(len(fours))].ravel()
        mixed = np.concatenate([fours, grouped[len(grouped) // 4 * 4 :], single])
        half = self.photos // 2
        first, second = mixed[: steps * half], mixed[steps * half :]
        return np.concatenate([first.reshape(steps, -1), second.reshape(steps, -1)], axis=1)


def make_batch(
    photos: Photos, rows: NDArray[np.int64], pairs: int, drawings: int, size: int, seed: tuple[int, int]
) -> Batch:
    """A batch as a pure function of its arguments; `seed` is (run, step)."""
    generator = np.random.default_rng([*seed, 2])
    originals = [photos.picture(int(row)) for row in rows]
    first = [change(picture, size, 0.35, 0.1, generator) for picture in originals]
    second = [change(picture, size, 0.5, 0.35, generator) for picture in originals[:pairs]]
    views = change_light(np.stack(first + second), generator)
    drawn = [draw_any(generator) for _ in range(drawings)]
    canvases = [change(drawing.picture, size, 0.85, 0.2, generator) for drawing in drawn]
    pictures = np.concatenate([views, np.stack(canvases)]) if canvases else views
    return Batch(
        torch.from_numpy(pictures).permute(0, 3, 1, 2).contiguous(memory_format=torch.channels_last),
        np.concatenate([rows, rows[:pairs]]),
        pairs,
        torch.from_numpy(colour_shares(views)),
        torch.from_numpy(brightness(views)),
        drawn,
    )


def draw_any(generator: np.random.Generator) -> Drawing:
    """A drawing of a random kind."""
    kind = generator.random()
    if kind < 0.4:
        ink, ground = generator.choice(COLOURS, 2, replace=False)
        if generator.random() < 0.35:
            ground = generator.choice([c for c in ("white", "black") if c != ink])
        return draw_one_shape(generator, str(ink), str(generator.choice(SHAPES)), str(ground))
    if kind < 0.47:
        return draw_plain(generator, str(generator.choice(COLOURS)))
    if kind < 0.75:
        return draw_pattern(generator, str(generator.choice(PATTERNS)))
    if kind < 0.78:
        return draw_light(generator, str(generator.choice(["dark", "bright"])))
    if kind < 0.89:
        return draw_count(generator, int(generator.integers(1, 7)), str(generator.choice(SHAPES)))
    return draw_scene(generator, str(generator.choice(SCENES)))


def light_targets(light: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Which views are clearly dark or bright, and their index in `captions.LIGHT`."""
    dark, bright = light < 0.22, light > 0.75
    return dark | bright, torch.where(dark, LIGHT.index("dark"), LIGHT.index("bright"))


class Ahead:
    """Makes the next two batches in a thread while the current one is trained on."""

    def __init__(self, make: Callable[[int, int], Batch]) -> None:
        self._make = make
        self._pool = ThreadPoolExecutor(1)
        self._waiting: dict[int, Future[Batch]] = {}

    def get(self, step: int, size: int) -> Batch:
        """The batch of a step; the two after it are queued at the same picture size."""
        for ahead in (step, step + 1, step + 2):
            if ahead not in self._waiting:
                self._waiting[ahead] = self._pool.submit(self._make, ahead, size)
        return self._waiting.pop(step).result()

    def close(self) -> None:
        """Drop what was queued."""
        self._pool.shutdown(wait=True, cancel_futures=True)
