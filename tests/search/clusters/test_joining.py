import threading

import numpy as np
import pytest
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext

from media_library.models import Library
from search import indexing, neighbourhoods
from search.clusters import computing, joining, stored
from search.models import Cluster, Clustering, ClusterMember, Embedding, EmbeddingModel, IndexEntry
from tests import factories
from tests.search.clusters import drawn
from tests.search.clusters.drawn import HEIGHTS, arc, bunches, clusters_at

pytestmark = pytest.mark.django_db


@pytest.fixture
def model(db: None) -> EmbeddingModel:
    return drawn.model()


def test_the_first_is_alone_at_every_level(library: Library, model: EmbeddingModel) -> None:
    drawn.joined(library, model, arc(0))
    assert len(set(joining.path_of(ClusterMember.objects.get()))) == 5
    assert not Cluster.objects.exists()


@pytest.mark.parametrize(("degrees", "first_shared"), [(5, 0), (10, 1), (20, 2), (40, 3), (60, 4), (90, 5)])
def test_it_joins_from_the_level_on_at_which_it_is_near_enough(
    library: Library, model: EmbeddingModel, degrees: float, first_shared: int
) -> None:
    made = drawn.joined(library, model, arc(0, degrees))
    shared = [len(set(clusters_at(level, made))) == 1 for level in range(5)]
    assert shared == [False] * first_shared + [True] * (5 - first_shared)


def test_it_joins_the_nearest_of_those_within_reach(library: Library, model: EmbeddingModel) -> None:
    made = drawn.joined(library, model, arc(0, 12, 7))
    first, second, new = clusters_at(0, made)
    assert new == second != first


def test_it_does_not_chain_along_an_arc(library: Library, model: EmbeddingModel) -> None:
    vectors = arc(*range(0, 180, 2))
    made = drawn.joined(library, model, vectors)
    found = clusters_at(0, made)
    ends = [[i for i, cluster in enumerate(found) if cluster == wanted] for wanted in set(found)]
    assert max(1 - float(vectors[min(end)] @ vectors[max(end)]) for end in ends) <= 2 * HEIGHTS[0] + 1e-3
    assert drawn.is_nested(Clustering.objects.get())


def test_a_crowd_does_not_take_in_what_is_too_far_from_one_of_it(library: Library, model: EmbeddingModel) -> None:
    # 10 degrees from the crowd's far end (0.015) is more than 2 x 0.005; on average it is near enough.
    Clustering.objects.create(library=library, model=model, heights=[0.005, 0.03, 0.1, 0.3, 0.6])
    made = drawn.joined(library, model, arc(0, 5, *[5] * 20, 10))
    crowd, new = clusters_at(0, made)[0], clusters_at(0, made)[-1]
    assert clusters_at(0, made)[1] == crowd
    assert new != crowd


def test_sizes_and_means_are_kept_up(library: Library, model: EmbeddingModel) -> None:
    vectors = bunches(3, 20, spread=0.1)
    made = drawn.joined(library, model, vectors)
    for row in Cluster.objects.all():
        positions = [i for i, cluster in enumerate(clusters_at(row.level, made)) if cluster == row.pk]
        assert row.size == len(positions)
        assert np.allclose(row.mean, vectors[positions].mean(axis=0), atol=2e-3)


def test_one_by_one_or_all_at_once_is_the_same(library: Library, model: EmbeddingModel) -> None:
    vectors = bunches(6, 5, spread=0.1)
    at_once = drawn.joined(library, model, vectors)
    other = factories.library()
    one_by_one = [drawn.joined(other, model, [vector])[0] for vector in vectors]
    for level in range(5):
        a, b = clusters_at(level, at_once), clusters_at(level, one_by_one)
        assert [a.index(cluster) for cluster in a] == [b.index(cluster) for cluster in b]


def test_libraries_have_clusters_of_their_own(library: Library, model: EmbeddingModel) -> None:
    (here,) = drawn.joined(library, model, arc(0))
    (there,) = drawn.joined(factories.library(), model, arc(0))
    assert all(len(set(clusters_at(level, [here, there]))) == 2 for level in range(5))


def test_models_have_clusters_of_their_own(library: Library, model: EmbeddingModel) -> None:
    (asset,) = drawn.joined(library, model, arc(0))
    other = EmbeddingModel.objects.create(name="Other", source="other", dimensions=drawn.DIMENSIONS)
    Embedding.objects.create(asset=asset, model=other, vector=arc(0)[0])
    joining.join(other, [asset.pk])
    paths = [joining.path_of(member) for member in ClusterMember.objects.all()]
    assert len(paths) == 2
    assert not set(paths[0]) & set(paths[1])


def test_nothing_joins_twice(library: Library, model: EmbeddingModel) -> None:
    made = drawn.joined(library, model, arc(0, 5))
    assert joining.join(model, [asset.pk for asset in made]) == 0
    assert ClusterMember.objects.count() == 2


@pytest.mark.parametrize("count", [2, 40])
def test_a_batch_costs_a_fixed_number_of_queries(library: Library, model: EmbeddingModel, count: int) -> None:
    drawn.joined(library, model, bunches(4, 10, spread=0.1))
    ids = [asset.pk for asset in drawn.assets(library, model, bunches(4, count // 2, spread=0.1))]
    with CaptureQueriesContext(connection) as queries:
        joining.join(model, ids)
    statements = [query["sql"] for query in queries if "SAVEPOINT" not in query["sql"]]
    assert len(statements) == 8, statements  # and three that read vectors


def test_the_index_gives_the_same_neighbours(
    library: Library, model: EmbeddingModel, monkeypatch: pytest.MonkeyPatch
) -> None:

    drawn.joined(library, model, bunches(20, 10, spread=0.2))
    factories.build_index(model)
    clustering = Clustering.objects.get()
    asked = bunches(5, 2, spread=0.2, seed=3)
    exact = neighbourhoods.neighbours_of(asked, clustering, 8)
    monkeypatch.setattr(neighbourhoods, "LEAST_FOR_INDEX", -1)
    clustering.size = 200
    through_index = neighbourhoods.neighbours_of(asked, clustering, 8)
    assert {(i, member.pk) for i, _d, member in through_index} == {(i, member.pk) for i, _d, member in exact}
    assert len(exact) == 80


def test_indexing_gives_each_asset_its_clusters(library: Library, fake_embedder: object, enqueued: list[str]) -> None:
    from media_library import processing

    active = factories.model()
    for seed in range(3):
        factories.upload(library, library.memberships.get().user, factories.picture(seed=seed))
    processing.render_pending()
    assert indexing.index_pending() == 3
    assert IndexEntry.objects.filter(state=IndexEntry.State.DONE).count() == 3
    assert drawn.sizes_at(0, Clustering.objects.get(model=active)) == [3]


def test_a_purged_asset_leaves(library: Library, model: EmbeddingModel) -> None:
    made = drawn.joined(library, model, arc(0, 5, 6))
    made[0].delete()
    assert drawn.sizes_at(0, Clustering.objects.get()) == [2]


def test_a_neighbour_that_is_purged_meanwhile_is_no_neighbour(
    library: Library, model: EmbeddingModel, monkeypatch: pytest.MonkeyPatch
) -> None:

    (old,) = drawn.joined(library, model, arc(0))
    gone = neighbourhoods.neighbours_of(arc(0), Clustering.objects.get(), 1)
    old.delete()
    monkeypatch.setattr(neighbourhoods, "neighbours_of", lambda *arguments: gone)
    drawn.joined(library, model, arc(0))
    assert drawn.sizes_at(4, Clustering.objects.get()) == [1]


def test_an_asset_that_is_purged_while_it_joins_is_passed_over() -> None:
    calls: list[int] = []

    def write() -> str:
        calls.append(1)
        if len(calls) == 1:
            raise IntegrityError("the asset is gone")
        return "written"

    assert joining.despite_purges(write) == "written"


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_lose_and_double_nothing(library: Library, model: EmbeddingModel) -> None:
    ids = [asset.pk for asset in drawn.assets(library, model, np.repeat(arc(0, 90), 10, axis=0))]

    def work() -> None:
        joining.join(model, ids)
        connection.close()

    workers = [threading.Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert drawn.sizes_at(0, Clustering.objects.get()) == [10, 10]


@pytest.mark.django_db(transaction=True)
def test_what_joins_during_a_computation_is_not_lost(
    library: Library, model: EmbeddingModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn.joined(library, model, bunches(5, 4))
    clustering = Clustering.objects.get()
    before = computing.partitions

    def meanwhile(*arguments: object) -> object:
        drawn.joined(library, model, bunches(5, 1))
        drawn.assets(library, model, arc(0))  # and one that has not joined yet
        stored.belonging_to(clustering).earliest("pk").asset.delete()
        return before(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(computing, "partitions", meanwhile)
    assert computing.compute(clustering)
    assert set(ClusterMember.objects.values_list("pk", flat=True)) == set(
        Embedding.objects.values_list("pk", flat=True)
    )
    assert ClusterMember.objects.count() == 25
    assert drawn.is_nested(clustering)
