"""A model is exported once, compared with torch, and what cannot be exported is remembered."""

import threading
import time
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.management import call_command
from django.test import Client

from search import activation, embedders
from search.embedders import engines, sources
from search.embedders.checkpoints import BrokenCheckpoint
from search.embedders.onnx import exports
from search.models import EmbeddingModel
from tests.search import tiny

CUSTOM = tiny.MODEL | {"custom_text": True}
BIDIRECTIONAL = CUSTOM | {"text_cfg": tiny.MODEL["text_cfg"] | {"no_causal_mask": True, "pool_type": "last"}}
CONVOLUTIONS = tiny.MODEL | {
    "vision_cfg": {"timm_model_name": "resnet10t", "timm_pool": "avg", "timm_proj": "linear", "image_size": 64}
}


@pytest.fixture(autouse=True)
def auto(settings: LazySettings, model_dir: Path) -> None:
    settings.ENGINE = "auto"


@pytest.fixture
def fake_run(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """In place of the process that exports: notes what it was asked for, and refuses."""
    runs: list[str] = []

    def run(folder: Path, partial: Path) -> None:
        runs.append(folder.name)
        time.sleep(0.05)
        exports._refuse(partial, "it is only a test")

    monkeypatch.setattr(exports, "_run", run)
    return runs


def export_here(folder: Path, target: Path) -> exports.Export:
    """The work of the other process, in this one."""
    from search.embedders.onnx.export import export

    target.mkdir()
    return export(folder, target)


def checkpoint(folder: Path, model: dict[str, Any]) -> Path:
    tiny.checkpoint(folder, model_cfg=model)
    tiny.weights(folder / "open_clip_model.safetensors", model)
    return folder


@pytest.mark.parametrize(("model", "shortens"), [(CUSTOM, True), (BIDIRECTIONAL, False)])
def test_custom_towers_are_exported_and_take_what_they_need(tmp_path: Path, model: Any, *, shortens: bool) -> None:
    export = export_here(checkpoint(tmp_path / "tiny", model), tmp_path / "export")
    assert not export.refusal()
    assert export.text.options["shortens"] is shortens


def test_products_of_matrices_become_int8_and_convolutions_stay(tmp_path: Path) -> None:
    transformer = export_here(tiny.checkpoint(tmp_path / "a"), tmp_path / "export-a")
    convolutions = export_here(checkpoint(tmp_path / "b", CONVOLUTIONS), tmp_path / "export-b")
    assert (transformer.image.precision, convolutions.image.precision) == ("int8", "fp32")
    image = transformer.image.file  # of those that are right the fastest, here and now
    assert sorted(path.name for path in transformer.folder.iterdir()) == [
        "check.npz", "export.json", image, "text.onnx", "tokenizer.json",
    ]  # fmt: skip


def test_where_int8_would_change_vectors_a_more_exact_form_is_taken(tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    folder = tiny.checkpoint(tmp_path / "tiny")
    weights = folder / "open_clip_model.safetensors"
    state = load_file(weights)
    state["visual.transformer.resblocks.0.ln_2.weight"][:3] *= 3000  # three activations that are larger than all others
    state["visual.transformer.resblocks.0.mlp.c_fc.weight"][:, :3] /= 3000
    save_file(state, weights)
    export = export_here(folder, tmp_path / "export")
    assert not export.image.refused
    assert export.image.file != "int8-0-image.onnx"


def test_what_never_agrees_is_refused_with_the_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from search.embedders.onnx import engine

    monkeypatch.setattr(engine, "nearness", lambda *vectors: 0.5)
    export = export_here(tiny.checkpoint(tmp_path / "tiny"), tmp_path / "export")
    assert export.image.refused == "its picture vectors differ from torch's"
    assert export.text.refused == "its text vectors differ from torch's"
    assert not list(export.folder.glob("*.onnx"))


def test_other_weights_are_exported_again_and_the_former_export_goes(tmp_path: Path, fake_run: list[str]) -> None:
    folder = tiny.checkpoint(tmp_path / "tiny")
    first = exports.ensure(sources.resolve(str(folder)))
    exports.ensure(sources.resolve(str(folder)))
    assert fake_run == ["tiny"]
    tiny.weights(folder / "open_clip_model.safetensors", seed=2)
    second = exports.ensure(sources.resolve(str(folder)))
    assert fake_run == ["tiny", "tiny"]
    assert list(first.folder.parent.iterdir()) == [second.folder]


def test_models_in_folders_of_the_same_name_keep_their_exports(tmp_path: Path, fake_run: list[str]) -> None:
    places = {exports.ensure(str(tiny.checkpoint(tmp_path / parent / "clip"))).folder for parent in ("a", "b")}
    assert len([place for place in places if place.is_dir()]) == 2


def test_what_a_killed_process_left_goes(tmp_path: Path, model_dir: Path, fake_run: list[str]) -> None:
    left = model_dir / "onnx" / ".partial-left"
    left.mkdir(parents=True)
    (left / "image.onnx").write_bytes(b"half")
    exports.ensure(str(tiny.checkpoint(tmp_path / "tiny")))
    assert not left.exists()


def test_another_exporter_exports_again(tmp_path: Path, fake_run: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    source = str(tiny.checkpoint(tmp_path / "tiny"))
    exports.ensure(source)
    monkeypatch.setattr(exports, "VERSION", "another")
    assert exports.find(source) is None
    exports.ensure(source)
    assert len(fake_run) == 2


def test_a_process_that_dies_leaves_a_reason_and_is_not_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = str(tiny.checkpoint(tmp_path / "tiny"))
    monkeypatch.setattr(exports.sys, "executable", "/bin/false")
    assert "the export failed" in exports.ensure(source).image.refused
    monkeypatch.setattr(exports, "_run", lambda folder, partial: pytest.fail("tried again"))
    engines.prepare(source)
    assert "the export failed" in engines.engine(source).sentence


def test_a_broken_checkpoint_is_told_by_the_process_that_exports(tmp_path: Path) -> None:
    folder = tiny.checkpoint(tmp_path / "tiny")
    (folder / "open_clip_model.safetensors").write_bytes(b"nothing")
    with pytest.raises(BrokenCheckpoint, match=r"The model in .*tiny cannot be used"):
        exports.ensure(str(folder))
    assert list((tmp_path / "models" / "onnx").iterdir()) == []


@pytest.fixture
def no_index(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("search.indexing.ensure_index", lambda model: None)
    monkeypatch.setattr("search.indexing.backfill", lambda model: None)


@pytest.mark.django_db
def test_setting_up_a_model_exports_it_and_says_who_answers(
    tmp_path: Path, settings: LazySettings, no_index: None, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.MODEL = str(tiny.checkpoint(tmp_path / "tiny"))
    call_command("setup_model")
    model = EmbeddingModel.active()
    assert model is not None
    assert model.precision == "int8"
    assert "ONNX Runtime answers (pictures int8, texts fp32)." in capsys.readouterr().out
    assert embedders.get_embedder(model.source).engine == "onnx"
    settings.ENGINE = "torch"
    assert activation.activate().precision == "fp32"


@pytest.mark.django_db
def test_the_admin_sees_why_torch_answers(
    tmp_path: Path, settings: LazySettings, no_index: None, fake_run: list[str], admin_client: Client
) -> None:
    settings.MODEL = str(tiny.checkpoint(tmp_path / "tiny"))
    model = activation.activate()
    page = admin_client.get(f"/admin/search/embeddingmodel/{model.pk}/change/", follow=True)
    assert "torch answers (fp32): it is only a test." in page.content.decode()


@pytest.mark.django_db
def test_an_export_can_be_asked_for_again(
    tmp_path: Path, settings: LazySettings, no_index: None, fake_run: list[str]
) -> None:
    settings.MODEL = str(tiny.checkpoint(tmp_path / "tiny"))
    for options in ({}, {}, {"export": True}):
        call_command("setup_model", **options)
    assert fake_run == ["tiny", "tiny"]


def test_who_starts_together_exports_once(tmp_path: Path, fake_run: list[str]) -> None:
    source = str(tiny.checkpoint(tmp_path / "tiny"))

    def prepare() -> None:
        with activation._one_at_a_time():
            engines.prepare(source)

    threads = [threading.Thread(target=prepare) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert fake_run == ["tiny"]
