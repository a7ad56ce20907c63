import uuid
from typing import Any

import pytest
from rest_framework.test import APIClient

from media_library.models import Asset, Library, Role, User
from search.models import DuplicateDecision
from tests import factories
from tests.search.scenes import COPIES, compared, png, scene
from tests.search.test_duplicates_are_decided import paired

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fake_embedder", "enqueued", "model")]


def url(library: Library, path: str = "") -> str:
    return f"/api/v1/libraries/{library.pk}/duplicates/{path}"


def decide(api: APIClient, library: Library, action: str, **data: Any) -> Any:
    return api.post(url(library, "decisions/"), {"action": action, **data}, format="json")


def ids(assets: list[Asset]) -> list[str]:
    return [str(asset.pk) for asset in assets]


def test_groups_come_with_their_assets_kinds_and_scores(api: APIClient, library: Library, user: User) -> None:
    original, same, turned = compared(library, user, scene(1), scene(1), COPIES["turned"](scene(1)))
    body = api.get(url(library)).json()
    (group,) = body["results"]
    kinds = {member["asset"]["id"]: member["kind"] for member in group["members"]}
    assert kinds == {str(original.pk): "", str(same.pk): "exact", str(turned.pk): "near"}
    assert group["members"][0]["asset"]["id"] == str(original.pk)
    assert all(0.82 <= member["score"] <= 1 for member in group["members"])
    assert (group["size"], body["next_cursor"]) == (3, None)
    assert group["members"][0]["asset"]["indexed"] is True


def test_pages_follow_the_cursor(api: APIClient, library: Library) -> None:
    paired(library, *((2 * n, 2 * n + 1) for n in range(5)))
    names, cursor = [], ""
    while cursor is not None:
        body = api.get(url(library), {"limit": 2, "cursor": cursor}).json()
        names += [group["members"][0]["asset"]["display_name"] for group in body["results"]]
        cursor = body["next_cursor"]
    assert names == ["8", "6", "4", "2", "0"]
    assert api.get(url(library), {"cursor": "x"}).json()["code"] == "bad_cursor"


def test_keep_this_one_and_undo(api: APIClient, library: Library) -> None:
    assets = paired(library, (0, 1), (0, 2))
    answer = decide(api, library, "keep_this_one", assets=ids(assets), keep=str(assets[2].pk))
    made = answer.json()
    assert (answer.status_code, made["kept"], set(made["trashed"])) == (201, str(assets[2].pk), set(ids(assets[:2])))
    assert api.get(url(library)).json()["results"] == []
    undone = decide(api, library, "undo", decision=made["id"])
    assert (undone.status_code, set(undone.json()["trashed"])) == (200, set(ids(assets[:2])))
    assert len(api.get(url(library)).json()["results"]) == 1
    assert decide(api, library, "undo", decision=made["id"]).status_code == 404


@pytest.mark.parametrize("action", ["keep_all", "not_duplicates"])
def test_the_other_decisions(api: APIClient, library: Library, action: str) -> None:
    assets = paired(library, (0, 1))
    assert decide(api, library, action, assets=ids(assets)).json()["trashed"] == []
    again = decide(api, library, action, assets=ids(assets))
    assert (again.status_code, again.json()["code"]) == (409, "already_decided")


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ({"action": "merge", "assets": []}, "invalid"),
        ({"action": "keep_all"}, "invalid"),
        ({"action": "undo"}, "invalid"),
        ({"action": "keep_all", "assets": []}, "bad_assets"),
        ({"action": "keep_all", "assets": ["x"]}, "invalid"),
    ],
)
def test_nonsense_is_refused_with_a_code(api: APIClient, library: Library, data: dict[str, Any], code: str) -> None:
    answer = api.post(url(library, "decisions/"), data, format="json")
    assert (answer.status_code, answer.json()["code"]) == (400, code)


def test_a_viewer_sees_and_may_not_decide(library: Library) -> None:
    assets = paired(library, (0, 1))
    viewer, api = factories.user(), APIClient()
    library.memberships.create(user=viewer, role=Role.VIEWER)
    api.force_login(viewer)
    assert len(api.get(url(library)).json()["results"]) == 1
    assert decide(api, library, "keep_all", assets=ids(assets)).status_code == 403
    assert not DuplicateDecision.objects.exists()


def test_for_a_stranger_there_is_no_library_and_an_own_one_opens_no_other(library: Library) -> None:
    assets = paired(library, (0, 1))
    stranger, api = factories.user(), APIClient()
    api.force_login(stranger)
    own = factories.library(stranger)
    assert api.get(url(library)).status_code == 404
    assert decide(api, library, "keep_all", assets=ids(assets)).status_code == 404
    assert decide(api, own, "keep_all", assets=ids(assets)).status_code == 404
    assert api.get(url(own), {"asset": str(assets[0].pk)}).json()["results"] == []
    assert APIClient().get(url(library)).status_code == 401


def test_an_asset_names_what_it_may_be_a_duplicate_of(api: APIClient, library: Library, user: User) -> None:
    original, copy = compared(library, user, scene(1), COPIES["cropped"](scene(1)))
    assert api.get(f"/api/v1/assets/{copy.pk}/").json()["possible_duplicates"] == [str(original.pk)]
    decide(api, library, "not_duplicates", assets=ids([original, copy]))
    assert api.get(f"/api/v1/assets/{copy.pk}/").json()["possible_duplicates"] == []


def test_an_upload_names_an_existing_file_only_to_who_may_see_it(api: APIClient, library: Library, user: User) -> None:
    (held,) = compared(library, user, scene(1))
    file = factories.file(png(scene(1)))
    refused = api.post(f"/api/v1/libraries/{library.pk}/assets/", {"file": file}, format="multipart")
    assert (refused.status_code, refused.json()["asset"]) == (409, str(held.pk))
    stranger, other = factories.user(), APIClient()
    other.force_login(stranger)
    own = factories.library(stranger)
    file = factories.file(png(scene(1)))
    taken = other.post(f"/api/v1/libraries/{own.pk}/assets/", {"file": file}, format="multipart")
    assert (taken.status_code, taken.json()["possible_duplicates"]) == (201, [])


def test_a_group_of_an_asset_that_is_not_there_is_none(api: APIClient, library: Library) -> None:
    assert api.get(url(library), {"asset": str(uuid.uuid4())}).json()["results"] == []
    assert api.get(url(library), {"asset": "x"}).json()["code"] == "bad_id"
