"""Every picture of the demo as a source for the import.

Drawings and edits are made into the data folder when the import reaches them, always the same.
"""

import os
from collections.abc import Callable, Iterator
from itertools import zip_longest
from pathlib import Path

from django.utils.text import slugify
from PIL import Image

from dam.embedded.pictures.drawing import Drawing
from dam.embedded.pictures.photographs import PHOTOGRAPHS, Photograph, edits_of
from media_library.imports import Source

QUALITY = 90


def sources(folder: Path) -> Iterator[Source]:
    """What is newest is seen first, so scenes and photographs come last, by turns."""
    installed = [(photo, path) for photo in PHOTOGRAPHS if (path := photo.path())]
    for number, (photo, path) in enumerate(pair for pair in installed if pair[0].edited):
        yield from edits(folder, number, photo, path)
    drawings = {
        place: [drawn(folder, place, drawing) for drawing in group] for place, group in drawings_by_folder().items()
    }
    yield from drawings["Shapes"]
    yield from drawings["Things"]
    photographs = [
        Source(path, ("Photographs",), photo.title, photo.description, photo.tags) for photo, path in installed
    ]
    for pair in zip_longest(drawings["Scenes"], photographs):
        yield from filter(None, pair)


def drawings_by_folder() -> dict[str, list[Drawing]]:
    from dam.embedded.pictures.landscapes import LANDSCAPES
    from dam.embedded.pictures.places import PLACES
    from dam.embedded.pictures.shapes import SHAPES
    from dam.embedded.pictures.things import THINGS

    return {"Scenes": [*LANDSCAPES, *PLACES], "Things": THINGS, "Shapes": SHAPES}


def drawn(folder: Path, place: str, drawing: Drawing) -> Source:
    path = folder / place.lower() / f"{slugify(drawing.title)}.jpg"
    tags = (*drawing.tags, "drawing")
    make = saving(path, drawing.draw)
    return Source(path, ("Drawings", place), drawing.title, drawing.description, tags, make)


def edits(folder: Path, number: int, photo: Photograph, original: Path) -> Iterator[Source]:
    for how, tag, edit in edits_of(number):

        def draw(edit: Callable[[Image.Image], Image.Image] = edit) -> Image.Image:
            with Image.open(original) as picture:
                return edit(picture.convert("RGB"))

        title = f"{photo.title}, {how}"
        path = folder / "edits" / f"{slugify(title)}.jpg"
        quality = 30 if tag == "jpeg" else QUALITY
        tags = (*photo.tags, "edit", tag)
        yield Source(path, ("Edits",), title, photo.description, tags, saving(path, draw, quality))


def saving(path: Path, draw: Callable[[], Image.Image], quality: int = QUALITY) -> Callable[[], None]:
    """A function that makes the file unless it is there, whole or not at all."""

    def save() -> None:
        if path.exists():
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(f".{os.getpid()}")
        draw().save(draft, "JPEG", quality=quality, optimize=True)
        draft.replace(path)

    return save
