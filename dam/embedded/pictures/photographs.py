"""The photographs that scikit-image and scikit-learn ship inside their packages, and edits of some of them.

They are read where pip installed them; nothing is downloaded and nothing is copied into the project. The edits are
the near-duplicates that a library of real pictures is full of.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from PIL import Image, ImageEnhance, ImageOps

PACKAGES = {"skimage": "data", "sklearn": "datasets/images"}


@dataclass(frozen=True)
class Photograph:
    package: str
    file: str
    title: str
    description: str
    tags: tuple[str, ...]
    edited: bool = False

    def path(self) -> Path | None:
        """Where it is installed; None where this version of the package does not ship it."""
        found = find_spec(self.package)
        if found is None or not found.submodule_search_locations:
            return None
        path = Path(found.submodule_search_locations[0]) / PACKAGES[self.package] / self.file
        return path if path.is_file() else None


def photograph(file: str, title: str, description: str, tags: str, *, edited: bool = False) -> Photograph:
    package = "sklearn" if file in {"china.jpg", "flower.jpg"} else "skimage"
    return Photograph(package, file, title, description, tuple(tags.split()), edited)


PHOTOGRAPHS = [
    photograph("china.jpg", "Temple in China", "A Chinese temple with curved roofs among trees.",
               "temple china building architecture", edited=True),
    photograph("flower.jpg", "Dahlia", "An orange dahlia in full bloom.", "flower orange nature macro", edited=True),
    photograph("chelsea.png", "Chelsea the cat", "The face of a tabby cat.", "cat animal pet face", edited=True),
    photograph("astronaut.png", "Astronaut", "An astronaut in an orange suit before a flag.",
               "astronaut portrait person orange", edited=True),
    photograph("coffee.png", "Espresso", "A cup of espresso on a wooden table.", "coffee cup drink table",
               edited=True),
    photograph("rocket.jpg", "Rocket launch", "A rocket on its launch pad at night.", "rocket launch night space",
               edited=True),
    photograph("hubble_deep_field.jpg", "Deep field", "Thousands of distant galaxies.", "space galaxies stars",
               edited=True),
    photograph("camera.png", "Cameraman", "A man with a camera on a tripod, in black and white.",
               "camera man person blackandwhite", edited=True),
    photograph("motorcycle_left.png", "Motorcycle, left eye",
               "A motorcycle in a garage, the left view of a stereo pair.",
               "motorcycle garage vehicle stereo"),
    photograph("motorcycle_right.png", "Motorcycle, right eye",
               "A motorcycle in a garage, the right view of a stereo pair.", "motorcycle garage vehicle stereo"),
    photograph("brick.png", "Brick wall", "A wall of bricks.", "texture wall brick"),
    photograph("grass.png", "Grass", "Blades of grass from above.", "texture grass nature"),
    photograph("gravel.png", "Gravel", "Small stones.", "texture gravel stones"),
    photograph("coins.png", "Ancient coins", "Rows of old Greek coins.", "coins money metal blackandwhite"),
    photograph("moon.png", "Surface of the moon", "Craters on the moon.", "moon space blackandwhite"),
    photograph("clock_motion.png", "Clock", "A clock, blurred by motion.", "clock time blur blackandwhite"),
    photograph("page.png", "Printed page", "A scanned page of a book.", "text page document"),
    photograph("text.png", "Handwriting on paper", "A photograph of a written text.", "text handwriting document"),
    photograph("horse.png", "Horse", "The black silhouette of a horse.", "horse animal silhouette"),
    photograph("retina.jpg", "Retina", "The inside of an eye.", "eye medicine red"),
    photograph("ihc.png", "Tissue under the microscope", "Stained tissue in brown and blue.",
               "microscope medicine cells"),
    photograph("cell.png", "Cell", "A single cell under the microscope.", "microscope cell blackandwhite"),
    photograph("color.png", "Colour chart", "A picture of saturated colours.", "colors test"),
]  # fmt: skip


def crop(picture: Image.Image) -> Image.Image:
    width, height = picture.size
    return picture.crop((round(width * 0.14), round(height * 0.1), round(width * 0.9), round(height * 0.88)))


def turn(picture: Image.Image) -> Image.Image:
    width, height = picture.size
    turned = picture.rotate(4, Image.Resampling.BICUBIC)
    return turned.crop((round(width * 0.07), round(height * 0.07), round(width * 0.93), round(height * 0.93)))


def coarse(picture: Image.Image) -> Image.Image:
    """Half the size; saved at a low quality like every edit, it shows the blocks of JPEG."""
    return picture.resize((picture.width // 2, picture.height // 2), Image.Resampling.LANCZOS)


EDITS: list[tuple[str, str, Callable[[Image.Image], Image.Image]]] = [
    ("cropped", "crop", crop),
    ("mirrored", "flip", ImageOps.mirror),
    ("brighter", "bright", lambda picture: ImageEnhance.Brightness(picture).enhance(1.35)),
    ("in grey", "grey", lambda picture: picture.convert("L").convert("RGB")),
    ("tilted", "tilt", turn),
    ("small", "jpeg", coarse),
]
EDITS_OF_EACH = 4


def edits_of(number: int) -> list[tuple[str, str, Callable[[Image.Image], Image.Image]]]:
    """Four of the edits for the photograph with this number, not the same four for each."""
    return [EDITS[(number + step) % len(EDITS)] for step in range(EDITS_OF_EACH)]
