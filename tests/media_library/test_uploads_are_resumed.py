"""The tus protocol: begun, continued from where it stands, finished once."""

import hashlib
import shutil
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient

from media_library import parts, resumable, tasks
from media_library.models import Asset, Library, PartialUpload, UploadPart, User
from tests.media_library.tus import KIND, PICTURE, begin, begun, left_over, metadata, refused, send
from tests.members import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("enqueued")]


@pytest.fixture(autouse=True)
def nothing_left_by_others() -> None:
    """Their transactions were rolled back, so that what they stored stayed."""
    shutil.rmtree(Path(settings.DATA_DIR) / "files/parts", ignore_errors=True)


def test_a_file_arrives_in_parts_and_becomes_an_asset(
    api: APIClient, library: Library, enqueued: list[str], django_capture_on_commit_callbacks: Any
) -> None:
    place = begun(api, library, tags="sea, boat", description="Evening")
    first = send(api, place, PICTURE[:50])
    assert (first.status_code, first["Upload-Offset"], first["Tus-Resumable"]) == (204, "50", "1.0.0")
    assert first["Upload-Expires"].endswith("GMT")
    asked = api.head(place)
    assert (asked.status_code, asked["Upload-Offset"], asked["Upload-Length"]) == (200, "50", str(len(PICTURE)))
    assert asked["Cache-Control"] == "no-store"
    assert asked["Upload-Metadata"].startswith("filename ")
    with django_capture_on_commit_callbacks(execute=True):
        last = send(api, place, PICTURE[50:], 50)
    asset = Asset.objects.get()
    assert (last.status_code, last["Upload-Asset"]) == (204, str(asset.pk))
    assert asset.sha256 == hashlib.sha256(PICTURE).hexdigest()
    assert (asset.display_name, asset.description) == ("red", "Evening")
    assert sorted(tag.name for tag in asset.tags.all()) == ["boat", "sea"]
    assert api.get(place).json()["state"] == "stored"
    assert api.get(place).json()["asset"] == str(asset.pk)
    assert enqueued == ["render_pending"]
    assert left_over() == []


def test_the_first_bytes_may_come_with_the_beginning(api: APIClient, library: Library) -> None:
    answer = begin(api, library, body=PICTURE[:50])
    assert (answer.status_code, answer["Upload-Offset"]) == (201, "50")
    whole = begin(api, library, body=PICTURE)
    assert whole["Upload-Asset"] == str(Asset.objects.get().pk)


def test_folders_are_made_from_the_path_that_uppy_sends(api: APIClient, library: Library) -> None:
    trips = library.folders.create(name="Trips")
    place = begun(api, library, folder=str(trips.pk), relativePath="2026/lisbon/red.png")
    send(api, place, PICTURE)
    folder = Asset.objects.get().folder
    assert folder
    assert folder.path == "Trips/2026/lisbon"


@pytest.mark.parametrize("offset", [0, 49, 51, 10**14])
def test_a_wrong_offset_is_refused_and_the_right_one_told(api: APIClient, library: Library, offset: int) -> None:
    place = begun(api, library)
    send(api, place, PICTURE[:50])
    answer = send(api, place, PICTURE[50:], offset)
    assert refused(answer) == (409, "wrong_offset")
    assert answer.json()["offset"] == 50
    assert not Asset.objects.exists()


def test_the_last_part_sent_again_makes_no_second_asset(api: APIClient, library: Library) -> None:
    place = begun(api, library, on_duplicate="keep")
    send(api, place, PICTURE)
    assert refused(send(api, place, PICTURE)) == (409, "wrong_offset")
    assert api.head(place)["Upload-Offset"] == str(len(PICTURE))
    assert Asset.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_parts_that_arrive_at_the_same_time_make_one_asset(library: Library, user: User) -> None:
    place = begun(signed_in(user), library, on_duplicate="keep")
    send(signed_in(user), place, PICTURE[:50])

    def last(_number: int) -> int:
        try:
            return int(send(signed_in(user), place, PICTURE[50:], 50).status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        statuses = sorted(pool.map(last, range(4)))
    assert statuses == [204, 409, 409, 409]
    assert Asset.objects.count() == 1
    assert left_over() == []
    assert UploadPart.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_two_that_finish_at_the_same_time_make_one_asset(library: Library, user: User, monkeypatch: Any) -> None:
    monkeypatch.setattr(resumable, "finish", lambda *_args: PartialUpload.objects.get())  # the process dies here
    place = begun(signed_in(user), library, on_duplicate="keep")
    send(signed_in(user), place, PICTURE)
    monkeypatch.undo()
    assert PartialUpload.objects.get().state == "open"

    def ask(_number: int) -> str:
        try:
            return str(signed_in(user).head(place)["Upload-Asset"])
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(ask, range(4))) == {str(Asset.objects.get().pk)}


def test_what_was_complete_when_a_process_died_is_finished_by_the_sweep(
    api: APIClient, library: Library, monkeypatch: Any, eager: None
) -> None:
    monkeypatch.setattr(resumable, "finish", lambda *_args: PartialUpload.objects.get())
    send(api, begun(api, library), PICTURE)
    monkeypatch.undo()
    tasks.sweep_uploads()
    assert not Asset.objects.exists()  # whoever sent it may just be finishing it
    PartialUpload.objects.update(expires_at=timezone.now() + timedelta(hours=23))
    tasks.sweep_uploads()
    tasks.sweep_uploads()
    assert Asset.objects.count() == 1


def test_a_lost_connection_leaves_what_has_arrived(api: APIClient, library: Library, monkeypatch: Any) -> None:
    from django.http import HttpRequest, UnreadablePostError

    place, pieces = begun(api, library), [PICTURE[:40]]

    def read(_request: HttpRequest, _size: int = -1) -> bytes:
        if pieces:
            return pieces.pop()
        raise UnreadablePostError("gone")

    with monkeypatch.context() as patched:
        patched.setattr(HttpRequest, "read", read)
        send(api, place, PICTURE)
    assert api.head(place)["Upload-Offset"] == "40"
    assert send(api, place, PICTURE[40:], 40).status_code == 204
    assert Asset.objects.get().sha256 == hashlib.sha256(PICTURE).hexdigest()


def test_what_is_not_continued_in_time_is_gone(
    api: APIClient, library: Library, django_capture_on_commit_callbacks: Any
) -> None:
    place = begun(api, library)
    send(api, place, PICTURE[:50])
    PartialUpload.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert refused(send(api, place, PICTURE[50:], 50)) == (410, "upload_expired")
    with django_capture_on_commit_callbacks(execute=True):
        tasks.sweep_uploads()
        tasks.sweep_uploads()
    assert left_over() == []
    assert api.head(place).status_code == 410
    assert refused(api.get(place)) == (410, "upload_expired")
    PartialUpload.objects.update(expires_at=timezone.now() - timedelta(days=8))
    tasks.sweep_uploads()
    assert api.head(place).status_code == 404


def test_each_part_gives_it_another_day(api: APIClient, library: Library) -> None:
    place = begun(api, library)
    PartialUpload.objects.update(expires_at=timezone.now() + timedelta(minutes=1))
    send(api, place, PICTURE[:50])
    assert PartialUpload.objects.get().expires_at > timezone.now() + timedelta(hours=23)


def test_files_that_no_row_knows_are_swept_once_they_are_old(
    api: APIClient, library: Library, monkeypatch: Any
) -> None:
    send(api, begun(api, library), PICTURE[:50])
    UploadPart.objects.all()._raw_delete("default")
    PartialUpload.objects.all().delete()
    tasks.sweep_uploads()
    assert len(left_over()) == 1
    monkeypatch.setattr(parts, "last_change", lambda _upload: timezone.now() - timedelta(hours=25))
    tasks.sweep_uploads()
    assert left_over() == []


def test_it_can_be_given_up(api: APIClient, library: Library, django_capture_on_commit_callbacks: Any) -> None:
    place = begun(api, library)
    send(api, place, PICTURE[:50])
    with django_capture_on_commit_callbacks(execute=True):
        assert api.delete(place).status_code == 204
    assert left_over() == []
    assert refused(send(api, place, PICTURE[50:], 50)) == (404, "not_found")


def test_the_beginning_is_done_once_with_a_key(api: APIClient, library: Library) -> None:
    def again(**values: str) -> Any:
        headers = {"Upload-Length": "99", "Upload-Metadata": metadata(**values), "Idempotency-Key": "a"}
        return api.generic("POST", f"/api/v1/libraries/{library.pk}/uploads/", headers=headers)

    assert again(filename="a.png")["Location"] == again(filename="a.png")["Location"]
    assert PartialUpload.objects.count() == 1
    assert refused(again(filename="b.png")) == (422, "idempotency_key_reused")


def test_it_says_what_it_can_and_takes_methods_from_a_header(api: APIClient, library: Library) -> None:
    told = api.options(f"/api/v1/libraries/{library.pk}/uploads/")
    assert (told.status_code, told["Tus-Version"]) == (204, "1.0.0")
    assert "termination" in told["Tus-Extension"]
    place = begun(api, library)
    headers = {"X-HTTP-Method-Override": "PATCH", "Upload-Offset": "0"}
    assert api.generic("POST", place, PICTURE[:9], content_type=KIND, headers=headers)["Upload-Offset"] == "9"
    assert api.post(place, headers={"X-HTTP-Method-Override": "DELETE"}).status_code == 204
