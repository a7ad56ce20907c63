"""Regions have clusters of their own, which come, go and are shown as those of pictures do."""

import threading
from typing import Any

import pytest
from django.db import connection
from django.db.models import Max
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from media_library.models import Library, User
from media_library.renditions import Box
from search import clusters, dropping, neighbourhoods, region_indexing, regions, tasks
from search.clusters import computing, joining, stored, sweeping
from search.clusters.kinds import OBJECTS
from search.models import Cluster, Clustering, ClusterMember, EmbeddingModel, Region, RegionClusterMember
from tests import factories
from tests.search.clusters import drawn
from tests.search.clusters.drawn import bunches

pytestmark = pytest.mark.django_db


@pytest.fixture
def model(db: None) -> EmbeddingModel:
    return drawn.model()


@pytest.fixture
def made(library: Library, model: EmbeddingModel) -> list[Region]:
    """A bunch of twelve, one of four, and one alone, on two pictures."""
    vectors = bunches(3, 12)
    return joined(library, model, [*vectors[:16], vectors[24]])


def drawn_regions(library: Library, model: EmbeddingModel, vectors: Any) -> list[Region]:
    """One region per vector, in no cluster yet; every other one on the same picture."""
    pictures = [factories.asset(library), factories.asset(library)]
    return [
        factories.embedded_region(pictures[at % 2], model, vector, label=f"thing {at}")
        for at, vector in enumerate(vectors)
    ]


def joined(library: Library, model: EmbeddingModel, vectors: Any) -> list[Region]:
    made = drawn_regions(library, model, vectors)
    joining.join(model, [region.pk for region in made], OBJECTS)
    return made


def current(library: Library) -> Clustering:
    found = clusters.current(library, Clustering.EntityType.OBJECTS)
    assert found
    return found


def sizes(library: Library) -> list[int]:
    return [row["size"] for row in clusters.counted(current(library), Region.objects.all(), 0)]


def paths() -> dict[object, tuple[object, ...]]:
    return {row.region_id: joining.path_of(row) for row in RegionClusterMember.objects.all()}


def test_regions_join_clusters_apart_from_those_of_pictures(
    library: Library, model: EmbeddingModel, made: list[Region]
) -> None:
    pictures = drawn.joined(library, model, bunches(3, 12)[:2])
    assert sizes(library) == [12, 4, 1]
    assert RegionClusterMember.objects.count() == 17
    assert ClusterMember.objects.count() == len(pictures)
    assert not {path[4] for path in paths().values()} & set(drawn.clusters_at(4, pictures))


def test_computing_gives_what_joining_gave_and_keeps_the_ids(library: Library, made: list[Region]) -> None:
    before = paths()
    assert computing.compute(current(library))
    assert paths() == before
    clustering = current(library)
    assert (clustering.size, clustering.computed_at is not None) == (17, True)
    assert not RegionClusterMember.objects.filter(settled=False).exists()
    assert Cluster.objects.filter(clustering=clustering, level=0).aggregate(largest=Max("size")) == {"largest": 12}


def test_the_sweep_computes_both_kinds_and_takes_in_what_was_left_out(
    library: Library, model: EmbeddingModel, made: list[Region]
) -> None:
    drawn.joined(library, model, bunches(2, 3))
    tasks.sweep_clusters()
    assert {row.entity_type: row.size for row in Clustering.objects.all()} == {"images": 6, "objects": 17}
    drawn_regions(library, model, bunches(3, 1))
    sweeping.sweep()
    assert sizes(library) == [13, 5, 2]


def test_a_region_without_a_vector_has_no_cluster(library: Library, model: EmbeddingModel) -> None:
    waiting = factories.region(factories.asset(library))
    region_indexing.put_in(Region.objects.all(), model)
    assert joining.join(model, [waiting.pk], OBJECTS) == 0
    sweeping.sweep()
    assert not Clustering.objects.exists()


@pytest.mark.usefixtures("fake_embedder", "enqueued")
def test_indexing_gives_each_region_its_clusters(library: Library, user: User) -> None:
    from media_library import processing

    factories.model()
    asset = factories.upload(library, user)
    processing.render_pending()
    asset.refresh_from_db()
    first = regions.add(asset, user, Box(0, 0, 0.5, 1))
    regions.add(asset, user, Box(0.5, 0, 0.5, 1))
    assert region_indexing.index_pending() == 2
    assert sizes(library) == [2]
    regions.change(first, user, box=Box(0, 0, 0.5, 0.5))  # cut anew, so it has no vector now
    assert sizes(library) == [1]
    region_indexing.index_pending()
    assert sizes(library) == [2]


def test_what_goes_leaves(library: Library, made: list[Region]) -> None:
    made[0].delete()
    assert sizes(library) == [11, 4, 1]
    made[1].asset.delete()
    assert sizes(library) == [5, 2, 1]


@pytest.mark.parametrize("kept", ["pictures", "regions"])
def test_only_what_the_scope_holds_is_counted_and_shown(library: Library, made: list[Region], kept: str) -> None:
    if kept == "pictures":
        asset = made[1].asset
        asset.deleted_at = timezone.now()
        asset.save()
        scope = Region.objects.filter(asset__deleted_at=None)
    else:
        scope = Region.objects.labelled([region.label for region in made[::2]])
    found = clusters.browse(current(library), scope, 0, limit=10)
    assert [cluster.size for cluster in found] == [6, 2, 1]
    assert {region.pk for cluster in found for region in cluster.previews} == {region.pk for region in made[::2]}


def test_a_page_costs_three_queries(library: Library, made: list[Region]) -> None:
    clustering, scope = current(library), Region.objects.select_related("asset")
    with CaptureQueriesContext(connection) as queries:
        found = clusters.browse(clustering, scope, 0, limit=100)
        assert [len([region.asset.display_name for region in cluster.previews]) for cluster in found] == [9, 4, 1]  # type: ignore[union-attr]
    assert len(queries) == 3


def test_hits_are_grouped(library: Library, made: list[Region]) -> None:
    hits = [clusters.browsing.Neighbour(region.pk, 0.01 * at) for at, region in enumerate(made)]
    groups = clusters.group(current(library), hits, 0)
    assert [len(group.hits) for group in groups] == [12, 4, 1]


def test_the_index_gives_the_same_neighbours(
    library: Library, model: EmbeddingModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    joined(library, model, bunches(20, 10, spread=0.2))
    factories.build_index(model)
    clustering, asked = current(library), bunches(5, 2, spread=0.2, seed=3)
    exact = neighbourhoods.neighbours_of(asked, clustering, 8)
    monkeypatch.setattr(neighbourhoods, "LEAST_FOR_INDEX", -1)
    clustering.size = 200
    through_index = neighbourhoods.neighbours_of(asked, clustering, 8)
    assert {(i, member.pk) for i, _d, member in through_index} == {(i, member.pk) for i, _d, member in exact}
    assert len(exact) == 80


def test_a_switch_of_models_brings_the_clusters_of_the_other_one(
    library: Library, model: EmbeddingModel, made: list[Region]
) -> None:
    other = EmbeddingModel.objects.create(name="Other", source="other", dimensions=16)
    for region, vector in zip(made, bunches(1, 17), strict=True):
        region.embeddings.create(model=other, vector=vector, finished_at=timezone.now())
    EmbeddingModel.objects.filter(pk=model.pk).update(state="retired")
    EmbeddingModel.objects.filter(pk=other.pk).update(state="active")
    assert clusters.current(library, Clustering.EntityType.OBJECTS) is None
    sweeping.sweep()
    assert current(library).model == other
    assert sizes(library) == [17]
    assert RegionClusterMember.objects.count() == 34  # those of the former model are there for switching back


@pytest.mark.django_db(transaction=True)
def test_dropping_a_model_drops_them(library: Library, model: EmbeddingModel, made: list[Region]) -> None:
    EmbeddingModel.objects.filter(pk=model.pk).update(state="dropping")
    dropping.remove(model)
    assert not (RegionClusterMember.objects.exists() or Cluster.objects.exists() or Clustering.objects.exists())
    assert Region.objects.count() == 17


@pytest.mark.django_db(transaction=True)
def test_a_region_can_be_removed_while_the_clusters_are_replaced(
    library: Library, made: list[Region], monkeypatch: pytest.MonkeyPatch
) -> None:
    clustering, add_members, failed = current(library), stored.add_members, []

    def remove() -> None:
        try:
            made[0].delete()
        except Exception as error:  # noqa: BLE001  shown by the assertion
            failed.append(error)
        connection.close()

    remover = threading.Thread(target=remove)

    def meanwhile(*arguments: Any) -> None:
        add_members(*arguments)
        remover.start()
        remover.join(0.5)  # it may have to wait for this transaction

    monkeypatch.setattr(stored, "add_members", meanwhile)
    assert computing.compute(clustering)
    remover.join()
    assert failed == []
    assert sizes(library) == [11, 4, 1]
