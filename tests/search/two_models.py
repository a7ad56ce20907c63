"""Two models over the same pictures, told apart by their dimensions and by what they find alike."""

from typing import Any

import numpy as np
import pytest

from media_library.models import Asset, Library
from search import embedders
from search.embedders import sources
from search.models import Embedding, EmbeddingModel, IndexEntry
from tests import factories
from tests.fakes import FakeEmbedder

TURNED = 24  # dimensions of the other model


class Turned(FakeEmbedder):
    """What the fake encoder gives, half as long and backwards: another space."""

    dimensions = TURNED

    def encode_images(self, images: Any) -> Any:
        return turned(super().encode_images(images))

    def encode_texts(self, texts: Any) -> Any:
        return turned(super().encode_texts(texts))


def turned(vectors: Any) -> Any:
    half = np.asarray(vectors)[:, ::-1][:, :TURNED] + 1e-3
    return half / np.linalg.norm(half, axis=1, keepdims=True)


def use(monkeypatch: pytest.MonkeyPatch) -> dict[str, FakeEmbedder]:
    """`fake` and `other` are on this machine, each with an encoder of its own."""
    encoders = {"fake": FakeEmbedder(), "other": Turned()}
    monkeypatch.setattr(embedders, "get_embedder", lambda source, **options: encoders[source])
    monkeypatch.setattr(sources, "folder", lambda source: None)
    return encoders


def other(state: str = EmbeddingModel.State.BUILDING, **fields: Any) -> EmbeddingModel:
    return EmbeddingModel.objects.create(name="Other", source="other", dimensions=TURNED, state=state, **fields)


def embed(asset: Asset, model: EmbeddingModel, seed: int = 0) -> None:
    """A vector of its own for the asset under the model."""
    vector = np.random.default_rng(seed).normal(size=model.dimensions)
    Embedding.objects.create(asset=asset, model=model, vector=vector / np.linalg.norm(vector))
    IndexEntry.objects.update_or_create(asset=asset, model=model, defaults={"state": IndexEntry.State.DONE})


def pictures(library: Library, models: list[EmbeddingModel], count: int) -> list[Asset]:
    assets = [factories.asset(library, display_name=str(number)) for number in range(count)]
    for number, asset in enumerate(assets):
        for model in models:
            embed(asset, model, number)
    return assets
