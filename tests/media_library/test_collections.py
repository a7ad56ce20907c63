from typing import Any
from uuid import uuid4

import pytest
from rest_framework.test import APIClient

from media_library import collections
from media_library.models import Asset, Collection, CollectionItem, Library, Membership, Role, User
from tests import factories
from tests.members import member, signed_in, stranger

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("enqueued")]


@pytest.fixture
def url(library: Library) -> str:
    return f"/api/v1/libraries/{library.pk}/collections/"


@pytest.fixture
def best(library: Library, user: User) -> Collection:
    return collections.make(library, user, "Best")


@pytest.fixture
def assets(library: Library) -> list[Asset]:
    return [factories.asset(library, display_name=name) for name in "abcdef"]


def put(api: APIClient, url: str, collection: Collection, *assets: Asset, **more: Any) -> Any:
    body = {"assets": [str(asset.pk) for asset in assets], **more}
    return api.post(f"{url}{collection.pk}/assets/", body, format="json")


def held(api: APIClient, url: str, collection: Collection, **params: Any) -> str:
    answer = api.get(f"{url}{collection.pk}/assets/", params)
    return "".join(asset["display_name"] for asset in answer.json()["results"])


def test_a_collection_is_made_changed_and_removed(api: APIClient, url: str, user: User, assets: list[Asset]) -> None:
    made = api.post(url, {"name": " The  best ", "description": "of all"}, format="json")
    body = made.json()
    assert made.status_code == 201
    assert (body["name"], body["kind"], body["params"], body["band"]) == ("The best", "manual", None, None)
    assert (body["owner"], body["assets"], body["assets_url"]) == (
        user.pk,
        0,
        f"http://testserver{url}{body['id']}/assets/",
    )
    changed = api.patch(f"{url}{body['id']}/", {"name": "Better"}, format="json").json()
    assert (changed["name"], changed["description"]) == ("Better", "of all")
    assert [each["name"] for each in api.get(url, {"q": "BETT"}).json()["results"]] == ["Better"]
    assert api.delete(f"{url}{body['id']}/").status_code == 204
    assert api.get(f"{url}{body['id']}/").status_code == 404
    assert Asset.objects.live().count() == 6


def test_assets_stay_in_the_order_in_which_they_were_put(
    api: APIClient, url: str, best: Collection, assets: list[Asset]
) -> None:
    a, b, c, d, e, _f = assets
    assert put(api, url, best, c, a).json() == {"changed": 2}
    assert put(api, url, best, a, b).json() == {"changed": 1}
    assert held(api, url, best) == "cab"
    assert put(api, url, best, b, d, before=str(c.pk)).json() == {"changed": 1}
    assert held(api, url, best) == "bdca"
    assert put(api, url, best, e, before=str(a.pk)).json() == {"changed": 1}
    assert held(api, url, best) == "bdcea"
    assert held(api, url, best, sort="display_name") == "abcde"


def test_there_is_always_room_in_front_of_an_asset(
    api: APIClient, url: str, best: Collection, assets: list[Asset]
) -> None:
    a, b, *others = assets
    put(api, url, best, a, b)
    for turn in range(90):  # each halves the gap
        put(api, url, best, others[turn % 4], before=str(b.pk))
    assert held(api, url, best) == "aefcdb"


def test_what_is_taken_out_stays_in_the_library(
    api: APIClient, url: str, best: Collection, assets: list[Asset]
) -> None:
    put(api, url, best, *assets)
    remove = f"{url}{best.pk}/assets/remove/"
    ids = [str(assets[0].pk), str(assets[5].pk), str(uuid4())]
    assert api.post(remove, {"assets": ids}, format="json").json() == {"changed": 2}
    assert held(api, url, best) == "bcde"
    assert Asset.objects.live().count() == 6


def test_an_asset_may_be_in_many_and_its_collections_are_found(
    api: APIClient, url: str, library: Library, user: User, best: Collection, assets: list[Asset]
) -> None:
    other = collections.make(library, user, "Other")
    for collection in (best, other):
        put(api, url, collection, assets[0])
    found = api.get(url, {"asset": str(assets[0].pk)}).json()["results"]
    assert [(each["name"], each["assets"]) for each in found] == [("Best", 1), ("Other", 1)]
    assert api.get(url, {"asset": str(assets[1].pk)}).json()["results"] == []
    assert api.get(url, {"asset": "x"}).json()["code"] == "bad_id"


def test_what_is_in_the_trash_is_not_shown_and_comes_back_in_its_place(
    api: APIClient, url: str, best: Collection, assets: list[Asset]
) -> None:
    put(api, url, best, *assets)
    Asset.objects.filter(pk=assets[2].pk).trash()
    assert held(api, url, best) == "abdef"
    assert api.get(f"{url}{best.pk}/").json()["assets"] == 5
    api.post(f"/api/v1/assets/{assets[2].pk}/restore/")
    assert held(api, url, best) == "abcdef"


def test_all_are_put_in_or_none(
    api: APIClient, url: str, library: Library, best: Collection, assets: list[Asset]
) -> None:
    trashed = factories.asset(library)
    Asset.objects.filter(pk=trashed.pk).trash()
    for other in (factories.asset(factories.library()), trashed, Asset(pk=uuid4())):
        answer = put(api, url, best, assets[0], other)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    answer = put(api, url, best, assets[0], before=str(assets[1].pk))
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_before")
    assert not CollectionItem.objects.exists()


@pytest.mark.parametrize(
    "body", [{}, {"assets": []}, {"assets": "x"}, {"assets": ["x"]}, {"assets": [None]}, {"assets": {"a": 1}}, [], 7]
)
def test_nonsense_is_refused(api: APIClient, url: str, best: Collection, body: Any) -> None:
    for place in ("assets/", "assets/remove/"):
        answer = api.post(f"{url}{best.pk}/{place}", body, format="json")
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    too_many = {"assets": [str(uuid4()) for _number in range(1001)]}
    assert api.post(f"{url}{best.pk}/assets/", too_many, format="json").status_code == 400


def test_a_name_is_given_once_in_a_library(api: APIClient, url: str, best: Collection) -> None:
    answer = api.post(url, {"name": "Best"}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (409, "name_taken")
    other = api.post(url, {"name": "Other"}, format="json").json()
    assert api.patch(f"{url}{other['id']}/", {"name": "Best"}, format="json").status_code == 409
    for name in ("", " ", "x" * 201, None, ["a"]):
        assert api.post(url, {"name": name}, format="json").status_code == 400


def test_a_list_a_search_and_facets_are_narrowed_to_a_collection(
    api: APIClient, url: str, library: Library, best: Collection, assets: list[Asset]
) -> None:
    put(api, url, best, *assets[:2])
    params = {"collection": str(best.pk)}
    found = api.get(f"/api/v1/libraries/{library.pk}/assets/", params | {"sort": "display_name"}).json()["results"]
    assert [asset["display_name"] for asset in found] == ["a", "b"]
    assert api.get(f"/api/v1/libraries/{library.pk}/facets/", params).json()["total"] == 2
    for nonsense, code in (("x", "bad_id"), (str(uuid4()), "bad_collection")):
        answer = api.get(f"/api/v1/libraries/{library.pk}/assets/", {"collection": nonsense})
        assert (answer.status_code, answer.json()["code"]) == (400, code)


def test_its_assets_take_the_filters_and_orders_of_every_list(
    api: APIClient, url: str, library: Library, best: Collection, assets: list[Asset]
) -> None:
    Asset.objects.filter(pk=assets[1].pk).update(width=900)
    put(api, url, best, *assets[:3])
    assert held(api, url, best, min_width=800) == "b"
    assert api.get(f"{url}{best.pk}/assets/", {"sort": "size"}).json()["code"] == "bad_sort"
    assert api.get(f"{url}{best.pk}/assets/", {"collection": str(best.pk)}).status_code == 400
    everything = f"/api/v1/libraries/{library.pk}/assets/"
    assert api.get(everything, {"sort": "position"}).json()["code"] == "bad_sort"
    ordered = api.get(everything, {"sort": "position", "collection": str(best.pk)}).json()["results"]
    assert [asset["display_name"] for asset in ordered] == ["a", "b", "c"]


def test_contributors_change_what_they_made_and_editors_any(
    library: Library, url: str, best: Collection, assets: list[Asset]
) -> None:
    viewer, contributor, editor = (member(library, role) for role in (Role.VIEWER, Role.CONTRIBUTOR, Role.EDITOR))
    assert viewer.post(url, {"name": "x"}, format="json").status_code == 403
    own = Collection.objects.get(pk=contributor.post(url, {"name": "Own"}, format="json").json()["id"])
    assert put(contributor, url, own, assets[0]).status_code == 200
    for client in (viewer, contributor):
        assert held(client, url, own) == "a"
        assert put(client, url, best, assets[0]).status_code == 403
        assert client.patch(f"{url}{best.pk}/", {"name": "x"}, format="json").status_code == 403
        assert client.delete(f"{url}{best.pk}/").status_code == 403
    assert put(editor, url, own, assets[1]).status_code == 200
    assert editor.delete(f"{url}{own.pk}/").status_code == 204


def test_a_contributor_who_is_made_a_viewer_changes_nothing_any_more(library: Library, url: str) -> None:
    user = factories.user()
    membership = Membership.objects.create(library=library, user=user, role=Role.CONTRIBUTOR)
    own = collections.make(library, user, "Own")
    membership.role = Role.VIEWER
    membership.save()
    assert signed_in(user).delete(f"{url}{own.pk}/").status_code == 403


def test_somebody_elses_collection_does_not_exist(api: APIClient, url: str, best: Collection) -> None:
    theirs = factories.library(owner := factories.user())
    foreign = collections.make(theirs, owner, "Theirs")
    for client, place in ((stranger(), f"{url}{best.pk}/"), (api, f"{url}{foreign.pk}/")):
        for method, path in (("get", ""), ("patch", ""), ("delete", ""), ("get", "assets/"), ("post", "assets/"),
                             ("post", "assets/remove/")):  # fmt: skip
            body = {"assets": [str(uuid4())]} if method == "post" else {}
            assert getattr(client, method)(f"{place}{path}", body).status_code in {404, 415}, (method, path)
