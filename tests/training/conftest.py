"""A tiny data folder in memory, and sentence vectors that need no model."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from training import captions
from training.drawings import draw_one_shape
from training.photos import Photos

LABELS = ("goose", "lemon, fruit", "sandal", "koala")


def fake_vectors(texts: Sequence[str], _cache: Path | None = None) -> NDArray[np.float32]:
    """Unit vectors that depend on nothing but the text."""
    seeds = [int.from_bytes(hashlib.sha256(text.encode()).digest()[:8]) for text in texts]
    vectors = np.stack([np.random.default_rng(seed).normal(size=384) for seed in seeds]).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.fixture(autouse=True)
def _fake_text_tower(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(captions, "encode_cached", fake_vectors)


@pytest.fixture
def photos() -> Photos:
    """24 drawn pictures of 40 x 32 in four classes; the teacher knows five names."""
    generator = np.random.default_rng(0)
    n = 24
    drawn = [draw_one_shape(generator, "red", "star", "white").picture.resize((40, 32)) for _ in range(n)]
    pixels = np.concatenate([np.asarray(picture).ravel() for picture in drawn])
    index = np.tile(np.arange(1, 5), (n, 4))[:, :4]
    return Photos(
        pixels=pixels,
        start=np.arange(n + 1) * 32 * 40 * 3,
        shape=np.tile(np.array([32, 40], np.int32), (n, 1)),
        sets=["tiny-imagenet"] * n,
        labels=[LABELS[i % 4] for i in range(n)],
        sources=[f"train-{i}.jpg" for i in range(n)],
        teacher_index=index.astype(np.int64),
        teacher_prob=np.tile(np.array([0.6, 0.2, 0.1, 0.1], np.float32), (n, 1)),
        teacher_names=["background", "goose", "lemon", "koala, koala bear", "sandal", "alp"],
    )
