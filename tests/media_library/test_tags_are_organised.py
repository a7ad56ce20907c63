from typing import Any

import pytest
from rest_framework.test import APIClient

from media_library import ingest
from media_library.models import Asset, Library, Role, Tag
from tests import factories
from tests.members import member, stranger

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("enqueued")]


@pytest.fixture
def url(library: Library) -> str:
    return f"/api/v1/libraries/{library.pk}/tags/"


def tagged(library: Library, *names: str) -> Asset:
    asset = factories.asset(library)
    asset.tags.set(ingest.tags_named(library, list(names)))
    return asset


def names(asset: Asset) -> list[str]:
    return sorted(asset.tags.values_list("name", flat=True))


def of(library: Library, name: str) -> int:
    return Tag.objects.get(library=library, name=name).pk


def rename(api: APIClient, url: str, pk: int, name: Any) -> Any:
    return api.patch(f"{url}{pk}/", {"name": name}, format="json")


def test_tags_are_listed_by_their_beginnings_with_counts(api: APIClient, url: str, library: Library) -> None:
    tagged(library, "Sea", "seal", "over sea")
    Asset.objects.filter(pk=tagged(library, "Sea").pk).trash()
    found = api.get(url, {"q": "SEA"}).json()["results"]
    assert sorted((tag["name"], tag["assets"]) for tag in found) == [("Sea", 1), ("seal", 1)]
    assert api.get(url, {"q": "%"}).json()["results"] == []
    assert api.get(f"{url}{found[0]['id']}/").json() == found[0]


def test_a_tag_is_made_before_it_is_given(api: APIClient, url: str) -> None:
    made = api.post(url, {"name": " red   sea "}, format="json")
    assert (made.status_code, made.json()["name"], made.json()["assets"]) == (201, "red sea", 0)
    again = api.post(url, {"name": "Red Sea"}, format="json")
    assert (again.status_code, again.json()["code"]) == (409, "name_taken")


def test_renaming_keeps_the_tag_and_its_assets(api: APIClient, url: str, library: Library) -> None:
    asset = tagged(library, "see")
    pk = of(library, "see")
    assert rename(api, url, pk, "Sea").json() == {"id": pk, "name": "Sea", "assets": 1}
    assert rename(api, url, pk, "SEA").json()["name"] == "SEA"
    assert names(asset) == ["SEA"]


def test_renaming_onto_another_tag_merges_the_two(api: APIClient, url: str, library: Library) -> None:
    both, one, trashed = tagged(library, "see", "sea"), tagged(library, "see"), tagged(library, "see")
    Asset.objects.filter(pk=trashed.pk).trash()
    kept = of(library, "sea")
    merged = rename(api, url, of(library, "see"), "SEA")
    assert (merged.status_code, merged.json()) == (200, {"id": kept, "name": "sea", "assets": 2})
    assert [names(asset) for asset in (both, one, trashed)] == [["sea"]] * 3
    assert Tag.objects.count() == 1


def test_a_tag_of_the_same_name_in_another_library_is_not_merged(api: APIClient, url: str, library: Library) -> None:
    other = tagged(factories.library(), "sea")
    tagged(library, "see")
    assert rename(api, url, of(library, "see"), "sea").status_code == 200
    assert names(other) == ["sea"]


@pytest.mark.parametrize("name", ["", "  ", "x" * 101, None, ["a"], {"a": "b"}])
def test_a_name_that_is_none_is_refused(api: APIClient, url: str, library: Library, name: Any) -> None:
    asset = tagged(library, "sea")
    for answer in (rename(api, url, of(library, "sea"), name), api.post(url, {"name": name}, format="json")):
        assert answer.status_code == 400
        assert answer.json()["detail"]
    assert names(asset) == ["sea"]


def test_removing_a_tag_takes_it_off_all_assets(api: APIClient, url: str, library: Library) -> None:
    asset = tagged(library, "sea", "sky")
    assert api.delete(f"{url}{of(library, 'sea')}/").status_code == 204
    assert names(asset) == ["sky"]
    assert api.delete(f"{url}{'9' * 30}/").status_code == 404


@pytest.mark.parametrize(
    ("role", "post", "change"), [(Role.VIEWER, 403, 403), (Role.CONTRIBUTOR, 201, 403), (Role.EDITOR, 201, 200)]
)
def test_contributors_make_tags_and_editors_change_them(
    library: Library, url: str, role: Role, post: int, change: int
) -> None:
    tagged(library, "sea")
    client = member(library, role)
    assert client.post(url, {"name": "new"}, format="json").status_code == post
    assert rename(client, url, of(library, "sea"), "ocean").status_code == change
    assert client.delete(f"{url}{Tag.objects.order_by('pk')[0].pk}/").status_code == (204 if change == 200 else 403)


def test_somebody_elses_tag_does_not_exist(api: APIClient, url: str, library: Library) -> None:
    foreign = tagged(factories.library(), "sea").tags.get()
    assert api.get(f"{url}{foreign.pk}/").status_code == 404
    assert rename(api, url, foreign.pk, "x").status_code == 404
    assert api.delete(f"{url}{foreign.pk}/").status_code == 404
    assert stranger().get(url).status_code == 404
