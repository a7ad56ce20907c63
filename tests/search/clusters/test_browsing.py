import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from media_library.models import Asset, AssetQuerySet, Library
from search import clusters
from search.models import Clustering, EmbeddingModel
from search.nearest import Neighbour
from tests import factories
from tests.search.clusters import drawn
from tests.search.clusters.drawn import bunches, clusters_at

pytestmark = pytest.mark.django_db


@pytest.fixture
def model(db: None) -> EmbeddingModel:
    return drawn.model()


@pytest.fixture
def made(library: Library, model: EmbeddingModel) -> list[Asset]:
    """A bunch of twelve, three of four, and one alone."""
    vectors = bunches(5, 12)
    return drawn.joined(library, model, [*vectors[:12], *vectors[12:16], *vectors[24:28], *vectors[36:40], vectors[48]])


def current(library: Library) -> Clustering:
    found = clusters.current(library)
    assert found
    return found


def everything() -> AssetQuerySet:
    return Asset.objects.live()


def test_the_biggest_come_first_and_then_by_id(library: Library, made: list[Asset]) -> None:
    found = clusters.browse(current(library), everything(), 0, limit=10)
    assert [cluster.size for cluster in found] == [12, 4, 4, 4, 1]
    assert [cluster.id for cluster in found[1:4]] == sorted(cluster.id for cluster in found[1:4])
    assert found[4].id == clusters_at(0, made[-1:])[0]


def test_previews_are_members_and_at_most_nine(library: Library, made: list[Asset]) -> None:
    found = clusters.browse(current(library), everything(), 0, limit=10)
    assert [len(cluster.previews) for cluster in found] == [9, 4, 4, 4, 1]
    for cluster in found:
        assert set(clusters_at(0, cluster.previews)) == {cluster.id}


def test_pages_follow_each_other_by_position_and_by_the_last_one(library: Library, made: list[Asset]) -> None:
    clustering = current(library)
    whole = clusters.browse(clustering, everything(), 0, limit=10)
    assert clusters.browse(clustering, everything(), 0, limit=2, start=2) == whole[2:4]
    after = (whole[1].size, whole[1].id)
    assert clusters.browse(clustering, everything(), 0, limit=10, after=after) == whole[2:]
    assert clusters.browse(clustering, everything(), 0, limit=10, start=99) == []
    assert clusters.counted(clustering, everything(), 0).count() == 5


def test_only_what_the_scope_holds_is_counted_and_shown(library: Library, made: list[Asset]) -> None:
    Asset.objects.filter(pk__in=[asset.pk for asset in made[:10]]).update(deleted_at=timezone.now())
    Asset.objects.filter(pk=made[-1].pk).update(deleted_at=timezone.now())
    found = clusters.browse(current(library), everything(), 0, limit=10)
    assert [cluster.size for cluster in found] == [4, 4, 4, 2]
    assert {asset.pk for asset in found[3].previews} == {asset.pk for asset in made[10:12]}


def test_a_page_costs_three_queries(library: Library, made: list[Asset]) -> None:
    clustering = current(library)
    with CaptureQueriesContext(connection) as queries:
        clusters.browse(clustering, everything(), 0, limit=100)
    assert len(queries) == 3


def test_hits_are_grouped_in_one_query(library: Library, made: list[Asset]) -> None:
    hits = [Neighbour(asset.pk, 0.01 * position) for position, asset in enumerate(made)]
    clustering = current(library)
    with CaptureQueriesContext(connection) as queries:
        groups = clusters.group(clustering, hits, 0)
    assert len(queries) == 1
    assert [len(group.hits) for group in groups] == [12, 4, 4, 4, 1]
    assert [group.distance for group in groups] == pytest.approx([0, 0.12, 0.16, 0.2, 0.24])
    assert groups[0].hits == hits[:12]


def test_groups_at_the_same_distance_are_in_the_order_of_their_ids(library: Library, made: list[Asset]) -> None:
    groups = clusters.group(current(library), [Neighbour(asset.pk, 0.5) for asset in made], 0)
    assert [group.id for group in groups] == sorted(group.id for group in groups)


def test_a_hit_without_a_cluster_is_one_of_its_own(library: Library, made: list[Asset]) -> None:
    late = factories.asset(library)
    found = clusters.of(current(library), [made[0].pk, late.pk], 3)
    assert found[made[0].pk] == clusters_at(3, made[:1])[0]
    assert found[late.pk] == clusters.of(None, [late.pk], 3)[late.pk]
    assert found[late.pk] != clusters.of(None, [late.pk], 2)[late.pk]


def test_a_cluster_can_be_opened_at_any_level(library: Library, made: list[Asset]) -> None:
    clustering = current(library)
    for level in range(5):
        (cluster,) = set(clusters_at(level, made[:1]))
        opened = clusters.opened(clustering, everything(), cluster)  # type: ignore[arg-type]
        assert opened
        assert opened[0] == level
        assert set(opened[1]) >= set(made[:12])


def test_before_anything_is_indexed_there_are_no_clusters(library: Library, model: EmbeddingModel) -> None:
    assert clusters.current(library) is None
    assert clusters.browse(None, everything(), 0, limit=10) == []


def test_the_clusters_of_a_retired_model_are_not_current(library: Library, made: list[Asset]) -> None:
    EmbeddingModel.objects.update(state="retired")
    assert clusters.current(library) is None


@pytest.mark.parametrize("level", [-1, 5])
def test_there_are_five_levels(library: Library, made: list[Asset], level: int) -> None:
    with pytest.raises(ValueError, match="no level"):
        clusters.browse(current(library), everything(), level, limit=1)
