from typing import Any

import pytest
from rest_framework.test import APIClient

from media_library.models import Library, Membership, Role, User
from tests import factories
from tests.members import member, stranger

pytestmark = pytest.mark.django_db


@pytest.fixture
def url(library: Library) -> str:
    return f"/api/v1/libraries/{library.pk}/members/"


@pytest.fixture
def bob(library: Library) -> User:
    """Somebody who is no member yet."""
    return factories.user("bob", first_name="Bob", last_name="Box")


def add(api: APIClient, url: str, username: Any, role: Any = "viewer") -> Any:
    return api.post(url, {"username": username, "role": role}, format="json")


def test_members_are_named_by_user_name(api: APIClient, url: str, user: User, bob: User) -> None:
    made = add(api, url, "bob", "editor")
    assert made.status_code == 201
    wanted = {"username": "bob", "user": bob.pk, "name": "Bob Box", "role": "editor", "active": True}
    assert made.json() == wanted
    assert api.get(f"{url}bob/").json() == wanted
    assert [(each["username"], each["role"]) for each in api.get(url).json()["results"]] == [
        ("ann", "manager"),
        ("bob", "editor"),
    ]


def test_a_role_is_changed_and_taken_away(api: APIClient, url: str, library: Library, bob: User) -> None:
    add(api, url, "bob")
    assert api.patch(f"{url}bob/", {"role": "contributor"}, format="json").json()["role"] == "contributor"
    assert library.role_of(bob) == Role.CONTRIBUTOR
    assert api.delete(f"{url}bob/").status_code == 204
    assert library.role_of(bob) is None
    assert api.delete(f"{url}bob/").status_code == 404


def test_nobody_learns_of_users_who_are_no_members(api: APIClient, url: str, bob: User) -> None:
    assert [each["username"] for each in api.get(url).json()["results"]] == ["ann"]
    unknown = [api.get(f"{url}{name}/").json() for name in ("bob", "nobody")]
    assert unknown[0] == unknown[1]
    factories.user("gone", is_active=False)
    refused = [add(api, url, name) for name in ("gone", "nobody", "BOB")]
    assert {(answer.status_code, answer.json()["code"]) for answer in refused} == {(400, "unknown_user")}


def test_nobody_is_a_member_twice(api: APIClient, url: str, bob: User) -> None:
    add(api, url, "bob")
    answer = add(api, url, "bob", "manager")
    assert (answer.status_code, answer.json()["code"]) == (409, "already_member")
    assert api.get(f"{url}bob/").json()["role"] == "viewer"


def test_the_last_manager_can_neither_be_removed_nor_demoted(
    api: APIClient, url: str, library: Library, user: User, bob: User
) -> None:
    Membership.objects.create(library=library, role=Role.MANAGER, user=factories.user("left", is_active=False))
    for answer in (api.delete(f"{url}ann/"), api.patch(f"{url}ann/", {"role": "editor"}, format="json")):
        assert (answer.status_code, answer.json()["code"]) == (409, "last_manager")
    assert api.patch(f"{url}ann/", {"role": "manager"}, format="json").status_code == 200
    add(api, url, "bob", "manager")
    assert api.patch(f"{url}ann/", {"role": "editor"}, format="json").status_code == 200
    assert api.get(url).status_code == 403


@pytest.mark.parametrize("role", ["owner", "", None, 4, ["viewer"], "VIEWER"])
def test_a_role_that_there_is_not_is_refused(api: APIClient, url: str, bob: User, role: Any) -> None:
    answer = add(api, url, "bob", role)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert "role" in answer.json()["fields"]


@pytest.mark.parametrize("role", [Role.VIEWER, Role.CONTRIBUTOR, Role.EDITOR])
def test_only_managers_see_and_change_members(url: str, library: Library, bob: User, role: Role) -> None:
    client = member(library, role)
    answers = [
        client.get(url),
        client.get(f"{url}ann/"),
        add(client, url, "bob"),
        client.patch(f"{url}ann/", {"role": "viewer"}, format="json"),
        client.delete(f"{url}ann/"),
    ]
    assert {answer.status_code for answer in answers} == {403}
    assert {stranger().get(url).status_code, stranger().get(f"{url}ann/").status_code} == {404}


def test_a_name_that_cannot_be_one_is_no_failure_of_the_server(api: APIClient, url: str) -> None:
    assert api.get(f"{url}a%00b/").status_code == 400
    assert api.get(f"{url}%ff/").status_code == 404
    assert api.get(f"{url}{'x' * 2000}/").status_code == 404


def test_names_with_signs_are_found(api: APIClient, url: str) -> None:
    factories.user("jo.e+x@example.org")
    assert add(api, url, "jo.e+x@example.org").status_code == 201
    assert api.get(f"{url}jo.e+x@example.org/").json()["role"] == "viewer"
