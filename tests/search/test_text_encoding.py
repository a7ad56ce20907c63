"""Sentences are encoded with the positions they need, and once."""

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from search.embedders import get_embedder, text, torch_text
from tests.search import tiny

TEXTS = ["dog", "a photo of two dogs that run along the beach in the evening!", "a red circle", ""]
BIDIRECTIONAL = {"no_causal_mask": True, "pool_type": "last"}


@pytest.fixture
def encoder(tmp_path: Path, model_dir: Path) -> Any:
    return get_embedder(str(tiny.checkpoint(tmp_path / "tiny"))).text  # type: ignore[attr-defined]


def full_length(encoder: Any, texts: list[str]) -> np.ndarray:
    return encoder.tower.features(encoder.tower.tokenize(texts))


def test_leaving_out_the_padding_changes_nothing(encoder: Any) -> None:
    assert encoder.tower.shortens
    assert encoder.tower.shorten(encoder.tower.tokenize(TEXTS)).shape[1] < 30
    assert np.allclose(encoder.encode(TEXTS), full_length(encoder, TEXTS), atol=1e-3)


def test_each_sentence_alone_gives_what_it_gives_among_longer_ones(encoder: Any) -> None:
    together = encoder.encode(TEXTS)
    encoder._cache.clear()
    assert np.allclose(np.concatenate([encoder.encode([each]) for each in TEXTS]), together, atol=1e-3)


def test_encoding_leaves_the_number_of_threads_as_it_was(encoder: Any) -> None:
    before = torch.get_num_threads()
    with torch_text.threads(before + 1):
        encoder.encode(["one sentence"])
        assert torch.get_num_threads() == before + 1
    assert torch.get_num_threads() == before


def test_a_sentence_longer_than_the_context_is_cut(encoder: Any) -> None:
    assert encoder.encode(["dog " * 500]).shape == (1, 64)


@pytest.mark.parametrize("custom_text", [False, True])
def test_a_custom_causal_tower_is_shortened_too(tmp_path: Path, model_dir: Path, *, custom_text: bool) -> None:
    model = tiny.MODEL | {"custom_text": custom_text}
    folder = tiny.checkpoint(tmp_path / "tiny", model_cfg=model)
    tiny.weights(folder / "open_clip_model.safetensors", model)
    encoder = get_embedder(str(folder)).text  # type: ignore[attr-defined]
    assert encoder.tower.shortens
    assert np.allclose(encoder.encode(TEXTS), full_length(encoder, TEXTS), atol=1e-3)


def test_a_tower_that_looks_at_the_padding_gets_its_full_length(tmp_path: Path, model_dir: Path) -> None:
    model = tiny.MODEL | {"custom_text": True, "text_cfg": tiny.MODEL["text_cfg"] | BIDIRECTIONAL}
    folder = tiny.checkpoint(tmp_path / "tiny", model_cfg=model)
    tiny.weights(folder / "open_clip_model.safetensors", model)
    encoder = get_embedder(str(folder)).text  # type: ignore[attr-defined]
    assert not encoder.tower.shortens
    assert np.allclose(encoder.encode(TEXTS), full_length(encoder, TEXTS), atol=1e-5)


@pytest.fixture
def encoded(encoder: Any, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Grows with every sentence that reaches the model."""
    seen: list[str] = []
    encode = encoder.tower.encode
    monkeypatch.setattr(encoder.tower, "encode", lambda texts: seen.extend(texts) or encode(texts))
    return seen


def test_a_sentence_is_encoded_once(encoder: Any, encoded: list[str]) -> None:
    encoder.encode(["dog", "cat", "dog"])
    encoder.encode(["cat", "bird"])
    assert encoded == ["dog", "cat", "bird"]


def test_the_least_recently_asked_sentence_is_forgotten(
    encoder: Any, encoded: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text, "CACHED_TEXTS", 2)
    for each in ["dog", "cat", "dog", "bird", "dog", "cat"]:
        encoder.encode([each])
    assert encoded == ["dog", "cat", "bird", "cat"]


def test_more_sentences_at_once_than_are_remembered_are_all_encoded(
    encoder: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text, "CACHED_TEXTS", 2)
    expected = np.concatenate([encoder.encode([each]) for each in TEXTS])
    assert np.allclose(encoder.encode(TEXTS), expected, atol=1e-3)


def test_threads_get_the_vectors_of_their_own_sentences(encoder: Any) -> None:
    texts = [f"{'very ' * (n % 7)}dog number {n}" for n in range(24)]
    expected = full_length(encoder, texts)
    found: dict[int, np.ndarray] = {}
    threads = [threading.Thread(target=lambda n=n: found.update({n: encoder.encode([texts[n]])[0]})) for n in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert np.allclose(np.stack([found[n] for n in range(24)]), expected, atol=1e-3)
