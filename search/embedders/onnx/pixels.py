"""Pictures to what an image tower takes, with Pillow and numpy: open_clip's transforms, to the last bit.

`export` compares both on pictures of several shapes before it lets this engine answer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from search.embedders.pictures import flatten

RESAMPLING = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}


@dataclass(frozen=True)
class Preprocess:
    """The fields of open_clip's `preprocess_cfg` that change pixels."""

    height: int
    width: int
    mean: tuple[float, ...]
    std: tuple[float, ...]
    resize_mode: str  # shortest, longest or squash
    resampling: Image.Resampling
    fill: int  # what the picture is padded with, resize_mode `longest` only

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Preprocess":
        size = config["size"]
        height, width = (size, size) if isinstance(size, int) else size
        mode = config.get("resize_mode") or "shortest"
        if mode not in {"shortest", "longest", "squash"}:
            raise ValueError(f"unknown resize mode {mode}")
        resampling = RESAMPLING.get(config.get("interpolation") or "bicubic", Image.Resampling.BICUBIC)
        if mode == "shortest" and height != width:
            resampling = Image.Resampling.BICUBIC  # as open_clip does, whatever was asked for
        mean, std = (tuple(np.broadcast_to(config[key], 3).tolist()) for key in ("mean", "std"))
        return cls(height, width, mean, std, mode, resampling, int(config.get("fill_color") or 0))

    def __call__(self, images: Sequence[Image.Image]) -> NDArray[np.float32]:
        """(n, 3, height, width)"""
        pixels = np.stack([np.asarray(self.fit(flatten(image))) for image in images])
        scaled = pixels.astype(np.float32) / np.float32(255)
        scaled -= np.asarray(self.mean, np.float32)
        scaled /= np.asarray(self.std, np.float32)
        return np.ascontiguousarray(scaled.transpose(0, 3, 1, 2))

    def fit(self, image: Image.Image) -> Image.Image:
        """The RGB picture in the size that the tower takes."""
        size = self._scaled(*image.size)
        if size != image.size:
            image = image.resize(size, self.resampling)
        return image if self.resize_mode == "squash" else self._centre(image)

    def _scaled(self, width: int, height: int) -> tuple[int, int]:
        if self.resize_mode == "squash":
            return self.width, self.height
        if self.resize_mode == "shortest" and self.width == self.height:
            longer = int(self.width * max(width, height) / min(width, height))
            return (self.width, longer) if width <= height else (longer, self.width)
        ratios = height / self.height, width / self.width
        ratio = max(ratios) if self.resize_mode == "longest" else min(ratios)
        return round(width / ratio), round(height / ratio)

    def _centre(self, image: Image.Image) -> Image.Image:
        """The middle of the picture; where it is smaller, with a border."""
        if image.width < self.width or image.height < self.height:
            fill = self.fill if self.resize_mode == "longest" else 0
            padded = (max(image.width, self.width), max(image.height, self.height))
            canvas = Image.new("RGB", padded, (fill, fill, fill))
            canvas.paste(image, ((padded[0] - image.width) // 2, (padded[1] - image.height) // 2))
            image = canvas
        left, top = round((image.width - self.width) / 2), round((image.height - self.height) / 2)
        return image.crop((left, top, left + self.width, top + self.height))
