"""Sentences to vectors: only the token positions there are, and each sentence once."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.func import functional_call
from torch.nn.functional import normalize

from search.embedders.checkpoints import Checkpoint

CACHED_TEXTS = 4096
TEXT_BATCH = 64
SAME = 1e-3  # largest difference in any dimension between a shortened and a full encoding
SMALL_TOWER = 30_000_000  # parameters; a sentence in a smaller tower takes longer on several threads than on one
PROBE = "two dogs run along the beach"


class TextEncoder:
    """Encodes with one model; a lock keeps the tokenizer and the shortened positions to one thread at a time."""

    def __init__(
        self,
        model: Any,
        tokenize: Callable[[list[str]], torch.Tensor],
        checkpoint: Checkpoint,
        device: torch.device,
    ) -> None:
        self._tower = _TextTower(model)
        self._small = _parameters(getattr(model, "text", model)) < SMALL_TOWER
        self._tokenize = tokenize
        self._template = checkpoint.prompt_template
        self._dimensions = checkpoint.dimensions
        self._device = device
        self._lock = threading.Lock()
        self._cache: OrderedDict[str, NDArray[np.float32]] = OrderedDict()
        self._padding = int(tokenize(["a"])[0, -1])
        self.shortens = self._agrees_when_shortened()

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(n, dimensions), L2-normalised."""
        with self._lock:
            missing = [text for text in dict.fromkeys(texts) if text not in self._cache]
            fresh: dict[str, NDArray[np.float32]] = {}
            for start in range(0, len(missing), TEXT_BATCH):
                batch = missing[start : start + TEXT_BATCH]
                fresh |= zip(batch, self._encode(batch), strict=True)
            vectors = np.empty((len(texts), self._dimensions), dtype=np.float32)
            for row, text in enumerate(texts):
                vectors[row] = fresh[text] if text in fresh else self._recall(text)
            self._remember(fresh)
        return vectors

    def _recall(self, text: str) -> NDArray[np.float32]:
        self._cache.move_to_end(text)
        return self._cache[text]

    def _remember(self, fresh: dict[str, NDArray[np.float32]]) -> None:
        self._cache.update(fresh)
        while len(self._cache) > CACHED_TEXTS:
            self._cache.popitem(last=False)

    def _encode(self, texts: list[str]) -> NDArray[np.float32]:
        tokens = self._tokenize([self._template.replace("{}", text) for text in texts])
        return self._features(self._shorten(tokens) if self.shortens else tokens)

    def _shorten(self, tokens: torch.Tensor) -> torch.Tensor:
        """Without the columns at the end that hold nothing but padding."""
        used = (tokens != self._padding).any(dim=0).nonzero()
        return tokens[:, : int(used.max()) + 1] if len(used) else tokens

    @torch.inference_mode()
    def _features(self, tokens: torch.Tensor) -> NDArray[np.float32]:
        with threads(1 if self._small and len(tokens) == 1 else torch.get_num_threads()):
            features = self._tower.encode(tokens.to(self._device))
        return normalize(features.float(), dim=-1).cpu().numpy()

    def _agrees_when_shortened(self) -> bool:
        """True for causal towers and those that mask padding; false where padding is part of what they learned."""
        tokens = self._tokenize([PROBE])
        try:
            shortened = self._features(self._shorten(tokens))
        except RuntimeError:  # an architecture that takes its full length only
            return False
        return float(np.abs(shortened - self._features(tokens)).max()) <= SAME


def _parameters(module: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


@contextmanager
def threads(count: int) -> Iterator[None]:
    """Compute with so many threads in between."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


class _TextTower(torch.nn.Module):
    """`encode_text` of an open_clip model for token sequences of any length up to its own."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model: Any = model

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        return self.model.encode_text(tokens)

    def encode(self, tokens: torch.Tensor) -> torch.Tensor:
        cut = self._positions(tokens.shape[1])
        return functional_call(self, cut, (tokens,)) if cut else self(tokens)

    def _positions(self, length: int) -> dict[str, torch.Tensor]:
        """The position embeddings and the causal mask, cut to `length`; nothing where the tower does it itself."""
        prefix = "model.text." if hasattr(self.model, "text") else "model."
        tower = getattr(self.model, "text", self.model)
        mask = getattr(tower, "attn_mask", None)
        if mask is None or length >= mask.shape[0]:
            return {}
        return {
            f"{prefix}attn_mask": mask[:length, :length],
            f"{prefix}positional_embedding": tower.positional_embedding[:length],
        }
