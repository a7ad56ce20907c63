from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image, ImageOps

from search.duplicates.sketch import Sketch, resemblance
from tests.search.scenes import COPIES, scene


def hamming(one: str, other: str) -> int:
    return sum(a != b for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("copy", COPIES.values(), ids=COPIES)
def test_a_changed_copy_is_the_same_picture(copy: Callable[[Image.Image], Image.Image]) -> None:
    original, changed = Sketch.of(scene(1)), Sketch.of(copy(scene(1)))
    assert resemblance(original, changed) >= 0.82
    assert resemblance(changed, original) >= 0.82


def test_other_pictures_are_not() -> None:
    first = Sketch.of(scene(1))
    assert [resemblance(first, Sketch.of(scene(seed))) for seed in range(2, 12)] == [0.0] * 10


def test_a_picture_with_another_half_is_not_the_same() -> None:
    half = scene(1)
    half.paste(scene(2).crop((240, 0, 480, 360)), (240, 0))
    assert resemblance(Sketch.of(scene(1)), Sketch.of(half)) == 0.0


def test_the_same_thing_in_another_colour_is_another_product() -> None:
    red, blue = scene(1), scene(1)
    for picture, colour in ((red, "#c33"), (blue, "#33c")):
        part = ImageOps.colorize(scene(1).crop((150, 100, 330, 260)).convert("L"), "black", "white", mid=colour)
        picture.paste(part, (150, 100))
    assert resemblance(Sketch.of(red), Sketch.of(blue)) == 0.0


def test_a_sketch_survives_being_stored() -> None:
    sketch = Sketch.of(scene(3))
    stored = Sketch.from_bytes(sketch.to_bytes())
    assert np.array_equal(stored.grey, sketch.grey)
    assert np.array_equal(stored.color, sketch.color)


def test_one_of_the_hashes_of_a_turned_picture_is_that_of_the_original() -> None:
    original = Sketch.of(scene(4)).phashes[0]
    for transpose in Image.Transpose:
        turned = Sketch.of(scene(4).transpose(transpose)).phashes
        assert min(hamming(original, one) for one in turned) <= 2


@pytest.mark.parametrize("size", [(1, 1), (1, 512), (512, 1), (512, 3), (2, 2)])
def test_hostile_shapes_are_sketched(size: tuple[int, int]) -> None:
    sketch = Sketch.of(scene(5, size))
    assert len(sketch.phashes) == 8
    assert 0 <= resemblance(sketch, Sketch.of(scene(6, size))) <= 1


@pytest.mark.parametrize("colour", ["white", "black", "#3a7"])
def test_a_blank_picture_is_flat_and_resembles_nothing(colour: str) -> None:
    blank = Sketch.of(Image.new("RGB", (300, 200), colour))
    assert blank.is_flat
    assert resemblance(blank, blank) == 0.0
    assert not Sketch.of(scene(1)).is_flat


def test_what_is_transparent_counts_as_white() -> None:
    clear = Image.new("RGBA", (100, 100), (255, 0, 0, 0))
    assert Sketch.of(clear).grey.min() > 250
