import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from media_library.models import Library
from search.clusters import computing, identity, kinds, stored
from search.models import Cluster, Clustering, ClusterMember, Embedding, EmbeddingModel
from tests import factories
from tests.search.clusters import drawn
from tests.search.clusters.drawn import arc, bunches, clusters_at

pytestmark = pytest.mark.django_db


@pytest.fixture
def model(db: None) -> EmbeddingModel:
    return drawn.model()


@pytest.fixture
def clustering(library: Library, model: EmbeddingModel) -> Clustering:
    """Of bunches of five, clustered."""
    drawn.joined(library, model, bunches(8, 5))
    made = Clustering.objects.get()
    assert computing.compute(made)
    made.refresh_from_db()
    return made


def paths() -> dict[int, list[object]]:
    return {row[0]: list(row[1:]) for row in ClusterMember.objects.values_list("pk", *(f"level_{i}" for i in range(5)))}


def test_every_vector_gets_a_cluster_at_every_level(clustering: Clustering) -> None:
    assert drawn.sizes_at(0, clustering) == [5] * 8
    assert drawn.is_nested(clustering)
    assert clustering.size == 40
    assert clustering.computed_at
    assert clustering.run is None
    assert not clustering.members.filter(settled=False).exists()


def test_assets_in_the_trash_keep_their_place(library: Library, model: EmbeddingModel) -> None:
    factories.embedded(library, model, [1.0] * 16, deleted_at=timezone.now())
    factories.embedded(library, model, [1.0] * 16, visual_search=False)
    computing.compute(computing.joining.clustering_of(library.pk, model))
    assert ClusterMember.objects.count() == 2


def test_ids_stay_where_nothing_changed(clustering: Clustering) -> None:
    before = paths()
    computing.compute(clustering)
    assert paths() == before


def test_ids_stay_where_the_cluster_is_mostly_the_same(
    clustering: Clustering, library: Library, model: EmbeddingModel
) -> None:
    before = paths()
    drawn.assets(library, model, bunches(8, 1))  # one more in the first bunch of each
    ClusterMember.objects.order_by("pk")[0].asset.delete()
    computing.compute(clustering)
    after = paths()
    assert all(after[key] == before[key] for key in after if key in before)


def test_the_name_goes_to_whom_shares_more_than_half_of_both() -> None:
    import numpy as np

    a, b, c = (computing.uuid.uuid4() for _ in range(3))
    before = [a, a, a, a, b, b, b, b, c, c, None, None]
    split = identity.names(np.array([0, 0, 0, 1, 2, 2, 3, 3, 4, 4, 4, 4]), before)
    assert split[0] == split[2] == a  # three of four
    assert split[3] not in (a, b, c)
    assert not {split[4], split[6]} & {a, b, c}  # two and two: neither is it
    assert split[8] == split[11] == c  # newcomers count for nobody
    merged = identity.names(np.array([0] * 10 + [1, 1]), before)
    assert merged[0] not in (a, b, c)  # four of ten: none of them
    assert len(set(merged)) == 2


def test_means_are_those_of_the_members(clustering: Clustering) -> None:
    import numpy as np

    row = Cluster.objects.filter(level=2).first()
    assert row
    members = stored.read(kinds.IMAGES, Embedding.objects.filter(cluster_member__level_2=row.pk), 16).vectors
    assert row.size == len(members) == 5
    assert np.allclose(row.mean, members.mean(axis=0), atol=2e-3)


def test_other_libraries_and_models_are_left_alone(clustering: Clustering, library: Library) -> None:
    model = clustering.model
    other = factories.library()
    there = drawn.joined(other, model, bunches(2, 3))
    second = EmbeddingModel.objects.create(name="Other", source="other", dimensions=16)
    asset = library.assets.earliest("pk")
    Embedding.objects.create(asset=asset, model=second, vector=arc(0)[0])
    computing.joining.join(second, [asset.pk])
    before = paths()
    computing.compute(clustering)
    untouched = ClusterMember.objects.exclude(clustering=clustering).values_list("pk", flat=True)
    assert len(untouched) == 7
    assert all(paths()[key] == before[key] for key in untouched)
    assert len(set(clusters_at(0, there))) == 2


def test_a_computation_that_dies_leaves_the_former_clusters(
    clustering: Clustering, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = paths()

    def killed(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(stored, "add_clusters", killed)  # when the former ones are already deleted
    with pytest.raises(KeyboardInterrupt):
        computing.compute(clustering)
    assert paths() == before
    assert computing.Run.claim(clustering)


def test_two_do_not_compute_the_same_library(clustering: Clustering) -> None:
    assert computing.Run.claim(clustering)
    assert not computing.compute(clustering)


def test_a_run_without_a_sign_of_life_is_taken_over_and_may_not_switch(
    clustering: Clustering, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, partitions = paths(), computing.partitions

    def overtaken(*arguments: object) -> object:
        Clustering.objects.update(run_seen_at=timezone.now() - computing.LEASE - timedelta(seconds=1))
        assert computing.Run.claim(clustering)
        return partitions(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(computing, "partitions", overtaken)
    monkeypatch.setattr(computing, "named", lambda *arguments: pytest.fail("it switched"))
    assert not computing.compute(clustering)
    assert paths() == before
    clustering.refresh_from_db()
    assert clustering.run  # that of the other


def test_progress_can_be_followed(clustering: Clustering) -> None:
    run = computing.Run.claim(clustering)
    assert run
    run.tell(37.5)
    clustering.refresh_from_db()
    assert clustering.run_percent == 37


@pytest.mark.django_db(transaction=True)
def test_readers_see_the_former_clusters_or_the_new_ones_and_nothing_between(
    library: Library, model: EmbeddingModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn.joined(library, model, bunches(8, 5))
    clustering = Clustering.objects.get()
    model.cluster_heights = [0.5, 0.6, 0.7, 0.8, 1.9]
    model.save()
    seen, add_clusters = [], stored.add_clusters

    def read() -> None:
        seen.append(drawn.sizes_at(4, clustering))
        connection.close()

    def look_meanwhile(*arguments: object) -> None:
        reader = threading.Thread(target=read)
        reader.start()
        reader.join()
        add_clusters(*arguments)  # type: ignore[arg-type]

    before = drawn.sizes_at(4, clustering)
    monkeypatch.setattr(stored, "add_clusters", look_meanwhile)
    computing.compute(clustering)
    assert seen == [before] * 5
    assert drawn.sizes_at(4, clustering) == [40]


def test_new_pictures_join_what_was_computed(clustering: Clustering, library: Library) -> None:
    newcomer = drawn.joined(library, clustering.model, bunches(1, 1))[0]
    assert clusters_at(0, [newcomer])[0] in set(clusters_at(0, library.assets.exclude(pk=newcomer.pk)))
    assert clustering.members.filter(settled=False).count() == 1
