"""Models that turn pictures and sentences into vectors of one space.

Two embedders are kept per process, so that two models can be compared; a third one replaces that which was asked for
longest ago. Importing this package does not import torch; building an embedder does only where torch is its engine.
"""

import gc
import logging
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from django.conf import settings

from dam.errors import AppError
from search.embedders import engines, sources
from search.embedders.onnx import exports

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image

logger = logging.getLogger(__name__)

KEPT = 2
FAILURE_SECONDS = 60  # how long a failure is repeated before loading is tried again


class Embedder(Protocol):
    dimensions: int
    engine: str  # onnx or torch

    def encode_images(self, images: "Sequence[Image]") -> "NDArray[np.float32]":
        """Pictures of any size -> (n, dimensions), rows L2-normalised. Transparency is flattened on white."""

    def encode_texts(self, texts: Sequence[str]) -> "NDArray[np.float32]":
        """Sentences -> (n, dimensions), rows L2-normalised. The model's prompt template is applied here."""


@dataclass
class _Loaded:
    images_only: bool
    embedder: Embedder
    used: float


@dataclass(frozen=True)
class _Failure:
    source: str
    error: AppError
    at: float


_lock = threading.Lock()
_kept: dict[str, _Loaded] = {}  # by source
_failure: _Failure | None = None


def get_embedder(source: str, *, images_only: bool = False) -> Embedder:
    """The embedder of `source` (an `EmbeddingModel.source`), built on first use; other threads wait for it.

    `images_only` promises that only pictures will be encoded, and saves the memory of the text tower.
    Raises an AppError when the model cannot be loaded; the same one again for a minute, then loading is tried anew.
    """
    global _failure
    if (embedder := _find(source, images_only=images_only)) is not None:
        return embedder
    with _lock:
        if (embedder := _find(source, images_only=images_only)) is not None:
            return embedder
        if (kept := failure(source)) is not None:
            raise kept
        _make_room(source)
        try:
            embedder = _build(source, images_only=images_only)
        except AppError as error:
            _failure = _Failure(source, error, time.monotonic())
            raise
        _failure = None
        _kept[source] = _Loaded(images_only, embedder, time.monotonic())
        return embedder


def _find(source: str, *, images_only: bool) -> Embedder | None:
    if not loaded(source, images_only=images_only) or (found := _kept.get(source)) is None:
        return None
    found.used = time.monotonic()
    return found.embedder


def _make_room(source: str) -> None:
    """Frees a model before the next one takes its memory."""
    _kept.pop(source, None)
    while len(_kept) >= KEPT:
        del _kept[min(_kept, key=lambda each: _kept[each].used)]


def _build(source: str, *, images_only: bool) -> Embedder:
    started = time.monotonic()
    chosen = engines.engine(source, images_only=images_only)
    if chosen.export is None:
        logger.info("%s: %s", source, chosen.sentence)
        embedder = _by_torch(source, images_only=images_only)
    else:
        embedder = _from_export(source, chosen.export, images_only=images_only)
    gc.freeze()  # what the engine brought along stays, and no later collection needs to walk it
    logger.info("Loaded %s in %.1f s.", source, time.monotonic() - started)
    return embedder


def _by_torch(source: str, *, images_only: bool) -> Embedder:
    from search.embedders.clip import OpenClipEmbedder  # imports torch

    return OpenClipEmbedder.load(sources.folder(source), images_only=images_only)


def _from_export(source: str, export: exports.Export, *, images_only: bool) -> Embedder:
    """Where its files cannot be used here torch answers, unless DAM_ENGINE insists."""
    try:
        from search.embedders.onnx import engine  # imports onnxruntime

        # The weights are not read again: the export is of those that the source names, and `load` checks it.
        return engine.load(sources.folder(source, verified=False), export, images_only=images_only)
    except (exports.NotUsable, ImportError) as error:
        if settings.ENGINE == "onnx":
            raise engines.not_exported(str(error)) from error
        logger.warning("%s: torch answers, because %s.", source, error)
        return _by_torch(source, images_only=images_only)


def preload(source: str, *, images_only: bool = False) -> threading.Thread:
    """Loads in a background thread. `loaded` says when it is done, `failure` why it is not."""

    def load() -> None:
        try:
            get_embedder(source, images_only=images_only)
        except AppError as error:
            logger.error("%s could not be loaded: %s", source, error.message)

    thread = threading.Thread(target=load, name="preload-embedder", daemon=True)
    thread.start()
    return thread


def loaded(source: str, *, images_only: bool = False) -> bool:
    found = _kept.get(source)
    return found is not None and (images_only or not found.images_only)


def engine_of(source: str) -> str:
    """What computes the vectors of `source` in this process: onnx or torch; empty while it is not loaded."""
    found = _kept.get(source)
    return found.embedder.engine if found else ""


def failure(source: str) -> AppError | None:
    """Why the latest attempt to load `source` failed, while that is not older than a minute."""
    kept = _failure
    if kept is None or kept.source != source or time.monotonic() - kept.at > FAILURE_SECONDS:
        return None
    return kept.error


def reset() -> None:
    """Forgets the embedders and any failure (tests, and a process that is done with them)."""
    global _failure
    with _lock:
        _kept.clear()
        _failure = None
