from pathlib import Path
from typing import Any

import numpy as np
from django.core.management.base import BaseCommand, CommandError, CommandParser
from PIL import Image, ImageOps

from dam.errors import AppError
from media_library.models import Library
from search import anchors, calibration, embedders, relevance, unlabelled
from search.calibration import Kind, Scale
from search.embedders import Embedder
from search.models import EmbeddingModel

SIDE = 512  # longest side of what is encoded, as of a thumbnail
LEAST_CLASSES, LEAST_PHOTOS = 5, 100


class Command(BaseCommand):
    help = "Sets from which scores on results count as strong and likely under the active model. See docs/search.md."

    def add_arguments(self, parser: CommandParser) -> None:
        source = parser.add_mutually_exclusive_group(required=True)
        source.add_argument("--photos", type=Path, help="labelled photos: a folder with one folder per class")
        source.add_argument("--library", help="the slug of a library whose pictures are used, without labels")
        source.add_argument("--forget", action="store_true", help="go back to what comes with the model")

    def handle(self, *args: Any, photos: Path | None, library: str | None, forget: bool, **options: Any) -> None:
        try:
            model = anchors.active_model()
            scales: dict[Kind, Scale] = {}
            if not forget:
                embedder = embedders.get_embedder(model.source)
                scales = labelled(photos, embedder) if photos else of_library(library or "", model, embedder)
        except AppError as error:
            raise CommandError(error.message) from error
        model.calibration = calibration.as_json(scales)
        model.save(update_fields=["calibration"])
        for kind in calibration.KINDS:
            scale = relevance.scale_of(model, kind)
            self.stdout.write(f"{kind}: strong from {scale.strong:.3f}, likely from {scale.likely:.3f} of evidence")


def of_library(slug: str, model: EmbeddingModel, embedder: Embedder) -> dict[Kind, Scale]:
    library = Library.objects.filter(slug=slug).first()
    if library is None:
        raise CommandError(f"There is no library {slug}.")
    return unlabelled.of_library(library, model, embedder)


def labelled(folder: Path, embedder: Embedder) -> dict[Kind, Scale]:
    files = sorted(folder.glob("*/*"))
    labels = np.array([file.parent.name.replace("-", " ") for file in files])
    names = sorted(set(labels))
    if len(files) < LEAST_PHOTOS or len(names) < LEAST_CLASSES:
        raise CommandError(
            f"{folder} holds {len(files)} photos in {len(names)} folders; it takes {LEAST_PHOTOS} in {LEAST_CLASSES}."
        )
    parts = np.array_split(np.arange(len(files)), max(1, len(files) // 64))
    vectors = np.concatenate([embedder.encode_images([opened(files[row]) for row in part]) for part in parts])
    words = dict(zip(names, embedder.encode_texts(names), strict=True))
    return calibration.fit(vectors, labels, words, [np.arange(len(files))])


def opened(file: Path) -> Image.Image:
    try:
        with Image.open(file) as picture:
            picture.draft("RGB", (SIDE, SIDE))
            upright = ImageOps.exif_transpose(picture).convert("RGB")
    except OSError as error:
        raise CommandError(f"{file} cannot be read as a picture: {error}") from error
    upright.thumbnail((SIDE, SIDE))
    return upright
