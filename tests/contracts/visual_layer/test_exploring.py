"""Step 2: the answer's exact shape, its order, its pages."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from rest_framework.test import APIClient

from media_library.models import Asset, Library, User
from search.clusters import joining, kinds
from search.models import EmbeddingModel
from tests import factories
from tests.contracts.visual_layer.asking import drawn_model, explore, found, media, post, refused, vector
from tests.search.clusters import drawn

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("enqueued", "eager")]

Pictures = dict[str, Any]


# --- the shape --------------------------------------------------------------------------------------------------------


def test_the_answer_has_exactly_the_documented_shape(vl: APIClient, library: Library, pictures: Pictures) -> None:
    Asset.objects.filter(pk=pictures["red"].pk).update(description="A red field", file="originals/x.jpg")
    body = explore(vl, library, **post(vl, library).json()).json()
    assert set(body) == {"clusters", "metadata"}
    assert body["metadata"] == {"used_duckdb": False, "total_clusters": 4, "page_number": 0}
    cluster = body["clusters"][0]
    preview = cluster.pop("previews")[0]
    score = cluster.pop("relevance_score")
    assert score == preview.pop("relevance_score")
    assert score == pytest.approx(0, abs=1e-3)
    assert len(cluster.pop("cluster_id")) == 36
    assert cluster == {
        "type": "IMAGES", "n_images": 1, "n_objects": 0, "n_videos": 0, "similarity_threshold": "0",
        "relevance_score_type": "cosine_distance", "labels": None, "user_tags": None, "captions": None,
    }  # fmt: skip
    asset = f"http://testserver/api/v1/assets/{pictures['red'].pk}"
    assert preview == {
        "type": "IMAGE", "media_id": str(pictures["red"].pk), "media_uri": f"{asset}/file/",
        "media_thumb_uri": f"{asset}/thumb/", "caption": "A red field", "file_name": "red.jpg", "bounding_box": None,
        "relevance_score_type": "cosine_distance", "width": 60, "height": 40,
    }  # fmt: skip


def test_objects_have_a_box_and_name_their_image(vl: APIClient, library: Library, pictures: Pictures) -> None:
    boat = factories.embedded_region(pictures["red"], drawn_model(), vector(pictures["blue"]), label="Boat")
    joining.join(drawn_model(), [boat.pk], kinds.OBJECTS)
    for params in ({}, {"caption": "blue"}, media(boat), media(pictures["red"])):
        (cluster,) = explore(vl, library, entity_type="OBJECTS", **params).json()["clusters"]
        assert (cluster["type"], cluster["n_images"], cluster["n_objects"]) == ("OBJECTS", 0, 1)
        assert cluster["labels"] == ["Boat"]
        (preview,) = cluster["previews"]
        assert (preview["type"], preview["media_id"]) == ("OBJECT", str(boat.pk))
        assert preview["image_id"] == str(pictures["red"].pk)
        assert preview["bounding_box"] == {"x": 0.25, "y": 0.25, "width": 0.5, "height": 0.5}


def test_without_regions_there_are_no_objects(vl: APIClient, library: Library, pictures: Pictures) -> None:
    for params in ({}, {"caption": "blue"}, media(pictures["red"])):
        body = explore(vl, library, entity_type="OBJECTS", **params).json()
        assert (body["clusters"], body["metadata"]["total_clusters"]) == ([], 0)


def test_the_addresses_open_for_the_token(vl: APIClient, stranger: APIClient, library: Library, user: User) -> None:
    from media_library import processing

    asset = factories.upload(library, user)
    processing.render_pending()
    factories.embedded_vector(asset, factories.model(), [1.0] * 48)
    joining.join(EmbeddingModel.objects.get(), [asset.pk])
    (cluster,) = explore(vl, library).json()["clusters"]
    (preview,) = cluster["previews"]
    assert vl.get(preview["media_uri"]).getvalue() == factories.picture()
    thumb = vl.get(preview["media_thumb_uri"])
    assert (thumb.status_code, thumb["Content-Type"]) == (200, "image/webp")
    for address in (preview["media_uri"], preview["media_thumb_uri"]):
        assert stranger.get(address).status_code == 404
        assert APIClient().get(address).status_code == 401


# --- order and groups -------------------------------------------------------------------------------------------------


@pytest.fixture
def bunches(library: Library) -> list[Asset]:
    """Twelve, four and one that look alike."""
    vectors = drawn.bunches(3, 12)
    return drawn.joined(library, drawn.model(), [*vectors[:16], vectors[24]])


def test_clusters_and_previews_ascend(vl: APIClient, library: Library, bunches: list[Asset]) -> None:
    clusters = explore(vl, library, **media(bunches[3])).json()["clusters"]
    scores = [cluster["relevance_score"] for cluster in clusters]
    assert scores == sorted(scores)
    assert clusters[0]["n_images"] == 12
    assert sorted(cluster["n_images"] for cluster in clusters) == [1, 4, 12]
    for cluster in clusters:
        inside = [preview["relevance_score"] for preview in cluster["previews"]]
        assert inside == sorted(inside)
        assert inside[0] == cluster["relevance_score"]
        assert len(inside) == min(cluster["n_images"], 9)


def test_an_asset_as_its_own_anchor_comes_first_with_zero(
    vl: APIClient, library: Library, bunches: list[Asset]
) -> None:
    first = explore(vl, library, **media(bunches[3])).json()["clusters"][0]["previews"][0]
    assert (first["media_id"], first["relevance_score"]) == (str(bunches[3].pk), 0.0)


def test_the_same_picture_is_at_no_distance(vl: APIClient, library: Library, pictures: Pictures) -> None:
    cluster = explore(vl, library, **post(vl, library).json()).json()["clusters"][0]
    assert cluster["relevance_score"] == pytest.approx(0, abs=1e-3)
    assert cluster["previews"][0]["file_name"].startswith("red")


def test_only_members_that_match_are_counted(vl: APIClient, library: Library, bunches: list[Asset]) -> None:
    tag = library.tags.create(name="sea")
    for asset in bunches[:3]:
        asset.tags.add(tag)
    for params in (media(bunches[0]), {}):
        (cluster,) = explore(vl, library, tags='["Sea"]', **params).json()["clusters"]
        assert (cluster["n_images"], len(cluster["previews"])) == (3, 3)


def test_clusters_are_nested_from_fine_to_coarse(vl: APIClient, library: Library) -> None:
    made = drawn.joined(library, drawn.model(), drawn.arc(0, 3, 9, 20, 50, 95, 180))
    before: list[set[str]] = []
    for level in range(5):
        clusters = explore(vl, library, threshold=level, **media(made[0])).json()["clusters"]
        assert {cluster["similarity_threshold"] for cluster in clusters} == {str(level)}
        held = [{preview["media_id"] for preview in cluster["previews"]} for cluster in clusters]
        assert all(any(fine <= coarse for coarse in held) for fine in before)
        before = held
    assert len(before) < 7


def test_of_equally_near_clusters_the_ids_decide(vl: APIClient, library: Library) -> None:
    made = drawn.assets(library, drawn.model(), np.repeat(drawn.arc(0), 5, axis=0))  # in no cluster yet
    clusters = explore(vl, library, **media(made[0])).json()["clusters"]
    ids = [cluster["cluster_id"] for cluster in clusters]
    assert len(ids) == 5
    assert ids == sorted(ids)


def test_words_do_not_change_the_order(vl: APIClient, library: Library, pictures: Pictures) -> None:
    Asset.objects.filter(pk=pictures["blue"].pk).update(description="red red red", display_name="red")
    assert explore(vl, library, caption="red").json()["clusters"][0]["previews"][0]["media_id"] == str(
        pictures["red"].pk
    )


def test_without_anything_to_search_with_the_biggest_come_first(
    vl: APIClient, library: Library, bunches: list[Asset]
) -> None:
    body = explore(vl, library).json()
    assert [cluster["n_images"] for cluster in body["clusters"]] == [12, 4, 1]
    assert body["metadata"]["total_clusters"] == 3
    for cluster in body["clusters"]:
        assert cluster["relevance_score"] is cluster["relevance_score_type"] is None
        assert all(preview["relevance_score"] is None for preview in cluster["previews"])
        assert len(cluster["previews"]) == min(cluster["n_images"], 9)


def test_nothing_is_cut_off_for_being_far(vl: APIClient, library: Library) -> None:
    made = drawn.joined(library, drawn.model(), drawn.arc(0, 180))
    scores = [cluster["relevance_score"] for cluster in explore(vl, library, **media(made[0])).json()["clusters"]]
    assert scores == [0, pytest.approx(2, abs=1e-3)]


# --- pages ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def many(library: Library) -> list[Asset]:
    """A hundred and twenty that all look different."""
    random = np.random.default_rng(5)
    return drawn.joined(library, drawn.model(), np.eye(16)[random.integers(0, 16, 120)] + random.normal(size=(120, 16)))


@pytest.mark.parametrize("anchored", [True, False])
def test_a_page_has_a_hundred_clusters(vl: APIClient, library: Library, many: list[Asset], *, anchored: bool) -> None:
    params = media(many[0]) if anchored else {}
    pages = [explore(vl, library, page_number=number, **params).json() for number in range(3)]
    total = pages[0]["metadata"]["total_clusters"]
    assert 100 < total <= 120
    assert [len(page["clusters"]) for page in pages] == [100, total - 100, 0]
    assert [page["metadata"] for page in pages] == [
        {"used_duckdb": False, "total_clusters": total, "page_number": number} for number in range(3)
    ]
    ids = [cluster["cluster_id"] for page in pages for cluster in page["clusters"]]
    assert len(set(ids)) == total
    assert sum(cluster["n_images"] for page in pages for cluster in page["clusters"]) == 120


def test_far_past_the_end_there_is_nothing(vl: APIClient, library: Library, pictures: Pictures) -> None:
    for params in ({}, {"caption": "red"}):
        assert found(explore(vl, library, page_number=999_999_999, **params)) == []


@pytest.mark.parametrize("number", ["-1", "x", "1.5", "99999999999999999999", "²"])
def test_other_page_numbers_are_refused(vl: APIClient, library: Library, pictures: Pictures, number: str) -> None:
    refused(explore(vl, library, page_number=number), 400)


def test_a_page_costs_few_queries_however_long(
    vl: APIClient, library: Library, many: list[Asset], django_assert_max_num_queries: Callable[..., Any]
) -> None:
    explore(vl, library, **media(many[0]))
    with django_assert_max_num_queries(16):
        explore(vl, library, **media(many[0]))
    with django_assert_max_num_queries(12):
        explore(vl, library)


def test_the_best_thousand_are_grouped(vl: APIClient, library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    from search import exploring

    made = drawn.joined(library, drawn.model(), drawn.bunches(1, 30))
    monkeypatch.setattr(exploring, "RANKING", 10)
    clusters = explore(vl, library, threshold=4, **media(made[0])).json()["clusters"]
    assert sum(cluster["n_images"] for cluster in clusters) == 10
    assert exploring.RANKING == 10
