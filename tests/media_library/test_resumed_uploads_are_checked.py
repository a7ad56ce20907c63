"""What resumable uploads refuse, each with a status that clients of the protocol understand, and a sentence."""

import base64
import hashlib
import shutil
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from rest_framework.test import APIClient

from media_library import resumable
from media_library.models import Asset, Folder, Library, PartialUpload, PersonalToken, Role, User
from tests import factories
from tests.media_library.hostile import HOSTILE
from tests.media_library.tus import PICTURE, begin, begun, left_over, refused, send
from tests.members import member, stranger

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("enqueued")]


@pytest.fixture(autouse=True)
def nothing_left_by_others() -> None:
    """Their transactions were rolled back, so that what they stored stayed."""
    shutil.rmtree(Path(settings.DATA_DIR) / "files/parts", ignore_errors=True)


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
    answer = begin(api, library, length=settings.MAX_UPLOAD_BYTES + 1)
    assert refused(answer) == (413, "too_large")
    assert answer["Tus-Max-Size"] == str(settings.MAX_UPLOAD_BYTES)


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


def test_another_version_or_content_type_is_refused(api: APIClient, library: Library) -> None:
    place = begun(api, library)
    answer = send(api, place, b"x", **{"Tus-Resumable": "0.2.2"})
    assert refused(answer) == (412, "tus_version")
    assert answer["Tus-Version"] == "1.0.0"
    wrong = api.patch(place, {"a": 1}, format="json", headers={"Upload-Offset": "0"})
    assert refused(wrong) == (415, "unsupported_media_type")


def test_a_browser_needs_its_csrf_token(library: Library, user: User) -> None:
    api = APIClient(enforce_csrf_checks=True)
    api.force_login(user)
    assert begin(api, library).status_code == 403
