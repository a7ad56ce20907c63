"""Regions as what is found, and as what is searched with."""

from typing import Any

import numpy as np
import pytest
from django.core.cache import cache
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from dam.errors import InvalidRequest, NotFound
from media_library.models import Asset, Folder, Library, User
from search import nearest, queries, vector_index
from search.composition import NotIndexed
from search.models import EmbeddingModel, Region, RegionEmbedding
from search.query import Query
from tests import factories
from tests.fakes import FakeEmbedder

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fake_embedder", "enqueued")]

COLORS = ("red", "green", "blue")


def vector(color: str) -> np.ndarray:
    return FakeEmbedder().encode_texts([color])[0]


@pytest.fixture
def objects(library: Library, model: EmbeddingModel) -> dict[str, Region]:
    """One black asset with a red, a green and a blue region, labelled `Ball` but for the blue one."""
    asset = factories.embedded(library, model, vector("black"), display_name="Shelf")
    return {
        color: factories.embedded_region(
            asset, model, vector(color), box=(0.1 * at, 0, 0.1, 1), label="" if color == "blue" else "Ball"
        )
        for at, color in enumerate(COLORS)
    }


def run(library: Library, user: User, params: str, **options: Any) -> queries.Results[queries.Hit]:
    return queries.run(Query.from_params(library, QueryDict(params), None), user, **options)


def found(results: queries.Results[queries.Hit]) -> list[Region | None]:
    return [hit.region for hit in results.hits]


def test_a_text_finds_regions_each_a_hit_of_its_own(library: Library, user: User, objects: dict[str, Region]) -> None:
    results = run(library, user, "text=green&entity_type=OBJECTS")
    assert found(results)[0] == objects["green"]
    assert set(found(results)) == set(objects.values())
    assert {hit.asset.display_name for hit in results.hits} == {"Shelf"}
    assert results.hits[0].distance == pytest.approx(0, abs=1e-3)


def test_images_and_objects_never_mix(library: Library, user: User, objects: dict[str, Region]) -> None:
    results = run(library, user, "text=green")
    assert [(hit.asset.display_name, hit.region) for hit in results.hits] == [("Shelf", None)]


def test_a_region_is_an_example_for_pictures_and_for_objects(
    library: Library, user: User, model: EmbeddingModel, objects: dict[str, Region]
) -> None:
    factories.embedded(library, model, vector("blue"), display_name="Sky")
    like = f"like={objects['blue'].pk}"
    assert run(library, user, like).hits[0].asset.display_name == "Sky"
    assert found(run(library, user, f"{like}&entity_type=OBJECTS"))[0] == objects["blue"]
    assert found(run(library, user, f"text=red&unlike={objects['green'].pk}&entity_type=OBJECTS"))[0] == objects["red"]


def test_an_asset_is_an_example_for_objects(library: Library, user: User, objects: dict[str, Region]) -> None:
    asset = objects["red"].asset
    assert len(found(run(library, user, f"like={asset.pk}&entity_type=OBJECTS"))) == 3


@pytest.mark.parametrize(("labels", "count"), [("labels=ball", 2), ("labels=ball&labels=cup", 2), ("labels=cup", 0)])
def test_labels_narrow(library: Library, user: User, objects: dict[str, Region], labels: str, count: int) -> None:
    assert len(found(run(library, user, f"text=red&entity_type=OBJECTS&{labels}"))) == count
    assert len(found(run(library, user, f"text=red&{labels}"))) == bool(count)  # pictures that have such a region


def test_filters_are_of_the_asset(library: Library, user: User, objects: dict[str, Region]) -> None:
    folder = Folder.objects.create(library=library, name="Shelves")
    narrow = f"text=red&entity_type=OBJECTS&folder={folder.pk}"
    assert found(run(library, user, narrow)) == []
    Asset.objects.update(folder=folder)
    assert len(found(run(library, user, narrow))) == 3


@pytest.mark.parametrize("change", [{"deleted_at": timezone.now()}, {"visual_search": False}])
def test_regions_of_what_is_not_findable_are_not_found(
    library: Library, user: User, objects: dict[str, Region], change: dict[str, Any]
) -> None:
    Asset.objects.update(**change)
    assert found(run(library, user, "text=red&entity_type=OBJECTS")) == []


def test_without_regions_there_are_no_objects(library: Library, user: User, model: EmbeddingModel) -> None:
    factories.embedded(library, model, vector("red"))
    results = run(library, user, "text=red&entity_type=OBJECTS")
    assert (results.hits, results.next_cursor, results.total) == ([], None, 0)


def test_regions_without_a_vector_yet_are_not_found(
    library: Library, user: User, model: EmbeddingModel, objects: dict[str, Region]
) -> None:
    waiting = factories.region(objects["red"].asset, label="new")
    RegionEmbedding.objects.create(region=waiting, model=model)
    assert waiting not in found(run(library, user, "text=red&entity_type=OBJECTS"))
    with pytest.raises(NotIndexed):
        run(library, user, f"like={waiting.pk}")


def test_paging_goes_through_all_regions_once(library: Library, user: User, objects: dict[str, Region]) -> None:
    first = run(library, user, "text=red&entity_type=OBJECTS", limit=2)
    second = run(library, user, "text=red&entity_type=OBJECTS", limit=2, cursor=first.next_cursor)
    assert set(found(first) + found(second)) == set(objects.values())
    assert second.next_cursor is None


def test_somebody_elses_region_is_no_example(user: User, model: EmbeddingModel, objects: dict[str, Region]) -> None:
    own = factories.library(user)
    with pytest.raises(NotFound):
        run(own, user, f"like={objects['red'].pk}")
    stranger = factories.user()
    with pytest.raises(NotFound):
        run(factories.library(stranger), stranger, f"like={objects['red'].pk}")
    assert found(run(own, user, "text=red&entity_type=OBJECTS")) == []


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ("text=a&entity_type=objects", "bad_entity_type"),
        ("text=a&entity_type=VIDEOS", "bad_entity_type"),
        ("text=a" + "&labels=x" * 101, "too_many_labels"),
    ],
)
def test_nonsense_is_refused(library: Library, user: User, params: str, code: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        run(library, user, params)
    assert caught.value.code == code


def test_a_query_among_objects_fits_into_an_address(library: Library) -> None:
    query = Query.from_params(library, QueryDict("text=a&entity_type=OBJECTS&labels=Cup&labels=Ball"), None)
    assert query.params() == [("text", "a"), ("entity_type", "OBJECTS"), ("labels", "Cup"), ("labels", "Ball")]


def test_more_regions_need_no_more_queries(
    library: Library, user: User, model: EmbeddingModel, objects: dict[str, Region]
) -> None:
    counts = []
    run(library, user, "text=red&entity_type=OBJECTS&labels=ball")  # reads what scores are compared with
    for number in range(2):
        cache.clear()
        with CaptureQueriesContext(connection) as captured:
            run(library, user, "text=red&entity_type=OBJECTS&labels=ball")
        counts.append(len(captured))
        for at in range(20):
            box = (number / 2, 0, 0.5, at / 40 + 0.1)
            factories.embedded_region(objects["red"].asset, model, vector("red"), label="ball", box=box)
    assert counts[0] == counts[1]


# --- REST --------------------------------------------------------------------------------------------------------


def test_hits_carry_their_region(api: APIClient, library: Library, objects: dict[str, Region]) -> None:
    url = f"/api/v1/libraries/{library.pk}/search/"
    body = {"text": "red", "entity_type": "OBJECTS", "filters": {"labels": ["ball"]}}
    posted = api.post(url, body, format="json").json()
    red = objects["red"]
    assert posted["results"][0]["region"] == {
        "id": str(red.pk),
        "box": {"x": 0.0, "y": 0.0, "width": 0.1, "height": 1.0},
        "label": "Ball",
        "source": "drawn",
        "confidence": None,
    }
    assert posted["results"][0]["asset"]["id"] == str(red.asset_id)
    got = api.get(url, {"text": "red", "entity_type": "OBJECTS", "labels": "ball"}).json()
    assert got["results"] == posted["results"]
    assert (got["query"]["entity_type"], got["query"]["labels"]) == ("OBJECTS", ["ball"])


def test_among_images_the_region_is_null(api: APIClient, library: Library, objects: dict[str, Region]) -> None:
    body = api.get(f"/api/v1/libraries/{library.pk}/search/", {"text": "red"}).json()
    assert [hit["region"] for hit in body["results"]] == [None]


def test_no_regions_are_an_answer_with_none(api: APIClient, library: Library, model: EmbeddingModel) -> None:
    answer = api.get(f"/api/v1/libraries/{library.pk}/search/", {"text": "red", "entity_type": "OBJECTS"})
    assert (answer.status_code, answer.json()["results"]) == (200, [])


# --- both engines ------------------------------------------------------------------------------------------------


def fill(model: EmbeddingModel, count: int) -> tuple[list[Region], np.ndarray]:
    """Ten regions an asset, with random unit vectors, and the vectors as they are stored."""
    library = factories.library()
    vectors = np.random.default_rng(0).normal(size=(count, model.dimensions)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    assets = [factories.asset(library) for _ in range(count // 10)]
    regions = Region.objects.bulk_create(
        Region(
            asset=assets[at // 10], x=0, y=0, width=(at + 1) / count, height=1, label=str(at % 10), source="imported"
        )
        for at in range(count)
    )
    RegionEmbedding.objects.bulk_create(
        RegionEmbedding(region=region, model=model, vector=vector, finished_at=timezone.now())
        for region, vector in zip(regions, vectors, strict=True)
    )
    return regions, vectors.astype(np.float16).astype(np.float32)


def test_each_plan_of_regions_uses_what_it_says(model: EmbeddingModel) -> None:
    fill(model, 300)
    factories.build_index(model)
    plans = nearest.explain(Region.objects.all(), 20, model)
    assert f"region_hnsw_{model.pk}" in plans["image among few"]
    assert "hnsw" not in plans["exact"]


def test_a_large_scope_of_regions_goes_through_their_index(
    model: EmbeddingModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    regions, vectors = fill(model, 300)
    factories.build_index(model)
    monkeypatch.setattr(nearest, "EXACT_SCOPE", 100)
    for scope in (Region.objects.all(), Region.objects.labelled(["3", "4", "5", "6", "7"])):
        answer = nearest.search(vectors[3], scope, 20, model)
        assert answer.plan == "index"
        assert answer.neighbours[0].id == regions[3].pk
        assert answer.neighbours == nearest.exact(vectors[3], scope, 20, model)


def test_without_their_index_regions_are_searched_exactly(
    model: EmbeddingModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    _regions, vectors = fill(model, 100)
    factories.build_index(model)
    with connection.cursor() as cursor:
        cursor.execute(f'DROP INDEX "{vector_index.REGIONS.graph(model)}"')
    monkeypatch.setattr(nearest, "EXACT_SCOPE", 10)
    answer = nearest.search(vectors[0], Region.objects.all(), 30, model)
    assert (answer.plan, len(answer.neighbours)) == ("exact", 30)
