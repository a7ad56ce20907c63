"""Originals, fixed sizes and archives, for who may see them."""

import io
import zipfile
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client
from rest_framework.test import APIClient

from media_library.models import Asset, Library, User
from media_library.processing import render_pending
from tests import factories
from tests.contracts.cloudinary.cloud import Cloud
from tests.media_library.pages import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("enqueued")]


@pytest.fixture
def asset(cloud: Cloud) -> Asset:
    body = cloud.post("image/upload", {"public_id": "shoes/red"}, file=factories.file()).json()
    return Asset.objects.get(pk=body["asset_id"])


def content(answer: Any) -> bytes:
    assert answer.status_code == 200, answer.content
    return b"".join(answer.streaming_content)


@pytest.mark.parametrize(
    "rest",
    [
        "shoes/red.png",
        "shoes/red",
        "v1/shoes/red.png",
        "v1700000000/shoes/red.png",
        "s--abcdefgh--/v1/shoes/red.PNG",
    ],
)
def test_the_original(client: Client, asset: Asset, rest: str) -> None:
    answer = client.get(f"/studio/image/upload/{rest}")
    assert content(answer) == factories.picture()
    assert answer["Content-Type"] == "image/png"
    assert answer["Content-Disposition"].startswith("attachment")


def test_the_url_of_a_resource_opens_it(cloud: Cloud, client: Client, asset: Asset) -> None:
    url = cloud.get("resources/image/upload/shoes/red").json()["secure_url"]
    assert content(client.get(urlsplit(url).path)) == factories.picture()


def test_a_program_opens_it_with_its_key(cloud: Cloud, asset: Asset) -> None:
    headers = {"authorization": cloud.basic}
    assert content(APIClient().get("/studio/image/upload/shoes/red.png", headers=headers)) == factories.picture()


@pytest.mark.parametrize("size", ["t_thumb", "t_preview", "c_limit,h_512,w_512"])
def test_the_fixed_sizes(client: Client, asset: Asset, size: str) -> None:
    assert client.get(f"/studio/image/upload/{size}/v1/shoes/red").status_code == 404
    render_pending()
    answer = client.get(f"/studio/image/upload/{size}/v1/shoes/red")
    assert content(answer)[8:12] == b"WEBP"
    assert client.get(f"/studio/image/upload/{size}/shoes/red.webp").status_code == 200


@pytest.mark.parametrize(
    "rest",
    [
        "c_fill,w_100/v1/shoes/red.png",
        "w_100/shoes/red",
        "t_thumb/w_5/v1/shoes/red",
        "t_thumb/v1/shoes/red.png",
        "v1/shoes/red.jpg",
        "e_grayscale/t_thumb/v1/shoes/red.webp",
    ],
)
def test_any_other_transformation_is_400(client: Client, asset: Asset, rest: str) -> None:
    answer = client.get(f"/studio/image/upload/{rest}")
    assert answer.status_code == 400
    assert answer.json()["error"]["message"]


def test_a_name_may_look_like_a_transformation(client: Client, library: Library, user: User) -> None:
    made = factories.upload(library, user)
    Asset.objects.filter(pk=made.pk).update(public_id="w_100/v2/a.b")
    for rest in ("w_100/v2/a.b", "w_100/v2/a.b.png"):
        assert client.get(f"/studio/image/upload/{rest}").status_code == 200


def test_others_do_not_see_it(asset: Asset) -> None:
    path = "/studio/image/upload/shoes/red.png"
    assert APIClient().get(path).status_code == 401
    assert signed_in(factories.user()).get(path).status_code == 404


def test_what_is_not_there_is_404(client: Client, asset: Asset) -> None:
    assert client.get("/studio/image/upload/no.png").status_code == 404
    assert client.get("/nowhere/image/upload/shoes/red.png").status_code == 404
    Asset.objects.filter(pk=asset.pk).update(deleted_at=asset.created_at)
    assert client.get("/studio/image/upload/shoes/red.png").status_code == 404


def unzipped(answer: Any) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content(answer))) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture
def three(cloud: Cloud, asset: Asset) -> None:
    cloud.post("image/upload", {"public_id": "hats/red", "tags": "hat"}, file=factories.file())
    cloud.post("image/upload", {"public_id": "other"}, file=factories.file(factories.picture("blue")))


@pytest.mark.parametrize(
    ("params", "names"),
    [
        ({"public_ids": ["shoes/red", "other"]}, {"shoes/red.png", "other.png"}),
        ({"prefixes": ["shoes/", "hats"]}, {"shoes/red.png", "hats/red.png"}),
        ({"prefixes": ["shoes/", "hats"], "flatten_folders": "1"}, {"red.png", "red(2).png"}),
        ({"tags": ["hat"]}, {"hats/red.png"}),
        ({"fully_qualified_public_ids": ["image/upload/other"]}, {"other.png"}),
        ({"public_ids": ["other", "no"], "allow_missing": "1"}, {"other.png"}),
        ({"public_ids": ["other"], "use_original_filename": "1"}, {"other.png"}),
    ],
)
def test_an_archive(cloud: Cloud, three: None, params: dict[str, Any], names: set[str]) -> None:
    files = unzipped(cloud.post("image/generate_archive", params | {"mode": "download"}))
    assert set(files) == names
    assert "other.png" not in files or files["other.png"] == factories.picture("blue")


def test_an_archive_has_an_address_for_an_hour(cloud: Cloud, three: None, monkeypatch: pytest.MonkeyPatch) -> None:
    body = cloud.post("image/generate_archive", {"tags": ["hat"], "target_format": "zip"}).json()
    assert (body["file_count"], body["resource_type"]) == (1, "raw")
    parts = urlsplit(body["secure_url"])
    assert set(unzipped(APIClient().get(f"{parts.path}?{parts.query}"))) == {"hats/red.png"}
    assert APIClient().get(f"{parts.path}?{parts.query}&tags[]=x").status_code == 401
    from dam.contracts.cloudinary import auth

    now = auth.time.time()
    monkeypatch.setattr(auth.time, "time", lambda: now + 3700)
    assert APIClient().get(f"{parts.path}?{parts.query}").status_code == 401


@pytest.mark.parametrize(
    ("params", "status"),
    [
        ({}, 400),
        ({"public_ids": ["no"]}, 404),
        ({"public_ids": ["other", "no"]}, 404),
        ({"tags": ["no"]}, 404),
        ({"public_ids": ["other"], "target_format": "tgz"}, 400),
        ({"public_ids": ["other"], "transformations": "w_1"}, 400),
        ({"fully_qualified_public_ids": ["video/upload/x"]}, 400),
    ],
)
def test_archives_that_cannot_be(cloud: Cloud, three: None, params: dict[str, Any], status: int) -> None:
    assert cloud.post("image/generate_archive", params).status_code == status


def test_names_in_an_archive_lead_nowhere_outside(cloud: Cloud, asset: Asset) -> None:
    Asset.objects.filter(pk=asset.pk).update(public_id="../../etc/x", display_name="../../y")
    files = unzipped(cloud.post("image/generate_archive", {"public_ids": ["../../etc/x"], "mode": "download"}))
    assert set(files) == {"etc/x.png"}
