"""The web application with a model whose texts are read from a file, so that searches by text can be measured with
vectors of one's choice and without their encoding. `gunicorn benchmarks.replayed:application`."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.vectors import TEXTS, Vectors
from dam.wsgi import application
from search import embedders


class Replayed:
    engine = "file"

    def __init__(self, file: Path) -> None:
        self.vectors: Vectors = np.load(file)["vectors"]
        self.dimensions = self.vectors.shape[1]

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        return self.vectors[[int(text) for text in texts]]

    def encode_images(self, images: Sequence[Any]) -> Vectors:
        raise RuntimeError("Only texts are replayed: give pictures as anchors, which have a vector.")


replayed = Replayed(Path(os.environ[TEXTS]))
embedders.get_embedder = lambda source, *, images_only=False: replayed

__all__ = ["application"]
