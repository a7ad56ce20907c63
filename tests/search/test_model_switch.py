"""Building a model beside the active one, switching to it, switching back."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from media_library.models import Library, User
from search import build_progress, encoding, indexing, switching, tasks
from search.models import EmbeddingModel, IndexEntry
from search.notices import build_notice, model_notice
from tests import factories
from tests.search import two_models

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("enqueued")]

State = EmbeddingModel.State


@pytest.fixture(autouse=True)
def encoders(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(indexing, "request_indexing", lambda: None)
    return two_models.use(monkeypatch)


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The models whose index was asked for; it is made inside the test's transaction."""
    asked: list[int] = []

    def make(model_id: int) -> None:
        asked.append(model_id)
        factories.build_index(EmbeddingModel.objects.get(pk=model_id))

    monkeypatch.setattr(tasks.build_vector_index, "delay", make)
    return asked


@pytest.fixture
def model(model: EmbeddingModel) -> EmbeddingModel:
    """The active model, with its index."""
    factories.build_index(model)
    return model


def state_of(model: EmbeddingModel) -> str:
    model.refresh_from_db()
    return model.state


def test_a_new_dam_model_is_built_beside_the_old_one(library: Library, model: EmbeddingModel) -> None:
    two_models.pictures(library, [model], 3)
    other = two_models.other(State.RETIRED)
    switching.follow(other)
    assert (state_of(other), state_of(model), other.takes_over) == ("building", "active", True)
    assert IndexEntry.objects.filter(model=other, state="pending").count() == 3


def test_with_an_empty_library_it_answers_at_once(library: Library, model: EmbeddingModel) -> None:
    factories.asset(library)
    other = two_models.other(State.RETIRED)
    switching.follow(other)
    assert (state_of(other), state_of(model)) == ("active", "retired")


def test_a_model_whose_weights_have_gone_cannot_answer_and_gives_way_at_once(
    library: Library, model: EmbeddingModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    two_models.pictures(library, [model], 1)
    other = two_models.other(State.RETIRED)
    monkeypatch.setattr("search.embedders.sources.on_disk", lambda source: source == "other")
    switching.follow(other)
    assert (state_of(other), state_of(model)) == ("active", "retired")


def test_what_an_administrator_switched_to_survives_a_start_with_the_same_dam_model(
    library: Library, model: EmbeddingModel
) -> None:
    other = two_models.other(State.RETIRED)
    two_models.pictures(library, [model, other], 2)
    factories.build_index(other)
    switching.follow(other)
    switching.switch(model)
    other.refresh_from_db()
    switching.follow(other)
    assert (state_of(model), state_of(other)) == ("active", "retired")


def test_a_dam_model_that_comes_back_complete_answers_at_once(library: Library, model: EmbeddingModel) -> None:
    other = two_models.other(State.RETIRED)
    two_models.pictures(library, [model, other], 2)
    factories.build_index(other)
    switching.follow(other)
    assert state_of(other) == "active"


def test_a_build_that_only_a_former_dam_model_asked_for_stops(library: Library, model: EmbeddingModel) -> None:
    two_models.pictures(library, [model], 1)
    other = two_models.other(State.RETIRED)
    switching.follow(other)
    switching.follow(model)
    assert (state_of(other), state_of(model)) == ("retired", "active")


def test_when_complete_its_index_is_built_and_then_it_takes_over(
    library: Library, model: EmbeddingModel, built: list[int]
) -> None:
    other = two_models.other(takes_over=True)
    assets = two_models.pictures(library, [model], 3)
    for number, asset in enumerate(assets[:2]):
        two_models.embed(asset, other, number)
    switching.advance()
    assert (built, state_of(model)) == ([], "active")
    two_models.embed(assets[2], other)
    switching.advance()
    assert (built, state_of(model)) == ([other.pk], "active")
    switching.advance()
    assert (state_of(other), state_of(model)) == ("active", "retired")


def test_a_manual_switch_waits_for_somebody(
    library: Library, model: EmbeddingModel, built: list[int], settings: LazySettings
) -> None:
    settings.MODEL_SWITCH = "manual"
    other = two_models.other(State.RETIRED)
    two_models.pictures(library, [model, other], 1)
    switching.follow(other)
    for _minute in range(3):
        switching.advance()
    assert state_of(other) == "building"
    switching.switch(other)
    assert state_of(other) == "active"


def test_it_does_not_take_over_by_itself_where_a_picture_would_be_lost(
    library: Library, model: EmbeddingModel, built: list[int]
) -> None:
    other = two_models.other(takes_over=True)
    two_models.pictures(library, [model, other], 2)
    failed = two_models.pictures(library, [model], 1)[0]
    IndexEntry.objects.create(asset=failed, model=other, state="failed")
    for _minute in range(3):
        switching.advance()
    assert state_of(other) == "building"
    assert "1 that could not be indexed" in switching.gap(other).losses()
    switching.switch(other)
    assert state_of(other) == "active"


@pytest.mark.parametrize(
    ("lack", "sentence"),
    [
        ("vectors", "No picture is indexed under it"),
        ("pending", "1 picture is not indexed under it yet"),
        ("never entered", "1 picture is not indexed under it yet"),
        ("index", "Its vector index is not built yet"),
    ],
)
def test_an_incomplete_model_is_refused_with_what_is_missing(
    library: Library, model: EmbeddingModel, lack: str, sentence: str
) -> None:
    other = two_models.other()
    two_models.pictures(library, [model] if lack == "vectors" else [model, other], 1)
    if lack != "index":
        factories.build_index(other)
    if lack == "pending":
        IndexEntry.objects.create(asset=factories.asset(library), model=other)
    elif lack == "never entered":
        factories.asset(library)
    with pytest.raises(switching.NotReady, match=sentence):
        switching.switch(other)
    assert state_of(model) == "active"
    missing = switching.switch(other, force=True)
    assert (state_of(other), state_of(model)) == ("active", "retired")
    assert missing.waiting == (0 if lack == "index" else 1)


def test_after_a_forced_switch_the_index_follows(library: Library, model: EmbeddingModel, built: list[int]) -> None:
    other = two_models.other()
    two_models.pictures(library, [model], 2)
    switching.switch(other, force=True)
    switching.advance()
    assert built == [other.pk]


def test_a_retired_model_is_caught_up_before_it_answers_again(library: Library, model: EmbeddingModel) -> None:
    other = two_models.other(State.RETIRED)
    two_models.pictures(library, [model, other], 1)
    factories.build_index(other)
    two_models.pictures(library, [model], 1)  # uploaded since
    with pytest.raises(CommandError, match="1 picture is not indexed under it yet"):
        call_command("model", "switch", "other")
    call_command("model", "switch", "other", when_complete=True)
    two_models.embed(IndexEntry.objects.get(model=other, state="pending").asset, other)
    switching.advance()
    assert state_of(other) == "active"


def test_new_pictures_are_entered_under_the_active_and_the_building_model(
    library: Library, user: User, model: EmbeddingModel
) -> None:
    from media_library import processing

    other, retired = two_models.other(), EmbeddingModel.objects.create(name="Old", source="old", dimensions=8)
    switching.stop(retired)
    asset = factories.upload(library, user)
    processing.render_pending()
    assert set(asset.index_entries.values_list("model", flat=True)) == {model.pk, other.pk}
    indexing.index_pending()
    found = asset.embeddings.order_by("model").values_list("vector", flat=True)
    assert [len(vector) for vector in found] == [model.dimensions, other.dimensions]


def test_a_backlog_of_the_new_model_waits_for_uploads_in_the_active_one(
    library: Library, model: EmbeddingModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    other, turns = two_models.other(), []
    for _number in range(20):
        two_models.pictures(library, [model], 1)
    indexing.backfill(other)

    def index(its: EmbeddingModel, entries: Any) -> int:
        turns.append((its.name, len(entries)))
        if len(turns) == 1:
            IndexEntry.objects.create(asset=factories.asset(library), model=model)
        return len(entries)

    monkeypatch.setattr(indexing, "index_batch", index)
    indexing.index_pending()
    assert turns == [("Other", 16), ("Fake", 1), ("Other", 4)]


def test_during_an_import_a_batch_fills_while_the_other_model_has_its_turn(
    library: Library, model: EmbeddingModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    other, turns = two_models.other(), []
    two_models.pictures(library, [model], 40)
    indexing.backfill(other)
    IndexEntry.objects.create(asset=factories.asset(library), model=model)
    factories.asset(library, state="processing")
    monkeypatch.setattr(indexing, "GATHER_SECONDS", 0)
    monkeypatch.setattr(indexing, "index_batch", lambda its, entries: turns.append(its.name) or 1)
    indexing.index_pending()
    assert turns[:2] == ["Other", "Fake"]


def test_a_model_that_cannot_be_loaded_leaves_the_active_one_its_turn(
    library: Library, model: EmbeddingModel, encoders: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from search import embedders
    from search.embedders.checkpoints import BrokenCheckpoint

    def load(source: str, **options: Any) -> Any:
        if source == "other":
            raise BrokenCheckpoint("Its weights are damaged.")
        return encoders[source]

    monkeypatch.setattr(embedders, "get_embedder", load)
    monkeypatch.setattr(encoding, "read", lambda thumb: factories.Image.new("RGB", (8, 8)))
    other = two_models.other()
    asset = factories.asset(library)
    asset.renditions.create(name="thumb", file="thumbs/x.webp", width=8, height=8, bytes=9)
    indexing.backfill(model)
    indexing.backfill(other)
    assert indexing.index_pending() == 1
    entry = IndexEntry.objects.get(model=other)
    assert (entry.state, entry.attempts, entry.error) == ("pending", 0, "Its weights are damaged.")
    assert "stopped: Its weights are damaged." in build_progress.count(other).spoken


def test_what_a_killed_worker_left_of_a_building_model_is_done_again(library: Library, model: EmbeddingModel) -> None:
    other = two_models.other()
    two_models.pictures(library, [model], 1)
    indexing.backfill(other)
    indexing.claim(other)
    IndexEntry.objects.filter(model=other).update(started_at=timezone.now() - timedelta(hours=1))
    indexing.sweep()
    assert IndexEntry.objects.get(model=other).state == "pending"


def test_progress_is_counted_from_the_entries(library: Library, model: EmbeddingModel) -> None:
    other = two_models.other()
    done = two_models.pictures(library, [other], 30)
    for _number in range(60):
        IndexEntry.objects.create(asset=factories.asset(library), model=other)
    IndexEntry.objects.create(asset=factories.asset(library), model=other, state="failed")
    IndexEntry.objects.filter(asset__in=done).update(finished_at=timezone.now() - timedelta(minutes=1))
    progress = build_progress.count(other)
    assert (progress.total, progress.done, progress.pending, progress.failed, progress.percent) == (91, 30, 60, 1, 34)
    assert progress.seconds_left == pytest.approx(120, abs=5)
    assert progress.spoken == "34 %, about 2 minutes left, 1 failed"
    IndexEntry.objects.update(finished_at=timezone.now() - timedelta(hours=1))
    assert build_progress.count(other).spoken == "34 %, nothing has happened in the last minutes, 1 failed"


def test_only_administrators_are_told_of_a_build(library: Library, user: User, model: EmbeddingModel) -> None:
    boss = factories.user("boss", is_staff=True, is_superuser=True)
    assert build_notice(boss) is None
    other = two_models.other()
    two_models.pictures(library, [model], 1)
    indexing.backfill(other)
    notice = build_notice(boss)
    assert notice is not None
    assert notice.title == "Other is being built beside Fake"
    assert notice.sentence == "0 %, nothing has happened in the last minutes."
    assert build_notice(user) is None
    assert model_notice() is None
