"""Whether words and an example together find more than either alone, and whether *not* takes away what it should.

`python -m benchmarks.composed --photos ../shared/data/photos`: a folder of photographs with one folder per class.
Needs no servers; the offline model answers.
"""

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from benchmarks.standalone import standalone
from benchmarks.tables import table

Vectors = NDArray[np.float32]
Labels = NDArray[np.int64]
FIRST = 10
SIDE = 512


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.composed", description=__doc__)
    parser.add_argument("--photos", type=Path, required=True)
    folder = parser.parse_args().photos
    with standalone():
        measure(folder)


def measure(folder: Path) -> None:
    from search.composition import UNWANTED
    from search.embedders import offline
    from search.embedders.clip import OpenClipEmbedder

    embedder = OpenClipEmbedder.load(offline.assembled())
    files = sorted(folder.glob("*/*"))
    classes = sorted({file.parent.name for file in files})
    labels = np.array([classes.index(file.parent.name) for file in files])
    photos = embedder.encode_images([opened(file) for file in files])
    texts = embedder.encode_texts([name.replace("-", " ") for name in classes])
    words = texts[labels]

    rows = [
        ["the class's name", score(words, photos, labels)],
        ["a photo of it", score(photos, photos, labels)],
        *(
            [f"both, the name with weight {weight}", score(pairs(photos, words, weight), photos, labels)]
            for weight in (0.5, 1.0, 2.0)
        ),
    ]
    header = ["query", f"P@{FIRST}"]
    table(f"Words and an example, {len(photos)} photos, {len(classes)} classes", header, rows)

    other, example = most_confused(photos, labels)
    kinds = {"a photo": photos} | {
        f"not another of the class it is most confused with, weight {weight}": pairs(photos, photos[example], -weight)
        for weight in (0.25, UNWANTED, 1.0)
    }
    rows = [[name, score(asked, photos, labels), score(asked, photos, labels, other)] for name, asked in kinds.items()]
    table("Less like this", ["query", f"P@{FIRST}", "of the other class"], rows)


def opened(file: Path) -> Image.Image:
    with Image.open(file) as picture:
        picture.draft("RGB", (SIDE, SIDE))
        upright = ImageOps.exif_transpose(picture).convert("RGB")
    upright.thumbnail((SIDE, SIDE))
    return upright


def pairs(first: Vectors, second: Vectors, weight: float) -> Vectors:
    """Each row of `first` with that of `second` at a weight, as the product puts a query together."""
    from search.composition import compose

    return np.stack([compose([(1.0, one), (weight, other)]) for one, other in zip(first, second, strict=True)])


def score(queries: Vectors, photos: Vectors, labels: Labels, wanted: Labels | None = None) -> str:
    """Share of the wanted class among the first ten others that are nearest to each query."""
    nearness = queries @ photos.T
    np.fill_diagonal(nearness, -2)
    found = np.argsort(-nearness, axis=1)[:, :FIRST]
    return f"{(labels[found] == (labels if wanted is None else wanted)[:, None]).mean():.3f}"


def most_confused(photos: Vectors, labels: Labels) -> tuple[Labels, Labels]:
    """Of each photo, the other class that has most among its first ten, and a photo of that which is not among them."""
    nearness = photos @ photos.T
    np.fill_diagonal(nearness, -2)
    order = np.argsort(-nearness, axis=1)
    others, examples = [], []
    for row, label in zip(order, labels, strict=True):
        first = labels[row[:FIRST]]
        counts = np.bincount(first[first != label], minlength=labels.max() + 1)
        other = int(counts.argmax())
        others.append(other)
        examples.append(next(int(at) for at in row[FIRST:] if labels[at] == other))
    return np.array(others), np.array(examples)


if __name__ == "__main__":
    main()
