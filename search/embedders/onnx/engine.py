"""An embedder that answers from exported files. Imports neither torch nor open_clip nor transformers."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from django.conf import settings
from django.utils.translation import gettext as _
from numpy.typing import NDArray
from PIL import Image

from search.embedders.checkpoints import Checkpoint
from search.embedders.onnx.exports import CHECK, TOKENIZER, Export, NotUsable, Tower
from search.embedders.onnx.pixels import Preprocess
from search.embedders.onnx.tokens import Tokens
from search.embedders.text import TextEncoder

# The least cosine between this engine's vectors and torch's. Pictures: vectors of both engines may lie in one library,
# and a copy of a picture has to be at 0.0 to within 1e-3 of it.
SAME_IMAGE, SAME_TEXT = 0.999, 0.99

Vectors = NDArray[np.float32]


def unit(vectors: Vectors) -> Vectors:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=-1, keepdims=True), np.float32)


def session(file: Path, threads: int = 0) -> Callable[[NDArray[Any]], Vectors]:
    """A network of one input and one output. May be called from several threads at once. Raises RuntimeError."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads or settings.TORCH_THREADS  # 0: as many as there are cores
    options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False  # it keeps the memory of the largest batch for good
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # idle threads leave the cores to others
    options.log_severity_level = 3
    network = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    name = network.get_inputs()[0].name

    def run(values: NDArray[Any]) -> Vectors:
        try:
            return network.run(None, {name: values})[0]
        except Exception as error:  # its own exceptions have nothing in common but this
            raise RuntimeError(str(error)) from error

    return run


class ImageTower:
    """For a query all cores work on one picture; for `many`, every core on a picture of its own, which is less work."""

    def __init__(self, folder: Path, tower: Tower, *, many: bool = False) -> None:
        self.preprocess = Preprocess.from_config(tower.options)
        one_by_one = many and tower.batch == 1
        self._network = session(folder / tower.file, 1 if one_by_one else 0)
        self._batch = tower.batch

    def encode(self, images: Sequence[Image.Image]) -> list[Vectors]:
        """The vectors of one batch after the other, several at a time."""
        parts = [images[start : start + self._batch] for start in range(0, len(images), self._batch)]
        if len(parts) < 2:
            return list(map(self._encode, parts))
        with ThreadPoolExecutor(settings.TORCH_THREADS or os.cpu_count()) as pool:
            return list(pool.map(self._encode, parts))

    def _encode(self, images: Sequence[Image.Image]) -> Vectors:
        return unit(self._network(self.preprocess(images)))


class OnnxTextTower:
    """A `search.embedders.text.TextTower`."""

    def __init__(self, folder: Path, tower: Tower) -> None:
        self.tokens = Tokens(folder / TOKENIZER, **tower.options)
        self._network = session(folder / tower.file, tower.threads)

    def encode(self, texts: list[str]) -> Vectors:
        return unit(self._network(self.tokens(texts)))


class OnnxEmbedder:
    """See `search.embedders.Embedder`. May be used from several threads at once. For pictures only without `text`."""

    engine = "onnx"

    def __init__(self, checkpoint: Checkpoint, image: ImageTower, text: TextEncoder[OnnxTextTower] | None) -> None:
        self.dimensions = checkpoint.dimensions
        self.image, self.text = image, text

    def encode_images(self, images: Sequence[Image.Image]) -> Vectors:
        return np.concatenate([np.empty((0, self.dimensions), np.float32), *self.image.encode(images)])

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        if self.text is None:
            raise RuntimeError("This embedder was loaded for pictures only.")
        return self.text.encode(texts)


def load(folder: Path, export: Export, *, images_only: bool) -> OnnxEmbedder:
    """Loads, and compares one picture and one sentence with what torch made of them. Raises NotUsable.

    So a file that was damaged, or carried to a processor or a version of ONNX Runtime that computes otherwise, never
    answers; and the first search finds everything warm.
    """
    checkpoint = Checkpoint.open(folder)
    try:
        with ThreadPoolExecutor(1) as beside:  # each keeps one core busy
            texts = None if images_only else beside.submit(OnnxTextTower, export.folder, export.text)
            image = ImageTower(export.folder, export.image, many=images_only)
        text = TextEncoder(texts.result(), checkpoint) if texts else None
        agrees = _agrees(export, image, text)
    except Exception as error:  # whatever the runtime raises at a file that it cannot use
        first_line = next((line.strip() for line in str(error).splitlines() if line.strip()), "")
        raise NotUsable((first_line or type(error).__name__)[:300].rstrip(".")) from error
    if not agrees:
        raise NotUsable(_("its exported files give other vectors here than where they were made"))
    return OnnxEmbedder(checkpoint, image, text)


def _agrees(export: Export, image: ImageTower, text: TextEncoder[OnnxTextTower] | None) -> bool:
    with np.load(export.folder / CHECK) as check:
        pictures = image.encode([Image.fromarray(check["picture"])])[0]
        if nearness(pictures, check["image"]) < SAME_IMAGE:
            return False
        return text is None or nearness(text.tower.encode([str(check["sentence"])]), check["text"]) >= SAME_TEXT


def nearness(vectors: Vectors, expected: Vectors) -> float:
    """The least cosine between rows; -1 where something is not a number."""
    return float(np.nan_to_num((vectors * expected).sum(axis=1), nan=-1).min())
