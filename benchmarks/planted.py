"""Small objects in busy pictures: what a crop finds that the whole picture does not.

`python -m benchmarks.planted --photos ../shared/data/photos --backgrounds ../shared/data/train`: products cut out of
photographs are pasted, small, into mosaics of other photographs; each product into several. Needs no servers; the
offline model answers, and pictures are decoded, cut and encoded as the product does it.
"""

import argparse
import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageEnhance, ImageOps

from benchmarks.standalone import standalone
from benchmarks.tables import table

if TYPE_CHECKING:
    from media_library.renditions import Box
    from search.embedders import Embedder

Vectors = NDArray[np.float32]
FIRST = 10
SIZE = (800, 600)
TILES = (4, 3)
HUGE = 5  # times SIZE: a camera's picture


@dataclass(frozen=True)
class Planted:
    """A picture as somebody would upload it, and where its object lies."""

    file: bytes
    object: int
    box: "Box"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.planted", description=__doc__)
    parser.add_argument("--photos", type=Path, required=True, help="a folder for each class")
    parser.add_argument("--backgrounds", type=Path, required=True, help="the training photographs")
    parser.add_argument("--objects", type=int, default=40)
    parser.add_argument("--pictures", type=int, default=5, help="of each object")
    args = parser.parse_args()
    for path in (args.photos, args.backgrounds / "labels.csv"):
        if not path.exists():
            parser.error(f"there is no {path}")
    with standalone():
        from search.embedders import offline
        from search.embedders.clip import OpenClipEmbedder

        objects, tiles = cut_out(args.photos, args.objects), Tiles(args.backgrounds)
        embedder = OpenClipEmbedder.load(offline.assembled())
        found_by_crop(embedder, objects, tiles, args.pictures)
        source_of_the_crop(embedder, objects, tiles)


def cut_out(folder: Path, count: int) -> list[Image.Image]:
    """The middles of photographs of all classes, where the product is: squares of three fifths of the shorter side."""
    files = sorted(folder.glob("*/*"))
    objects = []
    for file in files[:: max(len(files) // count, 1)][:count]:
        with Image.open(file) as picture:
            picture.draft("RGB", (1200, 1200))
            upright = ImageOps.exif_transpose(picture).convert("RGB")
        side = round(0.6 * min(upright.size))
        objects.append(ImageOps.fit(upright.crop(centred(upright.size, side)), (480, 480)))
    return objects


def centred(size: tuple[int, int], side: int) -> tuple[int, int, int, int]:
    left, upper = (size[0] - side) // 2, (size[1] - side) // 2
    return left, upper, left + side, upper + side


class Tiles:
    """Photographs of Caltech-101, which shows no groceries and no clothes, to make busy pictures of."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "photos.webp.bin"
        self.offset = np.load(folder / "teacher.npz")["offset"]
        with (folder / "labels.csv").open() as file:
            self.rows = [int(row["row"]) for row in csv.DictReader(file) if row["set"] == "caltech101"]
        self.random = np.random.default_rng(0)

    def mosaic(self, size: tuple[int, int]) -> Image.Image:
        """Twelve of them, edge to edge."""
        picture = Image.new("RGB", size)
        width, height = size[0] // TILES[0], size[1] // TILES[1]
        with self.file.open("rb") as file:
            for at, row in enumerate(self.random.choice(self.rows, TILES[0] * TILES[1], replace=False)):
                file.seek(int(self.offset[row]))
                with Image.open(io.BytesIO(file.read(int(self.offset[row + 1] - self.offset[row])))) as tile:
                    fitted = ImageOps.fit(tile.convert("RGB"), (width, height))
                picture.paste(fitted, (at % TILES[0] * width, at // TILES[0] * height))
        return picture

    def plant(self, number: int, thing: Image.Image, size: tuple[int, int], share: tuple[float, float]) -> Planted:
        """The object at a random place, `share` (from, to) of the longer side, turned a little, lighter or darker."""
        from media_library.renditions import Box

        picture = self.mosaic(size)
        side = round(self.random.uniform(*share) * size[0])
        seen = thing.rotate(self.random.uniform(-10, 10), Image.Resampling.BICUBIC)
        seen = ImageEnhance.Brightness(seen.crop(centred(seen.size, 400))).enhance(self.random.uniform(0.8, 1.15))
        if self.random.random() < 0.5:
            seen = ImageOps.mirror(seen)
        left, upper = (int(self.random.integers(0, whole - side)) for whole in size)
        picture.paste(seen.resize((side, side), Image.Resampling.LANCZOS), (left, upper))
        file = io.BytesIO()
        picture.save(file, "JPEG", quality=90)
        box = Box(left / size[0], upper / size[1], side / size[0], side / size[1])
        return Planted(file.getvalue(), number, box)


def drawn_by_hand(box: "Box") -> "Box":
    """As somebody draws it: a tenth too large on each side, as far as there is room."""
    from media_library.renditions import Box

    left, upper = max(box.x - 0.1 * box.width, 0), max(box.y - 0.1 * box.height, 0)
    right, lower = min(box.x + 1.1 * box.width, 1), min(box.y + 1.1 * box.height, 1)
    return Box(left, upper, right - left, lower - upper)


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def crop_of(planted: Planted) -> Image.Image:
    """The query picture that the product makes of an upload with a box."""
    from media_library import renditions

    return opened(renditions.query_picture(io.BytesIO(planted.file), drawn_by_hand(planted.box)).thumb.data)


def regions_of(planted: Planted, preview: Image.Image) -> Iterator[Image.Image]:
    """The object, and the twelve photographs round it: everything that is a thing of its own in the picture."""
    from media_library.renditions import Box
    from search import region_indexing
    from search.models import Region

    across, down = TILES
    tiles = [Box(at % across / across, at // across / down, 1 / across, 1 / down) for at in range(across * down)]
    for box in (planted.box, *tiles):
        region = Region()
        region.box = box
        yield region_indexing.cut(preview, region)


def found_by_crop(embedder: "Embedder", objects: list[Image.Image], tiles: Tiles, pictures: int) -> None:
    from media_library import renditions

    planted = [
        tiles.plant(number, thing, SIZE, (0.15, 0.25)) for number, thing in enumerate(objects) for _ in range(pictures)
    ]
    labels = np.array([one.object for one in planted])
    thumbs, crops, parts = [], [], []
    for one in planted:
        rendered = renditions.render(io.BytesIO(one.file))
        thumbs.append(opened(rendered.thumb.data))
        crops.append(crop_of(one))
        parts += list(regions_of(one, opened(rendered.preview.data)))
    whole, crop, regions = (embedder.encode_images(images) for images in (thumbs, crops, parts))
    of_picture = np.repeat(np.arange(len(planted)), len(parts) // len(planted))
    is_object = np.arange(len(parts)) % (len(parts) // len(planted)) == 0
    itself = np.arange(len(planted))
    rows = [
        [query, among, *score(vectors, labels, targets, owner, right, itself)]
        for query, vectors in (("the whole picture", whole), ("**the object's crop**", crop))
        for among, targets, owner, right in (
            ("whole pictures", whole, itself, np.ones(len(planted), bool)),
            ("**regions**", regions, of_picture, is_object),
        )
    ]
    title = f"{len(objects)} objects of 15 to 25 % of the side, each in {pictures} of {len(planted)} busy pictures"
    table(title, ["query", "compared with", f"recall@{FIRST}", f"P@{FIRST}"], rows)
    best, guess = (pictures - 1) / FIRST, FIRST / len(planted)
    print(
        f"{len(parts):,} regions; P@{FIRST} is at most {best:.2f}; guessing among whole pictures: recall {guess:.3f}.\n"
    )


def score(
    queries: Vectors,
    labels: NDArray[np.int64],
    targets: Vectors,
    owner: NDArray[np.int64],
    right: NDArray[np.bool_],
    itself: NDArray[np.int64],
) -> list[str]:
    """recall and P of the object's other pictures among the first ten hits. The query's own picture is left out; of a
    region, only the object's own counts."""
    nearness = queries @ targets.T
    nearness[owner[None] == itself[:, None]] = -2
    first = np.argsort(-nearness, axis=1)[:, :FIRST]
    hits = (labels[owner[first]] == labels[:, None]) & right[first]
    others = np.bincount(labels)[labels] - 1
    return [f"{(hits.sum(axis=1) / others).mean():.3f}", f"{hits.mean():.3f}"]


def source_of_the_crop(embedder: "Embedder", objects: list[Image.Image], tiles: Tiles) -> None:
    """Whether a small part of a large asset is better cut from its preview or from its original."""
    from media_library import renditions

    shown = [tiles.plant(number, thing, SIZE, (0.25, 0.25)) for number, thing in enumerate(objects)]
    known = embedder.encode_images([crop_of(one) for one in shown])
    huge, rows = (SIZE[0] * HUGE, SIZE[1] * HUGE), []
    for share in (0.01, 0.02, 0.04, 0.08):
        planted = [tiles.plant(number, thing, huge, (share, share)) for number, thing in enumerate(objects)]
        previews = [renditions.render(io.BytesIO(one.file)).preview for one in planted]
        small = [Planted(preview.data, one.object, one.box) for preview, one in zip(previews, planted, strict=True)]
        row: list[object] = [f"{share:.0%}", round(share * previews[0].width), round(share * huge[0])]
        for kind in (small, planted):
            nearness = embedder.encode_images([crop_of(one) for one in kind]) @ known.T
            place = (nearness > np.diag(nearness)[:, None]).sum(axis=1)
            row += [f"{np.diag(nearness).mean():.3f}", f"{(place == 0).mean():.3f}"]
        rows.append(row)
    header = ["side", "pixels, preview", "original", "preview: cosine", "first", "original: cosine", "first"]
    table(f"A small part of a {huge[0]} x {huge[1]} asset, against the same {len(objects)} objects", header, rows)


if __name__ == "__main__":
    main()
