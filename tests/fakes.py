"""A deterministic encoder, for tests in which the encoder is not the point."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageColor

GRID = 4
COLOURS = ("red", "green", "blue", "yellow", "black", "white", "cyan", "magenta", "orange", "purple")


class FakeEmbedder:
    """Pictures are their 4 x 4 grid of mean colours; texts are the mean of the colours that they name."""

    dimensions = GRID * GRID * 3
    engine = "fake"

    def encode_images(self, images: Sequence[Image.Image]) -> NDArray[np.float32]:
        small = [picture.convert("RGB").resize((GRID, GRID), Image.Resampling.BOX) for picture in images]
        return unit(np.stack([np.asarray(picture, np.float32).ravel() / 255 - 0.5 for picture in small]))

    def encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return unit(np.stack([self.encode_text(text) for text in texts]))

    def encode_text(self, text: str) -> NDArray[np.float32]:
        named = [ImageColor.getrgb(word) for word in text.lower().split() if word in COLOURS]
        mean = np.mean(named or [(128, 128, 128)], axis=0) / 255 - 0.5
        return np.tile(mean.astype(np.float32), GRID * GRID)


def unit(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    return (rows / np.maximum(norms, 1e-6)).astype(np.float32)
