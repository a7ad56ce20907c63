"""The training photographs: one memory-mapped file of pixels, their labels and the teacher's opinion."""

import csv
import io
import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

logger = logging.getLogger(__name__)

TEACHER_CLASSES = 1001
"""Lines of `imagenet_labels.txt`; the first is 'background'."""


class MissingTrainingData(Exception):
    """A folder or file that the recipe needs is not there."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} is missing; pass the folder that holds it, see training/README.md")
        self.path = path


@dataclass(frozen=True)
class Photos:
    """All photographs of a data folder, decoded.

    pixels: uint8, flat; picture i is pixels[start[i]:start[i + 1]] as height x width x 3
    start: int64 (n + 1,), shape: int32 (n, 2) height and width
    sets, labels, sources: n strings each; an empty label means background, a source is the original's file name
    teacher: float32 (n, 1001) is never built; index (n, 16) and prob (n, 16) are the 16 likeliest
    """

    pixels: NDArray[np.uint8]
    start: NDArray[np.int64]
    shape: NDArray[np.int32]
    sets: list[str]
    labels: list[str]
    sources: list[str]
    teacher_index: NDArray[np.int64]
    teacher_prob: NDArray[np.float32]
    teacher_names: list[str]

    def __len__(self) -> int:
        return len(self.labels)

    def picture(self, row: int) -> Image.Image:
        """The photograph of one row, RGB."""
        flat = self.pixels[self.start[row] : self.start[row + 1]]
        return Image.fromarray(flat.reshape(*self.shape[row], 3))


def teacher_probabilities(stored: NDArray[np.floating]) -> NDArray[np.float32]:
    """Undo the second softmax of the stored teacher rows.

    Of the stored rows 91 % sum to about 0.017 = 17/1001 instead of 1: they went through a softmax
    twice, q = exp(p) / sum(exp(p)). The least of the 16 has p close to 0, so p = ln(q / min(q)).
    Rows that already sum to 1 stay as they are.
    stored: (n, 16), sorted downwards; gives (n, 16) probabilities, the rest of each row's mass is lost.
    """
    stored = stored.astype(np.float64)
    twice = stored.sum(axis=1) < 0.5
    least = np.maximum(stored[twice].min(axis=1, keepdims=True), 1e-6)
    probabilities = stored.copy()
    probabilities[twice] = np.log(np.maximum(stored[twice], least) / least)
    return probabilities.astype(np.float32)


def load_photos(data: Path, cache: Path) -> Photos:
    """Photographs of `data`, decoded once into `cache` (about 1.3 GB, memory-mapped)."""
    for name in ("photos.webp.bin", "labels.csv", "teacher.npz", "imagenet_labels.txt"):
        if not (data / name).is_file():
            raise MissingTrainingData(data / name)
    with (data / "labels.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    teacher = np.load(data / "teacher.npz")
    pixels_file, index_file = cache / "pixels.u8", cache / "pixels.npz"
    if not index_file.is_file():
        _decode(data / "photos.webp.bin", teacher["offset"], pixels_file, index_file)
    index = np.load(index_file)
    return Photos(
        pixels=np.memmap(pixels_file, dtype=np.uint8, mode="r"),
        start=index["start"],
        shape=index["shape"],
        sets=[row["set"] for row in rows],
        labels=[row["label"] for row in rows],
        sources=[row["source_name"] for row in rows],
        teacher_index=teacher["index"].astype(np.int64),
        teacher_prob=teacher_probabilities(teacher["prob"]),
        teacher_names=(data / "imagenet_labels.txt").read_text().splitlines(),
    )


def _decode(packed: Path, offset: NDArray[np.int64], pixels_file: Path, index_file: Path) -> None:
    pixels_file.parent.mkdir(parents=True, exist_ok=True)
    blob = np.memmap(packed, dtype=np.uint8, mode="r")
    shape = np.zeros((len(offset) - 1, 2), np.int32)
    with pixels_file.open("wb") as out:
        for row in range(len(shape)):
            picture = Image.open(io.BytesIO(blob[offset[row] : offset[row + 1]].tobytes())).convert("RGB")
            shape[row] = picture.height, picture.width
            out.write(picture.tobytes())
            if row % 10_000 == 0:
                logger.info("decoded %d of %d photographs", row, len(shape))
    start = np.concatenate([[0], np.cumsum(shape.prod(axis=1).astype(np.int64) * 3)])
    np.savez(index_file, start=start, shape=shape)
