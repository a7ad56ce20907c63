"""Sentences to vectors by torch: only the token positions there are. Importing this imports torch."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import normalize

from search.embedders.text import SMALL_TOWER

SAME = 1e-3  # largest difference in any dimension between a shortened and a full encoding
PROBE = "two dogs run along the beach"


class TorchTextTower:
    """A `search.embedders.text.TextTower`."""

    def __init__(self, model: Any, tokenize: Callable[[list[str]], torch.Tensor], device: torch.device) -> None:
        self.tokenize = tokenize
        self.network = _TextNetwork(model)
        self.small = parameters(getattr(model, "text", model)) < SMALL_TOWER
        self.padding = int(tokenize(["a"])[0, -1])
        self._device = device
        self.shortens = self._agrees_when_shortened()

    def encode(self, texts: list[str]) -> NDArray[np.float32]:
        tokens = self.tokenize(texts)
        return self.features(self.shorten(tokens) if self.shortens else tokens)

    def shorten(self, tokens: torch.Tensor) -> torch.Tensor:
        """Without the columns at the end that hold nothing but padding."""
        used = (tokens != self.padding).any(dim=0).nonzero()
        return tokens[:, : int(used.max()) + 1] if len(used) else tokens

    @torch.inference_mode()
    def features(self, tokens: torch.Tensor) -> NDArray[np.float32]:
        with threads(1 if self.small and len(tokens) == 1 else torch.get_num_threads()):
            features = self.network(tokens.to(self._device))
        return normalize(features.float(), dim=-1).cpu().numpy()

    def _agrees_when_shortened(self) -> bool:
        """True for causal towers and those that mask padding; false where padding is part of what they learned."""
        tokens = self.tokenize([PROBE])
        try:
            shortened = self.features(self.shorten(tokens))
        except RuntimeError:  # an architecture that takes its full length only
            return False
        return float(np.abs(shortened - self.features(tokens)).max()) <= SAME


def parameters(module: torch.nn.Module) -> int:
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


class _TextNetwork(torch.nn.Module):
    """`encode_text` of an open_clip model for token sequences of any length up to its own. One thread at a time."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model: Any = model

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        with self._positions(tokens.shape[1]):
            return self.model.encode_text(tokens)

    @contextmanager
    def _positions(self, length: int) -> Iterator[None]:
        """With the position embeddings and the causal mask cut to `length`, unless the tower does it itself."""
        tower = getattr(self.model, "text", self.model)
        mask, positions = getattr(tower, "attn_mask", None), getattr(tower, "positional_embedding", None)
        if mask is None or positions is None or length >= mask.shape[0]:
            yield
            return
        try:  # by the dictionaries, so that an exporter can trace it
            tower._buffers["attn_mask"] = mask[:length, :length]
            tower._parameters["positional_embedding"] = positions[:length]
            yield
        finally:
            tower._buffers["attn_mask"] = mask
            tower._parameters["positional_embedding"] = positions
