"""Media into a dataset, and the dataset out again."""

import io
import json
import time
import zipfile
from typing import Any

import pytest
from rest_framework.test import APIClient

from dam.contracts.visual_layer import exports
from media_library.models import Asset, Library, Role, User
from tests import factories
from tests.contracts.visual_layer.asking import refused, signed_by
from tests.media_library.test_archives import tarred, zipped

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("enqueued")]


def url(library: Library, path: str) -> str:
    return f"/api/v1/dataset/{library.pk}/{path}"


def add(client: APIClient, library: Library, **form: Any) -> Any:
    return client.post(url(library, "add_media"), form)


def pictures(*colors: str) -> list[Any]:
    return [factories.file(factories.picture(color), f"{color}.png") for color in colors]


@pytest.mark.parametrize("field", ["files", "files[]"])
def test_files_are_taken(
    vl: APIClient, library: Library, enqueued: list[str], field: str, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        answer = vl.post(url(library, "add_media"), {field: pictures("red", "blue")})
    assert answer.status_code == 202
    body = answer.json()
    assert (body["dataset_id"], body["refused"]) == (str(library.pk), [])
    assert [item["file_name"] for item in body["media"]] == ["red.png", "blue.png"]
    stored = Asset.objects.values_list("pk", flat=True)
    assert {item["media_id"] for item in body["media"]} == {str(pk) for pk in stored}
    assert enqueued == ["render_pending"]


@pytest.mark.parametrize("pack", [zipped, tarred, lambda: tarred(mode="w:gz")], ids=["zip", "tar", "tar.gz"])
def test_an_archive_is_taken(vl: APIClient, library: Library, pack: Any) -> None:
    answer = add(vl, library, archive=factories.file(pack(), "pictures.bin"))
    assert answer.status_code == 202
    assert sorted(item["file_name"] for item in answer.json()["media"]) == ["blue.png", "red.png"]
    assert [item["file_name"] for item in answer.json()["refused"]] == ["notes.txt"]
    assert sorted(Asset.objects.values_list("display_name", flat=True)) == ["blue", "red"]


def test_an_archive_may_be_larger_than_a_file(vl: APIClient, library: Library, settings: Any) -> None:
    settings.MAX_UPLOAD_BYTES = 2000
    content = zipped(
        {f"{seed}.png": factories.picture(seed=seed) + b"\0" * 900 for seed in range(5)}, zipfile.ZIP_STORED
    )
    assert len(content) > 4000
    assert add(vl, library, archive=factories.file(content, "a.zip")).status_code == 202
    refused(add(vl, library, files=[factories.file(content, "a.png")]), 400)


def test_a_body_that_is_far_too_large_is_refused_unread(vl: APIClient, library: Library) -> None:
    form = {"archive": factories.file(zipped(), "a.zip")}
    refused(vl.post(url(library, "add_media"), form, CONTENT_LENGTH=str(500 * 1024 * 1024)), 400)


def test_what_is_no_picture_is_told_and_the_rest_is_taken(vl: APIClient, library: Library) -> None:
    body = add(vl, library, files=[*pictures("red"), factories.file(b"text", "notes.txt")]).json()
    assert [item["file_name"] for item in body["media"]] == ["red.png"]
    assert body["refused"][0]["file_name"] == "notes.txt"
    assert body["refused"][0]["detail"]


def test_what_is_there_already_is_told_and_no_failure(vl: APIClient, library: Library) -> None:
    add(vl, library, files=pictures("red"))
    answer = add(vl, library, files=pictures("red"))
    assert answer.status_code == 202
    assert (answer.json()["media"], len(answer.json()["refused"])) == ([], 1)
    assert Asset.objects.count() == 1


def test_nothing_that_could_be_taken_is_a_bad_request(vl: APIClient, library: Library) -> None:
    refused(add(vl, library, files=[factories.file(b"text", "notes.txt")]), 400)
    refused(add(vl, library, archive=factories.file(b"text", "notes.zip")), 400)


def test_exactly_one_source_is_given(vl: APIClient, library: Library) -> None:
    archive = factories.file(zipped(), "a.zip")
    for form in ({}, {"files": pictures("red"), "archive": archive}, {"files": pictures("red"), "s3_uri": "s3://a/"}):
        assert "exactly one" in refused(add(vl, library, **form), 400)
    assert not Asset.objects.exists()


def test_a_bucket_that_nobody_has_allowed_is_refused(vl: APIClient, library: Library) -> None:
    refused(add(vl, library, s3_uri="s3://bucket/folder/"), 403)
    refused(add(vl, library, s3_uri="https://bucket.example/"), 400)


def test_viewers_add_nothing(library: Library) -> None:
    viewer = factories.user("vic")
    library.memberships.create(user=viewer, role=Role.VIEWER)
    refused(add(signed_by(viewer), library, files=pictures("red")), 403)
    assert not Asset.objects.exists()


def test_an_archive_that_breaks_off_keeps_what_came_before(vl: APIClient, library: Library) -> None:
    whole = tarred({"red.png": factories.picture("red"), "blue.png": factories.picture("blue")})
    body = add(vl, library, archive=factories.file(whole[:1400], "a.tar")).json()
    assert [item["file_name"] for item in body["media"]] == ["red.png"]
    assert len(body["refused"]) == 1


# --- exports ----------------------------------------------------------------------------------------------------------

ASKED = {"file_name": "my export.zip", "export_format": "json"}


def exported(client: APIClient, library: Library, **params: Any) -> zipfile.ZipFile:
    """As documented: ask, poll, download without a token."""
    task = client.get(url(library, "export_context_async"), ASKED | params).json()["id"]
    status = client.get(url(library, "export_status"), {"export_task_id": task}).json()
    assert status["status"] == "COMPLETED"
    download = APIClient().get(status["download_uri"])
    assert download.status_code == 200
    assert "my%20export.zip" in download["Content-Disposition"]
    return zipfile.ZipFile(io.BytesIO(download.getvalue()))


@pytest.fixture
def red(library: Library, user: User) -> Asset:
    asset = factories.upload(library, user, tags=["sea"])
    factories.region(asset, label="Boat")
    return asset


def test_what_is_known_is_exported(vl: APIClient, library: Library, red: Asset) -> None:
    archive = exported(vl, library)
    assert archive.testzip() is None
    assert archive.namelist() == ["metadata.json"]
    body = json.loads(archive.read("metadata.json"))
    assert body["info"] == {"dataset_id": str(library.pk), "display_name": "Studio"}
    (item,) = body["media_items"]
    assert (item["media_id"], item["user_tags"]) == (str(red.pk), ["sea"])
    assert item["objects"][0]["label"] == "Boat"


def test_the_images_too_if_asked_for(vl: APIClient, library: Library, red: Asset) -> None:
    archive = exported(vl, library, include_images="true")
    (item,) = json.loads(archive.read("metadata.json"))["media_items"]
    assert archive.read(item["image"]) == factories.picture()
    assert archive.testzip() is None


def test_an_empty_dataset_is_exported_too(vl: APIClient, library: Library) -> None:
    assert json.loads(exported(vl, library).read("metadata.json"))["media_items"] == []


@pytest.mark.parametrize(
    "params", [{"file_name": ""}, {"export_format": "parquet"}, {"export_format": ""}, {"include_images": "maybe"}]
)
def test_what_cannot_be_exported_is_told(vl: APIClient, library: Library, params: dict[str, str]) -> None:
    refused(vl.get(url(library, "export_context_async"), ASKED | params), 400)


def test_an_export_is_its_owners_and_its_datasets(vl: APIClient, library: Library, user: User, red: Asset) -> None:
    task = {"export_task_id": vl.get(url(library, "export_context_async"), ASKED).json()["id"]}
    colleague, other = factories.user("cem"), factories.library(user, name="Other")
    library.memberships.create(user=colleague, role=Role.MANAGER)
    refused(signed_by(colleague).get(url(library, "export_status"), task), 404)
    refused(vl.get(url(other, "export_status"), task), 404)
    refused(vl.get(url(other, "export"), task), 404)
    for wrong in ("", "x", task["export_task_id"] + "x"):
        refused(vl.get(url(library, "export_status"), {"export_task_id": wrong}), 404)
        refused(APIClient().get(url(library, "export"), {"export_task_id": wrong}), 404)


def test_an_export_ends_with_its_hour_and_with_the_membership(
    vl: APIClient, library: Library, user: User, red: Asset, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = {"export_task_id": vl.get(url(library, "export_context_async"), ASKED).json()["id"]}
    assert APIClient().get(url(library, "export"), task).status_code == 200
    now = time.time()
    with monkeypatch.context() as later:
        later.setattr(time, "time", lambda: now + exports.VALID_SECONDS + 2)
        refused(APIClient().get(url(library, "export"), task), 404)
    library.memberships.all().delete()
    refused(APIClient().get(url(library, "export"), task), 404)
