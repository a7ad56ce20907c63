"""Prefixes of buckets that the settings name, against a real S3 server on loopback."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from media_library.imports import jobs as importing
from media_library.imports import s3 as store
from media_library.imports import watching
from media_library.models import Asset, Folder, ImportedFile, ImportSource, Job, Library, User
from tests import factories
from tests.contracts.visual_layer.asking import refused, signed_by
from tests.media_library.jobs.doing import begun, counts, failures, post, ran, run, run_step

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("enqueued")]


@pytest.fixture
def bucket(s3: str, settings: Any, library: Library) -> Iterator[Any]:
    """`press/`, `press-secret/` and `other/`; `library` may read what is below `press`."""
    settings.IMPORT_S3 = {
        "endpoint_url": s3, "region_name": "us-east-1", "aws_access_key_id": "key",
        "aws_secret_access_key": "secret",
    }  # fmt: skip
    settings.IMPORT_BUCKETS = [("s3://pictures/press", library.slug)]
    made = boto3.resource("s3", **settings.IMPORT_S3).Bucket("pictures")
    made.create()
    for number, key in enumerate(
        ("press/one.png", "press/2026/two.png", "press/2026/may/three.png", "press-secret/x.png", "other/y.png")
    ):
        made.put_object(Key=key, Body=factories.picture(seed=number))
    made.put_object(Key="press/empty/", Body=b"")
    made.put_object(Key="press/.hidden.png", Body=factories.picture(seed=50))
    yield made
    made.objects.all().delete()
    made.delete()


def imports(client: Any, library: Library, uri: str, **body: Any) -> Any:
    return post(client, f"libraries/{library.pk}/imports/", s3_uri=uri, **body)


def names() -> list[str]:
    return sorted(Asset.objects.values_list("display_name", flat=True))


@pytest.mark.parametrize("uri", ["s3://pictures/press/", "s3://pictures/press"])
def test_a_prefix_is_imported(api: Any, library: Library, bucket: Any, uri: str) -> None:
    job = ran(imports(api, library, uri))
    assert (job.state, counts(job)) == (Job.State.DONE, (3, 3, 0, 0))
    assert names() == ["one", "three", "two"]
    three = Asset.objects.get(display_name="three")
    assert three.folder
    assert [folder.name for folder in [*three.folder.ancestors(), three.folder]] == ["2026", "may"]


def test_a_part_of_it_shares_its_memory(api: Any, library: Library, bucket: Any) -> None:
    assert ran(imports(api, library, "s3://pictures/press/2026/")).done == 2
    job = ran(imports(api, library, "s3://pictures/press/"))
    assert (job.done, job.skipped) == (1, 2)
    assert ImportSource.objects.count() == 1


def test_what_changes_is_imported_again_and_what_does_not_is_not_read(
    api: Any, library: Library, bucket: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran(imports(api, library, "s3://pictures/press/"))
    bucket.put_object(Key="press/one.png", Body=factories.picture("blue"))
    opened: list[str] = []
    read = store.S3Object.open
    monkeypatch.setattr(store.S3Object, "open", lambda found: opened.append(found.key) or read(found))  # type: ignore[func-returns-value]
    job = ran(imports(api, library, "s3://pictures/press/"))
    assert (job.done, job.skipped, opened) == (1, 2, ["press/one.png"])


def test_the_listing_goes_on_behind_the_last_key(
    api: Any, library: Library, bucket: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "BATCH", 1)
    monkeypatch.setattr(store, "AT_ONCE", 2)
    job = begun(imports(api, library, "s3://pictures/press/"))
    seen = [sorted(ImportedFile.objects.values_list("path", flat=True)) for _turn in range(3) if run_step(job)]
    assert [len(paths) for paths in seen] == [1, 2, 3]
    job = run(job)
    assert (job.state, counts(job)) == (Job.State.DONE, (3, 3, 0, 0))


@pytest.mark.parametrize(
    "uri",
    ["s3://pictures/", "s3://pictures/press-secret/", "s3://pictures/other/", "s3://else/press/", "s3://pictures/pre"],
)
def test_what_the_settings_do_not_name_is_not_read(api: Any, library: Library, bucket: Any, uri: str) -> None:
    answer = imports(api, library, uri)
    assert (answer.status_code, answer.json()["code"]) == (403, "place_not_allowed")


def test_another_library_may_not_read_it(api: Any, user: User, bucket: Any) -> None:
    other = factories.library(user, name="Other")
    assert imports(api, other, "s3://pictures/press/").status_code == 403


def test_objects_that_cannot_be_taken_fail_alone(api: Any, library: Library, bucket: Any, settings: Any) -> None:
    bucket.put_object(Key="press/broken.png", Body=b"Not a picture.")
    bucket.put_object(Key="press/large.png", Body=b"x" * 20_000)
    settings.MAX_UPLOAD_BYTES = 10_000
    job = ran(imports(api, library, "s3://pictures/press/"))
    assert job.done == 3
    assert sorted(item for item, _code in failures(job)) == ["press/broken.png", "press/large.png"]
    bucket.put_object(Key="press/broken.png", Body=factories.picture("green"))
    bucket.Object("press/large.png").delete()
    post(api, f"jobs/{job.pk}/retry/")
    job = run(job)
    assert (job.done, failures(job)) == (4, [("press/large.png", "unreadable")])


def test_a_bucket_that_is_not_there_is_told(api: Any, library: Library, bucket: Any, settings: Any) -> None:
    settings.IMPORT_BUCKETS = [("s3://nowhere", "")]
    job = ran(imports(api, library, "s3://nowhere/"))
    assert (job.state, job.error_code) == (Job.State.FAILED, "store_refused")


def test_a_store_that_does_not_answer_is_asked_again_later(
    api: Any, library: Library, bucket: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "PATIENCE", {"connect_timeout": 1, "retries": {"max_attempts": 0}})
    answering = settings.IMPORT_S3
    settings.IMPORT_S3 = answering | {"endpoint_url": "http://127.0.0.1:9"}
    job = ran(imports(api, library, "s3://pictures/press/"))
    assert (job.state, job.attempts) == (Job.State.RUNNING, 1)
    settings.IMPORT_S3 = answering
    Job.objects.update(due_at=timezone.now())
    assert run(job).done == 3


def test_a_bucket_can_be_watched(api: Any, library: Library, bucket: Any) -> None:
    ran(imports(api, library, "s3://pictures/press/"))
    source = ImportSource.objects.get()
    api.patch(f"/api/v1/import-sources/{source.pk}/", {"watching": True}, format="json")
    watching.look()
    assert Job.objects.count() == 1
    bucket.put_object(Key="press/new.png", Body=factories.picture("green"))
    ImportSource.objects.update(look_at=timezone.now())
    watching.look()
    assert run(Job.objects.first() or source).done == 1  # type: ignore[arg-type]
    assert "new" in names()


# --- through the Visual Layer dialect ---------------------------------------------------------------------------------


@pytest.fixture
def vl(user: User) -> APIClient:
    return signed_by(user)


def test_media_are_added_from_a_bucket(vl: APIClient, library: Library, bucket: Any) -> None:
    answer = vl.post(f"/api/v1/dataset/{library.pk}/add_media", {"s3_uri": "s3://pictures/press/"})
    assert answer.status_code == 202
    assert answer.json()["dataset_id"] == str(library.pk)
    assert run(Job.objects.get(pk=answer.json()["job_id"])).done == 3


def test_a_dataset_is_made_from_a_bucket(vl: APIClient, bucket: Any, settings: Any) -> None:
    settings.IMPORT_BUCKETS = [("s3://pictures/press", "")]
    form = {"dataset_name": "Press", "bucket_path": "s3://pictures/press/"}
    answer = vl.post("/api/v1/dataset", form)
    assert answer.status_code == 201
    assert answer.json()["status_new"] == "INDEXING"
    run(Job.objects.get(pk=answer.json()["job_id"]))
    assert Asset.objects.filter(library=answer.json()["dataset_id"]).count() == 3


def test_a_bucket_that_may_not_be_read_makes_no_dataset(vl: APIClient, library: Library, bucket: Any) -> None:
    refused(vl.post("/api/v1/dataset", {"dataset_name": "Press", "bucket_path": "s3://pictures/press/"}), 403)
    refused(vl.post(f"/api/v1/dataset/{library.pk}/add_media", {"s3_uri": "s3://else/"}), 403)
    assert Library.objects.count() == 1
    assert not Folder.objects.exists()
