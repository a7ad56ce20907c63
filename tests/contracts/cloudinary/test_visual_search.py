from typing import Any

import pytest

from media_library import fetch
from media_library.models import Library
from search.models import EmbeddingModel
from tests import factories
from tests.contracts.cloudinary.cloud import Cloud

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fake_embedder", "enqueued", "eager")]

COLORS = ["red", "green", "blue", "orange"]


@pytest.fixture
def pictures(library: Library, model: EmbeddingModel, fake_embedder: Any) -> dict[str, str]:
    """One asset per colour: colour -> id. The names are all the same, so that words could not help."""
    return {
        color: str(factories.embedded(library, model, fake_embedder.encode_texts([color])[0], public_id=color).pk)
        for color in COLORS
    }


def search(cloud: Cloud, **params: Any) -> dict[str, Any]:
    answer = cloud.get("resources/visual_search", params)
    assert answer.status_code == 200, answer.json()
    return answer.json()


def names(body: dict[str, Any]) -> list[str]:
    return [found["public_id"] for found in body["resources"]]


def test_text(cloud: Cloud, pictures: dict[str, str]) -> None:
    body = search(cloud, text="red")
    assert names(body)[0] == "red"
    scores = [found["score"] for found in body["resources"]]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] == pytest.approx(1, abs=1e-3)
    assert body["total_count"] == 4
    assert isinstance(body["time"], int)
    assert "next_cursor" not in body
    assert body["resources"][0]["asset_id"] == pictures["red"]


def test_an_asset(cloud: Cloud, pictures: dict[str, str]) -> None:
    assert names(search(cloud, image_asset_id=pictures["blue"]))[0] == "blue"
    assert names(search(cloud, image_asset_id=pictures["blue"].replace("-", "")))[0] == "blue"


def test_a_file(cloud: Cloud, pictures: dict[str, str]) -> None:
    file = factories.file(factories.picture("green"), "file")
    body = cloud.admin("post", "resources/visual_search", {"image_file": file}, format="multipart").json()
    assert names(body)[0] == "green"


@pytest.mark.parametrize("name", ["image_url", "image_file"])
def test_an_address(cloud: Cloud, pictures: dict[str, str], monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    def fetched(url: str) -> fetch.Fetched:
        import io

        content = factories.picture("orange")
        return fetch.Fetched(io.BytesIO(content), "x.png", len(content))

    monkeypatch.setattr(fetch, "fetch", fetched)
    assert names(search(cloud, **{name: "https://example.com/x.png"}))[0] == "orange"


def test_a_private_address_is_400(cloud: Cloud, model: EmbeddingModel) -> None:
    assert cloud.get("resources/visual_search", {"image_url": "http://127.0.0.1/"}).status_code == 400


def test_post_is_the_same(cloud: Cloud, pictures: dict[str, str]) -> None:
    body = cloud.admin("post", "resources/visual_search", {"text": "red", "max_results": 2}).json()
    assert names(body) == names(search(cloud, text="red", max_results=2))


def test_pages(cloud: Cloud, pictures: dict[str, str]) -> None:
    first = search(cloud, text="red", max_results=3)
    second = search(cloud, text="red", max_results=3, next_cursor=first["next_cursor"])
    assert names(first) + names(second) == names(search(cloud, text="red"))
    assert "next_cursor" not in second


def test_a_threshold_ends_the_list(cloud: Cloud, pictures: dict[str, str]) -> None:
    everything = search(cloud, text="red")
    least = everything["resources"][1]["score"]
    body = search(cloud, text="red", threshold=least, max_results=3)
    assert names(body) == names(everything)[:2]
    assert "next_cursor" not in body
    assert names(search(cloud, text="red", threshold=1.0, max_results=1)) in ([], ["red"])


def test_excluded_and_deleted_pictures_are_not_found(cloud: Cloud, library: Library, pictures: dict[str, str]) -> None:
    from django.utils import timezone

    library.assets.filter(public_id="red").update(visual_search=False)
    library.assets.filter(public_id="orange").update(deleted_at=timezone.now())
    assert set(names(search(cloud, text="red"))) == {"green", "blue"}


def test_words_do_not_count(cloud: Cloud, library: Library, pictures: dict[str, str]) -> None:
    library.assets.filter(public_id="blue").update(display_name="red red red", description="red")
    order = names(search(cloud, text="red"))
    library.assets.filter(public_id="blue").update(display_name="Picture", description="")
    assert names(search(cloud, text="red")) == order
    assert "blue" in order[1:]


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"text": "x", "image_url": "https://example.com/x.png"},
        {"text": ""},
        {"text": "x" * 501},
        {"text": "x", "max_results": 501},
        {"text": "x", "max_results": 0},
        {"text": "x", "threshold": "2"},
        {"text": "x", "threshold": "high"},
        {"text": "x", "next_cursor": "nonsense"},
    ],
)
def test_nonsense_is_400(cloud: Cloud, model: EmbeddingModel, params: dict[str, Any]) -> None:
    answer = cloud.get("resources/visual_search", params)
    assert answer.status_code == 400
    assert answer.json()["error"]["message"]


def test_pictures_of_others_are_no_examples(cloud: Cloud, model: EmbeddingModel) -> None:
    foreign = factories.embedded(factories.library(factories.user()), model, [1.0] * 48)
    for asset_id in (str(foreign.pk), "nonsense"):
        assert cloud.get("resources/visual_search", {"image_asset_id": asset_id}).status_code == 404


def test_a_picture_without_a_vector_is_409(cloud: Cloud, library: Library, model: EmbeddingModel) -> None:
    answer = cloud.get("resources/visual_search", {"image_asset_id": str(factories.asset(library).pk)})
    assert answer.status_code == 409
    assert "indexed" in answer.json()["error"]["message"]
