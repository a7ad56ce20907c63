"""Models that turn pictures and sentences into vectors of one space.

One embedder is kept per process. Importing this package does not import torch; building an embedder does.
"""

import gc
import logging
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from dam.errors import AppError
from search.embedders import sources

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image

logger = logging.getLogger(__name__)

FAILURE_SECONDS = 60  # how long a failure is repeated before loading is tried again


class Embedder(Protocol):
    dimensions: int

    def encode_images(self, images: "Sequence[Image]") -> "NDArray[np.float32]":
        """Pictures of any size -> (n, dimensions), rows L2-normalised. Transparency is flattened on white."""

    def encode_texts(self, texts: Sequence[str]) -> "NDArray[np.float32]":
        """Sentences -> (n, dimensions), rows L2-normalised. The model's prompt template is applied here."""


@dataclass(frozen=True)
class _Loaded:
    source: str
    images_only: bool
    embedder: Embedder

    def answers(self, source: str, *, images_only: bool) -> bool:
        return self.source == source and (images_only or not self.images_only)


@dataclass(frozen=True)
class _Failure:
    source: str
    error: AppError
    at: float


_lock = threading.Lock()
_current: _Loaded | None = None
_failure: _Failure | None = None


def get_embedder(source: str, *, images_only: bool = False) -> Embedder:
    """The embedder of `source` (an `EmbeddingModel.source`), built on first use; other threads wait for it.

    `images_only` promises that only pictures will be encoded, and saves the memory of the text tower.
    Raises an AppError when the model cannot be loaded; the same one again for a minute, then loading is tried anew.
    """
    global _current, _failure
    current = _current
    if current and current.answers(source, images_only=images_only):
        return current.embedder
    with _lock:
        if _current and _current.answers(source, images_only=images_only):
            return _current.embedder
        if (kept := failure(source)) is not None:
            raise kept
        _current = None  # frees the former model before the next one takes its memory
        try:
            embedder = _build(source, images_only=images_only)
        except AppError as error:
            _failure = _Failure(source, error, time.monotonic())
            raise
        _failure = None
        _current = _Loaded(source, images_only, embedder)
        return embedder


def _build(source: str, *, images_only: bool) -> Embedder:
    from search.embedders.clip import OpenClipEmbedder  # imports torch

    started = time.monotonic()
    embedder = OpenClipEmbedder.load(sources.folder(source), images_only=images_only)
    gc.freeze()  # what torch brought along stays, and no later collection needs to walk it
    logger.info("Loaded %s in %.1f s.", source, time.monotonic() - started)
    return embedder


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
    current = _current
    return current is not None and current.answers(source, images_only=images_only)


def failure(source: str) -> AppError | None:
    """Why the latest attempt to load `source` failed, while that is not older than a minute."""
    kept = _failure
    if kept is None or kept.source != source or time.monotonic() - kept.at > FAILURE_SECONDS:
        return None
    return kept.error


def reset() -> None:
    """Forgets the embedder and any failure (tests, and a process that is done with it)."""
    global _current, _failure
    with _lock:
        _current = _failure = None
