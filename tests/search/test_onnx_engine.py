"""ONNX Runtime answers as torch does, without torch."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from django.conf import LazySettings
from django.test import override_settings
from PIL import Image

from search import embedders
from search.embedders import Embedder, checkpoints, engines, get_embedder, offline, sources
from search.embedders.onnx import exports
from search.embedders.onnx.probes import SENTENCES, pictures
from tests.search import tiny

WITHOUT = "torch", "open_clip", "transformers", "torchvision", "onnx"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.checkpoint(tmp_path_factory.mktemp("models") / "tiny", prompt_template="a photo of {}")


@pytest.fixture(scope="module")
def exported(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A MODEL_DIR in which `folder` is exported, by the process that does it everywhere."""
    with override_settings(MODEL_DIR=tmp_path_factory.mktemp("exports"), ENGINE="auto"):
        export = exports.ensure(str(folder))
        assert not export.refusal()
        yield export.folder.parent.parent


@pytest.fixture
def both(folder: Path, exported: Path, settings: LazySettings) -> Iterator[tuple[Embedder, Embedder]]:
    """The model by ONNX Runtime and by torch."""
    settings.MODEL_DIR = exported
    embedders.reset()
    settings.ENGINE = "torch"
    by_torch = get_embedder(str(folder))
    embedders.reset()
    settings.ENGINE = "auto"
    yield get_embedder(str(folder)), by_torch
    embedders.reset()


def nearness(first: np.ndarray, second: np.ndarray) -> float:
    return float((first * second).sum(axis=1).min())


def test_vectors_are_those_of_torch(both: tuple[Embedder, Embedder]) -> None:
    by_onnx, by_torch = both
    assert (by_onnx.engine, by_torch.engine) == ("onnx", "torch")
    assert nearness(by_onnx.encode_images(pictures()), by_torch.encode_images(pictures())) > 0.999
    assert nearness(by_onnx.encode_texts(SENTENCES), by_torch.encode_texts(SENTENCES)) > 0.999


def test_leaving_out_the_padding_changes_nothing(both: tuple[Embedder, Embedder]) -> None:
    tower = both[0].text.tower  # type: ignore[attr-defined]
    full = both[1].text.tower  # type: ignore[attr-defined]
    assert tower.tokens(["a dog"]).shape == (1, 4)
    assert np.allclose(tower.encode(["a dog"]), full.features(full.tokenize(["a dog"])), atol=1e-3)
    assert np.allclose(tower.encode(SENTENCES), full.features(full.tokenize(SENTENCES)), atol=1e-3)


def test_a_picture_among_others_has_the_vector_that_it_has_alone(both: tuple[Embedder, Embedder]) -> None:
    images = pictures() * 5  # more than one batch
    alone = np.concatenate([both[0].encode_images([image]) for image in images])
    assert nearness(both[0].encode_images(images), alone) > 1 - 1e-5


def test_nothing_to_encode_gives_no_rows(both: tuple[Embedder, Embedder]) -> None:
    assert both[0].encode_images([]).shape == (0, 64)
    assert both[0].encode_texts([]).shape == (0, 64)


def test_a_failure_while_encoding_is_one_that_the_index_worker_knows(both: tuple[Embedder, Embedder]) -> None:
    tower = both[0].image  # type: ignore[attr-defined]
    with pytest.raises(RuntimeError, match="INVALID_ARGUMENT"):
        tower._network(np.zeros((1, 3, 5, 5), np.float32))


def test_an_embedder_for_pictures_only_has_no_text_tower(folder: Path, both: tuple[Embedder, Embedder]) -> None:
    embedders.reset()
    only = get_embedder(str(folder), images_only=True)
    assert np.array_equal(only.encode_images(pictures()), both[0].encode_images(pictures()))
    with pytest.raises(RuntimeError):
        only.encode_texts(["a dog"])


def test_neither_torch_nor_what_it_brings_is_imported(folder: Path, exported: Path) -> None:
    code = f"""
import sys, django
from django.conf import settings
django.setup()
settings.ENGINE, settings.MODEL_DIR = "auto", __import__("pathlib").Path({str(exported)!r})
import dam.wsgi, search.tasks
from PIL import Image
from search.embedders import get_embedder
embedder = get_embedder({str(folder)!r})
assert embedder.encode_images([Image.new("RGB", (50, 40), "red")]).shape == (1, 64)
assert embedder.encode_texts(["a dog"]).shape == (1, 64)
print([name for name in {WITHOUT!r} if name in sys.modules])"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"


@pytest.fixture
def copy(exported: Path, folder: Path, settings: LazySettings, tmp_path: Path) -> Iterator[exports.Export]:
    """A copy of the export that a test may damage."""
    import shutil

    settings.MODEL_DIR, settings.ENGINE = shutil.copytree(exported, tmp_path / "copy"), "auto"
    embedders.reset()
    found = exports.find(str(folder))
    assert found
    yield found
    embedders.reset()


def test_a_damaged_file_leaves_the_answer_to_torch_and_says_so(
    folder: Path, copy: exports.Export, caplog: pytest.LogCaptureFixture
) -> None:
    (copy.folder / copy.image.file).write_bytes(b"nothing")
    assert get_embedder(str(folder)).engine == "torch"
    assert "torch answers, because" in caplog.text


def test_a_file_that_gives_other_vectors_leaves_the_answer_to_torch(
    folder: Path, copy: exports.Export, caplog: pytest.LogCaptureFixture
) -> None:
    check = dict(np.load(copy.folder / exports.CHECK))
    np.savez(copy.folder / exports.CHECK, **check | {"text": -check["text"]})
    assert get_embedder(str(folder)).engine == "torch"
    assert "give other vectors here" in caplog.text
    assert get_embedder(str(folder), images_only=True).engine == "torch"


def test_who_insists_on_onnx_is_told_why_it_cannot_answer(
    folder: Path, copy: exports.Export, settings: LazySettings
) -> None:
    settings.ENGINE = "onnx"
    (copy.folder / copy.image.file).write_bytes(b"nothing")
    with pytest.raises(engines.NotExported, match=r"cannot answer for this model: .*setup_model --export"):
        get_embedder(str(folder))


def test_a_missing_onnxruntime_leaves_the_answer_to_torch(
    folder: Path, copy: exports.Export, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delitem(sys.modules, "search.embedders.onnx.engine", raising=False)
    monkeypatch.delattr("search.embedders.onnx.engine", raising=False)
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    assert get_embedder(str(folder)).engine == "torch"
    assert "onnxruntime" in caplog.text


def test_a_tower_that_was_refused_is_left_to_torch_and_the_other_one_is_not(folder: Path, copy: exports.Export) -> None:
    record = json.loads((copy.folder / exports.RECORD).read_text())
    record["text"] |= {"refused": "its tokenizer is none that is known here", "file": ""}
    (copy.folder / exports.RECORD).write_text(json.dumps(record))
    assert get_embedder(str(folder), images_only=True).engine == "onnx"
    assert get_embedder(str(folder)).engine == "torch"
    assert "its tokenizer is none that is known here" in engines.engine(str(folder)).sentence


def test_a_graphics_card_makes_torch_answer(
    folder: Path, copy: exports.Export, monkeypatch: pytest.MonkeyPatch, settings: LazySettings
) -> None:
    monkeypatch.setattr(engines, "has_graphics_card", lambda: True)
    assert engines.engine(str(folder)).export is None
    assert "there is a graphics card" in engines.engine(str(folder)).sentence
    settings.ENGINE = "onnx"
    assert engines.engine(str(folder)).export == copy


def test_the_offline_model_answers_as_by_torch(model_dir: Path, settings: LazySettings) -> None:
    source = offline.source()
    by_torch = get_embedder(source)
    embedders.reset()
    settings.ENGINE = "onnx"
    engines.prepare(source)
    by_onnx = get_embedder(source)
    images = [Image.new("RGB", (300, 200), colour) for colour in ("red", "navy")] + pictures()
    assert nearness(by_onnx.encode_images(images), by_torch.encode_images(images)) > 0.9999
    assert np.allclose(by_onnx.encode_texts(SENTENCES), by_torch.encode_texts(SENTENCES), atol=1e-3)


WEIGHTS = ["open_clip_config.json", "open_clip_model.safetensors"]


@pytest.mark.parametrize(("engine", "read"), [("auto", []), ("torch", WEIGHTS)])
def test_weights_are_compared_with_what_they_were_once_and_only_where_they_are_used(
    folder: Path,
    copy: exports.Export,
    settings: LazySettings,
    monkeypatch: pytest.MonkeyPatch,
    engine: str,
    read: list[str],
) -> None:
    source, sha256 = sources.resolve(str(folder)), checkpoints.sha256
    found: list[str] = []

    def counted(path: Path) -> str:
        found.append(path.name)
        return sha256(path)

    monkeypatch.setattr(checkpoints, "sha256", counted)
    settings.ENGINE = engine
    assert get_embedder(source).engine == ("onnx" if engine == "auto" else "torch")
    assert found == read
