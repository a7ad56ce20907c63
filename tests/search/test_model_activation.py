"""DAM_MODEL becomes the model that answers."""

import socket
import time
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.management import call_command
from django.core.management.base import CommandError

from media_library.models import Library
from search import activation
from search.activation import activate
from search.embedders import get_embedder, offline, reach, sources
from search.embedders.checkpoints import ModelMissing
from search.models import EmbeddingModel
from search.notices import model_notice
from tests import factories
from tests.search import fake_hub, tiny

pytestmark = pytest.mark.django_db
HUB_MODEL = "hf-hub:someone/tiny"


@pytest.fixture(autouse=True)
def no_index(monkeypatch: pytest.MonkeyPatch, model_dir: Path) -> list[str]:
    """The vector index is made outside of any transaction, so not in these tests."""
    done: list[str] = []
    monkeypatch.setattr("search.indexing.ensure_index", lambda model: done.append(f"index {model.source}"))
    monkeypatch.setattr("search.indexing.backfill", lambda model: done.append(f"backfill {model.source}"))
    monkeypatch.setattr("search.indexing.request_indexing", lambda: None)
    return done


@pytest.fixture
def offline_stub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """A small random model in the place of the offline one, for tests of when it answers."""
    folder = tiny.checkpoint(tmp_path / "stub")
    monkeypatch.setattr(offline, "assembled", lambda: folder)
    return offline.source()


def test_a_local_checkpoint_becomes_active(
    settings: LazySettings, tmp_path: Path, no_index: list[str], no_network: None
) -> None:
    settings.MODEL = str(tiny.checkpoint(tmp_path / "my-clip", prompt_template="a photo of {}"))
    model = activate()
    assert EmbeddingModel.active() == model
    assert (model.name, model.dimensions, model.prompt_template) == ("my-clip", 64, "a photo of {}")
    assert no_index == [f"index {model.source}", f"backfill {model.source}"]
    assert get_embedder(model.source).encode_texts(["dog"]).shape == (1, 64)
    assert model_notice() is None


def test_the_former_model_is_retired_and_comes_back(settings: LazySettings, tmp_path: Path) -> None:
    settings.MODEL = str(tiny.checkpoint(tmp_path / "first"))
    first = activate()
    settings.MODEL = str(tiny.checkpoint(tmp_path / "second"))
    second = activate()
    first.refresh_from_db()
    assert (first.state, second.state) == ("retired", "active")
    settings.MODEL = str(tmp_path / "first")
    assert activate() == first
    assert EmbeddingModel.active() == first


def test_other_weights_in_the_same_folder_are_another_model(settings: LazySettings, tmp_path: Path) -> None:
    settings.MODEL = str(tiny.checkpoint(tmp_path / "clip"))
    first = activate()
    tiny.weights(tmp_path / "clip" / "open_clip_model.safetensors", seed=2)
    assert activate() != first


def test_weights_that_were_exchanged_never_meet_the_vectors_of_the_former(
    settings: LazySettings, tmp_path: Path
) -> None:
    settings.MODEL = str(tiny.checkpoint(tmp_path / "clip"))
    first = activate()
    tiny.weights(tmp_path / "clip" / "open_clip_model.safetensors", seed=2)
    assert not sources.on_disk(first.source)
    with pytest.raises(ModelMissing, match="holds other weights now"):
        get_embedder(first.source)


def test_a_start_with_another_dam_model_leaves_the_old_one_answering(
    settings: LazySettings, tmp_path: Path, library: Library
) -> None:
    settings.MODEL = str(tiny.checkpoint(tmp_path / "first"))
    first = activate()
    factories.embedded(library, first, [1.0] * 64)
    settings.MODEL = str(tiny.checkpoint(tmp_path / "second", seed=2))
    output = StringIO()
    call_command("setup_model", stdout=output)
    assert EmbeddingModel.active() == first
    assert EmbeddingModel.objects.building().get().takes_over
    assert "first answers. `manage.py model status` says how far second is." in output.getvalue()


def test_a_model_can_be_built_beside_whatever_dam_model_says(
    settings: LazySettings, tmp_path: Path, library: Library
) -> None:
    settings.MODEL = str(tiny.checkpoint(tmp_path / "first"))
    factories.embedded(library, activate(), [1.0] * 64)
    call_command("model", "build", str(tiny.checkpoint(tmp_path / "second", seed=2)))
    built = EmbeddingModel.objects.building().get()
    assert (built.name, built.takes_over) == ("second", False)
    output = StringIO()
    for deed in ("list", "status"):
        call_command("model", deed, stdout=output)
    assert "building  second" in output.getvalue()
    assert "No picture is indexed under it." in output.getvalue()


def test_a_model_that_cannot_be_downloaded_is_not_built(
    settings: LazySettings, use_hub: Callable[[str], None], short_patience: None
) -> None:
    use_hub(fake_hub.refusing())
    with pytest.raises(CommandError, match=r"The weights of hf-hub:someone/tiny could not be downloaded: .*\.$"):
        call_command("model", "build", HUB_MODEL)
    assert not EmbeddingModel.objects.exists()


def test_the_web_process_loads_what_answers_and_what_is_about_to(
    library: Library, model: EmbeddingModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    built, unbuilt = (
        EmbeddingModel.objects.create(name=name, source=name, dimensions=48) for name in ("built", "unbuilt")
    )
    factories.build_index(built)
    loaded: list[str] = []

    def preload(source: str) -> Thread:
        thread = Thread(target=loaded.append, args=[source])
        thread.start()
        return thread

    class Enough(Exception):
        pass

    def rest(_seconds: float) -> None:
        rounds.append(list(loaded))
        if len(rounds) == 2:
            raise Enough

    rounds: list[list[str]] = []
    monkeypatch.setattr(activation.embedders, "preload", preload)
    monkeypatch.setattr(activation.embedders, "loaded", lambda source: source == "fake" and "fake" in loaded)
    monkeypatch.setattr(activation.time, "sleep", rest)
    monkeypatch.setattr(activation.connection, "close", lambda: None)
    with pytest.raises(Enough):
        activation.keep_loaded()
    assert rounds == [["built", "fake"], ["built", "fake"]]
    assert unbuilt.source not in loaded


def test_a_known_model_is_not_loaded_again(
    settings: LazySettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.MODEL = str(tiny.checkpoint(tmp_path / "clip"))
    model = activate()
    monkeypatch.setattr("search.embedders.get_embedder", lambda source: pytest.fail("loaded"))
    assert activate() == model


def test_a_model_that_cannot_be_loaded_changes_nothing(settings: LazySettings, tmp_path: Path) -> None:
    settings.MODEL = str(tiny.checkpoint(tmp_path / "good"))
    good = activate()
    settings.MODEL = str(tiny.checkpoint(tmp_path / "bad"))
    (tmp_path / "bad" / "open_clip_model.safetensors").write_bytes(b"nothing")
    with pytest.raises(CommandError, match=r"The model in .*bad cannot be used"):
        call_command("setup_model")
    assert EmbeddingModel.active() == good
    assert EmbeddingModel.objects.count() == 1


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("ViT-B-32/laion2b_s34b_b79", "Near matches: .*ViT-B-32/laion2b_s34b_b79k"),
        ("vit-b-32/laion2b_s34b_b79k", "Near matches: .*ViT-B-32/laion2b_s34b_b79k"),
        ("ViT-B-32", "Near matches: .*ViT-B-32/"),
        ("no such model at all", "is no model that open_clip knows"),
        ("hf-hub:name", "DAM_MODEL: hf-hub:name must look like hf-hub:organisation/name"),
        ("/no/such/folder", "DAM_MODEL: There is no folder /no/such/folder"),
    ],
)
def test_a_wrong_name_is_told_and_nothing_answers_in_its_place(
    settings: LazySettings, use_hub: Callable[[str], None], name: str, sentence: str
) -> None:
    use_hub(fake_hub.refusing())
    settings.MODEL = name
    with pytest.raises(CommandError, match=sentence) as caught:
        call_command("setup_model")
    assert "\n" not in str(caught.value)
    assert not EmbeddingModel.objects.exists()


@pytest.mark.parametrize("name", ["no such model at all", "hf-hub:name", "/no/such/folder"])
def test_a_wrong_name_on_the_command_line_is_not_taken_for_dam_model(use_hub: Callable[[str], None], name: str) -> None:
    use_hub(fake_hub.refusing())
    with pytest.raises(CommandError, match=name) as caught:
        call_command("model", "build", name)
    assert "DAM_MODEL" not in str(caught.value)


def test_a_start_removes_exports_of_former_versions_of_the_offline_model(
    settings: LazySettings, tmp_path: Path, model_dir: Path
) -> None:
    EmbeddingModel.objects.create(name="Former", source="offline-retired", dimensions=64, state="retired")
    places = [model_dir / "onnx" / f"{name}@1234-1" for name in ("offline-gone", "offline-retired", "ViT-B-32-gone")]
    for place in places:
        place.mkdir(parents=True)
        (place / "image.onnx").write_bytes(b"network")
    settings.MODEL = str(tiny.checkpoint(tmp_path / "clip"))
    activate()
    assert [place.exists() for place in places] == [False, True, True]


def test_a_folder_with_a_similar_name_is_suggested(settings: LazySettings, tmp_path: Path) -> None:
    tiny.checkpoint(tmp_path / "my-clip")
    settings.MODEL = str(tmp_path / "my-clop")
    with pytest.raises(CommandError, match="Nearby: my-clip"):
        call_command("setup_model")


def test_the_offline_model_can_be_chosen(settings: LazySettings, no_network: None, no_index: list[str]) -> None:
    settings.MODEL = "offline"
    output = StringIO()
    call_command("setup_model", stdout=output)
    model = EmbeddingModel.active()
    assert model is not None
    assert (model.name, model.source) == ("Compact offline model", offline.source())
    assert "The compact offline model answers." in output.getvalue()
    assert "chosen by the setting DAM_MODEL" in output.getvalue()
    assert "could not be downloaded" not in output.getvalue()


@pytest.fixture
def short_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reach, "ANSWER_SECONDS", 0.3)
    monkeypatch.setattr(reach, "REACH_SECONDS", 0.6)


@pytest.fixture(params=["refused", "no answer", "hanging name look-up"])
def unreachable(
    request: pytest.FixtureRequest,
    use_hub: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
    short_patience: None,
) -> Iterator[list[str]]:
    """A hub that cannot be reached; the list grows with every name look-up that is made for it."""
    lookups: list[str] = []
    resolve = socket.getaddrinfo

    def look_up(host: Any, *args: Any, **kwargs: Any) -> Any:
        lookups.append(str(host))
        if request.param == "hanging name look-up":
            time.sleep(2)
        return resolve(host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    if request.param == "no answer":
        with fake_hub.silent() as (url, _accepted):
            use_hub(url)
            yield lookups
    else:
        use_hub(fake_hub.refusing())
        yield lookups


def test_an_unreachable_hub_makes_the_offline_model_answer_and_is_remembered(
    settings: LazySettings, unreachable: list[str], offline_stub: str, caplog: pytest.LogCaptureFixture
) -> None:
    settings.MODEL = HUB_MODEL
    assert activate().source == offline_stub
    notice = model_notice()
    assert notice is not None
    assert f"The weights of {HUB_MODEL} could not be downloaded: " in notice.sentence
    assert "setup_model --retry" in notice.sentence
    assert notice.sentence in caplog.text

    tried = len(unreachable)
    assert tried > 0
    assert activate().source == offline_stub
    assert len(unreachable) == tried  # the second start does not try
    activate(retry=True)
    assert len(unreachable) > tried


def test_another_model_is_tried_though_the_former_could_not_be_reached(
    settings: LazySettings, use_hub: Callable[[str], None], short_patience: None, offline_stub: str
) -> None:
    with fake_hub.silent() as (url, accepted):
        use_hub(url)
        settings.MODEL = HUB_MODEL
        activate()
        settings.MODEL = "hf-hub:someone/other"
        activate()
    assert len(accepted) == 2


def test_a_day_later_the_hub_is_tried_again(
    settings: LazySettings,
    use_hub: Callable[[str], None],
    short_patience: None,
    offline_stub: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from datetime import timedelta

    settings.MODEL = HUB_MODEL
    with fake_hub.silent() as (url, accepted):
        use_hub(url)
        activate()
        monkeypatch.setattr("search.embedders.attempts.KEPT_FOR", timedelta(0))
        activate()
    assert len(accepted) == 2


def test_weights_that_become_reachable_are_used(
    settings: LazySettings, hub: fake_hub.FakeHub, tmp_path: Path, offline_stub: str
) -> None:
    settings.MODEL = HUB_MODEL
    for path in tiny.checkpoint(tmp_path / "published").iterdir():
        hub.files[f"someone/tiny/{path.name}"] = path.read_bytes()
    hub.status = 503
    assert sources.is_offline(activate().source)
    hub.status = 200
    model = activate(retry=True)
    assert (model.source, model.name) == (HUB_MODEL, "someone/tiny")
    assert model_notice() is None
    asked = len(hub.requests)
    assert activate() == model
    assert len(hub.requests) == asked  # weights on disk are used without asking


def test_a_model_that_the_hub_does_not_have_is_an_error(settings: LazySettings, hub: fake_hub.FakeHub) -> None:
    settings.MODEL = HUB_MODEL
    with pytest.raises(CommandError, match="The hub has no model"):
        call_command("setup_model")
    assert not EmbeddingModel.objects.exists()
