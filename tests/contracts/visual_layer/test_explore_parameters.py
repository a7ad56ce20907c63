"""Step 2: every parameter but `vql`, and what is not the caller's."""

import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from media_library.models import Asset, Library, Role, User
from search.clusters import joining, kinds
from search.models import QueryAnchor
from tests import factories
from tests.contracts.visual_layer.asking import (
    drawn_model,
    explore,
    explore_url,
    found,
    media,
    post,
    refused,
    signed_by,
    vector,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("enqueued", "eager")]

Pictures = dict[str, Any]


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
