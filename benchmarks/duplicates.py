"""Whether edited copies are found, and different photographs are not taken for copies.

`python -m benchmarks.duplicates --photos ../shared/data/photos --train ../shared/data/train`. Needs no servers; the
offline model answers. Candidates are chosen as in `search.duplicates.finding`, from all hashes and vectors.

Every original is in the gallery: products photographed several times, classes with hundreds of members. Edited copies
of one half of them are looked up, kind by kind, and the originals themselves, of which nothing else may be found. The
thresholds of the hash alone and of the vector alone are chosen on the other half, for which a table shows what other
thresholds of the product find.
"""

import argparse
import csv
import io
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks.composed import opened
from benchmarks.edits import KINDS, edited, name
from benchmarks.standalone import standalone
from benchmarks.tables import table

if TYPE_CHECKING:
    from search.duplicates.sketch import Sketch
    from search.embedders.clip import OpenClipEmbedder

Rows = NDArray[np.int64]
Distances = NDArray[np.float32]
SETS = ("caltech101", "clothing", "grocery")
THUMB = 512
SHARES = (0.6, 0.66, 0.7, 0.74, 0.78, 0.82, 0.86, 0.9)


@dataclass(frozen=True)
class Described:
    """Pictures as the product keeps them: sketches, hashes (n, 8, 64) of the eight turns, unit vectors (n, d)."""

    sketches: "list[Sketch]"
    hashes: NDArray[np.bool_]
    vectors: NDArray[np.float32]


@dataclass(frozen=True)
class Asked:
    """Look-ups of one kind: `truth` is the row to be found, `own` the row that is the asked picture itself, or -1."""

    kind: str
    truth: Rows
    own: Rows
    pictures: Described


@dataclass(frozen=True)
class Counts:
    right: int
    wrong: int
    wanted: int

    @property
    def recall(self) -> float:
        return self.right / max(self.wanted, 1)

    @property
    def precision(self) -> float:
        return self.right / max(self.right + self.wrong, 1)

    @property
    def f1(self) -> float:
        return 2 * self.right / max(self.wanted + self.right + self.wrong, 1)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.duplicates", description=__doc__)
    parser.add_argument("--photos", type=Path, required=True, help="photographs in one folder per class")
    parser.add_argument("--train", type=Path, help="the folder of training/README.md, for more of them")
    parser.add_argument("--more", type=int, default=3000, help="how many of those")
    parser.add_argument("--each", type=int, default=100, help="how many copies of each kind are looked up")
    args = parser.parse_args()
    if not any(args.photos.glob("*/*")):
        parser.error(f"{args.photos} has no photographs in folders; name one that has with --photos.")
    if args.train and not args.train.is_dir():
        print(f"{args.train} is not there: only the photographs of {args.photos} are looked at.\n")
        args.train = None
    with standalone():
        measure(args)


def measure(args: argparse.Namespace) -> None:
    from search.embedders import offline
    from search.embedders.clip import OpenClipEmbedder

    embedder = OpenClipEmbedder.load(offline.assembled())
    files = sorted(args.photos.glob("*/*"))
    names = [f"{file.parent.name}/{file.name}" for file in files]
    pictures = [opened(file) for file in files]
    if args.train:
        more = packed(args.train, args.more, {file.name for file in files})
        names, pictures = names + [title for title, _ in more], pictures + [picture for _, picture in more]
    gallery = describe(pictures, embedder)
    generator = np.random.default_rng(0)

    def ask(half: int, each: int) -> list[Asked]:
        """Copies of every kind, half of them of the photographs in files, and the originals of this half."""
        rows = np.flatnonzero(np.arange(len(pictures)) % 2 == half)
        asked = [Asked("originals", np.full(len(rows), -1), rows, of_rows(gallery, rows))]
        for kind in KINDS:
            chosen = np.concatenate(
                [
                    generator.permutation(some)[: each // 2]
                    for some in (rows[rows < len(files)], rows[rows >= len(files)])
                ]
            )
            copies = [edited(pictures[row], kind, generator) for row in chosen]
            asked.append(Asked(name(kind), chosen, np.full(len(chosen), -1), describe(copies, embedder)))
        return asked

    report(ask(1, args.each), ask(0, max(args.each // 4, 10)), gallery, names)


def packed(folder: Path, count: int, known: set[str]) -> list[tuple[str, Image.Image]]:
    """Photographs of the training folder that are not among those in files."""
    with (folder / "labels.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    offset = np.load(folder / "teacher.npz")["offset"]
    blob = np.memmap(folder / "photos.webp.bin", dtype=np.uint8, mode="r")
    new = [
        at for at, row in enumerate(rows) if row["set"] in SETS and row["source_name"].split("-", 1)[-1] not in known
    ]
    chosen = np.random.default_rng(0).permutation(new)[:count]
    return [
        (
            f"{rows[at]['set']}/{rows[at]['source_name']}",
            Image.open(io.BytesIO(blob[offset[at] : offset[at + 1]].tobytes())).convert("RGB"),
        )
        for at in chosen
    ]


def thumb(picture: Image.Image) -> Image.Image:
    """As `media_library.renditions` makes it."""
    small = picture.copy()
    small.thumbnail((THUMB, THUMB))
    file = io.BytesIO()
    small.save(file, "WEBP", quality=80, method=2)
    return Image.open(file).convert("RGB")


def describe(pictures: Sequence[Image.Image], embedder: "OpenClipEmbedder") -> Described:
    from search.duplicates.sketch import Sketch

    thumbs = [thumb(picture) for picture in pictures]
    sketches = [Sketch.from_bytes(Sketch.of(picture).to_bytes()) for picture in thumbs]
    hashes = np.array([[[bit == "1" for bit in one] for one in sketch.phashes] for sketch in sketches])
    batches = [embedder.encode_images(thumbs[start : start + 64]) for start in range(0, len(thumbs), 64)]
    return Described(sketches, hashes, np.concatenate(batches))


def of_rows(all_: Described, rows: Rows) -> Described:
    return Described([all_.sketches[row] for row in rows], all_.hashes[rows], all_.vectors[rows])


def bits_apart(asked: Asked, gallery: Described, turns: int) -> Distances:
    """Hamming distance of each asked picture, in the nearest of its first `turns` turns, to each of the gallery."""
    ours, theirs = asked.pictures.hashes[:, :turns].astype(np.float32), gallery.hashes[:, 0].astype(np.float32)
    apart = ours.sum(-1)[..., None] + theirs.sum(-1) - 2 * ours @ theirs.T
    return without_itself(apart.min(axis=1), asked)


def angles(asked: Asked, gallery: Described) -> Distances:
    """Cosine distance to each of the gallery."""
    return without_itself(1 - asked.pictures.vectors @ gallery.vectors.T, asked)


def without_itself(distances: Distances, asked: Asked) -> Distances:
    rows = np.flatnonzero(asked.own >= 0)
    distances[rows, asked.own[rows]] = np.inf
    return distances


def counted(found: Iterable[Iterable[int]], truth: Rows) -> Counts:
    right = wrong = 0
    for rows, wanted in zip(found, truth, strict=True):
        hits = set(rows)
        right += int(wanted) in hits
        wrong += len(hits - {int(wanted)})
    return Counts(right, wrong, int((truth >= 0).sum()))


def within(distances: Distances, threshold: float) -> list[NDArray[np.intp]]:
    return [np.flatnonzero(row <= threshold) for row in distances]


def best_threshold(tuning: Sequence[tuple[Distances, Rows]]) -> float:
    """That with the best F1 over all kinds together."""
    distances = np.concatenate([row for row, _truth in tuning])
    truth = np.concatenate([truth for _row, truth in tuning])
    every = np.unique(distances[np.isfinite(distances)].round(2))
    return float(max(every[:100], key=lambda threshold: counted(within(distances, threshold), truth).f1))


def added(counts: Sequence[Counts]) -> Counts:
    return Counts(*(sum(getattr(one, field) for one in counts) for field in ("right", "wrong", "wanted")))


def looked_up(asked: Asked, gallery: Described, least: float) -> list[dict[int, float]]:
    """What the product finds, by its own rules and limits, with the share of blocks that agree: `least` or more."""
    from search.duplicates.finding import BY_HASH, BY_VECTOR
    from search.duplicates.sketch import resemblance

    near = np.argsort(bits_apart(asked, gallery, 8), axis=1, kind="stable")[:, :BY_HASH]
    alike = np.argsort(angles(asked, gallery), axis=1, kind="stable")[:, :BY_VECTOR]
    found: list[dict[int, float]] = []
    for sketch, hashes, vectors in zip(asked.pictures.sketches, near.tolist(), alike.tolist(), strict=True):
        scores = {row: resemblance(sketch, gallery.sketches[row], least=least) for row in {*hashes, *vectors}}
        found.append({row: score for row, score in scores.items() if score})
    return found


def show_choice(tuning: list[Asked], gallery: Described) -> None:
    """What the product would find with other thresholds, on the half on which they may be chosen."""
    found = [(looked_up(asked, gallery, SHARES[0]), asked.truth) for asked in tuning]
    rows = []
    for share in SHARES:
        kept = [
            ([[row for row, score in rows.items() if score >= share] for rows in every], truth)
            for every, truth in found
        ]
        rows.append([f"{share:.2f}", cell(added([counted(every, truth) for every, truth in kept]))])
    table("Share of the blocks that has to agree, on the other half", ["share", "recall / precision"], rows)


def report(judged: list[Asked], tuning: list[Asked], gallery: Described, names: list[str]) -> None:
    from search.duplicates.sketch import SHARE

    Measure = Callable[[Asked], Distances]
    alone: dict[str, Measure] = {
        "hash alone": lambda asked: bits_apart(asked, gallery, 1),
        "vector alone": lambda asked: angles(asked, gallery),
    }
    show_choice(tuning, gallery)
    columns: dict[str, list[Counts]] = {}
    for title, measure_ in alone.items():
        threshold = best_threshold([(measure_(asked), asked.truth) for asked in tuning])
        columns[f"{title}, to {threshold:.3g}"] = [
            counted(within(measure_(asked), threshold), asked.truth) for asked in judged
        ]
    started = time.perf_counter()
    found = [looked_up(asked, gallery, SHARE) for asked in judged]
    took = 1000 * (time.perf_counter() - started) / sum(len(rows) for rows in found)
    columns["**this product**"] = [counted(rows, asked.truth) for rows, asked in zip(found, judged, strict=True)]
    lines = [[asked.kind, *(cell(counts[at]) for counts in columns.values())] for at, asked in enumerate(judged)]
    lines.append(["**all**", *(f"**{cell(added(counts))}**" for counts in columns.values())])
    title = (
        f"Edited copies, recall / precision: {sum(len(one.truth) for one in judged)} look-ups, {len(names)} pictures"
    )
    table(title, ["edit", *columns], lines)
    print(f"{took:.1f} ms for each look-up, without reading and hashing.\n")
    for asked, every in zip(judged, found, strict=True):
        for own, wanted, rows in zip(asked.own, asked.truth, every, strict=True):
            for row in set(rows) - {int(wanted)}:
                print(f"wrong, or a copy that the data holds: {asked.kind}: {names[max(own, wanted)]} = {names[row]}")


def cell(counts: Counts) -> str:
    if not counts.wanted:
        return f"{counts.wrong} wrong"
    return f"{counts.recall:.3f} / {counts.precision:.3f}"


if __name__ == "__main__":
    main()
