"""The Admin API: lists, details, changes, deletion and restoring of assets; tags, folders, usage, config."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from media_library import ingest
from media_library.models import Asset, Folder, Library, Membership, Role
from tests import factories
from tests.contracts.cloudinary.cloud import Cloud

pytestmark = pytest.mark.django_db


@pytest.fixture
def pictures(library: Library) -> dict[str, Asset]:
    """`a/1` (oldest), `a/2` and `b` (newest), and some that must never be seen."""
    folder = Folder.objects.create(library=library, name="Travel")
    made = {
        name: factories.asset(library, public_id=name, folder=folder if name == "a/1" else None)
        for name in ("a/1", "a/2", "b")
    }
    for days, asset in enumerate(reversed(made.values())):
        Asset.objects.filter(pk=asset.pk).update(created_at=timezone.now() - timedelta(days=days))
    made["a/1"].tags.set(ingest.tags_named(library, ["Red", "x/y"]))
    made["b"].tags.set(ingest.tags_named(library, ["blue"]))
    Asset.objects.filter(public_id="a/1").update(metadata={"context.k": "v"})
    gone = factories.asset(library, public_id="gone", deleted_at=timezone.now())
    gone.tags.set(ingest.tags_named(library, ["Red", "unused"]))
    foreign = factories.asset(factories.library(name="Other"), public_id="foreign", metadata={"context.k": "v"})
    return made | {"gone": gone, "foreign": foreign}


def ids(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.json()
    return [found["public_id"] for found in answer.json()["resources"]]


@pytest.mark.parametrize(
    ("path", "params", "found"),
    [
        ("resources/image", {}, ["b", "a/2", "a/1"]),
        ("resources/image/upload", {}, ["b", "a/2", "a/1"]),
        ("resources/image", {"direction": "asc"}, ["a/1", "a/2", "b"]),
        ("resources/image/upload", {"prefix": "a/"}, ["a/2", "a/1"]),
        ("resources/image/upload", {"public_ids[]": ["b", "gone", "foreign", "no"]}, ["b"]),
        ("resources/image/tags/red", {}, ["a/1"]),
        ("resources/image/tags/x/y", {}, ["a/1"]),
        ("resources/image/tags/unused", {}, []),
        ("resources/image/context", {"key": "k"}, ["a/1"]),
        ("resources/image/context", {"key": "k", "value": "v"}, ["a/1"]),
        ("resources/image/context", {"key": "k", "value": "w"}, []),
        ("resources/by_asset_folder", {"asset_folder": "Travel"}, ["a/1"]),
        ("resources/by_asset_folder", {"asset_folder": ""}, ["b", "a/2"]),
    ],
)
def test_lists(cloud: Cloud, pictures: Any, path: str, params: dict[str, Any], found: list[str]) -> None:
    assert ids(cloud.get(path, params)) == found


def test_by_asset_ids(cloud: Cloud, pictures: dict[str, Asset]) -> None:
    wanted = [str(asset.pk) for asset in pictures.values()] + ["nonsense"]
    assert set(ids(cloud.get("resources/by_asset_ids", {"asset_ids[]": wanted}))) == {"a/1", "a/2", "b"}


def test_start_at(cloud: Cloud, pictures: Any) -> None:
    start = timezone.now() - timedelta(days=1, hours=12)
    for text in (start.isoformat(), start.strftime("%a, %d %b %Y %H:%M:%S GMT")):
        assert ids(cloud.get("resources/image", {"start_at": text})) == ["b", "a/2"]
    assert cloud.get("resources/image", {"start_at": "soon"}).status_code == 400


def test_pages(cloud: Cloud, pictures: Any) -> None:
    first = cloud.get("resources/image", {"max_results": 2})
    assert ids(first) == ["b", "a/2"]
    last = cloud.get("resources/image", {"max_results": 2, "next_cursor": first.json()["next_cursor"]})
    assert ids(last) == ["a/1"]
    assert "next_cursor" not in last.json()


def test_ten_are_listed_if_nobody_says_otherwise(cloud: Cloud, library: Library) -> None:
    for _n in range(11):
        factories.asset(library)
    assert len(ids(cloud.get("resources/image"))) == 10


@pytest.mark.parametrize(
    ("path", "params", "status"),
    [
        ("resources/image", {"max_results": 501}, 400),
        ("resources/image", {"next_cursor": "x"}, 400),
        ("resources/image", {"direction": "sideways"}, 400),
        ("resources/image/upload", {"public_ids[]": ["x"] * 101}, 400),
        ("resources/image/context", {}, 400),
        ("resources/by_asset_ids", {}, 400),
        ("resources/by_asset_folder", {"asset_folder": "no"}, 404),
        ("resources/video", {}, 404),
        ("resources/video/upload", {}, 400),
        ("resources/image/private", {}, 400),
        ("resources/image/upload/no", {}, 404),
        ("resources/image/upload/gone", {}, 404),
        ("resources/image/upload/foreign", {}, 404),
        ("resources/nonsense", {}, 404),
        ("resources/image/moderations/manual/pending", {}, 400),
        ("folders/no", {}, 404),
    ],
)
def test_failures(cloud: Cloud, pictures: Any, path: str, params: dict[str, Any], status: int) -> None:
    answer = cloud.get(path, params)
    assert answer.status_code == status
    assert answer.json()["error"]["message"]


def test_one_by_either_id(cloud: Cloud, pictures: dict[str, Asset]) -> None:
    by_name = cloud.get("resources/image/upload/a/1").json()
    assert by_name["tags"] == ["Red", "x/y"]
    assert by_name["asset_folder"] == "Travel"
    assert by_name["derived"] == []
    assert cloud.get(f"resources/{pictures['a/1'].pk}").json() == by_name


def test_what_is_asked_for_is_told(cloud: Cloud, library: Library) -> None:
    factories.asset(
        library, public_id="x", colors=[["#aabbcc", 0.25]], phash="0f" * 8, exif={"ISO": 100},
        facts={"colors": {"red": 0.5, "blue": 0.1}},
    )  # fmt: skip
    plain = cloud.get("resources/image/upload/x").json()
    assert not {"colors", "predominant", "phash", "image_metadata"} & set(plain)
    asked = {"colors": "true", "phash": "true", "image_metadata": "1", "pages": "true"}
    body = cloud.get("resources/image/upload/x", asked).json()
    assert body["colors"] == [["#AABBCC", 25.0]]
    assert body["predominant"] == {"google": [["red", 50.0], ["blue", 10.0]]}
    assert (body["phash"], body["image_metadata"], body["pages"]) == ("0f" * 8, {"ISO": "100"}, 1)


def test_update(cloud: Cloud, pictures: dict[str, Asset]) -> None:
    changes = {
        "tags": "n,m", "context": "alt=A|k2=v2", "metadata": "sku=1", "display_name": "New", "asset_folder": "p/q",
    }  # fmt: skip
    body = cloud.admin("post", "resources/image/upload/a/1", changes).json()
    assert body["tags"] == ["m", "n"]
    assert body["context"] == {"custom": {"alt": "A", "k2": "v2"}}
    assert body["metadata"] == {"sku": "1"}
    assert (body["display_name"], body["asset_folder"]) == ("New", "p/q")
    emptied = cloud.admin("post", f"resources/{pictures['a/1'].pk}", {"tags": "", "asset_folder": ""}).json()
    assert (emptied["tags"], emptied["asset_folder"]) == ([], "")
    assert cloud.admin("post", "resources/image/upload/a/1", {"ocr": "adv_ocr"}).status_code == 400


@pytest.mark.parametrize(
    ("path", "params", "left"),
    [
        ("resources/image/upload", {"public_ids": ["b", "no"]}, {"a/1", "a/2"}),
        ("resources/image/upload", {"prefix": "a/"}, {"b"}),
        ("resources/image/upload", {"all": True}, set()),
        ("resources/image/tags/red", {}, {"a/2", "b"}),
    ],
)
def test_deletion(cloud: Cloud, pictures: Any, path: str, params: dict[str, Any], left: set[str]) -> None:
    body = cloud.admin("delete", path, params).json()
    live = Asset.objects.live().filter(library=cloud.library)
    assert set(live.values_list("public_id", flat=True)) == left
    assert {name for name, state in body["deleted"].items() if state == "deleted"} == {"a/1", "a/2", "b"} - left
    assert body["partial"] is False
    if "public_ids" in params:
        assert body["deleted"]["no"] == "not_found"


def test_deletion_by_asset_ids(cloud: Cloud, pictures: dict[str, Asset]) -> None:
    asked = [str(pictures["b"].pk), str(pictures["foreign"].pk), "nonsense"]
    body = cloud.admin("delete", "resources", {"asset_ids": asked}).json()
    assert list(body["deleted"].values()) == ["deleted", "not_found", "not_found"]
    assert Asset.objects.get(pk=pictures["foreign"].pk).deleted_at is None


def test_deletion_needs_to_be_told_what(cloud: Cloud, pictures: Any) -> None:
    assert cloud.admin("delete", "resources/image/upload").status_code == 400
    assert cloud.admin("delete", "resources/image/upload", {"prefix": ""}).status_code == 400
    kept = {"public_ids": ["b"], "keep_original": True, "transformations": "w_1"}
    assert cloud.admin("delete", "resources/image/upload", kept).status_code == 400
    assert Asset.objects.live().filter(library=cloud.library).count() == 3


def test_restore(cloud: Cloud, pictures: dict[str, Asset]) -> None:
    body = cloud.admin("post", "resources/image/upload/restore", {"public_ids": ["gone", "foreign"]}).json()
    assert body["gone"]["public_id"] == "gone"
    assert body["foreign"]["error"]
    assert Asset.objects.get(pk=pictures["gone"].pk).deleted_at is None
    pk = str(pictures["b"].pk)
    assert cloud.admin("post", "resources/restore", {"asset_ids": [pk]}).json()[pk]["public_id"] == "b"


def test_viewers_only_look(pictures: Any, library: Library) -> None:
    viewer = factories.user()
    Membership.objects.create(library=library, user=viewer, role=Role.VIEWER)
    cloud = Cloud(viewer, library)
    assert len(ids(cloud.get("resources/image"))) == 3
    for method, path, params in [
        ("post", "resources/image/upload/b", {"tags": "x"}),
        ("delete", "resources/image/upload", {"public_ids": ["b"]}),
        ("delete", "resources/image/upload", {"all": True}),
        ("post", "resources/image/upload/restore", {"public_ids": ["gone"]}),
        ("post", "folders/new", {}),
        ("put", "folders/Travel", {"to_folder": "x"}),
        ("delete", "folders/Travel", {}),
    ]:
        answer = cloud.admin(method, path, params)
        assert answer.status_code == 403, path
        assert answer.json()["error"]["message"]


def test_tags(cloud: Cloud, pictures: Any) -> None:
    found = cloud.get("tags/image").json()["tags"]
    assert set(found) == {"Red", "blue", "x/y"}
    assert cloud.get("tags/image", {"prefix": "re"}).json() == {"tags": ["Red"]}
    first = cloud.get("tags/image", {"max_results": 2}).json()
    second = cloud.get("tags/image", {"max_results": 2, "next_cursor": first["next_cursor"]}).json()
    assert first["tags"] + second["tags"] == found


def folders(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.json()
    return [folder["path"] for folder in answer.json()["folders"]]


def test_folders_come_and_go(cloud: Cloud, pictures: Any) -> None:
    made = cloud.admin("post", "folders/Travel/2024").json()
    assert (made["success"], made["name"], made["path"]) == (True, "2024", "Travel/2024")
    assert folders(cloud.get("folders")) == ["Travel"]
    assert folders(cloud.get("folders/Travel")) == ["Travel/2024"]
    moved = cloud.admin("put", "folders/Travel/2024", {"to_folder": "Years/24"}).json()
    assert (moved["from"]["path"], moved["to"]["path"]) == ("Travel/2024", "Years/24")
    assert cloud.admin("post", "folders/Years/24").json()["success"] is True
    assert cloud.admin("put", "folders/Years", {"to_folder": "Travel"}).status_code == 409
    assert cloud.admin("put", "folders/Years", {"to_folder": "Years/24/x"}).status_code == 400
    answer = cloud.admin("delete", "folders/Travel")
    assert (answer.status_code, answer.json()) == (400, {"error": {"message": "Folder is not empty"}})
    assert cloud.admin("delete", "folders/Years").json() == {"deleted": ["Years", "Years/24"]}
    assert folders(cloud.get("folders")) == ["Travel"]


def test_usage_and_config(cloud: Cloud, pictures: Any) -> None:
    usage = cloud.get("usage/2024-01-01").json()
    assert (usage["resources"], usage["storage"]) == (3, {"usage": 300})
    assert cloud.get("config").json()["cloud_name"] == "studio"
    assert cloud.get("config", {"settings": "true"}).json()["settings"] == {"folder_mode": "dynamic"}
    assert cloud.get("resources").json() == {"resource_types": ["image"]}


@pytest.mark.parametrize(
    ("method", "path", "word"),
    [
        ("get", "metadata_rules", "conditional rules"),
        ("get", "transformations", "t_thumb"),
        ("delete", "derived_resources", "t_thumb"),
        ("post", "resources/related_assets/image/upload/x", "related"),
        ("get", "streaming_profiles", "images"),
        ("post", "image/sprite", "t_thumb"),
        ("post", "image/explode", "t_thumb"),
    ],
)
def test_what_is_not_here_says_why(cloud: Cloud, method: str, path: str, word: str) -> None:
    answer = cloud.admin(method, path, {"type": "string"})
    assert answer.status_code == 400
    assert word in answer.json()["error"]["message"]
