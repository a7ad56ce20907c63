"""All pictures of a shared collection as one ZIP file: as single downloads are, and no more than those show."""

import io
import zipfile
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from django.utils import timezone
from PIL import Image

from media_library import collections, shared_files, sharing, zips
from media_library.models import Asset, Collection, Library, ShareLink, User
from tests import factories
from tests.media_library.pages import links_of, text_of
from tests.media_library.share_links.links import PASSWORD, content_of, path_of, picture
from tests.media_library.test_stripping import SECRET

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("enqueued", "fake_embedder")]


def downloaded(answer: Any) -> zipfile.ZipFile:
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/zip")
    archive = zipfile.ZipFile(io.BytesIO(content_of(answer)))
    assert archive.testzip() is None
    return archive


def test_all_pictures_come_in_one_file_in_their_order_and_without_location(
    album: Collection, library: Library, user: User, stranger: Client
) -> None:
    collections.add(album, user, [picture(library, user).pk])
    factories.upload(library, user, name="outside.png")
    link = sharing.make(user, album)
    page = stranger.get(path_of(link))
    assert path_of(link, "download") in links_of(page)
    assert "2 pictures" in text_of(page)
    answer = stranger.get(path_of(link, "download"))
    assert answer["Content-Disposition"] == "attachment; filename*=UTF-8''Album.zip"
    assert answer["Cache-Control"] == "private, no-store" and "noindex" in answer["X-Robots-Tag"]
    archive = downloaded(answer)
    assert archive.namelist() == ["beach.jpg", "beach (2).jpg"]
    for name in archive.namelist():
        data = archive.read(name)
        assert SECRET not in data
        with Image.open(io.BytesIO(data)) as shown:
            assert (shown.size, dict(shown.getexif())) == ((64, 48), {0x0112: 6})


def test_what_cannot_be_taken_apart_comes_as_its_preview(
    album: Collection, asset: Asset, user: User, stranger: Client
) -> None:
    asset.file.save("beach.gif", ContentFile(factories.picture(kind="GIF")), save=False)
    Asset.objects.filter(pk=asset.pk).update(file=asset.file.name, format="gif", mime_type="image/gif")
    archive = downloaded(stranger.get(path_of(sharing.make(user, album), "download")))
    assert (archive.namelist(), archive.read("beach.webp")) == (["beach.webp"], b"RIFFpreview")


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../etc/passwd", "_.._etc_passwd.jpg"),
        ("CON", "_CON.jpg"),
        ("a<b>\\c:d|e?.", "a_b__c_d_e_.jpg"),
        ("beach.jpg", "beach.jpg"),
        ("...", "_.jpg"),
        ("Möwe \u202e gnp", "Möwe \u202e gnp.jpg"),
        ("x" * 255, "x" * 180 + ".jpg"),
        ("missing", "missing.jpg"),
    ],
)
def test_names_lead_nowhere_and_are_files_everywhere(
    album: Collection, asset: Asset, user: User, stranger: Client, name: str, safe: str
) -> None:
    Asset.objects.filter(pk=asset.pk).update(display_name=name)
    archive = downloaded(stranger.get(path_of(sharing.make(user, album), "download")))
    assert archive.namelist() == [safe]


def test_no_two_names_are_the_same_whatever_their_case() -> None:
    taken: set[str] = set()
    names = [shared_files.free_name(name, taken) for name in ("a.png", "A.png", "a.PNG", "a (2).png", "a.webp")]
    assert names == ["a.png", "A (2).png", "a (3).PNG", "a (2) (2).png", "a.webp"]


def test_the_name_of_the_collection_is_safe_too(album: Collection, user: User, stranger: Client) -> None:
    Collection.objects.update(name='A/B"\u00fc')
    answer = stranger.get(path_of(sharing.make(user, album), "download"))
    assert answer["Content-Disposition"] == "attachment; filename*=UTF-8''A_B_%C3%BC.zip"


def test_without_downloads_and_of_one_picture_there_is_none(
    album: Collection, asset: Asset, user: User, stranger: Client
) -> None:
    for link in (sharing.make(user, album, downloads=False), sharing.make(user, asset)):
        assert "Download all" not in text_of(stranger.get(path_of(link)))
        assert stranger.get(path_of(link, "download")).status_code == 404


def test_the_password_is_asked_for_and_the_end_holds(album: Collection, user: User, stranger: Client) -> None:
    link = sharing.make(user, album, password=PASSWORD)
    assert stranger.get(path_of(link, "download")).headers["Location"] == path_of(link)
    stranger.post(path_of(link), {"password": PASSWORD})
    assert downloaded(stranger.get(path_of(link, "download"))).namelist() == ["beach.jpg"]
    ShareLink.objects.update(expires_at=timezone.now())
    assert stranger.get(path_of(link, "download")).status_code == 410


def test_once_it_is_revoked_no_further_picture_is_sent(
    album: Collection, library: Library, user: User, stranger: Client
) -> None:
    collections.add(album, user, [picture(library, user).pk])
    link = sharing.make(user, album)
    answer = stranger.get(path_of(link, "download"))
    pieces = iter(answer.streaming_content)
    assert b"beach.jpg" in next(pieces)
    sharing.revoke(link[0], user)
    with pytest.raises(sharing.Gone):
        list(pieces)


def test_it_is_not_made_without_end(album: Collection, user: User, stranger: Client) -> None:
    link = sharing.make(user, album)
    for _ in range(sharing.ARCHIVES):
        downloaded(stranger.get(path_of(link, "download")))
    refused = stranger.get(path_of(link, "download"))
    assert "downloaded too often" in text_of(refused) and refused["Retry-After"] == "600"
    assert stranger.get(path_of(link, album.items.get().asset_id, "download")).status_code == 200


def test_few_are_sent_at_once_and_the_next_one_begins_when_one_ends(
    album: Collection, user: User, stranger: Client
) -> None:
    link = sharing.make(user, album)
    sent = [shared_files.Archive(link[0], still=lambda: None) for _ in range(shared_files.AT_ONCE)]
    refused = stranger.get(path_of(link, "download"))
    assert (refused.status_code, refused["Retry-After"]) == (429, "60")
    assert "at this moment" in text_of(refused)
    sent[0].close()
    for _ in range(2):  # which is closed when it was read
        downloaded(stranger.get(path_of(link, "download")))


def test_what_is_too_large_is_said_in_a_sentence(
    album: Collection, user: User, stranger: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = sharing.make(user, album)
    monkeypatch.setattr(zips, "MOST_BYTES", 10)
    page = text_of(stranger.get(path_of(link)))
    assert "too many to be downloaded together: at most" in page and "Download all" not in page
    refused = stranger.get(path_of(link, "download"))
    assert refused.status_code == 413 and "at most 1,000 pictures and 2 GB" in text_of(refused)
    monkeypatch.setattr(zips, "MOST_BYTES", 1 << 30)
    monkeypatch.setattr(zips, "MOST", 0)
    assert stranger.get(path_of(link, "download")).status_code == 413


def test_what_goes_meanwhile_is_named_at_the_end(
    album: Collection, asset: Asset, library: Library, user: User, stranger: Client
) -> None:
    collections.add(album, user, [picture(library, user).pk])
    answer = stranger.get(path_of(sharing.make(user, album), "download"))
    asset.file.storage.delete(asset.file.name)
    archive = downloaded(answer)
    assert archive.namelist() == ["beach.jpg", "missing.txt"]
    assert archive.read("missing.txt").decode().split("\r\n")[2] == "beach"


def test_an_empty_collection_has_none(library: Library, user: User, stranger: Client) -> None:
    link = sharing.make(user, collections.make(library, user, "Empty"))
    assert path_of(link, "download") not in links_of(stranger.get(path_of(link)))
    assert downloaded(stranger.get(path_of(link, "download"))).namelist() == []
