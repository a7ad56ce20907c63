import numpy as np
import pytest
from django.db import connection

from media_library.models import Asset, Tag
from search import nearest, vector_index
from search.models import Embedding, EmbeddingModel
from tests import factories

pytestmark = pytest.mark.django_db

DIMENSIONS = 16


@pytest.fixture
def model() -> EmbeddingModel:
    return factories.model(DIMENSIONS)


def fill(model: EmbeddingModel, count: int, *, seed: int = 0) -> tuple[list[Asset], np.ndarray]:
    """Assets with random unit vectors, and the vectors as they are stored."""
    library = factories.library()
    vectors = np.random.default_rng(seed).normal(size=(count, DIMENSIONS)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    assets = Asset.objects.bulk_create(
        Asset(library=library, public_id=str(i), display_name=str(i), file="f", format="png", mime_type="image/png",
              bytes=1, width=1, height=1, sha256=str(i), state=Asset.State.READY)
        for i in range(count)
    )  # fmt: skip
    Embedding.objects.bulk_create(
        Embedding(asset=asset, model=model, vector=vector) for asset, vector in zip(assets, vectors, strict=True)
    )
    return assets, vectors.astype(np.float16).astype(np.float32)


def fill_large(
    model: EmbeddingModel, count: int, monkeypatch: pytest.MonkeyPatch, *, lists: int = 4
) -> tuple[list[Asset], np.ndarray]:
    """The same with indexes, and more than are scanned exactly."""
    filled = fill(model, count)
    factories.build_index(model, lists=lists)
    monkeypatch.setattr(nearest, "EXACT_SCOPE", 100)
    return filled


def ids(found: nearest.Nearest) -> list[object]:
    return [neighbour.id for neighbour in found.neighbours]


def test_hits_come_nearest_first_with_their_cosine_distance(model: EmbeddingModel) -> None:
    assets, vectors = fill(model, 50)
    found = nearest.search(vectors[7], Asset.objects.all(), 50, model)
    expected = 1 - vectors @ vectors[7] / np.linalg.norm(vectors, axis=1) / np.linalg.norm(vectors[7])
    assert ids(found)[0] == assets[7].pk
    assert [n.distance for n in found.neighbours] == pytest.approx(sorted(expected), abs=1e-5)


@pytest.mark.parametrize("k", [1, 10, 40, 100])
def test_there_are_always_as_many_hits_as_the_scope_allows(model: EmbeddingModel, k: int) -> None:
    _assets, vectors = fill(model, 40)
    assert len(nearest.search(vectors[0], Asset.objects.all(), k, model).neighbours) == min(k, 40)


def test_assets_without_a_vector_under_this_model_are_never_hits(model: EmbeddingModel) -> None:
    other = EmbeddingModel.objects.create(name="Other", source="other", dimensions=DIMENSIONS)
    _assets, vectors = fill(other, 5)
    assert nearest.search(vectors[0], Asset.objects.all(), 5, model).neighbours == []


def test_a_large_scope_goes_through_the_index(model: EmbeddingModel, monkeypatch: pytest.MonkeyPatch) -> None:
    _assets, vectors = fill_large(model, 300, monkeypatch)
    found = nearest.search(vectors[3], Asset.objects.all(), 20, model)
    exact = nearest.exact(vectors[3], Asset.objects.all(), 20, model)
    assert found.plan == "index"
    assert found.neighbours == exact


def test_the_index_is_really_used(model: EmbeddingModel) -> None:
    fill(model, 300)
    factories.build_index(model)
    plans = nearest.explain(Asset.objects.all(), 20, model)
    graph, lists = vector_index.ASSETS.graph(model), vector_index.ASSETS.lists(model)
    used = {name: {index for index in (graph, lists) if index in plan} for name, plan in plans.items()}
    assert used.pop("exact") == set()
    assert len(used) == 7
    assert all(indexes == {graph, lists} for indexes in used.values())


def test_a_filter_that_the_index_cannot_satisfy_falls_back_to_exact(
    model: EmbeddingModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    assets, vectors = fill(model, 400)
    factories.build_index(model)
    tag = Tag.objects.create(library=assets[0].library, name="far")
    far = np.argsort(vectors @ vectors[0])[:30]  # the 30 farthest from the query
    for position in far:
        assets[position].tags.add(tag)
    monkeypatch.setattr(nearest, "EXACT_SCOPE", 10)
    monkeypatch.setitem(nearest.AMONG_FEW, "image", nearest.Glance(10, 0, 30))
    monkeypatch.setattr(nearest, "DEEP", nearest.Glance(20, 0, 60))
    found = nearest.search(vectors[0], Asset.objects.filter(tags=tag), 25, model)
    assert found.plan == "exact"
    assert len(found.neighbours) == 25


def test_without_the_index_a_large_scope_is_searched_exactly(
    model: EmbeddingModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    _assets, vectors = fill(model, 30)
    monkeypatch.setattr(nearest, "EXACT_SCOPE", 10)
    found = nearest.search(vectors[0], Asset.objects.all(), 5, model)
    assert (found.plan, len(found.neighbours)) == ("exact", 5)


def test_a_first_page_can_be_had_without_the_rest(model: EmbeddingModel, monkeypatch: pytest.MonkeyPatch) -> None:
    _assets, vectors = fill_large(model, 300, monkeypatch)
    found = nearest.search(vectors[3], Asset.objects.all(), 200, model, enough=50)
    assert (found.plan, found.complete, len(found.neighbours)) == ("index", False, nearest.AMONG_FEW["image"].depth)
    assert found.neighbours[:50] == nearest.exact(vectors[3], Asset.objects.all(), 50, model)


@pytest.mark.parametrize("inside", ["the nearest", "the farthest"])
def test_a_first_page_is_right_whatever_the_filter_hides(
    model: EmbeddingModel, monkeypatch: pytest.MonkeyPatch, inside: str
) -> None:
    assets, vectors = fill_large(model, 400, monkeypatch)
    order = np.argsort(-(vectors @ vectors[0]))
    kept = order[:150] if inside == "the nearest" else order[-150:]
    Asset.objects.filter(pk__in=[assets[position].pk for position in kept]).update(description="kept")
    scope = Asset.objects.filter(description="kept")
    found = nearest.search(vectors[0], scope, 120, model, enough=50)
    assert found.complete == (inside == "the farthest")
    assert ids(found)[:50] == [row.id for row in nearest.exact(vectors[0], scope, 50, model)]


def test_more_than_a_glance_is_sure_of_is_searched_in_full(
    model: EmbeddingModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    _assets, vectors = fill_large(model, 300, monkeypatch)
    everything = Asset.objects.all()
    wider = nearest.search(vectors[3], everything, 200, model, enough=150)
    assert (wider.plan, wider.complete, wider.neighbours) == (
        "index", True, nearest.exact(vectors[3], everything, 200, model)
    )  # fmt: skip
    all_of_them = nearest.search(vectors[3], everything, 300, model, enough=290)
    assert (all_of_them.plan, len(all_of_them.neighbours)) == ("index", 300)
    monkeypatch.setattr(nearest, "DEEP", nearest.Glance(1000, 0, 120))
    assert nearest.search(vectors[3], everything, 200, model, enough=150).plan == "exact"


def test_while_there_are_no_lists_the_graph_is_searched_deeper(
    model: EmbeddingModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    _assets, vectors = fill_large(model, 500, monkeypatch, lists=0)
    found = nearest.search(vectors[0], Asset.objects.all(), 450, model, enough=50)
    assert (found.plan, len(found.neighbours)) == ("index", nearest.DEEP.depth)


@pytest.mark.parametrize("modality", ["image", "text"])
def test_lists_find_what_the_graph_misses(
    model: EmbeddingModel, monkeypatch: pytest.MonkeyPatch, modality: nearest.Modality
) -> None:
    _assets, vectors = fill_large(model, 500, monkeypatch)
    everything = Asset.objects.all()
    # A graph that finds next to nothing.
    monkeypatch.setitem(nearest.AMONG_FEW, modality, nearest.Glance(1, 4, 100))
    found = nearest.search(vectors[0], everything, 450, model, modality=modality, enough=50)
    assert found.plan == "index"
    assert found.neighbours == nearest.exact(vectors[0], everything, 100, model)


def test_among_many_vectors_more_is_looked_at(model: EmbeddingModel, monkeypatch: pytest.MonkeyPatch) -> None:
    _assets, vectors = fill_large(model, 300, monkeypatch)
    glances = [nearest.glances("text", vector_index.Indexes(vectors=count, lists=4)) for count in (200_000, 200_001)]
    assert [first.ef_search for first, _deep in glances] == [250, 400]
    monkeypatch.setattr(nearest, "FEW", 100)
    monkeypatch.setattr(nearest, "SOME", 100)
    monkeypatch.setitem(nearest.AMONG_MANY, "image", nearest.Glance(100, 0, 60))
    assert len(nearest.search(vectors[0], Asset.objects.all(), 200, model, enough=50).neighbours) == 60


def test_search_settings_do_not_outlive_the_query(model: EmbeddingModel) -> None:
    _assets, vectors = fill(model, 20)
    factories.build_index(model)
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('enable_seqscan')")
        before = cursor.fetchone()
        nearest.glanced(vectors[0], Asset.objects.all(), model, nearest.AMONG_FEW["image"])
        cursor.execute("SELECT current_setting('enable_seqscan')")
        assert cursor.fetchone() == before


@pytest.mark.django_db(transaction=True)
def test_an_index_is_rebuilt_beside_the_one_that_answers(model: EmbeddingModel) -> None:
    fill(model, 20)
    vector_index.create_indexes(model)
    before = relfilenode(model)
    vector_index.rebuild_indexes(model)
    assert vector_index.vectors_in_index(model) == 20
    assert relfilenode(model) != before


@pytest.mark.django_db(transaction=True)
def test_an_index_that_is_missing_is_built_instead(model: EmbeddingModel) -> None:
    fill(model, 20)
    vector_index.rebuild_indexes(model)
    assert vector_index.vectors_in_index(model) == 20


@pytest.mark.django_db(transaction=True)
def test_a_large_library_has_lists_as_many_as_it_needs(model: EmbeddingModel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vector_index, "EXACT_SCOPE", 30)
    monkeypatch.setattr(vector_index, "VECTORS_PER_LIST", 10)
    fill(model, 30)
    vector_index.create_indexes(model)
    assert vector_index.indexes_of(model) == vector_index.Indexes(vectors=30, lists=None)
    for vectors, lists in ((40, 4), (60, 4), (100, 10)):
        grow(model, vectors)
        vector_index.create_indexes(model)
        indexes = vector_index.indexes_of(model)
        assert (indexes.vectors, indexes.lists, indexes.are_complete) == (vectors, lists, True)
    vector_index.drop_indexes(model)
    assert vector_index.indexes_of(model) == vector_index.Indexes(vectors=None, lists=None)


def grow(model: EmbeddingModel, vectors: int) -> None:
    fill(model, vectors - Embedding.objects.filter(model=model).count(), seed=vectors)
    with connection.cursor() as cursor:
        cursor.execute(f"VACUUM ANALYZE {vector_index.ASSETS.table}")


def relfilenode(model: EmbeddingModel) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_relation_filenode(%s::regclass)", [vector_index.ASSETS.graph(model)])
        (node,) = cursor.fetchone()
    return int(node)
