import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from media_library import processing
from media_library.models import Asset, Library, Membership, Role, User
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("enqueued", "fake_embedder")]


def post(api: APIClient, library: Library, content: bytes | None = None, name: str = "red.png", **data: Any) -> Any:
    url = f"/api/v1/libraries/{library.pk}/assets/"
    return api.post(url, {"file": factories.file(content, name), **data}, format="multipart")


def test_an_upload_answers_with_the_asset(api: APIClient, library: Library, user: User) -> None:
    fields = {"tags": ["a", "b,c"], "description": "A square", "metadata": json.dumps({"job": 7})}
    answer = post(api, library, **fields)
    body = answer.json()
    assert answer.status_code == 201, body
    assert (body["state"], body["indexed"], body["format"]) == ("processing", False, "png")
    assert sorted(body["tags"]) == ["a", "b", "c"]
    assert body["metadata"] == {"job": 7}
    assert body["uploaded_by"] == user.pk
    assert body["urls"]["thumb"] == f"http://testserver/api/v1/assets/{body['id']}/thumb/"


def test_a_duplicate_is_refused_with_the_existing_id_or_kept(api: APIClient, library: Library) -> None:
    first = post(api, library).json()
    answer = post(api, library)
    assert answer.status_code == 409
    assert answer.json() == {
        "detail": "This library already has this picture.",
        "code": "duplicate",
        "asset": first["id"],
    }
    assert post(api, library, on_duplicate="keep").status_code == 201


@pytest.mark.parametrize(
    ("content", "name", "status", "code"),
    [
        (b"", "a.png", 400, "empty"),
        (b"hello", "a.png", 415, "not_an_image"),
        (factories.picture()[:-9], "a.png", 422, "truncated"),
        (factories.picture(), "a.gif", 415, "wrong_extension"),
    ],
)
def test_bad_files_get_a_sentence_and_a_code(
    api: APIClient, library: Library, content: bytes, name: str, status: int, code: str
) -> None:
    answer = post(api, library, content, name)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json()["detail"].endswith(".")
    assert not Asset.objects.exists()


def test_a_missing_file_names_the_field(api: APIClient, library: Library) -> None:
    answer = api.post(f"/api/v1/libraries/{library.pk}/assets/", {}, format="multipart")
    assert answer.status_code == 400
    assert answer.json()["code"] == "invalid"
    assert "file" in answer.json()["fields"]


def test_lists_are_paged_by_a_cursor_that_stays_true(api: APIClient, library: Library) -> None:
    ids = [str(factories.asset(library, display_name=str(i)).pk) for i in range(5)][::-1]
    url = f"/api/v1/libraries/{library.pk}/assets/"
    first = api.get(url, {"limit": 2}).json()
    factories.asset(library, display_name="newer")
    second = api.get(url, {"limit": 2, "cursor": first["next_cursor"]}).json()
    third = api.get(url, {"limit": 2, "cursor": second["next_cursor"]}).json()
    assert [asset["id"] for page in (first, second, third) for asset in page["results"]] == ids
    assert third["next_cursor"] is None


@pytest.mark.parametrize("sort", ["created_at", "display_name", "-bytes"])
def test_every_order_pages_through_everything_once(api: APIClient, library: Library, sort: str) -> None:
    for i in range(7):
        factories.asset(library, display_name=f"same{i % 3}", bytes=i % 2)
    url, cursor, seen = f"/api/v1/libraries/{library.pk}/assets/", "", []
    while cursor is not None:
        page = api.get(url, {"limit": 3, "sort": sort, "cursor": cursor}).json()
        seen += [asset["id"] for asset in page["results"]]
        cursor = page["next_cursor"]
    assert len(seen) == len(set(seen)) == 7


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"limit": 0}, "bad_limit"),
        ({"limit": "x"}, "bad_limit"),
        ({"sort": "colour"}, "bad_sort"),
        ({"cursor": "x"}, "bad_cursor"),
        ({"folder": "x"}, "bad_id"),
        ({"folder": str(uuid.uuid4())}, "bad_folder"),
        ({"state": "x"}, "bad_state"),
    ],
)
def test_bad_parameters_are_named(api: APIClient, library: Library, params: dict[str, Any], code: str) -> None:
    answer = api.get(f"/api/v1/libraries/{library.pk}/assets/", params)
    assert (answer.status_code, answer.json()["code"]) == (400, code)


def test_words_find_names_descriptions_and_tags(api: APIClient, library: Library, user: User) -> None:
    for name, fields in {
        "Sunset": {},
        "b": {"description": "at sunset"},
        "c": {"tags": ["sunsets"]},
        "d": {},
    }.items():
        factories.upload(library, user, factories.picture(seed=ord(name[0])), name=f"{name}.png", **fields)
    found = api.get(f"/api/v1/libraries/{library.pk}/assets/", {"q": "SUNSET"}).json()["results"]
    assert sorted(asset["display_name"] for asset in found) == ["Sunset", "b", "c"]


def test_patch_changes_named_fields_only(api: APIClient, library: Library) -> None:
    asset = post(api, library, description="old").json()
    answer = api.patch(f"/api/v1/assets/{asset['id']}/", {"display_name": "New", "tags": ["x"]}, format="json")
    assert answer.status_code == 200
    assert (answer.json()["display_name"], answer.json()["tags"]) == ("New", ["x"])
    assert answer.json()["description"] == "old"
    assert answer.json()["public_id"] == asset["public_id"]


def test_delete_moves_to_the_trash_and_restore_brings_it_back(api: APIClient, library: Library) -> None:
    url = f"/api/v1/assets/{post(api, library).json()['id']}/"
    listing = f"/api/v1/libraries/{library.pk}/assets/"
    assert api.delete(url).status_code == 204
    assert api.get(listing).json()["results"] == []
    assert api.get(url).json()["deleted_at"] is not None
    assert api.post(f"{url}restore/").json()["deleted_at"] is None
    assert len(api.get(listing).json()["results"]) == 1
    assert api.delete(f"{url}?purge=true").status_code == 204
    assert api.get(url).status_code == 404


def test_files_come_with_safe_headers_ranges_and_etags(
    api: APIClient, library: Library, django_assert_num_queries: Callable[..., Any]
) -> None:
    asset = post(api, library, name='we"ird\u202e.png').json()
    processing.render_pending()
    file = api.get(f"/api/v1/assets/{asset['id']}/file/")
    content = b"".join(file.streaming_content)
    assert content == factories.picture()
    assert file["Content-Disposition"].startswith("attachment; filename*=UTF-8''")
    assert (file["X-Content-Type-Options"], file["Content-Type"]) == ("nosniff", "image/png")
    part = api.get(f"/api/v1/assets/{asset['id']}/file/", headers={"Range": "bytes=2-5"})
    assert (part.status_code, b"".join(part.streaming_content)) == (206, content[2:6])
    beyond = api.get(f"/api/v1/assets/{asset['id']}/file/", headers={"Range": f"bytes={len(content)}-"})
    assert beyond.status_code == 416
    thumb = api.get(f"/api/v1/assets/{asset['id']}/thumb/")
    assert b"".join(thumb.streaming_content)[8:12] == b"WEBP"
    with django_assert_num_queries(2):  # who asks, and the file of what they may see
        again = api.get(f"/api/v1/assets/{asset['id']}/thumb/", headers={"If-None-Match": thumb["ETag"]})
    assert again.status_code == 304


def test_a_thumbnail_that_is_not_there_yet_is_said(api: APIClient, library: Library) -> None:
    answer = api.get(f"/api/v1/assets/{post(api, library).json()['id']}/thumb/")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_ready")


PATHS = ["", "file/", "thumb/", "preview/", "similar/"]


@pytest.mark.parametrize("path", PATHS)
def test_somebody_elses_asset_does_not_exist(library: Library, user: User, path: str) -> None:
    asset = factories.upload(library, user)
    processing.render_pending()
    stranger = APIClient()
    stranger.force_login(factories.user())
    etag = {"If-None-Match": "*"}
    assert stranger.get(f"/api/v1/assets/{asset.pk}/{path}", headers=etag).status_code == 404


@pytest.mark.parametrize("path", PATHS)
def test_without_signing_in_nothing_is_answered(library: Library, user: User, path: str) -> None:
    asset = factories.upload(library, user)
    answer = APIClient().get(f"/api/v1/assets/{asset.pk}/{path}")
    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")


@pytest.mark.parametrize(
    ("method", "path"),
    [("patch", "/api/v1/assets/{asset}/"), ("delete", "/api/v1/assets/{asset}/"),
     ("post", "/api/v1/libraries/{library}/folders/"), ("patch", "/api/v1/libraries/{library}/"),
     ("delete", "/api/v1/libraries/{library}/")],
)  # fmt: skip
def test_viewers_change_nothing(library: Library, user: User, method: str, path: str) -> None:
    asset = factories.upload(library, user)
    viewer = factories.user()
    Membership.objects.create(library=library, user=viewer, role=Role.VIEWER)
    client = APIClient()
    client.force_login(viewer)
    data = {"name": "x", "display_name": "x"}
    answer = getattr(client, method)(path.format(asset=asset.pk, library=library.pk), data, format="json")
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert Asset.objects.live().count() == 1


def test_what_a_form_does_not_say_of_visual_search_leaves_it_on(api: APIClient, library: Library) -> None:
    answer = api.post(f"/api/v1/libraries/{library.pk}/assets/", {"file": factories.file()}, format="multipart")
    assert answer.json()["visual_search"] is True
    url = f"/api/v1/assets/{answer.json()['id']}/"
    assert api.patch(url, {"description": "New"}, format="multipart").json()["visual_search"] is True
    assert api.patch(url, {"visual_search": "false"}, format="multipart").json()["visual_search"] is False
