"""Step 2: the answer's exact shape, its order, its pages, and every parameter but `vql`."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from media_library.models import Asset, Library, Role, User
from search.clusters import joining, kinds
from search.models import EmbeddingModel, QueryAnchor
from tests import factories
from tests.contracts.visual_layer.asking import explore, explore_url, found, post, refused, signed_by
from tests.search.clusters import drawn

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("enqueued", "eager")]

Pictures = dict[str, Any]


def media(asset: Any) -> dict[str, str]:
    return {"anchor_media_id": str(asset.pk), "anchor_type": "MEDIA"}


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


def drawn_model() -> EmbeddingModel:
    return EmbeddingModel.objects.get()


def vector(asset: Asset) -> Any:
    return np.asarray(asset.embeddings.get().vector)


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


# --- parameters -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "params",
    [
        {"entity_type": None}, {"entity_type": "images"}, {"entity_type": "VIDEOS"}, {"threshold": "5"},
        {"threshold": "0.5"}, {"threshold": "-0"}, {"anchor_media_id": str(uuid4())}, {"anchor_type": "MEDIA"},
        {"anchor_media_id": "nonsense", "anchor_type": "MEDIA"},
        {"anchor_media_id": str(uuid4()), "anchor_type": "media"}, {"textual_similarity_threshold": "1.1"},
        {"textual_similarity_threshold": "nan"}, {"textual_similarity_threshold": "x"}, {"labels": "dog"},
        {"labels": '"dog"'}, {"labels": "[1]"}, {"labels": "{}"}, {"tags": "[dog]"}, {"tags": "[null]"},
        {"tags": json.dumps(["a"] * 101)}, {"tags": '["\\u0000"]'}, {"tags": '["\\ud800"]'},
        {"caption": "a\0b"}, {"x\0": "1"}, {"labels": "[" * 100_000},
        {"caption": "x" * 501},
    ],
)  # fmt: skip
def test_parameters_that_are_missing_or_wrong_are_refused(
    vl: APIClient, library: Library, pictures: Pictures, params: dict[str, Any]
) -> None:
    refused(explore(vl, library, **params), 400)


def test_the_threshold_is_the_anchors(vl: APIClient, library: Library, pictures: Pictures) -> None:
    anchor = post(vl, library, threshold=3).json()
    for threshold in (None, 3):
        answer = explore(vl, library, threshold=threshold, **anchor)
        assert {cluster["similarity_threshold"] for cluster in answer.json()["clusters"]} == {"3"}
    assert "threshold" in refused(explore(vl, library, threshold=0, **anchor), 400)


def test_an_anchor_without_a_threshold_takes_any(vl: APIClient, library: Library, pictures: Pictures) -> None:
    anchor = post(vl, library).json()
    for threshold in (None, 0, 4):
        answer = explore(vl, library, threshold=threshold, **anchor)
        assert {cluster["similarity_threshold"] for cluster in answer.json()["clusters"]} == {str(threshold or 0)}


def test_a_caption_ranks(vl: APIClient, library: Library, pictures: Pictures) -> None:
    assert found(explore(vl, library, caption="green"))[0] == "green"
    assert len(found(explore(vl, library, caption="green"))) == 4


def test_a_caption_and_a_picture_rank_together(vl: APIClient, library: Library, pictures: Pictures) -> None:
    both = found(explore(vl, library, caption="green", **media(pictures["red"])))
    assert set(both[:2]) == {"red", "green"} or both[0] == "orange"


def test_the_textual_threshold_is_the_largest_distance(vl: APIClient, library: Library, pictures: Pictures) -> None:
    def scores(**params: Any) -> list[float]:
        body = explore(vl, library, caption="red", **params).json()
        return [cluster["relevance_score"] for cluster in body["clusters"]]

    everything = scores()
    assert scores(textual_similarity_threshold=1) == [score for score in everything if score <= 1]
    assert scores(textual_similarity_threshold=0.5) == [score for score in everything if score <= 0.5]
    assert len(scores(textual_similarity_threshold=0.01)) == 1


def test_beside_a_picture_it_still_is_the_distance_from_the_text(
    vl: APIClient, library: Library, pictures: Pictures
) -> None:
    answer = explore(vl, library, caption="red", textual_similarity_threshold=0.01, **media(pictures["blue"]))
    assert found(answer) == ["red"]


def test_labels_are_those_of_regions(vl: APIClient, library: Library, pictures: Pictures) -> None:
    model = drawn_model()
    regions = [
        factories.embedded_region(pictures[color], model, vector(pictures[color]), label=label)
        for color, label in (("red", "Boat"), ("green", "Car"), ("blue", ""))
    ]
    joining.join(model, [region.pk for region in regions], kinds.OBJECTS)
    for params in ({}, {"caption": "red"}):
        assert set(found(explore(vl, library, labels='["boat", "car"]', **params))) == {"red", "green"}
        assert found(explore(vl, library, labels='["boat"]', entity_type="OBJECTS", **params)) == ["red"]
        assert found(explore(vl, library, labels='["plane"]', **params)) == []


def test_tags_are_any_of_these(vl: APIClient, library: Library, pictures: Pictures) -> None:
    for color in ("red", "green"):
        pictures[color].tags.add(library.tags.create(name=f"{color}ish"))
    assert set(found(explore(vl, library, tags='["Redish", "greenish", "none"]'))) == {"red", "green"}


# --- what is not the caller's -----------------------------------------------------------------------------------------


def test_a_token_is_needed(library: Library) -> None:
    refused(explore(APIClient(), library), 401)


def test_a_session_will_do(client: Client, library: Library) -> None:
    assert client.get(explore_url(library), {"entity_type": "IMAGES"}).status_code == 200


def test_a_foreign_dataset_is_none(vl: APIClient, stranger: APIClient, library: Library) -> None:
    foreign = refused(explore(stranger, library), 404)
    for unknown in (str(uuid4()), "nonsense"):
        answer = vl.get(f"/api/v1/explore/{unknown}", {"entity_type": "IMAGES"})
        assert refused(answer, 404) == foreign


def test_a_foreign_unknown_or_expired_anchor_is_none(
    vl: APIClient, stranger: APIClient, library: Library, user: User, pictures: Pictures
) -> None:
    anchor = post(vl, library).json()
    colleague = factories.user("cem")
    library.memberships.create(user=colleague, role=Role.MANAGER)
    unknown = refused(explore(vl, library, anchor_media_id=str(uuid4()), anchor_type="UPLOAD"), 404)
    assert refused(explore(signed_by(colleague), library, **anchor), 404) == unknown
    other = factories.library(user, name="Other")
    factories.embedded(other, drawn_model(), [1.0] * 48)
    assert refused(explore(vl, other, **anchor), 404) == unknown
    assert refused(explore(vl, library, vql=[similar(uuid4())]), 404) == unknown
    QueryAnchor.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert refused(explore(vl, library, **anchor), 404) == unknown
    assert refused(explore(vl, library, vql=[similar(anchor["anchor_media_id"])]), 404) == unknown


def similar(pk: Any, **members: Any) -> dict[str, Any]:
    return {"similarity": {"op": "upload", "value": str(pk), **members}}


def test_a_foreign_unknown_or_trashed_media_anchor_is_none(vl: APIClient, library: Library, pictures: Pictures) -> None:
    hidden = factories.embedded(factories.library(factories.user("bob")), drawn_model(), [1.0] * 48)
    unknown = refused(explore(vl, library, anchor_media_id=str(uuid4()), anchor_type="MEDIA"), 404)
    assert refused(explore(vl, library, **media(hidden)), 404) == unknown
    assert refused(explore(vl, library, **media(factories.region(hidden))), 404) == unknown
    Asset.objects.filter(pk=pictures["red"].pk).update(deleted_at=timezone.now())
    assert refused(explore(vl, library, **media(pictures["red"])), 404) == unknown


def test_a_media_anchor_that_is_not_indexed_yet_is_waited_for(
    vl: APIClient, library: Library, pictures: Pictures
) -> None:
    refused(explore(vl, library, **media(factories.asset(library))), 409)


def test_pictures_of_other_libraries_and_the_trash_are_never_found(
    vl: APIClient, library: Library, pictures: Pictures
) -> None:
    other = factories.library(factories.user("bob"), name="Other")
    joining.join(drawn_model(), [factories.embedded(other, drawn_model(), vector(pictures["red"])).pk])
    Asset.objects.filter(pk=pictures["green"].pk).update(deleted_at=timezone.now())
    Asset.objects.filter(pk=pictures["blue"].pk).update(visual_search=False)
    for params in ({}, {"caption": "red"}, media(pictures["red"])):
        assert set(found(explore(vl, library, **params))) == {"red", "orange"}


def test_without_a_model_there_is_nothing_to_search_with(vl: APIClient, library: Library) -> None:
    refused(explore(vl, library, caption="red"), 409)
    assert found(explore(vl, library)) == []


def test_other_methods_are_told_so(vl: APIClient, library: Library) -> None:
    refused(vl.post(explore_url(library)), 405)
