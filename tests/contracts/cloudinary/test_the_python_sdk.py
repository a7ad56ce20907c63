"""The unmodified `cloudinary` package of PyPI against the running product."""

import base64
import io
import json
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cloudinary
import pytest
from cloudinary import CloudinaryImage, Search, SearchFolders, api, exceptions, uploader, utils
from PIL import Image

from tests.contracts.cloudinary.sdk import Account, configure
from tests.media_library.receiver import receiving

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def configured(account: Account) -> Iterator[None]:
    """The cloud that is empty at first."""
    configure(account, account.slug)
    yield
    cloudinary.reset_config()


@pytest.fixture
def filled(configured: None, account: Account) -> None:
    """The cloud whose pictures can be found."""
    configure(account, account.filled)


@pytest.fixture
def uploaded(account: Account, request: pytest.FixtureRequest) -> str:
    """The public id of a picture that only this test has."""
    public_id = f"{request.node.name}/picture"
    uploader.upload(str(account.picture), public_id=public_id, tags=[request.node.name])
    return public_id


def ids(answer: Any) -> list[str]:
    return [found["public_id"] for found in answer["resources"]]


def test_ping_and_limits() -> None:
    answer = api.ping()
    assert answer["status"] == "ok"
    assert answer.rate_limit_allowed == 6000
    assert answer.rate_limit_remaining < 6000
    assert answer.rate_limit_reset_at[0] >= 2024
    assert len(answer.request_id) == 32


def test_uploads_from_every_source(account: Account) -> None:
    content = account.picture.read_bytes()
    uri = "data:image/jpeg;base64," + base64.b64encode(content).decode()
    with account.picture.open("rb") as file:
        sources: list[Any] = [str(account.picture), account.picture, file, content, io.BytesIO(content), uri]
        found = [uploader.upload(source, tags="source") for source in [*sources, account.address]]
    assert {body["bytes"] for body in found} == {len(content)}
    assert len({body["public_id"] for body in found}) == 7
    for body in found:
        assert utils.verify_api_response_signature(body["public_id"], body["version"], body["signature"])


def test_options_of_an_upload(account: Account) -> None:
    body = uploader.upload(
        str(account.picture),
        public_id="options and more",
        tags=["one", "two & three"],
        context={"alt": "a|b=c", "caption": "Text"},
        metadata={"sku": "1", "list": ["a", "b"]},
        asset_folder="py/in",
        display_name="Shown",
        visual_search=False,
        overwrite=True,
        signature_algorithm="sha256",
        allowed_formats=["jpg"],
    )
    assert body["tags"] == ["one", "two & three"]
    assert body["context"]["custom"] == {"alt": "a|b=c", "caption": "Text"}
    assert body["metadata"] == {"sku": "1", "list": ["a", "b"]}
    assert (body["asset_folder"], body["display_name"], body["format"]) == ("py/in", "Shown", "jpg")
    assert utils.verify_api_response_signature(body["public_id"], body["version"], body["signature"], "sha256")


def test_an_upload_in_parts(account: Account) -> None:
    for options in ({}, {"resource_type": "image"}):
        body = uploader.upload_large(str(account.picture), chunk_size=5000, public_id="large/x", **options)
        assert (body["public_id"], body["bytes"]) == ("large/x", account.picture.stat().st_size)
    assert len(uploader.upload_large(str(account.picture), chunk_size=5000)["public_id"]) == 20


def test_overwriting_keeps_the_asset(uploaded: str, account: Account) -> None:
    former = api.resource(uploaded)
    with Image.open(account.picture) as picture, io.BytesIO() as content:
        picture.crop((0, 0, 300, 100)).save(content, "JPEG")
        body = uploader.upload(content.getvalue(), public_id=uploaded, context={"alt": "Cropped"})
    assert (body["asset_id"], body["overwritten"], body["tags"]) == (former["asset_id"], True, former["tags"])
    assert (body["width"], body["height"]) == (300, 100) and body["version"] >= former["version"]
    assert utils.verify_api_response_signature(body["public_id"], body["version"], body["signature"])
    until = time.monotonic() + 60
    while (found := api.resource(uploaded))["bytes"] != body["bytes"]:
        assert time.monotonic() < until, "The new file was never shown."
        time.sleep(0.2)
    same = ("asset_id", "version", "width", "format", "secure_url", "tags")
    assert {name: found[name] for name in same} == {name: body[name] for name in same}
    assert found["context"] == {"custom": {"alt": "Cropped"}}
    assert uploader.upload(str(account.picture), public_id=uploaded, overwrite=False)["existing"] is True


def test_errors_are_those_of_the_sdk(account: Account) -> None:
    with pytest.raises(exceptions.BadRequest, match="Upload preset not found"):
        uploader.unsigned_upload(str(account.picture), "preset")
    with pytest.raises(exceptions.BadRequest, match="eager"):
        uploader.upload(str(account.picture), eager=[{"width": 100}])
    with pytest.raises(exceptions.AuthorizationRequired, match="Invalid Signature"):
        uploader.upload(str(account.picture), api_secret="wrong")
    with pytest.raises(exceptions.AuthorizationRequired):
        api.ping(api_secret="wrong")
    with pytest.raises(exceptions.NotFound, match="no cloud nowhere"):
        api.ping(cloud_name="nowhere")
    with pytest.raises(exceptions.NotFound, match="not found"):
        api.resource("missing")
    with pytest.raises(exceptions.BadRequest, match="conditional rules"):
        api.list_metadata_rules()
    with pytest.raises(exceptions.BadRequest, match="eager is not raised"):
        api.create_trigger("https://example.com", "eager")
    with pytest.raises(exceptions.BadRequest, match="uri: "):
        api.create_trigger("http://10.0.0.1/", "upload")
    with pytest.raises(exceptions.NotFound, match="not found"):
        api.delete_trigger("none")


def test_changes(uploaded: str, account: Account) -> None:
    assert uploader.add_tag("b,c", [uploaded])["public_ids"] == [uploaded]
    uploader.remove_tag("b", [uploaded])
    assert "c" in api.resource(uploaded)["tags"]
    uploader.replace_tag("d", [uploaded], notification_url=None)
    assert api.resource(uploaded)["tags"] == ["d"]
    uploader.remove_all_tags([uploaded])
    uploader.add_context({"k": "v"}, [uploaded])
    uploader.update_metadata({"sku": "7"}, [uploaded])
    body = api.resource(uploaded)
    assert (body["tags"], body["context"], body["metadata"]) == ([], {"custom": {"k": "v"}}, {"sku": "7"})
    uploader.remove_all_context([uploaded])
    assert "context" not in uploader.explicit(uploaded, type="upload", tags="e")
    body = api.update(uploaded, tags=["f", "g"], context={"alt": "A"}, asset_folder="py/moved", display_name="D")
    assert (body["tags"], body["asset_folder"], body["display_name"]) == (["f", "g"], "py/moved", "D")
    renamed = uploader.rename(uploaded, f"{uploaded}-2")
    assert api.resource_by_asset_id(renamed["asset_id"])["public_id"] == f"{uploaded}-2"
    uploader.upload(str(account.picture), public_id="taken")
    with pytest.raises(exceptions.BadRequest, match="already exists"):
        uploader.rename(f"{uploaded}-2", "taken")


def test_triggers_and_notifications(account: Account) -> None:
    with receiving() as receiver:
        made = api.create_trigger(receiver.url.replace("hook", "old"), "all")
        api.update_trigger(made["id"], receiver.url)
        assert api.triggers(event_type="all")["triggers"][0]["uri"] == receiver.url
        assert api.test_trigger(made["id"], {"public_id": "x"})["filter_result"] is True
        body = uploader.upload(str(account.picture), public_id="told/x", notification_url=f"{receiver.url}/named")
        uploader.add_tag("told", ["told/x"])
        uploader.explicit("told/x", type="upload", context={"alt": "A"}, notification_url=f"{receiver.url}/named")
        uploader.rename("told/x", "told/y")
        api.delete_resources(["told/y"])
        got = receiver.wait_for(5)
        api.delete_trigger(made["id"])
    for headers, text in got:
        assert utils.verify_notification_signature(text, headers["X-Cld-Timestamp"], headers["X-Cld-Signature"])
    told = {json.loads(text)["notification_type"]: json.loads(text) for _headers, text in got}
    assert set(told) == {"upload", "resource_tags_changed", "explicit", "rename", "delete"}
    assert told["upload"]["secure_url"] == body["secure_url"]
    assert told["resource_tags_changed"]["resources"][0]["added"] == ["told"]
    assert api.triggers()["total"] == 0


def test_deletion_and_restoring(uploaded: str) -> None:
    assert uploader.destroy(uploaded)["result"] == "ok"
    assert uploader.destroy(uploaded)["result"] == "not found"
    assert api.restore([uploaded])[uploaded]["public_id"] == uploaded
    assert api.delete_resources([uploaded, "no"])["deleted"] == {uploaded: "deleted", "no": "not_found"}
    api.restore([uploaded])
    asset_id = api.resource(uploaded)["asset_id"]
    assert api.delete_resources_by_asset_ids([asset_id])["deleted"] == {asset_id: "deleted"}
    api.restore_by_asset_ids([asset_id])
    assert api.delete_resources_by_prefix(uploaded[:10])["deleted"][uploaded] == "deleted"
    api.restore([uploaded])
    assert api.delete_resources_by_tag(uploaded.partition("/")[0])["deleted"] == {uploaded: "deleted"}


def test_lists(uploaded: str) -> None:
    tag = uploaded.partition("/")[0]
    asset_id = api.resource(uploaded, colors=True, phash=True, image_metadata=True)["asset_id"]
    api.update(uploaded, context={"only": tag}, asset_folder=tag)
    assert uploaded in ids(api.resources(max_results=500))
    assert ids(api.resources(type="upload", prefix=f"{tag}/", direction="asc")) == [uploaded]
    assert ids(api.resources_by_tag(tag, tags=True, context=True)) == [uploaded]
    assert ids(api.resources_by_ids([uploaded, "no"])) == [uploaded]
    assert ids(api.resources_by_asset_ids([asset_id])) == [uploaded]
    assert ids(api.resources_by_asset_folder(tag)) == [uploaded]
    assert ids(api.resources_by_context("only", tag)) == [uploaded]
    assert set(api.resources_by_tag(tag, fields=["tags"])["resources"][0]) == {"asset_id", "public_id", "tags"}
    assert tag in api.tags(prefix=tag)["tags"]
    assert api.usage()["resources"] >= 1
    assert api.config(settings="true")["settings"]["folder_mode"] == "dynamic"


def test_folders(uploaded: str) -> None:
    api.create_folder("f o/lder")
    assert "f o" in [folder["name"] for folder in api.root_folders(max_results=500)["folders"]]
    assert [folder["path"] for folder in api.subfolders("f o")["folders"]] == ["f o/lder"]
    api.rename_folder("f o/lder", "f o/other")
    api.update(uploaded, asset_folder="f o/other")
    with pytest.raises(exceptions.BadRequest, match="not empty"):
        api.delete_folder("f o")
    api.update(uploaded, asset_folder="")
    assert api.delete_folder("f o")["deleted"] == ["f o", "f o/other"]
    with pytest.raises(exceptions.NotFound):
        api.subfolders("f o")


def test_search(uploaded: str) -> None:
    tag = uploaded.partition("/")[0]
    search = Search().expression(f"tags:{tag} AND format:jpg AND uploaded_at>1d").sort_by("public_id", "desc")
    body = search.max_results(30).with_field("context").aggregate("format").execute()
    assert (ids(body), body["total_count"], body["aggregations"]) == ([uploaded], 1, {"format": {"jpg": 1}})
    with pytest.raises(exceptions.BadRequest, match="nonsense"):
        Search().expression("nonsense:1").execute()
    api.create_folder("searched")
    assert SearchFolders().expression("name:searched").execute()["folders"][0]["path"] == "searched"


@pytest.mark.usefixtures("filled")
def test_pages_of_a_search() -> None:
    first = Search().sort_by("bytes", "asc").max_results(3).execute()
    second = Search().sort_by("bytes", "asc").max_results(500).next_cursor(first["next_cursor"]).execute()
    sizes = [found["bytes"] for found in first["resources"] + second["resources"]]
    assert sizes == sorted(sizes)
    assert len(sizes) == first["total_count"] >= 8


@pytest.mark.usefixtures("filled")
def test_visual_search(account: Account) -> None:
    content = account.picture.read_bytes()
    answers = [
        api.visual_search(text="mountains at dawn"),
        api.visual_search(image_asset_id=account.asset),
        api.visual_search(image_url=account.address),
        api.visual_search(image_file=str(account.picture)),
        api.visual_search(image_file=content),
        api.visual_search(image_file=io.BytesIO(content)),
        api.visual_search(image_file=Path(account.picture)),
    ]
    for body in answers:
        scores = [found["score"] for found in body["resources"]]
        assert scores == sorted(scores, reverse=True)
        assert len(scores) == min(body["total_count"], 50) >= 8  # the first page, by default of 50
    by_asset = {found["asset_id"]: found["score"] for found in answers[1]["resources"]}
    assert by_asset[account.asset] == pytest.approx(max(by_asset.values()))
    assert len({tuple(ids(body)) for body in answers[2:]}) == 1  # one picture, however it comes
    with pytest.raises(exceptions.BadRequest, match="exactly one"):
        api.visual_search(text="x", image_url=account.address)


def fetched(url: str, account: Account) -> bytes:
    pair = base64.b64encode(f"{account.key}:{account.secret}".encode()).decode()
    request = urllib.request.Request(url, headers={"Authorization": f"Basic {pair}"})
    with urllib.request.urlopen(request) as answer:
        content: bytes = answer.read()
        return content


@pytest.mark.usefixtures("filled")
def test_addresses_of_pictures(account: Account) -> None:
    resource = api.resource(account.public_id)
    image = CloudinaryImage(account.public_id, format=resource["format"], version=resource["version"])
    options = {"cname": account.host, "secure": False}
    assert image.build_url(**options) == resource["url"]
    assert len(fetched(image.build_url(**options), account)) == resource["bytes"]
    thumb = CloudinaryImage(account.public_id).build_url(transformation="thumb", sign_url=True, **options)
    assert fetched(thumb, account)[8:12] == b"WEBP"
    for url, status in ((image.build_url(width=10, crop="fill", **options), 400), (thumb, 401)):
        with pytest.raises(urllib.error.HTTPError) as caught:
            fetched(url, account) if status == 400 else urllib.request.urlopen(url)
        assert caught.value.code == status


def test_archives(uploaded: str) -> None:
    body = uploader.create_zip(public_ids=[uploaded])
    for url in (body["secure_url"], utils.download_zip_url(public_ids=[uploaded]), utils.download_folder(uploaded)):
        with urllib.request.urlopen(url) as answer, zipfile.ZipFile(io.BytesIO(answer.read())) as archive:
            assert archive.namelist() == [f"{uploaded}.jpg"]
