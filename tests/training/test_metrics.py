"""The measures on vectors whose answer is known."""

import numpy as np
import pytest
from PIL import Image

from training.metrics import picture_to_picture, recall_at_1, text_to_picture, zero_shot
from training.near_duplicates import KINDS, changed_copy

EYE = np.eye(3, dtype=np.float32)
LABELS = np.repeat(np.arange(3), 12)
PICTURES = EYE[LABELS]


def test_zero_shot_counts_the_nearest_text() -> None:
    assert zero_shot(PICTURES, LABELS, EYE).value == 1
    assert zero_shot(PICTURES, (LABELS + 1) % 3, EYE).value == 0
    assert zero_shot(PICTURES, LABELS, EYE, 5).chance == 1
    assert zero_shot(PICTURES, LABELS, EYE).chance == pytest.approx(1 / 3)


def test_text_to_picture_counts_the_first_ten() -> None:
    found = text_to_picture(PICTURES, LABELS, EYE)
    assert (found.value, found.chance) == (1, pytest.approx(1 / 3))


def test_a_picture_does_not_find_itself() -> None:
    found = picture_to_picture(PICTURES, LABELS)
    assert (found.value, found.chance) == (1, pytest.approx(11 / 35))


def test_recall_asks_for_the_very_original() -> None:
    assert recall_at_1(EYE, EYE, np.array([0, 1, 2])).value == 1
    assert recall_at_1(EYE, EYE, np.array([1, 2, 0])).value == 0


@pytest.mark.parametrize("kind", KINDS)
def test_a_changed_copy_is_rgb_and_keeps_its_aspect(kind: str) -> None:
    copy = changed_copy(Image.new("RGB", (90, 60), "teal"), kind, np.random.default_rng(0))
    assert copy.mode == "RGB"
    assert copy.width / copy.height == pytest.approx(1.5, abs=0.05)
