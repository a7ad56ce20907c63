"""Files on S3, against a real S3 server on loopback."""

import urllib.request
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone
from rest_framework.test import APIClient

from media_library import ingest, parts, processing, resumable
from search import indexing
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("enqueued", "fake_embedder", "eager")]


def keys(bucket: Any) -> list[str]:
    return sorted(item.key.split("/")[0] for item in bucket.objects.all())


def test_originals_and_renditions_live_in_the_bucket_and_are_indexed_from_there(bucket: Any) -> None:
    owner = factories.user()
    library, model = factories.library(owner), factories.model()
    asset = factories.upload(library, owner)
    processing.render_pending()
    assert keys(bucket) == ["originals", "renditions", "renditions"]
    assert indexing.index_pending() == 1
    assert indexing.indexed_ids([asset]) == {asset.pk}
    assert model.embeddings.count() == 1


def test_files_are_answered_by_a_short_lived_signed_url(bucket: Any) -> None:
    owner = factories.user()
    asset = factories.upload(factories.library(owner), owner)
    client = APIClient()
    client.force_login(owner)
    answer = client.get(f"/api/v1/assets/{asset.pk}/file/")
    assert answer.status_code == 302
    assert "X-Amz-Expires=300" in answer["Location"] or "Expires=" in answer["Location"]
    with urllib.request.urlopen(answer["Location"]) as fetched:
        assert fetched.read() == factories.picture()
        assert fetched.headers["Content-Disposition"].startswith("attachment")


def test_a_query_picture_goes_through_the_bucket_and_leaves_only_its_thumbnail(bucket: Any) -> None:
    owner = factories.user()
    library = factories.library(owner)
    factories.model()
    client = APIClient()
    client.force_login(owner)
    answer = client.post(f"/api/v1/libraries/{library.pk}/anchors/", {"file": factories.file()})
    assert answer.status_code == 201
    assert keys(bucket) == ["anchors"]


def test_parts_of_uploads_lie_in_the_bucket_until_they_are_an_original(
    bucket: Any, django_capture_on_commit_callbacks: Any
) -> None:
    owner, content = factories.user(), factories.picture()
    library = factories.library(owner)
    upload = resumable.begin(library, owner, len(content), {"name": "red.png"})
    resumable.append(upload, 0, ContentFile(content[:50]))
    resumable.append(upload, 50, ContentFile(content[50:]))
    assert keys(bucket) == ["parts", "parts"]
    with django_capture_on_commit_callbacks(execute=True):
        resumable.finish(upload.pk)
    assert keys(bucket)[0] == "originals"
    assert "parts" not in keys(bucket)
    default_storage.save(f"parts/{uuid.uuid4()}/000", ContentFile(b"x"))  # of a process that died
    assert not list(parts.forgotten(timezone.now() - timedelta(hours=1)))
    assert len(list(parts.forgotten(timezone.now() + timedelta(hours=1)))) == 1


def test_purging_empties_the_bucket(bucket: Any, django_capture_on_commit_callbacks: Any) -> None:
    owner = factories.user()
    asset = factories.upload(factories.library(owner), owner)
    processing.render_pending()
    with django_capture_on_commit_callbacks(execute=True):
        ingest.purge(asset, owner)
    assert keys(bucket) == []
    assert not default_storage.exists(asset.file.name)
