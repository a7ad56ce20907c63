from typing import Any
from uuid import uuid4

import pytest
from rest_framework.test import APIClient

from media_library.models import Library, Membership, Role, User
from search.models import EmbeddingModel, SavedSearch
from tests import factories
from tests.members import member, signed_in, stranger
from tests.search.searching import fan

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("enqueued", "fake_embedder")]


@pytest.fixture
def url(library: Library) -> str:
    return f"/api/v1/libraries/{library.pk}/saved-searches/"


def save(api: APIClient, url: str, name: str = "Red", **more: Any) -> Any:
    return api.post(url, {"name": name, "params": {"text": "red"}, **more}, format="json")


def names(api: APIClient, url: str, **params: Any) -> list[str]:
    return [search["name"] for search in api.get(url, params).json()["results"]]


def test_a_search_is_saved_and_run_by_its_address(
    api: APIClient, url: str, library: Library, model: EmbeddingModel, user: User
) -> None:
    pictures = fan(library, model, 3)
    params = {"like": [str(pictures[2].pk)], "not_text": ["red", "blue"], "min_width": 10, "keywords": False}
    saved = save(api, url, params=params)
    body = saved.json()
    assert (saved.status_code, body["shared"], body["owner"]) == (201, False, user.pk)
    assert body["params"] == {
        "like": [str(pictures[2].pk)], "not_text": ["red", "blue"], "min_width": ["10"], "keywords": ["false"],
    }  # fmt: skip
    found = api.get(body["results_url"]).json()
    assert found["query"]["not_text"] == ["red", "blue"]
    assert len(found["results"]) == 3
    assert api.get(f"{url}{body['id']}/").json() == body


def test_filters_alone_are_run_as_a_list(api: APIClient, url: str, library: Library) -> None:
    factories.asset(library, width=900, display_name="wide")
    factories.asset(library)
    saved = save(api, url, params={"min_width": "800"}).json()
    assert [asset["display_name"] for asset in api.get(saved["results_url"]).json()["results"]] == ["wide"]


def test_a_saved_search_is_changed_and_forgotten(api: APIClient, url: str) -> None:
    saved = save(api, url).json()
    changed = api.patch(f"{url}{saved['id']}/", {"name": "Blue", "params": {"text": "blue"}}, format="json").json()
    assert (changed["name"], changed["params"]) == ("Blue", {"text": ["blue"]})
    assert names(api, url, q="LU") == ["Blue"]
    assert api.delete(f"{url}{saved['id']}/").status_code == 204
    assert names(api, url) == []


def test_a_private_search_exists_for_its_owner_alone(api: APIClient, url: str, library: Library) -> None:
    private, shared = save(api, url, "Private").json(), save(api, url, "Shared", shared=True).json()
    editor = member(library, Role.EDITOR)
    assert names(editor, url) == ["Shared"]
    for method in ("get", "patch", "delete"):
        assert getattr(editor, method)(f"{url}{private['id']}/").status_code == 404
    assert editor.get(f"{url}{shared['id']}/").status_code == 200
    assert stranger().get(f"{url}{shared['id']}/").status_code == 404
    assert stranger().get(url).status_code == 404


def test_viewers_save_for_themselves_and_contributors_for_all(library: Library, url: str) -> None:
    viewer, contributor = member(library, Role.VIEWER), member(library, Role.CONTRIBUTOR)
    assert save(viewer, url, shared=True).status_code == 403
    saved = save(viewer, url).json()
    assert viewer.patch(f"{url}{saved['id']}/", {"shared": True}, format="json").status_code == 403
    assert viewer.delete(f"{url}{saved['id']}/").status_code == 204
    assert save(contributor, url, shared=True).status_code == 201


def test_editors_change_what_is_shared_and_only_its_owner_makes_it_private(
    api: APIClient, url: str, library: Library
) -> None:
    saved = save(api, url, shared=True).json()
    contributor, editor = member(library, Role.CONTRIBUTOR), member(library, Role.EDITOR)
    one = f"{url}{saved['id']}/"
    assert contributor.patch(one, {"name": "x"}, format="json").status_code == 403
    assert contributor.delete(one).status_code == 403
    assert editor.patch(one, {"name": "Reds"}, format="json").json()["name"] == "Reds"
    assert editor.patch(one, {"shared": False}, format="json").status_code == 403
    assert api.patch(one, {"shared": False}, format="json").json()["shared"] is False
    assert editor.get(one).status_code == 404


def test_who_leaves_the_library_sees_nothing_of_it_any_more(library: Library, url: str) -> None:
    leaver = factories.user()
    membership = Membership.objects.create(library=library, user=leaver, role=Role.EDITOR)
    saved = save(signed_in(leaver), url).json()
    membership.delete()
    assert signed_in(leaver).get(f"{url}{saved['id']}/").status_code == 404


def test_a_name_is_given_once_by_each_owner(api: APIClient, url: str, library: Library) -> None:
    assert save(api, url).status_code == 201
    again = save(api, url)
    assert (again.status_code, again.json()["code"]) == (409, "name_taken")
    assert save(member(library, Role.VIEWER), url).status_code == 201


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({}, "empty_query"),
        ({"txet": "red"}, "unknown_parameter"),
        ({"weight": "text:99", "text": "a"}, "bad_weight"),
        ({"anchor": str(uuid4())}, "anchor_expires"),
        ({"entity_type": "VIDEOS"}, "bad_entity_type"),
        ({"colors": "mauve"}, "bad_parameter"),
    ],
)
def test_a_search_that_would_not_run_is_not_saved(api: APIClient, url: str, params: Any, code: str) -> None:
    answer = save(api, url, params=params)
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert not SavedSearch.objects.exists()


@pytest.mark.parametrize("body", [{}, {"name": "x"}, {"name": "", "params": {"q": "a"}}, {"name": "x", "params": "q=a"},
                                  {"name": "x", "params": {"q": "a"}, "shared": "perhaps"}, [], "x"])  # fmt: skip
def test_nonsense_is_refused(api: APIClient, url: str, body: Any) -> None:
    answer = api.post(url, body, format="json")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
