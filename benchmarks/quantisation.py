"""What ONNX Runtime's vectors find, against torch's: each engine alone, queries and library mixed, a library of both.

`python -m benchmarks.quantisation --photos ../shared/data/photos --train ../shared/data/train`: photographs with one
folder per class, and the training data, of which the classes that no run was trained on are taken. Needs no servers.
"""

import argparse
import csv
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks.composed import opened
from benchmarks.standalone import standalone
from benchmarks.tables import table

Vectors = NDArray[np.float32]
Labels = NDArray[np.int64]
FIRST = 10


@dataclass(frozen=True)
class Labelled:
    title: str
    pictures: list[Image.Image]
    labels: Labels
    names: list[str]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quantisation", description=__doc__)
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--train", type=Path)
    args = parser.parse_args()
    with standalone() as data_dir:
        from benchmarks.memory import random_vit_b_32
        from search.embedders import offline

        sets = [of_folder(args.photos)] + ([never_trained(args.train)] if args.train else [])
        random = data_dir / "ViT-B-32"
        random_vit_b_32(random)
        for data in sets:
            measure("the compact offline model", offline.source(), data)
        measure("ViT-B-32 with random weights", str(random), sets[0])


def of_folder(folder: Path) -> Labelled:
    files = sorted(folder.glob("*/*"))
    names = sorted({file.parent.name for file in files})
    labels = np.array([names.index(file.parent.name) for file in files])
    return Labelled(folder.name, [opened(file) for file in files], labels, [name.replace("-", " ") for name in names])


def never_trained(data: Path) -> Labelled:
    from training.classes import class_name, left_out

    with (data / "labels.csv").open(newline="") as file:
        rows = [(int(row["row"]), class_name(row["label"])) for row in csv.DictReader(file) if left_out(row["label"])]
    offset = np.load(data / "teacher.npz")["offset"]
    packed = np.memmap(data / "photos.webp.bin", dtype=np.uint8, mode="r")
    encoded = (io.BytesIO(packed[offset[row] : offset[row + 1]].tobytes()) for row, _name in rows)
    pictures = [Image.open(file).convert("RGB") for file in encoded]
    names = sorted({name for _row, name in rows})
    return Labelled("never trained", pictures, np.array([names.index(name) for _row, name in rows]), names)


def measure(model: str, source: str, data: Labelled) -> None:
    exact, exact_texts = encode(source, data, "torch")
    quick, quick_texts = encode(source, data, "onnx")
    half = np.where(np.arange(len(exact))[:, None] % 2, exact, quick)
    cosines = (exact * quick).sum(axis=1)
    texts = (exact_texts * quick_texts).sum(axis=1)
    print(f"{model}, {data.title}: {len(exact)} photos, {len(data.names)} classes. Cosine of both engines' vectors: ")
    print(
        f"pictures {cosines.mean():.5f}, least {cosines.min():.5f}; texts {texts.mean():.5f}, least {texts.min():.5f}"
    )
    best = nearest(exact, exact)
    by_torch, by_onnx = ("torch", exact, exact_texts), ("ONNX Runtime", quick, quick_texts)
    pairs = [
        (by_torch, "torch", exact),
        (by_onnx, "ONNX Runtime", quick),
        (by_onnx, "torch", exact),
        (by_torch, "ONNX Runtime", quick),
        (by_onnx, "half of each", half),
    ]
    rows = [
        [name, whose, *(f"{share:.4f}" for share in shares(data, best, pictures, words, library))]
        for (name, pictures, words), whose, library in pairs
    ]
    header = ["queries by", "library by", f"photo: recall@{FIRST}", f"photo: P@{FIRST}", f"text: P@{FIRST}"]
    table(f"{model}, {data.title}", header, rows)


def encode(source: str, data: Labelled, engine: str) -> tuple[Vectors, Vectors]:
    from django.conf import settings

    from search import embedders
    from search.embedders import engines

    embedders.reset()
    settings.ENGINE = engine
    engines.prepare(source)
    embedder = embedders.get_embedder(source)
    assert embedder.engine == engine
    return embedder.encode_images(data.pictures), embedder.encode_texts(data.names)


def shares(data: Labelled, best: Labels, pictures: Vectors, texts: Vectors, library: Vectors) -> list[float]:
    """recall of the `best`, and precision of what photos and class names find."""
    found = nearest(pictures, library)
    recall = np.mean([len(set(a) & set(b)) / FIRST for a, b in zip(best, found, strict=True)])
    by_photo = (data.labels[found] == data.labels[:, None]).mean()
    by_text = np.argsort(-(texts @ library.T), axis=1)[:, :FIRST]
    by_name = (data.labels[by_text] == np.arange(len(texts))[:, None]).mean()
    return [float(recall), float(by_photo), float(by_name)]


def nearest(queries: Vectors, library: Vectors) -> Labels:
    """The rows of the `FIRST` others nearest to each picture, shape (n, FIRST)."""
    nearness = queries @ library.T
    np.fill_diagonal(nearness, -2)
    return np.argsort(-nearness, axis=1)[:, :FIRST]


if __name__ == "__main__":
    main()
