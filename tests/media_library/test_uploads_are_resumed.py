"""The tus protocol: begun, continued from where it stands, finished once."""

import base64
import hashlib
import shutil
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as configured
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient

from media_library import parts, resumable, tasks
from media_library.models import Asset, Folder, Library, PartialUpload, PersonalToken, Role, UploadPart, User
from tests import factories
from tests.media_library.hostile import HOSTILE
from tests.members import member, signed_in, stranger

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("enqueued")]

PICTURE = factories.picture()
LENGTH = len(PICTURE)
KIND = "application/offset+octet-stream"


@pytest.fixture(autouse=True)
def nothing_left_by_others() -> None:
    """Their transactions were rolled back, so that what they stored stayed."""
    shutil.rmtree(Path(configured.DATA_DIR) / "files/parts", ignore_errors=True)


def metadata(**values: str) -> str:
    return ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in values.items())


def begin(api: APIClient, library: Library, length: Any = LENGTH, body: bytes = b"", **values: str) -> Any:
    headers = {"Tus-Resumable": "1.0.0", "Upload-Length": str(length)}
    headers["Upload-Metadata"] = metadata(**({"filename": "red.png"} | values))
    place = f"/api/v1/libraries/{library.pk}/uploads/"
    return api.generic("POST", place, body, content_type=KIND, headers=headers)


def send(api: APIClient, place: str, content: bytes, offset: Any = 0, **headers: str) -> Any:
    told = {"Tus-Resumable": "1.0.0", "Upload-Offset": str(offset)} | headers
    return api.generic("PATCH", place, content, content_type=KIND, headers=told)


def begun(api: APIClient, library: Library, **values: Any) -> str:
    answer = begin(api, library, **values)
    assert answer.status_code == 201, answer.json()
    return str(answer["Location"].removeprefix("http://testserver"))


def left_over() -> list[str]:
    return [path for path in factories.stored_files() if "/parts/" in path]


def refused(answer: Any) -> tuple[int, str]:
    body = answer.json()
    assert body["detail"].endswith(".")
    return answer.status_code, body["code"]


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


@pytest.mark.parametrize(
    ("content", "code", "status"), [(b"not a picture", "not_an_image", 415), (PICTURE[:-20], "truncated", 422)]
)
def test_what_is_no_picture_is_refused_with_its_last_part_and_whenever_asked_for(
    api: APIClient, library: Library, content: bytes, code: str, status: int
) -> None:
    place = begun(api, library, length=len(content))
    assert refused(send(api, place, content)) == (status, code)
    assert refused(send(api, place, content)) == (status, code)
    assert api.head(place).status_code == status
    told = api.get(place).json()
    assert (told["state"], told["failure"]["code"]) == ("refused", code)
    assert not Asset.objects.exists()


def test_a_duplicate_is_refused_in_a_way_that_clients_do_not_repeat(api: APIClient, library: Library) -> None:
    send(api, begun(api, library), PICTURE)
    answer = send(api, begun(api, library), PICTURE)
    assert refused(answer) == (422, "duplicate")
    assert answer.json()["asset"] == str(Asset.objects.get().pk)
    assert send(api, begun(api, library, on_duplicate="keep"), PICTURE).status_code == 204
    assert Asset.objects.count() == 2


def test_an_empty_file_is_refused(api: APIClient, library: Library) -> None:
    assert refused(begin(api, library, length=0)) == (400, "empty")
    assert not PartialUpload.objects.exists()


def test_refused_at_the_beginning_leaves_nothing(api: APIClient, library: Library) -> None:
    assert refused(begin(api, library, length=3, body=b"abc")) == (415, "not_an_image")
    assert refused(begin(api, library, length=3, body=b"abcd")) == (413, "too_long")
    assert not PartialUpload.objects.exists()
    assert left_over() == []


def test_over_the_limit_is_refused_at_the_beginning(api: APIClient, library: Library) -> None:
    answer = begin(api, library, length=configured.MAX_UPLOAD_BYTES + 1)
    assert refused(answer) == (413, "too_large")
    assert answer["Tus-Max-Size"] == str(configured.MAX_UPLOAD_BYTES)


def test_more_than_was_announced_is_refused(api: APIClient, library: Library) -> None:
    place = begun(api, library)
    assert refused(send(api, place, PICTURE + b"x")) == (413, "too_long")
    assert api.head(place)["Upload-Offset"] == "0"
    assert left_over() == []


@pytest.mark.parametrize("header", ["", "-1", "1.5", "x", "9" * 16, "\u0661"])
def test_nonsense_lengths_and_offsets_are_400(api: APIClient, library: Library, header: str) -> None:
    assert refused(begin(api, library, length=header.encode().decode("latin-1")))[0] == 400
    assert refused(send(api, begun(api, library), b"x", header.encode().decode("latin-1")))[0] == 400


@pytest.mark.parametrize(
    "written", ["filename", "filename !!!", "filename gA==", "a b c", "filename AGE=", "x" * 20_000]
)
def test_nonsense_metadata_is_400(api: APIClient, library: Library, written: str) -> None:
    headers = {"Upload-Length": "9", "Upload-Metadata": written}
    answer = api.generic("POST", f"/api/v1/libraries/{library.pk}/uploads/", headers=headers)
    if written == "filename":  # a name without a value is empty
        assert answer.status_code == 201
    else:
        assert refused(answer)[0] == 400


def test_a_folder_of_another_library_is_refused(api: APIClient, library: Library) -> None:
    foreign = factories.library().folders.create(name="x")
    assert refused(begin(api, library, folder=str(foreign.pk)))[0] == 400


def test_a_folder_that_is_removed_meanwhile_is_told(api: APIClient, library: Library) -> None:
    folder = library.folders.create(name="x")
    place = begun(api, library, folder=str(folder.pk))
    folder.delete()
    assert refused(send(api, place, PICTURE)) == (400, "bad_folder")
    assert not Asset.objects.exists()


@pytest.mark.parametrize("name", [*HOSTILE, "../../etc/passwd", "a" * 10_000 + ".png", "..", "con\\aux.png"])
def test_hostile_names_are_only_names(api: APIClient, library: Library, name: str) -> None:
    place = begun(api, library, filename=f"{name}.png", new_folder=f"{name[:1000]}/./../x")
    assert send(api, place, PICTURE).status_code == 204
    asset = Asset.objects.get()
    assert "/" not in asset.display_name
    assert ".." not in asset.file.name
    assert all("/" not in folder.name and folder.name not in {".", ".."} for folder in Folder.objects.all())


def test_folders_without_end_are_refused(api: APIClient, library: Library) -> None:
    place = begun(api, library, new_folder="/".join("abcdefgh" * 5))
    assert refused(send(api, place, PICTURE)) == (400, "bad_folder_name")
    assert not Folder.objects.exists()


def test_a_checksum_that_differs_keeps_nothing_of_the_part(api: APIClient, library: Library) -> None:
    place = begun(api, library)
    wrong = base64.b64encode(hashlib.sha256(b"else").digest()).decode()
    answer = send(api, place, PICTURE[:9], **{"Upload-Checksum": f"sha256 {wrong}"})
    assert refused(answer) == (460, "checksum_mismatch")
    assert refused(send(api, place, PICTURE[:9], **{"Upload-Checksum": "crc32 x"}))[0] == 400
    assert api.head(place)["Upload-Offset"] == "0"
    for name in ("sha1", "sha256", "md5"):
        place = begun(api, library)
        right = base64.b64encode(hashlib.new(name, PICTURE[:9]).digest()).decode()
        assert send(api, place, PICTURE[:9], **{"Upload-Checksum": f"{name} {right}"}).status_code == 204


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


def test_other_peoples_uploads_do_not_exist(api: APIClient, library: Library, user: User) -> None:
    place = begun(api, library)
    for other in (member(library, Role.MANAGER), stranger()):
        assert other.head(place).status_code == 404
        assert refused(other.get(place)) == (404, "not_found")
        assert refused(send(other, place, PICTURE)) == (404, "not_found")
        assert other.delete(place).status_code == 404
    assert send(APIClient(), place, PICTURE).status_code == 401
    library.memberships.filter(user=user).delete()
    assert api.head(place).status_code == 404


def test_viewers_may_not_begin_and_who_becomes_one_does_not_finish(
    api: APIClient, library: Library, user: User
) -> None:
    assert refused(begin(member(library, Role.VIEWER), library)) == (403, "forbidden")
    assert refused(begin(stranger(), library)) == (404, "not_found")
    place = begun(api, library)
    library.memberships.filter(user=user).update(role=Role.VIEWER)
    assert refused(send(api, place, PICTURE)) == (403, "forbidden")
    assert not Asset.objects.exists()


def test_a_token_needs_the_scope_write(library: Library, user: User) -> None:
    from media_library.scopes import Grant, Scope

    def program(*scopes: str) -> APIClient:
        _token, secret = PersonalToken.issue(user, "x", grant=Grant(frozenset(scopes)))
        return APIClient(headers={"Authorization": f"Bearer {secret}"})

    assert refused(begin(program(Scope.READ), library)) == (403, "missing_scope")
    writer = program(Scope.READ, Scope.WRITE)
    place = begun(writer, library)
    assert send(writer, place, PICTURE[:50]).status_code == 204
    assert writer.delete(place).status_code == 204


def test_one_user_begins_only_so_many(api: APIClient, library: Library, monkeypatch: Any) -> None:
    monkeypatch.setattr(resumable, "MOST_OPEN", 2)
    place = begun(api, library)
    begun(api, library)
    answer = begin(api, library)
    assert refused(answer) == (429, "too_many_uploads")
    assert int(answer["Retry-After"]) > 0
    assert begin(member(library, Role.CONTRIBUTOR), library).status_code == 201
    send(api, place, PICTURE)
    assert begin(api, library).status_code == 201


def test_an_upload_has_only_so_many_parts(api: APIClient, library: Library, monkeypatch: Any) -> None:
    monkeypatch.setattr(resumable, "MOST_PARTS", 2)
    place = begun(api, library)
    for offset in range(2):
        send(api, place, PICTURE[offset : offset + 1], offset)
    assert refused(send(api, place, PICTURE[2:3], 2)) == (413, "too_many_parts")
    assert len(left_over()) == 2


def test_the_beginning_is_done_once_with_a_key(api: APIClient, library: Library) -> None:
    def again(**values: str) -> Any:
        headers = {"Upload-Length": "99", "Upload-Metadata": metadata(**values), "Idempotency-Key": "a"}
        return api.generic("POST", f"/api/v1/libraries/{library.pk}/uploads/", headers=headers)

    assert again(filename="a.png")["Location"] == again(filename="a.png")["Location"]
    assert PartialUpload.objects.count() == 1
    assert refused(again(filename="b.png")) == (422, "idempotency_key_reused")


def test_another_version_or_content_type_is_refused(api: APIClient, library: Library) -> None:
    place = begun(api, library)
    answer = send(api, place, b"x", **{"Tus-Resumable": "0.2.2"})
    assert refused(answer) == (412, "tus_version")
    assert answer["Tus-Version"] == "1.0.0"
    wrong = api.patch(place, {"a": 1}, format="json", headers={"Upload-Offset": "0"})
    assert refused(wrong) == (415, "unsupported_media_type")


def test_it_says_what_it_can_and_takes_methods_from_a_header(api: APIClient, library: Library) -> None:
    told = api.options(f"/api/v1/libraries/{library.pk}/uploads/")
    assert (told.status_code, told["Tus-Version"]) == (204, "1.0.0")
    assert "termination" in told["Tus-Extension"]
    place = begun(api, library)
    headers = {"X-HTTP-Method-Override": "PATCH", "Upload-Offset": "0"}
    assert api.generic("POST", place, PICTURE[:9], content_type=KIND, headers=headers)["Upload-Offset"] == "9"
    assert api.post(place, headers={"X-HTTP-Method-Override": "DELETE"}).status_code == 204


def test_a_browser_needs_its_csrf_token(library: Library, user: User) -> None:
    api = APIClient(enforce_csrf_checks=True)
    api.force_login(user)
    assert begin(api, library).status_code == 403
