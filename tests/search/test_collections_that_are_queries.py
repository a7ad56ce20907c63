"""Collections of what a query finds now: a filter, or a search."""

from typing import Any
from uuid import uuid4

import pytest
from rest_framework.test import APIClient

from media_library import collections, ingest
from media_library.models import Asset, Collection, Library, User
from search.models import EmbeddingModel
from tests import factories
from tests.search.searching import fan

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("enqueued", "fake_embedder")]


@pytest.fixture
def url(library: Library) -> str:
    return f"/api/v1/libraries/{library.pk}/collections/"


def make(api: APIClient, url: str, params: Any, **more: Any) -> Any:
    return api.post(url, {"name": f"Query {uuid4()}", "params": params, **more}, format="json")


def shown(answer: Any) -> list[str]:
    return [asset["display_name"] for asset in answer.json()["results"]]


def test_a_filter_holds_what_passes_it_now(api: APIClient, url: str, library: Library) -> None:
    wide = factories.asset(library, display_name="wide", width=900)
    made = make(api, url, {"min_width": 800, "formats": ["png", "jpg"]}).json()
    assert (made["kind"], made["assets"]) == ("query", 1)
    assert made["params"] == {"min_width": ["800"], "formats": ["png", "jpeg"]}
    factories.asset(library, display_name="wider", width=1000)
    assert shown(api.get(made["assets_url"])) == ["wider", "wide"]
    wide.delete()
    assert shown(api.get(made["assets_url"])) == ["wider"]
    assert api.get(url).json()["results"][0]["assets"] is None


def test_a_search_holds_what_it_ranks_in_its_order(
    api: APIClient, url: str, library: Library, model: EmbeddingModel
) -> None:
    pictures = fan(library, model, 6)
    made = make(api, url, {"like": [str(pictures[2].pk)]}).json()
    query = api.get(f"/api/v1/libraries/{library.pk}/search/", {"like": str(pictures[2].pk)}).json()["results"]
    assert made["assets"] == 6
    assert shown(api.get(made["assets_url"])) == [hit["asset"]["display_name"] for hit in query]
    assert shown(api.get(made["assets_url"], {"sort": "display_name"})) == list("012345")


def test_pages_by_relevance_skip_and_repeat_nothing_while_pictures_come_and_go(
    api: APIClient, url: str, library: Library, model: EmbeddingModel
) -> None:
    pictures = fan(library, model, 6)
    made = make(api, url, {"like": str(pictures[0].pk)}).json()
    first = api.get(made["assets_url"], {"limit": 2})
    factories.embedded(library, model, [1.0] + [0.0] * 47, display_name="nearer")
    Asset.objects.filter(pk=pictures[3].pk).trash()
    second = api.get(made["assets_url"], {"limit": 9, "cursor": first.json()["next_cursor"]})
    assert shown(first) + shown(second) == ["0", "1", "2", "4", "5"]
    assert second.json()["next_cursor"] is None
    stale = api.get(made["assets_url"], {"cursor": f"{uuid4().hex}.2"})
    assert (stale.status_code, stale.json()["code"]) == (400, "bad_cursor")


def test_a_band_leaves_out_the_weak_hits(api: APIClient, url: str, library: Library, model: EmbeddingModel) -> None:
    example, *_others = fan(library, model, 25)
    params = {"like": str(example.pk)}
    hits = api.get(f"/api/v1/libraries/{library.pk}/search/", params).json()["results"]
    strong = [hit["asset"]["display_name"] for hit in hits if hit["band"] == "strong"]
    made = make(api, url, params, band="strong").json()
    assert made["band"] == "strong"
    assert 0 < made["assets"] < 25
    assert shown(api.get(made["assets_url"])) == strong


def test_what_has_the_words_belongs_to_it_whatever_it_looks_like(
    api: APIClient, url: str, library: Library, model: EmbeddingModel
) -> None:
    fan(library, model, 25)
    factories.embedded(library, model, [-1.0] * 48, display_name="Red Hat")
    factories.asset(library, display_name="Red Shirt")  # not indexed yet
    found = shown(api.get(make(api, url, {"text": "red"}, band="strong").json()["assets_url"]))
    assert {"Red Hat", "Red Shirt"} <= set(found)
    assert len(found) < 25


def test_lists_searches_and_facets_are_narrowed_to_a_search(
    api: APIClient, url: str, library: Library, model: EmbeddingModel
) -> None:
    red, sea = fan(library, model, 2)
    red.tags.set(ingest.tags_named(library, ["red"]))
    factories.asset(library, display_name="not indexed")
    made = make(api, url, {"like": str(red.pk), "tags": "red"}).json()
    params = {"collection": made["id"]}
    base = f"/api/v1/libraries/{library.pk}/"
    assert shown(api.get(f"{base}assets/", params)) == ["0"]
    assert shown(api.get(f"{base}assets/", params | {"sort": "relevance"})) == ["0"]
    assert api.get(f"{base}facets/", params).json()["total"] == 1
    for answer in (
        api.get(f"{base}search/", params | {"like": str(sea.pk)}),
        api.post(f"{base}search/", {"like": [str(sea.pk)], "filters": params}, format="json"),
    ):
        assert [hit["asset"]["display_name"] for hit in answer.json()["results"]] == ["0"]
    assert api.get(f"{base}search/facets/", params | {"like": str(sea.pk)}).json()["total"] == 1


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({}, "empty_query"),
        ({"text": " ", "q": ""}, "empty_query"),
        ({"txet": "red"}, "unknown_parameter"),
        ({"limit": 5}, "unknown_parameter"),
        ({"text": "x" * 501}, "text_too_long"),
        ({"min_width": "wide"}, "bad_parameter"),
        ({"text": {"a": 1}}, "bad_parameter"),
        ({"tags": [["a"]]}, "bad_parameter"),
        ({"folder": str(uuid4())}, "bad_folder"),
        ({"like": "x"}, "bad_id"),
        ({"tags": [str(number) for number in range(501)]}, "too_many_values"),
        ({"anchor": str(uuid4())}, "anchor_expires"),
        ({"text": "red", "entity_type": "OBJECTS"}, "bad_entity_type"),
        ({"text": "red", "weight": "sea:2"}, "bad_weight"),
        ({"collection": str(uuid4())}, "bad_collection"),
    ],
)
def test_a_query_that_would_not_run_is_not_kept(
    api: APIClient, url: str, library: Library, params: dict[str, Any], code: str
) -> None:
    answer = make(api, url, params)
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    kept = make(api, url, {"q": "x"}).json()
    answer = api.patch(f"{url}{kept['id']}/", {"params": params}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert Collection.objects.get().params == {"q": ["x"]}


@pytest.mark.parametrize("params", [[], "text=red", 7, None])
def test_what_is_no_object_is_refused(api: APIClient, url: str, params: Any) -> None:
    answer = make(api, url, params)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


def test_an_example_of_another_library_does_not_exist(api: APIClient, url: str) -> None:
    foreign = factories.asset(factories.library())
    assert make(api, url, {"like": str(foreign.pk)}).status_code == 404
    assert make(api, url, {"unlike": str(foreign.pk), "text": "red"}).status_code == 404


def test_a_query_may_look_in_what_was_picked_but_not_in_another_query(
    api: APIClient, url: str, library: Library, user: User
) -> None:
    asset = factories.asset(library, display_name="picked")
    factories.asset(library, display_name="not picked")
    manual = collections.make(library, user, "Manual")
    collections.add(manual, user, [asset.pk])
    made = make(api, url, {"collection": str(manual.pk), "q": "picked"}).json()
    assert shown(api.get(made["assets_url"])) == ["picked"]
    nested = make(api, url, {"collection": made["id"]})
    assert (nested.status_code, nested.json()["code"]) == (400, "nested_query")


def test_a_query_takes_no_assets_and_what_is_picked_no_query(
    api: APIClient, url: str, library: Library, user: User
) -> None:
    made = make(api, url, {"q": "x"}).json()
    ids = {"assets": [str(factories.asset(library).pk)]}
    for place in ("assets/", "assets/remove/"):
        answer = api.post(f"{url}{made['id']}/{place}", ids, format="json")
        assert (answer.status_code, answer.json()["code"]) == (409, "not_manual")
    manual = collections.make(library, user, "Manual")
    answer = api.patch(f"{url}{manual.pk}/", {"params": {"q": "x"}}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (409, "has_no_query")
    assert api.post(url, {"name": "x", "band": "likely"}, format="json").status_code == 400


def test_an_example_that_has_gone_is_told_where_the_assets_are_listed(
    api: APIClient, url: str, library: Library, model: EmbeddingModel
) -> None:
    example, _other = fan(library, model, 2)
    made = make(api, url, {"like": str(example.pk)}).json()
    Asset.objects.filter(pk=example.pk).trash()
    everything = f"/api/v1/libraries/{library.pk}/assets/"
    for answer in (api.get(made["assets_url"]), api.get(everything, {"collection": made["id"]})):
        assert (answer.status_code, answer.json()["code"]) == (409, "broken_query")
        assert "example picture" in answer.json()["detail"]
    assert api.get(f"{url}{made['id']}/").json()["assets"] is None
    assert [each["id"] for each in api.get(url).json()["results"]] == [made["id"]]
    changed = api.patch(f"{url}{made['id']}/", {"params": {"q": "1"}}, format="json")
    assert changed.json()["assets"] == 1


def test_a_folder_that_has_gone_is_told_too(api: APIClient, url: str, library: Library) -> None:
    folder = library.folders.create(name="Trips")
    made = make(api, url, {"folder": str(folder.pk)}).json()
    folder.delete()
    answer = api.get(made["assets_url"])
    assert (answer.status_code, answer.json()["code"]) == (409, "broken_query")
    assert "folder" in answer.json()["detail"]
