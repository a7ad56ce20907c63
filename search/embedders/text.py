"""Sentences to vectors: the part that every engine shares. Each sentence is encoded once and remembered."""

import threading
from collections import OrderedDict
from collections.abc import Sequence
from typing import Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from search.embedders.checkpoints import Checkpoint

CACHED_TEXTS = 4096
TEXT_BATCH = 64
SMALL_TOWER = 30_000_000  # parameters; a sentence in a smaller tower takes longer on several threads than on one


class TextTower(Protocol):
    def encode(self, texts: list[str]) -> NDArray[np.float32]:
        """Sentences, the prompt template applied -> (n, dimensions), rows L2-normalised. One thread at a time."""


Tower = TypeVar("Tower", bound=TextTower)


class TextEncoder(Generic[Tower]):
    """Asks a tower only for what it has not been asked lately; a lock keeps the tower to one thread at a time."""

    def __init__(self, tower: Tower, checkpoint: Checkpoint) -> None:
        self.tower = tower
        self._template = checkpoint.prompt_template
        self._dimensions = checkpoint.dimensions
        self._lock = threading.Lock()
        self._cache: OrderedDict[str, NDArray[np.float32]] = OrderedDict()

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(n, dimensions), L2-normalised."""
        with self._lock:
            missing = [text for text in dict.fromkeys(texts) if text not in self._cache]
            fresh: dict[str, NDArray[np.float32]] = {}
            for start in range(0, len(missing), TEXT_BATCH):
                batch = missing[start : start + TEXT_BATCH]
                fresh |= zip(batch, self.tower.encode([self._prompt(text) for text in batch]), strict=True)
            vectors = np.empty((len(texts), self._dimensions), dtype=np.float32)
            for row, text in enumerate(texts):
                vectors[row] = fresh[text] if text in fresh else self._recall(text)
            self._remember(fresh)
        return vectors

    def _prompt(self, text: str) -> str:
        return self._template.replace("{}", text)

    def _recall(self, text: str) -> NDArray[np.float32]:
        self._cache.move_to_end(text)
        return self._cache[text]

    def _remember(self, fresh: dict[str, NDArray[np.float32]]) -> None:
        self._cache.update(fresh)
        while len(self._cache) > CACHED_TEXTS:
            self._cache.popitem(last=False)
