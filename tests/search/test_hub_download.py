"""Weights are fetched from a hub into a checkpoint folder, checked, and used from there."""

import json
from pathlib import Path

import pytest

from search.embedders import checkpoints, get_embedder, hub, sources
from search.embedders.checkpoints import BrokenCheckpoint
from search.embedders.hub import CorruptDownload
from search.embedders.reach import HubUnreachable
from search.embedders.sources import UnknownModel
from tests.search import tiny
from tests.search.fake_hub import FakeHub

SOURCE = "hf-hub:someone/tiny"


@pytest.fixture
def published(hub: FakeHub, tmp_path: Path) -> FakeHub:
    """A hub with a small model, described as open_clip's own are."""
    for path in tiny.checkpoint(tmp_path / "published").iterdir():
        hub.files[f"someone/tiny/{path.name}"] = path.read_bytes()
    hub.files["someone/tiny/README.md"] = b"# Tiny"
    return hub


def fetch(source: str = SOURCE) -> Path:
    hub.fetch(source, sources.place(source))
    return sources.folder(source)


def test_a_model_is_fetched_and_used(published: FakeHub, model_dir: Path) -> None:
    folder = fetch()
    assert {path.name for path in folder.iterdir()} == {
        "SHA256SUMS",
        "open_clip_config.json",
        "open_clip_model.safetensors",
    }
    assert get_embedder(SOURCE).encode_texts(["dog"]).shape == (1, 64)
    assert [path.name for path in model_dir.iterdir()] == ["hf-hub--someone--tiny"]


def test_the_hub_is_asked_for_nothing_but_the_model(published: FakeHub, model_dir: Path) -> None:
    fetch()
    assert {path for path in published.requests if "someone/tiny" not in path} == {"HEAD "}  # is it there at all?


def test_weights_on_disk_need_no_network(published: FakeHub, model_dir: Path, request: pytest.FixtureRequest) -> None:
    fetch()
    request.getfixturevalue("no_network")
    assert sources.on_disk(SOURCE)
    assert get_embedder(SOURCE).dimensions == 64


@pytest.fixture
def tagged(published: FakeHub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """The same weights as an architecture and a tag of open_clip's list."""
    from search.embedders.runtime import open_clip

    monkeypatch.setitem(open_clip.factory._MODEL_CONFIGS, "Tiny-8", tiny.MODEL)
    entry = {"hf_hub": "someone/tiny/", "quick_gelu": True, "mean": (0.1, 0.2, 0.3), "resize_mode": "squash"}
    monkeypatch.setitem(open_clip.pretrained._PRETRAINED, "Tiny-8", {"first_try": entry})
    return sources.resolve("Tiny-8/First-Try")


def test_an_architecture_and_a_tag_bring_their_description(tagged: str, model_dir: Path) -> None:
    config = json.loads((fetch(tagged) / "open_clip_config.json").read_text())
    assert tagged == "Tiny-8/first_try"
    assert config["model_cfg"]["quick_gelu"] is True
    assert config["preprocess_cfg"] == {"mean": [0.1, 0.2, 0.3], "resize_mode": "squash"}
    assert get_embedder(tagged).dimensions == 64


def test_a_text_tower_brings_its_description_and_tokenizer(published: FakeHub, model_dir: Path) -> None:
    config = json.loads(published.files["someone/tiny/open_clip_config.json"])
    config["model_cfg"]["text_cfg"] |= {"hf_model_name": "someone/bert", "hf_tokenizer_name": "someone/words"}
    published.files |= {
        "someone/tiny/open_clip_config.json": json.dumps(config).encode(),
        "someone/tiny/config.json": b"another description",
        "someone/bert/config.json": b"the tower",
        "someone/words/tokenizer.json": b"the tokenizer",
    }
    folder = fetch()
    assert (folder / "config.json").read_bytes() == b"the tower"
    assert (folder / "tokenizer.json").read_bytes() == b"the tokenizer"


def test_what_an_earlier_attempt_left_is_no_part_of_the_model(published: FakeHub, model_dir: Path) -> None:
    left = model_dir / ".partial-hf-hub--someone--tiny"
    left.mkdir(parents=True)
    (left / "pytorch_model.bin").write_bytes(b"old")
    assert not (fetch() / "pytorch_model.bin").exists()


@pytest.mark.parametrize("file", ["open_clip_model.safetensors", "open_clip_config.json"])
def test_a_file_that_arrives_damaged_is_refused(published: FakeHub, model_dir: Path, file: str) -> None:
    name = f"someone/tiny/{file}"
    published.sent[name] = published.files[name][:-1] + b"?"
    with pytest.raises(CorruptDownload, match=f"{file} of someone/tiny arrived damaged"):
        fetch()
    assert not any(model_dir.glob("**/*"))


def test_what_arrives_whole_after_that_is_accepted(published: FakeHub, model_dir: Path) -> None:
    published.sent["someone/tiny/open_clip_config.json"] = b"{}"
    with pytest.raises(CorruptDownload):
        fetch()
    published.sent.clear()
    assert checkpoints.is_sealed(fetch())


def test_a_broken_published_model_is_told_when_it_is_loaded(published: FakeHub, model_dir: Path) -> None:
    published.files["someone/tiny/open_clip_config.json"] = b"{}"
    with pytest.raises(BrokenCheckpoint, match="describes no model"):
        get_embedder(SOURCE) if fetch() else None


def test_a_repository_that_does_not_exist_is_unknown(published: FakeHub, model_dir: Path) -> None:
    with pytest.raises(UnknownModel, match="The hub has no model hf-hub:someone/other"):
        fetch("hf-hub:someone/other")


def test_a_repository_without_weights_is_unknown(published: FakeHub, model_dir: Path) -> None:
    published.files["someone/text/README.md"] = b"# Text"
    with pytest.raises(UnknownModel, match="holds no open_clip weights"):
        fetch("hf-hub:someone/text")


@pytest.mark.parametrize("status", [403, 500, 503])
def test_a_hub_that_answers_with_an_error_counts_as_unreachable(
    published: FakeHub, model_dir: Path, status: int
) -> None:
    published.status = status
    with pytest.raises(HubUnreachable):
        fetch()


def test_a_page_in_place_of_an_answer_counts_as_unreachable(
    published: FakeHub, model_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(published, "listing", lambda repository: b"<html>Please sign in</html>")
    with pytest.raises(HubUnreachable):
        fetch()
