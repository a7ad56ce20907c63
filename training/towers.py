"""Trained towers as they are used: which pixels they take, and their vectors."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import timm
import torch
from numpy.typing import NDArray
from PIL import Image
from safetensors.torch import load_file
from torch import nn
from torch.nn.functional import normalize

from training.model import prepare
from training.text import encode_texts

logger = logging.getLogger(__name__)


def fit(picture: Image.Image, size: int) -> NDArray[np.uint8]:
    """Shorter side to `size`, then the centre: what open_clip does to a picture. (size, size, 3)"""
    width, height = picture.size
    scale = size / min(width, height)
    resized = picture.convert("RGB").resize((round(width * scale), round(height * scale)), Image.Resampling.BICUBIC)
    left, top = (resized.width - size) // 2, (resized.height - size) // 2
    return np.asarray(resized.crop((left, top, left + size, top + size)))


def squash(picture: Image.Image, size: int) -> NDArray[np.uint8]:
    """The whole picture made square: open_clip's resize mode 'squash'. (size, size, 3)"""
    return np.asarray(picture.convert("RGB").resize((size, size), Image.Resampling.BICUBIC))


@dataclass(frozen=True)
class Tower:
    """A trained tower, the side in pixels of the square it looks at, and whether pictures are squashed to it."""

    network: nn.Module
    dimensions: int
    size: int
    squashed: bool = False

    @torch.inference_mode()
    def pictures(self, pictures: Sequence[Image.Image], batch: int = 64) -> NDArray[np.float32]:
        """Unit vectors: (n, dimensions)."""
        shape = squash if self.squashed else fit
        vectors = []
        for first in range(0, len(pictures), batch):
            some = pictures[first : first + batch]
            pixels = torch.from_numpy(np.stack([shape(picture, self.size) for picture in some])).permute(0, 3, 1, 2)
            vectors.append(normalize(self.network(prepare(pixels)), dim=1).numpy())
        return np.concatenate(vectors)

    def texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Sentence vectors, zero in the dimensions that only pictures have: (n, dimensions)."""
        vectors = encode_texts(texts)
        return np.pad(vectors, ((0, 0), (0, self.dimensions - vectors.shape[1])))


def load_tower(file: Path, architecture: str, size: int, *, squashed: bool = False) -> Tower:
    """A tower from a timm state dict in safetensors."""
    state = {key: value.float() for key, value in load_file(file).items()}
    dimensions = next(len(value) for key, value in state.items() if value.ndim == 2)
    network = timm.create_model(architecture, num_classes=dimensions)
    network.load_state_dict(state)
    return Tower(network.eval().to(memory_format=torch.channels_last), dimensions, size, squashed)
