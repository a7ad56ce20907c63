"""Scopes: what a narrow token or key may and sees, and that it never becomes wider."""

import base64
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.utils import timezone
from rest_framework.test import APIClient

from media_library.models import ApiKey, Library, PersonalToken, User
from media_library.scopes import Grant, WiderGrant
from tests import factories
from tests.media_library.test_api_keys import signed

pytestmark = pytest.mark.django_db

READ = Grant(frozenset({"read"}))
WRITE = Grant(frozenset({"read", "write"}))
TOKENS = "/api/v1/tokens/"


def bearer(user: User, grant: Grant | None = None, **fields: Any) -> APIClient:
    _token, secret = PersonalToken.issue(user, "narrow", grant=grant, **fields)
    return APIClient(headers={"Authorization": f"Bearer {secret}"})


def test_reading_is_not_writing(user: User, library: Library) -> None:
    narrow, folders = bearer(user, READ), f"/api/v1/libraries/{library.pk}/folders/"
    assert narrow.get(folders).status_code == 200
    answer = narrow.post(folders, {"name": "Trips"}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (403, "missing_scope")
    assert bearer(user, WRITE).post(folders, {"name": "Trips"}, format="json").status_code == 201


def test_writing_is_not_deleting(user: User, library: Library) -> None:
    asset = f"/api/v1/assets/{factories.asset(library).pk}/"
    assert bearer(user, WRITE).patch(asset, {"description": "Sea"}, format="json").status_code == 200
    assert bearer(user, WRITE).delete(asset).status_code == 403
    assert bearer(user, Grant(frozenset({"delete"}))).delete(asset).status_code == 204


def test_writing_is_not_administering(user: User, library: Library) -> None:
    place = f"/api/v1/libraries/{library.pk}/"
    assert bearer(user, WRITE).patch(place, {"name": "Other"}, format="json").status_code == 403
    assert bearer(user, WRITE).post("/api/v1/libraries/", {"name": "Other"}, format="json").status_code == 403
    assert bearer(user).patch(place, {"name": "Other"}, format="json").status_code == 200


def test_to_administer_is_not_to_delete(user: User, library: Library) -> None:
    narrow = bearer(user, Grant(frozenset({"read", "write", "admin"})))
    assert narrow.delete(f"/api/v1/libraries/{library.pk}/").status_code == 403
    assert Library.objects.filter(pk=library.pk).exists()


def test_a_role_seen_through_a_narrow_token_is_no_higher_than_it_lets_one_be(user: User, library: Library) -> None:
    place = f"/api/v1/libraries/{library.pk}/"
    roles = [bearer(user, grant).get(place).json()["role"] for grant in (READ, WRITE, None)]
    assert roles == ["viewer", "editor", "manager"]


def test_searches_and_anchors_are_reads(user: User, library: Library) -> None:
    narrow = bearer(user, READ)
    assert narrow.post(f"/api/v1/libraries/{library.pk}/search/", {}, format="json").status_code == 400
    assert narrow.post(f"/api/v1/libraries/{library.pk}/anchors/", {}, format="json").status_code == 400


@pytest.mark.parametrize("superuser", [False, True])
def test_a_token_for_one_library_sees_no_other(user: User, library: Library, *, superuser: bool) -> None:
    User.objects.update(is_superuser=superuser)
    user.refresh_from_db()
    other = factories.library(user, name="Other")
    hidden = factories.asset(other)
    narrow = bearer(user, Grant(libraries=frozenset({library.pk})))
    assert [row["name"] for row in narrow.get("/api/v1/libraries/").json()["results"]] == ["Studio"]
    for place in (f"libraries/{other.pk}/", f"assets/{hidden.pk}/", f"dataset/{other.pk}", f"image/{hidden.pk}"):
        assert narrow.get(f"/api/v1/{place}").status_code == 404, place
    assert narrow.patch(f"/api/v1/assets/{hidden.pk}/", {}, format="json").status_code == 404
    assert narrow.delete(f"/api/v1/dataset/{other.pk}").status_code == 404
    assert narrow.post("/api/v1/libraries/", {"name": "Third"}, format="json").status_code == 403
    assert narrow.post("/api/v1/dataset", {"dataset_name": "Third"}, format="json").status_code == 403


def test_a_deleted_library_leaves_a_token_for_nothing(user: User, library: Library) -> None:
    narrow = bearer(user, Grant(libraries=frozenset({library.pk})))
    factories.library(user, name="Other")
    library.delete()
    assert narrow.get("/api/v1/libraries/").json()["results"] == []


# --- never wider ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "asked",
    [{"scopes": ["read", "delete"]}, {"scopes": ["read"], "libraries": None}, {"scopes": ["read"], "expires_at": None}],
)
def test_a_token_makes_none_that_is_wider(user: User, library: Library, asked: dict[str, Any]) -> None:
    grant = Grant(frozenset({"read", "admin"}), frozenset({library.pk}))
    narrow = bearer(user, grant, expires_at=timezone.now() + timedelta(days=1))
    answer = narrow.post(TOKENS, {"name": "child"} | asked, format="json")
    assert (answer.status_code, answer.json()["code"]) == (403, "wider_grant")
    assert PersonalToken.objects.count() == 1


def test_what_is_not_asked_for_is_as_in_the_token_that_asks(user: User, library: Library) -> None:
    until = timezone.now() + timedelta(days=1)
    grant = Grant(frozenset({"read", "admin"}), frozenset({library.pk}))
    made = bearer(user, grant, expires_at=until).post(TOKENS, {"name": "child"}, format="json").json()
    assert (made["scopes"], made["libraries"]) == (["read", "admin"], [str(library.pk)])
    child = PersonalToken.objects.get(pk=made["id"])
    assert child.expires_at == until
    assert APIClient(headers={"Authorization": f"Bearer {made['token']}"}).get("/api/v1/libraries/").status_code == 200


def test_a_token_without_admin_makes_none(user: User) -> None:
    assert bearer(user, WRITE).post(TOKENS, {"name": "child", "scopes": ["read"]}, format="json").status_code == 403


def test_a_key_for_a_library_of_somebody_else_is_refused(user: User) -> None:
    other = factories.library(factories.user("bob"))
    for pk in (other.pk, uuid4()):
        answer = bearer(user).post(TOKENS, {"name": "child", "libraries": [str(pk)]}, format="json")
        assert (answer.status_code, set(answer.json()["fields"])) == (400, {"libraries"})


def test_keys_are_bound_by_the_same_rule(user: User) -> None:
    user.grant = READ
    with pytest.raises(WiderGrant):
        ApiKey.issue(user, "child", grant=WRITE)


@pytest.mark.parametrize("kind", [PersonalToken, ApiKey])
def test_the_database_refuses_to_change_scopes_and_libraries(user: User, library: Library, kind: Any) -> None:
    made, _secret = kind.issue(user, "narrow", grant=Grant(frozenset({"read"}), frozenset({library.pk})))
    for change in ({"scopes": ["read", "write"]}, {"libraries": None}):
        with pytest.raises(IntegrityError, match="fixed"), transaction.atomic():
            kind.objects.filter(pk=made.pk).update(**change)
    kind.objects.filter(pk=made.pk).update(name="renamed")


# --- tokens over REST -------------------------------------------------------------------------------------------------


def test_a_token_is_made_listed_and_revoked(user: User) -> None:
    full = bearer(user)
    made = full.post(TOKENS, {"name": "script", "scopes": ["read"]}, format="json")
    assert made.status_code == 201
    listed = full.get(TOKENS).json()["results"]
    assert [row["name"] for row in listed] == ["script", "narrow"]
    assert "token" not in listed[0]
    assert made.json()["token"] not in full.get(TOKENS).content.decode()
    assert full.delete(f"{TOKENS}{made.json()['id']}/").status_code == 204
    assert full.delete(f"{TOKENS}{made.json()['id']}/").status_code == 404


def test_its_use_is_noted(user: User) -> None:
    full = bearer(user)
    assert full.get(TOKENS).json()["results"][0]["last_used_at"] is not None


def test_a_narrow_token_neither_sees_nor_revokes_a_wider_one(user: User, library: Library) -> None:
    wide, _secret = PersonalToken.issue(user, "wide")
    for grant in (Grant(frozenset({"read", "admin"})), Grant(libraries=frozenset({library.pk}))):
        narrow = bearer(user, grant)
        assert narrow.get(TOKENS).json()["results"][0]["name"] == "narrow"
        assert "wide" not in narrow.get(TOKENS).content.decode()
        assert narrow.delete(f"{TOKENS}{wide.pk}/").status_code == 404


def test_other_peoples_tokens_do_not_exist(user: User) -> None:
    other, _secret = PersonalToken.issue(factories.user("bob"), "his")
    assert bearer(user).delete(f"{TOKENS}{other.pk}/").status_code == 404
    assert "his" not in str(bearer(user).get(TOKENS).json())


@pytest.mark.parametrize(
    "body",
    [{}, {"name": ""}, {"name": "x", "scopes": []}, {"name": "x", "scopes": ["root"]}, {"name": "x", "libraries": []},
     {"name": "x", "libraries": ["a"]}, {"name": "x", "expires_at": "2001-01-01T00:00:00Z"}, {"name": "x" * 101}],
)  # fmt: skip
def test_nonsense_makes_no_token(user: User, body: dict[str, Any]) -> None:
    full = bearer(user)
    assert full.post(TOKENS, body, format="json").status_code == 400
    assert PersonalToken.objects.count() == 1


# --- keys, in every way that they sign in -----------------------------------------------------------------------------


def test_a_narrow_key_is_narrow_however_it_signs_in(user: User, library: Library) -> None:
    key, secret = ApiKey.issue(user, "narrow", grant=READ)
    basic = "Basic " + base64.b64encode(f"{key.key}:{secret}".encode()).decode()
    bought = APIClient().post("/api/v1/token/", {"api_key": key.key, "api_secret": secret}, format="json").json()
    for authorization in (basic, f"Bearer {signed((key, secret))}", f"Bearer {bought['access']}"):
        narrow = APIClient(headers={"Authorization": authorization})
        place = f"/api/v1/libraries/{library.pk}/folders/"
        assert narrow.get(place).status_code == 200
        assert narrow.post(place, {"name": "Trips"}, format="json").json()["code"] == "missing_scope"


def test_the_commands_make_narrow_ones(user: User, library: Library) -> None:
    call_command("create_token", "ann", "--scopes", "read,write", "--library", library.slug)
    assert PersonalToken.objects.get().grant == Grant(frozenset({"read", "write"}), frozenset({library.pk}))
    call_command("create_api_key", "ann", "--scopes", "read")
    assert ApiKey.objects.get().grant == READ
    for wrong in (["--scopes", "root"], ["--library", "nowhere"]):
        with pytest.raises(CommandError):
            call_command("create_token", "ann", *wrong)
