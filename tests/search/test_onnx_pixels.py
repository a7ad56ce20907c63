"""Pictures become the same pixels with Pillow and numpy as with open_clip's transforms."""

from typing import Any

import numpy as np
import pytest
from PIL import Image

from search.embedders.onnx.pixels import Preprocess
from search.embedders.onnx.probes import pictures

STATISTICS = {"mean": (0.48, 0.46, 0.41), "std": (0.27, 0.26, 0.28)}


def both(config: dict[str, Any], images: list[Image.Image]) -> tuple[np.ndarray, np.ndarray]:
    from search.embedders.runtime import open_clip

    config = STATISTICS | config
    theirs = open_clip.transform.image_transform_v2(open_clip.transform.PreprocessCfg(**config), is_train=False)
    return Preprocess.from_config(config)(images), np.stack([theirs(image).numpy() for image in images])


@pytest.mark.parametrize("resize_mode", ["shortest", "longest", "squash"])
@pytest.mark.parametrize("interpolation", ["bicubic", "bilinear"])
@pytest.mark.parametrize("size", [64, (64, 64), (48, 80)])
def test_pixels_are_those_of_open_clip(resize_mode: str, interpolation: str, size: Any) -> None:
    config = {"resize_mode": resize_mode, "interpolation": interpolation, "size": size}
    ours, theirs = both(config, pictures())
    assert np.array_equal(ours, theirs)


def test_a_border_has_the_colour_that_the_model_wants() -> None:
    ours, theirs = both({"resize_mode": "longest", "fill_color": 128, "size": 60}, [Image.new("RGB", (90, 30))])
    assert np.array_equal(ours, theirs)
    assert ours.min() < ours.max()


def test_one_number_can_stand_for_three_channels() -> None:
    ours, theirs = both({"mean": 0.5, "std": 0.25, "size": 32}, pictures()[:2])
    assert np.array_equal(ours, theirs)


def test_an_unknown_way_to_resize_is_refused() -> None:
    with pytest.raises(ValueError, match="stretch"):
        Preprocess.from_config(STATISTICS | {"size": 32, "resize_mode": "stretch"})
