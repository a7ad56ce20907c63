from typing import Any
from uuid import uuid4

import pytest
from rest_framework.test import APIClient

from media_library.models import Asset, Folder, Library, Role
from tests import factories
from tests.members import member, stranger

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("enqueued")]


@pytest.fixture
def url(library: Library) -> str:
    return f"/api/v1/libraries/{library.pk}/folders/"


@pytest.fixture
def travel(library: Library) -> Folder:
    return Folder.objects.create(library=library, name="Travel")


@pytest.fixture
def year(travel: Folder) -> Folder:
    return Folder.objects.create(library=travel.library, parent=travel, name="2024")


def patch(api: APIClient, url: str, folder: Folder, **body: Any) -> Any:
    return api.patch(f"{url}{folder.pk}/", body, format="json")


def test_folders_come_with_paths_and_counts(api: APIClient, url: str, library: Library, year: Folder) -> None:
    factories.asset(library, folder=year)
    factories.asset(library, folder=year).delete()
    Asset.objects.filter(pk=factories.asset(library, folder=year).pk).trash()
    found = {folder["path"]: folder for folder in api.get(url).json()["results"]}
    assert found.keys() == {"Travel", "Travel/2024"}
    assert (found["Travel"]["folders"], found["Travel"]["assets"]) == (1, 0)
    assert (found["Travel/2024"]["assets"], found["Travel/2024"]["parent"]) == (1, str(year.parent_id))
    assert api.get(f"{url}{year.pk}/").json() == found["Travel/2024"]


def test_a_list_is_narrowed_to_what_is_right_in_a_folder(api: APIClient, url: str, year: Folder) -> None:
    def names(**params: str) -> list[str]:
        return [folder["name"] for folder in api.get(url, params).json()["results"]]

    assert names(parent="none") == ["Travel"]
    assert names(parent=str(year.parent_id)) == ["2024"]
    assert names(q="RAV") == ["Travel"]
    assert api.get(url, {"parent": "x"}).json()["code"] == "bad_id"
    assert api.get(url, {"parent": str(uuid4())}).json()["code"] == "bad_folder"


def test_a_folder_is_renamed_and_moved(api: APIClient, url: str, year: Folder) -> None:
    assert patch(api, url, year, name=" Summer  24 ").json()["path"] == "Travel/Summer 24"
    assert patch(api, url, year, parent=None).json()["path"] == "Summer 24"
    moved = patch(api, url, year, parent=str(Folder.objects.get(name="Travel").pk), name="24")
    assert (moved.status_code, moved.json()["path"]) == (200, "Travel/24")


def test_a_folder_cannot_be_moved_into_itself_or_below(api: APIClient, url: str, travel: Folder, year: Folder) -> None:
    for parent in (travel, year):
        answer = patch(api, url, travel, parent=str(parent.pk))
        assert (answer.status_code, answer.json()["code"]) == (422, "folder_cycle")
    travel.refresh_from_db()
    assert travel.parent is None


def test_foreign_folders_and_ones_that_do_not_exist_are_told_alike(api: APIClient, url: str, year: Folder) -> None:
    foreign = Folder.objects.create(library=factories.library(), name="x")
    answers = [patch(api, url, year, parent=str(pk)) for pk in (foreign.pk, uuid4())]
    assert [answer.status_code for answer in answers] == [400, 400]
    sentences = {answer.json()["detail"].replace(str(foreign.pk), "") for answer in answers}
    assert len({sentence.split('"')[0] for sentence in sentences}) == 1
    assert api.get(f"{url}{foreign.pk}/").status_code == 404
    assert api.delete(f"{url}{foreign.pk}/").status_code == 404


@pytest.mark.parametrize("name", ["", " ", ".", "..", "a/b", "a\\b", "x" * 256, "\t\n", None, [], {"a": 1}])
def test_a_name_that_no_path_can_hold_is_refused(api: APIClient, url: str, year: Folder, name: Any) -> None:
    for answer in (patch(api, url, year, name=name), api.post(url, {"name": name}, format="json")):
        assert answer.status_code == 400
        assert answer.json()["detail"]
    assert Folder.objects.count() == 2


def test_a_name_is_given_once_in_a_folder(api: APIClient, url: str, library: Library, travel: Folder) -> None:
    other = Folder.objects.create(library=library, name="Other")
    Folder.objects.create(library=library, parent=travel, name="Other")
    for change in ({"name": "Travel"}, {"parent": str(travel.pk)}):
        answer = patch(api, url, other, **change)
        assert (answer.status_code, answer.json()["code"]) == (409, "name_taken")
    assert api.post(url, {"name": "Travel"}, format="json").json()["code"] == "name_taken"


def test_a_folder_that_holds_something_is_not_removed_by_accident(
    api: APIClient, url: str, library: Library, travel: Folder, year: Folder
) -> None:
    asset = factories.asset(library, folder=year)
    for folder in (travel, year):
        answer = api.delete(f"{url}{folder.pk}/")
        assert (answer.status_code, answer.json()["code"]) == (409, "folder_not_empty")
    assert Asset.objects.live().get() == asset


def test_with_recursive_its_pictures_go_to_the_trash_and_come_back(
    api: APIClient, url: str, library: Library, travel: Folder, year: Folder
) -> None:
    asset = factories.asset(library, folder=year)
    earlier = factories.asset(library, folder=travel)
    Asset.objects.filter(pk=earlier.pk).trash()
    outside = factories.asset(library)
    trashed_at = Asset.objects.get(pk=earlier.pk).deleted_at
    assert api.delete(f"{url}{travel.pk}/?recursive=true").status_code == 204
    assert not Folder.objects.exists()
    assert Asset.objects.live().get() == outside
    assert Asset.objects.get(pk=earlier.pk).deleted_at == trashed_at
    assert api.post(f"/api/v1/assets/{asset.pk}/restore/").json()["folder"] is None


def test_an_empty_folder_is_removed(api: APIClient, url: str, year: Folder) -> None:
    assert api.delete(f"{url}{year.pk}/?recursive=perhaps").status_code == 400
    assert api.delete(f"{url}{year.pk}/").status_code == 204
    assert api.delete(f"{url}{year.pk}/").status_code == 404


@pytest.mark.parametrize(
    ("role", "post", "change"), [(Role.VIEWER, 403, 403), (Role.CONTRIBUTOR, 201, 403), (Role.EDITOR, 201, 200)]
)
def test_contributors_make_folders_and_editors_change_them(
    library: Library, url: str, year: Folder, role: Role, post: int, change: int
) -> None:
    client = member(library, role)
    assert client.get(url).status_code == 200
    assert client.post(url, {"name": "New"}, format="json").status_code == post
    assert patch(client, url, year, name="24").status_code == change
    assert patch(client, url, year, parent=None).status_code == change
    assert client.delete(f"{url}{year.pk}/").status_code == (204 if change == 200 else 403)


def test_strangers_find_nothing(url: str, year: Folder) -> None:
    client = stranger()
    for method in ("get", "patch", "delete"):
        assert getattr(client, method)(f"{url}{year.pk}/").status_code == 404
    assert client.get(url).status_code == 404
    assert client.post(url, {"name": "x"}, format="json").status_code == 404


def test_very_deep_trees_have_paths(api: APIClient, url: str, library: Library) -> None:
    parent = None
    for _depth in range(1500):
        parent = Folder(library=library, parent=parent, name="d")
        parent.save()
    assert len(api.get(f"{url}{parent.pk}/").json()["path"]) == 2 * 1500 - 1
