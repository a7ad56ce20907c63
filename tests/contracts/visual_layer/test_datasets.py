"""Datasets, their state and statistics, one image, saved views, and health."""

import json
from typing import Any
from uuid import uuid4

import pytest
from rest_framework.test import APIClient

from media_library.models import Asset, Library, Role, User
from search.models import IndexEntry
from tests import factories
from tests.contracts.visual_layer.asking import refused, signed_by

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("enqueued", "eager")]

BASE = "/api/v1"
Pictures = dict[str, Any]


def member(library: Library, role: Role) -> APIClient:
    user = factories.user()
    library.memberships.create(user=user, role=role)
    return signed_by(user)


def test_health_needs_no_token(db: None) -> None:
    answer = APIClient().get(f"{BASE}/healthcheck")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_a_dataset_says_how_far_it_is(vl: APIClient, library: Library, pictures: Pictures) -> None:
    factories.region(pictures["red"])
    body = vl.get(f"{BASE}/dataset/{library.pk}").json()
    assert body.pop("created_at")
    assert body == {
        "id": str(library.pk), "display_name": "Studio", "description": "", "owned_by": "ann", "status_new": "READY",
        "progress": 100, "n_images": 4, "n_objects": 1, "n_videos": 0, "fatal_error_msg": None,
    }  # fmt: skip


def test_the_states_of_a_dataset(vl: APIClient, user: User, model: Any) -> None:
    dataset = factories.library(user, name="New")

    def state() -> tuple[str, int]:
        body = vl.get(f"{BASE}/dataset/{dataset.pk}").json()
        return body["status_new"], body["progress"]

    assert state() == ("DRAFT", 0)
    first = factories.asset(dataset)
    entry = IndexEntry.objects.create(asset=first, model=model)
    assert state() == ("INDEXING", 0)
    IndexEntry.objects.update(state=IndexEntry.State.FAILED)
    assert state() == ("ERROR", 0)
    assert vl.get(f"{BASE}/dataset/{dataset.pk}").json()["fatal_error_msg"]
    entry.delete()
    factories.embedded_vector(first, model, [1.0] * 48)
    IndexEntry.objects.create(asset=factories.asset(dataset), model=model)
    assert state() == ("PARTIAL INDEX", 50)
    IndexEntry.objects.update(state=IndexEntry.State.DONE)
    assert state() == ("READY", 100)
    IndexEntry.objects.create(asset=factories.asset(dataset), model=model)
    assert state() == ("READY", 66)


def test_only_ones_own_datasets_are_listed(vl: APIClient, stranger: APIClient, library: Library) -> None:
    factories.library(factories.user("bob"), name="Hidden")
    assert [body["display_name"] for body in vl.get(f"{BASE}/datasets").json()] == ["Studio"]
    assert stranger.get(f"{BASE}/datasets").json() == []
    refused(APIClient().get(f"{BASE}/datasets"), 401)


@pytest.mark.parametrize("kind", ["multipart", "json"])
def test_a_dataset_is_made_and_removed(vl: APIClient, user: User, kind: str) -> None:
    answer = vl.post(f"{BASE}/dataset", {"dataset_name": " My  pictures "}, format=kind)
    assert answer.status_code == 201
    body = answer.json()
    assert (body["dataset_id"], body["display_name"], body["status_new"]) == (body["id"], "My pictures", "DRAFT")
    library = Library.objects.get(pk=body["id"])
    assert library.role_of(user) == Role.MANAGER
    url = f"{BASE}/dataset/{library.pk}"
    refused(member(library, Role.EDITOR).delete(url), 403)
    answer = vl.delete(url)
    assert (answer.status_code, answer.json()) == (200, None)
    refused(vl.get(url), 404)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"dataset_name": " "},
        {"dataset_name": "x" * 201},
        {"dataset_name": "a\0"},
        {"dataset_name": "\ud800"},
        ["dataset_name"],
        "x",
        None,
    ],
)
def test_a_dataset_needs_a_name(vl: APIClient, body: Any) -> None:
    refused(vl.post(f"{BASE}/dataset", json.dumps(body), content_type="application/json"), 400)
    assert not Library.objects.exists()


def test_buckets_are_refused_with_a_reason(vl: APIClient) -> None:
    body = {"dataset_name": "x", "bucket_path": "s3://bucket/"}
    refused(vl.post(f"{BASE}/dataset", body), 403)
    refused(vl.post(f"{BASE}/dataset", body | {"bucket_path": "bucket"}), 400)
    assert not Library.objects.exists()


def test_statistics(vl: APIClient, library: Library, pictures: Pictures) -> None:
    Asset.objects.filter(pk=pictures["red"].pk).update(traits=["issue:dark"])
    factories.region(pictures["red"])
    assert vl.get(f"{BASE}/dataset/{library.pk}/stats").json() == {
        "dataset_id": str(library.pk), "n_images": 4, "n_objects": 1, "n_videos": 0, "n_indexed": 4, "n_pending": 0,
        "n_failed": 0, "size_bytes": 400,
        "issues": {"blur": 0, "dark": 1, "bright": 0, "outliers": 0, "duplicates": 0},
    }  # fmt: skip


def test_one_image(vl: APIClient, stranger: APIClient, library: Library, pictures: Pictures) -> None:
    red = pictures["red"]
    red.tags.add(library.tags.create(name="sea"))
    region = factories.region(red, label="Boat")
    url = f"{BASE}/image/{red.pk}"
    body = vl.get(url).json()
    assert (body["media_id"], body["dataset_id"]) == (str(red.pk), str(library.pk))
    assert (body["labels"], body["user_tags"]) == (["Boat"], ["sea"])
    assert [item["media_id"] for item in body["objects"]] == [str(region.pk)]
    foreign = refused(stranger.get(url), 404)
    for unknown in (uuid4(), "nonsense"):
        assert refused(vl.get(f"{BASE}/image/{unknown}"), 404) == foreign


ADDRESSES = [
    ("get", "dataset/{id}"), ("delete", "dataset/{id}"), ("get", "dataset/{id}/stats"), ("get", "dataset/{id}/views"),
    ("post", "dataset/{id}/views"), ("delete", "dataset/{id}/views/{view}"), ("post", "dataset/{id}/add_media"),
    ("get", "dataset/{id}/export_context_async"), ("get", "dataset/{id}/export_status"), ("get", "explore/{id}"),
    ("post", "dataset/{id}/search-image-similarity"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path"), ADDRESSES)
def test_every_address_is_closed_to_strangers(
    vl: APIClient, stranger: APIClient, library: Library, method: str, path: str
) -> None:
    def ask(client: APIClient, pk: Any) -> Any:
        return getattr(client, method)(f"{BASE}/{path.format(id=pk, view=uuid4())}")

    refused(ask(APIClient(), library.pk), 401)
    foreign = refused(ask(stranger, library.pk), 404)
    assert refused(ask(vl, uuid4()), 404) == foreign
    assert refused(ask(vl, "nonsense"), 404) == foreign
    assert Library.objects.filter(pk=library.pk).exists()


# --- saved views ------------------------------------------------------------------------------------------------------

FILTERS = [{"tags": {"op": "is", "value": ["sea"]}}]


def save(client: APIClient, library: Library, name: str = "Boats", **params: Any) -> Any:
    query = "&".join(f"{key}={value}" for key, value in params.items())
    return client.post(f"{BASE}/dataset/{library.pk}/views?{query}", {"name": name})


def test_a_view_is_kept_listed_and_removed(vl: APIClient, library: Library, user: User) -> None:
    answer = save(vl, library, entity_type="OBJECTS", threshold=2, caption="boat", vql=json.dumps(FILTERS))
    body = answer.json()
    assert answer.status_code == 200
    assert body["filters"] == {"entity_type": "OBJECTS", "threshold": "2", "caption": "boat", "vql": FILTERS}
    assert body["created_by"] == {"user_id": str(user.pk), "name": "ann"}
    assert (body["name"], body["dataset_id"]) == ("Boats", str(library.pk))
    url = f"{BASE}/dataset/{library.pk}/views"
    assert vl.get(url).json() == [body]
    assert member(library, Role.VIEWER).get(url).json() == [body]
    answer = vl.delete(f"{url}/{body['id']}")
    assert (answer.status_code, answer.json()) == (200, None)
    refused(vl.delete(f"{url}/{body['id']}"), 404)


def test_a_view_has_a_name_of_its_own_and_filters_that_work(vl: APIClient, library: Library) -> None:
    save(vl, library)
    assert "already" in refused(save(vl, library), 400)
    refused(save(vl, library, name=" "), 400)
    refused(save(vl, library, name="a", entity_type="VIDEOS"), 400)
    refused(save(vl, library, name="a", threshold=7), 400)
    refused(save(vl, library, name="a", vql="x"), 422)
    assert len(vl.get(f"{BASE}/dataset/{library.pk}/views").json()) == 1


def test_views_and_roles(vl: APIClient, library: Library, user: User) -> None:
    refused(save(member(library, Role.VIEWER), library), 403)
    contributor, editor = member(library, Role.CONTRIBUTOR), member(library, Role.EDITOR)
    view = save(contributor, library).json()["id"]
    url = f"{BASE}/dataset/{library.pk}/views/{view}"
    refused(member(library, Role.CONTRIBUTOR).delete(url), 403)
    other = factories.library(user, name="Other")
    refused(vl.delete(f"{BASE}/dataset/{other.pk}/views/{view}"), 404)
    assert editor.delete(url).status_code == 200


def test_the_openapi_schema_describes_the_dialect_too(db: None) -> None:
    schema = APIClient().get("/api/schema/").content.decode()
    assert "/api/v1/libraries/" in schema
    assert "/api/v1/explore/{dataset_id}" in schema
    assert "/api/v1/dataset/{dataset_id}" in schema
