from datetime import timedelta
from io import StringIO

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from dam.errors import InvalidRequest
from media_library.models import Library
from search import tasks
from search.clusters import computing, heights, sweeping
from search.models import Clustering, ClusterMember, EmbeddingModel
from tests import factories
from tests.search.clusters import drawn
from tests.search.clusters.drawn import HEIGHTS, bunches

pytestmark = pytest.mark.django_db


@pytest.fixture
def model(db: None) -> EmbeddingModel:
    return drawn.model()


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the libraries that are computed."""
    names: list[str] = []
    compute = computing.compute

    def noted(clustering: Clustering) -> bool:
        names.append(clustering.library.name)
        return compute(clustering)

    monkeypatch.setattr(computing, "compute", noted)
    return names


def test_a_library_is_computed_once_and_then_when_enough_has_changed(
    library: Library, model: EmbeddingModel, computed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeping, "LEAST_CHANGED", 6)
    other = factories.library(name="Other")
    drawn.joined(library, model, bunches(4, 5))
    drawn.joined(other, model, bunches(4, 5))
    tasks.sweep_clusters()
    assert sorted(computed) == ["Other", "Studio"]
    drawn.joined(library, model, bunches(3, 1))
    sweeping.sweep()
    assert len(computed) == 2
    for asset in library.assets.order_by("created_at")[:3]:  # three came and three went
        asset.delete()
    sweeping.sweep()
    assert computed[2:] == ["Studio"]


def test_a_day_later_any_change_is_enough(library: Library, model: EmbeddingModel, computed: list[str]) -> None:
    drawn.joined(library, model, bunches(4, 5))
    sweeping.sweep()
    Clustering.objects.update(computed_at=timezone.now() - timedelta(days=2))
    sweeping.sweep()
    assert len(computed) == 1
    drawn.joined(library, model, bunches(1, 1))
    sweeping.sweep()
    assert len(computed) == 2


def test_other_heights_are_a_reason(library: Library, model: EmbeddingModel, computed: list[str]) -> None:
    drawn.joined(library, model, bunches(4, 5))
    sweeping.sweep()
    heights.keep(model, [0.1, 0.2, 0.3, 0.4, 0.5])
    sweeping.sweep()
    assert len(computed) == 2
    assert Clustering.objects.get().heights == [0.1, 0.2, 0.3, 0.4, 0.5]


def test_what_was_left_out_is_taken_in(library: Library, model: EmbeddingModel, computed: list[str]) -> None:
    drawn.joined(library, model, bunches(4, 5))
    sweeping.sweep()
    drawn.assets(library, model, bunches(4, 1))  # as if the worker had died before they joined
    sweeping.sweep()
    assert ClusterMember.objects.count() == 24
    assert len(computed) == 1


def test_an_import_does_not_wait_for_clusters(
    library: Library, model: EmbeddingModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str] = []
    monkeypatch.setattr(tasks.sweep_clusters, "delay", lambda: sent.append("sweep"))
    monkeypatch.setattr(sweeping, "AT_ONCE", 3)
    few, many = drawn.assets(library, model, bunches(3, 1)), drawn.assets(library, model, bunches(4, 1))
    sweeping.take_in(model, [asset.pk for asset in few])
    assert (ClusterMember.objects.count(), sent) == (3, [])
    sweeping.take_in(model, [asset.pk for asset in many])
    assert (ClusterMember.objects.count(), sent) == (3, ["sweep"])


def test_without_a_model_there_is_nothing_to_do(computed: list[str]) -> None:
    sweeping.sweep()
    assert computed == []


def test_heights_of_a_new_model_follow_the_distances_of_unrelated_pictures(library: Library) -> None:
    new = factories.model(16)
    assert heights.of(new) == heights.from_background(heights.USUAL_BACKGROUND)
    drawn.assets(library, new, bunches(heights.LEAST, 1))  # in all directions: about 1 from each other
    found = heights.settle(new)
    assert found == pytest.approx(heights.SHARES, rel=0.1)
    new.refresh_from_db()
    assert (new.cluster_heights, new.cluster_heights_from) == (found, heights.LEAST)


def test_heights_are_measured_again_when_there_are_twice_as_many(library: Library) -> None:
    new = factories.model(16)
    drawn.assets(library, new, bunches(1, 50, spread=0.01))
    narrow = heights.settle(new)
    assert narrow == heights.from_background(heights.LEAST_BACKGROUND)
    drawn.assets(library, new, bunches(49, 1))
    assert heights.settle(new) == narrow
    drawn.assets(library, new, bunches(1, 1))
    assert heights.settle(new)[0] > narrow[0]


def test_heights_set_by_hand_and_those_of_the_offline_model_stay(library: Library, model: EmbeddingModel) -> None:
    drawn.assets(library, model, bunches(60, 1))
    assert heights.settle(model) == HEIGHTS
    offline = EmbeddingModel(source="offline-abc", dimensions=16)
    assert heights.settle(offline) == heights.OFFLINE


@pytest.mark.parametrize("wrong", [[0.1], [0.1, 0.2, 0.3, 0.4, 0.4], [0, 0.1, 0.2, 0.3, 0.4], [1, 1.2, 1.4, 1.6, 3]])
def test_heights_that_cannot_be_are_refused(model: EmbeddingModel, wrong: list[float]) -> None:
    with pytest.raises(InvalidRequest, match="five cosine distances"):
        heights.keep(model, wrong)


def test_the_background_is_the_median_of_all_pairs() -> None:
    assert heights.background(np.eye(5, dtype=np.float32)) == 1


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("cluster", *arguments, stdout=out)
    return out.getvalue()


def test_the_command_computes_and_says_what_came_of_it(library: Library, model: EmbeddingModel) -> None:
    drawn.assets(library, model, bunches(4, 5))
    factories.library(name="Empty")
    said = run()
    assert "studio: 20 pictures" in said
    assert "level 0, height 0.0100: 4 clusters" in said
    assert "empty: nothing is indexed yet." in said
    assert "height 0.5000: " in run("studio", "--heights", "0.1", "0.2", "0.3", "0.4", "0.5")


def test_the_command_says_what_is_wrong(library: Library, model: EmbeddingModel) -> None:
    with pytest.raises(CommandError, match="no library nowhere"):
        run("nowhere")
    with pytest.raises(CommandError, match="five cosine distances"):
        run("--heights", "5", "4", "3", "2", "1")
    drawn.joined(library, model, bunches(1, 1))
    computing.Run.claim(Clustering.objects.get())
    assert "at this moment" in run("studio")
    EmbeddingModel.objects.update(state="retired")
    with pytest.raises(CommandError, match="setup_model"):
        run()
