import uuid
from typing import Any

import pytest
from rest_framework.test import APIClient

from media_library.models import Asset, Library, Role, User
from search.models import EmbeddingModel, Region, RegionEmbedding
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fake_embedder", "enqueued")]

BOX = {"x": 0.1, "y": 0.2, "width": 0.5, "height": 0.6}


@pytest.fixture
def asset(library: Library, user: User) -> Asset:
    return factories.asset(library, uploaded_by=user)


def url(asset: Asset) -> str:
    return f"/api/v1/assets/{asset.pk}/regions/"


def signed_in(user: User) -> APIClient:
    client = APIClient()
    client.force_login(user)
    return client


def member(library: Library, role: Role) -> APIClient:
    user = factories.user()
    library.memberships.create(user=user, role=role)
    return signed_in(user)


def test_a_region_is_drawn_listed_changed_and_removed(api: APIClient, asset: Asset, model: EmbeddingModel) -> None:
    answer = api.post(url(asset), {"box": BOX, "label": " red  cup "}, format="json")
    made = answer.json()
    assert (answer.status_code, made["label"], made["box"], made["source"]) == (201, "red cup", BOX, "drawn")
    assert (made["confidence"], made["indexed"], made["asset"]) == (None, False, str(asset.pk))
    assert api.get(url(asset)).json() == {"results": [made], "next_cursor": None}
    one = f"/api/v1/regions/{made['id']}/"
    assert api.get(one).json() == made
    changed = api.patch(one, {"label": "mug", "box": BOX | {"x": 0}}, format="json").json()
    assert (changed["label"], changed["box"]["x"]) == ("mug", 0)
    assert api.delete(one).status_code == 204
    assert api.get(one).status_code == 404
    assert api.get(url(asset)).json()["results"] == []


def test_a_region_with_a_vector_says_so(api: APIClient, asset: Asset, model: EmbeddingModel) -> None:
    factories.embedded_region(asset, model, [1.0] + [0.0] * 47)
    assert api.get(url(asset)).json()["results"][0]["indexed"] is True


def test_the_regions_of_one_source_are_removed(api: APIClient, asset: Asset) -> None:
    for source in ("drawn", "imported", "detected"):
        factories.region(asset, source=source)
    assert api.delete(url(asset) + "?source=detected").status_code == 204
    assert set(Region.objects.values_list("source", flat=True)) == {"drawn", "imported"}
    assert api.delete(url(asset) + "?source=guessed").json()["code"] == "bad_source"
    assert api.delete(url(asset)).status_code == 204
    assert not Region.objects.exists()


def test_what_somebody_corrects_is_theirs(api: APIClient, asset: Asset, user: User) -> None:
    found = factories.region(asset, source="detected", confidence=0.7)
    body = api.patch(f"/api/v1/regions/{found.pk}/", {"label": "cat"}, format="json").json()
    assert (body["source"], body["confidence"], body["created_by"]) == ("drawn", None, user.pk)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ({}, "invalid"),
        ({"box": None}, "invalid"),
        ({"box": {}}, "bad_box"),
        ({"box": []}, "bad_box"),
        ({"box": "0.1,0.2,0.3,0.4"}, "bad_box"),
        ({"box": BOX | {"x": -0.1}}, "bad_box"),
        ({"box": BOX | {"width": 0.95}}, "bad_box"),
        ({"box": BOX | {"width": 0}}, "bad_box"),
        ({"box": BOX | {"y": "NaN"}}, "bad_box"),
        ({"box": BOX | {"height": True}}, "bad_box"),
        ({"box": BOX | {"width": 0.01}}, "box_too_small"),
        ({"box": BOX, "label": "x" * 101}, "invalid"),
        ({"box": BOX, "label": ["cup"]}, "invalid"),
    ],
)
def test_a_bad_region_is_refused(api: APIClient, asset: Asset, data: dict[str, Any], code: str) -> None:
    answer = api.post(url(asset), data, format="json")
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    region = factories.region(asset)
    if data:
        assert api.patch(f"/api/v1/regions/{region.pk}/", data, format="json").status_code == 400
    assert not RegionEmbedding.objects.exists()


def test_the_same_region_twice_is_a_conflict(api: APIClient, asset: Asset) -> None:
    api.post(url(asset), {"box": BOX}, format="json")
    answer = api.post(url(asset), {"box": BOX}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (409, "same_region")


def test_a_viewer_sees_and_changes_nothing(library: Library, asset: Asset) -> None:
    region = factories.region(asset)
    viewer, one = member(library, Role.VIEWER), f"/api/v1/regions/{region.pk}/"
    assert len(viewer.get(url(asset)).json()["results"]) == 1
    assert viewer.get(one).status_code == 200
    assert viewer.post(url(asset), {"box": BOX}, format="json").status_code == 403
    assert viewer.delete(url(asset)).status_code == 403
    assert viewer.patch(one, {"label": "x"}, format="json").status_code == 403
    assert viewer.delete(one).status_code == 403
    assert Region.objects.get().label == ""


def test_a_contributor_marks_only_what_they_uploaded(library: Library, asset: Asset) -> None:
    contributor = factories.user()
    library.memberships.create(user=contributor, role=Role.CONTRIBUTOR)
    own = factories.asset(library, uploaded_by=contributor)
    client = signed_in(contributor)
    assert client.post(url(own), {"box": BOX}, format="json").status_code == 201
    assert client.post(url(asset), {"box": BOX}, format="json").status_code == 403


def test_for_a_stranger_there_is_nothing(asset: Asset) -> None:
    region = factories.region(asset)
    stranger, one = signed_in(factories.user()), f"/api/v1/regions/{region.pk}/"
    for answer in (
        stranger.get(url(asset)),
        stranger.post(url(asset), {"box": BOX}, format="json"),
        stranger.delete(url(asset)),
        stranger.get(one),
        stranger.patch(one, {"label": "x"}, format="json"),
        stranger.delete(one),
        stranger.get(f"/api/v1/regions/{uuid.uuid4()}/"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert APIClient().get(url(asset)).status_code in {401, 403}
    assert Region.objects.exists()
