import gc
import json
import uuid
from typing import Any

import pytest
from django.test import RequestFactory
from pytest_django import DjangoAssertNumQueries
from rest_framework import serializers
from rest_framework.test import APIClient

from media_library.models import Asset, Library, User
from search.api.serializers import FoundSerializer, HitSerializer
from search.models import EmbeddingModel, QueryAnchor
from search.queries import Hit
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fake_embedder", "enqueued", "eager")]


@pytest.fixture
def pictures(library: Library, model: EmbeddingModel, fake_embedder: Any) -> dict[str, str]:
    """One asset per colour: colour -> id."""
    colors = ["red", "green", "blue", "orange"]
    return {
        color: str(factories.embedded(library, model, fake_embedder.encode_texts([color])[0], display_name=color).pk)
        for color in colors
    }


def url(library: Library, path: str) -> str:
    return f"/api/v1/libraries/{library.pk}/{path}/"


def names(body: dict[str, Any]) -> list[str]:
    return [hit["asset"]["display_name"] for hit in body["results"]]


def test_text_answers_with_hits_distances_and_the_plan(
    api: APIClient, library: Library, pictures: dict[str, str]
) -> None:
    body = api.post(url(library, "search"), {"text": "red"}, format="json").json()
    assert names(body)[0] == "red"
    assert body["results"][0]["distance"] == pytest.approx(0, abs=1e-3)
    assert [hit["distance"] for hit in body["results"]] == sorted(hit["distance"] for hit in body["results"])
    assert (body["plan"], body["total"], body["next_cursor"]) == ("exact", 4, None)
    assert body["query"]["model"] == "Fake"
    assert set(body["took_ms"]) == {"encode", "search", "words", "bands", "load", "total"}
    assert body["results"][0]["asset"]["indexed"] is True


@pytest.mark.parametrize(
    ("params", "statements"),
    [
        ("text=red&keywords=false", 6),  # user, library, model, nearest, assets, audit log
        ("text=red", 9),  # and the terms, what has them, and where
        ("like={red}", 7),  # and the example's vector
        ("like={red}&unlike={blue}&text=green", 7),
        ("anchor={anchor}", 7),  # and the anchor
        ("anchor={anchor}&entity_type=OBJECTS", 6),  # nothing to load
    ],
)
def test_a_search_takes_few_statements(
    api: APIClient,
    library: Library,
    pictures: dict[str, str],
    params: str,
    statements: int,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    anchor = api.post(url(library, "anchors"), {"file": factories.file()}).json()
    address = f"{url(library, 'search')}?{params.format(anchor=anchor['id'], **pictures)}"
    api.get(address)  # how large the scope is and what the background is are remembered
    with django_assert_num_queries(statements):
        assert api.get(address).status_code == 200


def test_an_answer_leaves_none_of_its_pictures_to_the_garbage_collector(
    api: APIClient, library: Library, pictures: dict[str, str]
) -> None:
    def kept() -> int:
        return sum(type(thing) in {Asset, Hit} for thing in gc.get_objects())

    gc.collect()
    gc.disable()
    try:
        before = kept()
        assert len(api.get(url(library, "search"), {"like": pictures["red"]}).json()["results"]) == 4
        assert kept() == before
    finally:
        gc.enable()


def test_a_hit_is_what_its_declared_fields_say(library: Library, model: EmbeddingModel) -> None:
    region = factories.region(factories.asset(library), label="car")
    asset = Asset.objects.with_tag_names().get(pk=region.asset_id)
    request = RequestFactory().get("/")
    one = HitSerializer(context={"request": request, "indexed": {asset.pk}})
    ids = FoundSerializer()
    for hit in (
        Hit(
            id=region.pk,
            asset=asset,
            distance=0.25,
            band="strong",
            position=0,
            reasons=("visual", "name:car"),
            region=region,
        ),
        Hit(id=asset.pk, asset=asset, distance=None, band=None, position=1, reasons=("name:car",), stack=(region.pk,)),
    ):
        for written in (one, ids):
            assert written.to_representation(hit) == serializers.Serializer.to_representation(written, hit)


def test_ids_alone_are_those_of_the_whole_answer(
    api: APIClient, library: Library, pictures: dict[str, str], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    asked = {"text": "red", "like": [pictures["green"]], "limit": 3}
    whole = api.get(url(library, "search"), asked).json()
    got = api.get(url(library, "search/ids"), asked).json()
    posted = api.post(url(library, "search/ids"), asked, format="json").json()
    assert got["results"] == posted["results"]
    for one, hit in zip(got["results"], whole["results"], strict=True):
        assert one == {"id": hit["asset"]["id"]} | {name: hit[name] for name in one if name != "id"}
    told = ("total", "strong", "query", "plan")
    assert [got[name] for name in told] == [whole[name] for name in told]
    with django_assert_num_queries(6):  # user, library, example, model, nearest, audit log
        api.get(url(library, "search/ids"), asked)
    Asset.objects.filter(pk=got["results"][1]["id"]).delete()
    again = api.get(url(library, "search/ids"), {**asked, "limit": 2, "cursor": f"{got['next_cursor'][:-1]}0"}).json()
    assert [hit["id"] for hit in again["results"]] == [got["results"][at]["id"] for at in (0, 2)]


def test_among_objects_ids_are_of_regions(
    api: APIClient, library: Library, model: EmbeddingModel, fake_embedder: Any
) -> None:
    region = factories.embedded_region(factories.asset(library), model, fake_embedder.encode_texts(["red"])[0])
    params = {"text": "red", "entity_type": "OBJECTS"}
    assert [hit["id"] for hit in api.get(url(library, "search/ids"), params).json()["results"]] == [str(region.pk)]
    region.asset.delete()
    assert api.get(url(library, "search/ids"), params).json()["results"] == []


def test_get_and_post_give_the_same(api: APIClient, library: Library, pictures: dict[str, str]) -> None:
    got = api.get(url(library, "search"), {"like": pictures["green"], "limit": 2}).json()
    posted = api.post(url(library, "search"), {"like": [pictures["green"]], "limit": 2}, format="json").json()
    assert got["results"] == posted["results"]
    assert len(got["results"]) == 2


def test_similar_is_the_same_search_with_the_asset_first(
    api: APIClient, library: Library, pictures: dict[str, str]
) -> None:
    body = api.get(f"/api/v1/assets/{pictures['blue']}/similar/").json()
    assert names(body)[0] == "blue"
    assert len(body["results"]) == 4


def test_an_uploaded_picture_becomes_an_anchor_to_search_with(
    api: APIClient, library: Library, pictures: dict[str, str]
) -> None:
    answer = api.post(url(library, "anchors"), {"file": factories.file(factories.picture("green"))})
    anchor = answer.json()
    assert answer.status_code == 201, anchor
    assert anchor["type"] == "UPLOAD"
    assert names(api.get(url(library, "search"), {"anchor": anchor["id"]}).json())[0] == "green"
    assert api.get(anchor["thumb"]).status_code == 200


def test_a_box_searches_with_a_part_of_the_picture(api: APIClient, library: Library, pictures: dict[str, str]) -> None:
    from io import BytesIO

    from PIL import Image

    halves = Image.new("RGB", (200, 100), "blue")
    halves.paste("orange", (100, 0, 200, 100))
    buffer = BytesIO()
    halves.save(buffer, "PNG")
    box = json.dumps({"x": 0.5, "y": 0, "width": 0.5, "height": 1})
    answer = api.post(url(library, "anchors"), {"file": factories.file(buffer.getvalue()), "box": box})
    found = api.get(url(library, "search"), {"anchor": answer.json()["id"]}).json()
    assert names(found)[0] == "orange"
    assert found["results"][0]["distance"] < 0.01


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        ({}, 400, "invalid"),
        ({"image_url": "http://127.0.0.1/x.png"}, 400, "private_address"),
        ({"image_url": "ftp://example.com/x.png"}, 400, "bad_url"),
        ({"asset": str(uuid.uuid4())}, 404, "not_found"),
        ({"asset": "x"}, 400, "invalid"),
    ],
)
def test_bad_anchors_get_a_sentence(
    api: APIClient, library: Library, model: EmbeddingModel, data: dict[str, Any], status: int, code: str
) -> None:
    answer = api.post(url(library, "anchors"), data, format="json")
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert not QueryAnchor.objects.exists()


@pytest.mark.parametrize(
    ("content", "box", "code"),
    [
        (b"", None, "empty"),
        (b"not a picture", None, "not_an_image"),
        (factories.picture()[:-9], None, "truncated"),
        (factories.picture(), '{"x": 0.9, "y": 0, "width": 0.5, "height": 1}', "bad_box"),
        (factories.picture(), '{"x": 0, "y": 0, "width": 0.01, "height": 0.01}', "box_too_small"),
        (factories.picture(), '"a box"', "bad_box"),
    ],
)
def test_bad_query_pictures_leave_nothing_behind(
    api: APIClient, library: Library, model: EmbeddingModel, content: bytes, box: str | None, code: str
) -> None:
    before = factories.stored_files()
    data = {"file": factories.file(content), **({"box": box} if box else {})}
    answer = api.post(url(library, "anchors"), data)
    assert answer.json()["code"] == code
    assert 400 <= answer.status_code < 500
    assert factories.stored_files() == before


def test_strangers_find_neither_library_nor_anchor(api: APIClient, library: Library, pictures: dict[str, str]) -> None:
    anchor = api.post(url(library, "anchors"), {"file": factories.file()}).json()
    stranger = APIClient()
    stranger.force_login(factories.user())
    assert stranger.get(url(library, "search"), {"text": "red"}).status_code == 404
    assert stranger.post(url(library, "anchors"), {"file": factories.file()}).status_code == 404
    assert stranger.get(anchor["thumb"]).status_code == 404
    own = factories.library(User.objects.latest("pk"))
    assert stranger.get(url(own, "search"), {"anchor": anchor["id"]}).status_code == 404


def test_an_unindexed_example_is_said(api: APIClient, library: Library, model: EmbeddingModel) -> None:
    answer = api.get(f"/api/v1/assets/{factories.asset(library).pk}/similar/")
    assert (answer.status_code, answer.json()["code"]) == (409, "not_indexed")


def test_without_a_model_searching_is_answered_with_busy(api: APIClient, library: Library) -> None:
    answer = api.get(url(library, "search"), {"text": "red"})
    assert (answer.status_code, answer.json()["code"]) == (503, "no_model")
    assert answer["Retry-After"]


def test_by_example_among_what_has_none_of_the_words_nothing_is_found(
    api: APIClient, library: Library, model: EmbeddingModel
) -> None:
    asset = factories.embedded(library, model, [1.0] * 48)
    answer = api.get(f"/api/v1/assets/{asset.pk}/similar/", {"q": ".."})
    assert (answer.status_code, answer.json()["results"]) == (200, [])
