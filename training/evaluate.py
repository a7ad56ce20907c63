"""Measures towers on photographs that they were not trained on, chance and baseline in the same table.

`python -m training.evaluate --tower image_tower.safetensors --baseline baseline-regnetx_004.safetensors`
"""

import argparse
import logging
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from training.augment import colour_shares
from training.captions import COLOURS, LIGHT, PATTERNS, SCENES, SHAPES, article
from training.classes import class_name, split_rows
from training.drawings import Drawing, draw_light, draw_one_shape, draw_pattern, draw_plain
from training.metrics import (
    Labels,
    Measured,
    Vectors,
    picture_to_picture,
    recall_at_1,
    text_to_picture,
    zero_shot,
)  # fmt: skip
from training.model import ARCHITECTURE
from training.near_duplicates import KINDS, changed_copy
from training.photos import MissingTrainingData, Photos, load_photos
from training.scenes import draw_scene
from training.towers import Tower, fit, load_tower

logger = logging.getLogger(__name__)

DISTRACTORS = 5000
COPIES = 500
Rows = dict[str, Measured]


@dataclass(frozen=True)
class Labelled:
    """Pictures, the class of each (an index into `names`) and how the class is asked for."""

    title: str
    pictures: list[Image.Image]
    labels: Labels
    names: list[str]


def labelled_rows(photos: Photos, rows: Labels, title: str) -> Labelled:
    """Rows of the training folder; background is left out."""
    rows = np.array([row for row in rows if photos.labels[row]])
    own = [class_name(photos.labels[row]) for row in rows]
    names = sorted(set(own))
    return Labelled(title, [photos.picture(row) for row in rows], np.array([names.index(n) for n in own]), names)


def labelled_folder(folder: Path) -> Labelled:
    """A folder of photographs with one folder per class; hyphens in its name are spaces."""
    if not folder.is_dir():
        raise MissingTrainingData(folder)
    pictures, own = [], []
    for file in sorted(folder.glob("*/*")):
        with Image.open(file) as opened:
            opened.draft("RGB", (320, 320))
            upright = ImageOps.exif_transpose(opened).convert("RGB")
            upright.thumbnail((320, 320))
        pictures.append(upright)
        own.append(file.parent.name.replace("-", " "))
    names = sorted(set(own))
    return Labelled("own folder", pictures, np.array([names.index(n) for n in own]), names)


def classes_rows(tower: Tower, data: Labelled, vectors: Vectors) -> Rows:
    """Zero-shot, text -> photo and photo -> photo of one labelled set."""
    texts = tower.texts(data.names)
    title = f"{data.title} ({len(data.names)} classes, {len(data.pictures)} photos)"
    return {
        f"{title}: zero-shot top-1": zero_shot(vectors, data.labels, texts),
        f"{title}: zero-shot top-5": zero_shot(vectors, data.labels, texts, 5),
        f"{title}: text → photo P@10": text_to_picture(vectors, data.labels, texts),
        f"{title}: photo → photo P@10": picture_to_picture(vectors, data.labels),
    }


def near_duplicate_rows(tower: Tower, pictures: Sequence[Image.Image], vectors: Vectors) -> Rows:
    """Recall@1 of changed copies of 500 photographs among at most 5,000 untouched ones."""
    gallery = np.random.default_rng(7).permutation(len(pictures))[:DISTRACTORS]
    asked = np.arange(min(COPIES, len(gallery)))
    rows = {}
    for kind in KINDS:
        generator = np.random.default_rng(11)
        copies = [changed_copy(pictures[row], kind, generator) for row in gallery[asked]]
        title = f"near-duplicates among {len(gallery)} photos, {kind}: recall@1"
        rows[title] = recall_at_1(tower.pictures(copies), vectors[gallery], asked)
    return rows


def drawn_sets(each: int = 6) -> dict[str, tuple[list[Drawing], list[str]]]:
    """Drawn pictures that no run was trained on, and the captions to choose from."""
    generator = np.random.default_rng(2_000_003)
    inks = [c for c in COLOURS if c != "white"]
    shapes = [draw_one_shape(generator, c, s, "white") for c in inks for s in SHAPES]
    anywhere = [
        draw_one_shape(generator, str(c), s, str(b))
        for s in SHAPES for c, b in (generator.choice(COLOURS, 2, replace=False) for _ in range(22))
    ]  # fmt: skip
    plain = [draw_plain(generator, c) for c in COLOURS for _ in range(each)]
    light = [draw_light(generator, word) for word in LIGHT for _ in range(each * 3)]
    patterns = [draw_pattern(generator, p) for p in PATTERNS for _ in range(each * 2)]
    scenes = [draw_scene(generator, s) for s in SCENES for _ in range(each)]
    on_white = [f"{article(f'{c} {s}')} on a white background" for c in inks for s in SHAPES]
    on_any = [
        f"{article(f'{c} {s}')} on {article(b)} background" for c in COLOURS for s in SHAPES for b in COLOURS if b != c
    ]
    short = [*(f"plain {c}" for c in COLOURS), *LIGHT, *PATTERNS, *SCENES]
    together = [*on_white, *short]
    return {
        "a shape on white": (shapes, together),
        "plain colours": (plain, together),
        "dark and bright": (light, together),
        "patterns": (patterns, together),
        "scenes": (scenes, together),
        "all of these": ([*shapes, *plain, *light, *patterns, *scenes], together),
        "a shape on any colour": (anywhere, on_any),
    }


def drawn_rows(tower: Tower) -> Rows:
    """Top-1 of the captions of drawn pictures."""
    rows = {}
    for name, (drawings, captions) in drawn_sets().items():
        vectors = tower.pictures([drawing.picture for drawing in drawings])
        labels = np.array([captions.index(drawing.caption) for drawing in drawings])
        title = f"drawn, {name} ({len(captions)} captions): top-1"
        rows[title] = zero_shot(vectors, labels, tower.texts(captions))
    return rows


def colour_rows(tower: Tower, pictures: Sequence[Image.Image], vectors: Vectors) -> Rows:
    """Colour words on photographs of which one colour takes half or more."""
    shares = np.concatenate([colour_shares(fit(picture, 48)[None]) for picture in pictures])
    clear = shares.max(axis=1) >= 0.5
    labels, texts = shares[clear].argmax(axis=1), tower.texts(COLOURS)
    everyone = np.where(clear, shares.argmax(axis=1), -1)
    title = f"colour words on photos ({clear.sum()} with a clear colour)"
    return {
        f"{title}: top-1": zero_shot(vectors[clear], labels, texts),
        f"{title}, text → photo P@10 among all": text_to_picture(vectors, everyone, texts),
    }


def evaluate(tower: Tower, sets: Sequence[Labelled], gallery: Sequence[Image.Image]) -> Rows:
    """All rows of the table for one tower."""
    vectors = tower.pictures(gallery)
    rows: Rows = {}
    for data in sets:
        rows |= classes_rows(tower, data, tower.pictures(data.pictures))
    return (
        rows | near_duplicate_rows(tower, gallery, vectors) | drawn_rows(tower) | colour_rows(tower, gallery, vectors)
    )


def table(columns: dict[str, Rows]) -> str:
    """Markdown, one line per measure: chance, then each tower."""
    lines = [f"| measure | chance | {' | '.join(columns)} |", "|---|---|" + "---|" * len(columns)]
    for title, first in next(iter(columns.values())).items():
        values = " | ".join(f"{rows[title].value:.3f}" for rows in columns.values())
        lines.append(f"| {title} | {first.chance:.3f} | {values} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tower", type=Path, required=True, help="safetensors of the trained tower")
    parser.add_argument("--architecture", default=ARCHITECTURE)
    parser.add_argument("--size", type=int, default=96, help="side of the pictures in pixels")
    parser.add_argument("--squash", action="store_true", help="squash pictures instead of cutting out the centre")
    parser.add_argument("--baseline", type=Path, help="safetensors of the baseline")
    parser.add_argument("--data", type=Path, default=Path("../shared/data/train"))
    parser.add_argument("--cache", type=Path, default=Path(".cache/training"))
    parser.add_argument("--photos", type=Path, help="own photographs, one folder per class")
    parser.add_argument("--keep-away", type=Path, help="the folder that training was told to keep away from")
    parser.add_argument("--only-photos", action="store_true", help="measure nothing but the own photographs")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    sets: list[Labelled] = []
    if arguments.photos:
        sets.append(labelled_folder(arguments.photos))
    if sets and not arguments.data.is_dir():
        logger.warning("%s is not there: nothing but your own photographs is measured", arguments.data)
        arguments.only_photos = True
    has_baseline = arguments.baseline and arguments.baseline.is_file()
    towers = {"baseline": load_tower(arguments.baseline, "regnetx_004", 112)} if has_baseline else {}
    towers["this tower"] = load_tower(
        arguments.tower, arguments.architecture, arguments.size, squashed=arguments.squash
    )
    columns: dict[str, Rows] = {}
    if arguments.only_photos:
        data = sets[0]
        columns = {name: classes_rows(tower, data, tower.pictures(data.pictures)) for name, tower in towers.items()}
    else:
        photos = load_photos(arguments.data, arguments.cache)
        split = split_rows(photos, arguments.keep_away)
        sets.insert(0, labelled_rows(photos, split.held_out, "held-out photos of trained classes"))
        sets.insert(1, labelled_rows(photos, split.never_trained, "classes never trained"))
        untrained = np.concatenate([split.held_out, split.never_trained])
        gallery = [photos.picture(int(row)) for row in untrained]
        columns = {name: evaluate(tower, sets, gallery) for name, tower in towers.items()}
    sys.stdout.write(table(columns))


if __name__ == "__main__":
    main()
