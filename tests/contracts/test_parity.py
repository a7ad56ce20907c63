"""The same question through the page and the three APIs: the same pictures in the same order."""

import re
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from media_library.models import Asset, Library, User
from search.clusters import joining
from search.models import EmbeddingModel
from tests import factories
from tests.contracts.cloudinary.cloud import Cloud
from tests.contracts.visual_layer.asking import explore, post, signed_by

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fake_embedder", "enqueued", "eager")]

COLORS = ["red", "green", "blue", "orange", "white", "yellow", "purple", "brown"]


@pytest.fixture
def assets(library: Library, model: EmbeddingModel, fake_embedder: Any) -> list[Asset]:
    """One per colour, in clusters, and one that nobody may find by its looks."""
    model.cluster_heights = [0.01, 0.03, 0.1, 0.3, 0.6]
    model.save()
    made = [
        factories.embedded(library, model, fake_embedder.encode_texts([color])[0], display_name="picture")
        for color in COLORS
    ]
    joining.join(model, [asset.pk for asset in made])
    factories.embedded(library, model, fake_embedder.encode_texts(["red"])[0], visual_search=False)
    return made


@pytest.fixture
def rest(user: User) -> APIClient:
    return signed_by(user)


def on_page(client: Client, library: Library, **params: Any) -> list[str]:
    answer = client.get(f"/l/{library.slug}/search/", params)
    return re.findall(r'id="card-([0-9a-f-]{36})"', answer.content.decode())


def native(rest: APIClient, library: Library, **params: Any) -> list[str]:
    answer = rest.post(f"/api/v1/libraries/{library.pk}/search/", params, format="multipart")
    return [hit["asset"]["id"] for hit in answer.json()["results"]]


def by_distance(preview: dict[str, Any]) -> tuple[float, str]:
    return preview["relevance_score"], preview["media_id"]


def in_visual_layer(rest: APIClient, library: Library, **params: Any) -> list[str]:
    """Each cluster's pictures stand together there; their scores say the order of all."""
    clusters = explore(rest, library, **params).json()["clusters"]
    previews = [preview for cluster in clusters for preview in cluster["previews"]]
    assert len(previews) == sum(cluster["n_images"] for cluster in clusters)
    return [found["media_id"] for found in sorted(previews, key=by_distance)]


def in_cloudinary(cloud: Cloud, **params: Any) -> list[str]:
    answer = cloud.admin("post", "resources/visual_search", params, format="multipart")
    return [found["asset_id"] for found in answer.json()["resources"]]


def test_by_text(user: User, library: Library, client: Client, rest: APIClient, assets: list[Asset]) -> None:
    """Words in names and tags count in the page and the native API unless they are told not to."""
    found = native(rest, library, text="red", keywords=False)
    assert len(found) == len(COLORS)
    assert found[0] == str(assets[0].pk)
    assert found == on_page(client, library, text="red", keywords="false")
    assert found == in_visual_layer(rest, library, caption="red")
    assert found == in_cloudinary(Cloud(user, library), text="red")


def test_by_an_asset(user: User, library: Library, client: Client, rest: APIClient, assets: list[Asset]) -> None:
    example = str(assets[3].pk)
    found = native(rest, library, like=[example])
    assert len(found) == len(COLORS)
    assert found[0] == example
    assert found == on_page(client, library, like=example)
    assert found == in_visual_layer(rest, library, anchor_media_id=example, anchor_type="MEDIA")
    assert found == in_cloudinary(Cloud(user, library), image_asset_id=example)


def test_by_a_file(user: User, library: Library, client: Client, rest: APIClient, assets: list[Asset]) -> None:
    content = factories.picture("blue")
    found = native(rest, library, file=factories.file(content))
    assert len(found) == len(COLORS)
    assert found[0] == str(assets[2].pk)
    anchor = post(rest, library, content).json()["anchor_media_id"]
    assert found == on_page(client, library, anchor=anchor)
    assert found == in_visual_layer(rest, library, anchor_media_id=anchor, anchor_type="UPLOAD")
    assert found == in_cloudinary(Cloud(user, library), image_file=factories.file(content))


def test_a_stranger_finds_nothing_anywhere(library: Library, assets: list[Asset]) -> None:
    stranger = factories.user("eve")
    example = str(assets[0].pk)
    rest = signed_by(stranger)
    assert rest.get(f"/api/v1/libraries/{library.pk}/search/", {"like": example}).status_code == 404
    assert explore(rest, library, anchor_media_id=example, anchor_type="MEDIA").status_code == 404
    answer = Cloud(stranger, library).get("resources/visual_search", {"image_asset_id": example})
    assert answer.status_code in {401, 404}
    assert "resources" not in answer.json()
