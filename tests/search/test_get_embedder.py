"""Two embedders per process, each built once, with its failures kept."""

import threading
import time
from pathlib import Path

import pytest

from search import embedders
from search.embedders.checkpoints import BrokenCheckpoint, ModelMissing
from tests.fakes import FakeEmbedder


@pytest.fixture
def builds(model_dir: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was built; "broken" cannot be."""
    built: list[str] = []

    def build(source: str, *, images_only: bool) -> FakeEmbedder:
        time.sleep(0.02)
        built.append(f"{source}, pictures only" if images_only else source)
        if source == "broken":
            raise BrokenCheckpoint("It is broken.")
        return FakeEmbedder()

    monkeypatch.setattr(embedders, "_build", build)
    return built


def test_many_threads_build_one(builds: list[str]) -> None:
    found: list[embedders.Embedder] = []
    threads = [threading.Thread(target=lambda: found.append(embedders.get_embedder("a"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert builds == ["a"]
    assert len(found) == 8
    assert len(set(map(id, found))) == 1


def test_two_models_are_kept_and_a_third_replaces_the_one_asked_for_longest_ago(builds: list[str]) -> None:
    for source in ["a", "b", "a", "c", "a"]:
        embedders.get_embedder(source)
    assert builds == ["a", "b", "c"]
    assert embedders.loaded("a")
    assert not embedders.loaded("b")
    assert embedders.loaded("c")


def test_a_whole_embedder_serves_who_wants_pictures_only_but_not_the_reverse(builds: list[str]) -> None:
    embedders.get_embedder("a", images_only=True)
    embedders.get_embedder("a")
    embedders.get_embedder("a", images_only=True)
    assert builds == ["a, pictures only", "a"]


def test_a_failure_is_kept_and_told_again(builds: list[str]) -> None:
    for _ in range(2):
        with pytest.raises(BrokenCheckpoint):
            embedders.get_embedder("broken")
    assert builds == ["broken"]
    assert str(embedders.failure("broken")) == "It is broken."
    assert embedders.failure("a") is None


def test_an_old_failure_is_tried_anew(builds: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedders, "FAILURE_SECONDS", -1)
    for _ in range(2):
        with pytest.raises(BrokenCheckpoint):
            embedders.get_embedder("broken")
    assert builds == ["broken", "broken"]


def test_preloading_happens_in_the_background(builds: list[str]) -> None:
    thread = embedders.preload("a")
    assert thread is not threading.current_thread()
    thread.join()
    assert embedders.loaded("a")
    assert not embedders.loaded("b")


def test_a_preload_that_fails_says_why(builds: list[str]) -> None:
    embedders.preload("broken").join()
    assert not embedders.loaded("broken")
    assert str(embedders.failure("broken")) == "It is broken."


def test_a_reset_forgets_everything(builds: list[str]) -> None:
    embedders.get_embedder("a")
    embedders.reset()
    assert not embedders.loaded("a")


def test_weights_that_are_not_there_are_named_with_the_command_that_fetches_them(model_dir: Path) -> None:
    with pytest.raises(ModelMissing, match=r"ViT-B-32/laion2b_s34b_b79k.*setup_model"):
        embedders.get_embedder("ViT-B-32/laion2b_s34b_b79k")
