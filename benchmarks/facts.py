"""Whether blurred, dark and bright pictures are told from others, on photographs that were made so on purpose.

`python -m benchmarks.facts --photos ../shared/data/photos --train ../shared/data/train`: thresholds are chosen on every
other photograph and judged on the rest. Needs no servers.
"""

import argparse
import csv
import io
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from benchmarks.distortions import BLURRED, BRIGHTENED, DARKENED, HARMLESS, Distortion
from benchmarks.standalone import standalone
from benchmarks.tables import table

FALSE_ALARMS = 0.01  # of the harmless pictures, in choosing a threshold
Pictures = list[Image.Image]
Score = Callable[[Image.Image], float]


@dataclass(frozen=True)
class Measure:
    name: str
    score: Score  # low where the fault is
    ours: float | None = None  # the product's threshold


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.facts", description=__doc__)
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--train", type=Path, required=True)
    parser.add_argument("--every", type=int, default=2, help="use every n-th photograph")
    args = parser.parse_args()
    with standalone():
        photos = [opened(file) for file in sorted(args.photos.glob("*/*"))[:: args.every]]
        small = packed(args.train, args.every)
        for fault, faulty, measures in faults():
            judge(f"{fault}: {len(photos)} photographs", photos, faulty, measures)
            judge(f"{fault}: {len(small)} small ones, at most 160 px", small, faulty, measures)
        cost(args.photos)


def faults() -> list[tuple[str, Mapping[str, Distortion], list[Measure]]]:
    from media_library import facts

    def measured(name: str, sign: float = 1) -> Score:
        return lambda picture: sign * getattr(facts.measure(picture), name)

    def sharpness(picture: Image.Image) -> float:
        found = facts.sharpness(picture)
        return 1.0 if found is None else found  # no edges to judge: not called blurry

    def brightness(picture: Image.Image) -> float:
        found = facts.measure(picture)
        return -(found.lightness + found.burnt_out)

    return [
        ("Blurry", BLURRED, [
            Measure("sharpness", sharpness, facts.BLURRY_BELOW),
            Measure("variance of the Laplacian", variance_of_laplacian),
        ]),
        ("Dark", DARKENED, [
            Measure("highlights", measured("highlights"), facts.DARK_BELOW),
            Measure("mean lightness", measured("lightness")),
        ]),
        ("Bright", BRIGHTENED, [
            Measure("lightness + burnt-out share", brightness, -facts.BRIGHT_ABOVE),
            Measure("mean lightness", measured("lightness", -1)),
            Measure("burnt-out share", measured("burnt_out", -1)),
        ]),
    ]  # fmt: skip


def variance_of_laplacian(picture: Image.Image) -> float:
    grey = np.asarray(picture.convert("L")).astype(np.float32)
    sides = grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:]
    return float((sides - 4 * grey[1:-1, 1:-1]).var())


def judge(title: str, pictures: Pictures, faulty: Mapping[str, Distortion], measures: list[Measure]) -> None:
    rows: list[list[object]] = []
    by_kind: list[list[object]] = [[name] for name in (*HARMLESS, *faulty)]
    for measure in measures:
        harmless = scores(measure, HARMLESS, pictures)
        found = scores(measure, faulty, pictures)
        chosen = float(np.quantile(np.concatenate([values[::2] for values in harmless.values()]), FALSE_ALARMS))
        for name, threshold in (("chosen on the other half", chosen), ("the product's", measure.ours)):
            if threshold is not None:
                rows.append([measure.name, name, f"{threshold:.3g}", *rates(harmless, found, threshold)])
        threshold = chosen if measure.ours is None else measure.ours
        for row, values in zip(by_kind, (*harmless.values(), *found.values()), strict=True):
            row.append(f"{100 * (values[1::2] < threshold).mean():.0f} %")
    header = ["measure", "threshold", "value", "precision", "recall", "false alarms", "AUC"]
    table(f"{title} (precision with as many faulty as others)", header, rows)
    table(f"{title}: called so", ["pictures", *(measure.name for measure in measures)], by_kind)


def scores(measure: Measure, kinds: Mapping[str, Distortion], pictures: Pictures) -> dict[str, NDArray[np.float64]]:
    return {
        name: np.array([measure.score(distort(picture)) for picture in pictures]) for name, distort in kinds.items()
    }


def rates(harmless: Mapping[str, NDArray], found: Mapping[str, NDArray], threshold: float) -> list[str]:
    """On the half that the threshold was not chosen on."""
    others = np.concatenate([values[1::2] for values in harmless.values()])
    faulty = np.concatenate([values[1::2] for values in found.values()])
    recall, alarms = (faulty < threshold).mean(), (others < threshold).mean()
    below = np.searchsorted(np.sort(others), faulty, side="left") + np.searchsorted(np.sort(others), faulty, "right")
    auc = 1 - below.mean() / 2 / len(others)
    return [f"{recall / max(recall + alarms, 1e-9):.3f}", f"{recall:.3f}", f"{alarms:.3f}", f"{auc:.3f}"]


def opened(file: Path) -> Image.Image:
    with Image.open(file) as picture:
        upright = ImageOps.exif_transpose(picture).convert("RGB")
    upright.thumbnail((512, 512))
    return upright


def packed(folder: Path, every: int) -> Pictures:
    """A hundredth or so of the training pictures that are photographs of things."""
    offset = np.load(folder / "teacher.npz")["offset"]
    with (folder / "labels.csv").open() as file:
        rows = [int(row["row"]) for row in csv.DictReader(file) if row["set"] in {"caltech101", "grocery", "clothing"}]
    blob = np.memmap(folder / "photos.webp.bin", mode="r")
    files = (io.BytesIO(bytes(blob[offset[row] : offset[row + 1]])) for row in rows[:: 40 * every])
    return [Image.open(file).convert("RGB") for file in files]


def cost(folder: Path) -> None:
    """Facts beside the whole of making renditions, of the same picture at two sizes, alternating."""
    from media_library import facts, pixels, renditions

    with Image.open(next(iter(sorted(folder.glob("*/*"))))) as photo:
        photo.load()
    rows = []
    for width, height in ((800, 600), (4000, 3000)):
        file = io.BytesIO()
        photo.convert("RGB").resize((width, height)).save(file, "JPEG", quality=90)
        thumb = pixels.fit(photo.convert("RGB").resize((width, height)), renditions.THUMB)
        whole, part = [], []
        for _round in range(15):
            file.seek(0)
            whole.append(timed(lambda: renditions.render(file)))  # noqa: B023
            part.append(timed(lambda: facts.measure(thumb)))  # noqa: B023
        share = f"{100 * float(np.median(part)) / float(np.median(whole)):.1f} %"
        rows.append([f"{width} x {height}", float(np.median(whole)), float(np.median(part)), share])
    table("Cost, ms of one processor, medians", ["JPEG", "renditions with facts", "facts", "share"], rows)


def timed(call: Callable[[], object]) -> float:
    started = time.thread_time()
    call()
    return 1000 * (time.thread_time() - started)


if __name__ == "__main__":
    main()
