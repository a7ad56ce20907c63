from typing import Any

import pytest
from rest_framework.test import APIClient

from media_library.models import Folder, Library, Role, User
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("enqueued")]


def test_who_makes_a_library_manages_it(api: APIClient, user: User) -> None:
    answer = api.post("/api/v1/libraries/", {"name": "Press photos"}, format="json")
    assert answer.status_code == 201
    assert (answer.json()["slug"], answer.json()["role"]) == ("press-photos", "manager")
    assert Library.objects.get().role_of(user) == Role.MANAGER


def test_only_ones_own_libraries_are_listed(api: APIClient, user: User) -> None:
    mine, theirs = factories.library(user, name="Mine"), factories.library(name="Theirs")
    assert [library["name"] for library in api.get("/api/v1/libraries/").json()["results"]] == ["Mine"]
    assert api.get(f"/api/v1/libraries/{mine.pk}/").status_code == 200
    assert api.get(f"/api/v1/libraries/{theirs.pk}/").status_code == 404


def test_the_detail_counts_and_names_the_model(api: APIClient, user: User) -> None:
    library = factories.library(user)
    factories.embedded(library, factories.model(), [1.0] * 48)
    factories.upload(library, user)
    body = api.get(f"/api/v1/libraries/{library.pk}/").json()
    assert body["counts"] == {"total": 2, "indexed": 1, "pending": 1, "failed": 0}
    assert (body["status"], body["progress"], body["model"]) == ("indexing", 50, "Fake")


def test_renaming_keeps_the_slug(api: APIClient, user: User) -> None:
    library = factories.library(user, name="Old")
    body = api.patch(f"/api/v1/libraries/{library.pk}/", {"name": "New"}, format="json").json()
    assert (body["name"], body["slug"]) == ("New", "old")


def test_a_library_with_pictures_is_not_removed_by_accident(
    api: APIClient, user: User, django_capture_on_commit_callbacks: Any
) -> None:
    library, before = factories.library(user), factories.stored_files()
    factories.upload(library, user)
    url = f"/api/v1/libraries/{library.pk}/"
    answer = api.delete(url)
    assert (answer.status_code, answer.json()["code"]) == (409, "library_not_empty")
    assert library.assets.count() == 1
    with django_capture_on_commit_callbacks(execute=True):
        assert api.delete(f"{url}?purge=true").status_code == 204
    assert not Library.objects.exists()
    assert factories.stored_files() == before


def test_an_empty_library_is_removed_by_its_managers(api: APIClient, user: User) -> None:
    seen = factories.library(user, role=Role.EDITOR)
    assert api.delete(f"/api/v1/libraries/{seen.pk}/").status_code == 403
    assert api.delete(f"/api/v1/libraries/{factories.library(user).pk}/").status_code == 204
    assert Library.objects.get() == seen


def test_folders_form_a_tree_with_unique_names(api: APIClient, user: User) -> None:
    library = factories.library(user)
    url = f"/api/v1/libraries/{library.pk}/folders/"
    parent = api.post(url, {"name": "2026"}, format="json").json()
    child = api.post(url, {"name": "Shoot", "parent": parent["id"]}, format="json")
    assert child.status_code == 201
    again = api.post(url, {"name": "Shoot", "parent": parent["id"]}, format="json")
    assert (again.status_code, again.json()["code"]) == (409, "name_taken")
    foreign = Folder.objects.create(library=factories.library(), name="x")
    assert api.post(url, {"name": "y", "parent": str(foreign.pk)}, format="json").status_code == 400
    assert len(api.get(url).json()["results"]) == 2


def test_tags_come_with_counts_of_live_assets(api: APIClient, user: User) -> None:
    library = factories.library(user)
    factories.upload(library, user, tags=["a", "b"])
    factories.upload(library, user, factories.picture(seed=1), tags=["a"])
    body = api.get(f"/api/v1/libraries/{library.pk}/tags/").json()
    assert [(tag["name"], tag["assets"]) for tag in body["results"]] == [("a", 2), ("b", 1)]
