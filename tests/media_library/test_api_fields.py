"""Fields and choices over REST: who makes them, how they look, and what is refused."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from media_library.models import Library, Membership, MetadataField, Role, User
from tests import factories

pytestmark = pytest.mark.django_db

SEASON = {
    "id": "season",
    "label": "Season",
    "type": "choice",
    "choices": [{"id": "s", "value": "Summer"}, {"id": "w", "value": "Winter"}],
}


@pytest.fixture
def address(library: Library) -> str:
    return f"/api/v1/libraries/{library.pk}/fields/"


def made(api: APIClient, address: str, **given: Any) -> Any:
    answer = api.post(address, {"label": "X", "type": "text"} | given, format="json")
    assert answer.status_code == 201, answer.json()
    return answer.json()


def refused(answer: Any) -> tuple[int, str, str]:
    body = answer.json()
    return answer.status_code, body["code"], body["detail"]


def test_a_field_is_made_and_listed(api: APIClient, address: str) -> None:
    body = made(api, address, **SEASON)
    assert {**body, "created_at": 0, "updated_at": 0} == {
        "id": "season", "label": "Season", "type": "choice", "required": False, "default": None,
        "default_disabled": False, "validation": {}, "position": 0, "created_at": 0, "updated_at": 0,
        "choices": [
            {"id": "s", "value": "Summer", "active": True, "position": 0},
            {"id": "w", "value": "Winter", "active": True, "position": 1},
        ],
    }  # fmt: skip
    assert api.get(f"{address}season/").json() == body
    assert api.get(address).json() == {"results": [body], "next_cursor": None}


def test_an_id_is_made_of_the_label(api: APIClient, address: str) -> None:
    assert made(api, address, label="Shot on")["id"] == "shot_on"
    assert made(api, address, label="Shot on")["id"].startswith("shot_on_")


def test_pages_are_in_order_and_take_two_queries_for_the_fields(
    api: APIClient, address: str, django_assert_num_queries: Any
) -> None:
    for number in range(5):
        made(api, address, **(SEASON | {"id": f"f{number}"}))
    api.patch(f"{address}f4/", {"position": 0}, format="json")
    first = api.get(f"{address}?limit=3").json()
    second = api.get(f"{address}?limit=3&cursor={first['next_cursor']}").json()
    assert [field["id"] for field in first["results"] + second["results"]] == ["f0", "f4", "f1", "f2", "f3"]
    with django_assert_num_queries(4):  # user, library, fields, choices
        api.get(address)


def test_what_can_be_changed(api: APIClient, address: str) -> None:
    made(api, address, **SEASON)
    changes = {"label": "Time of year", "required": True, "default": "w", "position": 7}
    body = api.patch(f"{address}season/", {**changes, "id": "other", "type": "text"}, format="json").json()
    assert {name: body[name] for name in changes} == changes
    assert (body["id"], body["type"]) == ("season", "choice")


def test_a_field_is_deleted(api: APIClient, address: str) -> None:
    made(api, address, **SEASON)
    assert api.delete(f"{address}season/").status_code == 204
    assert api.get(f"{address}season/").status_code == 404


def test_choices_come_change_and_go(api: APIClient, address: str) -> None:
    made(api, address, **SEASON)
    choices = f"{address}season/choices/"
    added = api.post(choices, {"value": "Spring"}, format="json")
    assert (added.status_code, added.json()["position"], len(added.json()["id"])) == (201, 2, 16)
    assert api.patch(f"{choices}s/", {"value": "High summer", "position": 9}, format="json").json()["position"] == 9
    assert api.delete(f"{choices}w/").status_code == 204
    listed = api.get(choices).json()["results"]
    assert [(choice["value"], choice["active"]) for choice in listed] == [
        ("Winter", False), ("Spring", True), ("High summer", True)
    ]  # fmt: skip
    assert api.patch(f"{choices}w/", {"active": True}, format="json").json()["active"] is True
    assert refused(api.post(choices, {"id": "s", "value": "x"}, format="json"))[:2] == (409, "choice_taken")


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"id": "a.b"}, "id: Give letters"),
        ({"id": "context.x"}, "id: Give letters"),
        ({"id": "é"}, "id: Give letters"),
        ({"type": "colour"}, "type: "),
        ({"label": ""}, "label: "),
        ({"label": "a\0b"}, "label must be text without NUL"),
        ({"validation": []}, "validation: Give an object."),
        ({"validation": {"min": 1}}, "validation: min is no rule for this type; there are: min_length"),
        ({"validation": {"min_length": -1}}, "validation: min_length is a whole number"),
        ({"validation": {"min_length": 3, "max_length": 2}}, "validation: No value can keep"),
        ({"validation": {"pattern": "("}}, "validation: pattern is a regular expression"),
        ({"validation": {"pattern": "(a{1000}){1000}"}}, "validation: pattern is a regular expression"),
        ({"type": "integer", "validation": {"min": "x"}}, "validation: min: Give a whole number."),
        ({"type": "decimal", "validation": {"above": 1, "max": 1}}, "validation: No value can keep"),
        ({"type": "integer", "default": "x"}, "default: Give a whole number."),
        ({"type": "integer", "validation": {"min": 5}, "default": 4}, "default: Give at least 5."),
        ({"choices": [{"value": "x"}]}, "choices: Only fields of the types"),
        ({"type": "choice", "choices": [{"value": "x"}, {"value": "X"}]}, "choices: Two choices are called X."),
        ({"type": "choice", "choices": [{"id": "a", "value": "x"}, {"id": "a", "value": "y"}]}, "Each id may be"),
        ({"type": "choice", "choices": [{"id": "a/b", "value": "x"}]}, "choices: The id of a choice"),
        ({"type": "choice", "choices": {"a": 1}}, "choices: "),
        ({"type": "choice", "default": "x"}, "default: x is none of the choices"),
        ({"position": -1}, "position: "),
        ({"position": 2**40}, "position: "),
    ],
)
def test_nonsense_is_refused_and_leaves_nothing(api: APIClient, address: str, given: Any, sentence: str) -> None:
    status, _code, detail = refused(api.post(address, {"label": "X", "type": "text"} | given, format="json"))
    assert status == 400
    assert sentence in detail
    assert not MetadataField.objects.exists()


def test_an_id_is_taken_once(api: APIClient, address: str) -> None:
    made(api, address, id="x")
    assert refused(api.post(address, {"id": "x", "label": "X", "type": "text"}, format="json"))[:2] == (
        409, "field_taken"
    )  # fmt: skip


def test_the_default_cannot_be_taken_away(api: APIClient, address: str) -> None:
    made(api, address, **SEASON, default="s")
    status, _code, detail = refused(api.delete(f"{address}season/choices/s/"))
    assert (status, detail) == (400, "choices: Summer is the default: give the field another one first.")


@pytest.mark.parametrize(
    ("role", "status"), [(Role.VIEWER, 403), (Role.CONTRIBUTOR, 403), (Role.EDITOR, 201), (None, 404)]
)
def test_editors_make_fields_and_everyone_in_the_library_reads_them(
    library: Library, address: str, role: Role | None, status: int
) -> None:
    other, api = factories.user(), APIClient()
    if role:
        Membership.objects.create(library=library, user=other, role=role)
    api.force_login(other)
    assert api.get(address).status_code == (200 if role else 404)
    assert api.post(address, SEASON, format="json").status_code == status


@pytest.mark.parametrize(
    ("method", "path"),
    [("patch", "season/"), ("delete", "season/"), ("post", "season/choices/"), ("delete", "season/choices/s/")],
)
def test_viewers_change_nothing(api: APIClient, library: Library, address: str, method: str, path: str) -> None:
    made(api, address, **SEASON)
    viewer, other = factories.user(), APIClient()
    Membership.objects.create(library=library, user=viewer, role=Role.VIEWER)
    other.force_login(viewer)
    answer = getattr(other, method)(address + path, {"value": "x", "label": "x"}, format="json")
    assert answer.status_code == 403


def test_another_library_s_field_is_not_found(api: APIClient, user: User, address: str) -> None:
    made(api, address, **SEASON)
    other = factories.library(user)
    assert api.get(f"/api/v1/libraries/{other.pk}/fields/season/").status_code == 404


def test_managers_say_whether_metadata_is_free(api: APIClient, library: Library) -> None:
    address = f"/api/v1/libraries/{library.pk}/"
    assert api.get(address).json()["free_metadata"] is True
    assert api.patch(address, {"free_metadata": False}, format="json").json()["free_metadata"] is False
    asset = factories.asset(library)
    answer = api.patch(f"/api/v1/assets/{asset.pk}/", {"metadata": {"x": 1}}, format="json")
    assert refused(answer)[:2] == (400, "bad_metadata")
