"""The Upload API: what comes in, how it is named, changed and deleted."""

import base64
import io
from typing import Any

import pytest
from django.utils import timezone

from media_library import fetch, tasks
from media_library.models import Asset, Delivery, Library, Membership, PartialUpload, Role, User
from tests import factories
from tests.contracts.cloudinary.cloud import Cloud

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("enqueued")]


def uploaded(cloud: Cloud, color: str = "red", **params: Any) -> dict[str, Any]:
    answer = cloud.post("image/upload", params, file=factories.file(factories.picture(color)))
    assert answer.status_code == 200, answer.json()
    return answer.json()


def failure(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["message"]


def test_an_upload_answers_with_the_resource(
    cloud: Cloud, enqueued: list[str], django_capture_on_commit_callbacks: Any
) -> None:
    context = r"alt=Red|caption=A shoe|season=a\|b"
    with django_capture_on_commit_callbacks(execute=True):
        body = uploaded(cloud, public_id="shoes/red", tags="a,b", context=context, metadata="sku=1")
    asset = Asset.objects.get(pk=body["asset_id"])
    assert enqueued == ["render_pending"]
    assert (asset.alt_text, asset.description) == ("Red", "A shoe")
    assert asset.metadata == {"sku": "1", "context.season": "a|b"}
    assert body["context"] == {"custom": {"alt": "Red", "caption": "A shoe", "season": "a|b"}}
    assert body["metadata"] == {"sku": "1"}
    expected = {
        "public_id": "shoes/red", "format": "png", "resource_type": "image", "type": "upload", "width": 60,
        "height": 40, "bytes": asset.bytes, "tags": ["a", "b"], "asset_folder": "", "display_name": "red",
        "version": int(asset.created_at.timestamp()), "etag": asset.sha256, "original_filename": "red",
    }  # fmt: skip
    assert {name: body[name] for name in expected} == expected
    address = f"http://testserver/studio/image/upload/v{body['version']}/shoes/red.png"
    assert body["url"] == body["secure_url"] == address


def test_a_name_is_given_where_none_is(cloud: Cloud) -> None:
    assert len(uploaded(cloud)["public_id"]) == 20
    assert uploaded(cloud, use_filename="1")["public_id"].startswith("red_")
    assert uploaded(cloud, use_filename="true", unique_filename="0")["public_id"] == "red"
    assert uploaded(cloud, use_filename="1", unique_filename="0", filename_override="x y.png")["public_id"] == "x_y"


def test_folders(cloud: Cloud) -> None:
    assert uploaded(cloud, public_id="x", asset_folder="a/b")["asset_folder"] == "a/b"
    body = uploaded(cloud, public_id="x", folder="a/b")
    assert (body["public_id"], body["asset_folder"]) == ("a/b/x", "a/b")
    body = uploaded(cloud, public_id="y", asset_folder="a", use_asset_folder_as_public_id_prefix="1")
    assert (body["public_id"], body["asset_folder"]) == ("a/y", "a")
    assert cloud.library.folders.count() == 2


def test_visual_search_can_be_switched_off(cloud: Cloud) -> None:
    body = uploaded(cloud, visual_search="0")
    assert Asset.objects.get(pk=body["asset_id"]).visual_search is False


def test_the_same_bytes_may_have_two_names(cloud: Cloud) -> None:
    assert uploaded(cloud, public_id="a")["etag"] == uploaded(cloud, public_id="b")["etag"]


def test_without_overwriting_the_former_is_answered(cloud: Cloud) -> None:
    former, latter = uploaded(cloud, public_id="x"), uploaded(cloud, "blue", public_id="x", overwrite="0")
    assert latter["existing"] is True
    assert latter["asset_id"] == former["asset_id"]
    assert Asset.objects.count() == 1


def test_data_uris(cloud: Cloud) -> None:
    uri = "data:image/png;base64," + base64.b64encode(factories.picture()).decode()
    answer = cloud.post("image/upload", {"public_id": "x"}, file=uri)
    assert answer.json()["width"] == 60
    assert cloud.post("auto/upload", {}, file="data:image/png;base64,%%%").status_code == 400
    assert cloud.post("auto/upload", {}, file="data:image/png,abc").status_code == 400


def test_addresses_go_through_the_guarded_fetch(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    assert failure(cloud.post("image/upload", {}, file="http://127.0.0.1/x.png"))[0] == 400
    fetched = fetch.Fetched(io.BytesIO(factories.picture()), "there.png", len(factories.picture()))
    monkeypatch.setattr(fetch, "fetch", lambda url: fetched)
    answer = cloud.post("image/upload", {"use_filename": "1", "unique_filename": "0"}, file="https://example.com/there")
    assert answer.json()["public_id"] == "there"


@pytest.mark.parametrize("file", ["ftp://example.com/x.png", "s3://bucket/x.png", "/etc/passwd"])
def test_other_sources_are_refused(cloud: Cloud, file: str) -> None:
    status, message = failure(cloud.post("image/upload", {}, file=file))
    assert status == 400
    assert "data URI" in message


def test_a_file_is_needed(cloud: Cloud) -> None:
    assert failure(cloud.post("image/upload", {})) == (400, "Missing required parameter - file")


def test_what_is_no_picture_is_400(cloud: Cloud) -> None:
    before = factories.stored_files()
    assert failure(cloud.post("image/upload", {}, file=factories.file(b"text", "x.txt")))[0] == 400
    assert factories.stored_files() == before


def test_formats_can_be_limited(cloud: Cloud) -> None:
    file = factories.file()
    status, message = failure(cloud.post("image/upload", {"allowed_formats": "jpg,webp"}, file=file))
    assert (status, message) == (400, "Image file format png not allowed")
    assert uploaded(cloud, allowed_formats="jpg,png")


@pytest.mark.parametrize("public_id", ["/x", "x/", "a?b", "a&b", "a#b", "a%b", "a<b", "x" * 256, "a\nb"])
def test_bad_names_are_400(cloud: Cloud, public_id: str) -> None:
    assert failure(cloud.post("image/upload", {"public_id": public_id}, file=factories.file()))[0] == 400
    assert Asset.objects.count() == 0


@pytest.mark.parametrize(
    "option", ["eager", "transformation", "eager_notification_url", "moderation", "raw_convert", "ocr"]
)
def test_unsupported_options_say_so(cloud: Cloud, option: str) -> None:
    status, message = failure(cloud.post("image/upload", {option: "w_100"}, file=factories.file()))
    assert status == 400
    assert option in message


def test_unknown_options_and_those_that_change_nothing_are_ignored(cloud: Cloud) -> None:
    assert uploaded(cloud, invalidate="1", unheard_of="x", phash="1", colors="1", eager_async="0")


def test_an_upload_is_signed_or_names_a_preset(cloud: Cloud) -> None:
    assert failure(cloud.client.post(cloud.base + "image/upload", {}, format="multipart"))[0] == 401


def test_videos_are_refused(cloud: Cloud) -> None:
    assert failure(cloud.post("video/upload", {}, file=factories.file())) == (400, "This library holds images only.")


def test_viewers_may_not_upload(library: Library) -> None:
    viewer = factories.user()
    Membership.objects.create(library=library, user=viewer, role=Role.VIEWER)
    assert failure(Cloud(viewer, library).post("image/upload", {}, file=factories.file()))[0] == 403


def test_contributors_change_only_their_own(cloud: Cloud, library: Library) -> None:
    contributor = factories.user()
    Membership.objects.create(library=library, user=contributor, role=Role.CONTRIBUTOR)
    other = Cloud(contributor, library)
    uploaded(cloud, public_id="x")
    for path, params in [
        ("image/upload", {"public_id": "x"}),
        ("image/destroy", {"public_id": "x"}),
        ("image/rename", {"from_public_id": "x", "to_public_id": "y"}),
        ("image/explicit", {"public_id": "x", "tags": "a"}),
        ("image/tags", {"public_ids": ["x"], "command": "add", "tag": "a"}),
        ("image/context", {"public_ids": ["x"], "command": "add", "context": "a=b"}),
        ("image/metadata", {"public_ids": ["x"], "metadata": "a=b"}),
    ]:
        files = {"file": factories.file()} if path.endswith("upload") else {}
        assert failure(other.post(path, params, **files))[0] == 403, path
    assert Asset.objects.get().metadata == {}
    uploaded(other, public_id="mine")
    assert other.post("image/destroy", {"public_id": "mine"}).json() == {"result": "ok"}


def part(cloud: Cloud, content: bytes, start: int, total: int, name: str = "upload-1", **params: Any) -> Any:
    size = f"bytes {start}-{start + len(content) - 1}/{total}"
    headers = {"Content-Range": size, "X-Unique-Upload-Id": name}
    return cloud.post("raw/upload", params, file=factories.file(content), headers=headers)


def left_over() -> list[str]:
    return [path for path in factories.stored_files() if "/parts/" in path]


def test_parts_make_a_picture(cloud: Cloud, django_capture_on_commit_callbacks: Any) -> None:
    content, before = factories.picture(), left_over()
    first = part(cloud, content[:40], 0, -1, public_id="x").json()
    assert first == {"done": False, "bytes": 40, "public_id": "x"}
    part(cloud, content[40:80], 40, len(content))
    with django_capture_on_commit_callbacks(execute=True):
        last = part(cloud, content[80:], 80, len(content), public_id="x").json()
    assert last["done"] is True
    assert (last["public_id"], last["bytes"]) == ("x", len(content))
    assert left_over() == before


def test_a_missing_part_is_named(cloud: Cloud) -> None:
    content = factories.picture()
    part(cloud, content[:40], 0, len(content))
    status, message = failure(part(cloud, content[60:], 60, len(content)))
    assert status == 400
    assert "byte 40" in message


def test_parts_of_others_do_not_mix(cloud: Cloud, library: Library) -> None:
    content = factories.picture()
    part(cloud, content[:40], 0, len(content))
    other = Cloud(factories.user(), library)
    Membership.objects.create(library=library, user=other.user, role=Role.EDITOR)
    assert failure(part(other, content[40:], 40, len(content)))[0] == 400


@pytest.mark.parametrize("size", ["bytes 5-4/10", "bytes 0-9/5", "nonsense", "bytes 0-99/99999999999", "bytes 0-5/10"])
def test_nonsense_ranges_are_400(cloud: Cloud, size: str) -> None:
    headers = {"Content-Range": size, "X-Unique-Upload-Id": "u"}
    assert failure(cloud.post("image/upload", {}, file=factories.file(b"x"), headers=headers))[0] == 400


def test_parts_that_were_given_up_go(cloud: Cloud, django_capture_on_commit_callbacks: Any) -> None:
    before = left_over()
    part(cloud, b"x", 0, 10)
    assert len(left_over()) == len(before) + 1
    PartialUpload.objects.update(expires_at=timezone.now())
    with django_capture_on_commit_callbacks(execute=True):
        tasks.sweep_uploads()
    assert left_over() == before


def test_a_part_that_is_sent_again_replaces_the_first(cloud: Cloud) -> None:
    content = factories.picture()
    part(cloud, b"x" * 40, 0, len(content))
    part(cloud, content[:40], 0, len(content))
    assert part(cloud, content[40:], 40, len(content)).json()["bytes"] == len(content)


def test_destroy(cloud: Cloud) -> None:
    body = uploaded(cloud, public_id="x")
    assert cloud.post("image/destroy", {"public_id": "x"}).json() == {"result": "ok"}
    assert Asset.objects.get(pk=body["asset_id"]).deleted_at
    assert cloud.post("image/destroy", {"public_id": "x"}).json() == {"result": "not found"}
    assert uploaded(cloud, public_id="x")["public_id"] == "x"


def test_rename(cloud: Cloud) -> None:
    body = uploaded(cloud, public_id="x")
    renamed = cloud.post("image/rename", {"from_public_id": "x", "to_public_id": "y"}).json()
    assert (renamed["public_id"], renamed["asset_id"]) == ("y", body["asset_id"])
    uploaded(cloud, public_id="z")
    status, message = failure(cloud.post("image/rename", {"from_public_id": "y", "to_public_id": "z"}))
    assert (status, "already exists" in message) == (400, True)
    overwriting = {"from_public_id": "y", "to_public_id": "z", "overwrite": "1"}
    assert cloud.post("image/rename", overwriting).json()["asset_id"] == body["asset_id"]
    assert failure(cloud.post("image/rename", {"from_public_id": "no", "to_public_id": "z"}))[0] == 404


def test_explicit_replaces_tags_and_context(cloud: Cloud) -> None:
    uploaded(cloud, public_id="x", tags="a", context="alt=A|k=v", metadata="m=1")
    body = cloud.post(
        "image/explicit", {"public_id": "x", "type": "upload", "tags": "b", "context": "n=1", "metadata": "o=2"}
    ).json()
    assert body["tags"] == ["b"]
    assert body["context"] == {"custom": {"n": "1"}}
    assert body["metadata"] == {"m": "1", "o": "2"}
    assert failure(cloud.post("image/explicit", {"public_id": "no", "type": "upload"}))[0] == 404


@pytest.mark.parametrize(
    ("command", "tag", "tags"),
    [
        ("add", "b,c", {"a", "b", "c"}),
        ("remove", "A", {"b"}),
        ("replace", "z", {"z"}),
        ("remove_all", "", set()),
    ],
)
def test_tags(cloud: Cloud, command: str, tag: str, tags: set[str]) -> None:
    uploaded(cloud, public_id="x", tags="a,b")
    answer = cloud.post("image/tags", {"public_ids": ["x", "missing"], "command": command, "tag": tag})
    assert answer.json() == {"public_ids": ["x"]}
    assert set(Asset.objects.get().tags.values_list("name", flat=True)) == tags


def test_an_exclusive_tag_leaves_all_others(cloud: Cloud) -> None:
    uploaded(cloud, public_id="x", tags="best,a")
    uploaded(cloud, public_id="y")
    cloud.post("image/tags", {"public_ids": ["y"], "command": "set_exclusive", "tag": "best"})
    assert set(Asset.objects.filter(tags__name="best").values_list("public_id", flat=True)) == {"y"}


def test_an_exclusive_tag_is_taken_from_all_or_none(cloud: Cloud, library: Library) -> None:
    contributor = factories.user()
    Membership.objects.create(library=library, user=contributor, role=Role.CONTRIBUTOR)
    other = Cloud(contributor, library)
    uploaded(other, public_id="mine", tags="best")
    uploaded(cloud, public_id="theirs", tags="best")
    uploaded(other, public_id="new")
    params = {"public_ids": ["new"], "command": "set_exclusive", "tag": "best"}
    assert failure(other.post("image/tags", params))[0] == 403
    assert Asset.objects.filter(tags__name="best").count() == 2


def test_the_signature_of_many_leaves_the_notification_out(cloud: Cloud) -> None:
    uploaded(cloud, public_id="x")
    params = {"public_ids": ["x"], "command": "add", "tag": "a"}
    assert cloud.post("image/tags", params, notification_url="https://cms.example/").status_code == 200
    assert Delivery.objects.get().url == "https://cms.example/"


def test_context_is_added_and_removed(cloud: Cloud) -> None:
    uploaded(cloud, public_id="x", context="alt=A", metadata="m=1")
    cloud.post("image/context", {"public_ids": ["x"], "command": "add", "context": "caption=C|k=v"})
    asset = Asset.objects.get()
    assert (asset.alt_text, asset.description, asset.metadata) == ("A", "C", {"m": "1", "context.k": "v"})
    cloud.post("image/context", {"public_ids": ["x"], "command": "remove_all"})
    asset.refresh_from_db()
    assert (asset.alt_text, asset.description, asset.metadata) == ("", "", {"m": "1"})


def test_metadata_is_added(cloud: Cloud) -> None:
    uploaded(cloud, public_id="x", metadata="m=1")
    answer = cloud.post("image/metadata", {"public_ids": ["x"], "metadata": r'm=2|list=["a","b"]'})
    assert answer.json() == {"public_ids": ["x"]}
    assert Asset.objects.get().metadata == {"m": "2", "list": ["a", "b"]}


@pytest.mark.parametrize(
    ("path", "params"),
    [
        ("tags", {"command": "add", "tag": "a"}),
        ("tags", {"command": "nonsense", "public_ids": ["x"]}),
        ("tags", {"command": "add", "public_ids": ["x"]}),
        ("context", {"command": "add", "public_ids": ["x"]}),
        ("context", {"command": "x", "public_ids": ["x"]}),
        ("metadata", {"public_ids": ["x"]}),
        ("destroy", {}),
        ("rename", {"from_public_id": "x"}),
        ("explicit", {}),
    ],
)
def test_missing_parameters_are_400(cloud: Cloud, path: str, params: dict[str, Any]) -> None:
    uploaded(cloud, public_id="x")
    assert failure(cloud.post(f"image/{path}", params))[0] == 400


def test_assets_of_other_clouds_are_not_there(cloud: Cloud, user: User) -> None:
    other = factories.library(factories.user(), name="Other")
    factories.asset(other, public_id="theirs")
    own = factories.library(user, name="Own")
    factories.asset(own, public_id="mine-elsewhere")
    for public_id in ("theirs", "mine-elsewhere"):
        assert cloud.post("image/destroy", {"public_id": public_id}).json() == {"result": "not found"}
        tagged = cloud.post("image/tags", {"public_ids": [public_id], "command": "add", "tag": "a"})
        assert tagged.json() == {"public_ids": []}
